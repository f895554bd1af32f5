//! The payment of orders.

use std::time::Duration;

use error_tracker::auto_track_exception;
use serde::{Deserialize, Serialize};

use crate::shop::Order;
use crate::shop_error::{PaymentError, ShopError};

#[derive(Debug, Deserialize)]
pub(crate) struct Payment {
    pub(crate) order: u32,
    pub(crate) card_token: String,
}

#[derive(Serialize)]
pub(crate) struct Receipt {
    pub(crate) order: u32,
    pub(crate) paid: bool,
}

#[auto_track_exception]
pub(crate) async fn charge(order: &Order, card_token: &str) -> Result<(), PaymentError> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    if !card_token.starts_with("tok_") {
        return Err(PaymentError {
            reason: format!("{} pieces of {}", order.pieces, order.article),
        });
    }
    Ok(())
}

/// Runs as a background task. It fails for order 1008, which has no address; the event contains the
/// request that started the task.
#[auto_track_exception]
pub(crate) async fn send_receipt(order: u32) -> Result<(), ShopError> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    if order == 1008 {
        return Err(ShopError::NoOrder(format!("{order} with an address")));
    }
    Ok(())
}
