//! Each kind of failure, to be looked at: `GET /fail/KIND?marker=M`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use error_tracker::{auto_track_exception, capture_exception};
use serde::Deserialize;

use crate::shop::Shop;
use crate::shop_error::{PaymentError, ShopError};

/// Every kind, with what it does.
pub(crate) const KINDS: [(&str, &str); 9] = [
    ("error", "A handler with the attribute returns an error"),
    ("chain", "The error has causes"),
    ("panic", "The handler panics"),
    ("status", "The handler answers with the status 500, and nobody knows why"),
    ("nested", "The error passes three functions"),
    ("spawned", "A task fails that the handler has spawned"),
    ("blocking", "Blocking work fails on a thread of its own"),
    ("handled", "The error is captured, and the handler goes on"),
    ("plain", "A handler without attribute returns an error"),
];

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
async fn error(marker: &str) -> Result<&'static str, ShopError> {
    let article = marker.trim();
    tokio::task::yield_now().await;
    let pieces = in_stock(article)?;
    tokio::task::yield_now().await;
    Ok(if pieces > 0 { "in stock" } else { "sold" })
}

#[auto_track_exception]
fn in_stock(article: &str) -> Result<u32, ShopError> {
    Err(ShopError::OutOfStock(article.to_owned()))
}

#[auto_track_exception]
fn chain(marker: &str) -> Result<&'static str, ShopError> {
    let charge = || Err(PaymentError { reason: marker.to_owned() });
    charge().map_err(|source| ShopError::Payment { order: 1007, source })?;
    Ok("paid")
}

#[auto_track_exception]
fn panics(shop: &Shop, marker: &str) -> Result<&'static str, ShopError> {
    let order = shop.order("1007")?;
    assert!(order.pieces > 2, "{} of {marker} were ordered", order.pieces);
    Ok("ordered")
}

#[auto_track_exception]
fn nested(marker: &str) -> Result<&'static str, ShopError> {
    let reserved = reserve(marker, 2)?;
    Ok(if reserved { "reserved" } else { "refused" })
}

#[auto_track_exception]
fn reserve(article: &str, pieces: u32) -> Result<bool, ShopError> {
    let stock = in_stock(article)?;
    Ok(stock >= pieces)
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

#[auto_track_exception]
fn handled(marker: &str) -> String {
    match in_stock(marker) {
        Ok(pieces) => format!("{pieces} pieces"),
        Err(error) => {
            capture_exception!(error, offered = "teapot");
            "Take a teapot instead.".to_owned()
        }
    }
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
