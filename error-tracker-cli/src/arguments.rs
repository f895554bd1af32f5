//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use error_tracker::event::{Kind, Status, Timestamp};
use error_tracker::format::Color;
use error_tracker::store::Sort;

/// Shows and changes the files and databases of events that programs with error-tracker write.
///
/// HASH is an issue's hash or its start: six digits or more, with which no other hash starts.
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Exit codes:
  0  done; `list` with no issues, `check` with no findings included
  1  an issue was not found, `check` found damage, or `notify --test` could not send
  2  wrong usage, or the file cannot be opened, read or changed

A database is reached without TLS. Its password may be in the variable PGPASSWORD instead of the
address, which other users of the machine can see.

NO_COLOR and CLICOLOR_FORCE are respected."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to colour what is printed
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal
    Auto,
    Always,
    Never,
}

impl From<ColorChoice> for Color {
    fn from(when: ColorChoice) -> Self {
        match when {
            ColorChoice::Auto => Self::Auto,
            ColorChoice::Always => Self::Always,
            ColorChoice::Never => Self::Never,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the page that shows the issues, until Ctrl-C
    View(ViewArguments),
    /// List issues, those seen last first
    List(ListArguments),
    /// Show an issue with the traceback and context of its latest event
    ///
    /// --json prints one object: the issue's fields as in `list --json`, `facets` with the releases
    /// and routes in which it occurred, `messages` that were sent to people as in `notify --json`, and `event`, which holds the event with its `frames` (innermost first): function, module, file, line, column,
    /// expression, arguments, locals. Each variable has name, type, value, taken (failure, bound,
    /// never) and masked.
    Show(ShowArguments),
    /// Print all issues with all events that are kept
    Export(ExportArguments),
    /// Mark issues as resolved; they open again when they come back
    Resolve(ResolveArguments),
    /// Mark issues as muted: counted, but of no interest, for good or for a while
    Mute(MuteArguments),
    /// Mark issues as unresolved
    Reopen(IssueArguments),
    /// Set who takes care of issues
    Assign(AssignArguments),
    /// Add a note to an issue, or delete one; `show` prints them
    Note(NoteArguments),
    /// Merge issues into the first one: what comes of them later counts for it
    Merge(IssueArguments),
    /// Undo the merge of issues, which `show` lists: each is an issue of its own again
    Unmerge(IssueArguments),
    /// Show what was sent to people, what failed and what waits; or test the channels
    ///
    /// With FILE it prints the state of each channel, and the latest messages, newest first. --test
    /// sends a test message through each channel that the variables ERROR_TRACKER_NOTIFY_* set up,
    /// and prints what the other side answered. Channels that a program sets up in code are tested
    /// there, by `Notify::test`.
    Notify(NotifyArguments),
    /// Delete issues with all their events
    Delete(DeleteArguments),
    /// Delete issues and events beyond limits
    ///
    /// Without options the defaults of error-tracker apply: 90 days, 10,000 issues, 50 events each,
    /// 512 megabytes. With options only the given limits apply.
    Prune(PruneArguments),
    /// Check the file or database for damage
    Check {
        /// File that a program with error-tracker wrote, or the postgres:// address of a database
        file: PathBuf,
    },
    /// Add the attribute to the functions of source files
    ///
    /// Adds `#[error_tracker::auto_track_exception]` to free functions, and to each `impl` and
    /// `trait` for its functions together; on a line of its own, above other attributes. Left out
    /// are `const fn`, tests, functions that only return a value that exists, and items that have
    /// the attribute already or are `#[untracked]`. Of a package's folder `tests`, `benches`,
    /// `examples`, `build.rs` and `target` are left out, unless they are named. Files that its
    /// build script includes are always left out. A file that cannot be parsed is left unchanged.
    Annotate(AnnotateArguments),
}

#[derive(Args)]
pub(crate) struct AnnotateArguments {
    /// Files, or folders with all Rust files below
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Remove the attributes that this command has added: those of this path without options
    #[arg(long)]
    pub(crate) remove: bool,
    /// Change nothing; print what would change, as a patch
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args)]
pub(crate) struct ViewArguments {
    /// File that a program with error-tracker wrote, or the postgres:// address of a database
    pub(crate) file: PathBuf,
    /// Port to listen on; 0 takes a free one [default: 8765, or a free one when that is taken]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Address to listen on; one that other machines reach asks for a token, which is part of the
    /// printed link
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Accept requests for this host name, such as that of a proxy; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Ask for a token even on this machine
    #[arg(long)]
    pub(crate) token: bool,
    /// Open the page in the browser
    #[arg(long)]
    pub(crate) open: bool,
}

#[derive(Args)]
pub(crate) struct ListArguments {
    /// File that a program with error-tracker wrote, or the postgres:// address of a database
    pub(crate) file: PathBuf,
    /// Print a JSON array of issues: hash, kind, type, message, count, users, first_seen, last_seen,
    /// status, function, file, line and more
    #[arg(long)]
    pub(crate) json: bool,
    /// Only issues with this status
    #[arg(long)]
    pub(crate) status: Option<Status>,
    /// Only issues whose errors the program handled each time; they are not listed otherwise
    #[arg(long)]
    pub(crate) handled: bool,
    /// Only error, panic, message or none
    #[arg(long)]
    pub(crate) kind: Option<Kind>,
    /// Only types whose path contains this
    #[arg(long = "type", value_name = "TEXT", default_value = "")]
    pub(crate) type_name: String,
    /// Only issues with this in their type, message, function or file
    #[arg(long, default_value = "")]
    pub(crate) text: String,
    /// Only issues that are assigned to this name
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) assignee: String,
    /// Only issues last seen since this time: a time such as 2026-11-24 or
    /// 2026-11-24T09:00:00+01:00 (UTC where there is no offset), or a span back such as 2h or 30d
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub(crate) since: Option<Timestamp>,
    /// Only issues last seen before this time, given as for --since
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub(crate) until: Option<Timestamp>,
    /// Only issues that occurred in this release
    #[arg(long, value_name = "RELEASE", default_value = "")]
    pub(crate) release: String,
    /// Only issues that occurred on this route, such as "GET /orders/{id}"
    #[arg(long, value_name = "ROUTE", default_value = "")]
    pub(crate) route: String,
    /// Sort by last_seen, first_seen, count or type; largest first
    #[arg(long, default_value = "last_seen")]
    pub(crate) sort: Sort,
    /// Smallest first
    #[arg(long)]
    pub(crate) ascending: bool,
    /// List at most this many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// List all
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
}

#[derive(Args)]
pub(crate) struct ShowArguments {
    /// Hash of the issue, or the start of it
    pub(crate) hash: String,
    /// File that a program with error-tracker wrote, or the postgres:// address of a database
    pub(crate) file: PathBuf,
    /// Print one JSON object: the issue's fields, `facets` and `event`
    #[arg(long)]
    pub(crate) json: bool,
    /// Show the event with this id instead of the latest
    #[arg(long, value_name = "ID")]
    pub(crate) occurrence: Option<String>,
    /// Show the first stored event; of many failures it has the most variables
    #[arg(long, conflicts_with = "occurrence")]
    pub(crate) first: bool,
}

#[derive(Args)]
pub(crate) struct ExportArguments {
    /// File that a program with error-tracker wrote, or the postgres:// address of a database
    pub(crate) file: PathBuf,
    /// json: one issue a line, its fields and `events`, newest first; md: Markdown with the latest
    /// event of each
    #[arg(long, default_value = "json")]
    pub(crate) format: ExportFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Json,
    Md,
}

#[derive(Args)]
pub(crate) struct IssueArguments {
    /// Hashes of issues, or the starts of them
    #[arg(required = true, value_name = "HASH")]
    pub(crate) hashes: Vec<String>,
    /// File that a program with error-tracker wrote, or the postgres:// address of a database
    pub(crate) file: PathBuf,
}

#[derive(Args)]
pub(crate) struct ResolveArguments {
    #[command(flatten)]
    pub(crate) issues: IssueArguments,
    /// Open them again only when an event of a newer release comes: of a greater version, or, where
    /// releases have none, one that the file has not seen yet
    #[arg(long)]
    pub(crate) in_next_release: bool,
}

#[derive(Args)]
pub(crate) struct MuteArguments {
    #[command(flatten)]
    pub(crate) issues: IssueArguments,
    /// Open them again at their first event from this time on: a time such as 2026-12-24 or
    /// 2026-12-24T09:00:00+01:00 (UTC where there is no offset), or a span from now such as 2h or
    /// 7d
    #[arg(long, value_name = "WHEN", value_parser = until)]
    pub(crate) until: Option<Timestamp>,
    /// Open them again after so many further occurrences
    #[arg(long, value_name = "COUNT", conflicts_with = "until", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) times: Option<u64>,
}

#[derive(Args)]
pub(crate) struct AssignArguments {
    #[command(flatten)]
    pub(crate) issues: IssueArguments,
    /// Who takes care of them
    #[arg(long, value_name = "NAME", required_unless_present = "nobody")]
    pub(crate) to: Option<String>,
    /// Nobody takes care of them any more
    #[arg(long, conflicts_with = "to")]
    pub(crate) nobody: bool,
}

#[derive(Args)]
pub(crate) struct NoteArguments {
    /// Hash of the issue, or the start of it
    pub(crate) hash: String,
    /// File that a program with error-tracker wrote, or the postgres:// address of a database
    pub(crate) file: PathBuf,
    /// Add a note with this text; what looks like a secret in it is masked
    #[arg(long, value_name = "TEXT", required_unless_present = "delete")]
    pub(crate) add: Option<String>,
    /// Who writes it
    #[arg(long, value_name = "NAME", requires = "add", default_value = "")]
    pub(crate) author: String,
    /// Delete the note with this id, as `show` prints it
    #[arg(long, value_name = "ID", conflicts_with = "add")]
    pub(crate) delete: Option<String>,
}

#[derive(Args)]
pub(crate) struct NotifyArguments {
    /// File that a program with error-tracker wrote
    #[arg(required_unless_present = "test")]
    pub(crate) file: Option<PathBuf>,
    /// Send a test message through each configured channel
    #[arg(long, conflicts_with = "file")]
    pub(crate) test: bool,
    /// Print one JSON object: `channels`, and `messages` with channel, issue, reason, state, at,
    /// attempts and result
    #[arg(long, conflicts_with = "test")]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct DeleteArguments {
    #[command(flatten)]
    pub(crate) issues: IssueArguments,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct PruneArguments {
    /// File that a program with error-tracker wrote, or the postgres:// address of a database
    pub(crate) file: PathBuf,
    /// Delete issues not seen for this long, such as 30d or 12h
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration)]
    pub(crate) older_than: Option<Duration>,
    /// Keep this many issues; of the type and place that have most the oldest go first, messages
    /// sooner than panics
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_issues: Option<u64>,
    /// Keep this many events of each issue: the first 5, at most half of them, and the newest
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_occurrences: Option<u64>,
    /// Keep the file within so many million bytes, by deleting the oldest events
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_megabytes: Option<u64>,
}

/// Parses a time, or a span back from now.
fn since(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_since(text, Timestamp::now()).map_err(|_| {
        "neither a time such as 2026-11-24, 2026-11-24T08:00:00Z or 2026-11-24T09:00:00+01:00 nor a span such as 2h or 30d"
            .to_owned()
    })
}

/// Parses a time, or a span from now on.
fn until(text: &str) -> Result<Timestamp, String> {
    let now = Timestamp::now();
    let wrong = "neither a time such as 2026-12-24 or 2026-12-24T09:00:00+01:00 nor a span such as 2h or 7d";
    match Timestamp::parse_until(text, now) {
        Ok(until) if until <= now => Err("it is over".to_owned()),
        Ok(until) => Ok(until),
        Err(_) => Err(wrong.to_owned()),
    }
}
