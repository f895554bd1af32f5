use serde::Serialize;

use super::{MAX_VALUE, bounds};
use crate::event::{Breadcrumb, Level, Timestamp};

impl Breadcrumb {
    /// A step of some category, such as `http` or `query`, taken now, of level info.
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

    /// Sets when it was taken.
    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    /// Sets how much it matters.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Adds data: anything that serialises. A value that cannot be serialised is kept as the reason why.
    #[must_use]
    pub fn data(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.data.insert(name.into(), bounds::value(bounds::serialized(value), MAX_VALUE));
        self
    }
}
