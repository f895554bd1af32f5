//! Handlers that fail, one for each kind of failure: `GET /fail/KIND?marker=M`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use error_tracker::auto_track_exception;
use serde::Deserialize;

use crate::failing_work::{chain, error, handled, in_stock, nested, panics};
use crate::shop::Shop;
use crate::shop_error::ShopError;

#[derive(Debug, Deserialize)]
pub(crate) struct Marker {
    #[serde(default)]
    marker: String,
}

pub(crate) async fn fail(
    State(shop): State<Shop>,
    Path(kind): Path<String>,
    Query(Marker { marker }): Query<Marker>,
) -> Response {
    match kind.as_str() {
        "error" => error(&marker).await.into_response(),
        "chain" => chain(&marker).into_response(),
        "panic" => panics(&shop, &marker).into_response(),
        "status" => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("No stock of {marker}.")).into_response()
        }
        "nested" => nested(&marker).into_response(),
        "spawned" => spawned(marker).await.into_response(),
        "blocking" => blocking(marker).await.into_response(),
        "handled" => handled(&marker).into_response(),
        "plain" => Err::<(), _>(ShopError::OutOfStock(marker)).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

#[auto_track_exception]
async fn spawned(marker: String) -> Result<&'static str, ShopError> {
    let task = error_tracker_axum::spawn(async move { in_stock(&marker) });
    task.await??;
    Ok("in stock")
}

#[auto_track_exception]
async fn blocking(marker: String) -> Result<&'static str, ShopError> {
    let work = error_tracker_axum::spawn_blocking(move || in_stock(&marker));
    work.await??;
    Ok("in stock")
}

#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    marker: String,
    password: String,
}

#[auto_track_exception]
pub(crate) async fn body(Json(account): Json<Account>) -> Result<&'static str, ShopError> {
    tokio::task::yield_now().await;
    let article = Arc::new(account.marker);
    in_stock(&article)?;
    Ok(if account.password.is_empty() { "no password" } else { "in stock" })
}
