//! A browser that is asked over two pipes: the Chrome DevTools Protocol, with a zero byte behind each message.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

pub struct Browser {
    process: Child,
    to: File,
    from: BufReader<File>,
    session: String,
    asked: u64,
    _folder: tempfile::TempDir,
}

impl Browser {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = |name: &str| {
            let path = folder.path().join(name);
            assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo runs").success());
            // For both, so that opening does not wait for the other end.
            let file = OpenOptions::new().read(true).write(true).open(&path).expect("a pipe");
            (path, file)
        };
        let ((in_path, to), (out_path, from)) = (pipe("in"), pipe("out"));
        let script = format!(
            "exec chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
             --disable-background-networking --disable-component-update --disable-sync --remote-debugging-pipe \
             --user-data-dir='{}' 3<'{}' 4>'{}'",
            folder.path().join("profile").display(),
            in_path.display(),
            out_path.display()
        );
        let process = Command::new("sh")
            .args(["-c", &script])
            .stderr(Stdio::null())
            .spawn()
            .expect("chromium starts");
        let mut browser = Self {
            process,
            to,
            from: BufReader::new(from),
            session: String::new(),
            asked: 0,
            _folder: folder,
        };
        let target = browser.ask("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.ask("Target.attachToTarget", &attach)["sessionId"]
            .as_str()
            .expect("a session")
            .to_owned();
        browser.ask("Page.enable", &json!({}));
        browser
    }

    /// Opens a page in a window of this width, and waits until it is loaded.
    pub fn open(&mut self, url: &str, width: u32) {
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", &metrics);
        self.ask("Page.navigate", &json!({ "url": url }));
        while self.next()["method"] != "Page.loadEventFired" {}
    }

    /// The value of an expression in the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true });
        self.ask("Runtime.evaluate", &asked)["result"]["value"].clone()
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser is there");
        loop {
            let answer = self.next();
            if answer["id"] == self.asked {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    fn next(&mut self) -> Value {
        let mut message = Vec::new();
        self.from.read_until(0, &mut message).expect("the browser answers");
        serde_json::from_slice(message.strip_suffix(&[0]).expect("a whole message")).expect("JSON")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
