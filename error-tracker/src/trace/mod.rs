//! Tracks the running annotated functions of each thread, and follows each failure until it is reported.
//!
//! # Glossary
//!
//! - **Tracked call**: a running call of an annotated function that has a live frame. Calls of small functions, and of
//!   functions that are called very often, are not tracked.
//! - **Frame**: the memory of a running call, with its variables ([`thread`], `crate::frame`). Its address is its
//!   *key*. A [`FrameRecord`](frame_record::FrameRecord) is what a failure keeps of a frame.
//! - **Temporary frame**: the frame of an untracked call, from the observation of an error to its end
//!   ([`temporary_frame`]).
//! - **Site**: a place in an annotated function at which an error can be observed, such as an operand of `?`. A
//!   function's sites are numbered ([`FailureSite`](function_meta::FailureSite)).
//! - **Observation**: an error at a site, with its [`ErrorFate`](observation::ErrorFate): it is propagated, converted,
//!   handled or discarded there.
//! - **Handler**: a site where errors are handled, such as a `match`
//!   ([`ErrorHandler`](function_meta::ErrorHandler)).
//! - **Pending failure**: a failure that was observed and is not settled ([`pending_failure`]).
//! - **Report**: the hand-over of a failure to the tracker, which makes an event of it or counts it ([`sink`]).
//! - **Work**: what a scope was made for, such as a web request. While it is open, failures that would be reported are
//!   *held* in it ([`work_failures`]).
//! - **Probe**: a value of zero size whose type method lookup completes once inference has finished; it selects how an
//!   outcome is inspected ([`outcome_probe`]).
//!
//! # States of a failure
//!
//! ```text
//!   error at a site
//!      |
//!      |  handled or converted where it appears first
//!      +-----------------------------------------------> Provisional -----> dropped: never became a failure
//!      |  propagated                                        |
//!      |      .---------------------------------------------'  an error made of it is propagated
//!      v      v
//!   begin: PendingFailure <------------------------------------------------.
//!      |                                                                   |
//!      +-- observed again in the caller: resume, add the caller's frame ---'
//!      |
//!      +-- leaves the outermost tracked call ----------------> finish: report as unhandled
//!      +-- its caller returns without observing it again ----> finish: report as handled
//!      +-- discarded (`.ok()`, ..) --------------------------> Discarded, reported as handled when the function ends
//!      +-- captured explicitly (`capture_exception!`) -------> reported at once; a marked copy stays pending
//!      +-- pending for 10 s, `flush`, end of the program ----> reported early; extended if it is observed again
//!      '-- observed on another thread or task ---------------> resumed there (cross_thread)
//! ```
//!
//! [`ReportState`](pending_failure::ReportState) says what was reported of a pending failure,
//! [`PendingStage`](pending_failure::PendingStage) what is known of its error. A panic is a pending failure as well:
//! the panic hook begins it, and the guards that unwind complete it ([`panic`]).
#![expect(clippy::vec_box, reason = "failures are large, and move from list to list")]

pub(crate) mod captures;
mod cross_thread;
pub(crate) mod distinction;
pub(crate) mod early_report;
pub(crate) mod ending;
pub(crate) mod error_facts;
pub(crate) mod error_kinds;
pub(crate) mod error_ref;
pub(crate) mod explicit;
pub(crate) mod failure;
mod finish;
pub(crate) mod frame_record;
pub(crate) mod function_meta;
pub(crate) mod guard;
mod inside;
pub(crate) mod inspect;
pub(crate) mod inspect_outcome;
pub(crate) mod macro_return;
pub(crate) mod observation;
mod observation_rate;
pub(crate) mod observe;
mod opaque;
pub(crate) mod outcome_probe;
pub(crate) mod panic;
mod parsed_function;
mod pending_failure;
mod pending_list;
pub(crate) mod pointer;
pub(crate) mod reported;
mod resume;
mod settle;
mod shared_reports;
pub(crate) mod sink;
pub(crate) mod standard;
mod temporary_frame;
pub(crate) mod thread;
pub(crate) mod tracked;
mod unwinding;
pub(crate) mod work_failures;
