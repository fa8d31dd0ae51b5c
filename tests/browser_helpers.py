"""A page in a headless browser: it runs a script of ours and sends back what it saw."""

import atexit
import json
import queue
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((found for name in NAMES if (found := shutil.which(name))), None)
MISSING = (
    f"none of {', '.join(NAMES)} is installed; Debian and Ubuntu: apt-get install chromium, "
    "else https://www.chromium.org/getting-involved/download-chromium"
)

HARNESS = """<!doctype html><meta charset="utf-8"><body><script type="module">
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const open = (address, width, before = () => {}) => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 800px; border: 0`;
  frame.onload = () => done(frame);
  frame.src = address;
  document.body.append(frame);
  before(frame);
});
async function until(check, ms = 60000) {
  for (let spent = 0; spent < ms; spent += 50) {
    const found = check();
    if (found) return found;
    await wait(50);
  }
  return null;
}
// What a click or a slider asks for is there once two pictures have been drawn.
async function drawn(inside) {
  for (const _ of [1, 2, 3]) await new Promise((done) => inside.requestAnimationFrame(done));
}
async function look() {
%s
}
look().catch((error) => ({ error: String(error) + error.stack })).then((seen) =>
  fetch("/seen", { method: "POST", body: JSON.stringify(seen) }));
</script>"""


KEPT = (".css", ".js", ".woff", ".woff2")  # files that pages share and no test changes


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, further files, the page that looks at them, and takes what that saw."""

    protocol_version = "HTTP/1.1"  # a connection is kept open
    script = ""
    first = ""
    files: Mapping[str, bytes] = {}
    seen: "queue.Queue[Any]"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/look.html":
            return self.answer((HARNESS % self.script).encode(), "text/html")
        if path in self.files:
            return self.answer(self.files[path], self.guess_type(path))
        page = Path(self.translate_path(path))
        if self.first and page.suffix == ".html" and page.is_file():
            text = page.read_text(encoding="utf-8").replace("<head>", "<head>" + self.first, 1)
            return self.answer(text.encode(), "text/html; charset=utf-8")
        return super().do_GET()

    def end_headers(self) -> None:
        if Path(self.path.partition("?")[0]).suffix in KEPT and "/data/" not in self.path:
            self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.seen.put(json.loads(body))

    def log_message(self, *parts: object) -> None:
        pass


Handler.extensions_map = {**Handler.extensions_map, ".mjs": "text/javascript"}


class Browser:
    """A browser without a window that stays open; what it looks at is a tab, closed afterwards."""

    def __init__(self) -> None:
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        flags += ["--disable-background-networking", "--remote-debugging-port=0"]
        flags += ["--window-size=1400,1000", f"--user-data-dir={self.profile.name}"]
        self.process = subprocess.Popen(
            [str(BROWSER), *flags, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        atexit.register(self.quit)
        written = Path(self.profile.name, "DevToolsActivePort")
        for _ in range(600):  # a minute
            if written.is_file() and "\n" in written.read_text():
                break
            time.sleep(0.1)
        self.port = int(written.read_text().partition("\n")[0])

    def ask(self, method: str, path: str) -> Any:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, "/json/" + path)
            return connection.getresponse().read()

    def quit(self) -> None:
        atexit.unregister(self.quit)
        self.process.terminate()
        self.process.wait(20)
        self.profile.cleanup()


IDLE: list[Browser] = []


def looking(
    folder: Path,
    script: str,
    files: Mapping[str, bytes] | None = None,
    seconds: float = 120,
    first: str = "",
) -> Any:
    """Serve a folder and further files, run the script in a page of its own, return its answer.

    In the head of every page of the folder stands `first` before all else. A browser looks at one
    page at a time, because what is not in front waits for its timers; who finds none idle gets
    another one.
    """
    seen: queue.Queue[Any] = queue.Queue()
    settings = {"script": script, "files": files or {}, "seen": seen, "first": first}
    handler = type("Looking", (Handler,), settings)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    browser = IDLE.pop() if IDLE else Browser()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}/look.html"
        tab = json.loads(browser.ask("PUT", f"new?{address}"))["id"]
        found = seen.get(timeout=seconds)
        browser.ask("GET", f"close/{tab}")
        IDLE.append(browser)
        return found
    except BaseException:
        browser.quit()
        raise
    finally:
        server.shutdown()
        server.server_close()


Look = Callable[..., Any]
