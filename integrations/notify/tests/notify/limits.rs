//! Limits, and what becomes of that which they hold back.

use error_tracker_notify::{DigestPeriod, NotifyRules};
use error_tracker_tests::until;

use crate::{HOUR, MINUTE, Told};

const TEXTS: [&str; 5] = ["no disk", "no light", "no paper", "no ink", "no coffee"];

#[test]
fn what_the_limit_of_an_issue_holds_back_is_told_by_the_next_message() {
    let told = Told::new(|channel| channel.rules(NotifyRules::every()).per_issue(2));
    for _ in 0..7 {
        told.fail("no disk");
    }
    assert_eq!(told.told().len(), 2);
    assert_eq!(told.health().held_back, 5);
    told.advance(HOUR - MINUTE);
    told.fail("no disk");
    assert_eq!(told.told(), [""; 0]);
    told.advance(2 * MINUTE);
    told.record("no disk");
    until(|| told.health().held_back == 0);
    told.settle();
    let message = told.told().remove(0);
    assert!(
        message.contains("6 more since the last message")
            || message.contains("6 messages held back"),
        "{message}"
    );
}

#[test]
fn what_the_limit_of_a_channel_holds_back_is_told_by_a_digest_an_hour_later() {
    let told = Told::new(|channel| channel.per_hour(2));
    for text in TEXTS {
        told.fail(text);
    }
    assert_eq!(told.told().len(), 2);
    told.advance(HOUR);
    until(|| told.health().sent == 3);
    let digest = told.recorder.notifications().remove(0);
    assert_eq!(digest.subject, "[shop] 3 messages held back, of 3 issues");
    assert_eq!((digest.held_back, digest.digest.len()), (3, 3));
    assert!(digest.text.contains("no coffee (seen 1 times, 1 held back)"), "{}", digest.text);
    assert_eq!(told.health().held_back, 0);
}

#[test]
fn a_daily_digest_takes_the_place_of_single_messages() {
    let told = Told::new(|channel| channel.digest(DigestPeriod::Daily));
    for text in TEXTS {
        told.fail(text);
    }
    assert_eq!(told.told(), [""; 0]);
    told.advance(24 * HOUR);
    until(|| told.health().sent == 1);
    assert_eq!(
        told.told(),
        ["5 messages held back, of 5 issues: 5 messages held back, of 5 issues."]
    );
}
