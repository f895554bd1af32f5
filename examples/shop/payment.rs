//! Payments.

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

/// A task in the background: that order 1008 has no address is recorded with the request that
/// started it.
#[auto_track_exception]
pub(crate) async fn send_receipt(order: u32) -> Result<(), ShopError> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    if order == 1008 {
        return Err(ShopError::NoOrder(format!("{order} with an address")));
    }
    Ok(())
}
