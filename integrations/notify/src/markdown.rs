//! Texts of events within Markdown.

/// A character without width, by which text is no markup any more.
const ZERO_WIDTH: char = '\u{200b}';

/// Returns text in which no character has a meaning in Markdown, and which mentions nobody.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '[' | ']' | '(' | ')' | '#' | '!' => {
                safe.push('\\');
                safe.push(c);
            }
            '@' => safe.extend([c, ZERO_WIDTH]),
            c => safe.push(c),
        }
    }
    safe
}

/// Returns a block of code that ends where `text` does.
pub(crate) fn code_block(text: &str) -> String {
    let text = text.replace("```", &format!("`{ZERO_WIDTH}`{ZERO_WIDTH}`"));
    format!("```\n{text}\n```")
}

/// Returns a link if there is an address.
pub(crate) fn link(address: Option<&str>, text: &str) -> String {
    match address {
        Some(address) => {
            let address = address.replace('(', "%28").replace(')', "%29").replace(' ', "%20");
            format!("[{}]({address})", escaped(text))
        }
        None => escaped(text),
    }
}
