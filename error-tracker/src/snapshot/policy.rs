//! How values are masked and bounded, for the whole program.

use std::sync::{LazyLock, OnceLock};

use super::debug::Limits;
use crate::mask::Masking;

#[derive(Debug, Default)]
pub(crate) struct Policy {
    pub(crate) masking: Masking,
    pub(crate) limits: Limits,
}

static CHOSEN: OnceLock<Policy> = OnceLock::new();
static DEFAULT: LazyLock<Policy> = LazyLock::new(Policy::default);

/// The chosen policy, or the default.
pub(crate) fn get() -> &'static Policy {
    CHOSEN.get().unwrap_or_else(|| &DEFAULT)
}

/// Chooses the policy; only the first choice counts.
pub(crate) fn choose(policy: Policy) {
    let _ = CHOSEN.set(policy);
}
