use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use error_tracker::event::{Kind, Status, Timestamp};
use error_tracker::format::Color;
use error_tracker::store::Sort;

/// Reads and tends the error files that programs with error-tracker write.
///
/// HASH is an issue's hash or the start of it: six digits or more that no other issue starts with.
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Exit codes:
  0  done; `list` with no issues, `check` with no findings included
  1  an issue was not found, or `check` found damage
  2  wrong usage, or the file cannot be opened, read or changed

NO_COLOR and CLICOLOR_FORCE are respected."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to colour what is printed
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    Auto,
    Always,
    Never,
}

impl From<When> for Color {
    fn from(when: When) -> Self {
        match when {
            When::Auto => Self::Auto,
            When::Always => Self::Always,
            When::Never => Self::Never,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the page that shows the issues, until Ctrl-C
    View(View),
    /// List issues, those seen last first
    List(List),
    /// Show an issue with the traceback and context of its latest event
    ///
    /// --json prints one object: the issue's fields as in `list --json`, and `event`, which holds the event with its
    /// `frames` (innermost first): function, module, file, line, column, expression, arguments, locals. Each variable
    /// has name, type, value, taken (failure, bound, never) and masked.
    Show(Show),
    /// Print all issues with all events that are kept
    Export(Export),
    /// Mark issues as resolved; they open again when they come back
    Resolve(Issues),
    /// Mark issues as muted: counted, but of no interest
    Mute(Issues),
    /// Mark issues as unresolved
    Reopen(Issues),
    /// Delete issues with all their events
    Delete(Delete),
    /// Delete what is old or too much
    ///
    /// Without options what error-tracker keeps by default stays: 90 days, 10,000 issues, 50 events each. With options
    /// only the given limits count.
    Prune(Prune),
    /// Check that the file is whole
    Check {
        /// File that a program with error-tracker wrote
        file: PathBuf,
    },
}

#[derive(Args)]
pub(crate) struct View {
    /// File that a program with error-tracker wrote
    pub(crate) file: PathBuf,
    /// Port to listen on; 0 takes a free one [default: 8765, or a free one when that is taken]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Address to listen on; one that other machines reach asks for a token, which is part of the printed link
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Ask for a token on this machine, too
    #[arg(long)]
    pub(crate) token: bool,
    /// Open the page in the browser
    #[arg(long)]
    pub(crate) open: bool,
}

#[derive(Args)]
pub(crate) struct List {
    /// File that a program with error-tracker wrote
    pub(crate) file: PathBuf,
    /// Print a JSON array of issues: hash, kind, type, message, count, first_seen, last_seen, status, function, file,
    /// line and more
    #[arg(long)]
    pub(crate) json: bool,
    /// Only issues that stand so
    #[arg(long, value_parser = word::<Status>)]
    pub(crate) status: Option<Status>,
    /// Only error, panic, message or none
    #[arg(long, value_parser = word::<Kind>)]
    pub(crate) kind: Option<Kind>,
    /// Only types whose path contains this
    #[arg(long = "type", value_name = "TEXT", default_value = "")]
    pub(crate) type_name: String,
    /// Only issues with this in their type, message, function or file
    #[arg(long, default_value = "")]
    pub(crate) text: String,
    /// Only issues last seen since then: a time such as 2026-11-24T08:00:00Z, or a span back such as 2h or 30d
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub(crate) since: Option<Timestamp>,
    /// By what to sort: last_seen, first_seen, count or type; largest first
    #[arg(long, default_value = "last_seen", value_parser = word::<Sort>)]
    pub(crate) sort: Sort,
    /// Smallest first
    #[arg(long)]
    pub(crate) ascending: bool,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// List all
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
}

#[derive(Args)]
pub(crate) struct Show {
    /// Hash of the issue, or the start of it
    pub(crate) hash: String,
    /// File that a program with error-tracker wrote
    pub(crate) file: PathBuf,
    /// Print one JSON object: the issue's fields, and `event`
    #[arg(long)]
    pub(crate) json: bool,
    /// Show the event with this id instead of the latest
    #[arg(long, value_name = "ID")]
    pub(crate) occurrence: Option<String>,
    /// Show the first event that is kept; in a storm of failures it tells most
    #[arg(long, conflicts_with = "occurrence")]
    pub(crate) first: bool,
}

#[derive(Args)]
pub(crate) struct Export {
    /// File that a program with error-tracker wrote
    pub(crate) file: PathBuf,
    /// json: one issue a line, its fields and `events`, newest first; md: Markdown with the latest event of each
    #[arg(long, default_value = "json")]
    pub(crate) format: ExportFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Json,
    Md,
}

#[derive(Args)]
pub(crate) struct Issues {
    /// Hashes of issues, or the starts of them
    #[arg(required = true, value_name = "HASH")]
    pub(crate) hashes: Vec<String>,
    /// File that a program with error-tracker wrote
    pub(crate) file: PathBuf,
}

#[derive(Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    pub(crate) issues: Issues,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct Prune {
    /// File that a program with error-tracker wrote
    pub(crate) file: PathBuf,
    /// Delete issues not seen for this long, such as 30d or 12h
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration)]
    pub(crate) older_than: Option<Duration>,
    /// Keep this many issues, those seen last
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_issues: Option<u64>,
    /// Keep this many events of each issue: the first 5, at most half of them, and the newest
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_occurrences: Option<u64>,
}

/// Reads an enum by the words that its JSON form has; an unknown word's error lists them.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    error_tracker::json::from_value(error_tracker::json::Value::Text(text.to_owned()))
        .map_err(|error| error.to_string())
}

fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(span) = humantime::parse_duration(text) {
        return Ok(Timestamp::now().minus(span));
    }
    text.parse()
        .map_err(|_| "neither a time such as 2026-11-24T08:00:00Z nor a span such as 2h or 30d".to_owned())
}
