//! The attributes of error-tracker.
