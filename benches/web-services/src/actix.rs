//! The same two routes in actix-web.

use actix_web::dev::Service as _;
use actix_web::http::StatusCode;
use actix_web::web::{self, Path};
use actix_web::{App, HttpResponse, HttpServer, ResponseError, test};

use crate::Peer;
use crate::peers::{OutOfStock, take, take_tracked};

impl ResponseError for OutOfStock {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::InternalServerError().body("sorry")
    }
}

async fn ok(id: Path<u32>) -> String {
    format!("product {id}")
}

async fn fails(id: Path<u32>) -> Result<String, OutOfStock> {
    Ok(take(*id)?.to_string())
}

async fn fails_tracked(id: Path<u32>) -> Result<String, OutOfStock> {
    Ok(take_tracked(*id)?.to_string())
}

/// Runs `$with` with an app.
macro_rules! with_app {
    ($peer:expr, |$app:ident| $with:expr) => {{
        let app = || App::new().route("/ok/{id}", web::get().to(ok));
        let plain = move || app().route("/fails/{id}", web::get().to(fails));
        match $peer {
            Peer::None => {
                let $app = plain;
                $with
            }
            // It captures the errors of handlers itself.
            Peer::Sentry => {
                let $app = move || plain().wrap(sentry::integrations::actix::Sentry::new());
                $with
            }
            Peer::ErrorTracker => {
                let $app = move || {
                    app()
                        .route("/fails/{id}", web::get().to(fails_tracked))
                        .wrap(error_tracker_actix::middleware().errors::<OutOfStock>())
                };
                $with
            }
            Peer::Trace => panic!("tower-http has no layer for actix-web"),
        }
    }};
}

pub fn run(peer: Peer, outcome: &str, count: usize, served: bool) {
    actix_web::rt::System::new().block_on(async {
        if served {
            with_app!(peer, |app| {
                let server = HttpServer::new(app).workers(1).bind("127.0.0.1:0").expect("a free port");
                println!("{}", server.addrs()[0]);
                server.run().await.expect("serves");
            });
            return;
        }
        with_app!(peer, |app| {
            let app = test::init_service(app()).await;
            crate::count(outcome, count, |number| {
                let request = test::TestRequest::with_uri(&crate::path(outcome, number));
                let request = crate::HEADERS.into_iter().fold(request, |request, header| request.append_header(header));
                let answer = app.call(request.to_request());
                async move {
                    let response = answer.await.expect("answered");
                    let status = response.status().as_u16();
                    test::read_body(response).await;
                    status
                }
            })
            .await;
        });
    });
}
