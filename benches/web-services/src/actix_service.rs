//! The service in actix-web.

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{self, Path};
use actix_web::{App, Error, HttpResponse, HttpServer, ResponseError};
use sentry::integrations::actix::Sentry;

use crate::measured::{self, Task};
use crate::order::{NoOrder, plain, tracked};
use crate::{Layer, request_head};

impl ResponseError for NoOrder {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::InternalServerError().body("We are sorry.")
    }
}

/// sentry's middleware captures the error.
async fn order(id: Path<u32>) -> Result<String, NoOrder> {
    let pieces = plain::pieces(*id)?;
    Ok(format!("{pieces} pieces"))
}

// A `Path` is rendered by code of its own, which may exceed the budget for values under callgrind.
#[error_tracker::auto_track_exception(locals = "always")]
async fn tracked_order(id: Path<u32>) -> Result<String, NoOrder> {
    let pieces = tracked::pieces(*id)?;
    Ok(format!("{pieces} pieces"))
}

/// Passes the factory of apps with a layer to `$run`. The types of apps differ.
macro_rules! with_app {
    ($layer:expr, $run:expr) => {
        match $layer {
            Layer::Nothing => $run(|| App::new().route("/orders/{id}", web::get().to(order))),
            Layer::Sentry => {
                $run(|| App::new().route("/orders/{id}", web::get().to(order)).wrap(Sentry::new()))
            }
            Layer::ErrorTracker => $run(|| {
                App::new()
                    .route("/orders/{id}", web::get().to(tracked_order))
                    .wrap(error_tracker_actix::middleware().errors::<NoOrder>())
            }),
            Layer::Trace => panic!("tower-http has no middleware for actix-web"),
        }
    };
}

fn request(target: &str) -> actix_http::Request {
    let (target, headers) = request_head::of_request(target);
    let mut request = TestRequest::default().uri(std::str::from_utf8(&target).expect("text"));
    for (name, value) in headers {
        request =
            request.insert_header((name, HeaderValue::from_maybe_shared(value).expect("a value")));
    }
    request.to_request()
}

async fn answer<S, B>(app: &S, request: actix_http::Request) -> u16
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = app.call(request).await.expect("a response");
    let status = response.status().as_u16();
    let Ok(_) = actix_web::body::to_bytes(response.into_body()).await else { panic!("a body") };
    status
}

pub fn run(layer: Layer, task: &Task) {
    let system = actix_web::rt::System::new();
    match task {
        Task::Answer { outcome, count } => with_app!(layer, |app: fn() -> _| {
            let app = system.block_on(init_service(app()));
            measured::run(*outcome, *count, request, |request| {
                system.block_on(answer(&app, request))
            });
        }),
        Task::Serve => with_app!(layer, |app: fn() -> _| system.block_on(async {
            let server = HttpServer::new(app).workers(1).bind("127.0.0.1:0").expect("a port");
            println!("{}", server.addrs()[0]);
            server.run().await.expect("serves");
        })),
    }
}
