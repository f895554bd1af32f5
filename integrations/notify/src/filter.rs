//! Which events a channel tells of.

use error_tracker::event::{Event, Kind, Level};
use serde::Deserialize;

/// Selects events. An event has to match each part that is set; within a part one match is enough.
///
/// ```
/// use error_tracker::event::{Event, Level};
/// use error_tracker_notify::EventFilter;
///
/// let filter = EventFilter::new().min_level(Level::Error).environment("production");
/// assert!(!filter.matches(&Event::default()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventFilter {
    kinds: Vec<Kind>,
    min_level: Option<Level>,
    types: Vec<String>,
    routes: Vec<String>,
    environments: Vec<String>,
    handled: Option<bool>,
}

impl EventFilter {
    /// Returns a filter that every event matches.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts this kind of event.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kinds.push(kind);
        self
    }

    /// Accepts events of at least this level.
    #[must_use]
    pub fn min_level(mut self, level: Level) -> Self {
        self.min_level = Some(level);
        self
    }

    /// Accepts errors of this type, given by its path (`shop::OrderError`) or last name
    /// (`OrderError`).
    #[must_use]
    pub fn type_name(mut self, name: impl Into<String>) -> Self {
        self.types.push(name.into());
        self
    }

    /// Accepts requests of this route (`/orders/{id}`) or path. A `*` at its end stands for any
    /// rest.
    #[must_use]
    pub fn route(mut self, route: impl Into<String>) -> Self {
        self.routes.push(route.into());
        self
    }

    /// Accepts events of this environment.
    #[must_use]
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environments.push(environment.into());
        self
    }

    /// Accepts only errors that the program handled (`true`), or only others (`false`).
    #[must_use]
    pub fn handled(mut self, handled: bool) -> Self {
        self.handled = Some(handled);
        self
    }

    /// Returns whether an event matches.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        let request = event.context.request.as_ref();
        let has_type = |name: &String| {
            event.type_name == *name || event.type_name.rsplit("::").next() == Some(name)
        };
        let has_route = |route: &String| {
            request.is_some_and(|request| {
                is_route(route, &request.route) || is_route(route, &request.path)
            })
        };
        (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && self.min_level.is_none_or(|level| event.level >= level)
            && (self.types.is_empty() || self.types.iter().any(has_type))
            && (self.routes.is_empty() || self.routes.iter().any(has_route))
            && (self.environments.is_empty()
                || self.environments.contains(&event.origin.environment))
            && self.handled.is_none_or(|handled| event.is_handled_error() == handled)
    }
}

fn is_route(pattern: &str, route: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => !route.is_empty() && route.starts_with(start),
        None => route == pattern,
    }
}

#[cfg(test)]
mod tests {
    use error_tracker::event::{Event, Kind, Level, Request};

    use super::EventFilter;

    #[test]
    fn an_event_has_to_match_each_part_that_is_set() {
        let mut event = Event::default();
        event.type_name = "shop::OrderError".into();
        event.origin.environment = "production".into();
        event.context.request = Some(Request::default().route("/orders/{id}").path("/orders/7"));
        let all = EventFilter::new();
        for accepted in [
            all.clone(),
            all.clone().kind(Kind::Panic).kind(Kind::Error),
            all.clone().min_level(Level::Error),
            all.clone().type_name("OrderError"),
            all.clone().type_name("shop::OrderError").type_name("Other"),
            all.clone().route("/orders/{id}"),
            all.clone().route("/orders/7"),
            all.clone().route("/ord*"),
            all.clone().environment("production"),
            all.clone().handled(false),
        ] {
            assert!(accepted.matches(&event), "{accepted:?}");
        }
        for refused in [
            all.clone().kind(Kind::Panic),
            all.clone().min_level(Level::Fatal),
            all.clone().type_name("Error"),
            all.clone().route("/cart*"),
            all.clone().environment("staging"),
            all.clone().handled(true),
            all.clone().type_name("OrderError").environment("staging"),
        ] {
            assert!(!refused.matches(&event), "{refused:?}");
        }
        event.context.request = None;
        assert!(!all.route("*").matches(&event));
    }
}
