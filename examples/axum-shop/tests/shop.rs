//! Runs the shop and sends requests to it.
#![allow(missing_docs)]

use error_tracker_tests::shop;

const PROGRAM: &str = env!("CARGO_BIN_EXE_axum-shop");

#[test]
fn each_kind_of_failure_is_one_event_with_its_request() {
    shop::fails_as_described(PROGRAM);
}

#[test]
fn the_pages_are_shown_only_after_login() {
    shop::shows_its_pages_to_who_has_logged_in(PROGRAM);
}

#[test]
fn a_failure_of_a_background_task_has_the_request_that_started_it() {
    shop::sells_and_records_what_fails_in_the_background(PROGRAM);
}

#[cfg(unix)]
#[test]
fn a_failure_just_before_a_signal_is_stored() {
    shop::stores_what_failed_before_a_signal(PROGRAM);
}
