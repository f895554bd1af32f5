//! The limit of file sizes (`ulimit -f`).

/// Returns the maximum size of files of this process in bytes.
#[cfg(unix)]
pub(super) fn max_file_size() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the structure is initialized, and lives as long as the call.
    let found = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) } == 0;
    #[allow(clippy::unnecessary_cast, reason = "its size differs between systems")]
    if found && limit.rlim_cur != libc::RLIM_INFINITY { limit.rlim_cur as u64 } else { u64::MAX }
}

#[cfg(not(unix))]
pub(super) fn max_file_size() -> u64 {
    u64::MAX
}
