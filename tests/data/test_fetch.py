import errno
import hashlib
import io
import os
import signal
import stat
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cnnhistory.data import fetch
from cnnhistory.data.fetch import FetchError, fetch_url
from cnnhistory.data.files import cache

DATA = bytes(range(256)) * 400
SIZE = len(DATA)
SHA256 = f"sha256:{hashlib.sha256(DATA).hexdigest()}"


def files_below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


def test_a_url_is_fetched_once(server, clean_environment):
    server.files["/a"] = DATA
    path = fetch_url("set/a.bin", [server.url + "a"], SHA256, SIZE)
    assert path == clean_environment / "set" / "a.bin"
    assert path.read_bytes() == DATA
    assert fetch_url("set/a.bin", [server.url + "a"], SHA256, SIZE) == path
    assert server.asked == ["/a"]
    assert files_below(clean_environment) == [os.path.join("set", "a.bin")]


def test_md5_serves_too(server):
    server.files["/a"] = DATA
    md5 = f"md5:{hashlib.md5(DATA).hexdigest()}"
    assert fetch_url("a", [server.url + "a"], md5, SIZE).read_bytes() == DATA


def test_the_next_mirror_is_asked(server):
    server.files |= {"/2/a": b"<html>not here any more</html>", "/3/a": DATA, "/4/a": DATA}
    urls = [f"{server.url}{k}/a" for k in (1, 2, 3, 4)]
    assert fetch_url("a", urls, SHA256, SIZE).read_bytes() == DATA
    assert server.asked == ["/1/a", "/2/a", "/3/a"]


def test_no_good_mirror(server, clean_environment):
    server.files |= {"/2/a": b"other", "/3/a": DATA[::-1]}
    closed = "http://user:secret@127.0.0.1:9/a"
    urls = [f"{server.url}{k}/a" for k in (1, 2, 3)]
    with pytest.raises(FetchError) as caught:
        fetch_url("set/a", [*urls, closed], SHA256, SIZE)
    lines = str(caught.value).splitlines()
    assert lines[0] == "could not download a:"
    assert lines[1] == f"  {urls[0]}: status: expected 200, got 404 Not Found"
    assert lines[2] == f"  {urls[1]}: Content-Length: expected {SIZE}, got '5'"
    assert lines[3].startswith(f"  {urls[2]}: hash: expected {SHA256}, got sha256:")
    assert lines[4].startswith("  http://***@127.0.0.1:9/a: ")
    assert "secret" not in lines[4]
    assert f"save the file as {clean_environment / 'set' / 'a'}" in lines[5]
    assert "`cnnhistory data fetch --all`" in lines[5]
    assert files_below(clean_environment) == []


@pytest.mark.parametrize("damage", [lambda d: d[:-1], lambda d: b"\xff" + d[1:], lambda d: b""])
def test_a_damaged_file_is_found_said_and_fetched_again(server, damage):
    server.files["/a"] = DATA
    path = fetch_url("a", [server.url + "a"], SHA256, SIZE)
    path.write_bytes(damage(DATA))
    with pytest.warns(UserWarning, match=r"a is damaged \([0-9,]+ bytes.*again") as said:
        assert fetch_url("a", [server.url + "a"], SHA256, SIZE) == path
    assert len(said) == 1
    assert "\n" not in str(said[0].message)
    assert said[0].filename == __file__
    assert path.read_bytes() == DATA
    assert server.asked == ["/a", "/a"]


@pytest.mark.parametrize(
    "known", ["", "sha256:", "sha1:" + "0" * 40, "md5:" + "0" * 31, "md5:" + "G" * 32]
)
def test_a_hash_that_is_none(known):
    with pytest.raises(ValueError, match="known_hash: expected 'md5:' and 32"):
        fetch_url("a", ["http://127.0.0.1:9/a"], known, SIZE)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../a", "a/../../b", "c:\\a"])
def test_a_name_that_leaves_the_cache(name):
    with pytest.raises(ValueError, match="name: expected a relative path"):
        fetch_url(name, ["http://127.0.0.1:9/a"], SHA256, SIZE)


def test_no_urls_and_no_size():
    with pytest.raises(ValueError, match="urls: expected one or more for a"):
        fetch_url("a", [], SHA256, SIZE)
    with pytest.raises(ValueError, match="size: expected an integer of at least 1, got 0"):
        fetch_url("a", ["http://127.0.0.1:9/a"], SHA256, 0)


# Interrupted ------------------------------------------------------------------------------


def test_an_interrupted_download_is_gone_on_with(server, clean_environment):
    server.files["/a"] = DATA
    server.cut.add("/a")
    with pytest.raises(FetchError, match=r"[0-9,]+ bytes of it are kept; the next attempt"):
        fetch_url("a", [server.url + "a"], SHA256, SIZE)
    assert files_below(clean_environment) == [".a.part"]
    had = (clean_environment / ".a.part").read_bytes()
    assert DATA.startswith(had)
    assert SIZE / 2 - 20_000 < len(had) < SIZE
    server.cut.clear()
    server.starts.clear()
    assert fetch_url("a", [server.url + "a"], SHA256, SIZE).read_bytes() == DATA
    assert server.starts == [len(had)]
    assert files_below(clean_environment) == ["a"]


def test_a_server_that_cannot_go_on_sends_all(server, clean_environment):
    server.files["/a"] = DATA
    server.whole = True
    clean_environment.mkdir()
    (clean_environment / ".a.part").write_bytes(DATA[:5000])
    assert fetch_url("a", [server.url + "a"], SHA256, SIZE).read_bytes() == DATA
    assert server.starts == [5000]


@pytest.mark.parametrize("left", [b"x" * 100, b"y" * SIZE, b"z" * (SIZE + 1)])
def test_a_wrong_beginning_is_found_by_the_hash(server, clean_environment, left):
    server.files["/a"] = DATA
    clean_environment.mkdir()
    (clean_environment / ".a.part").write_bytes(left)
    assert fetch_url("a", [server.url + "a"], SHA256, SIZE).read_bytes() == DATA
    assert server.starts[-1] == 0
    assert files_below(clean_environment) == ["a"]


def test_another_mirror_goes_on(server):
    server.files |= {"/1/a": DATA, "/2/a": DATA}
    server.cut.add("/1/a")
    path = fetch_url("a", [server.url + "1/a", server.url + "2/a"], SHA256, SIZE)
    assert path.read_bytes() == DATA
    assert server.asked[-1] == "/2/a"
    assert server.starts[-1] > SIZE / 2


FETCH = (
    "import sys; from cnnhistory.data.fetch import fetch_url;"
    "print(fetch_url('a', [sys.argv[1]], sys.argv[2], int(sys.argv[3])))"
)


def test_kills_leave_one_part_and_no_more(server, clean_environment):
    data = os.urandom(1 << 22)
    known = f"sha256:{hashlib.sha256(data).hexdigest()}"
    server.files["/a"] = data
    command = [sys.executable, "-c", FETCH, server.url + "a", known, str(len(data))]
    part = clean_environment / ".a.part"
    had = 0
    for _ in range(3):
        server.middle = threading.Event()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until:  # half of what is missing comes, then nothing
            if part.exists() and part.stat().st_size > had + (len(data) - had) // 2 - 40_000:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        server.middle.set()
        assert files_below(clean_environment) == [".a.part"]
        assert part.stat().st_size > had
        had = part.stat().st_size
    server.middle = None
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == str(clean_environment / "a")
    assert server.starts[0] == 0
    assert sorted(set(server.starts)) == server.starts  # each went on where the last one ended
    assert server.starts[-1] == had > len(data) * 0.8
    assert (clean_environment / "a").read_bytes() == data
    assert files_below(clean_environment) == ["a"]


def test_two_processes_at_once_download_once(server, clean_environment):
    server.files["/a"] = DATA
    server.gate = threading.Event()
    command = [sys.executable, "-c", FETCH, server.url + "a", SHA256, str(SIZE)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    time.sleep(1.5)
    server.gate.set()
    for process in running:
        out, err = process.communicate(timeout=60)
        assert (out.strip(), err) == (str(clean_environment / "a"), "")
    assert server.asked == ["/a"]
    assert files_below(clean_environment) == ["a"]
    assert (clean_environment / "a").read_bytes() == DATA


# The cache --------------------------------------------------------------------------------


def test_where_the_cache_is(monkeypatch):
    monkeypatch.setenv("CNNHISTORY_CACHE", "~/somewhere")
    assert fetch.cache_dir() == Path.home() / "somewhere"
    monkeypatch.delenv("CNNHISTORY_CACHE")
    assert "cnnhistory" in fetch.cache_dir().parts
    assert fetch.mirror_dir() is None
    monkeypatch.setenv("CNNHISTORY_DATA", "here")
    assert fetch.mirror_dir() == Path("here")


def test_a_file_that_is_not_downloaded(monkeypatch, tmp_path):
    monkeypatch.delenv("CNNHISTORY_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match=r"no set/data\.npz: name the folder above"):
        fetch.mirror_file("set/data.npz")
    path = tmp_path / "set" / "data.npz"
    with pytest.raises(FileNotFoundError, match=r"no .*set/data\.npz: .*CNNHISTORY_DATA"):
        fetch.mirror_file("set/data.npz", str(tmp_path))
    path.parent.mkdir()
    path.touch()
    assert fetch.mirror_file("set/data.npz", str(tmp_path)) == path
    monkeypatch.setenv("CNNHISTORY_DATA", str(tmp_path))
    assert fetch.mirror_file("set/data.npz") == path


def test_a_cache_that_cannot_be_written(server, monkeypatch, tmp_path):
    server.files["/a"] = DATA
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for place in ("file/cache", "file", "link"):
        monkeypatch.setenv("CNNHISTORY_CACHE", str(tmp_path / place))
        with pytest.raises(FetchError, match=r"a cannot be used .*Set CNNHISTORY_CACHE"):
            fetch_url("set/a", [server.url + "a"], SHA256, SIZE)
    assert server.asked == []  # found out before the download
    assert files_below(tmp_path) == ["file", "link"]


def test_what_is_no_file_in_the_place_of_the_file(server, clean_environment):
    server.files["/a"] = DATA
    (clean_environment / "a").mkdir(parents=True)
    with pytest.raises(FetchError, match=r"cannot be used \(Is a directory\)"):
        fetch_url("a", [server.url + "a"], SHA256, SIZE)
    os.mkfifo(clean_environment / "b")
    with pytest.raises(FetchError, match=r"cannot be used \(not a regular file\)"):
        fetch_url("b", [server.url + "a"], SHA256, SIZE)
    os.mkfifo(clean_environment / ".c.part")
    with pytest.raises(FetchError, match="cannot be used"):
        fetch_url("c", [server.url + "a"], SHA256, SIZE)
    (clean_environment / ".d.part").symlink_to(clean_environment / "elsewhere")
    with pytest.raises(FetchError, match="cannot be used"):
        fetch_url("d", [server.url + "a"], SHA256, SIZE)
    assert not (clean_environment / "elsewhere").exists()
    assert server.asked == []


def test_permissions_follow_the_umask(server):
    server.files["/a"] = DATA
    old = os.umask(0o027)
    try:
        path = fetch_url("a", [server.url + "a"], SHA256, SIZE)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.fixture
def failing_write(monkeypatch):
    """Makes the unfinished file fail after half of what is written to it."""

    def arm(error: BaseException) -> None:
        class HalfWritten(io.FileIO):
            def write(self, data) -> int:
                super().write(data[: len(data) // 2])
                raise error

        real = cache._locked

        def locked(part, wait):
            real(part, wait).close()
            return HalfWritten(part, "r+")

        monkeypatch.setattr(cache, "_locked", locked)

    return arm


@pytest.mark.parametrize("older", [None, b"damaged"])
@pytest.mark.parametrize("where", ["write", "fsync"])
def test_a_full_disk(server, clean_environment, failing_write, monkeypatch, where, older):
    server.files["/a"] = DATA
    if older is not None:
        clean_environment.mkdir()
        (clean_environment / "a").write_bytes(older)
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if where == "write":
        failing_write(error)
    else:

        def fsync(number: int) -> None:
            raise error

        monkeypatch.setattr(os, "fsync", fsync)

    def attempt():
        with pytest.raises(FetchError, match=r"the disk is full: .*a could not be written"):
            fetch_url("a", [server.url + "a"], SHA256, SIZE)

    if older is None:
        attempt()
        assert files_below(clean_environment) == []
    else:
        with pytest.warns(UserWarning, match="is damaged"):
            attempt()
        assert files_below(clean_environment) == ["a"]  # as it was, and found bad next time
        assert (clean_environment / "a").read_bytes() == older

    monkeypatch.undo()
    monkeypatch.setenv("CNNHISTORY_CACHE", str(clean_environment))
    (clean_environment / "a").unlink(missing_ok=True)
    assert fetch_url("a", [server.url + "a"], SHA256, SIZE).read_bytes() == DATA


def test_an_interrupt_leaves_the_one_part(server, clean_environment, failing_write):
    server.files["/a"] = DATA
    failing_write(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fetch_url("a", [server.url + "a"], SHA256, SIZE)
    assert files_below(clean_environment) == [".a.part"]


def test_a_large_file_is_read_once(server, monkeypatch):
    server.files["/a"] = DATA
    monkeypatch.setattr(cache, "REMEMBERED", SIZE)
    read = []
    real = cache.hash_of
    monkeypatch.setattr(cache, "hash_of", lambda *args: read.append(1) or real(*args))

    def again(count):
        path = fetch_url("a", [server.url + "a"], SHA256, SIZE)
        assert len(read) == count
        return path

    path = again(0)  # while it was downloaded it was hashed elsewhere
    again(1)
    again(1)
    again(1)
    path.touch()  # another time: read again
    again(2)
    again(2)
    cache.forget()
    again(3)
    with path.open("r+b") as file:
        file.write(b"x")
    os.utime(path, ns=(0, 0))
    with pytest.warns(UserWarning, match="is damaged"):
        again(5)  # once more when it is this process's turn
    assert path.read_bytes() == DATA


MEASURED = """
import resource, sys
import requests, tqdm, hashlib
from cnnhistory.data.fetch import fetch_url
from cnnhistory.data.files.packages import Archive, PackageFile, package_file
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
size = int(sys.argv[3])
fetch_url("large", [sys.argv[1]], sys.argv[2], size)
fetch_url("large", [sys.argv[1]], sys.argv[2], size)
archive = Archive(package="large", version="1", file="large-1-py3-none-any.whl",
                  size=int(sys.argv[5]), sha256=sys.argv[4], license="MIT")
package_file(PackageFile(archive=archive, member="large/a", size=size, sha256=sys.argv[2][7:]))
print(peak() - before)
"""


def test_a_large_file_does_not_pass_through_memory(server, tmp_path, monkeypatch):
    import zipfile

    size = 96 << 20
    data = bytes(1 << 20) * (size >> 20)
    server.files["/large"] = data
    links = tmp_path / "links"
    links.mkdir()
    wheel = links / "large-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("large/a", data)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    with wheel.open("rb") as file:
        packed = hashlib.file_digest(file, "sha256").hexdigest()
    known = f"sha256:{hashlib.sha256(data).hexdigest()}"
    arguments = [server.url + "large", known, str(size), packed, str(wheel.stat().st_size)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert int(done.stdout) < 32 << 10  # KiB: a third of the file


# What is shown ----------------------------------------------------------------------------


def test_progress_is_shown_on_a_terminal_only(server):
    pty, fcntl, termios = map(pytest.importorskip, ("pty", "fcntl", "termios"))
    server.files["/a"] = DATA
    command = [sys.executable, "-c", FETCH, server.url + "a", SHA256, str(SIZE)]
    quiet = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert quiet.stderr == b""

    (fetch.cache_dir() / "a").unlink()
    ours, theirs = pty.openpty()
    # 24 rows of 80 columns: tqdm draws nothing on a terminal without rows.
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, timeout=60, check=True)
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 65536):
            text += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    assert b"a: 100%" in text
