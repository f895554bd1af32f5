//! The body of a response.

use std::any::type_name;
use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use error_tracker::scope::Scope;
use error_tracker::web::observe_error;
use pin_project_lite::pin_project;

use crate::response_errors::ResponseErrors;

/// The longest body that is read as the text of a failure, in bytes.
const MAX_TEXT: usize = 4096;

type BoxError = Box<dyn StdError>;
type PolledChunk = Poll<Option<Result<Bytes, BoxError>>>;

pin_project! {
    /// The body of a response to a tracked request: that of the handler, chunk by chunk. What fails
    /// in a stream has the request.
    pub struct TrackedBody<B> {
        #[pin]
        content: BodyContent<B>,
        watch: Option<Box<BodyWatch>>,
    }
}

pin_project! {
    #[project = BodyContentProjection]
    enum BodyContent<B> {
        /// That of the handler, which is empty or a stream.
        Inner { #[pin] body: B },
        /// A complete one.
        Whole { bytes: Bytes },
    }
}

/// What follows a body while it is sent.
struct BodyWatch {
    scope: Scope,
    errors: ResponseErrors,
}

impl<B: MessageBody> TrackedBody<B> {
    pub(crate) fn new(body: B) -> Self {
        let content = match body.size() {
            // A body that is none differs from one without bytes.
            BodySize::None => BodyContent::Inner { body },
            _ => match body.try_into_bytes() {
                Ok(bytes) => BodyContent::Whole { bytes },
                Err(body) => BodyContent::Inner { body },
            },
        };
        Self { content, watch: None }
    }

    pub(crate) fn own(bytes: Bytes) -> Self {
        Self { content: BodyContent::Whole { bytes }, watch: None }
    }

    /// Whether it is sent over some time, so that it may fail meanwhile.
    pub(crate) fn is_stream(&self) -> bool {
        match &self.content {
            BodyContent::Inner { body } => !body.size().is_eof(),
            BodyContent::Whole { .. } => false,
        }
    }

    /// Watches the body in the present scope while it is sent.
    pub(crate) fn watch(&mut self, errors: ResponseErrors) {
        self.watch = Some(Box::new(BodyWatch { scope: Scope::current(), errors }));
    }

    /// Returns the text of a short body that is complete; else nothing.
    pub(crate) fn short_text(&self) -> String {
        match &self.content {
            BodyContent::Whole { bytes } if bytes.len() <= MAX_TEXT => {
                String::from_utf8_lossy(bytes).into_owned()
            }
            _ => String::new(),
        }
    }
}

impl<B: MessageBody> BodyContent<B> {
    fn poll_content(self: Pin<&mut Self>, context: &mut Context<'_>) -> PolledChunk {
        match self.project() {
            BodyContentProjection::Inner { body } => {
                body.poll_next(context).map(|chunk| chunk.map(|chunk| chunk.map_err(Into::into)))
            }
            BodyContentProjection::Whole { bytes } => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
            }
        }
    }
}

impl BodyWatch {
    /// Observes an error of the body, in its scope.
    fn observe(&self, error: &BoxError, type_name: &'static str) {
        match error.downcast_ref::<Error>() {
            Some(error) => self.errors.observe(error),
            None => observe_error(&**error, type_name),
        }
    }
}

impl<B: MessageBody> MessageBody for TrackedBody<B> {
    type Error = BoxError;

    fn size(&self) -> BodySize {
        match &self.content {
            BodyContent::Inner { body } => body.size(),
            BodyContent::Whole { bytes } => BodySize::Sized(bytes.len() as u64),
        }
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> PolledChunk {
        let this = self.project();
        let content = this.content;
        let Some(watch) = this.watch else { return content.poll_content(context) };
        let mut scope = std::mem::take(&mut watch.scope);
        let polled = scope.run_mut(|| {
            let polled = content.poll_content(context);
            if let Poll::Ready(Some(Err(error))) = &polled {
                watch.observe(error, type_name::<B::Error>());
            }
            polled
        });
        watch.scope = scope;
        polled
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        match self.content {
            BodyContent::Whole { bytes } => Ok(bytes),
            BodyContent::Inner { body } => body
                .try_into_bytes()
                .map_err(|body| Self { content: BodyContent::Inner { body }, watch: self.watch }),
        }
    }

    fn boxed(self) -> BoxBody
    where
        B: 'static,
    {
        match self {
            Self { content: BodyContent::Inner { body }, watch: None } => body.boxed(),
            watched => BoxBody::new(watched),
        }
    }
}

impl<B> fmt::Debug for TrackedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackedBody").finish_non_exhaustive()
    }
}
