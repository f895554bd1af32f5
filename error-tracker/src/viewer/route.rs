use super::api::ApiRoute;
use super::assets::{ASSETS, Asset};

/// The target of a path. All pages are in one folder, so that relative links are the same on each.
#[derive(Debug)]
pub(super) enum ViewerRoute<'a> {
    List,
    Issue { hash: &'a str, form: ActionForm },
    Action,
    Api(ApiRoute<'a>),
    Asset(&'static Asset),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActionForm {
    Html,
    Json,
    Markdown,
    Prompt,
    Text,
}

impl ActionForm {
    /// Returns the end of the name of a page in this form.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Html => "",
            Self::Json => ".json",
            Self::Markdown => ".md",
            Self::Prompt => ".prompt.md",
            Self::Text => ".txt",
        }
    }
}

impl<'a> ViewerRoute<'a> {
    /// Returns the route of a path that starts with `/`.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let name = path.strip_prefix('/')?;
        match name {
            "" => return Some(Self::List),
            "action" => return Some(Self::Action),
            "issues.json" => return Some(Self::Api(ApiRoute::Issues)),
            _ => {}
        }
        if let Some(path) = name.strip_prefix("api/") {
            return ApiRoute::of(path).map(Self::Api);
        }
        let (hash, form) = match name.split_once('.') {
            None => (name, ActionForm::Html),
            Some((hash, "json")) => (hash, ActionForm::Json),
            Some((hash, "md")) => (hash, ActionForm::Markdown),
            Some((hash, "prompt.md")) => (hash, ActionForm::Prompt),
            Some((hash, "txt")) => (hash, ActionForm::Text),
            Some(_) => return ASSETS.get().find(name).map(Self::Asset),
        };
        is_hash(hash).then_some(Self::Issue { hash, form })
    }

    /// Returns the allowed methods in the form of an `Allow` header.
    pub(super) fn methods(&self) -> &'static str {
        match self {
            Self::Action => "POST",
            Self::Api(route) => route.methods(),
            _ => "GET, HEAD",
        }
    }
}

/// Returns whether a path that starts with `/` is answered with JSON, also when nothing is there.
pub(super) fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path == "/issues.json"
}

/// Returns whether `text` has the form of an issue's hash: 64 hexadecimal digits.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
