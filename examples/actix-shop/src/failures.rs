//! Handlers that fail, one for each kind of failure: `GET /fail/KIND?marker=M`.

use std::sync::Arc;

use actix_web::web::{Data, Json, Path, Query};
use actix_web::{Either, HttpResponse};
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

type Answer = Either<Result<&'static str, ShopError>, HttpResponse>;

pub(crate) async fn fail(shop: Data<Shop>, kind: Path<String>, query: Query<Marker>) -> Answer {
    let Query(Marker { marker }) = query;
    Either::Left(match kind.as_str() {
        "error" => error(&marker).await,
        "chain" => chain(&marker),
        "panic" => panics(&shop, &marker),
        "nested" => nested(&marker),
        "spawned" => spawned(marker).await,
        "blocking" => blocking(marker).await,
        "plain" => Err(ShopError::OutOfStock(marker)),
        "handled" => return Either::Right(HttpResponse::Ok().body(handled(&marker))),
        "status" => {
            let text = format!("No stock of {marker}.");
            return Either::Right(HttpResponse::InternalServerError().body(text));
        }
        _ => return Either::Right(HttpResponse::NotFound().finish()),
    })
}

#[auto_track_exception]
async fn spawned(marker: String) -> Result<&'static str, ShopError> {
    let task = error_tracker_actix::spawn(async move { in_stock(&marker) });
    task.await??;
    Ok("in stock")
}

#[auto_track_exception]
async fn blocking(marker: String) -> Result<&'static str, ShopError> {
    let work = error_tracker_actix::spawn_blocking(move || in_stock(&marker));
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
