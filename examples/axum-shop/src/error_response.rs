//! How an error is answered.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::shop_error::ShopError;

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
