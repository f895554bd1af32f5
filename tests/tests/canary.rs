//! Secrets do not leave the program: not into the database, the pages, the terminal or the exports.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::Arc;

use error_tracker::event::{Event, Timestamp};
use error_tracker::store::{IssueQuery, SqliteStore, Store};
use error_tracker::viewer::{Viewer, ViewerRequest};
use error_tracker_tests::canaries::Canary;
use error_tracker_tests::process::{BoundedChild, BoundedCommand as _};

/// What came out of a program that has planted a secret at each place, by where it came out.
fn grow(masking: &str) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    let mut child = Command::new(env!("CARGO_BIN_EXE_plant"))
        .arg(masking)
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(folder.path().join("stderr")).unwrap())
        .start();
    let mut printed = Vec::new();
    let mut stdout = BufReader::new(child.stdout());
    while !printed.ends_with(b"flushed\n") {
        assert_ne!(stdout.read_until(b'\n', &mut printed).unwrap(), 0, "{}", stderr(folder.path()));
    }
    let mut outputs = files("live", &path);
    assert!(
        outputs.iter().any(|(name, bytes)| name.ends_with("-wal") && !bytes.is_empty()),
        "the log is searched"
    );
    outputs.extend(pages(&path));
    outputs.extend(printed_by_the_program_for_the_command_line(&path));
    end(child, stdout);
    outputs.extend(files("closed", &path));
    outputs.push(("stderr".into(), stderr(folder.path())));
    let printed = text(&printed);
    for place in PLACES {
        assert!(printed.lines().any(|line| line == *place), "{place} was planted");
    }
    outputs.push(("stdout".into(), printed));
    outputs
}

fn stderr(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("stderr")).unwrap()
}

fn end(mut child: BoundedChild, mut stdout: BufReader<ChildStdout>) {
    drop(child.stdin());
    stdout.read_to_end(&mut Vec::new()).unwrap();
    assert!(child.wait().success());
}

/// The database and what SQLite has put beside it.
fn files(when: &str, path: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for ending in ["", "-wal", "-shm"] {
        let path = format!("{}{ending}", path.display());
        if let Ok(bytes) = std::fs::read(&path) {
            files.push((format!("{when} errors.db{ending}"), text(&bytes)));
        }
    }
    files
}

/// All pages and exports of the viewer.
fn pages(path: &Path) -> Vec<(String, String)> {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_read_only(path).unwrap());
    let viewer = Viewer::new(Arc::clone(&store)).permission(|_: &ViewerRequest| true);
    let mut paths = vec!["/".to_owned()];
    for hash in hashes(&*store) {
        paths.extend(["", ".json", ".md", ".txt"].map(|ending| format!("/{hash}{ending}")));
    }
    let page = |path: String| {
        let answer = viewer.handle(&ViewerRequest::new("GET", &path));
        assert_eq!(answer.status(), 200, "{path}");
        (path, text(&answer.into_body()))
    };
    paths.into_iter().map(page).collect()
}

fn hashes(store: &dyn Store) -> Vec<String> {
    let mut query = IssueQuery::default();
    query.limit = 1000;
    store.issues(&query).unwrap().items.into_iter().map(|issue| issue.hash).collect()
}

fn printed_by_the_program_for_the_command_line(path: &Path) -> Vec<(String, String)> {
    let run = |arguments: &[&str]| {
        let path = path.to_str().unwrap();
        let output =
            Command::new(env!("CARGO_BIN_EXE_error-tracker-cli")).args(arguments).arg(path).run();
        assert!(
            output.status.success(),
            "{arguments:?} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        (arguments.join(" "), text(&output.stdout))
    };
    let mut printed =
        vec![run(&["list", "--all"]), run(&["list", "--all", "--json"]), run(&["export"])];
    for hash in hashes(&SqliteStore::open_read_only(path).unwrap()) {
        printed.extend([run(&["show", &hash]), run(&["show", "--json", &hash])]);
    }
    printed
}

const PLACES: &[&str] = &[
    "argument",
    "owned argument",
    "nested field",
    "local",
    "vec of structs",
    "enum variant",
    "enum tuple variant",
    "map key",
    "nested map key",
    "newtype",
    "newtype in an option",
    "option of box of arc",
    "struct under a secret name",
    "list in such a struct",
    "multi-line",
    "destructured",
    "in a tuple",
    "cut inside the secret",
    "field of self",
    "async argument",
    "nested in an async argument",
    "context",
    "nested in a context",
    "compact debug in a message",
    "pretty debug in a message",
    "field of the error",
    "source of the error",
    "bearer in a message",
    "userinfo in a message",
    "pair in a message",
    "key block in a message",
    "taint of a field",
    "encoded taint of a field",
    "argument of another name below a masked field",
    "panic",
    "argument of a panic",
    "argument beside a message",
    "global",
    "extra",
    "nested extra",
    "tag",
    "user",
    "breadcrumb message",
    "breadcrumb data",
    "query",
    "header authorization",
    "header cookie",
    "header set-cookie",
    "header x-api-key",
    "header x-auth-token",
    "cookie",
    "cookie of another name",
    "form",
    "nested json",
    "userinfo of the url",
    "query of the url",
    "fragment of the url",
    "extra by hand",
    "debug extra by hand",
    "taint of an extra",
    "message by hand",
    "argument in a message",
    "local in a message",
];

/// The forms in which a canary may show. Percent-coding, JSON and HTML leave its letters alone.
fn forms(letters: &str) -> Vec<(&'static str, String)> {
    let hexadecimal: String = letters.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        ("plain", letters.to_owned()),
        ("HEX", hexadecimal.to_uppercase()),
        ("hex", hexadecimal),
    ];
    // Where it starts within three bytes decides how it reads; what its neighbours have a part in is left out.
    for skipped in 0..3 {
        let whole = &letters.as_bytes()[skipped..];
        forms.push(("base64", base64(&whole[..whole.len() / 3 * 3])));
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |three: &[u8]| {
        let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[bits >> shift & 63]))
    };
    bytes.chunks_exact(3).flat_map(digits).collect()
}

/// Letters stay where they are in bytes that are no text.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Secrets of `places` that are in `outputs`, in any form.
fn leaks(outputs: &[(String, String)], places: &[&str]) -> Vec<String> {
    let mut leaks = Vec::new();
    for place in places {
        let canary = Canary::of(place);
        for (end, letters) in [("head", canary.head()), ("tail", canary.tail())] {
            for (form, text) in forms(&letters) {
                let found = outputs.iter().filter(|(_, output)| output.contains(&text));
                let found: Vec<_> = found.map(|(name, _)| name.as_str()).take(3).collect();
                if !found.is_empty() {
                    leaks.push(format!("{place} ({end}, {form}): {found:?}"));
                }
            }
        }
    }
    leaks
}

#[test]
fn with_masking_no_secret_is_in_any_output_in_any_form() {
    let leaks = leaks(&grow("on"), PLACES);
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn without_masking_every_secret_is_found() {
    let grown = grow("off");
    for output in ["closed errors.db", "show --json", "export", "/"] {
        let outputs: Vec<_> = grown.iter().filter(|(name, _)| name.starts_with(output)).collect();
        // Where a page of the file ends it may cut one of the two.
        let shows = |text: &str, canary: Canary| {
            text.contains(&canary.head()) || text.contains(&canary.tail())
        };
        let is_missing =
            |place: &&&str| !outputs.iter().any(|(_, text)| shows(text, Canary::of(place)));
        let missing: Vec<_> = PLACES.iter().filter(is_missing).collect();
        assert!(missing.is_empty(), "{output}: {missing:?}");
    }
}

#[test]
fn deleted_issues_are_not_in_the_file_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("errors.db");
    let tracker = error_tracker::builder().database(&path).build().unwrap();
    let marks: Vec<String> =
        (0..40).map(|number| format!("{} {number}", Canary::of("deleted").word())).collect();
    for mark in &marks {
        let mut event = Event::default();
        event.at = Timestamp::now();
        event.message = mark.repeat(50);
        event.fingerprint = vec![mark.clone()];
        tracker.record_event(event).unwrap();
    }
    let hashes = hashes(&**tracker.store());
    assert_eq!(hashes.len(), marks.len());
    assert!(
        files("live", &path).iter().any(|(_, text)| text.contains(&Canary::of("deleted").head()))
    );
    for hash in hashes {
        assert!(tracker.delete_issue(&hash).unwrap());
    }
    let when = |when| leaks(&files(when, &path), &["deleted"]);
    assert_eq!(when("live"), Vec::<String>::new());
    drop(tracker);
    assert_eq!(when("closed"), Vec::<String>::new());
}
