//! Which failures are recorded that nobody captured by hand.

use serde::{Deserialize, Serialize};

use crate::event::Kind;
use crate::trace::error_facts::ErrorSubstance;
use crate::trace::failure::Failure;

/// What is recorded of errors that the program handled on the way: that an annotated function was given by another one
/// and did not return.
///
/// A program tries one thing after the other, and many of these errors are part of each good run. What is captured by
/// hand, leaves the annotated functions, or panics is recorded in any case.
///
/// ```
/// use error_tracker::Handled;
///
/// let builder = error_tracker::builder().handled(Handled::Count);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Handled {
    /// Each is an event, as any other. The default, since an error that was handled by mistake is found nowhere else;
    /// the page and the command line list these issues apart.
    #[default]
    Keep,
    /// Each is counted on its issue; only the first of an issue keeps its details.
    Count,
    /// None is recorded.
    Off,
}

/// Which failures are recorded that nobody captured by hand.
pub(super) struct WantedFailures {
    pub(super) handled: Handled,
    pub(super) empty_errors: bool,
}

impl WantedFailures {
    pub(super) fn wants(&self, failure: &Failure) -> bool {
        let says_enough = match failure.substance() {
            ErrorSubstance::Text => true,
            ErrorSubstance::Name => !failure.handled,
            ErrorSubstance::Nothing => false,
        };
        failure.explicit
            || failure.kind != Kind::Error
            || (says_enough || self.empty_errors)
                && !(failure.handled && self.handled == Handled::Off)
    }

    /// Returns whether the failure is only to be counted, once its issue is there.
    pub(super) fn only_counts(&self, failure: &Failure) -> bool {
        self.handled == Handled::Count
            && failure.handled
            && !failure.explicit
            && matches!(failure.kind, Kind::Error | Kind::None)
    }
}
