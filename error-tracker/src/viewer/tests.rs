use std::sync::Arc;

use super::{Viewer, ViewerRequest, ViewerResponse, sample, status};
use crate::event::{Event, Kind, Status, Timestamp};
use crate::store::{IssueQuery, MemoryStore, Sighting, Store};

mod dates;
mod merging;
mod messages;
mod pages;
mod serve;
mod stopping;
mod triage;
mod wire;

pub(super) fn viewer() -> (Viewer, Arc<MemoryStore>) {
    let store = sample::store();
    (over(Arc::clone(&store)), store)
}

pub(super) fn over(store: Arc<MemoryStore>) -> Viewer {
    let mut viewer = Viewer::new(store).permission(|_: &ViewerRequest| true);
    viewer.now = sample::now;
    viewer
}

pub(super) fn get(viewer: &Viewer, path: &str) -> ViewerResponse {
    viewer.handle(&ViewerRequest::new("GET", path))
}

pub(super) fn body(response: &ViewerResponse) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

pub(super) fn post(
    viewer: &Viewer,
    path: &str,
    headers: &[(&str, &str)],
    form: &str,
) -> ViewerResponse {
    let mut request = ViewerRequest::new("POST", path).with_header("host", "localhost:1");
    for (name, value) in headers {
        request = request.with_header(name, value);
    }
    viewer.handle(&request.with_body(form.replace("TOKEN", viewer.form_token().as_str())))
}

#[test]
fn nobody_may_view_without_a_permission() {
    let (viewer, store) = viewer();
    let paths = [
        "/".to_owned(),
        format!("/{}", sample::hash("parse")),
        format!("/{}.json", sample::hash("parse")),
    ];
    let asset = format!("/{}", super::assets::ASSETS.get().style.name);
    let mut closed = Viewer::new(store);
    for path in paths.iter().chain([&asset]) {
        assert_eq!(get(&viewer, path).status(), status::OK, "{path}");
        assert_eq!(get(&closed, path).status(), status::UNAUTHORIZED, "{path}");
    }
    closed = closed.permission(|_: &ViewerRequest| panic!("a session layer that fails"));
    let answer = get(&closed, "/");
    assert_eq!(answer.status(), status::UNAUTHORIZED);
    assert!(!body(&answer).contains(closed.form_token().as_str()));
}

#[test]
fn every_status_carries_the_headers() {
    let (viewer, _) = viewer();
    let hash = sample::hash("parse");
    let long = format!("/?text={}", "x".repeat(9_000));
    let large = ViewerRequest::new("POST", "/action").with_body(vec![b'x'; 65 * 1024]);
    let put = ViewerRequest::new("PUT", "/");
    let answers = [
        (get(&viewer, "/"), 200),
        (get(&viewer, &format!("/{hash}")), 200),
        (get(&viewer, &format!("/{hash}.json")), 200),
        (get(&viewer, &format!("/{hash}.md")), 200),
        (get(&viewer, &format!("/{}", super::assets::ASSETS.get().script.name)), 200),
        (post(&viewer, "/action", &[], &format!("csrf=TOKEN&do=mute&hash={hash}")), 303),
        (get(&viewer, "/?kind=odd"), 400),
        (get(&viewer, "/?after=odd"), 400),
        (get(&Viewer::new(Arc::new(MemoryStore::new())), "/"), 401),
        (post(&viewer, "/action", &[], "do=delete"), 403),
        (get(&viewer, "/../../etc/passwd"), 404),
        (get(&viewer, &format!("/{}", "0".repeat(64))), 404),
        (viewer.handle(&put), 405),
        (viewer.handle(&large), 413),
        (get(&viewer, &long), 414),
    ];
    for (answer, status) in answers {
        assert_eq!(answer.status(), status);
        let text = |name| answer.header(name);
        assert_eq!(
            text("content-security-policy").unwrap(),
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'"
        );
        assert_eq!(text("x-content-type-options").unwrap(), "nosniff");
        assert_eq!(text("referrer-policy").unwrap(), "no-referrer");
        let cached = text("cache-control").unwrap();
        let is_asset = text("content-type").unwrap().contains("javascript");
        assert_eq!(
            cached,
            if is_asset { "private, max-age=31536000, immutable" } else { "no-store" }
        );
    }
}

#[test]
fn a_get_changes_nothing() {
    let (viewer, store) = viewer();
    let all = IssueQuery::default();
    let before = store.issues(&all).unwrap();
    let (hash, token) = (sample::hash("parse"), viewer.form_token());
    let token = token.as_str();
    for path in ["/", "/action", "/HASH", "/HASH.json", "/HASH/delete", "/delete/HASH"] {
        let path = path.replace("HASH", &hash);
        for action in ["delete", "resolve"] {
            let _ = get(
                &viewer,
                &format!("{path}?csrf={token}&do={action}&hash={hash}&one={action}+{hash}"),
            );
        }
    }
    assert_eq!(store.issues(&all).unwrap(), before);
}

#[test]
fn a_form_needs_the_token_and_the_same_origin() {
    let (viewer, store) = viewer();
    let hash = sample::hash("parse");
    let form = format!("csrf=TOKEN&do=resolve&hash={hash}");
    let status = || store.issue(&hash).unwrap().unwrap().status;
    for form in [
        form.replace("TOKEN", ""),
        form.replace("csrf=TOKEN&", ""),
        form.replace("TOKEN", &"0".repeat(64)),
    ] {
        assert_eq!(post(&viewer, "/action", &[], &form).status(), status::FORBIDDEN);
    }
    let foreign: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://localhost:1")],
        &[("origin", "http://evil.example")],
        &[("origin", "http://localhost:2")],
        &[("origin", "localhost:1")],
    ];
    for headers in foreign {
        assert_eq!(
            post(&viewer, "/action", headers, &form).status(),
            status::FORBIDDEN,
            "{headers:?}"
        );
    }
    assert_eq!(status(), Status::Unresolved);
    // Sent by Chromium from a page with `no-referrer`.
    let own = [("sec-fetch-site", "same-origin"), ("origin", "null")];
    let answer = post(&viewer, "/action?kind=error", &own, &form);
    assert_eq!(answer.status(), status::SEE_OTHER);
    assert_eq!(answer.header("location").unwrap(), "./?kind=error&done=resolve&n=1");
    assert_eq!(status(), Status::Resolved);
}

#[test]
fn a_form_is_valid_for_every_viewer_of_a_store_for_a_week() {
    let (mut viewer, store) = viewer();
    let form =
        format!("csrf={}&do=mute&hash={}", viewer.form_token().as_str(), sample::hash("parse"));
    assert_eq!(post(&over(store), "/action", &[], &form).status(), status::SEE_OTHER);
    viewer.now = || Timestamp::from_micros(sample::now().as_micros() + 6 * 86_400_000_000);
    assert_eq!(post(&viewer, "/action", &[], &form).status(), status::SEE_OTHER);
    assert!(!form.contains(viewer.form_token().as_str()), "it changes each day");
    viewer.now = || Timestamp::from_micros(sample::now().as_micros() + 8 * 86_400_000_000);
    assert_eq!(post(&viewer, "/action", &[], &form).status(), status::FORBIDDEN);
}

#[test]
fn issues_are_resolved_muted_reopened_and_deleted() {
    let (viewer, store) = viewer();
    let (parse, panic) = (sample::hash("parse"), sample::hash("panic"));
    let status = |hash: &str| store.issue(hash).unwrap().map(|issue| issue.status);
    let both = format!("csrf=TOKEN&hash={parse}&hash={panic}");
    let _ = post(&viewer, "/action", &[], &format!("{both}&do=mute"));
    assert_eq!((status(&parse), status(&panic)), (Some(Status::Muted), Some(Status::Muted)));
    // The button of one row ignores the checked ones.
    let _ = post(&viewer, "/action", &[], &format!("{both}&one=reopen+{parse}"));
    assert_eq!((status(&parse), status(&panic)), (Some(Status::Unresolved), Some(Status::Muted)));
    let answer =
        post(&viewer, "/action", &[], &format!("csrf=TOKEN&from=issue&hash={panic}&do=delete"));
    assert_eq!(answer.header("location").unwrap(), "./?done=delete&n=1");
    assert_eq!(status(&panic), None);
    let answer =
        post(&viewer, "/action", &[], &format!("csrf=TOKEN&from=issue&hash={parse}&do=resolve"));
    assert_eq!(answer.header("location").unwrap(), format!("{parse}?done=resolve&n=1"));
    for form in ["do=explode", "do=delete&hash=x", "do=delete&hash=../../x"] {
        assert_eq!(
            post(&viewer, "/action", &[], &format!("csrf=TOKEN&{form}")).status(),
            status::BAD_REQUEST
        );
    }
}

#[test]
fn the_pages_of_a_long_list_are_linked() {
    let store = Arc::new(MemoryStore::new());
    for n in 0..45_u64 {
        let mut event =
            Event { id: format!("{n:036}"), at: sample::before(n * 60), ..Event::default() };
        event.type_name = format!("shop::Error{n:02}");
        event.grouping.hash = sample::hash(&n.to_string());
        store.record(&[Sighting::new(event)]).unwrap();
    }
    let viewer = over(store);
    let link = |html: &str, rel: &str| {
        let at = html.split(&format!("rel=\"{rel}\" href=\".")).nth(1)?;
        Some(at.split('"').next()?.replace("&amp;", "&").replace("&#34;", "\""))
    };
    let mut seen = Vec::new();
    let mut path = Some("/".to_owned());
    let mut pages = 0;
    let mut last = String::new();
    while let Some(here) = path {
        let html = body(&get(&viewer, &here)).to_owned();
        let types = html
            .split("class=\"open\"")
            .skip(1)
            .map(|row| row.split(['>', '<']).nth(1).unwrap().to_owned());
        seen.extend(types);
        pages += 1;
        path = link(&html, "next");
        last = html;
    }
    let expected: Vec<_> = (0..45).map(|n| format!("Error{n:02}")).collect();
    assert_eq!((pages, seen), (3, expected));
    let back = body(&get(&viewer, &link(&last, "prev").unwrap())).to_owned();
    assert!(back.contains("Error20") && back.contains("Error39") && !back.contains("Error40"));
}

#[test]
fn filters_narrow_the_list_and_can_be_removed() {
    let (viewer, _) = viewer();
    let html = body(&get(&viewer, "/?kind=panic")).to_owned();
    assert_eq!(html.matches("class=\"open\"").count(), 1);
    let html = body(&get(&viewer, "/?text=nothing-like-it&host=import")).to_owned();
    assert!(html.contains("No issue matches"));
    assert!(
        html.contains("href=\"./?host=import\"")
            && html.contains("href=\"./?text=nothing-like-it\"")
    );
    let html = body(&get(&over(Arc::new(MemoryStore::new())), "/")).to_owned();
    assert!(html.contains("Nothing has failed yet") && html.contains("error_tracker::init()"));
}

#[test]
fn handled_issues_have_a_tab_of_their_own() {
    let (viewer, _) = viewer();
    let titles = |path| {
        let html = body(&get(&viewer, path)).to_owned();
        (html.contains(">PaymentError::Declined</a>"), html.contains(">panic</a>"), html)
    };
    let (handled, other, html) = titles("/");
    assert!(!handled && other && html.contains("href=\"./?handled=true\">Handled</a>"));
    let (handled, other, html) = titles("/?handled=true");
    assert!(
        handled
            && !other
            && html.contains("href=\"./?handled=true\" aria-current=\"page\">Handled</a>")
    );
    assert!(html.contains("name=\"handled\" value=\"true\""), "the form keeps it");
    let (handled, other, _) = titles("/?handled=any");
    assert!(handled && other);
    assert!(!titles("/?handled=false").0);
    assert_eq!(get(&viewer, "/?handled=perhaps").status(), 400);
}

#[test]
fn a_list_without_unhandled_issues_links_to_the_handled_ones() {
    let store = Arc::new(MemoryStore::new());
    let event = Event { handled: true, ..sample::hostile() };
    store.record(&[Sighting::new(event)]).unwrap();
    let html = body(&get(&over(store), "/")).to_owned();
    assert!(
        !html.contains("Nothing has failed yet")
            && html.contains("href=\"./?handled=true\">Handled</a></p>")
    );
}

#[test]
fn the_occurrences_of_an_issue_are_linked() {
    let (viewer, store) = viewer();
    let hash = sample::hash("parse");
    let id = |which| store.event(&hash, &which).unwrap().unwrap().id;
    use crate::store::EventSelector;
    let (latest, oldest) = (id(EventSelector::Latest), id(EventSelector::Oldest));
    let before = id(EventSelector::Before(latest.clone()));
    let html = body(&get(&viewer, &format!("/{hash}"))).to_owned();
    assert!(html.contains(&format!("href=\"{hash}?event={before}\"")) && html.contains(&latest));
    let html = body(&get(&viewer, &format!("/{hash}?event=oldest"))).to_owned();
    assert!(html.contains(&oldest) && !html.contains("?event=oldest\" title"));
    assert_eq!(get(&viewer, &format!("/{hash}?event=gone")).status(), status::NOT_FOUND);
}

#[test]
fn an_occurrence_with_fewer_variables_than_the_first_links_to_it() {
    use crate::event::{Frame, Variable};
    let (store, hash) = (Arc::new(MemoryStore::new()), sample::hash("parse"));
    let event = |id: &str, value: Option<&str>| {
        let mut event = Event { id: id.into(), ..Event::default() };
        event.grouping.hash.clone_from(&hash);
        let variable =
            Variable { name: "n".into(), value: value.map(Into::into), ..Variable::default() };
        event.frames = vec![Frame { locals: vec![variable], ..Frame::default() }];
        Sighting::new(event)
    };
    store.record(&[event("1", Some("7")), event("2", Some("8")), event("3", None)]).unwrap();
    let viewer = over(store);
    let leads = |id: &str| {
        let html = body(&get(&viewer, &format!("/{hash}?event={id}"))).to_owned();
        html.contains(&format!("<a href=\"{hash}?event=oldest\">The first occurrence"))
    };
    assert_eq!(["1", "2", "3", "latest"].map(leads), [false, false, true, true]);
}

#[test]
fn the_prefix_is_removed_and_its_trailing_slash_added() {
    let viewer = viewer().0.prefix("/dev/error/");
    assert_eq!(get(&viewer, "/dev/error/").status(), status::OK);
    let answer = get(&viewer, "/dev/error");
    assert_eq!(answer.header("location").unwrap(), "error/");
    for outside in ["/", "/dev", "/dev/errors", "/dev/error//evil.example"] {
        assert_eq!(get(&viewer, outside).status(), status::NOT_FOUND, "{outside}");
    }
}

#[test]
fn head_has_no_body_and_other_methods_get_the_allowed_ones() {
    let (viewer, _) = viewer();
    let head = viewer.handle(&ViewerRequest::new("HEAD", "/"));
    assert_eq!((head.status(), head.body().len()), (status::OK, 0));
    let delete = ViewerRequest::new("DELETE", "/");
    assert_eq!(viewer.handle(&delete).header("allow").unwrap(), "GET, HEAD");
    assert_eq!(get(&viewer, "/action").header("allow").unwrap(), "POST");
}

#[test]
fn json_contains_the_issue_and_the_event() {
    let (viewer, _) = viewer();
    let answer = get(&viewer, &format!("/{}.json", sample::hash("parse")));
    let json: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(json["issue"]["count"], 1284);
    let event: Event = serde_json::from_value(json["event"].clone()).unwrap();
    assert_eq!((event.kind, event.frames.len()), (Kind::Error, 3));
}

#[test]
fn the_health_line_is_shown() {
    let viewer = viewer().0.health(|| Some("12 events were dropped: <queue full>".into()));
    assert!(body(&get(&viewer, "/")).contains("12 events were dropped: &lt;queue full&gt;"));
}
