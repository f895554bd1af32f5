//! Counts the releases and routes of an issue in bounded space.

use serde::{Deserialize, Serialize};

use crate::event::Event;

/// The number of releases, and of routes, that are told apart for each issue.
pub(crate) const MAX_FACETS: usize = 32;
/// Releases and routes are cut after this many bytes.
const MAX_VALUE: usize = 300;

/// The releases and the routes in which an issue occurred, the most frequent first.
///
/// Of each, a store tells at least 32 apart. A count is never too high: it is exact for a value
/// that was always among them, and otherwise has the occurrences since the value came in place of
/// the rarest one. A value with more than a 32nd of all occurrences is always listed. What is
/// missing to the count of the issue occurred elsewhere, without a release or a request, or before
/// releases and routes were counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct IssueFacets {
    /// The program's releases.
    pub releases: Vec<FacetCount>,
    /// The HTTP methods and routes, such as `GET /orders/{id}`. A path stands for a route that is
    /// not known.
    pub routes: Vec<FacetCount>,
}

/// A release or a route with its occurrences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FacetCount {
    /// The release or the route.
    pub value: String,
    /// The number of occurrences.
    pub count: u64,
}

impl IssueFacets {
    /// Creates facets from their counts, in any order. Counts of the same value are added up.
    #[must_use]
    pub fn new(
        releases: impl IntoIterator<Item = (String, u64)>,
        routes: impl IntoIterator<Item = (String, u64)>,
    ) -> Self {
        Self { releases: ordered(releases), routes: ordered(routes) }
    }
}

fn ordered(counts: impl IntoIterator<Item = (String, u64)>) -> Vec<FacetCount> {
    let mut sums = std::collections::BTreeMap::<String, u64>::new();
    for (value, count) in counts {
        let sum = sums.entry(value).or_default();
        *sum = sum.saturating_add(count);
    }
    let mut all: Vec<_> =
        sums.into_iter().map(|(value, count)| FacetCount { value, count }).collect();
    all.sort_by_key(|facet| std::cmp::Reverse(facet.count));
    all
}

/// Returns the release of an event, cut if it is long; empty if there is none.
pub(super) fn release_of(event: &Event) -> &str {
    cut(&event.origin.release)
}

/// Returns the method and route of an event, cut if they are long; empty if there is no request.
pub(crate) fn route_of(event: &Event) -> String {
    let Some(request) = &event.context.request else { return String::new() };
    route_text(&request.method, request.route_or_path())
}

/// Returns a method and a route as the text of a facet.
pub(crate) fn route_text(method: &str, route: &str) -> String {
    let text = format!("{method} {route}");
    cut(text.trim()).to_owned()
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_VALUE)]
}

/// The counts of one kind of facet, in memory, by the algorithm "space saving" of Metwally, Agrawal
/// and El Abbadi (2005).
///
/// ```
/// use error_tracker::store::rules::FacetList;
///
/// let mut routes = FacetList::default();
/// for nth in 0..32 {
///     routes.add(&format!("GET /{nth}"), 10 + nth);
/// }
/// assert_eq!(routes.add("GET /new", 1).as_deref(), Some("GET /0"), "the rarest one");
/// assert_eq!(routes.listed().last().map(|facet| (facet.count, facet.before)), Some((1, 10)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct FacetList(Vec<ListedFacet>);

/// A release or a route of a [`FacetList`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFacet {
    /// The release or the route.
    pub value: String,
    /// The number of occurrences since it was listed.
    pub count: u64,
    /// The most occurrences that it may have had before it was listed: those of the value that it
    /// took the place of.
    pub before: u64,
}

impl FacetList {
    /// Counts occurrences of a value. If the list is full, it takes the place of the rarest one,
    /// which is returned. An empty value is not counted.
    pub fn add(&mut self, value: &str, count: u64) -> Option<String> {
        if value.is_empty() {
            return None;
        }
        if let Some(listed) = self.0.iter_mut().find(|listed| listed.value == value) {
            listed.count = listed.count.saturating_add(count);
            return None;
        }
        let (mut before, mut removed) = (0, None);
        if self.0.len() >= MAX_FACETS {
            let weight = |listed: &ListedFacet| listed.count.saturating_add(listed.before);
            let rarest = (0..self.0.len())
                .min_by(|a, b| {
                    let (a, b) = (&self.0[*a], &self.0[*b]);
                    (weight(a), &a.value).cmp(&(weight(b), &b.value))
                })
                .unwrap_or_default();
            let rarest = self.0.swap_remove(rarest);
            before = weight(&rarest);
            removed = Some(rarest.value);
        }
        self.0.push(ListedFacet { value: value.to_owned(), count, before });
        removed
    }

    /// Returns the values with their counts, in no order.
    #[must_use]
    pub fn listed(&self) -> &[ListedFacet] {
        &self.0
    }

    pub(super) fn contains(&self, value: &str) -> bool {
        self.0.iter().any(|listed| listed.value == value)
    }

    pub(super) fn counts(&self) -> impl Iterator<Item = (String, u64)> {
        self.0.iter().map(|listed| (listed.value.clone(), listed.count))
    }
}

impl FromIterator<ListedFacet> for FacetList {
    /// Restores a list from what [`FacetList::listed`] returned.
    fn from_iter<T: IntoIterator<Item = ListedFacet>>(listed: T) -> Self {
        Self(listed.into_iter().collect())
    }
}
