//! The releases and routes of an issue as lists of bars. Sizes are SVG attributes, because the
//! content security policy allows no inline styles.

use serde::Serialize;

use super::query::ListFilters;
use crate::event::Issue;
use crate::store::{FacetCount, IssueFacets};

/// Bars that are shown at once; the others are folded.
const SHOWN: usize = 5;

/// The values of one facet, the most frequent first.
#[derive(Serialize)]
pub(super) struct BarList {
    /// The key of the heading's text.
    key: &'static str,
    bars: Vec<FacetBar>,
    folded: Vec<FacetBar>,
    /// Occurrences without one of these values.
    other: u64,
    /// The length of the bar for them, in percent.
    other_length: u64,
}

#[derive(Serialize)]
struct FacetBar {
    value: String,
    /// The list of the issues with this value.
    link: String,
    count: u64,
    /// The length of the bar, in percent of all occurrences.
    length: u64,
}

/// Returns the lists that are not empty.
pub(super) fn bar_lists(issue: &Issue, facets: IssueFacets) -> Vec<BarList> {
    let lists = [
        bar_list(issue, "releases", "release", facets.releases),
        bar_list(issue, "routes", "route", facets.routes),
    ];
    lists.into_iter().filter(|list| !list.bars.is_empty()).collect()
}

fn bar_list(
    issue: &Issue,
    key: &'static str,
    filter: &'static str,
    facets: Vec<FacetCount>,
) -> BarList {
    let listed = facets.iter().fold(0_u64, |sum, facet| sum.saturating_add(facet.count));
    let other = issue.count.saturating_sub(listed);
    let handled = if issue.handled { "any" } else { "" };
    let filters = ListFilters::default().with("handled", handled);
    let bar = |FacetCount { value, count }| FacetBar {
        link: filters.with(filter, &value).link(),
        length: length(count, issue.count),
        value,
        count,
    };
    let mut bars: Vec<_> = facets.into_iter().map(bar).collect();
    // One more takes no more space than the line that unfolds it.
    let folded = if bars.len() > SHOWN + 1 { bars.split_off(SHOWN) } else { Vec::new() };
    BarList { key, bars, folded, other, other_length: length(other, issue.count) }
}

/// Returns the percentage of `count` in `all`, at least 1.
fn length(count: u64, all: u64) -> u64 {
    let percent = u128::from(count) * 100 / u128::from(all.max(1));
    u64::try_from(percent).unwrap_or(100).clamp(1, 100)
}

#[cfg(test)]
mod tests {
    use super::{bar_list, bar_lists};
    use crate::event::Issue;
    use crate::store::IssueFacets;

    #[test]
    fn bars_show_the_shares_of_all_occurrences_and_link_to_the_list() {
        let issue = Issue { count: 200, ..Issue::default() };
        let releases = [("shop@2 &c".to_owned(), 150), ("shop@1".to_owned(), 1)];
        let facets = IssueFacets::new(releases, []);
        let lists = bar_lists(&issue, facets);
        assert_eq!(lists.len(), 1, "no routes are known");
        let shown: Vec<_> =
            lists[0].bars.iter().map(|bar| (bar.link.as_str(), bar.count, bar.length)).collect();
        assert_eq!(shown, [("./?release=shop%402+%26c", 150, 75), ("./?release=shop%401", 1, 1)]);
        assert_eq!((lists[0].other, lists[0].other_length), (49, 24));
    }

    #[test]
    fn only_the_most_frequent_values_are_shown_at_once() {
        let of = |count: u64| {
            let issue = Issue { count: u64::MAX, handled: true, ..Issue::default() };
            let routes = (0..count).map(|nth| (format!("GET /{nth}"), u64::MAX - nth));
            bar_list(&issue, "routes", "route", IssueFacets::new([], routes).routes)
        };
        assert_eq!((of(6).bars.len(), of(6).folded.len()), (6, 0));
        let many = of(9);
        assert_eq!((many.bars.len(), many.folded.len(), many.other), (5, 4, 0));
        assert_eq!(many.bars[0].link, "./?handled=any&route=GET+%2F0");
    }
}
