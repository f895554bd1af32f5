//! What the list shows, as the URL says it.

use std::time::Duration;

use form_urlencoded::Serializer;
use serde::Serialize;

use super::answer::Problem;
use crate::event::{Kind, Status, Timestamp};
use crate::store::{IssueQuery, Sort};

/// The filters of the list as they were typed, checked. Empty ones do not restrict.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Filters {
    text: String,
    kind: String,
    status: String,
    #[serde(rename = "type")]
    type_name: String,
    host: String,
    method: String,
    path: String,
    function: String,
    since: String,
    sort: String,
    order: String,
    after: String,
    before: String,
    #[serde(skip)]
    query: IssueQuery,
}

/// Filters that a visitor sees and can remove, in the order of the form.
const FILTERS: [&str; 9] = ["text", "kind", "status", "since", "type", "function", "host", "method", "path"];

impl Filters {
    /// Reads a query string. Keys that mean nothing here are passed over; a value that means nothing is an error.
    pub(super) fn read(query: &str, now: Timestamp) -> Result<Self, Problem> {
        let mut filters = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if let Some(field) = filters.field(&key) {
                value.trim().clone_into(field);
            }
        }
        filters.query = filters.check(now)?;
        Ok(filters)
    }

    fn check(&self, now: Timestamp) -> Result<IssueQuery, Problem> {
        let mut query = IssueQuery::default();
        query.text.clone_from(&self.text);
        query.type_name.clone_from(&self.type_name);
        query.host.clone_from(&self.host);
        query.method = self.method.to_ascii_uppercase();
        query.path.clone_from(&self.path);
        query.function.clone_from(&self.function);
        query.kind = match &*self.kind {
            "" => None,
            "error" => Some(Kind::Error),
            "panic" => Some(Kind::Panic),
            "message" => Some(Kind::Message),
            "none" => Some(Kind::None),
            _ => return Err(Problem::bad("kind: error, panic, message, none")),
        };
        query.status = match &*self.status {
            "" => None,
            "unresolved" => Some(Status::Unresolved),
            "resolved" => Some(Status::Resolved),
            "muted" => Some(Status::Muted),
            _ => return Err(Problem::bad("status: unresolved, resolved, muted")),
        };
        query.sort = match &*self.sort {
            "" | "last_seen" => Sort::LastSeen,
            "first_seen" => Sort::FirstSeen,
            "count" => Sort::Count,
            "type" => Sort::Type,
            _ => return Err(Problem::bad("sort: last_seen, first_seen, count, type")),
        };
        query.ascending = match &*self.order {
            "" | "desc" => false,
            "asc" => true,
            _ => return Err(Problem::bad("order: asc, desc")),
        };
        query.since = since(&self.since, now)?;
        query.limit = 20;
        match (self.after.as_str(), self.before.as_str()) {
            ("", "") => {}
            (after, "") => query.after = Some(after.to_owned()),
            ("", before) => query.before = Some(before.to_owned()),
            _ => return Err(Problem::bad("after, before: one of them")),
        }
        Ok(query)
    }

    pub(super) fn query(&self) -> &IssueQuery {
        &self.query
    }

    pub(super) fn status(&self) -> &str {
        &self.status
    }

    /// By what and in which order, as the URL says it.
    pub(super) fn sorted(&self) -> (&str, &str) {
        (if self.sort.is_empty() { "last_seen" } else { &self.sort }, &self.order)
    }

    /// Whether this is a page behind or before another one.
    pub(super) fn is_continued(&self) -> bool {
        !(self.after.is_empty() && self.before.is_empty())
    }

    /// The filters that restrict: key, value, and the link without it.
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

    /// The same list with one value changed, from its first page on.
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

    /// A link relative to the list.
    pub(super) fn link(&self) -> String {
        let query = self.encoded();
        if query.is_empty() { "./".to_owned() } else { format!("./?{query}") }
    }

    pub(super) fn encoded(&self) -> String {
        let mut all = self.clone();
        let mut query = Serializer::new(String::new());
        for key in FILTERS.into_iter().chain(["sort", "order", "after", "before"]) {
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
            "type" => &mut self.type_name,
            "host" => &mut self.host,
            "method" => &mut self.method,
            "path" => &mut self.path,
            "function" => &mut self.function,
            "since" => &mut self.since,
            "sort" => &mut self.sort,
            "order" => &mut self.order,
            "after" => &mut self.after,
            "before" => &mut self.before,
            _ => return None,
        })
    }
}

/// `1h`, `24h`, `7d`, a date, or a moment in RFC 3339.
fn since(text: &str, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() == 10
        && let Ok(moment) = format!("{text}T00:00:00Z").parse()
    {
        return Ok(Some(moment));
    }
    if let Ok(moment) = text.parse() {
        return Ok(Some(moment));
    }
    let unit = match text.chars().last() {
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => 0,
    };
    let number = text.get(..text.len() - 1).and_then(|number| number.parse::<u64>().ok());
    match number.and_then(|number| number.checked_mul(unit)).filter(|seconds| *seconds > 0) {
        Some(seconds) => Ok(Some(now.minus(Duration::from_secs(seconds)))),
        None => Err(Problem::bad("since: 24h, 7d, 2026-11-24, 2026-11-24T08:00:00Z")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Filters, since};
    use crate::event::Timestamp;

    #[test]
    fn a_link_reads_back_as_the_same_filters() {
        let query = "text=a%26b+%C3%BC&kind=panic&since=7d&sort=count&order=asc&after=c%2F1";
        let filters = Filters::read(query, Timestamp::now()).unwrap();
        assert_eq!(filters.encoded(), query);
        assert_eq!(filters.with("kind", "").link(), "./?text=a%26b+%C3%BC&since=7d&sort=count&order=asc");
    }

    #[test]
    fn a_date_an_age_and_a_moment_say_since_when() {
        let now: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let at = |text| since(text, now).map(|at| at.map(|at| at.to_string())).map_err(|_| ());
        assert_eq!(at("24h"), Ok(Some("2026-11-23T08:00:00.000000Z".into())));
        assert_eq!(at("2026-11-01"), Ok(Some("2026-11-01T00:00:00.000000Z".into())));
        assert_eq!(at(""), Ok(None));
        for bad in ["0h", "yesterday", "99999999999999999999d", "18446744073709551615d", "h", "-1d", "é"] {
            assert_eq!(at(bad), Err(()), "{bad}");
        }
    }
}
