//! Errors that people are told of, by e-mail, a webhook, and a channel of its own.
//!
//!     cargo run -p error-tracker-told -- --smtp 127.0.0.1:1025 --webhook http://127.0.0.1:8080/ \
//!         --database errors.db --issues 5 --times 3
//!
//! Raises unlike errors, each several times, waits until people are told, and says what was sent, held back and failed.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use error_tracker_notify::{
    EmailNotifier, MessageFormat, Notification, Notify, NotifyChannel, NotifyRules, WebhookNotifier,
};

#[derive(Parser)]
struct Arguments {
    /// A mail server without encryption, such as 127.0.0.1:1025
    #[arg(long, value_name = "HOST:PORT")]
    smtp: Option<String>,
    /// An address that gets JSON
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// The secret by which requests to it are signed
    #[arg(long, value_name = "TEXT")]
    secret: Option<String>,
    /// The file of events
    #[arg(long, default_value = "errors.db")]
    database: PathBuf,
    /// The number of unlike errors
    #[arg(long, default_value_t = 3)]
    issues: u32,
    /// How often each is raised
    #[arg(long, default_value_t = 1)]
    times: u32,
    /// Tells of each occurrence
    #[arg(long)]
    every: bool,
    /// The most messages in an hour, for each channel
    #[arg(long, value_name = "N", default_value_t = 60)]
    per_hour: u64,
    /// How long to wait until people are told
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let tracker = error_tracker::builder()
        .database(&arguments.database)
        .environment("example")
        .observer_factory(channels(&arguments)?)
        .install()?;

    for time in 0..arguments.times {
        for issue in 0..arguments.issues {
            let name = name_of(issue);
            error_tracker::with_scope(
                |scope| scope.set_fingerprint([format!("machine {name}")]),
                || {
                    error_tracker::capture_exception(&io::Error::other(format!(
                        "machine {name} stands still ({time})"
                    )))
                },
            );
        }
    }

    if let Err(late) = tracker.flush(Duration::from_secs(arguments.wait)) {
        println!("{late}");
    }
    for observer in tracker.health().observers {
        for channel in observer.channels {
            let error = channel.last_error.map(|error| format!(": {error}")).unwrap_or_default();
            println!(
                "{}: {} sent, {} held back, {} waiting, {} attempts failed{error}",
                channel.name, channel.sent, channel.held_back, channel.waiting, channel.failed
            );
        }
    }
    Ok(())
}

/// Sets up the channels that the arguments name, and one that prints.
fn channels(arguments: &Arguments) -> Result<Notify, Box<dyn Error>> {
    let rules = if arguments.every { NotifyRules::every() } else { NotifyRules::default() };
    let limited = |channel: NotifyChannel| {
        channel.rules(rules).per_hour(arguments.per_hour).per_issue(arguments.per_hour)
    };
    let mut notify = Notify::new().format(MessageFormat::new().prefix("told"));
    if let Some(server) = &arguments.smtp {
        let email = EmailNotifier::from_url(&format!("smtp://{server}?tls=none"))?;
        let mail = NotifyChannel::email(
            "mail",
            email,
            "told@error-tracker.example",
            ["team@error-tracker.example"],
        )?;
        notify = notify.channel(limited(mail))?;
    }
    if let Some(address) = &arguments.webhook {
        let mut webhook = WebhookNotifier::new(address)?;
        if let Some(secret) = &arguments.secret {
            webhook = webhook.secret(secret);
        }
        notify = notify.channel(limited(NotifyChannel::new("webhook", webhook)))?;
    }
    // A channel of your own is a closure, or a type that implements `Notifier`.
    let print = |notification: &Notification| {
        println!("{}: {}", notification.subject, notification.summary);
        Ok(())
    };
    Ok(notify.channel(limited(NotifyChannel::new("print", print)))?)
}

/// Returns a name of letters: numbers in texts do not tell errors apart.
fn name_of(mut number: u32) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'a' + (number % 26) as u8));
        number /= 26;
        if number == 0 {
            return name;
        }
    }
}
