//! The annotated functions, written once for plain and for async ones.

use std::fmt;

use error_tracker::capture_exception;

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(String);

/// An error that is not one of the standard trait.
#[derive(Debug)]
pub struct OrderError(String);

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<anyhow::Error> for LoadError {
    fn from(error: anyhow::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

impl From<anyhow::Error> for OrderError {
    fn from(error: anyhow::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

/// Makes an error of any of the three types.
pub fn made<E: From<anyhow::Error>>(text: &str) -> E {
    anyhow::Error::msg(text.to_owned()).into()
}

pub fn fails(text: &str) -> anyhow::Result<()> {
    Err(made(text))
}

pub fn captured(result: anyhow::Result<()>) -> anyhow::Result<()> {
    if let Err(error) = &result {
        capture_exception!(error);
    }
    result
}

macro_rules! interpreter {
    ($name:ident fails with $error:ty, [$($kind:tt)*] [$($wait:tt)*]) => {
        #[auto_track_exception]
        pub $($kind)* fn $name(node: &Node) -> Result<(), $error> {
            let mut kept: Vec<anyhow::Result<()>> = Vec::new();
            let mut finally = Vec::new();
            for step in &node.steps {
                match step {
                    Step::Pass(child) => call(child)$($wait)*?,
                    Step::Rethrow(child) => match call(child)$($wait)* {
                        Ok(()) => {}
                        Err(error) => return Err(error.into()),
                    },
                    Step::Other(child, text) => call(child)$($wait)*.map_err(|_| made::<$error>(text))?,
                    Step::Longer(child, text) => {
                        call(child)$($wait)*.map_err(|error| made::<$error>(&format!("{text}: {error:#}")))?;
                    }
                    Step::Context(child, text) => call(child)$($wait)*.with_context(|| text.clone())?,
                    Step::Swallow(how, child) | Step::Equal(how, child, _) => {
                        match how {
                            Swallow::Discard => {
                                let _ = call(child)$($wait)*;
                            }
                            Swallow::Drop => drop(call(child)$($wait)*),
                            Swallow::Ok => {
                                call(child)$($wait)*.ok();
                            }
                            Swallow::IsErr => if call(child)$($wait)*.is_err() {},
                            Swallow::UnwrapOr => call(child)$($wait)*.unwrap_or(()),
                            Swallow::IfLet => if let Ok(()) = call(child)$($wait)* {},
                            Swallow::Match => match call(child)$($wait)* {
                                Ok(()) => {}
                                Err(_) => {}
                            },
                        }
                        if let Step::Equal(_, _, again) = step {
                            call(again)$($wait)*?;
                        }
                    }
                    Step::Forward(Forward::Match, child, text) => match call(child)$($wait)* {
                        Ok(()) => {}
                        Err(_) => return Err(made(text)),
                    },
                    Step::Forward(Forward::LetElse, child, text) => {
                        let Ok(()) = call(child)$($wait)* else { return Err(made(text)) };
                    }
                    Step::Keep(child) => kept.push(call(child)$($wait)*),
                    Step::Recall => {
                        for result in kept.drain(..) {
                            result?;
                        }
                    }
                    Step::Retry(child, times) => {
                        let mut last = call(child)$($wait)*;
                        for _ in 1..*times {
                            if last.is_ok() {
                                break;
                            }
                            last = call(child)$($wait)*;
                        }
                        last?;
                    }
                    Step::Attempts(children) => {
                        let mut last = Ok(());
                        for child in children {
                            last = call(child)$($wait)*;
                            if last.is_ok() {
                                break;
                            }
                        }
                        last?;
                    }
                    Step::Collect(children) => collect(children)$($wait)*?,
                    Step::Join(left, right) => {
                        let (left, right) = join(left, right)$($wait)*;
                        left?;
                        right?;
                    }
                    Step::Catch(child, fail) => match caught(child)$($wait)* {
                        Some(result) => result?,
                        None => {
                            if let Some(text) = fail {
                                return Err(made(text));
                            }
                        }
                    },
                    Step::Yield => pause()$($wait)*,
                    Step::Cancel(child, polls) => {
                        if let Some(result) = cancelled(child, *polls)$($wait)* {
                            result?;
                        }
                    }
                    Step::Finally(child) => finally.push(CallsInDrop(child.clone())),
                    Step::Message(text) => announce(text)$($wait)*,
                }
            }
            match &node.end {
                End::Fine => Ok(()),
                End::Fail(text) => Err(made(text)),
                End::Return(text) => return Err(made(text)),
                End::Question(text) => Ok(fails(text)?),
                End::Panic(text) => panic!("{text}"),
                End::Tail(child) => call_as::<$error>(child)$($wait)*,
                End::TailOther(child, text) => call(child)$($wait)*.map_err(|_| made(text)),
            }
        }
    };
}
pub(crate) use interpreter;
