//! The body of a response, which is tracked while it is sent.

use std::fmt::{self, Debug, Display};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use error_tracker::scope::Scope;
use error_tracker::web::{RequestGuard, RequestOutcome};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::error_types::ErrorTypes;
use crate::observation;
use crate::response::grpc_status;

/// The maximum length of the body of a failed response that is read as the message of the event, in
/// bytes.
const MAX_TEXT: u64 = 4096;

/// The length of a body, in bytes, from which on it is tracked although its length is known. A body
/// of a known length is usually in memory, and cannot fail. Whether it is, or is passed on by a
/// proxy, cannot be seen. Tracking it costs two allocations, which do not matter beside so many
/// bytes.
const TRACKED_LENGTH: u64 = 64 * 1024;

type PolledFrame<B> = Result<Frame<<B as Body>::Data>, <B as Body>::Error>;

pin_project! {
    /// The body of the response to a tracked request. It passes on the frames of the handler's
    /// body, and records an error of a stream with the request.
    pub struct TrackedBody<B: Body> {
        #[pin]
        content: BodyContent<B>,
        tracking: Option<Box<BodyTracking>>,
    }
}

pin_project! {
    #[project = BodyContentProjection]
    enum BodyContent<B: Body> {
        /// The handler's body.
        Inner { #[pin] body: B },
        /// The handler's body after its first frame was polled.
        Started { first: Option<PolledFrame<B>>, body: Pin<Box<B>> },
        /// A body that replaces the handler's.
        Own { bytes: Option<Bytes> },
    }
}

/// The state that is needed to track a body while it is sent.
struct BodyTracking {
    scope: Scope,
    errors: ErrorTypes,
    /// The request, if it is settled by the end of the body.
    guard: Option<RequestGuard>,
}

impl<B: Body> TrackedBody<B> {
    pub(crate) fn new(body: B) -> Self {
        Self { content: BodyContent::Inner { body }, tracking: None }
    }

    pub(crate) fn own(bytes: Bytes) -> Self {
        Self { content: BodyContent::Own { bytes: Some(bytes) }, tracking: None }
    }

    /// Returns the handler's body if it is neither tracked nor replaced, so that it need not be
    /// wrapped.
    ///
    /// # Errors
    /// Returns `self` otherwise.
    pub fn into_inner(self) -> Result<B, Self> {
        match self {
            Self { content: BodyContent::Inner { body }, tracking: None } => Ok(body),
            other => Err(other),
        }
    }

    /// Returns whether the body may fail while it is sent: it is a stream, or long.
    pub(crate) fn may_fail(&self) -> bool {
        match &self.content {
            BodyContent::Inner { body } => {
                let is_tracked = |length| length >= TRACKED_LENGTH;
                !body.is_end_stream() && body.size_hint().exact().is_none_or(is_tracked)
            }
            _ => false,
        }
    }

    /// Tracks the body while it is sent, in the current scope. If there is a guard, the end of the
    /// body settles the request.
    pub(crate) fn track(&mut self, errors: ErrorTypes, guard: Option<RequestGuard>) {
        self.tracking = Some(Box::new(BodyTracking { scope: Scope::current(), errors, guard }));
    }

    /// Returns the first frame of a body of at most 4,096 bytes as text; an empty text if the body
    /// is longer, of unknown length, or not ready. The frame is still sent.
    pub(crate) fn peek(&mut self, context: &mut Context<'_>) -> String {
        let BodyContent::Inner { body } = &self.content else { return String::new() };
        if body.is_end_stream() || body.size_hint().exact().is_none_or(|size| size > MAX_TEXT) {
            return String::new();
        }
        let content = std::mem::replace(&mut self.content, BodyContent::Own { bytes: None });
        let BodyContent::Inner { body } = content else { return String::new() };
        let mut body = Box::pin(body);
        let first = match body.as_mut().poll_frame(context) {
            Poll::Ready(Some(frame)) => Some(frame),
            Poll::Ready(None) => return String::new(),
            Poll::Pending => None,
        };
        let data = first.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
        let text = data.map(|data| String::from_utf8_lossy(data.chunk()).into_owned());
        self.content = BodyContent::Started { first, body };
        text.unwrap_or_default()
    }
}

impl<B: Body<Data: From<Bytes>>> BodyContent<B> {
    fn poll_content(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<PolledFrame<B>>> {
        match self.project() {
            BodyContentProjection::Inner { body } => body.poll_frame(context),
            BodyContentProjection::Started { first, body } => match first.take() {
                Some(first) => Poll::Ready(Some(first)),
                None => body.as_mut().poll_frame(context),
            },
            BodyContentProjection::Own { bytes } => {
                let bytes = bytes.take().filter(|bytes| !bytes.is_empty());
                Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes.into()))))
            }
        }
    }
}

impl BodyTracking {
    /// Observes the next frame of the body: an error, the gRPC status, or the end. Must be called
    /// in the request's scope.
    fn note<D, E: Debug + Display + 'static>(&mut self, frame: Option<&Result<Frame<D>, E>>) {
        match frame {
            Some(Ok(frame)) => {
                if let Some((code, message)) = frame.trailers_ref().and_then(grpc_status)
                    && let Some(guard) = self.guard.take()
                {
                    guard.settle(RequestOutcome::Grpc { code, message: &message });
                }
            }
            Some(Err(error)) => {
                observation::observe(error, &self.errors);
                if let Some(guard) = self.guard.take() {
                    guard.settle(RequestOutcome::Failed);
                }
            }
            None => {
                // A gRPC stream that ends without a status has not reported a failure.
                if let Some(guard) = self.guard.take() {
                    guard.settle(RequestOutcome::Grpc { code: 0, message: "" });
                }
            }
        }
    }
}

impl<B> Body for TrackedBody<B>
where
    B: Body<Data: From<Bytes>, Error: Debug + Display + 'static>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let content = this.content;
        let Some(tracking) = this.tracking else { return content.poll_content(context) };
        let mut scope = std::mem::take(&mut tracking.scope);
        let polled = scope.run_mut(|| {
            let polled = content.poll_content(context);
            if let Poll::Ready(frame) = &polled {
                tracking.note(frame.as_ref());
            }
            polled
        });
        tracking.scope = scope;
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            BodyContent::Inner { body } => body.is_end_stream(),
            BodyContent::Started { first, body } => first.is_none() && body.is_end_stream(),
            BodyContent::Own { bytes } => bytes.as_ref().is_none_or(Bytes::is_empty),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            BodyContent::Inner { body } => body.size_hint(),
            BodyContent::Started { first, body } => {
                let data = first.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
                let read = data.map_or(0, |data| data.remaining() as u64);
                let (rest, mut hint) = (body.size_hint(), SizeHint::new());
                hint.set_lower(rest.lower() + read);
                if let Some(upper) = rest.upper() {
                    hint.set_upper(upper + read);
                }
                hint
            }
            BodyContent::Own { bytes } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
        }
    }
}

impl<B: Body> Debug for TrackedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackedBody").finish_non_exhaustive()
    }
}
