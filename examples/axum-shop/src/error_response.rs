//! Converts errors to responses.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::shop_error::ShopError;

/// Puts the error into the extensions of the response, from which the layer of error-tracker reads
/// it.
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
