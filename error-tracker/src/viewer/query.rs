//! Reads the filters and the order of the list from the URL, and writes them to links.

use std::str::FromStr;

use form_urlencoded::Serializer;
use serde::Serialize;

use super::answer::PageError;
use super::date_period::DatePeriod;
use crate::event::{Timestamp, UnknownNameError};
use crate::store::{EventSelector, IssueQuery};

/// The filters of the list as entered, and the query that they make. Empty ones do not restrict it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct ListFilters {
    text: String,
    kind: String,
    status: String,
    handled: String,
    #[serde(rename = "type")]
    type_name: String,
    host: String,
    method: String,
    path: String,
    function: String,
    assignee: String,
    since: String,
    until: String,
    /// A year, a month or a day.
    date: String,
    release: String,
    route: String,
    sort: String,
    order: String,
    after: String,
    before: String,
    #[serde(skip)]
    query: IssueQuery,
}

/// The filters that are shown and can be removed, in the order of the form.
const FILTERS: [&str; 15] = [
    "text", "kind", "status", "handled", "since", "until", "date", "type", "function", "host",
    "method", "path", "assignee", "release", "route",
];

impl ListFilters {
    /// All parameters.
    pub(super) const KEYS: [&str; 19] = [
        "text", "kind", "status", "handled", "since", "until", "date", "type", "function", "host",
        "method", "path", "assignee", "release", "route", "sort", "order", "after", "before",
    ];

    /// Reads a query string. Unknown keys are ignored; invalid values are errors.
    pub(super) fn read(query: &str, now: Timestamp) -> Result<Self, PageError> {
        let mut filters = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if let Some(field) = filters.field(&key) {
                value.trim().clone_into(field);
            }
        }
        filters.query = filters.check(now)?;
        Ok(filters)
    }

    /// Returns the id of an event, if one is searched for.
    pub(super) fn event_id(&self) -> Option<String> {
        uuid::Uuid::try_parse(&self.text).ok().map(|id| id.to_string())
    }

    fn check(&self, now: Timestamp) -> Result<IssueQuery, PageError> {
        let mut query = IssueQuery::default();
        query.text.clone_from(&self.text);
        query.type_name.clone_from(&self.type_name);
        query.host.clone_from(&self.host);
        query.method = self.method.to_ascii_uppercase();
        query.path.clone_from(&self.path);
        query.function.clone_from(&self.function);
        query.assignee.clone_from(&self.assignee);
        query.release.clone_from(&self.release);
        query.route.clone_from(&self.route);
        query.kind = named("kind", &self.kind)?;
        query.status = named("status", &self.status)?;
        query.handled = match &*self.handled {
            "" | "false" => Some(false),
            "true" => Some(true),
            "any" => None,
            _ => return Err(PageError::bad("handled: true, false, any")),
        };
        query.sort = named("sort", &self.sort)?.unwrap_or_default();
        query.ascending = match &*self.order {
            "" | "desc" => false,
            "asc" => true,
            _ => return Err(PageError::bad("order: asc, desc")),
        };
        query.since = moment("since", &self.since, now)?;
        query.until = moment("until", &self.until, now)?;
        if !self.date.is_empty() {
            let date =
                self.date().ok_or_else(|| PageError::bad("date: 2026, 2026-11, 2026-11-24"))?;
            query.since = query.since.max(Some(date.start()));
            query.until = Some(query.until.map_or(date.end(), |until| until.min(date.end())));
        }
        query.limit = 20;
        match (self.after.as_str(), self.before.as_str()) {
            ("", "") => {}
            (after, "") => query.after = Some(after.to_owned()),
            ("", before) => query.before = Some(before.to_owned()),
            _ => return Err(PageError::bad("after, before: one of them")),
        }
        Ok(query)
    }

    pub(super) fn query(&self) -> &IssueQuery {
        &self.query
    }

    pub(super) fn status(&self) -> &str {
        &self.status
    }

    /// Returns the year, the month or the day.
    pub(super) fn date(&self) -> Option<DatePeriod> {
        DatePeriod::read(&self.date)
    }

    /// Returns whether the list shows handled issues.
    pub(super) fn shows_handled(&self) -> bool {
        self.query.handled != Some(false)
    }

    /// Returns the sort key and the order as in the URL.
    pub(super) fn sorted(&self) -> (&str, &str) {
        (if self.sort.is_empty() { "last_seen" } else { &self.sort }, &self.order)
    }

    /// Returns whether this is not the first page.
    pub(super) fn is_continued(&self) -> bool {
        !(self.after.is_empty() && self.before.is_empty())
    }

    /// Returns the active filters: key, value, and the link without the filter.
    pub(super) fn active(&self) -> Vec<(&'static str, String, String)> {
        let mut active = Vec::new();
        for key in FILTERS {
            let mut without = self.clone();
            if let Some(field) = without.field(key).filter(|field| !field.is_empty()) {
                let value = std::mem::take(field);
                active.push((key, value, without.first_page().link()));
            }
        }
        active
    }

    /// Returns the same list with one value changed, at its first page.
    pub(super) fn with(&self, key: &str, value: &str) -> Self {
        let mut changed = self.clone().first_page();
        if let Some(field) = changed.field(key) {
            value.clone_into(field);
        }
        changed
    }

    fn first_page(mut self) -> Self {
        self.after.clear();
        self.before.clear();
        self
    }

    /// Returns a link relative to the list.
    pub(super) fn link(&self) -> String {
        let query = self.encoded();
        if query.is_empty() { "./".to_owned() } else { format!("./?{query}") }
    }

    pub(super) fn encoded(&self) -> String {
        let mut all = self.clone();
        let mut query = Serializer::new(String::new());
        for key in Self::KEYS {
            if let Some(value) = all.field(key).filter(|value| !value.is_empty()) {
                query.append_pair(key, value);
            }
        }
        query.finish()
    }

    fn field(&mut self, key: &str) -> Option<&mut String> {
        Some(match key {
            "text" => &mut self.text,
            "kind" => &mut self.kind,
            "status" => &mut self.status,
            "handled" => &mut self.handled,
            "type" => &mut self.type_name,
            "host" => &mut self.host,
            "method" => &mut self.method,
            "path" => &mut self.path,
            "function" => &mut self.function,
            "assignee" => &mut self.assignee,
            "since" => &mut self.since,
            "until" => &mut self.until,
            "date" => &mut self.date,
            "release" => &mut self.release,
            "route" => &mut self.route,
            "sort" => &mut self.sort,
            "order" => &mut self.order,
            "after" => &mut self.after,
            "before" => &mut self.before,
            _ => return None,
        })
    }
}

/// Returns the occurrence that the parameter `event` selects; the latest without one.
pub(super) fn event_selector(asked: Option<&str>) -> EventSelector {
    match asked {
        None | Some("" | "latest") => EventSelector::Latest,
        Some("oldest") => EventSelector::Oldest,
        Some(id) => EventSelector::Id(id.to_owned()),
    }
}

/// Reads a filter that is one of several names. An empty one does not restrict the list.
fn named<T>(key: &str, name: &str) -> Result<Option<T>, PageError>
where
    T: FromStr<Err = UnknownNameError>,
{
    let of_error =
        |error: UnknownNameError| PageError::bad(format!("{key}: {}", error.allowed().join(", ")));
    if name.is_empty() { Ok(None) } else { name.parse().map(Some).map_err(of_error) }
}

/// Reads an age, a date, or a time.
fn moment(key: &str, text: &str, now: Timestamp) -> Result<Option<Timestamp>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    // A `+` in a URL is decoded as a blank.
    let text = match text.rsplit_once(' ') {
        Some((time, offset)) if time.contains(':') => format!("{time}+{offset}"),
        _ => text.to_owned(),
    };
    let wrong = |_| {
        PageError::bad(format!(
            "{key}: 24h, 7d, 2026-11-24, 2026-11-24T08:00:00Z, 2026-11-24T09:00:00+01:00"
        ))
    };
    Timestamp::parse_since(&text, now).map(Some).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::{ListFilters, moment};
    use crate::event::Timestamp;

    #[test]
    fn a_link_reads_back_as_the_same_filters() {
        let query = "text=a%26b+%C3%BC&kind=panic&since=7d&sort=count&order=asc&after=c%2F1";
        let filters = ListFilters::read(query, Timestamp::now()).unwrap();
        assert_eq!(filters.encoded(), query);
        assert_eq!(
            filters.with("kind", "").link(),
            "./?text=a%26b+%C3%BC&since=7d&sort=count&order=asc"
        );
    }

    #[test]
    fn a_date_is_the_time_within_which_issues_were_last_seen() {
        let now = Timestamp::now();
        let within = |query| {
            let query = ListFilters::read(query, now).map_err(|_| ())?.query().clone();
            let text = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
            Ok::<_, ()>(
                format!("{} {}", text(query.since), text(query.until))
                    .replace("T00:00:00.000000Z", ""),
            )
        };
        assert_eq!(within("date=2026-11"), Ok("2026-11-01 2026-12-01".into()));
        assert_eq!(within("date=2026&since=2026-03-01"), Ok("2026-03-01 2027-01-01".into()));
        assert_eq!(within("date=2026-11-24&until=2026-03-01"), Ok("2026-11-24 2026-03-01".into()));
        assert_eq!(within("until=2026-03-01"), Ok(" 2026-03-01".into()));
        assert_eq!((within("date=2026-31"), within("until=x")), (Err(()), Err(())));
    }

    #[test]
    fn since_accepts_dates_ages_and_times() {
        let now: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let at =
            |text| moment("since", text, now).map(|at| at.map(|at| at.to_string())).map_err(|_| ());
        assert_eq!(at("24h"), Ok(Some("2026-11-23T08:00:00.000000Z".into())));
        assert_eq!(at("2026-11-01"), Ok(Some("2026-11-01T00:00:00.000000Z".into())));
        assert_eq!(at(""), Ok(None));
        for moment in [
            "2026-11-24T01:00:00+01:00",
            "2026-11-24T01:00:00 01:00",
            "2026-11-24",
            "8 hours",
            "8h ago",
        ] {
            assert_eq!(at(moment), Ok(Some("2026-11-24T00:00:00.000000Z".into())), "{moment}");
        }
        for bad in
            ["0h", "yesterday", "99999999999999999999d", "18446744073709551615d", "h", "-1d", "é"]
        {
            assert_eq!(at(bad), Err(()), "{bad}");
        }
    }
}
