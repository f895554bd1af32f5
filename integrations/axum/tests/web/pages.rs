//! The pages as a part of an application.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use error_tracker::store::IssueQuery;
use error_tracker_axum::{ViewerRoutes, layer, viewer};
use error_tracker_tests::{events_of, tracker};

use crate::serve;
use error_tracker_tests::answer::{Answer, ask};

/// The user of a request, as a layer of the application has identified it.
#[derive(Clone)]
struct User {
    is_staff: bool,
}

fn app(pages: ViewerRoutes) -> Router {
    let log_in = |mut request: Request, next: Next| {
        let is_staff = request.headers().contains_key("x-staff");
        request.extensions_mut().insert(User { is_staff });
        next.run(request)
    };
    Router::new()
        .route("/", get(|| async { "shop" }))
        .merge(pages)
        .layer(from_fn(log_in))
        .layer(layer())
}

fn for_staff() -> ViewerRoutes {
    viewer().permission(|parts| parts.extensions.get::<User>().is_some_and(|user| user.is_staff))
}

/// Records an issue, and returns its hash.
fn hash() -> String {
    crate::set_up();
    events_of(|| error_tracker::capture_message!("pages are looked at"));
    let mut query = IssueQuery::default();
    query.text = "pages are looked at".to_owned();
    tracker().issues(&query).unwrap().items[0].hash.clone()
}

fn is_denied(answer: &Answer) -> bool {
    let policy = answer.header("content-security-policy").unwrap_or_default();
    answer.status == 401
        && policy.contains("default-src 'none'")
        && !answer.body.contains("looked at")
}

#[test]
fn every_request_is_denied_unless_a_permission_accepts_it() {
    let hash = hash();
    let paths = [
        "",
        "/",
        "/action",
        "/viewer.js",
        "/nothing",
        &format!("/{hash}"),
        &format!("/{hash}.json"),
    ];
    let panics = viewer().permission(|_| panic!("while it decides"));
    let panics_later = viewer().permission_async(|_| async { panic!("while it decides") });
    let denies_later = viewer().permission_async(|_| async { false });
    let paths = paths.map(str::to_owned);
    for pages in [viewer(), for_staff(), panics, panics_later, denies_later] {
        let (address, paths) = (serve(app(pages)), paths.clone());
        events_of(move || {
            for path in paths {
                for method in ["GET", "HEAD", "POST", "DELETE"] {
                    let answer = ask(address, &format!("{method} /dev/error{path}"));
                    assert!(is_denied(&answer), "{method} {path}: {answer:?}");
                }
            }
        });
    }
}

#[test]
fn a_permission_receives_the_request_of_the_framework_and_may_be_async() {
    let hash = hash();
    let waits = viewer().permission_async(|parts| async move {
        tokio::task::yield_now().await;
        parts.extensions.get::<User>().is_some_and(|user| user.is_staff)
    });
    for pages in [for_staff(), waits] {
        let address = serve(app(pages));
        let page = ask(address, &format!("GET /dev/error/{hash}\nx-staff: 1"));
        assert_eq!(page.status, 200);
        assert!(page.body.contains("pages are looked at"));
        assert!(is_denied(&ask(address, &format!("GET /dev/error/{hash}"))));
        assert_eq!(
            ask(address, "GET /dev/error?kind=panic\nx-staff: 1").header("location"),
            Some("error/?kind=panic")
        );
        assert_eq!(ask(address, "GET /\nx-staff: 1").body, "shop");
    }
}

/// Returns the token in the forms of a page.
fn token(page: &str) -> &str {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split_once('"').unwrap().0
}

#[test]
fn issues_are_changed_only_by_a_valid_form_of_the_pages() {
    let hash = hash();
    let address = serve(app(for_staff()));
    let page = ask(address, "GET /dev/error/\nx-staff: 1").body;
    let act = |form: &str, more: &str| {
        ask(
            address,
            &format!(
                "POST /dev/error/action\nx-staff: 1{more}\ncontent-type: application/x-www-form-urlencoded\n\n{form}"
            ),
        )
    };
    let form = format!("csrf={}&do=mute&hash={hash}", token(&page));
    assert_eq!(act(&form, "\nsec-fetch-site: cross-site").status, 403);
    assert_eq!(act(&form.replace("csrf=", "csrf=0"), "").status, 403);
    assert_eq!(act(&format!("{form}&long={}", "x".repeat(70_000)), "").status, 413);
    assert_eq!(tracker().issue(&hash).unwrap().unwrap().0.status.to_string(), "unresolved");
    assert_eq!(act(&form, "\nsec-fetch-site: same-origin").status, 303);
    assert_eq!(tracker().issue(&hash).unwrap().unwrap().0.status.to_string(), "muted");
}

#[test]
fn pages_work_at_any_prefix_nested_and_behind_a_proxy() {
    let hash = hash();
    let own = Router::new().merge(viewer().prefix("/admin/errors/").permission(|_| true));
    let nested =
        Router::new().nest("/admin", viewer().prefix("errors").permission(|_| true).into());
    let whole: Router = viewer().prefix("").permission(|_| true).into();
    let whole = Router::new().nest_service("/admin/errors", whole);
    for (name, app) in [("own", own), ("nested", nested), ("whole", whole)] {
        let address = serve(app.layer(layer()));
        let get = |path: &str| ask(address, &format!("GET {path}"));
        let redirect = get("/admin/errors?kind=panic");
        assert_eq!(
            (redirect.status, redirect.header("location")),
            (308, Some("errors/?kind=panic")),
            "{name}"
        );
        let list = get("/admin/errors/");
        assert_eq!(list.status, 200, "{name}");
        // Every link is relative, so that a proxy may serve them at another path.
        for attribute in ["href=\"", "src=\"", "action=\""] {
            for link in list.body.split(attribute).skip(1) {
                let link = link.split('"').next().unwrap();
                assert!(!link.starts_with('/'), "{name}: {link}");
            }
        }
        assert_eq!(get(&format!("/admin/errors/{hash}.json")).status, 200, "{name}");
        assert_eq!(get("/admin/errors/nothing").status, 404, "{name}");
    }
}

#[test]
fn the_user_whom_the_application_knows_is_the_author_of_notes() {
    let hash = hash();
    let name = |name: &'static str| {
        for_staff().user(move |parts| parts.extensions.get::<User>().map(|_| name.to_owned()))
    };
    let asks = |answer: &Answer| answer.body.contains("name=\"author\"");
    for (pages, is_known) in [
        (for_staff(), false),
        (name("Ada"), true),
        (for_staff().user(|_| None), false),
        (for_staff().user(|_| panic!("while it looks for a name")), false),
    ] {
        let answer = ask(serve(app(pages)), &format!("GET /dev/error/{hash}\nx-staff: 1"));
        assert_eq!(answer.status, 200);
        assert_eq!((answer.body.contains("By Ada"), asks(&answer)), (is_known, !is_known));
    }
}
