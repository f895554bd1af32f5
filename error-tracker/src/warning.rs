//! Warnings of the library on standard error.

use std::fmt;

/// Writes a line to standard error, in one write, since a panic of another thread may write there
/// at the same time. Writes nothing to a closed standard error, nor to one that takes nothing at the
/// moment, such as a full pipe: the program does not wait for its reader.
pub(crate) fn warn(message: fmt::Arguments<'_>) {
    system::write(format!("error-tracker: {message}\n"));
}

#[cfg(unix)]
mod system {
    use std::fs::File;
    use std::io::{self, Write as _};
    use std::os::fd::{AsFd as _, AsRawFd as _};

    use crate::blocked_signals::BlockedSignals;

    /// As many bytes as a pipe that is ready takes at once.
    const MAX_BYTES: usize = if libc::PIPE_BUF < 4096 { libc::PIPE_BUF } else { 4096 };

    pub(super) fn write(mut line: String) {
        if line.len() > MAX_BYTES {
            line.truncate(line.floor_char_boundary(MAX_BYTES - "…\n".len()));
            line.push_str("…\n");
        }
        // Without the lock of `io::Stderr`: a child that is forked meanwhile could never take it.
        let Ok(stderr) = io::stderr().as_fd().try_clone_to_owned() else { return };
        let mut ready = libc::pollfd { fd: stderr.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
        // SAFETY: it writes to the local, and waits for nothing.
        if unsafe { libc::poll(&raw mut ready, 1, 0) } == 1 && ready.revents & libc::POLLOUT != 0 {
            let _signals = BlockedSignals::of_writes();
            let _ = File::from(stderr).write_all(line.as_bytes());
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::io::{self, Write as _};

    pub(super) fn write(line: String) {
        let _ = io::stderr().write_all(line.as_bytes());
    }
}
