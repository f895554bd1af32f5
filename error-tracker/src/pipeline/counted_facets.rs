//! The users and routes of occurrences that are only counted.

use crate::event::{Timestamp, UserKey};
use crate::store::{self, MAX_FACETS, Sighting};

/// The most users of one issue that are remembered between two writes.
const MAX_USERS: usize = 1_024;

/// An occurrence that may only be counted.
#[derive(Clone, Copy)]
pub(crate) struct Occurrence<'a> {
    pub(crate) at: Timestamp,
    pub(crate) user: Option<UserKey>,
    /// The method and the route's pattern.
    pub(crate) route: Option<(&'a str, &'a str)>,
}

/// The users and routes of occurrences of one issue that wait to be written.
#[derive(Default)]
pub(super) struct CountedFacets {
    /// Sorted.
    users: Vec<UserKey>,
    /// Routes with their occurrences. All others occurred on the route of the event.
    routes: Vec<(String, u64)>,
}

impl CountedFacets {
    /// Adds an occurrence. `room` is the number of users that may still be added to any issue.
    pub(super) fn add(&mut self, occurrence: &Occurrence<'_>, room: &mut usize) {
        if let Some(user) = occurrence.user {
            self.add_user(user, room);
        }
        if let Some((method, route)) = occurrence.route {
            let is_equal = |text: &str| {
                let text = text.strip_prefix(method).and_then(|text| text.strip_prefix(' '));
                text == Some(route)
            };
            match self.routes.iter_mut().find(|(text, _)| is_equal(text)) {
                Some((_, count)) => *count += 1,
                None => self.add_route(store::route_text(method, route), 1),
            }
        }
    }

    fn add_user(&mut self, user: UserKey, room: &mut usize) {
        if let Err(at) = self.users.binary_search(&user)
            && self.users.len() < MAX_USERS
            && *room > 0
        {
            self.users.insert(at, user);
            *room -= 1;
        }
    }

    /// Adds occurrences of a route. If there are too many routes, they count for an unknown one.
    fn add_route(&mut self, route: String, count: u64) {
        let is_full = self.routes.len() >= MAX_FACETS;
        let route = if is_full { String::new() } else { route };
        match self.routes.iter_mut().find(|(known, _)| *known == route) {
            Some((_, known)) => *known += count,
            None => self.routes.push((route, count)),
        }
    }

    /// Moves everything to a sighting that gets the occurrences, and gives back the room of the
    /// users.
    pub(super) fn move_to(&mut self, sighting: &mut Sighting, room: &mut usize) {
        *room += self.users.len();
        let users = std::mem::take(&mut self.users);
        sighting.users.extend(users);
        sighting.users.sort_unstable();
        sighting.users.dedup();
        let own = store::route_of(&sighting.event);
        sighting.other_routes.extend(
            std::mem::take(&mut self.routes).into_iter().filter(|(route, _)| *route != own),
        );
    }

    /// Takes back from a sighting that could not be written: what [`CountedFacets::move_to`] moved.
    /// `repeats` is the number of its occurrences without its event.
    pub(super) fn take_back(&mut self, sighting: &mut Sighting, repeats: u64, room: &mut usize) {
        for user in std::mem::take(&mut sighting.users) {
            self.add_user(user, room);
        }
        let routes = std::mem::take(&mut sighting.other_routes);
        let elsewhere: u64 = routes.iter().map(|(_, count)| count).sum();
        let own = store::route_of(&sighting.event);
        if !own.is_empty() && repeats > elsewhere {
            self.add_route(own, repeats - elsewhere);
        }
        for (route, count) in routes {
            self.add_route(route, count);
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self, room: &mut usize) {
        *room += self.users.len();
        *self = Self::default();
    }
}
