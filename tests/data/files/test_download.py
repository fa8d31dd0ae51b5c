"""Servers that lie: whatever they do, the next address is asked, soon, and nothing is spoiled."""

import gzip
import hashlib
import io
import random
import resource
import socket
import struct
import threading
import time
from contextlib import suppress

import pytest

from cnnhistory.data.fetch import FetchError, fetch_url
from cnnhistory.data.files.cache import part_of
from cnnhistory.data.files.transfer import Limits

DATA = bytes(random.Random(0).randbytes(60_000))
SIZE = len(DATA)
SHA256 = f"sha256:{hashlib.sha256(DATA).hexdigest()}"
QUICK = Limits(connect=1.0, chunk=0.5, start=2.0, rate=1e6)
PATIENT = Limits(connect=10.0, chunk=10.0, start=30.0)  # of what ends by itself, on a busy machine
OK = b"HTTP/1.1 200 OK\r\n"


def length(value):
    return OK + b"Content-Length: " + str(value).encode() + b"\r\n\r\n"


def redirect(location, more=b"Content-Length: 0\r\n"):
    return b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n" + more + b"\r\n"


def sends(*pieces):
    def lie(sock, start):
        for piece in pieces:
            sock.sendall(piece)

    return lie


def endless(head, piece=b"\0" * 65536):
    def lie(sock, start):
        sock.sendall(head)
        while True:
            sock.sendall(piece)

    return lie


def drips(head, piece=b"x", pause=0.02):
    def lie(sock, start):
        sock.sendall(head)
        while True:
            sock.sendall(piece)
            time.sleep(pause)

    return lie


def resets(head):
    def lie(sock, start):
        sock.sendall(head)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    return lie


def waits(sock, start):
    time.sleep(4)


def ranged(said):
    head = b"HTTP/1.1 206 Partial Content\r\nContent-Range: " + said + b"\r\n\r\n"
    return sends(head, DATA)


LIES = {
    "nothing": sends(b""),
    "no answer": waits,
    "reset at once": resets(b""),
    "reset in the head": resets(OK[:10]),
    "reset in the body": resets(length(SIZE) + DATA[:20_000]),
    "garbage": sends(b"\0\xff\n\n\r\r" * 50),
    "status of letters": sends(b"HTTP/1.1 abc OK\r\n\r\n"),
    "an odd status": sends(b"HTTP/1.1 999 \x1b[2Jgone\r\n\r\n"),
    "not found": sends(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    "length too small": sends(length(SIZE - 1), DATA),
    "length too large": sends(length(SIZE + 1), DATA, b"x"),
    "length of letters": sends(length("many"), DATA),
    "length below zero": sends(length(-5), DATA),
    "length huge": sends(length(10**30), DATA),
    "two lengths": sends(length(f"{SIZE}\r\nContent-Length: 3"), DATA),
    "body cut short": sends(length(SIZE), DATA[:-1]),
    "other bytes": sends(length(SIZE), DATA[:-1] + b"?"),
    "endless body": endless(OK + b"\r\n"),
    "endless head": endless(OK, b"X: y\r\n" * 100),
    "endless line in the head": endless(OK + b"X: ", b"y" * 65536),
    "endless chunks": endless(
        OK + b"Transfer-Encoding: chunked\r\n\r\n", b"4000\r\n" + b"\0" * 0x4000 + b"\r\n"
    ),
    "endless length of a chunk": endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 65536),
    "chunks of letters": sends(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n"),
    "slow head": drips(OK, b"X: y\r\n"),
    "slow body": drips(length(SIZE)),
    "slow status": drips(b"HTTP", b"/"),
    "packed bomb": sends(
        OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"\0" * 50_000_000, 9)
    ),
    "redirect to itself": sends(redirect(b"/redirect to itself".replace(b" ", b"%20"))),
    "redirect nowhere": sends(redirect(b"")),
    "redirect to a file": sends(redirect(b"file:///etc/hostname")),
    "redirect to another scheme": sends(redirect(b"gopher://127.0.0.1/")),
    "redirect to an odd host": sends(redirect(b"http://[::1/")),
    "redirect to an odd port": sends(redirect(b"http://127.0.0.1:999999/")),
    "redirect in odd letters": sends(redirect(b"http://\xff\x00\xfe/")),
    "redirect with an endless body": endless(redirect(b"/nothing", b"")),
    "redirect with a slow body": drips(redirect(b"/not%20found", b"")),
    "range of letters": ranged(b"bytes what-ever"),
    "range of another file": ranged(b"bytes 0-59999/70000"),
    "range not asked for": ranged(b"bytes 0-59999/60000"),
}
GOOD = {
    "good": lambda sock, start: sock.sendall(length(SIZE) + DATA),
    "good, without a length": sends(OK + b"Connection: close\r\n\r\n", DATA),
    "good, in chunks": sends(
        OK + b"Transfer-Encoding: chunked\r\n\r\nEA60\r\n", DATA, b"\r\n0\r\n\r\n"
    ),
    "good, elsewhere": sends(redirect(b"/good")),
}


SLOW = {"no answer", "slow head", "slow body", "slow status"}


@pytest.fixture
def liar():
    """A server whose paths are the names above; returns its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    done = threading.Event()
    behaviors = LIES | GOOD

    def answer(sock):
        with sock, suppress(OSError, ValueError):
            sock.settimeout(5)
            asked = b""
            while b"\r\n\r\n" not in asked:
                piece = sock.recv(4096)
                if not piece:
                    return
                asked += piece
            path = asked.split(b" ")[1].decode().lstrip("/").replace("%20", " ")
            begin = asked.lower().partition(b"range: bytes=")[2].partition(b"-")[0]
            behaviors[path](sock, int(begin or 0))
            if sock.fileno() >= 0:
                sock.shutdown(socket.SHUT_WR)

    def serve():
        while not done.is_set():
            with suppress(TimeoutError):
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    yield lambda name: f"http://127.0.0.1:{listener.getsockname()[1]}/{name.replace(' ', '%20')}"
    done.set()
    thread.join()
    listener.close()


@pytest.mark.parametrize("name", GOOD)
def test_good_servers_of_all_kinds(liar, name):
    assert fetch_url("a", [liar(name)], SHA256, SIZE, PATIENT).read_bytes() == DATA


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_found_soon_and_the_next_address_asked(liar, clean_environment, name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    limits = QUICK if name in SLOW else PATIENT
    start = time.monotonic()
    with pytest.raises(FetchError, match=r"could not download a:\n  http") as caught:
        fetch_url("a", [liar(name)], SHA256, SIZE, limits)
    assert time.monotonic() - start < 12
    assert "\x1b" not in str(caught.value)
    assert not (clean_environment / "a").exists()
    assert fetch_url("a", [liar(name), liar("good")], SHA256, SIZE, limits).read_bytes() == DATA
    assert [path.name for path in clean_environment.iterdir()] == ["a"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000  # KiB


def test_the_message_says_what_was_wrong(liar):
    for name, message in (
        ("slow head", "it was too slow"),
        ("slow body", "it was too slow"),
        ("no answer", "it was too slow|timed out"),
        ("redirect to itself", "redirects: expected at most 5, got more"),
        ("redirect to a file", "scheme: expected http or https, got 'file:///etc/hostname'"),
        ("length too small", "Content-Length: expected 60000, got '59999'"),
        ("endless body", "hash: expected sha256"),
    ):
        with pytest.raises(FetchError, match=message):
            fetch_url("a", [liar(name)], SHA256, SIZE, QUICK)


def fuzz(liar, folder, cases, seed, limits, slow):
    """Random mirrors, random leftovers: the file is right and whole, or it is not there."""
    rng = random.Random(seed)
    quick = [name for name in LIES if name not in SLOW]
    for case in range(cases):
        names = rng.sample(quick, rng.randint(0, 3))
        if slow and rng.random() < 0.02:
            names.insert(0, rng.choice(sorted(SLOW)))
        good = rng.random() < 0.7 or not names
        if good:
            names.insert(rng.randint(0, len(names)), rng.choice(list(GOOD)))
        path = folder / f"f{case}"
        if rng.random() < 0.4:
            folder.mkdir(exist_ok=True)
            kept = rng.choice([DATA, DATA[::-1]])[: rng.choice([1, 100, SIZE // 2, SIZE])]
            part_of(path).write_bytes(kept)
        try:
            found = fetch_url(path.name, [liar(n) for n in names], SHA256, SIZE, limits)
        except FetchError:
            assert not good, names
            assert not path.exists()
        else:
            assert found.read_bytes() == DATA
            assert not part_of(path).exists()
        left = {p.name for p in folder.iterdir()} if folder.is_dir() else set()
        assert left <= {path.name, part_of(path).name}, (names, left)
        for other in folder.iterdir():
            other.unlink()


def test_random_mirrors(liar, clean_environment):
    clean_environment.mkdir()
    fuzz(liar, clean_environment, 120, seed=0, limits=PATIENT, slow=False)


@pytest.mark.slow
def test_many_random_mirrors(liar, clean_environment):
    clean_environment.mkdir()
    fuzz(liar, clean_environment, 3000, seed=1, limits=QUICK, slow=True)


def test_https_is_not_left_for_http(liar, monkeypatch):
    """A redirect from an encrypted address to a plain one is not followed."""
    import requests
    from requests.adapters import HTTPAdapter

    sent = []

    def send(self, request, **settings):
        sent.append(request.url)
        response = requests.Response()
        response.raw = io.BytesIO()
        response.status_code = 302
        response.headers["Location"] = liar("good")
        return response

    monkeypatch.setattr(HTTPAdapter, "send", send)
    with pytest.raises(FetchError, match="redirect: expected one to https"):
        fetch_url("a", ["https://somewhere.example/a"], SHA256, SIZE, QUICK)
    assert sent == ["https://somewhere.example/a"]
