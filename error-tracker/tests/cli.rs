//! The `error-tracker` program, run on real files.
