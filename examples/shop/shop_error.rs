//! The error types of the shop.

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
