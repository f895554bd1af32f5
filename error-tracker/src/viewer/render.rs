//! Renders templates to HTML.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, State, UndefinedBehavior, Value};
use serde::Serialize;

use super::assets::ASSETS;
use super::words::PageWords;
use super::{Visit, debug_tree, escape};
use crate::fork::LazyPerProcess;

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
    let layout = |health| PageLayout {
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
        health,
        body: &body,
    };
    let mut health = if visit.allowed { visit.viewer.health_now() } else { None };
    if let Some(own) = &visit.viewer.templates {
        match own.render(template, layout(health.clone())) {
            Ok(html) => return Ok(html),
            // The page is there all the same, and says why it looks as it does.
            Err(error) if visit.allowed => health = Some(chain_text(&error)),
            Err(_) => {}
        }
    }
    BUILT_IN.get().render(template, layout(health))
}

static BUILT_IN: LazyPerProcess<Templates> =
    LazyPerProcess::new(|| Templates(Arc::new(environment())));

fn environment() -> Environment<'static> {
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
}

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

/// Templates of the program's own, which take the place of those of the pages.
///
/// They are those of [minijinja], and all values are escaped. Start with a copy of [ours]: the
/// values that they get may change with each version before 1.0. If rendering one fails, the page
/// is rendered by ours, and says so.
///
/// [minijinja]: https://docs.rs/minijinja
/// [ours]: https://docs.rs/crate/error-tracker/latest/source/src/viewer/templates/
///
/// ```no_run
/// # fn pages(viewer: error_tracker::viewer::Viewer) -> Result<(), Box<dyn std::error::Error>> {
/// use error_tracker::viewer::Templates;
///
/// let viewer = viewer.templates(Templates::read("templates/errors")?);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Templates(Arc<Environment<'static>>);

impl Templates {
    /// Reads a folder: its files `layout.html`, `list.html`, `detail.html`, `parts.html` and
    /// `problem.html` take the place of ours, as far as they are there. Other files `*.html` are
    /// parts for them.
    ///
    /// # Errors
    /// If the folder or one of its files cannot be read, or a file is no template.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, TemplateError> {
        let folder = folder.as_ref();
        let failed = |path: &Path, error: &dyn std::fmt::Display| {
            TemplateError(format!("{}: {error}", path.display()))
        };
        let mut environment = environment();
        let files = fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
        for file in files {
            let path = file.map_err(|error| failed(folder, &error))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if !name.ends_with(".html") {
                continue;
            }
            let source = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
            environment
                .add_template_owned(name.to_owned(), source)
                .map_err(|error| failed(&path, &chain_text(&error)))?;
        }
        Ok(Self(Arc::new(environment)))
    }

    fn render(&self, template: &str, page: impl Serialize) -> Result<Vec<u8>, Error> {
        Ok(self.0.get_template(template)?.render(Serde(page))?.into_bytes())
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").finish_non_exhaustive()
    }
}

/// The reason why templates of the program's own cannot be used: their folder or a file cannot be
/// read, or a file is no template.
#[derive(Debug)]
pub struct TemplateError(String);

impl std::fmt::Display for TemplateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TemplateError {}

/// Returns an error with its causes on one line.
fn chain_text(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
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
