//! What must compile, what must not, and with which message: `pass/` and `fail/`.
