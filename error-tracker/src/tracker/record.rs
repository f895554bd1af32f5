//! Records failures: decides whether a failure becomes an event, and builds it.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::likeness::likeness;
use super::{Tracker, TrackerParts};
use crate::capture::build;
use crate::capture::source::SourceFiles;
use crate::event::{Event, Kind, Timestamp, UserKey, new_id};
use crate::mask::{self, EventTaint, Masking};
use crate::pipeline::{Likeness, Occurrence};
use crate::scope::bounds;
use crate::snapshot::at_failure::{SlotReader, UserCode};
use crate::snapshot::policy;
use crate::stack::BacktraceMode;
use crate::trace::failure::{Failure, ReportOutcome};
use crate::trace::frame_record::FrameRecord;
use crate::user_code::{self, UserCodeGuard};

/// The reason under which events are counted if their hook panicked.
const HOOK_PANICKED: &str = "before_capture panicked";

/// The reason why a failure does not become an event.
enum RefusalReason {
    Ignored,
    HookPanicked,
}

impl Tracker {
    /// Records a failure, unless the settings exclude it. `complete` adds the parts that only an
    /// event needs.
    pub(super) fn record(
        &self,
        failure: &mut Failure,
        complete: impl FnOnce(&mut Failure),
    ) -> ReportOutcome {
        if !self.inner.wanted.records(failure) {
            return ReportOutcome::Unwanted;
        }
        let like = self.likeness(failure);
        if self.count(failure, like) {
            return ReportOutcome::Counted;
        }
        complete(failure);
        self.accept(failure, like).map_or(ReportOutcome::No, ReportOutcome::Event)
    }

    /// Only counts a failure if equal ones storm, or if the settings say so. Returns whether it
    /// did.
    fn count(&self, failure: &Failure, like: Likeness) -> bool {
        let pipeline = &self.inner.pipeline;
        let occurrence = Occurrence {
            at: Timestamp::now(),
            user: failure.scope.user_key(),
            route: failure.scope.method_and_route(),
        };
        if self.inner.wanted.only_counts(failure) {
            pipeline.count(like, &occurrence)
        } else {
            pipeline.coalesce(like, &occurrence)
        }
    }

    /// Builds the event of a failure and queues it. Returns its id.
    fn accept(&self, failure: &Failure, like: Likeness) -> Option<String> {
        let id = match &failure.report {
            ReportOutcome::Early(id) => id.clone(),
            _ => new_id(),
        };
        match self.event(failure, id) {
            Ok(event) => {
                let id = event.id.clone();
                if self.inner.wanted.only_counts(failure) {
                    self.inner.pipeline.submit_to_count(event, like);
                } else {
                    self.inner.pipeline.submit(event, like);
                }
                Some(id)
            }
            Err(RefusalReason::Ignored) => None,
            Err(RefusalReason::HookPanicked) => {
                self.inner.pipeline.count_dropped_one(HOOK_PANICKED);
                None
            }
        }
    }

    /// Replaces the event of a panic, which was recorded when the panic began. A refusal has no
    /// effect any more.
    pub(super) fn replace(&self, failure: &Failure) {
        if let ReportOutcome::Early(id) = &failure.report
            && let Ok(event) = self.event(failure, id.clone())
        {
            self.inner.pipeline.replace(event);
        }
    }

    /// Builds the event of a failure: applies the ignore rules, adds context, runs
    /// `before_capture`, and masks.
    fn event(&self, failure: &Failure, id: String) -> Result<Event, RefusalReason> {
        let inner = &*self.inner;
        let mut taint = failure.values.taint.clone();
        let mut event = build::event(failure, id);
        event.origin = inner.origin.clone();
        if inner.backtrace == BacktraceMode::Off {
            event.backtrace.clear();
            event.objects.clear();
        }
        let _rendering = UserCodeGuard::start();
        if inner.ignores(&event) {
            return Err(RefusalReason::Ignored);
        }
        inner.add_context(&mut event, &mut taint);
        for hook in &inner.before_capture {
            match catch_unwind(AssertUnwindSafe(|| hook(event))) {
                Ok(Some(changed)) => event = changed,
                Ok(None) => return Err(RefusalReason::Ignored),
                Err(payload) => {
                    user_code::drop_quietly(payload);
                    return Err(RefusalReason::HookPanicked);
                }
            }
        }
        bounds::cut_depth(&mut event.context);
        event.user_key = UserKey::of(&event.context.user);
        mask::event(&inner.masking, &mut event, taint);
        build::bound(&mut event);
        Ok(event)
    }

    /// Updates the event of a failure: adds the functions that the error
    /// passed through since, the extra data of a capture, the current scope and the converted
    /// error, and sets whether it was captured and handled.
    pub(super) fn amend(&self, failure: &Failure) {
        let ReportOutcome::Event(id) = &failure.report else { return };
        let callers =
            failure.frames.iter().chain(&failure.callers).map(FrameRecord::frame).collect();
        let has_changed = build::has_changed(failure);
        let mut added = Event { callers, chain: build::chain(failure), ..Event::default() };
        added.context.extras = failure.extras.clone();
        if !failure.explicit {
            failure.scope.fill(&mut added);
        }
        added.user_key = UserKey::of(&added.context.user);
        mask::event(&self.inner.masking, &mut added, failure.values.taint.clone());
        let (explicit, handled) = (failure.explicit, failure.handled);
        self.inner.pipeline.amend(id, move |event| {
            event.callers.extend(added.callers);
            if explicit {
                event.context.extras.extend(added.context.extras);
                event.captured |= event.handled;
            } else {
                event.user_key = event.user_key.or(added.user_key);
                event.context.add(added.context);
                let is_handled = event.handled || handled && event.kind == Kind::Error;
                event.handled = is_handled && (handled || event.captured);
                if has_changed {
                    event.chain = added.chain;
                }
            }
        });
    }

    /// Adds further functions to the event of a failure, with what is known of the error there.
    pub(super) fn extend(&self, failure: &Failure) {
        let ReportOutcome::Event(id) = &failure.report else { return };
        let mut now = build::event(failure, id.clone());
        mask::event(&self.inner.masking, &mut now, failure.values.taint.clone());
        build::bound(&mut now);
        let was_queued = self.inner.pipeline.amend_queued(id, |event| {
            (event.message, event.debug) = (now.message, now.debug);
            (event.variant, event.io_kind, event.by_text) = (now.variant, now.io_kind, now.by_text);
            (event.frames, event.chain, event.handled) = (now.frames, now.chain, now.handled);
        });
        if !was_queued && let Ok(event) = self.event(failure, id.clone()) {
            self.inner.pipeline.replace(event);
        }
    }

    /// Returns the hashes by which equal failures are found. They include the text if the program's
    /// own hooks may read it.
    fn likeness(&self, failure: &Failure) -> Likeness {
        let TrackerParts { before_capture, ignores, .. } = &*self.inner;
        likeness(failure, !before_capture.is_empty() || !ignores.is_empty())
    }
}

impl TrackerParts {
    /// Runs code of the program. A panic is caught and noted in `Health::last_error`.
    fn run_caught<T: Default>(&self, name: &str, run: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
            user_code::drop_quietly(payload);
            self.pipeline.note_error(format!("{name} panicked"));
            T::default()
        })
    }

    fn ignores(&self, event: &Event) -> bool {
        let short = crate::event::short_type(&event.type_name, None);
        self.ignored_types.iter().any(|ignored| *ignored == event.type_name || *ignored == short)
            || self.ignores.iter().any(|rule| self.run_caught("an `ignore` rule", || rule(event)))
    }

    fn add_context(&self, event: &mut Event, taint: &mut EventTaint) {
        for (name, value) in &self.tags {
            event.context.tags.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let mut reader = SlotReader { policy: policy::get(), taint, user_code: UserCode::Runs };
        for (name, read) in &self.globals {
            self.run_caught("a `global`", || {
                read(&mut |type_name, value| {
                    event.globals.push(reader.value(name, type_name, value));
                });
            });
        }
        for context in &self.contexts {
            let found = self.run_caught("a `context`", || context.get_context());
            for (name, mut value) in found {
                crate::json::cut(&mut value, bounds::MAX_DEPTH);
                event.context.extras.entry(name).or_insert(value);
            }
        }
    }
}

/// Completes events on the writer thread: adds source lines.
pub(super) fn prepare(masking: &Masking, event: &mut Event) {
    thread_local! {
        /// Belongs to the writer thread, so that no lock can be held when the program forks.
        static SOURCES: RefCell<Option<SourceFiles>> = const { RefCell::new(None) };
    }
    SOURCES.with_borrow_mut(|sources| {
        sources.get_or_insert_with(|| SourceFiles::new(masking.clone())).add_to(event);
    });
}
