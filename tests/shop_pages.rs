//! What the pages of the shops of `examples` promise, of whichever framework they are.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::chromium::Browser;
use crate::shop::RunningShop;

/// Kinds of failures that are answered with the id of their event, each with the functions of its
/// trace, outermost last.
const TRACES: [(&str, &[&str]); 8] = [
    ("error", &["in_stock", "error"]),
    ("chain", &["chain"]),
    ("panic", &["panics"]),
    ("status", &[]),
    ("nested", &["in_stock", "reserve", "nested"]),
    ("spawned", &["in_stock"]),
    ("blocking", &["in_stock"]),
    ("plain", &[]),
];

/// A failure that is answered as if nothing had failed.
const HANDLED: (&str, &[&str]) = ("handled", &["in_stock", "handled"]);

/// A script that returns the names of the functions of a trace.
const FUNCTIONS: &str = "[...document.querySelectorAll('[aria-labelledby=trace] .frame > summary .function code')].map(it => it.textContent)";

const PAGES: &str = "/dev/error/";

/// Lets a browser press the button of each kind of failure, log in, and find the events in the
/// pages.
///
/// # Panics
/// A step does not lead on.
pub fn a_person_finds_what_failed(program: &str) {
    let shop = RunningShop::start(program);
    let home = format!("http://{}/", shop.address);
    let mut browser = Browser::start();
    let mut ids = Vec::new();
    for (kind, _) in TRACES {
        press(&mut browser, &home, kind);
        let problem = browser.evaluate("JSON.parse(document.body.innerText)");
        let id = problem["event_id"].as_str().unwrap_or_else(|| panic!("{kind}: {problem}"));
        assert!(!problem.to_string().contains("kettle"), "{kind}: {problem}");
        ids.push(id.to_owned());
    }
    press(&mut browser, &home, "handled");
    assert_eq!(browser.evaluate("document.body.innerText"), "Take a teapot instead.");
    let events = shop.events(TRACES.len() + 1);
    let handled = events.iter().find(|event| event.handled).expect("the handled error is recorded");
    ids.push(handled.id.clone());

    // Whoever has not logged in sees nothing.
    browser.open(&format!("{home}dev/error/"), 1200);
    assert_eq!(browser.evaluate("document.body.innerText.includes('kettle')"), false);
    log_in(&mut browser, &home);

    let traces = TRACES.into_iter().chain([HANDLED]);
    for ((kind, functions), id) in traces.zip(&ids) {
        browser.open(&format!("{home}dev/error/"), 1200);
        browser.press("/");
        browser.wait_for("document.activeElement.name === 'text'");
        browser.ask("Input.insertText", &json!({ "text": id }));
        browser.press("Enter");
        browser.wait_for(&format!(
            "location.search.includes('event={id}') && document.querySelector('.requestline') !== null"
        ));
        let shown = browser.evaluate(FUNCTIONS);
        assert_eq!(shown, json!(functions), "{kind}");
        let request = browser.evaluate("document.querySelector('.requestline').innerText");
        let path = format!("/fail/{kind}?marker=kettle");
        assert!(request.as_str().is_some_and(|line| line.contains(&path)), "{kind}: {request}");
    }

    browser.evaluate("document.querySelector('[name=do][value=resolve]').click()");
    browser.wait_for("document.querySelector('.badge.resolved') !== null");
}

/// Opens the shop, and presses the button of a kind of failure.
fn press(browser: &mut Browser, home: &str, kind: &str) {
    browser.open(home, 1200);
    browser.evaluate(&format!(
        "document.querySelector('form[action=\"/fail/{kind}\"] button').click()"
    ));
    browser.wait_for(&format!(
        "location.pathname === '/fail/{kind}' && document.readyState === 'complete'"
    ));
}

/// Enters the password by the keyboard, and waits for the list of issues.
fn log_in(browser: &mut Browser, home: &str) {
    browser.open(home, 1200);
    browser.evaluate("document.querySelector('[name=password]').focus()");
    browser.ask("Input.insertText", &json!({ "text": "kettle" }));
    browser.press("Enter");
    browser.wait_for(&format!(
        "location.pathname === '{PAGES}' && document.querySelector('tr.issue') !== null"
    ));
}

/// Requests every page with and without a session, by every method.
///
/// # Panics
/// A page is shown to others, a `GET` changes something, or a header is missing.
pub fn its_pages_are_protected(program: &str) {
    let shop = RunningShop::start(program);
    assert_eq!(shop.ask("GET /fail/plain?marker=m-page").status, 500);
    shop.events(1);
    let form = "content-type: application/x-www-form-urlencoded";
    let login = shop.ask(&format!("POST /login\n{form}\n\nuser=staff&password=kettle"));
    let cookie = login.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let ask = |method: &str, path: &str, more: &str| {
        let answer = shop.ask(&format!("{method} {PAGES}{path}{more}"));
        assert_has_headers(&answer, &format!("{method} {path}"));
        answer
    };
    let staff = format!("\ncookie: {cookie}");
    let list = ask("GET", "issues.json", &staff).body;
    let list: Value =
        serde_json::from_str(list.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    let hash = list["issues"][0]["hash"].as_str().unwrap().to_owned();

    let resolve = format!("do=resolve&hash={hash}");
    let paths = [
        String::new(),
        "?status=resolved".to_owned(),
        "issues.json".to_owned(),
        "api/issues".to_owned(),
        format!("action?{resolve}"),
        "viewer.js".to_owned(),
        "nothing".to_owned(),
        hash.clone(),
        format!("{hash}.json"),
        format!("{hash}.md"),
        format!("{hash}.txt"),
    ];
    for path in &paths {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
            for others in ["", "\ncookie: shop_session=1", "\ncookie: shop_session="] {
                let answer = ask(method, path, others);
                assert_eq!(answer.status, 401, "{method} {path}: {answer:?}");
                assert!(!answer.body.contains("m-page"), "{method} {path}: {answer:?}");
            }
        }
    }

    // What a reader opens, or a page of another site makes the reader's browser send, changes
    // nothing.
    for path in &paths {
        for method in ["GET", "HEAD"] {
            ask(method, path, &staff);
        }
    }
    let forged = [
        format!("{staff}\n{form}\n\n{resolve}"),
        format!("{staff}\norigin: https://elsewhere.example\n{form}\n\n{resolve}&csrf=1"),
    ];
    for forged in forged {
        assert_eq!(ask("POST", "action", &forged).status, 403);
    }
    let issue = ask("GET", &format!("{hash}.json"), &staff).body;
    assert!(issue.contains("\"unresolved\""), "{issue}");
    // The server is the application's, which decides for which hosts it answers.
    assert_eq!(ask("GET", "", &format!("{staff}\nhost: shop.example")).status, 200);
}

fn assert_has_headers(answer: &Answer, what: &str) {
    for (name, value) in [
        ("content-security-policy", "default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", ""),
    ] {
        let found = answer.header(name).unwrap_or_else(|| panic!("{what}: no {name}: {answer:?}"));
        assert!(found.contains(value), "{what}: {name}: {found}");
    }
}
