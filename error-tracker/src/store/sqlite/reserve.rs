//! Room for deleting on a full disk. What is deleted goes through the journal first, which takes room; so a file is
//! kept beside the database where the disk has little left, and is given up for that.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::paths::with_suffix;

/// How many bytes are kept, if an eighth of what is left is as much.
const MAX_RESERVE: u64 = 1 << 20;
/// A smaller one would not be enough: what SQLite shares with other processes takes 32 KiB.
const LEAST: u64 = 96 << 10;
/// With more bytes left there is none, and the database is a single file.
const PLENTY: u64 = 1 << 30;

/// Makes it where there is little room, but some; takes it away where there is plenty.
pub(super) fn keep(database: &Path) {
    let reserve = beside(database);
    let Some(room) = room(database) else { return };
    if fs::symlink_metadata(&reserve).is_ok() {
        if room > 2 * PLENTY {
            release(database);
        }
        return;
    }
    let size = (room / 8).min(MAX_RESERVE);
    if room < PLENTY && size >= LEAST && make(&reserve, size).is_err() {
        release(database);
    }
}

/// Releases the reserve. Returns whether there was one.
pub(super) fn release(database: &Path) -> bool {
    fs::remove_file(beside(database)).is_ok()
}

fn beside(database: &Path) -> PathBuf {
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
    // What a file system could compress would keep no room.
    let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    options.open(reserve)?.write_all(&bytes)
}

/// Returns how many bytes the file system with this file has left for us.
#[cfg(unix)]
pub(super) fn room(database: &Path) -> Option<u64> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt as _;
    let folder = CString::new(database.parent()?.as_os_str().as_bytes()).ok()?;
    let mut found = std::mem::MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the name ends with a zero, and both live as long as the call. A structure of numbers may be all zeros.
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
pub(super) fn room(_: &Path) -> Option<u64> {
    None
}
