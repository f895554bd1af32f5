//! Orders and their payment.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use error_tracker::auto_track_exception;
use serde::{Deserialize, Serialize};

use crate::shop::{Order, Shop};
use crate::shop_error::{PaymentError, ShopError};

#[auto_track_exception]
pub(crate) async fn show(
    State(shop): State<Shop>,
    Path(id): Path<String>,
) -> Result<String, ShopError> {
    let Order { id, article, pieces } = shop.order(&id)?;
    Ok(format!("Order {id}: {pieces} pieces of {article}"))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Payment {
    order: u32,
    card_token: String,
}

#[derive(Serialize)]
pub(crate) struct Receipt {
    order: u32,
    paid: bool,
}

#[auto_track_exception]
pub(crate) async fn pay(
    State(shop): State<Shop>,
    Json(payment): Json<Payment>,
) -> Result<Json<Receipt>, ShopError> {
    let order = shop.order(&payment.order.to_string())?;
    charge(&order, &payment.card_token)
        .await
        .map_err(|source| ShopError::Payment { order: order.id, source })?;
    error_tracker_axum::spawn(send_receipt(order.id));
    Ok(Json(Receipt { order: order.id, paid: true }))
}

#[auto_track_exception]
async fn charge(order: &Order, card_token: &str) -> Result<(), PaymentError> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    if !card_token.starts_with("tok_") {
        return Err(PaymentError {
            reason: format!("{} pieces of {}", order.pieces, order.article),
        });
    }
    Ok(())
}

/// A task in the background: that order 1008 has no address is recorded with the request that
/// started it.
#[auto_track_exception]
async fn send_receipt(order: u32) -> Result<(), ShopError> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    if order == 1008 {
        return Err(ShopError::NoOrder(format!("{order} with an address")));
    }
    Ok(())
}

/// Takes a file, which error-tracker does not record.
pub(crate) async fn upload(file: Bytes) -> String {
    format!("{} bytes", file.len())
}
