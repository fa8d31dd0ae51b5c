"""Live figures in pages of their own: what is served, and the script that starts one."""

from functools import cache
from pathlib import Path

from page_helpers import load_extension

BOOK = Path(__file__).resolve().parents[1] / "book"
LIVE = BOOK / "_static" / "live"
book_live = load_extension("book_live")
live_data = load_extension("live_data")


@cache
def data_files():
    found = {}
    for make in live_data.FILES:
        found.update(make())
    return found


def served(**changes):
    """Return what is served besides the book's files; `changes` replace data, None removes."""
    files = {f"/_static/live/data/{name}": data for name, data in data_files().items()}
    for name, data in changes.items():
        files.pop(f"/_static/live/data/{name}")
        if data is not None:
            files[f"/_static/live/data/{name}"] = data
    table = "<table class='dataframe'><tbody><tr><th>C3</th><td>1,516</td></tr></tbody></table>"
    for name in book_live.FIGURES:
        page = (
            '<!doctype html><meta charset="utf-8"><html lang="en">'
            f'<link rel="stylesheet" href="/_static/live/live.css">{table}<div class="push"></div>'
            f"{book_live.live_html(name, '/')}"
            '<script type="module" src="/_static/live/start.mjs"></script>'
        )
        files[f"/{name}.html"] = page.encode()
    return files


START = """
  const warned = [], failed = [], asked = [];
  const frame = await open("/%s.html", 1000, (frame) => {
    const hook = setInterval(() => {
      const inside = frame.contentWindow;
      if (!inside || inside.hooked || inside.location.href === "about:blank") return;
      inside.hooked = true;
      inside.console.warn = (m) => warned.push(m);
      inside.console.error = (m) => failed.push(m);
      inside.onerror = (m) => { failed.push(m); };
      %s
    }, 1);
    setTimeout(() => clearInterval(hook), 20000);
  });
  const page = frame.contentDocument;
  const figure = page.querySelector(".live");
  await until(() => figure.dataset.state);
  const part = (name) => page.querySelector(".live-" + name);
  const told = () => part("answer-text")?.textContent;
"""

# A finger, a pen or a mouse, and the keyboard; `surface` and `View` are the script's own.
HAND = """
  const send = (type, x, y, pointerType) => {
    const box = surface.getBoundingClientRect();
    surface.dispatchEvent(new View.PointerEvent(type, { bubbles: true, pointerType, pointerId: 1,
      clientX: box.left + x * box.width, clientY: box.top + y * box.height }));
  };
  const key = (key, times = 1) => {
    const pressed = () => new View.KeyboardEvent("keydown", { key, bubbles: true });
    for (; times > 0; times--) surface.dispatchEvent(pressed());
  };
"""
