//! The pages as a part of an application.

use std::net::SocketAddr;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpMessage as _, body::MessageBody, web};
use error_tracker::store::IssueQuery;
use error_tracker_actix::{ViewerRoutes, middleware, viewer};
use error_tracker_tests::answer::{Answer, ask};
use error_tracker_tests::{events_of, tracker};

use crate::serve;

/// The user of a request, as a middleware of the application has identified it.
#[derive(Clone)]
struct User {
    is_staff: bool,
}

async fn log_in<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let is_staff = request.headers().contains_key("x-staff");
    request.extensions_mut().insert(User { is_staff });
    next.call(request).await
}

fn app(pages: ViewerRoutes) -> SocketAddr {
    serve!(
        App::new()
            .route("/", web::get().to(|| async { "shop" }))
            .service(pages.clone())
            .wrap(from_fn(log_in))
            .wrap(middleware())
    )
}

fn for_staff() -> ViewerRoutes {
    viewer()
        .permission(|request| request.extensions().get::<User>().is_some_and(|user| user.is_staff))
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
    let page = ask(app(viewer().permission(|_| true)), "GET /dev/error/").body;
    let paths = [
        "",
        "/",
        "/action",
        &format!("/{}", script(&page)),
        "/nothing",
        &format!("/{hash}"),
        &format!("/{hash}.json"),
        "/issues.json",
        "/api/issues",
        "/api/actions",
        &format!("/api/issues/{hash}/events"),
        "/api/nothing",
    ];
    let panics = viewer().permission(|_| panic!("while it decides"));
    let panics_later = viewer().permission_async(|_| async { panic!("while it decides") });
    let denies_later = viewer().permission_async(|_| async { false });
    let paths = paths.map(str::to_owned);
    for pages in [viewer(), for_staff(), panics, panics_later, denies_later] {
        let (address, paths) = (app(pages), paths.clone());
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
    let waits = viewer().permission_async(|request| async move {
        tokio::task::yield_now().await;
        request.extensions().get::<User>().is_some_and(|user| user.is_staff)
    });
    for pages in [for_staff(), waits] {
        let address = app(pages);
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

/// Returns the name of the script of a page.
fn script(page: &str) -> &str {
    let (_, rest) = page.split_once("<script src=\"./").unwrap();
    rest.split_once('"').unwrap().0
}

/// Returns the token in the forms of a page.
fn token(page: &str) -> &str {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split_once('"').unwrap().0
}

#[test]
fn issues_are_changed_only_by_a_valid_form_of_the_pages() {
    let hash = hash();
    let address = app(for_staff());
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
fn every_page_has_its_headers_and_get_changes_nothing() {
    let hash = hash();
    let address = app(for_staff());
    let page = ask(address, "GET /dev/error/\nx-staff: 1").body;
    let form = format!("csrf={}&do=delete&hash={hash}", token(&page));
    let long = "x".repeat(9000);
    for (request, status) in [
        ("GET /dev/error/".to_owned(), 200),
        (format!("GET /dev/error/{hash}"), 200),
        (format!("GET /dev/error/{hash}.json"), 200),
        (format!("GET /dev/error/{}", script(&page)), 200),
        ("GET /dev/error/issues.json".to_owned(), 200),
        (format!("GET /dev/error/api/issues/{hash}/events"), 200),
        ("GET /dev/error/api/actions".to_owned(), 405),
        ("GET /dev/error".to_owned(), 308),
        ("GET /dev/error/nothing".to_owned(), 404),
        (format!("GET /dev/error/{hash}?{form}"), 200),
        (format!("GET /dev/error/action?{form}"), 405),
        (format!("HEAD /dev/error/action?{form}"), 405),
        (format!("DELETE /dev/error/{hash}"), 405),
        (format!("GET /dev/error/?q={long}"), 414),
        ("POST /dev/error/action".to_owned(), 403),
    ] {
        let answer = ask(address, &format!("{request}\nx-staff: 1"));
        let shown = request.get(..60).unwrap_or(&request);
        assert_eq!(answer.status, status, "{shown}");
        let header = |name| answer.header(name).unwrap_or_default();
        assert!(header("content-security-policy").contains("default-src 'none'"), "{shown}");
        assert_eq!(
            (header("x-content-type-options"), header("referrer-policy")),
            ("nosniff", "no-referrer"),
            "{shown}"
        );
    }
    assert!(tracker().issue(&hash).unwrap().is_some());
}

#[test]
fn pages_work_at_any_prefix_in_scopes_and_behind_a_proxy() {
    let hash = hash();
    let pages = |prefix| viewer().prefix(prefix).permission(|_| true);
    let own = serve!(App::new().service(pages("/admin/errors/")).wrap(middleware()));
    let nested = serve!(
        App::new().service(web::scope("/admin").service(pages("errors"))).wrap(middleware())
    );
    let whole = serve!(
        App::new().service(web::scope("/admin/errors").service(pages(""))).wrap(middleware())
    );
    for (name, address) in [("own", own), ("nested", nested), ("whole", whole)] {
        let get = |path: &str| ask(address, &format!("GET {path}"));
        let redirect = get("/admin/errors?kind=panic");
        assert_eq!(
            (redirect.status, redirect.header("location")),
            (308, Some("errors/?kind=panic")),
            "{name}"
        );
        let policy = redirect.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'"), "{name}");
        let list = get("/admin/errors/");
        assert_eq!(list.status, 200, "{name}");
        // Every link is relative, so that a proxy may serve them at another path.
        for attribute in ["href=\"", "src=\"", "action=\""] {
            for link in list.body.split(attribute).skip(1) {
                let link = link.split('"').next().unwrap();
                assert!(!link.starts_with('/'), "{name}: {link}");
            }
        }
        for page in [format!("{hash}.json"), format!("api/issues/{hash}/events/latest")] {
            assert_eq!(get(&format!("/admin/errors/{page}")).status, 200, "{name} {page}");
        }
        for path in ["nothing", "a/b", "%2e%2e", "a%2Fb", "..%2f..", "caf%C3%A9/"] {
            assert_eq!(get(&format!("/admin/errors/{path}")).status, 404, "{name} {path}");
        }
    }
}

#[test]
fn the_user_whom_the_application_knows_is_the_author_of_notes() {
    let hash = hash();
    let name = |name: &'static str| {
        for_staff().user(move |request| request.extensions().get::<User>().map(|_| name.to_owned()))
    };
    let asks = |answer: &Answer| answer.body.contains("name=\"author\"");
    for (pages, is_known) in [
        (for_staff(), false),
        (name("Ada"), true),
        (for_staff().user(|_| None), false),
        (for_staff().user(|_| panic!("while it looks for a name")), false),
    ] {
        let answer = ask(app(pages), &format!("GET /dev/error/{hash}\nx-staff: 1"));
        assert_eq!(answer.status, 200);
        assert_eq!((answer.body.contains("By Ada"), asks(&answer)), (is_known, !is_known));
    }
}
