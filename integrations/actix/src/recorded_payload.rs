//! Records the body of a request while it is read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use error_tracker::web::BodyRecorder;
use futures_core::Stream;

/// The body of a request. Its start is recorded while the handler reads it.
struct RecordedPayload {
    payload: Payload,
    recorder: BodyRecorder,
}

/// Replaces the body of a request by one that passes the bytes that are read to `recorder`.
pub(crate) fn record(request: &mut ServiceRequest, recorder: &BodyRecorder) {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return;
    }
    let recorded = RecordedPayload { payload, recorder: recorder.clone() };
    request.set_payload(Payload::Stream { payload: Box::pin(recorded) });
}

impl Stream for RecordedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.payload).poll_next(context));
        if let Some(Ok(bytes)) = &item {
            self.recorder.record(bytes);
        }
        Poll::Ready(item)
    }
}
