//! Controls Chromium by the Chrome DevTools Protocol, over two pipes. A zero byte ends each
//! message.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{BoundedChild, BoundedCommand as _, LIMIT};

/// A browser with one page. It ends when this is dropped.
pub struct Browser {
    _process: BoundedChild,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: String,
    asked: u64,
    folder: tempfile::TempDir,
}

impl Browser {
    /// Starts Chromium with an empty profile.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let script = format!(
            "exec chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
             --disable-background-networking --disable-component-update --disable-sync --disable-breakpad \
             --remote-debugging-pipe --user-data-dir='{}' 3<&0 4>&1 < /dev/null > /dev/null",
            folder.path().join("profile").display()
        );
        let mut process = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join("stderr")).expect("a file"))
            .start_within(LIMIT * 2);
        let (to, from) = (process.stdin(), BufReader::new(process.stdout()));
        let mut browser =
            Self { _process: process, to, from, session: String::new(), asked: 0, folder };
        let target = browser.ask("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.ask("Target.attachToTarget", &attach)["sessionId"]
            .as_str()
            .expect("a session")
            .to_owned();
        browser
    }

    /// Opens a page in a window of this width, and waits until it is loaded.
    pub fn open(&mut self, url: &str, width: u32) {
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", &metrics);
        let opened = self.ask("Page.navigate", &json!({ "url": url }));
        assert!(opened["errorText"].is_null(), "{url}: {opened}");
        // Polled, because the event that the page is loaded may arrive before the answer above.
        while self.evaluate("document.readyState") != "complete" {
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Evaluates an expression in the page, and returns its value. The expression may open another
    /// page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        self.evaluate_with(expression, false)
    }

    /// Evaluates an expression that returns a promise, and returns the value of the promise.
    pub fn evaluate_promise(&mut self, expression: &str) -> Value {
        self.evaluate_with(expression, true)
    }

    fn evaluate_with(&mut self, expression: &str, waits: bool) -> Value {
        let asked =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": waits });
        let answer = match self.try_ask("Runtime.evaluate", &asked) {
            // The expression has opened another page before its answer was sent.
            Err(error) if error["message"] == "Inspected target navigated or closed" => {
                return Value::Null;
            }
            answer => answer.unwrap_or_else(|error| panic!("{expression}: {error}")),
        };
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true in a page that is loaded. The page may change meanwhile.
    pub fn wait_for(&mut self, expression: &str) {
        let begun = Instant::now();
        let loaded = format!("document.readyState === 'complete' && ({expression})");
        let asked = json!({ "expression": loaded, "returnByValue": true });
        // Errors are ignored, because an expression fails while the next page is loaded, or while
        // the browser goes there.
        let is_true = |answer: Result<Value, Value>| {
            answer.is_ok_and(|answer| answer["result"]["value"] == true)
        };
        while !is_true(self.try_ask("Runtime.evaluate", &asked)) {
            assert!(
                begun.elapsed() < LIMIT,
                "{expression} does not become true: {}",
                self.evaluate("location.href + document.body.innerText")
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Presses a key: one that writes a letter, or `Enter`, `Escape`, `Tab`.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            _ => 0,
        };
        let mut pressed = json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code });
        if key == "Enter" {
            pressed["text"] = "\r".into();
        } else if code == 0 {
            pressed["text"] = key.into();
        }
        self.ask("Input.dispatchKeyEvent", &pressed);
        let released = json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code });
        self.ask("Input.dispatchKeyEvent", &released);
    }

    /// Calls a method of the protocol, and returns its result.
    pub fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.try_ask(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Calls a method of the protocol, and returns its result or its error.
    fn try_ask(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        if let Err(error) = self.to.write_all(format!("{message}\0").as_bytes()) {
            panic!("{method}: {error}\n{}", self.said());
        }
        loop {
            let answer = self.next();
            if answer["id"] == self.asked {
                return match &answer["error"] {
                    Value::Null => Ok(answer["result"].clone()),
                    error => Err(error.clone()),
                };
            }
        }
    }

    fn next(&mut self) -> Value {
        let mut message = Vec::new();
        self.from.read_until(0, &mut message).expect("the browser answers");
        let Some(message) = message.strip_suffix(&[0]) else {
            panic!("the browser has ended\n{}", self.said())
        };
        serde_json::from_slice(message).expect("JSON")
    }

    /// Returns the standard error of the browser.
    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default()
    }
}
