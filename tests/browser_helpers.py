"""A page in a headless browser: it runs a script of ours and sends back what it saw."""

import json
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import partial
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
async function until(check, ms = 20000) {
  for (let spent = 0; spent < ms; spent += 50) {
    const found = check();
    if (found) return found;
    await wait(50);
  }
  return null;
}
async function look() {
%s
}
look().catch((error) => ({ error: String(error) + error.stack })).then((seen) =>
  fetch("/seen", { method: "POST", body: JSON.stringify(seen) }));
</script>"""


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, further files, the page that looks at them, and takes what that saw."""

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


def looking(
    folder: Path,
    script: str,
    files: Mapping[str, bytes] | None = None,
    seconds: float = 120,
    first: str = "",
) -> Any:
    """Serve a folder and further files, run the script in a page of its own, return its answer.

    In the head of every page of the folder stands `first` before all else.
    """
    seen: queue.Queue[Any] = queue.Queue()
    settings = {"script": script, "files": files or {}, "seen": seen, "first": first}
    handler = type("Looking", (Handler,), settings)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    flags += ["--disable-background-networking", "--remote-debugging-port=0"]
    flags += ["--window-size=1400,1000", f"http://127.0.0.1:{server.server_address[1]}/look.html"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [str(BROWSER), f"--user-data-dir={profile}", *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return seen.get(timeout=seconds)
        finally:
            browser.terminate()
            browser.wait(20)
            server.shutdown()
            server.server_close()


Look = Callable[..., Any]
