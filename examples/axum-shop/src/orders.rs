//! Handlers for orders, their payment, and uploads.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use error_tracker::auto_track_exception;

use crate::payment::{Payment, Receipt, charge, send_receipt};
use crate::shop::{Order, Shop};
use crate::shop_error::ShopError;

#[auto_track_exception]
pub(crate) async fn show(
    State(shop): State<Shop>,
    Path(id): Path<String>,
) -> Result<String, ShopError> {
    let Order { id, article, pieces } = shop.order(&id)?;
    Ok(format!("Order {id}: {pieces} pieces of {article}"))
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

/// Receives a file. error-tracker does not record it, because it is neither a form nor JSON.
pub(crate) async fn upload(file: Bytes) -> String {
    format!("{} bytes", file.len())
}
