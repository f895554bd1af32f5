use super::assets::{ASSETS, Asset};

/// What a path names. All of them lie in one folder, so that relative links are the same on every page.
#[derive(Debug)]
pub(super) enum Route<'a> {
    List,
    Issue { hash: &'a str, form: Form },
    Action,
    Asset(&'static Asset),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Html,
    Json,
    Markdown,
    Text,
}

impl<'a> Route<'a> {
    /// The route of a path that starts with `/`.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let name = path.strip_prefix('/')?;
        match name {
            "" => return Some(Self::List),
            "action" => return Some(Self::Action),
            _ => {}
        }
        let (hash, form) = match name.split_once('.') {
            None => (name, Form::Html),
            Some((hash, "json")) => (hash, Form::Json),
            Some((hash, "md")) => (hash, Form::Markdown),
            Some((hash, "txt")) => (hash, Form::Text),
            Some(_) => return ASSETS.find(name).map(Self::Asset),
        };
        is_hash(hash).then_some(Self::Issue { hash, form })
    }

    /// The methods that it answers, as an `Allow` header says it.
    pub(super) fn methods(&self) -> &'static str {
        match self {
            Self::Action => "POST",
            _ => "GET, HEAD",
        }
    }
}

/// Whether this looks like a fingerprint: 64 hexadecimal digits.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
