import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from cnnhistory.data.fetch import DataFileError, FetchError
from cnnhistory.data.files import archive
from cnnhistory.data.files.archive import member_chunks, tar_members, unzipped

DATA = bytes(range(256)) * 3000


def tar(files, mode="w:gz"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as out:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zipped(files, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return buffer.getvalue()


def member(content, name, path, size, nested=None):
    return b"".join(member_chunks(io.BytesIO(content), name, path, nested, size))


@pytest.mark.parametrize("packed", [tar, lambda files: tar(files, "w"), zipped])
def test_a_member_of_an_sdist(packed):
    content = packed({"PKG-INFO": b"x", "top/a/b": DATA, "top/b": b"2"})
    assert member(content, "top.tar.gz", "a/b", len(DATA)) == DATA
    assert member(content, "top.tar.gz", "b", 1) == b"2"
    for missing in ("a", "top/b", "/etc/passwd", "../b"):
        with pytest.raises(DataFileError, match="has no file"):
            member(content, "top.tar.gz", missing, 1)


@pytest.mark.parametrize("outer", [tar, zipped])
@pytest.mark.parametrize("inner", [tar, zipped])
def test_a_member_of_an_archive_in_an_archive(outer, inner):
    content = outer({"top/x": b"x" * 100_000, "top/in": inner({"one": b"1", "deep/b": DATA})})
    assert member(content, "top.tar.gz", "in", len(DATA), "deep/b") == DATA


def test_paths_of_a_wheel_are_whole():
    content = zipped({"a/b": DATA})
    assert member(content, "x.whl", "a/b", len(DATA)) == DATA
    with pytest.raises(DataFileError, match=r"x.whl has no file b"):
        member(content, "x.whl", "b", len(DATA))


@pytest.mark.parametrize("size", [0, 1, len(DATA) - 1, len(DATA) + 1])
@pytest.mark.parametrize("packed", [tar, zipped])
def test_another_size_is_refused(packed, size):
    with pytest.raises(DataFileError, match=f"a in x.zip: expected {size:,} bytes, got 768,000"):
        member(packed({"t/a": DATA}), "x.zip", "a", size)


def test_only_files_are_read():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        for name, kind in (("t/a", tarfile.SYMTYPE), ("t/b", tarfile.DIRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            out.addfile(info)
    for name in ("a", "b"):
        with pytest.raises(DataFileError, match="has no file"):
            member(buffer.getvalue(), "x.tar.gz", name, 1)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_take_what_memory_they_like(method):
    with pytest.raises(DataFileError, match="by a method that is not read"):
        member(zipped({"t/a": DATA}, method), "x.zip", "a", len(DATA))


def test_a_bomb_in_front_of_the_member(monkeypatch):
    monkeypatch.setattr(archive, "UNPACKED", 1 << 20)
    content = tar({"t/bomb": bytes(20 << 20), "t/a": b"1"})
    with pytest.raises(DataFileError, match="more than 1,048,576 bytes in it"):
        member(content, "x.tar.gz", "a", 1)


def test_a_bomb_in_a_name():
    info = tarfile.TarInfo("y")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 64 << 20
    content = gzip.compress(info.tobuf() + bytes(64 << 20))
    with pytest.raises(DataFileError, match="a note of 67,108,864 bytes"):
        member(content, "x.tar.gz", "a", 1)


@pytest.mark.parametrize("packed", [tar, zipped])
def test_cut_short_and_flipped(packed):
    content = packed({"t/x": b"x" * 1000, "t/a": DATA, "t/z": b"z"})
    for cut in range(0, len(content), 97):
        try:
            found = member(content[:cut], "x.zip", "a", len(DATA))
        except FetchError:
            continue
        assert found == DATA
    for at in range(0, len(content), 31):
        flipped = content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]
        try:
            found = member(flipped, "x.zip", "a", len(DATA))
        except FetchError:
            continue
        assert len(found) == len(DATA)


def test_tar_members(tmp_path):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(tar({"x/one": b"1", "two": DATA, "x/three": b"3"}))
    assert tar_members(path, {"one": 5, "two": len(DATA)}) == {"one": b"1", "two": DATA}
    with pytest.raises(DataFileError, match=r"two in .*: expected at most 9 bytes, got 768,000"):
        tar_members(path, {"two": 9})


def test_unzipped(tmp_path: Path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(DATA))
    assert unzipped(path, len(DATA)) == DATA
    with pytest.raises(DataFileError, match="expected at most 767,999 bytes in it, got more"):
        unzipped(path, len(DATA) - 1)
    path.write_bytes(gzip.compress(DATA)[:-9])
    with pytest.raises(DataFileError, match="is not a complete gzip file"):
        unzipped(path, len(DATA))
