"""Where the Python package index that pip is configured to use has an archive.

pip says what it is configured to (`pip config list`, and its help for the default); the pages of
the index are read here. Nothing is downloaded but these pages.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from cnnhistory.data.files.cache import FetchError
from cnnhistory.data.files.download import local_path, read_page
from cnnhistory.data.files.transfer import LIMITS, Limits, RefusedError, shown

PAGE = 64 << 20  # bytes that a page of the index may have


def addresses(package: str, file: str, limits: Limits = LIMITS) -> tuple[list[str], str | None]:
    """The addresses of an archive in the indexes of pip's configuration, and its certificates.

    Raises:
        FetchError: no index has it, or none can be reached.
    """
    settings = pip_settings()
    certificates = settings["cert"][-1] if settings.get("cert") else None
    found: list[str] = []
    problems: list[str] = []
    for page in _pages(package, settings):
        try:
            links = _links_from(page, file, limits, certificates)
        except RefusedError as error:
            problems.append(f"{shown(page)}: {error}")
        else:
            problems += [] if links else [f"{shown(page)}: it has no {file}"]
            found += links
    if not found:
        said = "\n  ".join(problems or ["pip has no index and no links configured"])
        raise FetchError(f"no package index that pip is configured to use gave {file}:\n  {said}")
    return list(dict.fromkeys(found)), certificates


def pip_settings() -> dict[str, list[str]]:
    """What pip is configured to: by the name of an option, its values, the last one the strongest.

    Raises:
        FetchError: there is no pip, or it cannot read its configuration.
    """
    settings: dict[str, list[str]] = {}
    ranks = {"global": 0, "download": 1, ":env:": 2}
    said = _pip("config", "list")
    entries = []
    for line in said.splitlines():
        match = re.fullmatch(r"(global|download|:env:)\.([a-z-]+)=(.*)", line.strip())
        if match:
            section, name, value = match.groups()
            with_quotes = value[:1] in ("'", '"')
            text = str(ast.literal_eval(value)) if with_quotes else value
            entries.append((ranks[section], name, text))
    for _, name, text in sorted(entries, key=lambda entry: entry[0]):
        if name in ("index-url", "cert", "no-index"):
            settings[name] = [text]
        elif name in ("extra-index-url", "find-links"):
            settings[name] = text.split()
    if "index-url" not in settings:
        # The help names the default; wide, so that no line break comes into it.
        found = re.search(
            r"--index-url.*?\(default\s+(\S+?)\)",
            _pip("download", "--help", COLUMNS="1000"),
            re.DOTALL,
        )
        settings["index-url"] = [found.group(1)] if found else []
    return settings


def _pip(*arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
            env={**os.environ, **environment},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"pip could not be asked for its package index: {error}") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise FetchError(f"pip could not be asked for its package index. It said: {last}")
    return done.stdout


def _pages(package: str, settings: dict[str, list[str]]) -> list[str]:
    """The pages that may name the archives of a package: indexes first, then bare links."""
    normalized = quote(re.sub(r"[-_.]+", "-", package).lower())
    indexes = []
    if settings.get("no-index", ["0"])[-1].lower() not in ("1", "true", "yes", "on"):
        indexes = [*settings["index-url"], *settings.get("extra-index-url", [])]
    # A folder of this machine is asked before the network.
    pages = [f"{_url(index).rstrip('/')}/{normalized}/" for index in indexes]
    pages += [_url(place) for place in settings.get("find-links", [])]
    return sorted(pages, key=lambda page: not page.startswith("file:"))


def _url(place: str) -> str:
    if re.match("(https?|file):", place):
        return place
    return Path(place).expanduser().absolute().as_uri()


def _links_from(page: str, file: str, limits: Limits, certificates: str | None) -> list[str]:
    """The addresses of the archive that a page, or a folder of this machine, has.

    Raises:
        RefusedError: it cannot be read.
    """
    if page.startswith("file:"):
        folder = local_path(page)
        if (folder / file).is_file():
            return [(folder / file).absolute().as_uri()]
        if folder.is_dir():
            if not (folder / "index.html").is_file():
                return []
            page = (folder / "index.html").absolute().as_uri()
    elif not page.startswith(("http:", "https:")):
        raise RefusedError("scheme: expected http, https or file")
    content, page = read_page(page, PAGE, limits, certificates)
    return _links(content, page, file)


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _links(page: bytes, url: str, file: str) -> list[str]:
    """The addresses of the archive on a page, with the page's own credentials if need be."""
    parser = _Anchors()
    parser.feed(page.decode("utf-8", "replace"))
    found = []
    for target in parser.targets:
        try:
            parts = urlsplit(urljoin(url, target.strip()))
        except ValueError:
            continue
        if unquote(parts.path).rpartition("/")[2] != file or parts.scheme == "":
            continue
        if parts.scheme == "file" and not url.startswith("file:"):
            continue  # no page of another machine names files of this one
        whole, host = urlsplit(url).netloc, parts.netloc
        if "@" in whole and whole.rpartition("@")[2] == host:
            parts = parts._replace(netloc=whole)
        found.append(urlunsplit(parts._replace(fragment="")))
    return found
