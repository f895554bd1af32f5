//! Makes a file with a million issues.

use std::fs;
use std::path::Path;
use std::time::Duration;

use error_tracker::event::{Event, Frame, Kind, Request, Status, Timestamp};
use error_tracker::store::{IssueChange, Retention, Sighting, SqliteStore, Store};

/// The number of issues.
pub const ISSUES: u64 = 1_000_000;
/// Occurrences of each issue.
const OCCURRENCES: u64 = 3;
/// Issues that are written in one transaction.
const AT_ONCE: u64 = 2_000;
/// Every so many issues have [`SELDOM`] in their message.
const SELDOM_EVERY: u64 = 1_000;

/// A word in the messages of a thousandth of the issues.
pub const SELDOM: &str = "quasar";
/// A word in the message of one issue.
pub const ONCE: &str = "xylophone";
/// A word in the messages of the thousand issues that were seen least recently.
pub const OLDEST: &str = "zeppelin";

const NOUNS: [&str; 10] = [
    "order", "invoice", "customer", "payment", "shelf", "parcel", "voucher", "delivery", "cart",
    "receipt",
];
const VERBS: [&str; 7] = ["read", "written", "found", "parsed", "opened", "locked", "converted"];

/// Creates the file at `path`. A file that was not completed has another name.
pub fn make(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let begun = path.with_extension("incomplete");
    if begun.exists() {
        fs::remove_file(&begun)?;
    }
    let retention =
        Retention::default().max_issues(2 * ISSUES).max_megabytes(20_000).max_age(Duration::MAX);
    let store = SqliteStore::open(&begun)?.with_retention(retention);
    let now = Timestamp::now();
    for first in (0..ISSUES).step_by(AT_ONCE as usize) {
        let events = (first..first + AT_ONCE).flat_map(|number| {
            (0..OCCURRENCES).map(move |nth| Sighting::new(event(number, nth, now)))
        });
        store.record(&events.collect::<Vec<_>>())?;
        change(&store, first)?;
        if first % 100_000 == 0 {
            eprintln!("{first} of {ISSUES} issues");
        }
    }
    store.close()?;
    fs::rename(begun, path)?;
    Ok(())
}

/// Resolves a tenth of the issues, mutes a hundredth, assigns a hundredth to Ada and few to Grace,
/// and merges two of them into one.
fn change(store: &SqliteStore, first: u64) -> Result<(), Box<dyn std::error::Error>> {
    for (change, every, rest) in [
        (IssueChange::SetStatus(Status::Resolved), 10, 3),
        (IssueChange::SetStatus(Status::Muted), 100, 7),
        (IssueChange::Assign("Ada".to_owned()), 100, 8),
        (IssueChange::Assign("Grace".to_owned()), AT_ONCE, 9),
    ] {
        let hashes: Vec<_> =
            (first..first + AT_ONCE).filter(|number| number % every == rest).map(hash).collect();
        store.change(&hashes.iter().map(String::as_str).collect::<Vec<_>>(), &change)?;
    }
    store.merge(&[&hash(first), &hash(first + 1)], &hash(first + 2))?;
    Ok(())
}

/// Returns evenly spread bits of a number (splitmix64).
fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn hash(number: u64) -> String {
    (0..4).map(|part| format!("{:016x}", mixed(4 * number + part))).collect()
}

fn event(number: u64, nth: u64, now: Timestamp) -> Event {
    let bits = mixed(number);
    let of = |shift: u32, among: u64| (bits >> shift) % among;
    let mut event = Event::default();
    let id = mixed(number * OCCURRENCES + nth);
    event.id = format!(
        "0198c2f0-{:04x}-7{:03x}-8000-{:012x}",
        id >> 48,
        number & 0xfff,
        id & 0xffff_ffff_ffff
    );
    // Issues are not seen last in the order in which they were seen first. `nth` makes the first
    // occurrence the oldest.
    let age =
        60 * 86_400_000_000 / ISSUES * ((bits % ISSUES) + (OCCURRENCES - 1 - nth) * ISSUES / 4);
    event.at = now.minus(Duration::from_micros(age));
    event.kind = match number % 1_000 {
        0 => Kind::Message,
        1..=20 => Kind::Panic,
        _ => Kind::Error,
    };
    event.handled = number.is_multiple_of(5);
    event.type_name = format!("shop::{}::Error{}", NOUNS[of(8, 10) as usize], of(12, 40));
    let noun = NOUNS[of(20, 10) as usize];
    let verb = VERBS[of(24, 7) as usize];
    event.message = format!("the {noun} {number} cannot be {verb}: it has {} parts", of(28, 90));
    for (word, is_in) in [
        (SELDOM, number % SELDOM_EVERY == 5),
        (ONCE, number == ISSUES / 3),
        (OLDEST, bits % ISSUES >= ISSUES - ISSUES / 1_000),
    ] {
        if is_in {
            event.message.push(' ');
            event.message.push_str(word);
        }
    }
    let mut frame = Frame::default();
    frame.function = format!("{noun}_{}", of(32, 200));
    frame.module = format!("shop::{noun}");
    frame.file = format!("src/{noun}/{}.rs", of(36, 30));
    frame.line = 1 + of(40, 900) as u32;
    frame.expression = format!("{verb}()?");
    event.frames = vec![frame];
    let method = ["GET", "GET", "POST", "PUT"][of(44, 4) as usize];
    let request = Request::default()
        .method(method)
        .host(format!("shop{}.example", of(46, 40)))
        .route(format!("/{noun}/{{id}}/{}", of(48, 50)));
    event.context.request = Some(request);
    event.origin.release = format!("shop@1.{}.0", of(52, 20));
    event.grouping.hash = hash(number);
    event
}
