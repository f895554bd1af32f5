//! Recognises values in quotation marks of any language.

/// Returns the text after the quoted value at the start of `text`; `None` if there is none.
/// `before` is the character before it. A value whose closing quote was cut extends to the end.
pub(super) fn after_quoted(text: &str, before: char) -> Option<&str> {
    let open = text.chars().next()?;
    let inner = &text[open.len_utf8()..];
    let in_word = before.is_alphanumeric();
    match open {
        '"' => Some(after_escaped(inner)),
        '\'' if !in_word => after_apostrophe(inner, &['\'']),
        // The quotes of GNU programs. Text between two backticks is not a value.
        '`' => {
            let after = after_apostrophe(inner, &['\''])?;
            let quoted = &inner[..inner.len() - after.len()];
            (!quoted.contains('`') && after.len() < inner.len()).then_some(after)
        }
        '‘' => after_apostrophe(inner, &['’']),
        // Within a word it is an apostrophe.
        '’' | '‚' | '‛' if !in_word => after_apostrophe(inner, &['‘', '’']),
        '“' | '”' | '„' | '‟' => Some(after_closing(inner, &['“', '”']).unwrap_or("")),
        '«' => Some(after_closing(inner, &['»']).unwrap_or("")),
        '»' => after_closing(inner, &['«', '»']),
        '‹' => Some(after_closing(inner, &['›']).unwrap_or("")),
        '›' => after_closing(inner, &['‹', '›']),
        '「' => Some(after_closing(inner, &['」']).unwrap_or("")),
        '『' => Some(after_closing(inner, &['』']).unwrap_or("")),
        '＂' => Some(after_closing(inner, &['＂']).unwrap_or("")),
        _ => None,
    }
}

fn after_closing<'a>(text: &'a str, closing: &[char]) -> Option<&'a str> {
    let (at, mark) = text.char_indices().find(|(_, c)| closing.contains(c))?;
    Some(&text[at + mark.len_utf8()..])
}

/// Returns the text after the closing `"`, skipping escaped ones; empty if there is none.
fn after_escaped(text: &str) -> &str {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// Returns the text after the closing mark. A mark inside a word (`can't`) does not close.
fn after_apostrophe<'a>(text: &'a str, closing: &[char]) -> Option<&'a str> {
    text.match_indices(closing)
        .map(|(at, mark)| &text[at + mark.len()..])
        .find(|after| !after.chars().next().is_some_and(char::is_alphanumeric))
}
