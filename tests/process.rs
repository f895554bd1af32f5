//! Programs that tests start. None is waited for without end, and nothing of it outlives its test: what it has started
//! would keep its output open, for which whoever reads the output of the tests waits.

use std::io::Read;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a program may run: much longer than any takes on a slow and busy machine.
pub const LIMIT: Duration = Duration::from_secs(600);

/// How long the output of a program may stay open once all that it has started was killed.
const AFTER_ITS_END: Duration = Duration::from_secs(120);

/// Runs programs within a limit of time.
pub trait BoundedCommand {
    /// Runs the program to its end and returns its output, as [`Command::output`] does with an empty standard input.
    ///
    /// # Panics
    /// The program does not start, or does not end in time.
    #[track_caller]
    fn run(&mut self) -> Output {
        self.run_within(LIMIT)
    }

    /// The same with another limit.
    #[track_caller]
    fn run_within(&mut self, limit: Duration) -> Output;

    /// Starts the program.
    ///
    /// # Panics
    /// It does not start.
    #[track_caller]
    fn start(&mut self) -> BoundedChild {
        self.start_within(LIMIT)
    }

    /// The same with another limit.
    #[track_caller]
    fn start_within(&mut self, limit: Duration) -> BoundedChild;
}

impl BoundedCommand for Command {
    fn run_within(&mut self, limit: Duration) -> Output {
        self.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = BoundedChild::start(self, limit);
        let [stdout, stderr] =
            [read(child.process.stdout.take()), read(child.process.stderr.take())];
        let ended = child.end();
        let [stdout, stderr] = [stdout, stderr].map(|bytes| bytes.recv_timeout(AFTER_ITS_END).ok());
        let text = |bytes: &Option<Vec<u8>>| {
            bytes
                .as_deref()
                .map_or("<it is still open>".into(), String::from_utf8_lossy)
                .into_owned()
        };
        match (ended, stdout, stderr) {
            (Ok(status), Some(stdout), Some(stderr)) => Output { status, stdout, stderr },
            (ended, stdout, stderr) => panic!(
                "{self:?}: {}\n-- standard output:\n{}\n-- standard error:\n{}",
                ended.map_or_else(|state| state, |status| status.to_string()),
                text(&stdout),
                text(&stderr)
            ),
        }
    }

    fn start_within(&mut self, limit: Duration) -> BoundedChild {
        BoundedChild::start(self, limit)
    }
}

/// Reads to the end on a thread of its own.
fn read(from: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, bytes) = mpsc::channel();
    thread::spawn(move || {
        let mut all = Vec::new();
        if from.is_some_and(|mut from| from.read_to_end(&mut all).is_ok()) {
            let _ = sender.send(all);
        }
    });
    bytes
}

/// A program that runs. It is killed with all that it has started when this is dropped, and after the limit, so that who
/// reads its output comes to an end.
pub struct BoundedChild {
    process: Child,
    limiter: Option<(Sender<()>, JoinHandle<Option<String>>)>,
}

impl BoundedChild {
    #[track_caller]
    fn start(command: &mut Command, limit: Duration) -> Self {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (ends, ended) = mpsc::channel::<()>();
        let (id, what) = (process.id(), format!("{command:?}"));
        let limiter = thread::spawn(move || {
            if ended.recv_timeout(limit) != Err(RecvTimeoutError::Timeout) {
                return None;
            }
            let state = format!("not at its end after {limit:?}\n{}", state::of_group(id));
            eprintln!("{what}: {state}");
            kill_group(id);
            Some(state)
        });
        Self { process, limiter: Some((ends, limiter)) }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Takes its standard input, which was piped.
    ///
    /// # Panics
    /// It was not piped, or was taken before.
    pub fn stdin(&mut self) -> ChildStdin {
        self.process.stdin.take().expect("a pipe")
    }

    /// Takes its standard output, which was piped.
    ///
    /// # Panics
    /// It was not piped, or was taken before.
    pub fn stdout(&mut self) -> ChildStdout {
        self.process.stdout.take().expect("a pipe")
    }

    /// Kills it, with all that it has started.
    pub fn kill(self) {
        drop(self);
    }

    /// Waits until it ends, and kills what it has left.
    ///
    /// # Panics
    /// It does not end in time.
    #[track_caller]
    pub fn wait(mut self) -> ExitStatus {
        self.process.stdin = None;
        self.end().unwrap_or_else(|state| panic!("{state}"))
    }

    /// Waits until it ends, and kills what it has left. The error says what it did instead.
    fn end(&mut self) -> Result<ExitStatus, String> {
        let mut pause = Duration::from_micros(100);
        while !has_ended(&mut self.process) {
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
        let state = self.finish();
        let status = self.process.wait();
        match state {
            Some(state) => Err(state),
            None => status.map_err(|error| error.to_string()),
        }
    }

    /// Ends the limiter, then the group: its number is not given to others before its first process is waited for.
    fn finish(&mut self) -> Option<String> {
        let (ends, limiter) = self.limiter.take()?;
        drop(ends);
        let state = limiter.join().ok().flatten();
        kill_group(self.process.id());
        state
    }
}

impl Drop for BoundedChild {
    fn drop(&mut self) {
        self.finish();
        // Elsewhere there are no groups.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns whether a process has ended, and leaves it to be waited for.
#[cfg(unix)]
#[allow(unsafe_code, reason = "`waitid`")]
fn has_ended(process: &mut Child) -> bool {
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: all zeros are a valid value.
    let mut found: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: it writes to the local.
    let result = unsafe { libc::waitid(libc::P_PID, process.id(), &raw mut found, flags) };
    result != 0 || found.si_signo != 0
}

#[cfg(not(unix))]
fn has_ended(process: &mut Child) -> bool {
    process.try_wait().map_or(true, |status| status.is_some())
}

#[cfg(unix)]
#[allow(unsafe_code, reason = "`kill`")]
fn kill_group(first: u32) {
    // SAFETY: the group of a child that was not waited for.
    unsafe { libc::kill(-first.cast_signed(), libc::SIGKILL) };
}

#[cfg(not(unix))]
fn kill_group(_: u32) {}

/// What processes do.
pub mod state {
    use std::fmt::Write as _;
    use std::fs;
    use std::path::Path;
    use std::process::{Command, Stdio};

    /// Returns what the processes of a group do: each with its threads, and what they wait for in the system.
    #[must_use]
    pub fn of_group(group: u32) -> String {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = processes.filter_map(|found| found.file_name().to_str()?.parse().ok());
        let mut all = String::new();
        numbers.filter(|number| group_of(*number) == Some(group)).for_each(|number| {
            all.push_str(&of_process(number));
        });
        all
    }

    /// The fifth field of its state, behind a name in brackets that may hold anything.
    fn group_of(process: u32) -> Option<u32> {
        let state = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        state.rsplit_once(") ")?.1.split(' ').nth(2)?.parse().ok()
    }

    /// Returns what a process does, with the calls of its threads where there is gdb.
    #[must_use]
    pub fn of_process(process: u32) -> String {
        let folder = format!("/proc/{process}");
        let read = |path: &Path| {
            let text = fs::read_to_string(path).unwrap_or_default();
            text.trim_end_matches(['\0', '\n']).replace('\0', " ")
        };
        let mut all = format!("{process} {}\n", read(&Path::new(&folder).join("cmdline")));
        for thread in fs::read_dir(format!("{folder}/task")).into_iter().flatten().flatten() {
            let [name, waits, call] =
                ["comm", "wchan", "syscall"].map(|file| read(&thread.path().join(file)));
            let _ = writeln!(all, "  {name}: {waits} {call}");
        }
        let calls = Command::new("timeout")
            .args(["30", "gdb", "-batch", "-ex", "thread apply all backtrace 30", "-p"])
            .arg(process.to_string())
            .stdin(Stdio::null())
            .output();
        if let Ok(calls) = calls {
            all.push_str(&String::from_utf8_lossy(&calls.stdout));
        }
        all
    }
}
