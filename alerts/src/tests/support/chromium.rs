//! A real browser without a window, spoken to over its debugging pipe.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::{PATIENCE, eventually, skipped};

pub(crate) struct Browser {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    asked: u64,
    /// What the page complained about: exceptions, refused resources, broken policies.
    pub(crate) complaints: Vec<String>,
    _child: Child,
    _profile: TempDir,
}

const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
];

impl Browser {
    /// Starts a browser with one empty page, or tells why the test cannot run.
    pub(crate) async fn start() -> Option<Browser> {
        let Some(binary) = binary() else {
            skipped("no chromium on PATH");
            return None;
        };
        let profile = tempfile::tempdir().expect("a temporary folder");
        // The browser reads commands from descriptor 3 and answers on 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null"])
            .arg(binary)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("a shell");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let complaints = Vec::new();
        let mut browser =
            Browser { input, output, session: None, asked: 0, complaints, _child: child, _profile: profile };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" })).await;
        let target = target["targetId"].clone();
        let session = browser.ask("Target.attachToTarget", json!({ "targetId": target, "flatten": true })).await;
        browser.session = session["sessionId"].as_str().map(ToOwned::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.ask(domain, json!({})).await;
        }
        Some(browser)
    }

    /// Sends a command and waits for its answer.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let mut command = json!({ "id": self.asked, "method": method, "params": params });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).await.expect("the browser lives");
        loop {
            let mut bytes = Vec::new();
            let read = tokio::time::timeout(PATIENCE, self.output.read_until(0, &mut bytes)).await;
            assert!(read.expect("the browser answers").expect("the browser lives") > 0, "the browser ended");
            let message: Value = serde_json::from_slice(&bytes[..bytes.len() - 1]).expect("JSON");
            if message["id"] == self.asked {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].clone();
            }
            self.note(&message);
        }
    }

    fn note(&mut self, message: &Value) {
        let params = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => self.complaints.push(params["exceptionDetails"].to_string()),
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => {
                self.complaints.push(params["entry"]["text"].to_string());
            }
            _ => {}
        }
    }

    pub(crate) async fn open(&mut self, url: &str, width: u32, height: u32) {
        self.resize(width, height).await;
        self.ask("Page.navigate", json!({ "url": url })).await;
    }

    pub(crate) async fn resize(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// The value of an expression in the page.
    pub(crate) async fn value(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.ask("Runtime.evaluate", params).await;
        assert_eq!(answer["exceptionDetails"], Value::Null, "{expression}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression in the page is this.
    pub(crate) async fn until(&mut self, expression: &str, expected: impl Into<Value>) {
        let expected = expected.into();
        let what = format!("{expression} to be {expected}");
        let browser = tokio::sync::Mutex::new(self);
        eventually(&what, || async {
            let guarded = format!("(() => {{ try {{ return {expression} }} catch (e) {{ return String(e) }} }})()");
            (browser.lock().await.value(&guarded).await == expected).then_some(())
        })
        .await;
    }

    /// Moves the pointer to the middle of an element.
    pub(crate) async fn point_at(&mut self, selector: &str) -> (f64, f64) {
        let expression = format!(
            "(() => {{ const e = document.querySelector({}); e.scrollIntoView({{ block: 'center' }}); \
             const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }})()",
            json!(selector)
        );
        let place = self.value(&expression).await;
        let (x, y) = (place[0].as_f64().expect("a place"), place[1].as_f64().expect("a place"));
        self.mouse("mouseMoved", x, y).await;
        (x, y)
    }

    pub(crate) async fn click(&mut self, selector: &str) {
        let (x, y) = self.point_at(selector).await;
        self.mouse("mousePressed", x, y).await;
        self.mouse("mouseReleased", x, y).await;
    }

    pub(crate) async fn mouse(&mut self, kind: &str, x: f64, y: f64) {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        self.ask(
            "Input.dispatchMouseEvent",
            json!({ "type": kind, "x": x, "y": y, "button": button, "clickCount": 1 }),
        )
        .await;
    }

    pub(crate) async fn press(&mut self, key: &str, code: u32) {
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let params = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.ask("Input.dispatchKeyEvent", params).await;
        }
    }

    /// Leaves a picture of the page in the folder that WATCHLIGHT_TEST_PICTURES names, if it names one.
    pub(crate) async fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("WATCHLIGHT_TEST_PICTURES") else { return };
        let answer = self.ask("Page.captureScreenshot", json!({ "format": "png" })).await;
        let path = PathBuf::from(folder).join(name).with_extension("png");
        let picture = decode_base64(answer["data"].as_str().expect("base64"));
        std::fs::write(path, picture).expect("the folder takes files");
    }
}

fn binary() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name)))
        .find(|binary| binary.exists())
}

fn decode_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte: u8| ALPHABET.iter().position(|known| *known == byte).expect("base64") as u32;
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = group.iter().fold(0, |bits, byte| bits << 6 | digit(*byte)) << (6 * (4 - group.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}
