//! What can go wrong.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use thiserror::Error;

#[derive(Debug, Error)]
pub(crate) enum ShopError {
    #[error("there is no order {0}")]
    NoOrder(String),
    #[error("{0} is out of stock")]
    OutOfStock(String),
    #[error("the payment of order {order} failed")]
    Payment { order: u32, source: PaymentError },
    #[error("the database failed")]
    Database(#[from] rusqlite::Error),
    #[error("a task failed")]
    Task(#[from] tokio::task::JoinError),
}

#[derive(Debug, Error)]
#[error("the bank refused {reason}")]
pub(crate) struct PaymentError {
    pub(crate) reason: String,
}

/// The layer of error-tracker finds the error in the extensions of the response.
impl IntoResponse for ShopError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoOrder(_) => StatusCode::NOT_FOUND,
            Self::Payment { .. } => StatusCode::BAD_GATEWAY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
