//! The `error-tracker` program.
fn main() {}
