import subprocess
import sys

import pytest

from cnnhistory.data import sources
from cnnhistory.data.fetch import FetchError

SMALL = [
    "digits",
    "movie_review_sentences",
    "messages_indico",
    "messages_horizon",
    "messages_jupyterlab",
    "messages_spyder",
    "efficientnet_lite0",
]


def test_the_list():
    names = [source.name for source in sources.list_sources()]
    assert names == [*SMALL, "mnist", "cifar10"]
    for source in sources.list_sources():
        assert source.title
        assert source.license
        assert source.size > 0
        assert source.download == 0 or 2 * source.download >= source.size
    small = [source.name for source in sources.list_sources() if source.small]
    assert small == SMALL


def test_digits_are_found_in_the_installed_package():
    got = sources.fetch("digits")
    assert got.name == "digits"
    assert got.path.name == "mnist_5k.csv.gz"
    assert got.size == got.path.stat().st_size


def test_mnist_from_a_mirror(mirror):
    folder = mirror(30, 20)
    got = sources.fetch("mnist")
    assert got.path == folder
    assert got.size == sum(path.stat().st_size for path in folder.iterdir())


def test_all_is_all_of_small_mode(monkeypatch):
    asked = []
    monkeypatch.setattr(sources, "fetch", lambda name: asked.append(name))
    sources.fetch_all()
    assert asked == SMALL


def test_an_unknown_name():
    with pytest.raises(KeyError, match="unknown data set 'digit'; did you mean 'digits'"):
        sources.fetch("digit")
    with pytest.raises(KeyError, match=f"there are {', '.join(SMALL)}, mnist, cifar10"):
        sources.fetch("?")


def test_it_loads_neither_torch_nor_mlxtend():
    code = (
        "import sys; from cnnhistory.data import fetch, scale, sources;"
        "sources.fetch('digits');"
        "heavy = {'torch', 'torchvision', 'pytorch_lightning', 'mlxtend', 'requests'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_movie_review_sentences_can_be_fetched():
    try:
        got = sources.fetch("movie_review_sentences")
    except FetchError as error:
        pytest.skip(f"needs a network: {error}")
    source = next(s for s in sources.list_sources() if s.name == got.name)
    assert got.size == source.size
    lines = got.path.read_text(encoding="utf-8").splitlines()
    ratings = [float(line.split("\t")[1]) for line in lines]
    assert len(lines) == 10_605
    assert min(ratings) >= -4
    assert max(ratings) <= 4


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SMALL if name.startswith("messages_")])
def test_message_catalogues_can_be_fetched(name):
    from cnnhistory.data.translation.catalogues import fits, read_catalogue

    try:
        got = sources.fetch(name)
    except FetchError as error:
        pytest.skip(f"needs a network: {error}")
    source = next(s for s in sources.list_sources() if s.name == name)
    assert got.size == source.size
    pairs = [pair for path in got.path.iterdir() for pair in read_catalogue(path)]
    assert sum(fits(*pair) for pair in pairs) > 1000
