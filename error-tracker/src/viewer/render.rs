//! Renders templates to HTML.

use crate::fork::LazyPerProcess;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, State, UndefinedBehavior, Value};
use serde::Serialize;

use super::assets::ASSETS;
use super::words::PageWords;
use super::{Visit, debug_tree, escape};

/// The data of every page, and the data of one page.
#[derive(Serialize)]
struct PageLayout<'a, B> {
    w: &'a PageWords,
    lang: &'a str,
    /// The relative link from the page to the list.
    root: &'a str,
    title: &'a str,
    style: &'a str,
    script: &'a str,
    icon: &'a str,
    csrf: String,
    health: Option<String>,
    #[serde(flatten)]
    body: B,
}

pub(super) fn page(
    visit: &Visit<'_>,
    template: &str,
    title: &str,
    body: impl Serialize,
) -> Result<Vec<u8>, Error> {
    let page = PageLayout {
        w: visit.words,
        lang: visit.words.get("lang"),
        root: &visit.root,
        title,
        style: &ASSETS.get().style.name,
        script: &ASSETS.get().script.name,
        icon: &ASSETS.get().icon.name,
        csrf: if visit.allowed {
            visit.viewer.form_token().as_str().to_owned()
        } else {
            String::new()
        },
        health: if visit.allowed { visit.viewer.health_now() } else { None },
        body,
    };
    Ok(ENVIRONMENT.get().get_template(template)?.render(Serde(page))?.into_bytes())
}

static ENVIRONMENT: LazyPerProcess<Environment<'static>> = LazyPerProcess::new(|| {
    let mut environment = Environment::new();
    environment.remove_filter("safe");
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_formatter(|out, _, value| {
        if value.is_safe() {
            return out.write_str(value.as_str().unwrap_or_default()).map_err(Error::from);
        }
        match value.as_str() {
            Some(text) => escape::html(out, text)?,
            None => escape::html(out, &value.to_string())?,
        }
        Ok(())
    });
    environment.add_filter("plain", |text: &str| {
        let mut out = String::with_capacity(text.len());
        escape::plain(&mut out, text)?;
        Ok::<_, Error>(Value::from_safe_string(out))
    });
    environment.add_filter("tree", |text: &str| Value::from(Serde(debug_tree::read(text))));
    environment.add_filter("short", |path: &str| crate::event::short_type(path, None));
    environment.add_filter("counted", |state: &State<'_, '_>, n: u64, key: &str| {
        words(state).counted(key, n)
    });
    environment.add_filter("number", |state: &State<'_, '_>, n: u64| words(state).number(n));
    environment.add_filter("length", Value::len);
    environment.add_test("none", Value::is_none);
    for (name, source) in TEMPLATES {
        // A template that does not parse is missing, which every test that renders it detects.
        let _ = environment.add_template(name, source);
    }
    environment
});

const TEMPLATES: [(&str, &str); 5] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("list.html", include_str!("templates/list.html")),
    ("detail.html", include_str!("templates/detail.html")),
    ("problem.html", include_str!("templates/problem.html")),
];

fn words(state: &State<'_, '_>) -> &'static PageWords {
    let lang = state.lookup("lang");
    PageWords::preferred(lang.as_ref().and_then(Value::as_str))
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_template_turns_escaping_off() {
        for (name, source) in super::TEMPLATES {
            assert!(!source.contains("safe") && !source.contains("autoescape"), "{name}");
            super::Environment::new().add_template(name, source).unwrap();
        }
    }
}
