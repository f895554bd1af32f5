//! All of an event at once.

use super::taint::Scrubber;
use super::{Masking, Taint, pairs, values};
use crate::event::{Event, Frame, Request, Variable};
use crate::json::{Map, Value};

/// Levels of JSON that are looked through; deeper ones are masked whole.
const DEEPEST: usize = 128;

/// Masks everything in `event` by name, then by shape and by `taint`, to which the values are added that
/// are masked here. Names of variables and the program's own text (functions, files) stay; expressions and
/// source lines are masked by shape only.
pub(crate) fn event(masking: &Masking, event: &mut Event, mut taint: Taint) {
    if masking.masks_names() {
        Names { masking, taint: &mut taint }.event(event);
    }
    if masking.masks_values() {
        let scrubber = (!taint.is_empty()).then(|| taint.scrubber());
        Texts { masking, scrubber }.event(event);
    }
}

struct Names<'a> {
    masking: &'a Masking,
    taint: &'a mut Taint,
}

impl Names<'_> {
    fn event(&mut self, event: &mut Event) {
        for frame in event.frames.iter_mut().chain(&mut event.callers) {
            self.variables(&mut frame.arguments);
            self.variables(&mut frame.locals);
        }
        self.variables(&mut event.globals);
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
            let Some(masked) = self.masking.name(&variable.name) else { continue };
            if let Some(value) = &variable.value {
                self.taint.add_debug(value);
            }
            variable.value = Some(masked.text.to_string());
            variable.masked = true;
            variable.masked_by = Some(masked.rule.to_string());
        }
    }

    fn request(&mut self, request: &mut Request) {
        for (name, value) in request.query.iter_mut().chain(&mut request.form) {
            self.text(name, value);
        }
        for (name, value) in &mut request.headers {
            let Some(masked) = self.masking.name(name) else { continue };
            self.taint.add(value);
            for secret in inner_secrets(name, value) {
                self.taint.add(secret);
            }
            *value = masked.text.to_string();
        }
        // A cookie's own name tells little: `id`, `remember_me`.
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
            // The fragment is no part of the last parameter, and may hold parameters itself.
            let fragment = request.url.find('#').map(|at| request.url.split_off(at));
            pairs::mask(self.masking, &mut request.url, Some(&mut *self.taint));
            if let Some(mut fragment) = fragment {
                pairs::mask(self.masking, &mut fragment, Some(&mut *self.taint));
                request.url.push_str(&fragment);
            }
        }
        self.userinfo(&mut request.url);
    }

    /// Masks what stands before the `@` of a URL: it is a password, or a token in a user's place.
    fn userinfo(&mut self, url: &mut String) {
        let Some(from) = url.find("://").map(|at| at + 3) else { return };
        let authority = url[from..].find(['/', '?', '#']).map_or(url.len(), |length| from + length);
        let Some(to) = url[from..authority].rfind('@').map(|length| from + length) else { return };
        let Some(masked) = self.masking.name("password") else { return };
        let user = url[from..to].find(':').map_or(from, |length| from + length + 1);
        if url[user..to] != *masked.text {
            self.taint.add(&url[user..to]);
            url.replace_range(user..to, &masked.text);
        }
    }

    /// Whether `value` was masked.
    fn text(&mut self, name: &str, value: &mut String) -> bool {
        let Some(masked) = self.masking.name(name) else { return false };
        self.taint.add(value);
        value.clear();
        value.push_str(&masked.text);
        true
    }

    fn map(&mut self, map: &mut Map, depth: usize) {
        for (name, value) in map {
            match self.masking.name(name) {
                Some(masked) => {
                    self.remember(value, depth);
                    *value = Value::Text(masked.text.to_string());
                }
                None => self.value(value, depth + 1),
            }
        }
    }

    fn value(&mut self, value: &mut Value, depth: usize) {
        match value {
            Value::Object(_) | Value::Array(_) if depth > DEEPEST => {
                *value = Value::Text(self.masking.because("too deep").text.to_string());
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
            Value::Array(items) if depth <= DEEPEST => {
                items.iter().for_each(|item| self.remember(item, depth + 1))
            }
            Value::Object(map) if depth <= DEEPEST => {
                map.values().for_each(|item| self.remember(item, depth + 1))
            }
            _ => {}
        }
    }
}

/// What may show again apart from its header: credentials without their scheme, cookies without names.
fn inner_secrets<'a>(name: &str, value: &'a str) -> impl Iterator<Item = &'a str> {
    let cookies = match name.to_ascii_lowercase().as_str() {
        "cookie" => usize::MAX,
        // Attributes such as `Path` follow the cookie.
        "set-cookie" => 1,
        _ => 0,
    };
    let cookies = value.split(';').take(cookies).filter_map(|cookie| Some(cookie.split_once('=')?.1));
    value.split_once(' ').map(|(_, credentials)| credentials).into_iter().chain(cookies)
}

struct Texts<'a> {
    masking: &'a Masking,
    scrubber: Option<Scrubber>,
}

impl Texts<'_> {
    fn text(&self, text: &mut String) {
        self.masking.values_in(text);
        self.scrub(text);
    }

    fn scrub(&self, text: &mut String) {
        if let Some(scrubber) = &self.scrubber {
            scrubber.scrub(text, &self.masking.inner.text);
        }
    }

    fn source(&self, text: &mut String) {
        values::shapes(self.masking, text);
    }

    fn event(&self, event: &mut Event) {
        self.text(&mut event.message);
        event.debug.iter_mut().for_each(|text| self.text(text));
        event.chain.iter_mut().for_each(|cause| self.text(&mut cause.message));
        event.frames.iter_mut().chain(&mut event.callers).for_each(|frame| self.frame(frame));
        self.variables(&mut event.globals);
        event.fingerprint.iter_mut().for_each(|text| self.text(text));
        self.text(&mut event.thread);
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

    fn frame(&self, frame: &mut Frame) {
        self.source(&mut frame.expression);
        frame.snippet.iter_mut().flat_map(|snippet| &mut snippet.lines).for_each(|line| self.source(line));
        if let Some(error) = &mut frame.error {
            self.text(&mut error.message);
        }
        self.variables(&mut frame.arguments);
        self.variables(&mut frame.locals);
    }

    fn variables(&self, variables: &mut [Variable]) {
        for variable in variables.iter_mut() {
            if !variable.masked {
                variable.value.iter_mut().for_each(|text| self.text(text));
            }
            variable.note.iter_mut().for_each(|text| self.text(text));
        }
    }

    fn request(&self, request: &mut Request) {
        for text in [&mut request.method, &mut request.host, &mut request.path, &mut request.url] {
            self.text(text);
        }
        let lists = [&mut request.query, &mut request.headers, &mut request.cookies, &mut request.form];
        lists.into_iter().flatten().for_each(|(_, value)| self.text(value));
        self.value(&mut request.json);
    }

    fn map(&self, map: &mut Map) {
        map.values_mut().for_each(|value| self.value(value));
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::Text(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(map) => self.map(map),
            // Fewer digits than any card number or remembered value has.
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
