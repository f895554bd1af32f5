//! Which failures are recorded that nobody captured by hand.

use serde::{Deserialize, Serialize};

use crate::event::Kind;
use crate::trace::error_facts::ErrorSubstance;
use crate::trace::failure::Failure;

/// How errors are recorded that the program handled: an annotated function got such an error from
/// another one, and did not return it.
///
/// Programs try alternatives, so some of these errors are part of every successful run. Explicit
/// captures, errors that leave the annotated functions, and panics are recorded in any case.
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
    /// Records each as an event. The default, because an error that was handled by mistake can be
    /// found nowhere else. The page and the command line list these issues separately.
    #[default]
    Keep,
    /// Counts each on its issue; only the first of an issue keeps its details.
    Count,
    /// Records none.
    Off,
}

/// Which failures are recorded that nobody captured by hand.
pub(super) struct WantedFailures {
    pub(super) handled: Handled,
    pub(super) empty_errors: bool,
}

impl WantedFailures {
    pub(super) fn records(&self, failure: &Failure) -> bool {
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

    /// Returns whether the failure is only counted if its issue exists.
    pub(super) fn only_counts(&self, failure: &Failure) -> bool {
        self.handled == Handled::Count
            && failure.handled
            && !failure.explicit
            && matches!(failure.kind, Kind::Error | Kind::None)
    }
}
