use super::super::tests::{body, get, over, post, viewer};
use super::super::{Viewer, ViewerRequest, sample};
use super::DESCRIPTION;
use crate::event::Status;
use crate::json::{self, Value};
use crate::store::{EventSelector, IssueChange, MemoryStore, Sighting, Store as _};

fn asked(viewer: &Viewer, path: &str) -> Value {
    let answer = get(viewer, path);
    assert_eq!(answer.status(), 200, "{path}: {}", body(&answer));
    assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
    json::from_str(body(&answer)).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} of {value}"))
}

fn hashes(page: &Value) -> Vec<String> {
    let issues = page["issues"].as_array().unwrap();
    issues.iter().map(|issue| text(issue, "hash").to_owned()).collect()
}

#[test]
fn the_list_has_the_filters_of_the_page_and_is_read_page_by_page() {
    let (viewer, store) = viewer();
    let all = asked(&viewer, "/api/issues?handled=any&limit=100");
    let count = hashes(&all).len();
    assert!(count > 2 && all["next"].is_null() && all["previous"].is_null());
    assert_eq!(asked(&viewer, "/issues.json?handled=any&limit=100"), all, "the page's own address");

    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..count {
        let page = asked(&viewer, &format!("/api/issues?handled=any&limit=1{cursor}"));
        found.extend(hashes(&page));
        cursor = format!("&cursor={}", page["next"].as_str().unwrap_or_default());
    }
    assert_eq!((found, cursor.as_str()), (hashes(&all), "&cursor="));
    let second = asked(&viewer, "/api/issues?handled=any&limit=1");
    let second = format!("/api/issues?handled=any&limit=1&cursor={}", text(&second, "next"));
    let first = text(&asked(&viewer, &second), "previous").to_owned();
    let first = asked(&viewer, &format!("/api/issues?handled=any&limit=1&cursor={first}"));
    assert_eq!(hashes(&first), hashes(&all)[..1]);

    store.change(&[&sample::hash("parse")], &IssueChange::SetStatus(Status::Muted)).unwrap();
    let muted = asked(&viewer, "/api/issues?status=muted");
    assert!(hashes(&muted).contains(&sample::hash("parse")));
    assert!(
        muted["issues"].as_array().unwrap().iter().all(|issue| text(issue, "status") == "muted")
    );
}

#[test]
fn an_issue_and_its_events_are_found() {
    let (viewer, store) = viewer();
    let hash = sample::hash("parse");
    let mut event = store.event(&hash, &EventSelector::Oldest).unwrap().unwrap();
    let ids = ["0198c2f0-7a1b-7c3d-8e4f-5a6b7c8d9e0f", "0198c2f0-7a1b-7c3d-8e4f-5a6b7c8d9e10"];
    for id in ids {
        event.id = id.into();
        store.record(&[Sighting::new(event.clone())]).unwrap();
    }
    assert_eq!(text(&asked(&viewer, &format!("/api/issues/{hash}")), "hash"), hash);
    let latest = asked(&viewer, &format!("/api/issues/{hash}/events/latest"));
    let by_id = asked(&viewer, &format!("/api/events/{}", ids[1]));
    assert_eq!(latest, by_id);
    assert_eq!(text(&by_id["event"], "id"), ids[1]);
    assert_eq!((text(&by_id, "issue"), text(&by_id, "previous")), (hash.as_str(), ids[0]));
    assert!(by_id["next"].is_null());

    let newest = asked(&viewer, &format!("/api/issues/{hash}/events?limit=1"));
    assert_eq!(text(&newest["events"][0], "id"), ids[1]);
    let older = format!("/api/issues/{hash}/events?before={}", text(&newest, "next"));
    let older = asked(&viewer, &older);
    assert_eq!(text(&older["events"][0], "id"), ids[0]);
    assert!(older["next"].is_null());
}

#[test]
fn actions_change_issues() {
    let (viewer, store) = viewer();
    let hash = sample::hash("parse");
    let act = |action: &str| {
        let asked = format!(r#"{{"action":"{action}","issues":["{hash}","{}"]}}"#, "0".repeat(64));
        let answer = post(&viewer, "/api/actions", &[("content-type", "application/json")], &asked);
        assert_eq!((answer.status(), body(&answer)), (200, r#"{"changed":1}"#), "{action}");
        store.issue(&hash).unwrap().map(|issue| issue.status)
    };
    assert_eq!(act("resolve"), Some(Status::Resolved));
    assert_eq!(act("mute"), Some(Status::Muted));
    assert_eq!(act("reopen"), Some(Status::Unresolved));
    assert_eq!(act("delete"), None);
}

#[test]
fn actions_mute_until_resolve_in_the_next_release_assign_and_annotate() {
    let (viewer, store) = viewer();
    let hash = sample::hash("parse");
    let act = |rest: &str| {
        let asked = format!(r#"{{"issues":["{hash}"],{rest}}}"#);
        let answer = post(&viewer, "/api/actions", &[("content-type", "application/json")], &asked);
        assert_eq!((answer.status(), body(&answer)), (200, r#"{"changed":1}"#), "{rest}");
        asked_issue(&viewer, &hash)
    };
    let issue = act(r#""action":"mute","until":"2026-12-24T09:00:00+01:00""#);
    assert_eq!(text(&issue, "muted_until"), "2026-12-24T08:00:00.000000Z");
    let issue = act(r#""action":"mute","occurrences":10"#);
    assert_eq!(issue["muted_until_count"].as_u64(), Some(1294));
    assert!(issue["muted_until"].is_null());
    let issue = act(r#""action":"resolve_in_next_release""#);
    assert_eq!(text(&issue, "resolved_in"), "orders@1.4.2");
    let issue = act(r#""action":"assign","assignee":"Ada""#);
    assert_eq!(text(&issue, "assignee"), "Ada");
    assert_eq!(hashes(&asked(&viewer, "/api/issues?assignee=ada")), [hash.as_str()]);
    assert!(hashes(&asked(&viewer, "/api/issues?assignee=bo")).is_empty());

    act(r#""action":"add_note","text":"one","author":"Ada""#);
    act(r#""action":"add_note","text":"two""#);
    let notes = asked(&viewer, &format!("/api/issues/{hash}/notes"));
    assert_eq!(
        (text(&notes["notes"][0], "author"), text(&notes["notes"][1], "text")),
        ("Ada", "two")
    );
    act(&format!(r#""action":"delete_note","note":"{}""#, text(&notes["notes"][0], "id")));
    assert_eq!(store.notes(&hash).unwrap().len(), 1);
}

fn asked_issue(viewer: &Viewer, hash: &str) -> Value {
    asked(viewer, &format!("/api/issues/{hash}"))
}

#[test]
fn an_invalid_request_is_answered_with_a_problem_that_names_the_cause() {
    let (viewer, store) = viewer();
    let hash = sample::hash("parse");
    let none = "0".repeat(64);
    let problem = |answer: &crate::viewer::ViewerResponse| {
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem: Value = json::from_str(body(answer)).unwrap();
        assert_eq!(problem["status"].as_u64(), Some(u64::from(answer.status())), "{problem}");
        problem["detail"].as_str().unwrap_or_default().to_owned()
    };
    for (path, status, detail) in [
        ("/api/issues?kind=odd", 400, "kind: error, panic, message, none"),
        ("/api/issues?limit=101", 400, "limit: 1 to 100"),
        ("/api/issues?limit=0", 400, "limit: 1 to 100"),
        ("/api/issues?cursor=x", 404, "cursor"),
        ("/api/issues?cursor=after:x", 404, "cursor"),
        ("/api/issues?since=", 400, "since: empty"),
        (&format!("/api/issues/{hash}/events?before=x"), 400, "before: the id"),
        ("/api/issues?after=x", 400, "after is no parameter"),
        ("/api/issues?text=a&text=b", 400, "text: given twice"),
        (&format!("/api/issues/{none}"), 404, ""),
        (&format!("/api/issues/{none}/events"), 404, ""),
        (&format!("/api/issues/{none}/notes"), 404, ""),
        (&format!("/api/issues/{hash}/events/other"), 404, ""),
        (&format!("/api/issues/{hash}?x=1"), 400, "there are: none"),
        ("/api/events/0198c2f0-7a1b-7c3d-8e4f-5a6b7c8d9e0f", 404, ""),
        ("/api/other", 404, ""),
        ("/api/", 404, ""),
        ("/api/actions", 405, ""),
    ] {
        let answer = get(&viewer, path);
        assert_eq!(answer.status(), status, "{path}");
        assert!(problem(&answer).contains(detail), "{path}: {}", body(&answer));
    }
    let json = ("content-type", "application/json");
    let good = format!(r#"{{"action":"delete","issues":["{hash}"]}}"#);
    let all = format!(r#"{{"action":"delete","issues":["{hash}"],"status":"all"}}"#);
    let with = |rest: &str| format!(r#"{{"issues":["{hash}"],{rest}}}"#);
    let wrong = [
        with(r#""action":"delete","until":"1h""#),
        with(r#""action":"mute","until":"1h","occurrences":1"#),
        with(r#""action":"mute","until":"""#),
        with(r#""action":"mute","occurrences":0"#),
        with(r#""action":"assign""#),
        with(r#""action":"assign","assignee":"Ada","note":"x""#),
        with(r#""action":"add_note""#),
        with(r#""action":"delete_note""#),
    ];
    let wrong = wrong.iter().map(|body| (vec![json], &**body, 400));
    for (headers, body, status) in wrong.chain([
        (vec![json], "{}", 400),
        (vec![json], r#"{"action":"delete","issues":[]}"#, 400),
        (vec![json], r#"{"action":"delete","issues":["x"]}"#, 400),
        (vec![json], r#"{"action":"destroy","issues":[]}"#, 400),
        (vec![json], &all, 400),
        (vec![json], "\u{0}", 400),
        (vec![], &good, 415),
        (vec![("content-type", "text/plain")], &good, 415),
        (vec![json, ("sec-fetch-site", "cross-site")], &good, 403),
        (vec![json, ("sec-fetch-site", "same-site")], &good, 403),
        (vec![json, ("origin", "http://evil.example")], &good, 403),
        (vec![json, ("origin", "null")], &good, 403),
    ]) {
        let answer = post(&viewer, "/api/actions", &headers, body);
        assert_eq!(answer.status(), status, "{headers:?} {body}");
        problem(&answer);
    }
    assert!(store.issue(&hash).unwrap().is_some(), "nothing was changed");
    let closed = Viewer::new(store);
    for path in ["/api/issues", "/issues.json", "/api/openapi.json", "/api/other"] {
        assert_eq!(problem(&get(&closed, path)), "", "{path}");
        assert_eq!(get(&closed, path).status(), 401, "{path}");
    }
}

#[test]
fn the_api_is_below_the_prefix_of_the_viewer() {
    let viewer = over(sample::store()).prefix("/dev/error");
    assert_eq!(hashes(&asked(&viewer, "/dev/error/api/issues?limit=1")).len(), 1);
    let answer = viewer.handle(&ViewerRequest::new("GET", "/dev/error/api/other"));
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
}

/// Checks that `value` has all required properties of a schema, and no property that the schema
/// does not describe. Types and nested values are not checked.
#[track_caller]
fn is_described(value: &Value, schema: &str) {
    let described: Value = json::from_str(DESCRIPTION).unwrap();
    let schema = &described["components"]["schemas"][schema];
    let Value::Object(properties) = &schema["properties"] else { panic!("{schema}") };
    let Value::Object(value) = value else { panic!("{value}") };
    for required in schema["required"].as_array().unwrap() {
        assert!(value.contains_key(required.as_str().unwrap()), "{required} is not there");
    }
    let is_open = schema["description"].as_str().is_some_and(|text| text.contains("further parts"));
    for key in value.keys().filter(|_| !is_open) {
        assert!(properties.contains_key(key.as_str()), "{key} is not described");
    }
}

#[test]
fn the_openapi_description_has_all_properties_of_the_responses() {
    let (viewer, _) = viewer();
    let hash = sample::hash("parse");
    let described = asked(&viewer, "/api/openapi.json");
    assert_eq!(text(&described["info"], "version"), env!("CARGO_PKG_VERSION"));
    let page = asked(&viewer, "/api/issues");
    is_described(&page, "IssuesPage");
    is_described(&page["issues"][0], "Issue");
    is_described(&asked(&viewer, &format!("/api/issues/{hash}/facets")), "Facets");
    is_described(&asked(&viewer, &format!("/api/issues/{hash}/parts")), "Parts");
    let events = asked(&viewer, &format!("/api/issues/{hash}/events"));
    let mut note = ViewerRequest::new("POST", "/action");
    let token = viewer.form_token();
    note = note.with_body(format!("csrf={}&hash={hash}&do=add_note&text=x", token.as_str()));
    assert_eq!(viewer.handle(&note).status(), 303);
    let notes = asked(&viewer, &format!("/api/issues/{hash}/notes"));
    is_described(&notes, "NotesPage");
    is_described(&notes["notes"][0], "Note");
    is_described(&events, "EventsPage");
    is_described(&events["events"][0], "Event");
    is_described(&asked(&viewer, &format!("/api/issues/{hash}/events/oldest")), "FoundEvent");
    is_described(&json::from_str(body(&get(&viewer, "/api/other"))).unwrap(), "Problem");
    let empty = asked(&over(MemoryStore::new().into()), "/api/issues");
    assert!(hashes(&empty).is_empty());
}
