//! The pages as a part of an application.

use std::net::SocketAddr;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpMessage as _, HttpRequest, body::MessageBody, web};
use error_tracker::viewer::Templates;
use error_tracker_actix::{ViewerRoutes, middleware, viewer};
use error_tracker_tests::mounted_pages as pages;

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

fn hash() -> String {
    crate::set_up();
    pages::record_issue()
}

#[test]
fn every_request_is_denied_unless_a_permission_accepts_it() {
    let hash = hash();
    let denying = [
        viewer(),
        viewer().permission(|_| false),
        viewer().permission(|_| panic!("while it decides")),
        viewer().permission_async(|_| async { panic!("while it decides") }),
        viewer().permission_async(|_| async { false }),
        for_staff(),
    ];
    pages::all_is_denied(denying.map(app).to_vec(), app(for_staff()), &hash);
}

#[test]
fn a_permission_receives_the_request_of_the_framework_and_may_be_async() {
    let hash = hash();
    let waits = viewer().permission_async(|request| async move {
        tokio::task::yield_now().await;
        request.extensions().get::<User>().is_some_and(|user| user.is_staff)
    });
    for routes in [for_staff(), waits] {
        pages::who_is_permitted_sees_them(app(routes), &hash);
    }
}

#[test]
fn issues_are_changed_only_by_a_valid_form_of_the_pages() {
    let hash = hash();
    pages::only_a_valid_form_changes_an_issue(app(for_staff()), &hash);
}

#[test]
fn every_page_has_its_headers_and_get_changes_nothing() {
    let hash = hash();
    pages::every_page_has_its_headers_and_get_changes_nothing(app(for_staff()), &hash);
}

#[test]
fn pages_work_at_any_prefix_in_scopes_and_behind_a_proxy() {
    let hash = hash();
    let routes = |prefix| viewer().prefix(prefix).permission(|_| true);
    let own = serve!(App::new().service(routes("/admin/errors/")).wrap(middleware()));
    let nested = serve!(
        App::new().service(web::scope("/admin").service(routes("errors"))).wrap(middleware())
    );
    let whole = serve!(
        App::new().service(web::scope("/admin/errors").service(routes(""))).wrap(middleware())
    );
    for (name, address) in [("own", own), ("nested", nested), ("whole", whole)] {
        pages::pages_work_elsewhere(address, &hash, name);
    }
}

#[test]
fn the_user_whom_the_application_knows_is_the_author_of_notes() {
    let hash = hash();
    let ada = |request: &HttpRequest| request.extensions().get::<User>().map(|_| "Ada".to_owned());
    for (routes, is_known) in [
        (for_staff(), false),
        (for_staff().user(ada), true),
        (for_staff().user(|_| None), false),
        (for_staff().user(|_| panic!("while it looks for a name")), false),
    ] {
        pages::notes_are_of_the_user(app(routes), &hash, is_known);
    }
}

#[test]
fn templates_of_the_users_folder_take_the_place_of_ours() {
    crate::set_up();
    let folder = pages::folder_with_a_template();
    let templates = Templates::read(folder.path()).unwrap();
    pages::the_template_is_used(app(for_staff().templates(templates)));
}
