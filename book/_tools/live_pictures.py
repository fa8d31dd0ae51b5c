"""Makes the stored pictures of the live figures: what a page shows where they cannot run.

    python book/_tools/live_pictures.py lenet5 lenet1989      # into book/_static/live/stored
    python book/_tools/live_pictures.py --all
    python book/_tools/live_pictures.py lenet5 --theme dark --width 390 -o /tmp/look

Each figure runs in a headless browser, on a page with nothing else, and is photographed. The
last form is for looking: it does not touch what is stored.
"""

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageChops

BOOK = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(BOOK / "_ext"))
from book_live import FIGURES, live_html  # noqa: E402
from live_data import FILES  # noqa: E402

STORED = BOOK / "_static" / "live" / "stored"
NAMES = ("chromium", "chromium-browser", "google-chrome")
COLORS = 64
MARGIN = 8  # pixels
PAGE = """<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="theme.css"><link rel="stylesheet" href="_static/book.css">
<link rel="stylesheet" href="_static/live/live.css">
<style>body{{margin:{margin}px;width:{width}px;min-height:0;font-family:sans-serif}}
html{{overflow:hidden}}</style>
<div class="bd-content" style="display:block"><div class="live-figure">{figure}</div></div>
<script type="module" src="_static/live/start.mjs"></script>
<script type="module">
const figure = document.querySelector(".live");
while (!figure.dataset.state) await new Promise((done) => setTimeout(done, 50));
setTimeout(() => fetch("ready"), 300);
</script><img src="wait" alt=""></html>"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a log; a page counts as loaded once its figure is ready."""

    ready = threading.Event()

    extensions_map = {  # noqa: RUF012
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
    }

    def do_GET(self) -> None:
        """Hold the last picture of a page back until the page says that it is ready."""
        if self.path == "/wait":
            self.ready.wait(30)
            self.ready.clear()
        elif self.path == "/ready":
            self.ready.set()
        super().do_GET()

    def log_message(self, *parts: object) -> None:
        """Say nothing."""


def site(folder: Path) -> None:
    """Lay out what the pages load."""
    shutil.copytree(BOOK / "_static", folder / "_static")
    theme = find_spec("pydata_sphinx_theme")
    assert theme is not None
    assert theme.origin is not None
    inside = "theme/pydata_sphinx_theme/static/styles/pydata-sphinx-theme.css"
    shutil.copy(Path(theme.origin).parent / inside, folder / "theme.css")
    data = folder / "_static" / "live" / "data"
    data.mkdir()
    for make in FILES:
        for name, content in make().items():
            (data / name).write_bytes(content)


def photograph(
    folder: Path, port: int, name: str, theme: str, width: int
) -> Image.Image:
    """Return a picture of a figure, without the empty page around it."""
    page = PAGE.format(
        theme=theme, margin=MARGIN, width=width, figure=live_html(name, "")
    )
    (folder / f"{name}.html").write_text(page, encoding="utf-8")
    browser = next(found for known in NAMES if (found := shutil.which(known)))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
        ]
        flags += ["--disable-background-networking", "--disable-component-update"]
        flags += [f"--user-data-dir={profile}", f"--screenshot={profile}/seen.png"]
        flags += [f"--window-size={max(500, width + 16)},2400"]
        address = f"http://127.0.0.1:{port}/{name}.html"
        silent = (
            subprocess.DEVNULL
        )  # a pipe would stay open as long as any of its processes
        subprocess.run(
            [browser, *flags, address],
            check=True,
            stdout=silent,
            stderr=silent,
            timeout=60,
        )
        image = Image.open(f"{profile}/seen.png").convert("RGB")
    empty = Image.new(
        "RGB", image.size, image.getpixel((image.width - 1, image.height - 1))
    )
    box = ImageChops.difference(image, empty).getbbox()
    assert box is not None, f"{name}: nothing to see"
    right, bottom = (
        min(image.width, box[2] + MARGIN),
        min(image.height, box[3] + MARGIN),
    )
    return image.crop((0, 0, right, bottom))


def main() -> None:
    """Make the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*FIGURES, []])
    parser.add_argument(
        "--all", action="store_true", help="every figure that has a picture"
    )
    parser.add_argument("--theme", default="light", choices=("light", "dark"))
    parser.add_argument("--width", type=int, default=672)
    parser.add_argument("-o", "--output", type=Path, default=STORED)
    options = parser.parse_args()
    names = options.names or [
        n for n, f in FIGURES.items() if options.all and not f.stored
    ]
    with tempfile.TemporaryDirectory() as folder:
        site(Path(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options.output.mkdir(parents=True, exist_ok=True)
        for name in names:
            port = server.server_address[1]
            image = photograph(Path(folder), port, name, options.theme, options.width)
            written = io.BytesIO()
            image.quantize(COLORS).save(written, "PNG", optimize=True)
            path = options.output / f"{name}.png"
            path.write_bytes(written.getvalue())
            print(
                f"{path}: {image.width}x{image.height}, {len(written.getvalue()):,} bytes"
            )
        server.shutdown()


if __name__ == "__main__":
    main()
