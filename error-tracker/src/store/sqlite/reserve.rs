//! Reserves space for deleting on a full disk. Deleting writes to the journal first, which needs
//! space; so if the disk has little space left, a file is kept beside the database, which is
//! removed when the space is needed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::paths::with_suffix;

/// The size of the reserve, limited to an eighth of the free space.
const MAX_RESERVE: u64 = 1 << 20;
/// A smaller reserve would not be enough: SQLite's shared memory file alone takes 32 KiB.
const MIN_RESERVE: u64 = 96 << 10;
/// With more free space than this there is no reserve, and the database is a single file.
const ENOUGH_FREE: u64 = 1 << 30;

/// Creates the reserve if there is little free space, and removes it if there is enough.
pub(super) fn keep_if_needed(database: &Path) {
    let reserve = reserve_path(database);
    let Some(room) = free_space(database) else { return };
    if fs::symlink_metadata(&reserve).is_ok() {
        if room > 2 * ENOUGH_FREE {
            release(database);
        }
        return;
    }
    let size = (room / 8).min(MAX_RESERVE);
    if room < ENOUGH_FREE && size >= MIN_RESERVE && make(&reserve, size).is_err() {
        release(database);
    }
}

/// Releases the reserve. Returns whether there was one.
pub(super) fn release(database: &Path) -> bool {
    fs::remove_file(reserve_path(database)).is_ok()
}

fn reserve_path(database: &Path) -> PathBuf {
    with_suffix(database, "-reserve")
}

fn make(reserve: &Path, size: u64) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    // Random bytes, because a file system could compress others.
    let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    options.open(reserve)?.write_all(&bytes)
}

/// Returns the free space of the file system with this file, in bytes.
#[cfg(unix)]
pub(super) fn free_space(database: &Path) -> Option<u64> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt as _;
    let folder = CString::new(database.parent()?.as_os_str().as_bytes()).ok()?;
    let mut found = std::mem::MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the name ends with a zero, and both live as long as the call. A structure of numbers
    // may be all zeros.
    let found = unsafe {
        (libc::statvfs(folder.as_ptr(), found.as_mut_ptr()) == 0).then(|| found.assume_init())?
    };
    #[allow(
        clippy::unnecessary_cast,
        clippy::useless_conversion,
        reason = "their sizes differ between systems"
    )]
    Some((found.f_bavail as u64).saturating_mul(found.f_frsize as u64))
}

#[cfg(not(unix))]
pub(super) fn free_space(_: &Path) -> Option<u64> {
    None
}
