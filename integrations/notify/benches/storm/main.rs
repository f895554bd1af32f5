//! A storm of unlike errors while the mail server stalls: `benches/run notify`.
//!
//! 10,000 new issues in a minute, once without channels and once with two: e-mail by a server that accepts connections
//! and says nothing for ten minutes, and a webhook that answers. The clock of the channels goes with the system's during
//! the storm, and sixty times as fast after it, so that the ten minutes and the hour after which a digest is due need
//! not be waited for. Attempts to send take their real time. Fails when a message is missing or told twice.

mod servers;

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use error_tracker::event::Timestamp;
use error_tracker::store::Retention;
use error_tracker::{StoredEvent, Tracker};
use error_tracker_notify::{
    EmailNotifier, MessageFormat, Notify, NotifyChannel, NotifyClock, SmtpServer, SmtpTls,
    WebhookNotifier,
};

use servers::{MailServer, Told, WebhookServer};

const ISSUES: u64 = 10_000;
const STORM: Duration = Duration::from_secs(60);
const STALL: Duration = Duration::from_secs(600);
/// How fast the clock of the channels goes after the storm.
const FASTER: u32 = 60;
/// What hangs is ended.
const PATIENCE: Duration = Duration::from_secs(1_200);

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    if let Some(mode) = std::env::args().find_map(|of| of.strip_prefix("storm=").map(str::to_owned))
    {
        return storm(mode == "with");
    }
    let [without, with] = [run("without")?, run("with")?];
    println!("| 10,000 new issues in a minute | without channels | with channels |\n|---|---|---|");
    for (name, value) in &without.0 {
        println!("| {name} | {value} | {} |", with.0.get(name).map_or("", String::as_str));
    }
    println!("\n{}", with.1);
    Ok(())
}

/// Runs a storm in a process of its own. Returns its figures by name, and what it says besides.
fn run(mode: &str) -> Result<(BTreeMap<String, String>, String), Failure> {
    let output = Command::new(std::env::current_exe()?).arg(format!("storm={mode}")).output()?;
    let printed = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        return Err(format!("{printed}{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let (figures, rest) = printed.split_once("\n\n").ok_or("no figures")?;
    let figures = figures.lines().filter_map(|line| line.split_once(" = "));
    Ok((
        figures.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        rest.trim().to_owned(),
    ))
}

fn storm(has_channels: bool) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("errors.db");
    let mut retention = Retention::default();
    retention.max_issues = 2 * ISSUES;
    let lags = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&lags);
    let note = move |stored: &StoredEvent| {
        let lag = Timestamp::now().as_micros().saturating_sub(stored.event.at.as_micros());
        noted.lock().map_err(|_| "poisoned")?.push(lag);
        Ok(())
    };
    let builder = error_tracker::builder().database(&path).retention(retention).observer(note);
    let (mail, webhook) = (MailServer::start()?, WebhookServer::start()?);
    let clock = NotifyClock::held_at(Timestamp::now());
    let tracker = if has_channels {
        let notify = channels(&mail, &webhook, &clock)?;
        builder.observer_factory(notify).build()?
    } else {
        builder.build()?
    };
    let pace = Arc::new(AtomicU64::new(1));
    keep_time(&clock, &pace);

    let begun = Instant::now();
    for number in 0..ISSUES {
        let due = begun + STORM.mul_f64(number as f64 / ISSUES as f64);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        fail(&tracker, number);
    }
    until(|| {
        tracker.health().stored == ISSUES && lags.lock().is_ok_and(|l| l.len() as u64 == ISSUES)
    })?;
    let mut lags = lags.lock().map_err(|_| "poisoned")?.clone();
    lags.sort_unstable();
    let millis = |share: f64| {
        let at = ((lags.len() - 1) as f64 * share) as usize;
        lags.get(at).map_or(0.0, |micros| *micros as f64 / 1_000.0)
    };
    println!("1 from the failure to the commit, median, ms = {:.1}", millis(0.5));
    println!("2 99 of 100, ms = {:.1}", millis(0.99));
    println!("3 the longest, ms = {:.1}", millis(1.0));
    println!("4 events that were lost = {}", tracker.health().dropped.values().sum::<u64>());
    if !has_channels {
        println!("5 largest memory of the process, MiB = {:.0}\n\n", peak_memory()?);
        return Ok(());
    }
    pace.store(u64::from(FASTER), Relaxed);
    thread::sleep(STALL.saturating_sub(STORM) / FASTER);
    let stalled = mail.attempts();
    mail.recover();
    let outbox = tracker.store().outbox().ok_or("no outbox")?;
    let is_done = |channel: &str| {
        outbox.channel(channel).is_ok_and(|counts| counts.waiting + counts.held_back == 0)
    };
    until(|| is_done("mail") && is_done("webhook"))?;
    println!("5 largest memory of the process, MiB = {:.0}\n", peak_memory()?);
    println!("The mail server stalled {stalled} attempts. {}", report("E-mail", &mail.told())?);
    println!("{}", report("The webhook", &webhook.told())?);
    let health = tracker.health().observers;
    let missed: u64 = health.iter().map(|observer| observer.dropped + observer.failed).sum();
    println!("Events that the channels did not get at once: {missed}.");
    Ok(())
}

fn channels(
    mail: &MailServer,
    webhook: &WebhookServer,
    clock: &NotifyClock,
) -> Result<Notify, Failure> {
    let server = SmtpServer::new("127.0.0.1").port(mail.port()).tls(SmtpTls::None);
    let email = EmailNotifier::smtp(server);
    let email = NotifyChannel::email("mail", email, "a@shop.example", ["b@shop.example"])?;
    let hook = WebhookNotifier::new(&format!("http://127.0.0.1:{}/", webhook.port()))?;
    let notify = Notify::new().format(MessageFormat::new()).clock(clock.clone());
    Ok(notify.channel(email)?.channel(NotifyChannel::new("webhook", hook))?)
}

/// Lets the clock of the channels go, `pace` times as fast as the system's.
fn keep_time(clock: &NotifyClock, pace: &Arc<AtomicU64>) {
    let (clock, pace) = (clock.clone(), Arc::clone(pace));
    thread::spawn(move || {
        let mut last = Instant::now();
        loop {
            thread::sleep(Duration::from_millis(10));
            let now = Instant::now();
            clock.advance((now - last) * u32::try_from(pace.load(Relaxed)).unwrap_or(1));
            last = now;
        }
    });
}

fn fail(tracker: &Tracker, number: u64) {
    let error = io::Error::other(format!("machine {number} stands still"));
    error_tracker::with_scope(
        |scope| scope.set_fingerprint([number.to_string()]),
        || tracker.capture_exception(&error),
    );
}

/// Checks that each issue was told once. Returns what was told.
fn report(channel: &str, told: &[Told]) -> Result<String, Failure> {
    let single = told.iter().filter(|told| !told.is_digest).count() as u64;
    let digests: Vec<u64> =
        told.iter().filter(|told| told.is_digest).map(|told| told.held_back).collect();
    let all = single + digests.iter().sum::<u64>();
    if all != ISSUES {
        return Err(format!("{channel}: {single} messages and digests of {digests:?}").into());
    }
    let digest = digests.iter().map(u64::to_string).collect::<Vec<_>>().join(" and ");
    let number = if digests.len() == 1 {
        "one digest".to_owned()
    } else {
        format!("{} digests", digests.len())
    };
    Ok(format!("{channel} told of all {all}: {single} messages, and {number} of {digest}."))
}

fn until(happens: impl Fn() -> bool) -> Result<(), Failure> {
    let begun = Instant::now();
    while !happens() {
        if begun.elapsed() > PATIENCE {
            return Err("it does not end".into());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn peak_memory() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: f64 =
        line.and_then(|line| line.split_whitespace().next()).ok_or("no VmHWM")?.parse()?;
    Ok(kilobytes / 1_024.0)
}
