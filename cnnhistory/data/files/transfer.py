"""What a server sends, with bounds on everything that it decides.

The library behind an address, a proxy and certificates is requests. What comes is not decoded,
and not read but as the caller asks for it; redirects are followed here, for requests reads the
whole body of each into memory; and a thread cuts the connection when a chunk, or the whole,
takes too long, wherever the client may be waiting. (A server that sends a byte now and then
never runs into the time limit of a socket.)
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from cnnhistory._util.html import printable

CHUNK = 1 << 14
REDIRECTS = 5


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How slow a server may be.

    Args:
        connect: seconds until the connection stands.
        chunk: seconds for the answer to begin, and for each 16 KiB of it.
        rate: bytes a second on average, of the whole file.
        start: seconds that the whole may take in addition.
    """

    connect: float = 20.0
    chunk: float = 30.0
    rate: float = 50_000.0
    start: float = 60.0

    def total(self, size: int) -> float:
        """Seconds that a file of `size` bytes may take from one address."""
        return self.start + size / self.rate


LIMITS = Limits()


class RefusedError(Exception):
    """This address does not give the file; the message says why."""


class NoRangeError(RefusedError):
    """This address does not go on where an earlier download ended."""


class Watch:
    """Cuts connections when time is up, from a thread of its own, until it is told to end."""

    def __init__(self, seconds: float) -> None:
        self.last = self.until = time.monotonic() + seconds
        self.sockets: list[Any] = []
        self.expired = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def within(self, seconds: float) -> None:
        """Something must come within so many seconds, from now."""
        self.until = min(self.last, time.monotonic() + seconds)

    def _run(self) -> None:
        while not self._done.wait(0.05):
            if time.monotonic() > self.until:
                self.expired = True
                for sock in list(self.sockets):
                    with contextlib.suppress(OSError, TypeError):
                        # The plain one: of TLS this would wait for the other side.
                        socket.socket.shutdown(sock, socket.SHUT_RDWR)


@contextlib.contextmanager
def answer(
    url: str, start: int, limits: Limits, seconds: float, certificates: str | None
) -> Iterator[tuple[Any, Watch]]:
    """The answer to a request for the file from byte `start` on, its body unread."""
    import requests

    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with Watch(seconds) as watch, requests.Session() as session, _adapter(watch) as adapter:
        for _ in range(REDIRECTS + 1):
            if urlsplit(url).scheme not in ("http", "https"):
                raise RefusedError(f"scheme: expected http or https, got {url!r}")
            watch.within(limits.connect + limits.chunk)
            with _network(watch):
                request = session.prepare_request(requests.Request("GET", url, headers=headers))
                chosen = session.merge_environment_settings(url, {}, True, None, None)
                response = adapter.send(
                    request,
                    stream=True,
                    timeout=(limits.connect, limits.chunk),
                    verify=certificates or chosen["verify"],
                    cert=chosen["cert"],
                    proxies=chosen["proxies"],
                )
            try:
                if response.status_code not in (301, 302, 303, 307, 308):
                    yield response, watch
                    return
                with _network(watch):
                    target = urljoin(url, response.headers.get("Location", ""))
            finally:
                response.close()
            if url.startswith("https:") and not target.startswith("https:"):
                raise RefusedError(f"redirect: expected one to https, got one to {target!r}")
            url = target
        raise RefusedError(f"redirects: expected at most {REDIRECTS}, got more")


def _adapter(watch: Watch) -> Any:
    """A transport of requests that tells the watch of its sockets."""
    from requests.adapters import HTTPAdapter

    class Noting(HTTPAdapter):
        def __enter__(self) -> Noting:
            return self

        def __exit__(self, *error: object) -> None:
            self.close()

        def get_connection_with_tls_context(
            self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
        ) -> Any:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)

            class Connection(pool.ConnectionCls):  # type: ignore[name-defined]
                def connect(self) -> None:
                    super().connect()
                    # Here, for http.client lets go of a socket that is to close with the answer.
                    watch.sockets.append(self.sock)

            pool.ConnectionCls = Connection
            return pool

    return Noting()


def chunks(response: Any, count: int, limits: Limits, watch: Watch) -> Iterator[bytes]:
    """At most `count` bytes of the body, as they were sent."""
    while count:
        watch.within(limits.chunk)
        with _network(watch):
            chunk = response.raw.read(min(CHUNK, count), decode_content=False)
        if watch.expired and not chunk:
            raise RefusedError("it was too slow")
        if not chunk:
            return
        count -= len(chunk)
        yield chunk


@contextlib.contextmanager
def _network(watch: Watch) -> Iterator[None]:
    """Whatever the client library raises at what a server sends: the next one is asked."""
    try:
        yield
    except Exception as error:
        raise RefusedError("it was too slow" if watch.expired else f"{error}") from error


def shown(url: str) -> str:
    """An address without what may be a password in it, fit for a terminal."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        url = url.replace(parts.netloc, "***@" + parts.netloc.rpartition("@")[2], 1)
    return printable(url)
