use super::serialize::{Shape, Sink};
use super::{Map, Number, Value};

/// Builds a [`Value`].
#[derive(Default)]
pub(super) struct Tree {
    open: Vec<Open>,
    done: Value,
}

enum Open {
    Array(Vec<Value>),
    Object { map: Map, key: String },
}

impl Tree {
    pub(super) fn finish(self) -> Value {
        self.done
    }

    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            Some(Open::Array(items)) => items.push(value),
            Some(Open::Object { map, key }) => {
                map.insert(std::mem::take(key), value);
            }
            None => self.done = value,
        }
    }
}

impl Sink for Tree {
    fn null(&mut self) {
        self.put(Value::Null);
    }

    fn bool(&mut self, value: bool) {
        self.put(Value::Bool(value));
    }

    fn number(&mut self, number: Number) {
        self.put(Value::Number(number));
    }

    fn string(&mut self, text: &str) {
        self.put(text.into());
    }

    fn open(&mut self, shape: Shape) {
        self.open.push(match shape {
            Shape::Array => Open::Array(Vec::new()),
            Shape::Object => Open::Object { map: Map::new(), key: String::new() },
        });
    }

    fn element(&mut self) {}

    fn key(&mut self, name: &str) {
        if let Some(Open::Object { key, .. }) = self.open.last_mut() {
            name.clone_into(key);
        }
    }

    fn close(&mut self, _: Shape) {
        match self.open.pop() {
            Some(Open::Array(items)) => self.put(Value::Array(items)),
            Some(Open::Object { map, .. }) => self.put(Value::Object(map)),
            None => {}
        }
    }
}
