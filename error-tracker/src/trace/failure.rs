//! A failure as it was met, not yet an event.

use std::thread::{self, Thread};
use std::time::Instant;

use super::backtrace;
use super::facts::{Facts, Met};
use super::frames::Passed;
use super::meta::Meta;
use crate::event::{self, Exit, Kind, Location, Timestamp, Variable};
use crate::json::Map;
use crate::mask::Taint;
use crate::scope::Scope;

#[derive(Clone)]
pub(crate) struct Failure {
    pub(crate) told: Told,
    pub(crate) kind: Kind,
    pub(crate) level: Option<event::Level>,
    pub(crate) since: Instant,
    /// The error where it rose.
    pub(crate) innermost: Facts,
    /// The error as it was last seen, when it had changed by then.
    pub(super) changed: Option<Facts>,
    /// The `Debug` text where it rose.
    pub(crate) debug: Option<String>,
    /// The variant of the enum where it rose; empty where there is none.
    pub(crate) variant: String,
    /// What the scope held when it rose.
    pub(crate) scope: Scope,
    pub(crate) thread: Thread,
    pub(crate) location: Option<Location>,
    /// From where it rose outward.
    pub(crate) frames: Vec<Passed>,
    pub(crate) callers: Vec<Passed>,
    pub(crate) backtrace: backtrace::Raw,
    pub(crate) globals: Vec<Variable>,
    /// Values of the option `context`.
    pub(crate) context: Vec<Variable>,
    /// What was given with a capture by hand.
    pub(crate) extras: Map,
    /// The literal of a message.
    pub(crate) template: Option<&'static str>,
    pub(crate) taint: Taint,
    pub(crate) handled: bool,
    /// Where it was captured by hand.
    pub(crate) captured: Vec<Place>,
    /// It was told when it was captured by hand, and has left the outermost function that was followed since.
    pub(super) left: bool,
    /// The outermost function that was followed, where it was taken for handled, though it may have left that unseen.
    pub(super) perhaps_left: Option<Box<Passed>>,
}

/// What became of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing: it was not told, or not accepted.
    No,
    /// It was counted onto the issue of equal ones.
    Counted,
    /// An event with this id.
    Event(String),
}

impl Told {
    pub(crate) fn id(&self) -> Option<String> {
        match self {
            Self::No => None,
            Self::Counted => Some(event::new_id()),
            Self::Event(id) => Some(id.clone()),
        }
    }
}

/// Where an error is captured by hand: file, line and column.
pub(crate) type Place = (&'static str, u32, u32);

impl Failure {
    pub(crate) fn new(kind: Kind, facts: Facts) -> Self {
        Self {
            told: Told::No,
            kind,
            level: None,
            since: Instant::now(),
            innermost: facts,
            changed: None,
            debug: None,
            variant: String::new(),
            scope: Scope::current(),
            thread: thread::current(),
            location: None,
            frames: Vec::new(),
            callers: Vec::new(),
            backtrace: backtrace::Raw::new(),
            globals: Vec::new(),
            context: Vec::new(),
            extras: Map::new(),
            template: None,
            taint: Taint::default(),
            handled: false,
            captured: Vec::new(),
            left: false,
            perhaps_left: None,
        }
    }

    /// An error that rises, in the memory of a failure that is not wanted any more.
    pub(super) fn rising(spare: Option<Box<Self>>, kind: Kind, met: &Met<'_, '_>) -> Box<Self> {
        let Some(mut spare) = spare else {
            let variant = met.variant(String::new());
            return Box::new(Self { variant, ..Self::new(kind, met.facts()) });
        };
        let new = Self::new(kind, Facts::default());
        let Self { innermost, mut variant, mut frames, mut callers, mut backtrace, .. } =
            std::mem::replace(&mut *spare, new);
        variant.clear();
        frames.clear();
        callers.clear();
        backtrace.clear();
        spare.innermost = met.facts_in(innermost.message);
        spare.variant = met.variant(variant);
        (spare.frames, spare.callers, spare.backtrace) = (frames, callers, backtrace);
        spare
    }

    /// The same with the call stack.
    pub(super) fn with_backtrace(kind: Kind, facts: Facts) -> Self {
        Self { backtrace: backtrace::capture(), ..Self::new(kind, facts) }
    }

    /// When it was met first.
    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::now().minus(self.since.elapsed())
    }

    /// The error as it was last seen.
    pub(crate) fn outermost(&self) -> &Facts {
        self.changed.as_ref().unwrap_or(&self.innermost)
    }

    /// Notes how the error looks now; says whether that differs from before.
    pub(super) fn looks_now(&mut self, met: &Met<'_, '_>) -> bool {
        let differs = !met.looks_like(self.outermost());
        if differs {
            self.changed = Some(met.facts());
        }
        differs
    }

    /// Whether it can be what a call of this function meets that is not followed.
    pub(super) fn may_lead_to(&self, function: &'static Meta, site: u32) -> bool {
        let last = self.perhaps_left.as_deref().or(self.frames.last());
        last.is_none_or(|passed| passed.may_lead_to(function, site))
    }

    /// Whether it looks like this error, which is captured by hand. What was captured at the very same place before is
    /// another one: the place is passed again.
    pub(super) fn may_be(&self, facts: &Facts, place: Option<Place>) -> bool {
        self.outermost().is_in(facts) && place.is_none_or(|place| !self.captured.contains(&place))
    }

    /// Name of the thread, or its number where it has none.
    pub(crate) fn thread_name(&self) -> String {
        self.thread.name().map_or_else(|| format!("{:?}", self.thread.id()), Into::into)
    }

    /// The option `level` of the innermost function that has one, unless another one was set.
    pub(crate) fn level(&self) -> Option<event::Level> {
        self.level.or_else(|| self.frames.iter().find_map(Passed::level))
    }

    /// From frame `from` on, the functions that it passed are still running.
    pub(super) fn still_running_from(&mut self, from: usize) {
        let mut running = self.frames.split_off(from.min(self.frames.len()));
        running.iter_mut().for_each(|passed| passed.exit = Some(Exit::Running));
        self.callers.append(&mut running);
    }
}
