"""The user's cache of data files: where it is, what in it is whole, and its unfinished files.

A file in the cache is checked by its hash at every use, in chunks. Of a large one the size, the
time of change and the hash are remembered in a small file beside it, and as long as these stay,
it is not read again; `forget` makes the next check a complete one.

A download goes into one file of a fixed name beside its target, `.NAME.part`, locked by the
process that writes it. It is renamed when its hash is right. Whatever stops it before, the next
one goes on from there, so that unfinished files never pile up.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import time
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import platformdirs

from cnnhistory._util.files import replace_file, sweep
from cnnhistory._util.lookup import expected

try:
    import fcntl
except ImportError:  # not on Windows: two downloads of one file there end in a wrong hash
    fcntl = None  # type: ignore[assignment]

CACHE_VARIABLE = "CNNHISTORY_CACHE"
MIRROR_VARIABLE = "CNNHISTORY_DATA"
AHEAD = "With a network, `cnnhistory data fetch --all` fetches such files ahead of time."
CHUNK = 1 << 18
REMEMBERED = 32 << 20  # bytes; hashing less takes at most a tenth of a second


class FetchError(RuntimeError):
    """A file could not be fetched or kept; the message says why and what to do."""


class DataFileError(FetchError, ValueError):
    """A data file is damaged, or not what its name says."""


def cache_dir() -> Path:
    """The folder of fetched files: `$CNNHISTORY_CACHE`, else the user's cache folder."""
    value = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("cnnhistory")
    return Path(value).expanduser()


def mirror_dir() -> Path | None:
    """The folder `$CNNHISTORY_DATA` of canonical data sets, or None where it is not set."""
    value = os.environ.get(MIRROR_VARIABLE)
    return Path(value).expanduser() if value else None


def mirror_file(name: str, root: str | None = None) -> Path:
    """Return the path of a file that is not downloaded: below `root`, else below the mirror.

    `name` is its path there, such as "modelnet10/data.npz".

    Raises:
        FileNotFoundError: it is not there.
    """
    base = mirror_dir() if root is None else Path(root)
    path = None if base is None else base / name
    if path is None or not path.is_file():
        raise FileNotFoundError(
            f"no {path or name}: name the folder above in `root` or in {MIRROR_VARIABLE}"
        )
    return path


def check_inside(name: str, path: str) -> None:
    """Refuse a path that does not stay below the folder it is joined to.

    Raises:
        ValueError: it is absolute, climbs, or is empty.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or ":" in path:
        raise expected(name, "a relative path with forward slashes and without ..", path)


def check_hash(name: str, known_hash: str) -> None:
    """Refuse what is no hash.

    Raises:
        ValueError: it is not "md5:" or "sha256:" and as many digits as that has.
    """
    if not re.fullmatch("md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", known_hash):
        wanted = "'md5:' and 32, or 'sha256:' and 64 small hexadecimal digits"
        raise expected(name, wanted, known_hash)


def hash_of(file: BinaryIO, known_hash: str) -> str:
    """The hash of an open file from its start, in the form and by the algorithm of another."""
    algorithm = known_hash.partition(":")[0]
    # A check against damage; who publishes MD5 sums leaves no other choice.
    total = hashlib.new(algorithm, usedforsecurity=False)
    file.seek(0)
    while chunk := file.read(CHUNK):
        total.update(chunk)
    return f"{algorithm}:{total.hexdigest()}"


def is_whole(path: Path, known_hash: str, size: int) -> bool:
    """Whether a file of the cache is there and the known one.

    Raises:
        FetchError: it cannot be read.
    """
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        state = f"{found.st_size} {found.st_mtime_ns} {known_hash}\n"
        large = size >= REMEMBERED
        if found.st_size == size:
            if large and _remembered(path) == state:
                return True
            with path.open("rb") as file:
                whole = hash_of(file, known_hash) == known_hash
            if whole:
                if large:
                    with contextlib.suppress(OSError, ValueError):  # a cache to read only
                        replace_file(_note(path), state.encode())
                return True
    except FileNotFoundError:
        return False
    except OSError as error:
        raise cache_error(path, error) from error
    return False


def warn_if_damaged(path: Path) -> None:
    """Say of a file that is not whole, if it is there at all, that it is fetched again."""
    with contextlib.suppress(OSError):
        warnings.warn(
            f"{path} is damaged ({path.stat().st_size:,} bytes, wrong hash): fetching it again",
            stacklevel=3,
        )


def forget() -> None:
    """Have the next check of every file in the cache read all of it."""
    with contextlib.suppress(OSError):
        for note in cache_dir().rglob(".*.checked"):
            note.unlink()


def _note(path: Path) -> Path:
    return path.with_name(f".{path.name}.checked")


def _remembered(path: Path) -> str | None:
    try:
        return _note(path).read_text(encoding="ascii")
    except (OSError, ValueError):
        return None


def part_of(path: Path) -> Path:
    """The unfinished file of a path of the cache."""
    return path.with_name(f".{path.name}.part")


@contextlib.contextmanager
def partial(path: Path, wait: float) -> Iterator[BinaryIO]:
    """Open the unfinished file of `path`, new or with what came before, for this process alone.

    It is removed at the end if nothing is in it, or nothing fits on the disk any more.

    Args:
        path: of the finished file.
        wait: seconds to wait for another process that is writing it.

    Raises:
        FetchError: the other process did not end in time, or the cache cannot be written.
    """
    part = part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        file = _locked(part, wait)
    except OSError as error:
        raise cache_error(path, error) from error
    try:
        yield file
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            with contextlib.suppress(OSError):
                os.ftruncate(file.fileno(), 0)  # file.truncate would write its buffer first
        raise cache_error(path, error) from error
    finally:
        with contextlib.suppress(OSError, ValueError):  # ValueError: closed
            if _is_at(file, part) and os.fstat(file.fileno()).st_size == 0:
                part.unlink()
        with contextlib.suppress(OSError):  # what is not yet written has no place on the disk
            file.close()


def place(file: BinaryIO, path: Path) -> None:
    """Give the unfinished file of `path` its name, once its content has reached the disk."""
    file.flush()
    os.fsync(file.fileno())
    if os.name != "posix":
        file.close()  # an open file keeps its name there
    os.replace(part_of(path), path)


def cache_error(path: Path, error: OSError) -> FetchError:
    """What to say when a file of the cache cannot be read or written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        problem = f"the disk is full: {path} could not be written, and nothing of it was kept"
        remedy = "Free some space, or set"
    else:
        problem = f"the cache file {path} cannot be used ({error.strerror or error})"
        remedy = "Set"
    return FetchError(f"{problem}. {remedy} {CACHE_VARIABLE} to a folder that can be written.")


def _locked(part: Path, wait: float) -> BinaryIO:
    until = time.monotonic() + wait
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    while True:
        file = os.fdopen(os.open(part, flags | getattr(os, "O_NONBLOCK", 0), 0o666), "r+b")
        try:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file, part):  # else it was renamed between opening and locking
                return file
        except BlockingIOError:
            if time.monotonic() > until:
                file.close()
                raise FetchError(
                    f"another process has been writing {part} for {wait:.0f} s. Try again when"
                    " it has ended."
                ) from None
            time.sleep(0.05)
        except OSError as error:
            if error.errno in (errno.ENOLCK, errno.ENOTSUP):  # a file system without locks
                return file
            file.close()
            raise
        file.close()


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.lstat())
    except FileNotFoundError:
        return False
