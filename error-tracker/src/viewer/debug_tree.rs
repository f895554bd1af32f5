//! Parses `Debug` output and JSON into a tree, so that a page can fold its parts.

use std::borrow::Cow;

use serde::Serialize;

/// The maximum length of a text, or of a part of a text, that stays on one line, in bytes.
const MAX_LINE: usize = 60;
/// The maximum depth of nested parts. Deeper parts are shown as text.
const MAX_DEPTH: usize = 40;
/// The maximum number of parts. A text with more is not parsed.
const MAX_NODES: usize = 4_000;
/// The maximum length of an element that may share a line with the others of its list, in bytes.
const MAX_BESIDE_OTHERS: usize = 24;
/// The maximum length of the text that stands for folded parts, in bytes.
const MAX_PREVIEW: usize = 48;

/// A part of a value: a field, an element, an entry.
#[derive(Debug, Serialize, PartialEq)]
pub(super) struct DebugNode<'a> {
    /// The text before the inner parts, or the whole text if there are none.
    head: Cow<'a, str>,
    /// The inner parts; empty if the text stays on one line.
    nodes: Vec<DebugNode<'a>>,
    /// The text after the inner parts, from the closing bracket on.
    tail: Cow<'a, str>,
    /// The start of the inner parts as text, which is shown while they are folded.
    preview: Cow<'a, str>,
}

impl<'a> DebugNode<'a> {
    /// Returns a part without inner parts.
    fn line(text: Cow<'a, str>) -> Self {
        let (tail, preview) = (Cow::default(), Cow::default());
        Self { head: text, nodes: Vec::new(), tail, preview }
    }

    /// Returns whether this is a short element without a name, which may share a line with others.
    fn is_small(&self) -> bool {
        self.nodes.is_empty() && self.head.len() <= MAX_BESIDE_OTHERS && !self.head.contains(": ")
    }
}

/// Parses the output of a derived `Debug`, or JSON. Returns `None` for a text of at most 60 bytes,
/// with more than 4,000 parts, or in another form. A text that was cut is parsed up to the cut.
pub(super) fn read(text: &str) -> Option<DebugNode<'_>> {
    if text.len() <= MAX_LINE || !text.contains(['{', '[', '(']) {
        return None;
    }
    let mut reader = DebugReader { text, at: 0, nodes: 0 };
    let node = reader.node(0)?;
    (reader.at == text.len() && !node.nodes.is_empty()).then_some(node)
}

struct DebugReader<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
}

impl<'a> DebugReader<'a> {
    /// Reads one part, up to the comma or closing bracket after it. Returns `None` if there are too
    /// many parts.
    fn node(&mut self, depth: usize) -> Option<DebugNode<'a>> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return None;
        }
        let start = self.at;
        let mut group = None;
        while let Some(byte) = self.byte() {
            match byte {
                b',' | b'}' | b']' | b')' => break,
                b'{' | b'[' | b'(' if group.is_none() && depth < MAX_DEPTH && self.opens() => {
                    let open = self.at;
                    let nodes = self.group(depth)?;
                    group = Some((open + 1, nodes, self.at));
                }
                b'{' | b'[' | b'(' => self.skip_group(),
                _ => self.skip_token(byte),
            }
        }
        let line = on_one_line(&self.text[start..self.at]);
        Some(match group {
            Some((open, nodes, end)) if line.len() > MAX_LINE && !nodes.is_empty() => {
                let closes = self.text[..end].ends_with(['}', ']', ')']);
                let inner = &self.text[open..end - usize::from(closes)];
                DebugNode {
                    head: on_one_line(&self.text[start..open]),
                    nodes: if nodes.iter().all(DebugNode::is_small) {
                        vec![DebugNode::line(on_one_line(inner))]
                    } else {
                        nodes
                    },
                    tail: on_one_line(&self.text[end - usize::from(closes)..self.at]),
                    preview: on_one_line(&inner[..inner.floor_char_boundary(MAX_PREVIEW)]),
                }
            }
            _ => DebugNode::line(line),
        })
    }

    /// Returns whether the bracket at the current position opens inner parts. A bracket after a
    /// string does not: it is the length of a string that was cut (`"one"… (80 bytes)`).
    fn opens(&self) -> bool {
        !self.text[..self.at].trim_end().ends_with(['"', '…'])
    }

    /// Reads the parts between brackets, and the closing bracket, unless it was cut off.
    fn group(&mut self, depth: usize) -> Option<Vec<DebugNode<'a>>> {
        self.at += 1;
        let mut nodes = Vec::new();
        loop {
            let node = self.node(depth + 1)?;
            if !node.head.is_empty() {
                nodes.push(node);
            }
            match self.byte() {
                Some(b',') => self.at += 1,
                Some(_) => {
                    self.at += 1;
                    return Some(nodes);
                }
                None => return Some(nodes),
            }
        }
    }

    /// Skips a bracket and everything up to its closing bracket.
    fn skip_group(&mut self) {
        let mut open = 0_usize;
        while let Some(byte) = self.byte() {
            match byte {
                b'{' | b'[' | b'(' => open += 1,
                b'}' | b']' | b')' => open -= 1,
                _ => {
                    self.skip_token(byte);
                    continue;
                }
            }
            self.at += 1;
            if open == 0 {
                return;
            }
        }
    }

    /// Skips a string or character literal, or one byte. `byte` is the one at the current position.
    fn skip_token(&mut self, byte: u8) {
        let rest = &self.text.as_bytes()[self.at + 1..];
        let quoted = match byte {
            b'"' => Some(length_to_quote(rest, b'"').unwrap_or(rest.len())),
            // A quote without a second one nearby is that of a lifetime.
            b'\'' => length_to_quote(&rest[..rest.len().min(12)], b'\''),
            _ => None,
        };
        self.at += 1 + quoted.unwrap_or(0);
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// Returns the length of a quoted text including the closing quote, or `None` if there is none. The
/// opening quote is before `text`.
fn length_to_quote(text: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 1,
            byte if byte == quote => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Trims a text and joins its lines. This does not change strings in it, whose line feeds are
/// escaped.
fn on_one_line(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !text.contains('\n') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.lines().map(str::trim).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::{DebugNode, read};

    /// Returns a tree as lines that are indented by two spaces for each level.
    fn shown(text: &str) -> String {
        fn write(out: &mut String, node: &DebugNode<'_>, depth: usize) {
            out.push_str(&format!("{}{}\n", "  ".repeat(depth), node.head));
            node.nodes.iter().for_each(|node| write(out, node, depth + 1));
            if !node.tail.is_empty() {
                out.push_str(&format!("{}{}\n", "  ".repeat(depth), node.tail));
            }
        }
        let mut out = String::new();
        write(&mut out, &read(text).expect("a tree"), 0);
        out
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "shown by `Debug`")]
    struct Order {
        id: u64,
        note: &'static str,
        lines: Vec<(u32, char, Option<&'static str>)>,
        ship_to: std::collections::BTreeMap<&'static str, Vec<&'static str>>,
    }

    fn order() -> Order {
        Order {
            id: 7,
            note: "a \"quoted\", { odd ] one",
            lines: vec![
                (1, '}', Some("a long enough description of the first line")),
                (2, '\'', None),
            ],
            ship_to: [
                ("street", vec!["Kirchgasse 17", "second door on the left"]),
                ("city", vec![]),
            ]
            .into(),
        }
    }

    #[test]
    fn values_become_trees_of_their_fields_and_elements() {
        let expected = r#"
Order {
  id: 7
  note: "a \"quoted\", { odd ] one"
  lines: [
    (
      1
      '}'
      Some("a long enough description of the first line")
    )
    (2, '\'', None)
  ]
  ship_to: {
    "city": []
    "street": ["Kirchgasse 17", "second door on the left"]
  }
}
"#;
        assert_eq!(shown(&format!("{:?}", order())), expected.trim_start());
        // In the `{:#?}` form, brackets stand on lines of their own.
        let pretty = shown(&format!("{:#?}", order())).replace(", )", ")").replace(", ]", "]");
        assert_eq!(pretty.replace("( ", "(").replace("[ ", "["), expected.trim_start());
    }

    #[test]
    fn small_elements_stand_beside_each_other() {
        let all = (10..40).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
        assert_eq!(shown(&format!("Some([{all}])")), format!("Some(\n  [\n    {all}\n  ]\n)\n"));
    }

    #[test]
    fn json_is_a_tree() {
        let json = r#"{"id": 7, "to": {"city": "Z\"ürich", "lines": ["Kirchgasse 17", "second door on the left"]}}"#;
        assert_eq!(
            shown(json),
            "{\n  \"id\": 7\n  \"to\": {\n    \"city\": \"Z\\\"ürich\"\n    \"lines\": [\"Kirchgasse 17\", \"second door on the left\"]\n  }\n}\n"
        );
    }

    #[test]
    fn a_cut_text_is_read_up_to_the_cut() {
        let whole = format!("{:?}", order());
        let cut = format!("{}…", &whole[..whole.len() - 20]);
        assert!(
            shown(&cut).ends_with("\"street\": [\"Kirchgasse 17\", \"second d…\n"),
            "{}",
            shown(&cut)
        );
    }

    #[test]
    fn sentences_and_short_values_stay_as_they_are() {
        for text in [
            "Some(7)",
            "\"a string that was cut after more than sixty characters, as said behind it\"… (1080 bytes)",
            "Point { x: 1, y: 2 }",
            "a sentence of more than sixty characters, which (as one sees) has brackets",
            "closed) before it was (opened in a text that is longer than sixty characters",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn very_deep_and_very_long_values_are_read_or_left_as_text() {
        let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
        assert!(read(&deep).is_some());
        assert_eq!(read(&format!("[{}]", "1, ".repeat(50_000))), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[a-z{}\\[\\]()\"'\\\\,: \nü…]{60,200}") {
            let _ = read(&text);
        }

        #[test]
        fn no_text_of_a_value_is_lost(value: (Vec<(String, Option<f64>)>, std::collections::BTreeMap<String, Vec<char>>)) {
            fn write(out: &mut String, node: &DebugNode<'_>) {
                out.push_str(&node.head);
                node.nodes.iter().for_each(|node| write(out, node));
                out.push_str(&node.tail);
            }
            let text = format!("{value:?}");
            if let Some(tree) = read(&text) {
                let mut all = String::new();
                write(&mut all, &tree);
                let bare = |text: &str| text.replace([' ', ','], "");
                proptest::prop_assert_eq!(bare(&all), bare(&text));
            }
        }
    }
}
