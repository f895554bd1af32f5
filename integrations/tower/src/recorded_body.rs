//! The body of a request, recorded while it is read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use error_tracker::web::BodyRecorder;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// A body of a request whose start is recorded while the handler reads it.
    #[derive(Debug)]
    pub struct RecordedBody<B> {
        #[pin]
        body: B,
        recorder: Option<BodyRecorder>,
    }
}

impl<B> RecordedBody<B> {
    /// Returns `body`, which gives the recorder, if there is one, what is read of it.
    #[must_use]
    pub fn new(body: B, recorder: Option<&BodyRecorder>) -> Self {
        Self { body, recorder: recorder.cloned() }
    }

    /// Returns the body; what is read of it is not recorded any more.
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
            // Of data in several pieces the first one shows here; bodies of servers have one.
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
