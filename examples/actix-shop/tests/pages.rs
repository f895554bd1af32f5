//! The pages of error-tracker in the shop.
#![allow(missing_docs)]

use error_tracker_tests::shop_pages;

const PROGRAM: &str = env!("CARGO_BIN_EXE_actix-shop");

#[test]
fn the_pages_are_protected_from_others_and_changed_by_their_forms_only() {
    shop_pages::its_pages_are_protected(PROGRAM);
}

#[test]
#[ignore = "needs a browser: ./run-tests"]
fn who_logs_in_finds_each_failure_with_its_trace_and_request() {
    shop_pages::a_person_finds_what_failed(PROGRAM);
}
