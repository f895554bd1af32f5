//! Values in quotation marks, of any language.

/// Returns what follows a quoted value with which `text` starts; nothing where it does not start
/// with one. `before` is the character before it. What a message that was cut begins and does not
/// end is a quoted value, too.
pub(super) fn after_quoted(text: &str, before: char) -> Option<&str> {
    let open = text.chars().next()?;
    let inner = &text[open.len_utf8()..];
    let in_word = before.is_alphanumeric();
    match open {
        '"' => Some(after_escaped(inner)),
        '\'' if !in_word => after_apostrophe(inner, &['\'']),
        // GNU's, beside which what is in backticks stays.
        '`' => {
            let behind = after_apostrophe(inner, &['\''])?;
            let quoted = &inner[..inner.len() - behind.len()];
            (!quoted.contains('`') && behind.len() < inner.len()).then_some(behind)
        }
        '‘' => after_apostrophe(inner, &['’']),
        // An apostrophe, where it is within a word.
        '’' | '‚' | '‛' if !in_word => after_apostrophe(inner, &['‘', '’']),
        '“' | '”' | '„' | '‟' => Some(behind(inner, &['“', '”']).unwrap_or("")),
        '«' => Some(behind(inner, &['»']).unwrap_or("")),
        '»' => behind(inner, &['«', '»']),
        '‹' => Some(behind(inner, &['›']).unwrap_or("")),
        '›' => behind(inner, &['‹', '›']),
        '「' => Some(behind(inner, &['」']).unwrap_or("")),
        '『' => Some(behind(inner, &['』']).unwrap_or("")),
        '＂' => Some(behind(inner, &['＂']).unwrap_or("")),
        _ => None,
    }
}

fn behind<'a>(text: &'a str, closing: &[char]) -> Option<&'a str> {
    let (at, mark) = text.char_indices().find(|(_, c)| closing.contains(c))?;
    Some(&text[at + mark.len_utf8()..])
}

/// Returns what follows the closing `"`, before which there may be escaped ones; nothing where it
/// is missing.
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

/// Returns what follows the closing mark; one inside a word (`can't`) does not close.
fn after_apostrophe<'a>(text: &'a str, closing: &[char]) -> Option<&'a str> {
    text.match_indices(closing)
        .map(|(at, mark)| &text[at + mark.len()..])
        .find(|behind| !behind.chars().next().is_some_and(char::is_alphanumeric))
}
