//! Compiles each program of `pass/` and runs it, and compares what the compiler says of those of `fail/`.
//!
//! `TRYBUILD=overwrite cargo test -p error-tracker-ui-tests` writes what it says now.

#[test]
fn annotated_functions_compile_and_invalid_options_are_one_clear_error() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*.rs");
}
