//! What should be recorded of a plan. Errors are values here that carry their trace: nobody has to guess which error
//! is which.

use error_tracker::event::Kind;

use crate::plan::{Between, Call, End, Name, Node, Step};
use crate::reported_event::ReportedEvent;

/// The events of one plan.
pub fn reported_events(plan: &Call, is_async: bool) -> Vec<ReportedEvent> {
    let mut model = Model { is_async, polls: Vec::new(), reported: Vec::new() };
    let exit = model.call(plan, false);
    model.forget(exit);
    model.reported
}

struct Model {
    is_async: bool,
    /// How many more polls the futures around get before they are dropped, outermost first.
    polls: Vec<u8>,
    reported: Vec<ReportedEvent>,
}

enum Exit {
    Fine,
    Failed(Fault),
    Panicked(Panic),
    /// Dropped with the future of this index in `polls`.
    Cancelled(usize),
}

struct Fault {
    /// What the error shows.
    text: String,
    /// With all that is below it.
    full: String,
    trace: Trace,
    /// Whether it was an `anyhow::Error` where it was last met.
    is_any: bool,
    /// The functions through which it left another thread or task, if it is known again: its type is still the same.
    left: Option<Vec<Function>>,
    /// What it showed there.
    left_as: String,
}

/// A function's name, and whether it is the async one of that name.
type Function = (&'static str, bool);

enum Trace {
    /// No annotated function met it on this thread.
    None,
    Risen {
        message: String,
        functions: Vec<&'static str>,
    },
    /// It has an event with these functions.
    Reported(Vec<Function>),
    /// It was told where it left another thread, and was met again by these functions.
    Crossed(Vec<Function>),
}

struct Panic {
    message: String,
    functions: Vec<&'static str>,
    is_reported: bool,
}

impl Name {
    fn function(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Price => "price",
            Self::Order => "order",
        }
    }
}

impl Fault {
    fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            full: text.into(),
            trace: Trace::None,
            is_any: true,
            left: None,
            left_as: String::new(),
        }
    }

    /// An annotated function looks at it.
    fn observed(mut self) -> Self {
        self.is_any = true;
        if let Trace::None = self.trace {
            self.trace = Trace::Risen { message: self.text.clone(), functions: Vec::new() };
        }
        self
    }

    /// A function meets it as its own error type.
    fn observed_by(self, name: Name) -> Self {
        Self { is_any: matches!(name, Name::Price), ..self.observed() }
    }

    /// A function meets it where errors of other threads come in.
    fn observed_where_it_arrives(mut self, function: Function) -> Self {
        match self.left.take() {
            Some(passed) if matches!(self.trace, Trace::None) && !passed.contains(&function) => {
                Self { trace: Trace::Crossed(Vec::new()), ..self }
            }
            _ => self.observed(),
        }
    }

    /// Becomes the error type of the function.
    fn converted(mut self, name: Name) -> Self {
        if !matches!(name, Name::Price) {
            self.text.clone_from(&self.full);
        }
        self
    }

    fn with_context(self, text: &str) -> Self {
        Self { text: text.into(), full: format!("{text}: {}", self.full), ..self }
    }

    /// Another error in place of it, with its trace.
    fn replaced(self, text: &str) -> Self {
        Self { trace: self.trace, ..Self::new(text) }
    }
}

impl From<Result<(), Fault>> for Exit {
    fn from(result: Result<(), Fault>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Fine)
    }
}

/// What leaves a function early.
type Flow<T = ()> = Result<T, Exit>;

impl Model {
    fn report(&mut self, kind: Kind, message: &str, functions: &[&str], handled: bool) {
        self.reported.push(ReportedEvent::new(kind, message, functions, handled));
    }

    /// An error is gone, and whoever had it goes on.
    fn handle(&mut self, fault: Fault) {
        if let Trace::Risen { message, functions } = fault.trace {
            self.report(Kind::Error, &message, &functions, true);
        }
    }

    fn forget(&mut self, exit: Exit) {
        if let Exit::Failed(fault) = exit {
            self.handle(fault);
        }
    }

    /// `inside` says whether an annotated function runs around the call on this thread.
    fn call(&mut self, plan: &Call, inside: bool) -> Exit {
        match plan {
            Call::Node(node) => {
                let (mut kept, mut finally) = (Vec::new(), Vec::new());
                let flow = self.body(node, &mut kept, &mut finally);
                kept.into_iter().for_each(|fault| self.handle(fault));
                finally.into_iter().for_each(|call| self.destructor(call));
                let exit = match flow {
                    Ok(()) => Exit::Fine,
                    Err(Exit::Failed(fault)) => Exit::Failed(fault.converted(node.name)),
                    Err(exit) => exit,
                };
                self.leave(node.name.function(), exit, inside)
            }
            Call::Fails(text) => Exit::Failed(Fault::new(text)),
            Call::Panics(text) => self.panic(text, inside),
            Call::Plain(between, call) => match (between, self.call(call, inside)) {
                (Between::Context(text), Exit::Failed(fault)) => {
                    Exit::Failed(fault.with_context(text))
                }
                (Between::Replace(text), Exit::Failed(fault)) => {
                    self.handle(fault);
                    Exit::Failed(Fault::new(text))
                }
                (Between::Swallow, Exit::Failed(fault)) => {
                    self.handle(fault);
                    Exit::Fine
                }
                (_, exit) => exit,
            },
            Call::Reports(call, returns) => {
                let exit = match self.call(call, true) {
                    Exit::Failed(fault) => {
                        let fault = self.captured(fault, Some("report"));
                        if *returns { Exit::Failed(fault) } else { Exit::Fine }
                    }
                    exit => exit,
                };
                self.leave("report", exit, inside)
            }
            Call::Captures(call) => match self.call(call, inside) {
                Exit::Failed(fault) => Exit::Failed(self.captured(fault, None)),
                exit => exit,
            },
            Call::Spawned(call, text) => match self.call(call, false) {
                Exit::Panicked(_) => Exit::Failed(Fault::new(text)),
                Exit::Failed(fault) => Exit::Failed(Fault { trace: Trace::None, ..fault }),
                exit => exit,
            },
        }
    }

    /// An error is captured by hand; `around` is the annotated function that does it.
    fn captured(&mut self, fault: Fault, around: Option<&'static str>) -> Fault {
        // It lies where it lay when it left another thread.
        if matches!(fault.trace, Trace::None) && fault.text == fault.left_as && fault.left.is_some()
        {
            return fault;
        }
        let mut fault = fault.observed();
        if let Trace::Risen { message, mut functions } = fault.trace {
            functions.extend(around);
            self.report(Kind::Error, &message, &functions, true);
            fault.trace = Trace::Reported(self.passed(&functions));
        }
        fault
    }

    fn passed(&self, functions: &[&'static str]) -> Vec<Function> {
        functions.iter().map(|function| (*function, self.is_async)).collect()
    }

    fn panic(&mut self, text: &str, inside: bool) -> Exit {
        if !inside {
            self.report(Kind::Panic, text, &[], false);
        }
        Exit::Panicked(Panic { message: text.into(), functions: Vec::new(), is_reported: !inside })
    }

    /// An annotated function ends.
    fn leave(&mut self, function: &'static str, mut exit: Exit, inside: bool) -> Exit {
        match &mut exit {
            Exit::Failed(fault) => {
                let mut passed = None;
                match &mut fault.trace {
                    Trace::Risen { message, functions } => {
                        functions.push(function);
                        if !inside {
                            passed = Some(self.passed(functions));
                            self.reported.push(ReportedEvent::new(
                                Kind::Error,
                                message,
                                functions,
                                false,
                            ));
                        }
                    }
                    Trace::Crossed(functions) => {
                        functions.push((function, self.is_async));
                        passed = (!inside).then(|| functions.clone());
                    }
                    Trace::Reported(functions) => passed = (!inside).then(|| functions.clone()),
                    Trace::None => {}
                }
                if let Some(passed) = passed {
                    fault.trace = Trace::Reported(passed.clone());
                    fault.left_as.clone_from(&fault.text);
                    // Who gets it sees it as `anyhow::Error`.
                    fault.left = fault.is_any.then_some(passed);
                }
            }
            Exit::Panicked(panic) => {
                panic.functions.push(function);
                if !inside && !panic.is_reported {
                    self.reported.push(ReportedEvent::new(
                        Kind::Panic,
                        &panic.message,
                        &panic.functions,
                        false,
                    ));
                    panic.is_reported = true;
                }
            }
            Exit::Fine | Exit::Cancelled(_) => {}
        }
        exit
    }

    /// A call whose error the function looks at; panics and cancellation leave at once.
    fn result(&mut self, call: &Call) -> Flow<Result<(), Fault>> {
        match self.call(call, true) {
            Exit::Fine => Ok(Ok(())),
            Exit::Failed(fault) => Ok(Err(fault)),
            exit => Err(exit),
        }
    }

    fn question(result: Result<(), Fault>) -> Flow {
        result.map_err(|fault| Exit::Failed(fault.observed()))
    }

    fn pass(&mut self, call: &Call) -> Flow {
        Self::question(self.result(call)?)
    }

    fn body<'a>(
        &mut self,
        node: &'a Node,
        kept: &mut Vec<Fault>,
        finally: &mut Vec<&'a Call>,
    ) -> Flow {
        for step in &node.steps {
            self.step(node.name, step, kept, finally)?;
        }
        match &node.end {
            End::Fine => Ok(()),
            End::Fail(text) | End::Return(text) => {
                Err(Exit::Failed(Fault::new(text).observed_by(node.name)))
            }
            End::Question(text) => Err(Exit::Failed(Fault::new(text).observed())),
            End::Panic(text) => Err(self.panic(text, true)),
            End::Tail(call) => {
                let result = self.result(call)?;
                result.map_err(|fault| {
                    Exit::Failed(fault.converted(node.name).observed_by(node.name))
                })
            }
            End::TailOther(call, text) => self.other(node.name, call, text),
        }
    }

    fn other(&mut self, name: Name, call: &Call, text: &str) -> Flow {
        self.result(call)?
            .map_err(|fault| Exit::Failed(fault.observed().replaced(text).observed_by(name)))
    }

    fn step<'a>(
        &mut self,
        name: Name,
        step: &'a Step,
        kept: &mut Vec<Fault>,
        finally: &mut Vec<&'a Call>,
    ) -> Flow {
        match step {
            Step::Pass(call) => self.pass(call),
            Step::Rethrow(call) => {
                let result = self.result(call)?;
                result.map_err(|fault| {
                    Exit::Failed(fault.observed().converted(name).observed_by(name))
                })
            }
            // The handler's error goes on with the trace of what it handles.
            Step::Other(call, text) | Step::Forward(_, call, text) => self.other(name, call, text),
            Step::Longer(call, text) => {
                let longer = |fault: Fault| {
                    let text = format!("{text}: {}", fault.full);
                    Exit::Failed(fault.observed().replaced(&text).observed_by(name))
                };
                self.result(call)?.map_err(longer)
            }
            Step::Context(call, text) => self
                .result(call)?
                .map_err(|fault| Exit::Failed(fault.observed().with_context(text))),
            Step::Swallow(_, call) => {
                self.attempt(call)?;
                Ok(())
            }
            Step::Equal(_, call, again) => {
                self.attempt(call)?;
                self.pass(again)
            }
            Step::Keep(call) => {
                kept.extend(self.result(call)?.err());
                Ok(())
            }
            Step::Recall => {
                let mut faults = std::mem::take(kept).into_iter();
                let first = faults.next();
                faults.for_each(|fault| self.handle(fault));
                Self::question(first.map_or(Ok(()), Err))
            }
            Step::Retry(call, times) => self.attempts((0..*times).map(|_| call)),
            Step::Attempts(calls) => self.attempts(calls.iter()),
            Step::Collect(calls) => calls.iter().try_for_each(|call| self.pass(call)),
            Step::Join(left, right) => {
                let left = self.result(left)?;
                let right = self.result(right)?;
                let function = (name.function(), self.is_async);
                let comes_in =
                    |fault: Fault| Exit::Failed(fault.observed_where_it_arrives(function));
                match (left, right) {
                    (Err(left), right) => {
                        self.forget(right.into());
                        Err(comes_in(left))
                    }
                    (Ok(()), right) => right.map_err(comes_in),
                }
            }
            Step::Catch(call, fail) => match self.call(call, true) {
                Exit::Panicked(panic) => {
                    if !panic.is_reported {
                        self.report(Kind::Panic, &panic.message, &panic.functions, true);
                    }
                    match fail {
                        Some(text) => Err(Exit::Failed(Fault::new(text).observed_by(name))),
                        None => Ok(()),
                    }
                }
                Exit::Cancelled(index) => Err(Exit::Cancelled(index)),
                Exit::Failed(fault) => Self::question(Err(fault)),
                Exit::Fine => Ok(()),
            },
            Step::Yield if self.is_async => {
                self.polls.iter_mut().for_each(|polls| *polls -= 1);
                let dropped = self.polls.iter().position(|polls| *polls == 0);
                dropped.map_or(Ok(()), |index| Err(Exit::Cancelled(index)))
            }
            Step::Yield => Ok(()),
            Step::Cancel(call, polls) => {
                self.polls.push(*polls);
                let exit = self.call(call, true);
                self.polls.pop();
                match exit {
                    Exit::Fine => Ok(()),
                    Exit::Cancelled(index) if index == self.polls.len() => Ok(()),
                    Exit::Failed(fault) => Self::question(Err(fault)),
                    exit => Err(exit),
                }
            }
            Step::Finally(call) => {
                finally.push(call);
                Ok(())
            }
            Step::Message(text) => {
                self.report(Kind::Message, text, &["announce"], true);
                Ok(())
            }
        }
    }

    /// What is called there is plain, and its error is dropped.
    fn destructor(&mut self, call: &Call) {
        let is_async = std::mem::take(&mut self.is_async);
        let exit = self.call(call, true);
        self.forget(exit);
        self.is_async = is_async;
    }

    /// A call whose error is swallowed; whether it succeeded.
    fn attempt(&mut self, call: &Call) -> Flow<bool> {
        match self.result(call)? {
            Ok(()) => Ok(true),
            Err(fault) => {
                self.handle(fault);
                Ok(false)
            }
        }
    }

    fn attempts<'a>(&mut self, calls: impl Iterator<Item = &'a Call>) -> Flow {
        let mut last = None;
        for call in calls {
            let result = self.result(call);
            if let Some(fault) = last.take() {
                self.handle(fault);
            }
            match result? {
                Ok(()) => return Ok(()),
                Err(fault) => last = Some(fault),
            }
        }
        Self::question(last.map_or(Ok(()), Err))
    }
}
