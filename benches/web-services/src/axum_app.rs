//! The same two routes in axum.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sentry::integrations::tower::{NewSentryLayer, SentryHttpLayer};
use tower::{Service as _, ServiceExt as _};
use tower_http::trace::TraceLayer;

use crate::Peer;
use crate::peers::{OutOfStock, take, take_tracked};

struct Failed(OutOfStock);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let mut response = (axum::http::StatusCode::INTERNAL_SERVER_ERROR, "sorry").into_response();
        response.extensions_mut().insert(Arc::new(self.0));
        response
    }
}

async fn ok(Path(id): Path<u32>) -> String {
    format!("product {id}")
}

async fn fails(Path(id): Path<u32>) -> Result<String, Failed> {
    Ok(take(id).map_err(Failed)?.to_string())
}

async fn fails_captured(Path(id): Path<u32>) -> Result<String, Failed> {
    match take(id) {
        Ok(found) => Ok(found.to_string()),
        Err(error) => {
            sentry::capture_error(&error);
            Err(Failed(error))
        }
    }
}

async fn fails_tracked(Path(id): Path<u32>) -> Result<String, Failed> {
    Ok(take_tracked(id).map_err(Failed)?.to_string())
}

fn app(peer: Peer) -> Router {
    let app = Router::new().route("/ok/{id}", get(ok));
    match peer {
        Peer::None => app.route("/fails/{id}", get(fails)),
        Peer::Trace => app.route("/fails/{id}", get(fails)).layer(TraceLayer::new_for_http()),
        Peer::Sentry => app
            .route("/fails/{id}", get(fails_captured))
            .layer(SentryHttpLayer::new())
            .layer(NewSentryLayer::<Request<Body>>::new_from_top()),
        Peer::ErrorTracker => app
            .route("/fails/{id}", get(fails_tracked))
            .layer(error_tracker_axum::layer().errors::<OutOfStock>()),
    }
}

fn request(outcome: &str, number: usize) -> Request<Body> {
    let headers = crate::HEADERS.into_iter();
    let builder = Request::builder().uri(crate::path(outcome, number));
    let builder = headers.fold(builder, |builder, (name, value)| builder.header(name, value));
    builder.body(Body::empty()).expect("a request")
}

pub fn run(peer: Peer, outcome: &str, count: usize, served: bool) {
    if served {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        return runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            println!("{}", listener.local_addr().expect("an address"));
            axum::serve(listener, app(peer)).await.expect("serves");
        });
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut app = app(peer).into_service();
        crate::count(outcome, count, |number| {
            let request = request(outcome, number);
            let mut app = app.clone();
            async move {
                let response = app.ready().await.expect("ready").call(request).await.expect("answered");
                let status = response.status().as_u16();
                // The layer's work may end with the body.
                let mut body = response.into_body();
                while let Some(frame) = std::future::poll_fn(|context| {
                    axum::body::HttpBody::poll_frame(std::pin::Pin::new(&mut body), context)
                })
                .await
                {
                    frame.expect("a frame");
                }
                status
            }
        })
        .await;
        let _ = &mut app;
    });
}
