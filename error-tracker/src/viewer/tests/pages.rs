//! Snapshots of the pages, and tests that no text of an event is markup.

use super::{body, get, over, viewer};
use crate::store::{EventSelector, MemoryStore, Sighting, Store};
use crate::viewer::{Templates, Viewer, sample};
use std::sync::Arc;

/// Replaces the parts of a page that differ between runs.
fn steady(html: &str, token: &str) -> String {
    let assets = crate::viewer::assets::ASSETS.get();
    html.replace(token, "TOKEN")
        .replace(&assets.style.name, "viewer.css")
        .replace(&assets.script.name, "viewer.js")
        .replace(&assets.icon.name, "viewer.svg")
}

#[test]
fn the_list() {
    let (viewer, _) = viewer();
    insta::assert_snapshot!(steady(
        body(&get(&viewer, "/?host=import")),
        viewer.form_token().as_str()
    ));
}

#[test]
fn the_detail() {
    let (viewer, _) = viewer();
    let answer = get(&viewer, &format!("/{}", sample::hash("parse")));
    insta::assert_snapshot!(steady(body(&answer), viewer.form_token().as_str()));
}

#[test]
fn markdown_and_text() {
    let (viewer, _) = viewer();
    let hash = sample::hash("parse");
    insta::assert_snapshot!(body(&get(&viewer, &format!("/{hash}.md"))));
    insta::assert_snapshot!(body(&get(&viewer, &format!("/{hash}.txt"))));
}

#[test]
fn templates_of_the_programs_own_take_the_place_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("problem.html", "{% include 'sorry.html' %} {{ status }} {{ detail }}");
    write("sorry.html", "Sorry.");
    write("notes.txt", "{% no template");
    let (viewer, _) = viewer();
    let own = viewer.clone().templates(Templates::read(folder.path()).unwrap());
    assert_eq!(body(&get(&own, "/?kind=<b>")), "Sorry. 400 kind: error, panic, message, none");
    assert_eq!(body(&get(&own, "/")), body(&get(&viewer, "/")), "the others are ours");

    write("list.html", "{{ nothing.of.this }}");
    let own = viewer.clone().templates(Templates::read(folder.path()).unwrap());
    let shown = get(&own, "/");
    assert_eq!(shown.status(), 200);
    assert!(body(&shown).contains("in list.html:1"), "says what is wrong: {}", body(&shown));
    assert!(body(&shown).contains(&sample::hash("parse")), "the list is there");
    assert!(!body(&get(&Viewer::new(Arc::new(MemoryStore::new())), "/")).contains("list.html"));

    write("list.html", "\n{% for %}");
    let error = Templates::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("list.html") && error.contains(":2)"), "{error}");
    let error = Templates::read(folder.path().join("none")).unwrap_err().to_string();
    assert!(error.contains("none: No such file"), "{error}");
}

#[test]
fn a_search_for_an_id_leads_to_the_event() {
    let (viewer, store) = viewer();
    let hash = sample::hash("parse");
    let mut event = store.event(&hash, &EventSelector::Oldest).unwrap().unwrap();
    event.id = "0198c2f0-7a1b-7c3d-8e4f-5a6b7c8d9e0f".into();
    store.record(&[Sighting::new(event.clone())]).unwrap();
    let id = &event.id;
    for text in [id.clone(), format!("+{}+", id.to_uppercase()), id.replace('-', "")] {
        let found = get(&viewer, &format!("/?status=muted&text={text}"));
        assert_eq!(found.status(), 303, "{text}");
        assert_eq!(found.header("location"), Some(&*format!("{hash}?event={id}")));
    }
    let unknown = id.replace('0', "1");
    assert_eq!(get(&viewer, &format!("/?text={unknown}")).status(), 200);
}

const PAYLOADS: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "` autofocus onfocus=alert(1) x=`",
    "javascript:alert(1)",
    "</title><svg onload=alert(1)>",
    "</textarea><iframe srcdoc=x>",
    "{{ 7*7 }}{% raw %}",
    "<!--<b>-->&lt;i&gt;",
    "]]></svg></style><b>",
    "\u{202e}<a href=//evil.example>\u{0}",
    "\u{ff1c}b\u{ff1e}\u{2028}\u{feff}<b>",
];

#[test]
fn nothing_of_an_event_is_markup() {
    // A page with harmless text has as many elements as one with any payload. Long texts with the same brackets and quotes become
    // the same trees.
    let harmless = |payload: &str| payload.replace(|c| !"{}[](), \"'".contains(c), "x");
    let page = |text: &str| {
        let text = &format!("{text:x<80}");
        let store = MemoryStore::new();
        let event = sample::with_everywhere(sample::parse_error(), text);
        let mut event = crate::event::Event { at: sample::now(), ..event };
        event.grouping.hash = sample::hash("x");
        store.record(&[Sighting::new(event)]).unwrap();
        let viewer = over(Arc::new(store));
        let list = body(&get(&viewer, "/")).to_owned();
        list + body(&get(&viewer, &format!("/{}", sample::hash("x"))))
    };
    let tags = |html: &str| {
        let html = html.replace("<span class=esc>", "");
        let tag = |rest: &str| rest.split(['>', ' ', '\n']).next().unwrap_or_default().to_owned();
        let mut tags = html
            .split('<')
            .skip(1)
            .map(tag)
            .filter(|tag| tag != "/span" && tag != "span" && tag != "mark" && tag != "/mark")
            .collect::<Vec<_>>();
        // Names are sorted, and payloads are names.
        tags.sort_unstable();
        tags
    };
    for payload in PAYLOADS {
        let html = page(payload);
        assert_eq!(tags(&html).join(" "), tags(&page(&harmless(payload))).join(" "), "{payload}");
        assert!(
            !html.contains("href=\"javascript:")
                && !html.contains('\u{202e}')
                && !html.contains('\0')
        );
        assert_eq!(html.contains("‹U+202E›"), payload.contains('\u{202e}'));
    }
}

#[test]
fn each_page_has_one_heading_of_its_own_and_no_inline_style_or_script() {
    let (viewer, _) = viewer();
    let mut paths = vec!["/".to_owned(), "/?text=nothing".to_owned(), "/nowhere".to_owned()];
    paths.extend(
        ["parse", "panic", "message", "payment", "missing", "hostile"]
            .map(|name| format!("/{}", sample::hash(name))),
    );
    for path in paths {
        let answer = get(&viewer, &path);
        let html = body(&answer);
        assert_eq!(html.matches("<h1").count(), 1, "{path}");
        assert!(
            !html.contains(" style=\"") && !html.contains("<style") && !html.contains("<script>"),
            "{path}"
        );
        assert!(html.contains("<main id=\"main\"") && html.contains("class=\"skip\""), "{path}");
    }
}

#[test]
fn pages_are_translated_to_french() {
    let (viewer, _) = viewer();
    let request =
        crate::viewer::ViewerRequest::new("GET", "/").with_header("accept-language", "fr");
    let answer = viewer.handle(&request);
    let html = body(&answer);
    assert!(
        html.contains("<html lang=\"fr\">")
            && html.contains("Problèmes")
            && html.contains("il y a 2 min")
    );
}
