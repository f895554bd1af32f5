//! Records the body of a request while it is read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use error_tracker::web::BodyRecorder;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a request. Its start is recorded while the handler reads it.
    #[derive(Debug)]
    pub struct RecordedBody<B> {
        #[pin]
        body: B,
        recorder: Option<BodyRecorder>,
    }
}

impl<B> RecordedBody<B> {
    /// Wraps `body`. If there is a recorder, all bytes that are read are passed to it.
    #[must_use]
    pub fn new(body: B, recorder: Option<&BodyRecorder>) -> Self {
        Self { body, recorder: recorder.cloned() }
    }

    /// Returns the wrapped body. Bytes that are read from it are no longer recorded.
    #[must_use]
    pub fn into_inner(self) -> B {
        self.body
    }
}

impl<B: Body> Body for RecordedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.body.poll_frame(context));
        if let Some(recorder) = this.recorder
            && let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            // If the data has several pieces only the first one is recorded. The bodies of
            // servers have one piece.
            recorder.record(data.chunk());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
