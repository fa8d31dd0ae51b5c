"""Files that are written whole or not at all.

The content goes to a file of another name in the same folder, reaches the disk, and then takes
the place of the old one in one step. A link is followed: what it points to is replaced, the link
stays. What is no regular file (a device, a pipe, a folder) is refused. Permissions are those of
the file that was there, else what the umask leaves.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

_SUFFIX = ".part"


def replace_file(path: str | Path, content: bytes) -> None:
    """Write `content` to a file, whole or not at all.

    Raises:
        ValueError: the path leads to something that is no regular file.
        OSError: it cannot be written; the old file is then still there.
    """
    with replacing(path) as file:
        file.write(content)


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when the body ends without an error.

    Raises:
        ValueError: the path leads to something that is no regular file.
        OSError: it cannot be written; the old file is then still there.
    """
    target = regular_target(path)
    sweep(target)
    part = target.with_name(f".{target.name}.{secrets.token_hex(8)}{_SUFFIX}")
    # Mode 0666 minus the umask, as for any new file; O_EXCL follows no link that someone laid.
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            if fcntl is not None:
                with contextlib.suppress(OSError):  # some network file systems have no locks
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with contextlib.suppress(FileNotFoundError):
                os.chmod(part, stat.S_IMODE(target.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
            if os.name == "posix":
                os.replace(part, target)  # while the lock is held: nobody sweeps it away
        if os.name != "posix":
            os.replace(part, target)
        _sync_folder(target.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def regular_target(path: str | Path) -> Path:
    """Return the file that a path leads to, through links, whether it exists or not.

    Raises:
        ValueError: it is there and no regular file, or its links go round.
    """
    try:
        target = Path(path).resolve()
    except (OSError, RuntimeError) as error:
        raise ValueError(f"path: expected a file, got {str(path)!r} ({error})") from error
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target
    except OSError as error:
        raise ValueError(f"path: expected a file, got {str(path)!r} ({error})") from error
    if not stat.S_ISREG(mode):
        raise ValueError(f"path: expected a regular file, got {str(path)!r}, {_kind(mode)}")
    return target


def sweep(target: Path) -> None:
    """Remove what killed processes left of earlier attempts to write `target`.

    A part that is still being written is locked by its writer and stays. Where the system has no
    such locks nothing is removed.
    """
    if fcntl is None:
        return
    prefix = f".{target.name}."
    try:
        names = [n for n in os.listdir(target.parent) if n.startswith(prefix)]
    except OSError:
        return
    for name in names:
        token = name.removeprefix(prefix).removesuffix(_SUFFIX)
        if not name.endswith(_SUFFIX) or len(token) != 16:
            continue
        with contextlib.suppress(OSError):
            part = target.parent / name
            if not stat.S_ISREG(part.lstat().st_mode):
                continue
            with part.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: in use
                part.unlink()


def _sync_folder(folder: Path) -> None:
    """Make the new name reach the disk, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _kind(mode: int) -> str:
    for test, name in (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
        (stat.S_ISSOCK, "a socket"),
    ):
        if test(mode):
            return name
    return "something else"
