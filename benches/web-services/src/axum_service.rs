//! The service in axum.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::Path;
use axum::http::{HeaderValue, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sentry::integrations::tower::{NewSentryLayer, SentryHttpLayer};
use tower::ServiceExt as _;
use tower_http::trace::TraceLayer;

use crate::measured::{self, Task};
use crate::order::{NoOrder, plain, tracked};
use crate::{Layer, request_head};

impl IntoResponse for NoOrder {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::INTERNAL_SERVER_ERROR, "We are sorry.").into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

async fn order(Path(id): Path<u32>) -> Result<String, NoOrder> {
    let pieces = plain::pieces(id)?;
    Ok(format!("{pieces} pieces"))
}

/// sentry's layers capture no errors.
async fn captured_order(Path(id): Path<u32>) -> Result<String, NoOrder> {
    let found = plain::pieces(id);
    if let Err(error) = &found {
        sentry::capture_error(error);
    }
    let pieces = found?;
    Ok(format!("{pieces} pieces"))
}

#[error_tracker::auto_track_exception]
async fn tracked_order(Path(id): Path<u32>) -> Result<String, NoOrder> {
    let pieces = tracked::pieces(id)?;
    Ok(format!("{pieces} pieces"))
}

fn app(layer: Layer) -> Router {
    let app = Router::new();
    match layer {
        Layer::Nothing => app.route("/orders/{id}", get(order)),
        Layer::Trace => app.route("/orders/{id}", get(order)).layer(TraceLayer::new_for_http()),
        Layer::Sentry => app
            .route("/orders/{id}", get(captured_order))
            .layer(SentryHttpLayer::new())
            .layer(NewSentryLayer::<Request<Body>>::new_from_top()),
        Layer::ErrorTracker => app
            .route("/orders/{id}", get(tracked_order))
            .layer(error_tracker_axum::layer().errors::<NoOrder>()),
    }
}

fn request(target: &str) -> Request<Body> {
    let (target, headers) = request_head::of_request(target);
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = Uri::from_maybe_shared(target).expect("a target");
    for (name, value) in headers {
        let value = HeaderValue::from_maybe_shared(value).expect("a value");
        request.headers_mut().insert(name, value);
    }
    request
}

async fn answer(app: Router, request: Request<Body>) -> Result<u16, Infallible> {
    let response = app.oneshot(request).await?;
    let status = response.status().as_u16();
    let mut body = response.into_body();
    while let Some(Ok(_)) =
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {}
    Ok(status)
}

pub fn run(layer: Layer, task: &Task) {
    let app = app(layer);
    match task {
        Task::Answer { outcome, count } => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            measured::run(*outcome, *count, request, |request| {
                let Ok(status) = runtime.block_on(answer(app.clone(), request));
                status
            });
        }
        Task::Serve => {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                println!("{}", listener.local_addr().expect("an address"));
                axum::serve(listener, app).await.expect("serves");
            });
        }
    }
}
