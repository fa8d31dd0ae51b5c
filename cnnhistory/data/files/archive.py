"""One file out of an archive, chunk by chunk: zip, tar or packed tar, and one within another.

Nothing is unpacked to where an archive says; a member is found by its exact name and read. What
an archive can make its reader do is bounded: bytes that come out of it in all, and at a time.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from cnnhistory.data.files.cache import DataFileError

CHUNK = 1 << 18
UNPACKED = 8 << 30  # bytes out of an archive, those passed over included
AT_ONCE = 16 << 20  # bytes of a tar archive's own notes, such as long names


def member_chunks(
    archive: IO[bytes], name: str, member: str, nested: str | None, size: int
) -> Iterator[bytes]:
    """The content of a member of an archive, of which the size is known.

    Args:
        archive: an open file.
        name: of the archive, for messages; but in a wheel, members lie below a top folder.
        member: path of the file in the archive.
        nested: where that is an archive itself, the path of the file in it.
        size: of the file, in bytes.

    Raises:
        DataFileError: the archive is damaged, or has no such file of this size.
    """
    with contextlib.ExitStack() as stack, _complaints(name):
        strip = 0 if name.endswith(".whl") else 1
        file, found = _member(stack, archive, name, member, strip)
        if nested is not None:
            file, found = _member(stack, file, member, nested, 0)
        if found != size:
            raise DataFileError(
                f"{nested or member} in {name}: expected {size:,} bytes, got {found:,}"
            )
        left = size
        while left:
            chunk = file.read(min(CHUNK, left))
            if not chunk:
                raise EOFError(f"it ends {left:,} bytes before its end")
            left -= len(chunk)
            yield chunk


def tar_members(path: Path, sizes: dict[str, int]) -> dict[str, bytes]:
    """The contents of those files of a tar archive whose last names are asked for.

    Args:
        path: of the archive, packed by gzip or not.
        sizes: by name, how many bytes a file may have at most.

    Raises:
        DataFileError: the archive is damaged, or a file is larger.
    """
    found = {}
    with path.open("rb") as archive, contextlib.ExitStack() as stack, _complaints(str(path)):
        tar = _tar(stack, archive)
        for info in tar:
            last = info.name.rpartition("/")[2]
            if last in sizes and info.isfile():
                if info.size > sizes[last]:
                    raise DataFileError(
                        f"{last} in {path}: expected at most {sizes[last]:,} bytes,"
                        f" got {info.size:,}"
                    )
                content = tar.extractfile(info)
                assert content is not None  # for a file it never is
                found[last] = b"".join(_up_to(content, info.size))
                if len(found[last]) != info.size:
                    raise EOFError(f"{last} is cut short")
        assert tar.fileobj is not None
        while tar.fileobj.read(CHUNK):  # to the end, where gzip has its checksum
            pass
    return found


def unzipped(path: Path, limit: int) -> bytes:
    """The content of a gzip file, or of a plain one, of at most `limit` bytes.

    Raises:
        DataFileError: it is no complete gzip file, or has more.
    """
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file, _complaints(str(path), "gzip file"):
        content = b"".join(_up_to(file, limit + 1))
    if len(content) > limit:
        raise DataFileError(f"{path}: expected at most {limit:,} bytes in it, got more")
    return content


def _up_to(file: IO[bytes], count: int) -> Iterator[bytes]:
    while count and (chunk := file.read(min(CHUNK, count))):
        count -= len(chunk)
        yield chunk


def _member(
    stack: contextlib.ExitStack, archive: IO[bytes], name: str, member: str, strip: int
) -> tuple[IO[bytes], int]:
    """An open file of the archive, whose paths lose `strip` leading folders, and its size."""
    if _starts(archive, b"PK\x03\x04"):
        opened = stack.enter_context(zipfile.ZipFile(archive))
        for entry in opened.infolist():
            if entry.filename.split("/", strip)[-1] == member:
                # Others may take what memory they like to unpack.
                if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise DataFileError(f"{name} packs {member} by a method that is not read")
                return stack.enter_context(opened.open(entry)), entry.file_size
    else:
        tar = _tar(stack, archive)
        for info in tar:
            if info.name.split("/", strip)[-1] == member and info.isfile():
                file = tar.extractfile(info)
                assert file is not None  # only of links and folders
                return stack.enter_context(file), info.size
    raise DataFileError(f"{name} has no file {member}: this release of the package differs")


def _tar(stack: contextlib.ExitStack, archive: IO[bytes]) -> tarfile.TarFile:
    if _starts(archive, b"\x1f\x8b"):
        unpacked: Any = gzip.GzipFile(fileobj=archive)
        archive = stack.enter_context(unpacked)
    bounded: Any = _Bounded(archive)
    return stack.enter_context(tarfile.open(fileobj=bounded, mode="r:"))


def _starts(file: IO[bytes], magic: bytes) -> bool:
    file.seek(0)
    begins = file.read(len(magic)) == magic
    file.seek(0)
    return begins


class _Bounded(io.RawIOBase):
    """A file that gives `UNPACKED` bytes in all, those passed over included, no more."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.left = UNPACKED
        self.at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence != 0:
            raise io.UnsupportedOperation("seek from elsewhere than the start")
        self._spend(offset - self.at if offset >= self.at else offset)
        self.at = self.file.seek(offset)
        return self.at

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= AT_ONCE:
            raise ValueError(f"a note of {size:,} bytes")
        data = self.file.read(size)
        self._spend(len(data))
        self.at += len(data)
        return data

    def _spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise ValueError(f"more than {UNPACKED:,} bytes in it")


@contextlib.contextmanager
def _complaints(name: str, kind: str = "zip or tar archive") -> Iterator[None]:
    """Whatever the readers of archives raise at a damaged one, they have no list of it."""
    try:
        yield
    except DataFileError:
        raise
    except Exception as error:
        raise DataFileError(f"{name} is not a complete {kind} ({error})") from error
