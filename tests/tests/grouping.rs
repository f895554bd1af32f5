//! Which failures are one issue: grouping `g1` through whole failures.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::num::ParseIntError;

use error_tracker::event::Event;
use error_tracker::scope::with_scope;
use error_tracker::{auto_track_exception, capture_exception, capture_message};
use error_tracker_tests::{event_of, events_of, tracker};

fn hash<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> String {
    event_of(run).grouping.hash
}

fn components(event: &Event) -> Vec<(&str, &str)> {
    event
        .grouping
        .components
        .iter()
        .map(|part| (part.label.as_str(), part.value.as_str()))
        .collect()
}

#[auto_track_exception]
fn parse(text: &str) -> Result<u32, ParseIntError> {
    let number = text.parse()?;
    Ok(number)
}

#[auto_track_exception]
fn parse_elsewhere(text: &str) -> Result<u32, ParseIntError> {
    let number = text.parse()?;
    Ok(number)
}

#[auto_track_exception]
fn first_caller(text: &str) -> Result<u32, ParseIntError> {
    parse(text)
}

#[auto_track_exception]
fn second_caller(text: &str) -> anyhow::Result<u32> {
    Ok(parse(text)?)
}

#[auto_track_exception]
fn equal_texts(left: &str, right: &str) -> Result<u32, ParseIntError> {
    let parse = |text: &str| text.parse::<u32>();
    let mut text = left;
    let mut sum = parse(text)?;
    text = right;
    sum += parse(text)?;
    Ok(sum)
}

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("order {0} is gone")]
    Gone(u32),
    #[error("order {0} is late")]
    Late(u32),
}

#[auto_track_exception]
fn by_variant(late: bool, id: u32) -> Result<(), ShopError> {
    let error = if late { ShopError::Late(id) } else { ShopError::Gone(id) };
    Err(error)?;
    Ok(())
}

#[auto_track_exception]
fn opaque(message: String) -> anyhow::Result<()> {
    let error = anyhow::Error::msg(message);
    Err(error)
}

#[auto_track_exception]
fn generic<T: std::fmt::Debug>(value: T) -> Result<(), Wrong<T>> {
    Err(Wrong(value))
}

#[derive(Debug)]
struct Wrong<T>(T);

impl<T> std::fmt::Display for Wrong<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("wrong")
    }
}

#[auto_track_exception]
fn panics(at: usize) -> u32 {
    [1, 2, 3][at]
}

#[test]
fn the_same_place_and_type_are_one_issue_for_all_values_and_callers() {
    let one = hash(|| parse("x"));
    assert_eq!(one, hash(|| parse("")), "another message");
    assert_eq!(one, hash(|| first_caller("y")));
    assert_eq!(one, hash(|| second_caller("z")));
    assert_ne!(one, hash(|| parse_elsewhere("x")), "another function");
    assert_ne!(
        hash(|| equal_texts("x", "1")),
        hash(|| equal_texts("1", "x")),
        "another of equal expressions"
    );
}

#[test]
fn another_variant_or_kind_is_another_issue() {
    assert_eq!(hash(|| by_variant(false, 1)), hash(|| by_variant(false, 2)));
    assert_ne!(hash(|| by_variant(false, 1)), hash(|| by_variant(true, 1)));
    assert_eq!(hash(|| generic(1_u8)), hash(|| generic("text")), "generics do not count");
}

#[test]
fn opaque_errors_are_distinguished_by_their_message_without_its_values() {
    let of = |message: &str| {
        let message = message.to_owned();
        hash(|| opaque(message))
    };
    assert_eq!(of("user 17 has no cart"), of("user 18 has no cart"));
    assert_ne!(of("user 17 has no cart"), of("user 17 has no name"));
    let (first, second) =
        ("01a20ce5-00c9-74d8-9dc5-7875214316e0", "91b20ce5-00c9-74d8-9dc5-7875214316ef");
    assert_eq!(of(&format!("no session {first}")), of(&format!("no session {second}")));
}

#[test]
fn panics_group_by_place_and_message_without_its_values() {
    assert_eq!(hash(|| panics(7)), hash(|| panics(9)));
}

/// What groups of messages whose text is not known when the program is compiled.
fn of_text(text: &'static str) -> String {
    hash(move || capture_message!("{text}"))
}

#[test]
fn texts_that_differ_in_an_id_after_its_label_are_one_issue() {
    for (one, other) in [
        ("request abc123 failed", "request xyz789 failed"),
        ("no session id=k3J9x", "no session id=Zt7Lm"),
        ("commit deadbee is gone", "commit 1a2b3c4 is gone"),
        ("commit abcdefa is gone", "commit fedcbaf is gone"),
        ("pod web-5d8f7c9b4-abcde failed", "pod web-6c9d8f7b5-fghij failed"),
        ("cannot open `orders.csv'", "cannot open `items.csv'"),
    ] {
        assert_eq!(of_text(one), of_text(other), "{one}");
    }
}

#[test]
fn texts_that_differ_in_a_name_with_a_number_in_it_are_two_issues() {
    for (one, other) in [
        ("sha256 does not match", "sha512 does not match"),
        ("invalid base64", "invalid base32"),
        ("no ipv4 address", "no ipv6 address"),
        ("too large for u8", "too large for u16"),
        ("in `parse` it's wrong", "in `lower` it's wrong"),
        ("request decade failed", "request facade failed"),
    ] {
        assert_ne!(of_text(one), of_text(other), "{one}");
    }
}

#[test]
fn messages_group_by_their_template() {
    let of = |id: u32, name: &'static str| {
        hash(move || capture_message!("user {id} of {name} has no cart"))
    };
    assert_eq!(of(1, "north"), of(2, "south"));
    assert_ne!(
        hash(|| capture_message!("user {} has no cart", 1)),
        hash(|| capture_message!("user {} has a cart", 1))
    );
}

#[test]
fn a_custom_fingerprint_groups_alone() {
    let of = |parts: [&'static str; 2], text: &'static str| {
        hash(move || {
            with_scope(
                |scope| scope.set_fingerprint(parts),
                || capture_exception!(text.parse::<f64>().unwrap_err()),
            )
        })
    };
    assert_eq!(of(["payment", "down"], "x"), of(["payment", "down"], ""));
    assert_ne!(of(["payment", "down"], "x"), of(["paymentdown", ""], "x"));
}

#[test]
fn the_components_are_stored_without_lines_and_folders() {
    let event = event_of(|| parse("x"));
    assert_eq!(event.grouping.version, "g1");
    assert_eq!(
        components(&event),
        [
            ("kind", "error"),
            ("type", "core::num::error::ParseIntError"),
            ("function", "grouping::parse"),
            ("expression", "text.parse()?")
        ]
    );
}

#[auto_track_exception]
fn storms(text: &str) -> Result<u32, ParseIntError> {
    let number = text.parse()?;
    Ok(number)
}

#[test]
fn a_storm_of_equal_failures_is_counted_exactly_on_one_issue() {
    let events = events_of(|| (0..5_000).for_each(|_| assert!(storms("x").is_err())));
    let (issue, _) = tracker().issue(&events[0].grouping.hash).unwrap().unwrap();
    assert_eq!(issue.count, 5_000);
    assert!(events.len() <= 50, "{} are kept", events.len());
}

use std::fmt;
use std::io::{self, ErrorKind};

use anyhow::Context;

/// An error of the system, one with a text, and one without: of one kind.
fn not_found(nth: usize) -> io::Error {
    match nth {
        0 => std::fs::File::open("/no/such/file").unwrap_err(),
        1 => io::Error::new(ErrorKind::NotFound, "the order is gone"),
        _ => ErrorKind::NotFound.into(),
    }
}

fn denied(nth: usize) -> io::Error {
    if nth == 0 {
        io::Error::from_raw_os_error(13)
    } else {
        io::Error::new(ErrorKind::PermissionDenied, "no")
    }
}

/// One that is made by `?`, and hides what caused it in its text, or not at all.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("it cannot be read")]
    Source(#[source] io::Error),
    #[error(transparent)]
    Transparent(io::Error),
    #[error("it cannot be read: {file}")]
    Named { file: &'static str, source: io::Error },
}

macro_rules! groups_io_errors_by_kind {
    ($($name:ident: $result:ty, $make:expr;)+) => {$(
        #[test]
        fn $name() {
            #[auto_track_exception]
            fn fail(error: io::Error) -> $result {
                let make = $make;
                make(error)?;
                Ok(())
            }
            let all: Vec<_> = (0..3).map(|nth| hash(move || fail(not_found(nth)))).collect();
            assert_eq!(all, [&*all[0]; 3], "one kind however it was made");
            let others: Vec<_> = (0..2).map(|nth| hash(move || fail(denied(nth)))).collect();
            assert_eq!(others, [&*others[0]; 2]);
            assert_ne!(all[0], others[0], "another kind");
        }
    )+};
}

groups_io_errors_by_kind! {
    an_io_error_is_grouped_by_its_kind: io::Result<()>, |error| Err::<(), io::Error>(error);
    an_io_error_in_anyhow_is_grouped_by_its_kind: anyhow::Result<()>, |error| Err::<(), _>(anyhow::Error::from(error));
    an_io_error_below_a_context_is_grouped_by_its_kind: anyhow::Result<()>,
        |error| Err::<(), _>(error).context("reading the orders");
    a_boxed_io_error_is_grouped_by_its_kind: Result<(), Box<dyn std::error::Error + Send + Sync>>,
        |error| Err::<(), Box<dyn std::error::Error + Send + Sync>>(Box::new(error));
    an_io_error_that_is_a_source_is_grouped_by_its_kind: Result<(), Unreadable>, |error| Err::<(), _>(Unreadable::Source(error));
    an_io_error_in_a_transparent_error_is_grouped_by_its_kind: Result<(), Unreadable>,
        |error| Err::<(), _>(Unreadable::Transparent(error));
    an_io_error_in_a_struct_is_grouped_by_its_kind: Result<(), Unreadable>,
        |source| Err::<(), _>(Unreadable::Named { file: "orders.csv", source });
}

#[test]
fn an_explicitly_captured_io_error_is_grouped_by_its_kind() {
    let by_hand = |error: io::Error| hash(move || capture_exception!(error));
    assert_eq!(by_hand(not_found(0)), by_hand(not_found(1)));
    assert_ne!(by_hand(not_found(0)), by_hand(denied(0)));
    let erased = |error: io::Error| hash(move || capture_exception!(anyhow::Error::from(error)));
    assert_eq!(erased(not_found(0)), erased(not_found(1)));
    assert_ne!(erased(not_found(0)), erased(denied(0)));
}

#[test]
fn the_kind_of_an_io_error_is_shown_as_its_variant() {
    #[auto_track_exception]
    fn open() -> io::Result<()> {
        std::fs::File::open("/no/such/file")?;
        Ok(())
    }
    let event = event_of(open);
    assert_eq!(event.variant.as_deref(), Some("NotFound"));
    assert!(components(&event).contains(&("variant", "NotFound")));
}

/// One whose `Debug` is its `Display`.
struct Coded(&'static str);

impl fmt::Debug for Coded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Coded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Coded {}

#[auto_track_exception]
fn coded(text: &'static str) -> Result<(), Coded> {
    Err(Coded(text))
}

#[test]
fn a_debug_that_equals_the_display_is_not_a_variant_and_groups_by_its_text() {
    for text in ["E17", "Timeout", "Refused(17)", "Refused { after: 5 }"] {
        let event = event_of(move || coded(text));
        assert_eq!((event.variant, event.by_text), (None, true), "{text}");
    }
    assert_eq!(hash(|| coded("Order17")), hash(|| coded("Order18")), "but for its numbers");
    assert_ne!(hash(|| coded("Timeout")), hash(|| coded("Refused")));
    // What is no variant by its look is told by place alone, as before.
    assert_eq!(hash(|| coded("it timed out")), hash(|| coded("it was refused")));
}

struct Written(&'static str);

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[test]
fn a_debug_that_starts_with_a_word_names_a_variant_only_where_it_is_written_as_one() {
    #[auto_track_exception]
    fn written(text: &'static str) -> Result<(), Written> {
        Err(Written(text))
    }
    for text in [
        "Timeout after 5 s",
        "Timeout: 5 s",
        "Timeout (5 s)",
        "Timeout { after 5 s }",
        "Timeout.",
        "timeout",
    ] {
        assert_eq!(event_of(move || written(text)).variant, None, "{text}");
    }
}

#[test]
fn a_message_that_is_only_values_groups_by_its_text() {
    fn named(text: &'static str) -> Option<String> {
        capture_message!("{text}")
    }
    assert_ne!(hash(|| named("the cache is cold")), hash(|| named("the disk is full")));
    assert_eq!(
        hash(|| named("order 17 is late")),
        hash(|| named("order 18 is late")),
        "but for its numbers"
    );
    fn placed(one: &'static str, other: u32) -> Option<String> {
        capture_message!("{}: {:>4}", one, other)
    }
    assert_ne!(hash(|| placed("cold", 1)), hash(|| placed("full", 1)));
    assert_eq!(hash(|| placed("cold", 1)), hash(|| placed("cold", 2)));
    // A literal that says something groups, whatever is filled in.
    let worded = |text: &'static str| hash(move || capture_message!("found: {text}"));
    assert_eq!(worded("the cache is cold"), worded("the disk is full"));
    assert_ne!(
        hash(|| capture_message!("{}", "the cache is cold")),
        hash(|| capture_message!("{}", "the disk is full"))
    );
}

#[test]
fn values_without_a_known_form_do_not_split_opaque_errors() {
    let of = |message: &'static str| hash(move || opaque(message.to_owned()));
    for (one, other) in [
        ("no customer cus_NffrFeUfNV2Hib", "no customer cus_9s6XKzkNRiz8i3"),
        ("pod api-7d4b9c6f5-x2x9z is gone", "pod api-5f6d8b9c74-zxw2k is gone"),
        ("expired Mon, 30 Nov 2026 15:46:52 GMT", "expired Tue, 01 Dec 2026 03:04:05 GMT"),
        ("commit a3f9c21 is not known", "commit 90d1c4e is not known"),
        ("no key «orders»", "no key «rows of orders»"),
        ("took 350ms", "took 1.5s"),
    ] {
        assert_eq!(of(one), of(other), "{one}");
    }
    assert_ne!(of("pod api-7d4b9c6f5-x2x9z is gone"), of("pod web-7d4b9c6f5-x2x9z is gone"));
}
