//! Mail by the program `sendmail`.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use lettre::Message;

use crate::length::{one_line, shortened};
use crate::{Receipt, SendError};

/// The time between two looks at whether the program has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs the program with the message on standard input, and kills it when it takes too long.
///
/// The message is an unnamed file, not a pipe: a program that does not read it cannot stop this
/// thread.
pub(super) fn send(
    program: &Path,
    message: &Message,
    timeout: Duration,
) -> Result<Receipt, SendError> {
    let deadline = Instant::now() + timeout;
    let unprepared = |error: io::Error| {
        SendError::transient(format!("a file for the message cannot be written: {error}"))
    };
    let mut input = tempfile::tempfile().map_err(unprepared)?;
    let mut errors = tempfile::tempfile().map_err(unprepared)?;
    let prepared = input.write_all(&message.formatted()).and_then(|()| input.rewind());
    prepared.map_err(unprepared)?;
    let said = errors.try_clone().map_err(unprepared)?;
    let envelope = message.envelope();
    let mut command = Command::new(program);
    command.arg("-i");
    if let Some(sender) = envelope.from() {
        command.arg("-f").arg(sender);
    }
    command.arg("--").args(envelope.to().iter().map(ToString::to_string));
    command.stdin(input).stdout(Stdio::null()).stderr(said);
    let child = command.spawn().map_err(|error| {
        SendError::transient(format!(
            "{} cannot be started: {error}; install a mail system, or name the program's path",
            program.display()
        ))
    })?;
    let name = program.display();
    match wait(child, deadline) {
        Ok(Some(status)) if status.success() => Ok(Receipt::new("accepted by sendmail")),
        Ok(Some(status)) => {
            let said = shortened(&one_line(&read(&mut errors)), 300);
            let text = format!("{name} ended with {status}: {said}");
            // 75 is EX_TEMPFAIL, 71 EX_OSERR, 74 EX_IOERR; a signal gives no code.
            match status.code() {
                Some(71 | 74 | 75) | None => Err(SendError::transient(text)),
                Some(_) => Err(SendError::permanent(text)),
            }
        }
        Ok(None) => Err(SendError::transient(format!(
            "{name} did not end within {} s and was killed",
            timeout.as_secs_f32()
        ))),
        // The program ignores SIGCHLD: its children leave no status.
        Err(error) => Ok(Receipt::new("")
            .warning(format!("it is not known whether {name} accepted the message: {error}"))),
    }
}

/// Waits for the end of a child; kills it at the deadline and returns `None`.
fn wait(mut child: Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}

fn read(file: &mut File) -> String {
    let mut said = Vec::new();
    let _ = file.rewind().and_then(|()| file.take(4_096).read_to_end(&mut said));
    String::from_utf8_lossy(&said).into_owned()
}
