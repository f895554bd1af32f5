//! Bounds of texts and values in a scope.

use std::fmt::{self, Display, Write};

use serde::Serialize;

use super::MAX_NAME;
use crate::event::{Context, Request};
use crate::json::{self, Map, Value};
use crate::user_code::{self, WriteOutcome};

/// How many levels a value has at most; deeper ones are left out.
pub(crate) const MAX_DEPTH: usize = 32;
/// How many bytes an entry counts besides its text.
const ENTRY: usize = 8;

/// Cuts `text` after `bytes` bytes, at a character, and marks the cut.
pub(crate) fn text(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

/// Returns the `Display` text of a value, cut while it is written. If the `Display` fails or
/// panics, returns a note.
pub(super) fn display(value: impl Display, bytes: usize) -> String {
    struct BoundedDisplay {
        text: String,
        bytes: usize,
        cut: bool,
    }
    impl Write for BoundedDisplay {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            let left = self.bytes.saturating_sub(self.text.len());
            let end = part.floor_char_boundary(left);
            self.text.push_str(&part[..end]);
            self.cut = end < part.len();
            if self.cut { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let begin = || BoundedDisplay { text: String::new(), bytes, cut: false };
    let (bounded, written) = user_code::write(begin(), format_args!("{value}"), |_| begin());
    match written {
        WriteOutcome::Panicked => "<Display panicked>".to_owned(),
        _ if bounded.cut => bounded.text + "…",
        WriteOutcome::Whole => bounded.text,
        _ => "<Display failed>".to_owned(),
    }
}

/// Returns the value as JSON, or the reason why it could not be serialized.
pub(super) fn serialized(value: impl Serialize) -> Value {
    match user_code::catch_panic(|| json::to_value(value)) {
        Some(Ok(value)) => value,
        Some(Err(error)) => {
            Value::Text(text(format!("<could not be serialised: {error}>"), MAX_NAME))
        }
        None => Value::Text("<Serialize panicked>".to_owned()),
    }
}

/// Cuts strings, lists and maps so that about `bytes` bytes remain.
pub(super) fn value(value: Value, bytes: usize) -> Value {
    within(value, &mut { bytes }, 0)
}

/// Cuts a map so that about `bytes` bytes remain.
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
        deep @ (Value::Array(_) | Value::Object(_)) if depth == MAX_DEPTH => {
            json::discard(deep);
            Value::Text("…".to_owned())
        }
        Value::Array(items) => {
            let mut kept = Vec::new();
            let mut items = items.into_iter();
            while let Some(item) = items.next() {
                if *budget == 0 {
                    kept.push(Value::Text(format!("… {} more", items.len() + 1)));
                    json::discard(item);
                    items.for_each(json::discard);
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
    let mut entries = map.into_iter();
    while let Some((name, item)) = entries.next() {
        if *budget == 0 {
            kept.insert("…".to_owned(), Value::Text(format!("{} more", entries.len() + 1)));
            json::discard(item);
            entries.for_each(|(_, item)| json::discard(item));
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

/// Cuts values of an event's context that have more than `MAX_DEPTH` levels: other sources than a
/// scope may have set them.
pub(crate) fn cut_depth(context: &mut Context) {
    let data = context.breadcrumbs.iter_mut().flat_map(|step| step.data.values_mut());
    for value in context.extras.values_mut().chain(data) {
        json::cut(value, MAX_DEPTH);
    }
    if let Some(request) = &mut context.request {
        json::cut(&mut request.json, MAX_DEPTH);
    }
}

/// Cuts the lists of a request after so many entries, and each list and its JSON after so many
/// bytes.
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
        scheme: text(request.scheme, MAX_NAME),
        host: text(request.host, 1_000),
        route: text(request.route, 1_000),
        path: short(request.path),
        url: short(request.url),
        query: pairs(request.query),
        headers: pairs(request.headers),
        cookies: pairs(request.cookies),
        form: pairs(request.form),
        json: value(request.json, bytes),
        client: text(request.client, MAX_NAME),
        id: text(request.id, MAX_NAME),
        trace_id: text(request.trace_id, MAX_NAME),
    }
}
