//! Plans: trees of calls that succeed, fail, handle, change and keep errors.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::Union;

/// The annotated functions that run a plan; each has an error type of its own.
#[derive(Clone, Copy, Debug)]
pub enum Name {
    Load,
    Price,
    Order,
}

/// What one call of an annotated function does.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: Name,
    pub steps: Vec<Step>,
    pub end: End,
}

#[derive(Clone, Debug)]
pub enum Call {
    Node(Box<Node>),
    /// A plain function that fails.
    Fails(Text),
    /// A plain function that panics.
    Panics(Text),
    /// A plain function between.
    Plain(Between, Box<Call>),
    /// An annotated function that captures the error by hand, and with `true` returns it.
    Reports(Box<Call>, bool),
    /// A plain function that captures the error by hand and returns it.
    Captures(Box<Call>),
    /// A thread or task of its own; a panic there is an error with this text.
    Spawned(Box<Call>, Text),
}

#[derive(Clone, Debug)]
pub enum Between {
    Pass,
    Context(Text),
    /// The new error has nothing of the old one.
    Replace(Text),
    Swallow,
}

#[derive(Clone, Debug)]
pub enum Step {
    Pass(Call),
    Rethrow(Call),
    /// `map_err(|_| Other)`.
    Other(Call, Text),
    /// `map_err` to a text that has the old one in it.
    Longer(Call, Text),
    Context(Call, Text),
    Swallow(Swallow, Call),
    /// The error's handler fails in another way.
    Forward(Forward, Call, Text),
    /// Swallows an error, and then fails with an equal text.
    Equal(Swallow, Call, Call),
    Keep(Call),
    /// Returns the first error that was kept.
    Recall,
    Retry(Call, u8),
    /// Until one succeeds.
    Attempts(Vec<Call>),
    /// `collect::<Result<_, _>>()` over calls, which ends at the first error.
    Collect(Vec<Call>),
    /// Both at once; the first error goes on.
    Join(Call, Call),
    /// Catches a panic, and goes on or fails.
    Catch(Call, Option<Text>),
    Yield,
    /// Drops the call after so many polls; between them the function itself waits.
    Cancel(Call, u8),
    /// A destructor that calls when the function ends, however it ends.
    Finally(Call),
    Message(Text),
}

#[derive(Clone, Copy, Debug)]
pub enum Swallow {
    Discard,
    Drop,
    Ok,
    IsErr,
    UnwrapOr,
    IfLet,
    Match,
}

#[derive(Clone, Copy, Debug)]
pub enum Forward {
    Match,
    LetElse,
}

#[derive(Clone, Debug)]
pub enum End {
    Fine,
    Fail(Text),
    Return(Text),
    Question(Text),
    Panic(Text),
    Tail(Call),
    TailOther(Call, Text),
}

/// Empty until `Call::name_texts` fills it.
pub type Text = String;

/// What a generator may put into a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Allowed {
    panics: bool,
    /// Spawned calls, and calls at once: they end in a poll that cannot be foretold.
    spawns: bool,
    /// A panic that is caught while another one unwinds cannot be told from one that is caught before another one.
    catches: bool,
    depth: u32,
}

pub fn plan() -> impl Strategy<Value = Call> {
    Grammar::default()
        .node(Allowed { panics: true, spawns: true, catches: true, depth: 4 })
        .prop_map(|node| Call::Node(node.into()))
}

/// `prop_oneof!` that leaves out what has no weight.
macro_rules! one_of {
    ($($weight:expr => $strategy:expr,)+) => {{
        let mut all = std::vec![$(($weight, $strategy.boxed())),+];
        all.retain(|(weight, _)| *weight > 0);
        Union::new_weighted(all).boxed()
    }};
}
/// The strategies that were made: they are used in many places, and would be made anew in each.
#[derive(Default)]
struct Grammar(HashMap<Allowed, BoxedStrategy<Call>>);

impl Grammar {
    fn node(&mut self, allowed: Allowed) -> BoxedStrategy<Node> {
        let parts = (any_name(), vec(self.step(allowed), 0..4), self.end(allowed));
        parts.prop_map(|(name, steps, end)| Node { name, steps, end }).boxed()
    }

    fn call(&mut self, allowed: Allowed) -> BoxedStrategy<Call> {
        if let Some(known) = self.0.get(&allowed) {
            return known.clone();
        }
        let made = self.new_call(allowed);
        self.0.insert(allowed, made.clone());
        made
    }

    fn new_call(&mut self, allowed: Allowed) -> BoxedStrategy<Call> {
        let fails = text().prop_map(Call::Fails);
        if allowed.depth == 0 {
            return fails.boxed();
        }
        let allowed = Allowed { depth: allowed.depth - 1, ..allowed };
        let between = one_of![
            1 => Just(Between::Pass),
            1 => text().prop_map(Between::Context),
            1 => text().prop_map(Between::Replace),
            1 => Just(Between::Swallow),
        ];
        let node = self.node(allowed).prop_map(|node| Call::Node(node.into())).boxed();
        let reported = one_of![5 => node.clone(), 1 => text().prop_map(Call::Fails),];
        // No plain function captures there what is told already: nothing says that it is not an equal error.
        let inside = self.node(Allowed { panics: true, catches: true, ..allowed });
        let inside = inside.prop_map(|node| Call::Node(node.into())).boxed();
        let spawned = one_of![
            6 => inside.clone(),
            1 => text().prop_map(Call::Fails),
            1 => text().prop_map(Call::Panics),
            1 => (inside, any::<bool>()).prop_map(|(call, returns)| Call::Reports(call.into(), returns)),
        ];
        one_of![
            9 => node.clone(),
            1 => fails,
            u32::from(allowed.panics) => text().prop_map(Call::Panics),
            2 => (between, self.call(allowed)).prop_map(|(between, call)| Call::Plain(between, call.into())),
            // An error of another task may have been told on this thread as well.
            1 => reported.clone().prop_map(|call| Call::Captures(call.into())),
            1 => (reported, any::<bool>()).prop_map(|(call, returns)| Call::Reports(call.into(), returns)),
            u32::from(allowed.spawns) => (spawned, text()).prop_map(|(call, text)| Call::Spawned(call.into(), text)),
        ]
    }

    fn step(&mut self, allowed: Allowed) -> BoxedStrategy<Step> {
        let call = self.call(allowed);
        // What is rare otherwise: panics one after another, and errors that wait in a future that is dropped.
        let caught = prop_oneof![
            self.call(Allowed { panics: true, ..allowed }),
            text().prop_map(Call::Panics),
        ];
        let joined = self.call(Allowed { panics: false, ..allowed });
        let finally = self.call(Allowed { panics: false, catches: false, ..allowed });
        let cancelled = self.call(Allowed { spawns: false, ..allowed });
        let waits = (any_name(), cancelled.clone()).prop_map(|(name, call)| {
            let steps = Vec::from([Step::Keep(call), Step::Yield, Step::Recall]);
            Call::Node(Node { name, steps, end: End::Fine }.into())
        });
        let cancelled = prop_oneof![cancelled, waits];
        let leaf = any_name().prop_map(|name| {
            Call::Node(Node { name, steps: Vec::new(), end: End::Fail(Text::new()) }.into())
        });
        let forward = prop_oneof![Just(Forward::Match), Just(Forward::LetElse)];
        let with_text = (call.clone(), text());
        one_of![
            3 => call.clone().prop_map(Step::Pass),
            2 => call.clone().prop_map(Step::Rethrow),
            2 => with_text.clone().prop_map(|(call, text)| Step::Other(call, text)),
            1 => with_text.clone().prop_map(|(call, text)| Step::Longer(call, text)),
            2 => with_text.prop_map(|(call, text)| Step::Context(call, text)),
            5 => (swallow(), call.clone()).prop_map(|(how, call)| Step::Swallow(how, call)),
            2 => (forward, call.clone(), text()).prop_map(|(how, call, text)| Step::Forward(how, call, text)),
            2 => (swallow(), leaf).prop_map(|(how, leaf)| Step::Equal(how, leaf, Call::Fails(Text::new()))),
            3 => call.clone().prop_map(Step::Keep),
            2 => Just(Step::Recall),
            2 => (call.clone(), 2..4_u8).prop_map(|(call, times)| Step::Retry(call, times)),
            1 => vec(call.clone(), 1..4).prop_map(Step::Attempts),
            1 => vec(call, 1..4).prop_map(Step::Collect),
            2 * u32::from(allowed.spawns) => (joined.clone(), joined).prop_map(|(left, right)| Step::Join(left, right)),
            3 * u32::from(allowed.catches) => (caught, option::of(text())).prop_map(|(call, fail)| Step::Catch(call, fail)),
            3 => Just(Step::Yield),
            2 => (cancelled, 1..3_u8).prop_map(|(call, polls)| Step::Cancel(call, polls)),
            1 => finally.prop_map(Step::Finally),
            1 => text().prop_map(Step::Message),
        ]
    }

    fn end(&mut self, allowed: Allowed) -> BoxedStrategy<End> {
        let call = self.call(allowed);
        one_of![
            4 => Just(End::Fine),
            3 => text().prop_map(End::Fail),
            1 => text().prop_map(End::Return),
            2 => text().prop_map(End::Question),
            u32::from(allowed.panics) => text().prop_map(End::Panic),
            2 => call.clone().prop_map(End::Tail),
            1 => (call, text()).prop_map(|(call, text)| End::TailOther(call, text)),
        ]
    }
}

fn text() -> Just<Text> {
    Just(Text::new())
}

fn any_name() -> impl Strategy<Value = Name> + Clone {
    prop_oneof![Just(Name::Load), Just(Name::Price), Just(Name::Order)]
}

fn swallow() -> impl Strategy<Value = Swallow> {
    use Swallow::*;
    prop_oneof![
        Just(Discard),
        Just(Drop),
        Just(Ok),
        Just(IsErr),
        Just(UnwrapOr),
        Just(IfLet),
        Just(Match)
    ]
}

impl Call {
    /// Gives every error of the plan a text that no other one of this process has.
    pub fn name_texts(&mut self) {
        match self {
            Self::Node(node) => {
                node.steps.iter_mut().for_each(Step::name_texts);
                node.end.name_texts();
            }
            Self::Fails(text) => *text = next("fault"),
            Self::Panics(text) => *text = next("panic"),
            Self::Plain(between, call) => {
                call.name_texts();
                if let Between::Context(text) | Between::Replace(text) = between {
                    *text = next("plain");
                }
            }
            Self::Reports(call, _) | Self::Captures(call) => call.name_texts(),
            Self::Spawned(call, text) => {
                call.name_texts();
                *text = next("crash");
            }
        }
    }
}

impl Step {
    fn name_texts(&mut self) {
        match self {
            Self::Pass(call)
            | Self::Rethrow(call)
            | Self::Swallow(_, call)
            | Self::Keep(call)
            | Self::Retry(call, _)
            | Self::Catch(call, None)
            | Self::Cancel(call, _)
            | Self::Finally(call) => call.name_texts(),
            Self::Other(call, text)
            | Self::Longer(call, text)
            | Self::Context(call, text)
            | Self::Forward(_, call, text)
            | Self::Catch(call, Some(text)) => {
                call.name_texts();
                *text = next("other");
            }
            Self::Equal(_, first, again) => {
                let equal = next("equal");
                if let Call::Node(node) = first {
                    node.end = End::Fail(equal.clone());
                }
                *again = Call::Fails(equal);
            }
            Self::Attempts(calls) | Self::Collect(calls) => {
                calls.iter_mut().for_each(Call::name_texts)
            }
            Self::Join(left, right) => {
                left.name_texts();
                right.name_texts();
            }
            Self::Recall | Self::Yield => {}
            Self::Message(text) => *text = next("message"),
        }
    }
}

impl End {
    fn name_texts(&mut self) {
        match self {
            Self::Fine => {}
            Self::Fail(text) | Self::Return(text) | Self::Question(text) => *text = next("fault"),
            Self::Panic(text) => *text = next("panic"),
            Self::Tail(call) => call.name_texts(),
            Self::TailOther(call, text) => {
                call.name_texts();
                *text = next("other");
            }
        }
    }
}

/// A text that no other one of this process is or holds. Letters, since digits do not tell errors apart.
pub fn next(kind: &str) -> Text {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let mut number = LAST.fetch_add(1, Ordering::Relaxed);
    let code = (0..6).map(|_| {
        let letter = char::from(b"abcdefghijklmnopqrstuvwxyz"[number as usize % 26]);
        number /= 26;
        letter
    });
    format!("{kind} {}", code.collect::<String>())
}
