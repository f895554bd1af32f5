use std::fmt::{self, Display, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;

use super::MAX_NAME;
use crate::event::Request;
use crate::json::{Map, Value};

/// Values nested deeper than this are left out.
const MAX_DEPTH: usize = 32;
/// What an entry takes besides its text.
const ENTRY: usize = 8;

/// Cuts `text` after `bytes` bytes, at a character, and marks the cut.
pub(super) fn text(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(boundary(&text, bytes));
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

/// The last place of a character's start at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The `Display` text, cut while it is written. A `Display` that fails or panics becomes a note.
pub(super) fn display(value: impl Display, bytes: usize) -> String {
    struct Bounded {
        text: String,
        bytes: usize,
        cut: bool,
    }
    impl Write for Bounded {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            let room = self.bytes.saturating_sub(self.text.len());
            let kept = boundary(part, room);
            self.text.push_str(&part[..kept]);
            self.cut = kept < part.len();
            if self.cut { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut bounded = Bounded { text: String::new(), bytes, cut: false };
    match catch_unwind(AssertUnwindSafe(|| write!(bounded, "{value}"))) {
        Ok(_) if bounded.cut => bounded.text + "…",
        Ok(Ok(())) => bounded.text,
        Ok(_) => "<Display failed>".to_owned(),
        Err(_) => "<Display panicked>".to_owned(),
    }
}

/// The value as JSON; the reason in its place when that fails.
pub(super) fn serialized(value: impl Serialize) -> Value {
    match catch_unwind(AssertUnwindSafe(|| crate::json::to_value(&value))) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => Value::Text(text(format!("<could not be serialised: {error}>"), MAX_NAME)),
        Err(_) => Value::Text("<Serialize panicked>".to_owned()),
    }
}

/// Cuts strings, lists and maps so that about `bytes` bytes are kept.
pub(super) fn value(value: Value, bytes: usize) -> Value {
    within(value, &mut { bytes }, 0)
}

pub(super) fn map(map: Map, bytes: usize) -> Map {
    map_within(map, &mut { bytes }, 0)
}

fn within(value: Value, budget: &mut usize, depth: usize) -> Value {
    match value {
        Value::Text(long) => {
            let short = text(long, *budget);
            *budget = budget.saturating_sub(short.len() + ENTRY);
            Value::Text(short)
        }
        Value::Array(_) | Value::Object(_) if depth == MAX_DEPTH => Value::Text("…".to_owned()),
        Value::Array(items) => {
            let mut kept = Vec::new();
            let count = items.len();
            for item in items {
                if *budget == 0 {
                    kept.push(Value::Text(format!("… {} more", count - kept.len())));
                    break;
                }
                kept.push(within(item, budget, depth + 1));
            }
            *budget = budget.saturating_sub(ENTRY);
            Value::Array(kept)
        }
        Value::Object(entries) => Value::Object(map_within(entries, budget, depth)),
        plain => {
            *budget = budget.saturating_sub(ENTRY);
            plain
        }
    }
}

fn map_within(map: Map, budget: &mut usize, depth: usize) -> Map {
    let mut kept = Map::new();
    let count = map.len();
    for (name, item) in map {
        if *budget == 0 {
            kept.insert("…".to_owned(), Value::Text(format!("{} more", count - kept.len())));
            break;
        }
        let name = text(name, MAX_NAME);
        *budget = budget.saturating_sub(name.len() + ENTRY);
        let item = within(item, budget, depth + 1);
        kept.insert(name, item);
    }
    *budget = budget.saturating_sub(ENTRY);
    kept
}

pub(super) fn request(request: Request, entries: usize, bytes: usize) -> Request {
    let pairs = |pairs: Vec<(String, String)>| {
        let mut budget = bytes;
        let mut kept = Vec::new();
        let count = pairs.len();
        for (name, long) in pairs {
            if kept.len() == entries || budget == 0 {
                kept.push(("…".to_owned(), format!("{} more", count - kept.len())));
                break;
            }
            let pair = (text(name, MAX_NAME), text(long, budget));
            budget = budget.saturating_sub(pair.0.len() + pair.1.len() + ENTRY);
            kept.push(pair);
        }
        kept
    };
    let short = |long| text(long, 8_192);
    Request {
        method: text(request.method, MAX_NAME),
        host: text(request.host, 1_000),
        path: short(request.path),
        url: short(request.url),
        query: pairs(request.query),
        headers: pairs(request.headers),
        cookies: pairs(request.cookies),
        form: pairs(request.form),
        json: value(request.json, bytes),
    }
}
