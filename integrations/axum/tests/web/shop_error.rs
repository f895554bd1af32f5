//! The error type of an application, written as in the examples of axum.

use std::num::ParseIntError;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use thiserror::Error;

#[derive(Debug, Error)]
pub(crate) enum ShopError {
    #[error("{0} is out of stock")]
    OutOfStock(String),
    #[error("there is no {0}")]
    NotFound(String),
    #[error("the number of pieces {text:?} is wrong")]
    Pieces { text: String, source: ParseIntError },
}

impl IntoResponse for ShopError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
