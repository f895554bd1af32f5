//! Constructors of breadcrumbs.

use serde::Serialize;

use super::{MAX_VALUE, bounds};
use crate::event::{Breadcrumb, Level, Timestamp};

impl Breadcrumb {
    /// Returns a breadcrumb of a category such as `http` or `query`, with the current time and
    /// level info.
    ///
    /// ```
    /// use error_tracker::event::{Breadcrumb, Level};
    /// use error_tracker::scope::configure_scope;
    ///
    /// let step = Breadcrumb::new("http", "POST /charge").level(Level::Warning).data("status", 502);
    /// configure_scope(|scope| scope.add_breadcrumb(step));
    /// ```
    #[must_use]
    pub fn new(category: impl Into<String>, message: impl Into<String>) -> Self {
        let (category, message) = (category.into(), message.into());
        Self { at: Timestamp::now(), category, message, level: Level::Info, ..Self::default() }
    }

    /// Sets the time of the step.
    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    /// Sets the level.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Adds data, any value that serde can serialize. If that fails, the entry is the reason.
    #[must_use]
    pub fn data(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.data.insert(name.into(), bounds::value(bounds::serialized(value), MAX_VALUE));
        self
    }
}
