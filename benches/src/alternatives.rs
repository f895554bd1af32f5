//! A parser that tries one alternative after the other, with every function annotated, beside the plain one. Fails when a
//! failure was not counted.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use error_tracker::auto_track_exception;
use error_tracker::store::{IssueQuery, MemoryStore};

/// Like those of most parsers: one type, and a text that names the place.
#[derive(Debug)]
enum ParseError {
    Expected(String),
    End,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(text) => write!(f, "parser error: {text}"),
            Self::End => f.write_str("parser error: unexpected end"),
        }
    }
}

impl std::error::Error for ParseError {}

/// So many failures rise in one call of `statement`, and are handled there or in `primary`.
const FAILURES: u64 = 7;

macro_rules! parser {
    ($(#[$attr:meta])*) => {
        pub struct Parser<'a> {
            words: &'a [&'a str],
            at: usize,
        }

        impl<'a> Parser<'a> {
            pub fn new(words: &'a [&'a str]) -> Self {
                Self { words, at: 0 }
            }

            #[inline(never)]
            $(#[$attr])*
            fn next_word(&mut self) -> Result<&'a str, ParseError> {
                let word = *self.words.get(self.at).ok_or(ParseError::End)?;
                self.at += 1;
                Ok(word)
            }

            #[inline(never)]
            $(#[$attr])*
            fn keyword(&mut self, expected: &str) -> Result<(), ParseError> {
                let found = self.next_word()?;
                if found == expected {
                    return Ok(());
                }
                let at = self.at;
                Err(ParseError::Expected(format!("Expected: {expected}, found: {found} at {at}")))
            }

            #[inline(never)]
            $(#[$attr])*
            fn number(&mut self) -> Result<i64, ParseError> {
                let word = self.next_word()?;
                let at = self.at;
                word.parse().map_err(|_| ParseError::Expected(format!("a number at {at}, found: {word}")))
            }

            #[inline(never)]
            $(#[$attr])*
            fn in_parentheses(&mut self) -> Result<i64, ParseError> {
                self.keyword("(")?;
                let value = self.sum()?;
                self.keyword(")")?;
                Ok(value)
            }

            #[inline(never)]
            $(#[$attr])*
            fn primary(&mut self) -> Result<i64, ParseError> {
                let start = self.at;
                if let Ok(value) = self.number() {
                    return Ok(value);
                }
                self.at = start;
                self.in_parentheses()
            }

            #[inline(never)]
            $(#[$attr])*
            fn sum(&mut self) -> Result<i64, ParseError> {
                let mut sum = self.primary()?;
                while self.words.get(self.at) == Some(&"+") {
                    self.at += 1;
                    sum += self.primary()?;
                }
                Ok(sum)
            }

            #[inline(never)]
            $(#[$attr])*
            fn assignment(&mut self) -> Result<i64, ParseError> {
                self.keyword("let")?;
                let _name = self.next_word()?;
                self.keyword("=")?;
                self.sum()
            }

            #[inline(never)]
            $(#[$attr])*
            fn print(&mut self) -> Result<i64, ParseError> {
                self.keyword("print")?;
                self.sum()
            }

            #[inline(never)]
            $(#[$attr])*
            pub fn statement(&mut self) -> Result<i64, ParseError> {
                let start = self.at;
                match self.assignment() {
                    Ok(value) => return Ok(value),
                    Err(_) => self.at = start,
                }
                self.print().or_else(|_| {
                    self.at = start;
                    self.sum()
                })
            }
        }
    };
}

mod annotated {
    use super::*;

    parser!(#[auto_track_exception]);
}

mod plain {
    use super::*;

    parser!();
}

const STATEMENT: &[&str] = &["(", "1", "+", "(", "2", "+", "3", ")", "+", "(", "x"];
const LONG: Duration = Duration::from_millis(500);

/// The least time of a call once budgets are spent, and how many calls there were in all.
fn least(call: &dyn Fn() -> bool) -> (Duration, u64) {
    const AT_ONCE: u64 = 200;
    let (mut least, mut calls) = (Duration::MAX, 0);
    let begun = Instant::now();
    while begun.elapsed() < 2 * LONG {
        let now = Instant::now();
        for _ in 0..AT_ONCE {
            assert!(call(), "it is no statement");
        }
        calls += AT_ONCE;
        if begun.elapsed() > LONG {
            least = least.min(now.elapsed() / AT_ONCE as u32);
        }
    }
    (least, calls)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tracker = error_tracker::builder().store(MemoryStore::new()).install()?;
    let (plain, _) = least(&|| plain::Parser::new(black_box(STATEMENT)).statement().is_err());
    let (annotated, calls) =
        least(&|| annotated::Parser::new(black_box(STATEMENT)).statement().is_err());
    tracker.flush(Duration::from_secs(60))?;
    let issues = tracker.issues(&IssueQuery::default())?.items;
    let counted: u64 = issues.iter().map(|issue| issue.count).sum();
    if counted != FAILURES * calls {
        return Err(format!("{counted} of {} failures were counted", FAILURES * calls).into());
    }
    println!(
        "| a parser that tries alternatives, for each that fails | ns | times plain |\n|---|---|---|"
    );
    let row = |name: &str, took: Duration, rest: &str| {
        println!("| {name} | {} | {rest} |", took.as_nanos() as u64 / FAILURES);
    };
    row("plain", plain, "");
    let times = annotated.as_secs_f64() / plain.as_secs_f64();
    row("every function annotated", annotated, &format!("{times:.1}"));
    Ok(())
}
