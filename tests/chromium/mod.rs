//! Chromium without a screen, spoken to by its `DevTools` protocol.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tungstenite::{Message, WebSocket};

/// Programs that speak the protocol, the first one found is taken.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page; it ends with this value.
pub struct Chromium {
    process: Child,
    socket: WebSocket<TcpStream>,
    session: Value,
    calls: u64,
    events: Vec<Value>,
}

/// The address of a file.
pub fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}

impl Chromium {
    /// Starts one with an empty profile; `None` after saying that the test is skipped where there is none.
    pub fn start(profile: &Path) -> Option<Self> {
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--remote-debugging-port=0",
        ];
        let start = |name: &&str| {
            Command::new(name)
                .args(flags)
                .arg(format!("--user-data-dir={}", profile.display()))
                .arg("about:blank")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .ok()
        };
        let Some(mut process) = NAMES.iter().find_map(start) else {
            // straight to the stream: the test harness keeps what passing tests print to itself
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: none of {NAMES:?} is there to show the report"
            );
            return None;
        };
        let mut errors = BufReader::new(process.stderr.take().expect("it is piped"));
        let address = address(&mut errors);
        // a full pipe would stop the browser
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        let at = address
            .trim_start_matches("ws://")
            .split('/')
            .next()
            .expect("a host");
        let stream = TcpStream::connect(at).expect("the browser listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let (socket, _) = tungstenite::client(&address, stream).expect("a handshake");
        let mut browser = Self {
            process,
            socket,
            session: Value::Null,
            calls: 0,
            events: vec![],
        };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        browser.session = browser.call("Target.attachToTarget", &attach)["sessionId"].clone();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Calls a method and gives its result; what happens meanwhile is kept.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.calls += 1;
        let mut message = json!({"id": self.calls, "method": method, "params": parameters});
        if !self.session.is_null() {
            message["sessionId"] = self.session.clone();
        }
        self.socket
            .send(Message::text(message.to_string()))
            .expect("the browser listens");
        loop {
            let message = self.next();
            if message["id"] == self.calls {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    /// Opens a file and waits until it has loaded; what happened meanwhile.
    pub fn open(&mut self, page: &Path) -> Vec<Value> {
        self.call("Page.navigate", &json!({"url": "about:blank"}));
        self.wait_for("Page.loadEventFired");
        self.events.clear();
        self.call("Page.navigate", &json!({"url": url(page)}));
        self.wait_for("Page.loadEventFired");
        // what a page does when it has loaded comes before the answer to this
        self.value("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))");
        std::mem::take(&mut self.events)
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let parameters =
            json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let result = self.call("Runtime.evaluate", &parameters);
        assert!(
            result["exceptionDetails"].is_null(),
            "{expression}: {result}"
        );
        result["result"]["value"].clone()
    }

    /// Keeps a picture (PNG) of the whole page.
    pub fn picture(&mut self, path: &Path) {
        let size = self.call("Page.getLayoutMetrics", &json!({}))["cssContentSize"].clone();
        let clip = json!({
            "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1
        });
        let parameters = json!({"captureBeyondViewport": true, "clip": clip});
        let result = self.call("Page.captureScreenshot", &parameters);
        let png = decoded(result["data"].as_str().expect("Base64"));
        assert!(png.starts_with(b"\x89PNG"));
        std::fs::write(path, png).expect("a picture can be written");
    }

    fn wait_for(&mut self, method: &str) {
        let started = Instant::now();
        while !self.events.iter().any(|e| e["method"] == method) {
            assert!(started.elapsed() < PATIENCE, "no {method}");
            let message = self.next();
            self.events.push(message);
        }
    }

    fn next(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().expect("the browser answers") {
                return serde_json::from_str(&text).expect("messages are JSON");
            }
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where the browser listens, which it says first.
fn address(errors: &mut impl BufRead) -> String {
    let mut said = String::new();
    loop {
        let mut line = String::new();
        let read = errors.read_line(&mut line).expect("the browser speaks");
        if let Some((_, address)) = line.split_once("DevTools listening on ") {
            return address.trim().to_owned();
        }
        said += &line;
        assert!(read > 0, "the browser ended:\n{said}");
    }
}

/// Bytes of Base64 (RFC 4648).
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = vec![];
    let (mut bits, mut held) = (0_u32, 0);
    for c in text.bytes() {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = (bits << 6 | u32::from(six)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
