import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from cnnhistory._util.files import replace_file, replacing, sweep


@pytest.fixture
def umask():
    old = os.umask(0o027)
    yield 0o027
    os.umask(old)


def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path, umask):
    replace_file(tmp_path / "new", b"a")
    assert (tmp_path / "new").read_bytes() == b"a"
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_an_old_file_keeps_its_permissions(tmp_path, umask):
    path = tmp_path / "old"
    path.write_bytes(b"a")
    path.chmod(0o664)
    replace_file(path, b"b")
    assert path.read_bytes() == b"b"
    assert path.stat().st_mode & 0o777 == 0o664


def test_a_link_is_followed_and_stays(tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()
    target, link, dangling = folder / "target", tmp_path / "link", tmp_path / "dangling"
    target.write_bytes(b"a")
    link.symlink_to(target)
    replace_file(link, b"b")
    assert link.is_symlink()
    assert target.read_bytes() == b"b"
    dangling.symlink_to(folder / "not_yet")
    replace_file(dangling, b"c")
    assert dangling.is_symlink()
    assert (folder / "not_yet").read_bytes() == b"c"


def test_what_is_no_file_is_refused_and_stays(tmp_path):
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(ValueError, match=r"path: expected a regular file, got '.*', a pipe"):
            replace_file(path, b"x")
    assert pipe.is_fifo()
    with pytest.raises(ValueError, match="a folder"):
        replace_file(tmp_path, b"x")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with pytest.raises(ValueError, match="path: expected a file"):
        replace_file(tmp_path / "round", b"x")


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), replacing(path) as file:
        file.write("no bytes")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_readers_see_the_old_or_the_new_file(tmp_path):
    path = tmp_path / "file"
    contents = {bytes([digit]) * 100_000 for digit in range(5)}
    replace_file(path, min(contents))
    done = threading.Event()

    def write():
        for _ in range(20):
            for content in contents:
                replace_file(path, content)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen = set()
    while not done.is_set():
        seen.add(path.read_bytes())
    thread.join()
    assert seen <= contents


def test_what_a_kill_left_is_swept_and_what_is_in_use_is_not(tmp_path):
    path = tmp_path / "file"
    program = (
        "import sys, time\n"
        "from cnnhistory._util.files import replacing\n"
        "with replacing(sys.argv[1]) as file:\n"
        "    file.write(b'x' * 5_000_000)\n"
        "    file.flush()\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        (part,) = tmp_path.iterdir()
        sweep(path)
        replace_file(path, b"new")
        assert part.exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
    stranger = tmp_path / ".file.not_ours.part"
    stranger.touch()
    time.sleep(0.05)
    replace_file(path, b"newer")
    assert sorted(tmp_path.iterdir()) == [stranger, path]
    assert path.read_bytes() == b"newer"
