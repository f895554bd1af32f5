//! Functions of the shop that fail, one for each kind of failure.

use error_tracker::{auto_track_exception, capture_exception};

use crate::shop::Shop;
use crate::shop_error::{PaymentError, ShopError};

/// The kinds of failures, with their descriptions.
pub(crate) const KINDS: [(&str, &str); 9] = [
    ("error", "A handler with the attribute returns an error"),
    ("chain", "The error has causes"),
    ("panic", "The handler panics"),
    ("status", "The handler responds with the status 500, without an error"),
    ("nested", "The error passes through three functions"),
    ("spawned", "A task that the handler has spawned fails"),
    ("blocking", "Blocking work fails on a separate thread"),
    ("handled", "The handler captures the error and continues"),
    ("plain", "A handler without attribute returns an error"),
];

#[auto_track_exception]
pub(crate) async fn error(marker: &str) -> Result<&'static str, ShopError> {
    let article = marker.trim();
    tokio::task::yield_now().await;
    let pieces = in_stock(article)?;
    tokio::task::yield_now().await;
    Ok(if pieces > 0 { "in stock" } else { "sold" })
}

#[auto_track_exception]
pub(crate) fn in_stock(article: &str) -> Result<u32, ShopError> {
    Err(ShopError::OutOfStock(article.to_owned()))
}

#[auto_track_exception]
pub(crate) fn chain(marker: &str) -> Result<&'static str, ShopError> {
    let charge = || Err(PaymentError { reason: marker.to_owned() });
    charge().map_err(|source| ShopError::Payment { order: 1007, source })?;
    Ok("paid")
}

#[auto_track_exception]
pub(crate) fn panics(shop: &Shop, marker: &str) -> Result<&'static str, ShopError> {
    let order = shop.order("1007")?;
    assert!(order.pieces > 2, "{} of {marker} were ordered", order.pieces);
    Ok("ordered")
}

#[auto_track_exception]
pub(crate) fn nested(marker: &str) -> Result<&'static str, ShopError> {
    let reserved = reserve(marker, 2)?;
    Ok(if reserved { "reserved" } else { "refused" })
}

#[auto_track_exception]
fn reserve(article: &str, pieces: u32) -> Result<bool, ShopError> {
    let stock = in_stock(article)?;
    Ok(stock >= pieces)
}

#[auto_track_exception]
pub(crate) fn handled(marker: &str) -> String {
    match in_stock(marker) {
        Ok(pieces) => format!("{pieces} pieces"),
        Err(error) => {
            capture_exception!(error, offered = "teapot");
            "Take a teapot instead.".to_owned()
        }
    }
}
