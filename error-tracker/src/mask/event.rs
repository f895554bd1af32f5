//! Masks all parts of an event.

use super::{EventTaint, Masking, NameVerdict, pairs, shapes, url};
use crate::event::{Event, Frame, Request, Variable};
use crate::json::{Map, Value};

/// Levels of JSON that are examined; deeper ones are masked as a whole.
const MAX_DEPTH: usize = 128;

/// Masks everything in `event` by name, then by shape, then removes the masked values, which are
/// added to `taint`, from all other text. Names of variables and the program's own text (functions,
/// files) are not masked; expressions, and source lines that the event already has, are masked by
/// shape only. Lines that are read later pass through [`source_line`].
pub(crate) fn event(masking: &Masking, event: &mut Event, mut taint: EventTaint) {
    if masking.masks_names() {
        EventNames { masking, taint: &mut taint }.event(event);
    }
    if !masking.masks_values() {
        return;
    }
    let mut mask = |text: &mut String, kind| {
        match kind {
            TextKind::Text => {
                shapes::mask(masking, text, masking.masks_names().then_some(&mut taint))
            }
            TextKind::Source => shapes::source(masking, text),
        };
    };
    EventTexts { visit: &mut mask }.event(event);
    if !taint.is_empty() {
        let scrubber = taint.scrubber();
        let mut scrub = |text: &mut String, kind| {
            if kind == TextKind::Text {
                scrubber.scrub(text, &masking.inner.text);
            }
        };
        EventTexts { visit: &mut scrub }.event(event);
    }
}

/// Masks secrets in a line of the program's source by shape.
pub(crate) fn source_line(masking: &Masking, line: &mut String) {
    if masking.masks_values() {
        shapes::source(masking, line);
    }
}

struct EventNames<'a> {
    masking: &'a Masking,
    taint: &'a mut EventTaint,
}

impl EventNames<'_> {
    fn event(&mut self, event: &mut Event) {
        for frame in event.frames.iter_mut().chain(&mut event.callers) {
            self.variables(&mut frame.arguments);
            self.variables(&mut frame.locals);
        }
        self.variables(&mut event.globals);
        self.arguments(&mut event.origin.arguments);
        let context = &mut event.context;
        self.map(&mut context.extras, 0);
        for (name, value) in context.tags.iter_mut().chain(&mut context.user) {
            self.text(name, value);
        }
        for breadcrumb in &mut context.breadcrumbs {
            self.map(&mut breadcrumb.data, 0);
        }
        if let Some(request) = &mut context.request {
            self.request(request);
        }
    }

    fn variables(&mut self, variables: &mut [Variable]) {
        for variable in variables.iter_mut().filter(|variable| !variable.masked) {
            let Some(verdict) = self.masking.verdict(&variable.name) else { continue };
            let hidden = variable.value.as_deref().and_then(|value| verdict.replacement_for(value));
            if hidden.is_none() && !verdict.is_certain() {
                continue;
            }
            if let Some(value) = &variable.value {
                self.taint.add_debug(value);
            }
            let text = verdict.masked.text;
            let whole = hidden.as_deref().is_none_or(|hidden| *hidden == *text);
            variable.value = Some(hidden.unwrap_or_else(|| text.to_string()));
            if whole {
                variable.masked = true;
                variable.masked_by = Some(verdict.masked.rule.to_string());
            }
        }
    }

    /// Masks the arguments that a program was started with: `--password x`, `--password=x`,
    /// `PASSWORD=x`, `--user name:x`.
    fn arguments(&mut self, arguments: &mut [String]) {
        let mut option: Option<String> = None;
        for argument in arguments {
            let option_name = option.take().filter(|_| !argument.starts_with("--"));
            if let Some(name) = option_name {
                let is_user =
                    super::pairs::USER_OPTIONS.contains(&&*name) && !argument.contains("://");
                if let Some(at) = argument.find(':').filter(|_| is_user) {
                    let mut password = argument.split_off(at + 1);
                    self.text("password", &mut password);
                    argument.push_str(&password);
                    continue;
                }
                if self.text(&name, argument) {
                    continue;
                }
            }
            let bare = argument.trim_start_matches('-');
            match bare.split_once('=') {
                Some((name, value)) => {
                    let (from, mut value) = (argument.len() - value.len(), value.to_owned());
                    if self.text(name, &mut value) {
                        argument.replace_range(from.., &value);
                    }
                }
                None => option = (bare.len() < argument.len()).then(|| bare.to_owned()),
            }
        }
    }

    fn request(&mut self, request: &mut Request) {
        for (name, value) in request.query.iter_mut().chain(&mut request.form) {
            self.text(name, value);
        }
        for (name, value) in &mut request.headers {
            let Some(masked) = self.masking.value(name, value) else { continue };
            self.taint.add(value);
            for secret in inner_secrets(name, value) {
                self.taint.add(secret);
            }
            *value = masked.text.to_string();
        }
        // A cookie's own name does not say whether it is secret: `id`, `remember_me`.
        let all = self.masking.name("cookie");
        for (name, value) in &mut request.cookies {
            if !self.text(name, value)
                && let Some(masked) = &all
            {
                self.taint.add(value);
                *value = masked.text.to_string();
            }
        }
        self.value(&mut request.json, 0);
        if request.url.contains('=') {
            // The fragment does not belong to the last parameter, and may contain parameters
            // itself.
            let fragment = request.url.find('#').map(|at| request.url.split_off(at));
            pairs::mask(self.masking, &mut request.url, Some(&mut *self.taint));
            if let Some(mut fragment) = fragment {
                pairs::mask(self.masking, &mut fragment, Some(&mut *self.taint));
                request.url.push_str(&fragment);
            }
        }
        self.userinfo(&mut request.url);
    }

    /// Masks user and password of a URL.
    fn userinfo(&mut self, url: &mut String) {
        let Some(at) = url.find("://") else { return };
        let Some(masked) = self.masking.name("password") else { return };
        for part in url::userinfo(url, at).into_iter().rev().flatten() {
            if url[part.clone()] != *masked.text {
                self.taint.add(&url[part.clone()]);
                url.replace_range(part, &masked.text);
            }
        }
    }

    /// Masks `value` if its name says so, and returns whether it did.
    fn text(&mut self, name: &str, value: &mut String) -> bool {
        let Some(masked) = self.masking.value(name, value) else { return false };
        self.taint.add(value);
        value.clear();
        value.push_str(&masked.text);
        true
    }

    fn map(&mut self, map: &mut Map, depth: usize) {
        for (name, value) in map {
            match self.masking.verdict(name) {
                Some(verdict) if is_count(&verdict, value) => {}
                Some(verdict) if verdict.is_certain() => {
                    self.remember(value, depth);
                    *value = Value::Text(verdict.masked.text.to_string());
                }
                verdict => {
                    self.value(value, depth + 1);
                    if let Some(verdict) = verdict {
                        self.suspect(&verdict, value, depth + 1);
                    }
                }
            }
        }
    }

    /// Masks what looks like a secret below a weak name.
    fn suspect(&mut self, verdict: &NameVerdict, value: &mut Value, depth: usize) {
        let text = match value {
            Value::Array(items) if items.iter().all(|item| matches!(item, Value::Number(_))) => {
                crate::json::to_string(value).unwrap_or_default()
            }
            Value::Array(items) if depth <= MAX_DEPTH => {
                return items.iter_mut().for_each(|item| self.suspect(verdict, item, depth + 1));
            }
            Value::Object(map) if depth <= MAX_DEPTH => {
                return map.values_mut().for_each(|item| self.suspect(verdict, item, depth + 1));
            }
            Value::Text(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return,
        };
        if let Some(hidden) = verdict.replacement_for(&text) {
            self.remember(value, depth);
            *value = Value::Text(hidden);
        }
    }

    fn value(&mut self, value: &mut Value, depth: usize) {
        match value {
            Value::Object(_) | Value::Array(_) if depth > MAX_DEPTH => {
                *value = Value::Text(self.masking.mask_because("too deep").text.to_string());
            }
            Value::Object(map) => self.map(map, depth),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item, depth + 1)),
            _ => {}
        }
    }

    fn remember(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Text(text) => self.taint.add(text),
            Value::Number(number) => self.taint.add(&number.to_string()),
            Value::Array(items) if depth <= MAX_DEPTH => {
                items.iter().for_each(|item| self.remember(item, depth + 1));
            }
            Value::Object(map) if depth <= MAX_DEPTH => {
                map.values().for_each(|item| self.remember(item, depth + 1));
            }
            _ => {}
        }
    }
}

/// Returns whether `value` counts what the name of `verdict` says, as in `{"cookies": 3}`.
fn is_count(verdict: &NameVerdict, value: &Value) -> bool {
    matches!(value, Value::Number(number) if verdict.counts(&number.to_string()))
}

/// Returns the secrets within a header that other text may repeat by themselves: credentials
/// without their scheme, cookies without names.
fn inner_secrets<'a>(name: &str, value: &'a str) -> impl Iterator<Item = &'a str> {
    let cookies = match name.to_ascii_lowercase().as_str() {
        "cookie" => usize::MAX,
        // Attributes such as `Path` follow the cookie.
        "set-cookie" => 1,
        _ => 0,
    };
    let cookies =
        value.split(';').take(cookies).filter_map(|cookie| Some(cookie.split_once('=')?.1));
    value.split_once(' ').map(|(_, credentials)| credentials).into_iter().chain(cookies)
}

/// Tells source code from other text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextKind {
    /// Text other than source code.
    Text,
    /// Source code of the program, where `token=x` is an assignment.
    Source,
}

/// Calls `visit` for every text of an event.
struct EventTexts<'a> {
    visit: &'a mut dyn FnMut(&mut String, TextKind),
}

impl EventTexts<'_> {
    fn text(&mut self, text: &mut String) {
        (self.visit)(text, TextKind::Text);
    }

    fn source(&mut self, text: &mut String) {
        (self.visit)(text, TextKind::Source);
    }

    fn event(&mut self, event: &mut Event) {
        self.text(&mut event.message);
        event.debug.iter_mut().for_each(|text| self.text(text));
        event.chain.iter_mut().for_each(|cause| self.text(&mut cause.message));
        event.frames.iter_mut().chain(&mut event.callers).for_each(|frame| self.frame(frame));
        self.variables(&mut event.globals);
        event.fingerprint.iter_mut().for_each(|text| self.text(text));
        self.text(&mut event.thread);
        event.origin.arguments.iter_mut().for_each(|text| self.text(text));
        let context = &mut event.context;
        self.map(&mut context.extras);
        context.tags.values_mut().chain(context.user.values_mut()).for_each(|text| self.text(text));
        for breadcrumb in &mut context.breadcrumbs {
            self.text(&mut breadcrumb.message);
            self.map(&mut breadcrumb.data);
        }
        if let Some(request) = &mut context.request {
            self.request(request);
        }
    }

    fn frame(&mut self, frame: &mut Frame) {
        self.source(&mut frame.expression);
        frame
            .snippet
            .iter_mut()
            .flat_map(|snippet| &mut snippet.lines)
            .for_each(|line| self.source(line));
        if let Some(error) = &mut frame.error {
            self.text(&mut error.message);
        }
        self.variables(&mut frame.arguments);
        self.variables(&mut frame.locals);
    }

    fn variables(&mut self, variables: &mut [Variable]) {
        for variable in variables.iter_mut() {
            if !variable.masked {
                variable.value.iter_mut().for_each(|text| self.text(text));
            }
            variable.note.iter_mut().for_each(|text| self.text(text));
        }
    }

    fn request(&mut self, request: &mut Request) {
        let Request { method, host, path, url, route, id, .. } = request;
        [method, host, path, url, route, id].into_iter().for_each(|text| self.text(text));
        let lists =
            [&mut request.query, &mut request.headers, &mut request.cookies, &mut request.form];
        lists.into_iter().flatten().for_each(|(_, value)| self.text(value));
        self.value(&mut request.json);
    }

    fn map(&mut self, map: &mut Map) {
        map.values_mut().for_each(|value| self.value(value));
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Text(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(map) => self.map(map),
            // It has fewer digits than card numbers and remembered values.
            Value::Number(number) if number.as_u64().is_some_and(|number| number < 100_000) => {}
            Value::Number(number) => {
                let mut text = number.to_string();
                self.text(&mut text);
                if text != number.to_string() {
                    *value = Value::Text(text);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}
