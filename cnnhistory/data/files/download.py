"""Downloads of known files: from the first address that has the right one, and continued.

Size and hash are known beforehand, so never more is read than the file has, and what an earlier
attempt or another address left is gone on from; the hash of the whole decides in the end.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from cnnhistory._util.html import printable
from cnnhistory._util.lookup import check_integer, expected
from cnnhistory.data.files.cache import FetchError, check_hash, hash_of
from cnnhistory.data.files.transfer import (
    CHUNK,
    LIMITS,
    Limits,
    RefusedError,
    answer,
    chunks,
    shown,
)

ATTEMPTS = 4  # at one address, each of which must bring the file forward


class NoRangeError(RefusedError):
    """This address does not go on where an earlier download ended."""


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file to download.

    Args:
        name: of the file, for messages.
        urls: tried in this order; http, https or file.
        known_hash: of the whole file, "md5:" or "sha256:" and hexadecimal digits.
        size: of the whole file, in bytes.
        limits: how slow a server may be.
        certificates: file of those to trust; None leaves it to the environment.

    Raises:
        ValueError: there is no URL, or the hash or the size is none.
    """

    name: str
    urls: Sequence[str]
    known_hash: str
    size: int
    limits: Limits = LIMITS
    certificates: str | None = None

    def __post_init__(self) -> None:
        if not self.urls:
            raise expected("urls", f"one or more for {self.name}", self.urls)
        check_hash("known_hash", self.known_hash)
        check_integer("size", self.size, 1)

    def into(self, file: BinaryIO) -> None:
        """Complete an unfinished file; what is in it is taken for the beginning.

        Raises:
            FetchError: no address gave it. What came is left in the file, unless it is wrong.
            OSError: the file cannot be written.
        """
        from tqdm import tqdm

        problems: list[str] = []
        again = self.urls
        show = sys.stderr.isatty()
        with tqdm(
            desc=self.name, total=self.size, unit="B", unit_scale=True, disable=not show
        ) as b:
            for fresh in (False, True):
                if fresh:
                    file.truncate(file.seek(0))
                ranges = []
                for url in again:
                    try:
                        return self._from(url, file, b)
                    except RefusedError as error:
                        problems.append(f"{shown(url)}: {printable(str(error))}")
                        if isinstance(error, NoRangeError):
                            ranges.append(url)
                if not ranges:  # else these may have it all, from the start
                    break
                again = ranges
        file.flush()
        kept = os.fstat(file.fileno()).st_size
        said = f"could not download {self.name}:\n  " + "\n  ".join(problems)
        if kept:
            said += f"\n{kept:,} bytes of it are kept; the next attempt goes on from there."
        raise FetchError(said)

    def _from(self, url: str, file: BinaryIO, bar: Any) -> None:
        until = time.monotonic() + self.limits.total(self.size)
        for _ in range(ATTEMPTS):
            had = file.seek(0, os.SEEK_END)
            if had > self.size:
                had = file.truncate(file.seek(0))
            if had < self.size:
                problem = self._append(url, file, until, bar)
                got = file.seek(0, os.SEEK_END)
                if got < self.size:
                    if got <= had or time.monotonic() > until:
                        raise problem
                    continue
            actual = hash_of(file, self.known_hash)
            if actual == self.known_hash:
                return
            file.truncate(file.seek(0))
            if not had:
                raise RefusedError(f"hash: expected {self.known_hash}, got {actual}")
            # else the beginning may be another address's: once more, all of it from here
        raise RefusedError(
            f"attempts: expected at most {ATTEMPTS}, and they did not give all of it"
        )

    def _append(self, url: str, file: BinaryIO, until: float, bar: Any) -> RefusedError:
        """Write what comes; return why no more came, which matters if it is not enough."""
        had = file.tell()
        try:
            if url.startswith("file:"):
                self._write(_read_local(url, had, self.size), file, bar)
            else:
                left = until - time.monotonic()
                with answer(url, had, self.limits, left, self.certificates) as (response, watch):
                    file.truncate(file.seek(self._start(response, had)))
                    body = chunks(response, self.size - file.tell(), self.limits, watch)
                    self._write(body, file, bar)
        except RefusedError as error:
            return error
        return RefusedError(f"size: expected {self.size:,} bytes, got {file.tell():,}")

    def _write(self, pieces: Iterator[bytes], file: BinaryIO, bar: Any) -> None:
        bar.update(file.tell() - bar.n)
        for piece in pieces:
            file.write(piece)
            bar.update(len(piece))

    def _start(self, response: Any, had: int) -> int:
        """Check what an answer says of itself; return where in the file it begins."""
        status, headers = response.status_code, response.headers
        if had and status == 206:
            said = headers.get("Content-Range", "")
            wanted = f"bytes {had}-{self.size - 1}/"
            if said not in (f"{wanted}{self.size}", f"{wanted}*"):
                raise NoRangeError(f"Content-Range: expected {wanted}{self.size}, got {said!r}")
        elif had and status == 416:
            raise NoRangeError(f"status: expected 206, got 416, nothing after {had:,} bytes")
        elif status != 200:
            raise RefusedError(f"status: expected 200, got {status} {response.reason}")
        else:
            had = 0
        length = headers.get("Content-Length")
        if length is not None and length.strip() != str(self.size - had):
            raise RefusedError(f"Content-Length: expected {self.size - had}, got {length!r}")
        return had


def read_page(url: str, limit: int, limits: Limits, certificates: str | None) -> tuple[bytes, str]:
    """The content of a page of at most `limit` bytes, and its address after redirects.

    Raises:
        RefusedError: it cannot be had, or is larger.
    """
    if url.startswith("file:"):
        try:
            path = local_path(url)
            if not path.is_file():
                raise RefusedError("there is no such file")
            with path.open("rb") as file:
                page = file.read(limit + 1)
        except OSError as error:
            raise RefusedError(str(error.strerror or error)) from error
    else:
        seconds = limits.total(limit)
        with answer(url, 0, limits, seconds, certificates) as (response, watch):
            if response.status_code != 200:
                said = f"{response.status_code} {response.reason}"
                raise RefusedError(f"status: expected 200, got {said}")
            page, url = b"".join(chunks(response, limit + 1, limits, watch)), response.url
    if len(page) > limit:
        raise RefusedError(f"size: expected at most {limit:,} bytes, got more")
    return page, url


def local_path(url: str) -> Path:
    """The path of a file URL."""
    return Path(url2pathname(urlsplit(url).path))


def _read_local(url: str, start: int, size: int) -> Iterator[bytes]:
    path = local_path(url)
    try:
        found = path.stat().st_size if path.is_file() else None
        if found != size:
            raise RefusedError(f"size: expected {size:,} bytes, got {found}")
        with path.open("rb") as file:
            file.seek(start)
            while piece := file.read(CHUNK):
                yield piece
    except OSError as error:
        raise RefusedError(str(error.strerror or error)) from error
