import random
import re

import pytest

from cnnhistory import papers
from cnnhistory._util.lookup import UnknownIdError
from cnnhistory.papers import Paper, list_papers, paper, parse_bibliography

LENET = """\
@article{lecun1998gradient,
  author = {LeCun, Y. and Bottou, L. and Bengio, Y. and Haffner, P.},
  title = {Gradient-Based Learning Applied to {Document} Recognition},
  journal = {Proceedings of the IEEE},
  volume = {86},
  number = {11},
  year = {1998},
}
"""


@pytest.fixture
def fresh_cache():
    papers._papers.cache_clear()
    yield
    papers._papers.cache_clear()


def test_the_bibliography_has_the_papers_of_the_survey():
    assert len(list_papers()) >= 138
    assert list_papers() == sorted(list_papers())


@pytest.mark.parametrize(
    "expected",
    [
        Paper(
            "lecun1998gradient",
            "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner",
            "Gradient-Based Learning Applied to Document Recognition",
            1998,
            "Proceedings of the IEEE 86(11)",
        ),
        Paper(
            "howard2017mobilenets",
            "A. Howard et al.",
            "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
            2017,
            "arXiv",
            "1704.04861",
        ),
        Paper(
            "krahenbuhl2011efficient",
            "P. Krähenbühl, V. Koltun",
            "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials",
            2011,
            "Advances in Neural Information Processing Systems (NIPS)",
        ),
        Paper(
            "liu2009beyond",
            "C. Liu",
            "Beyond Pixels: Exploring New Representations and Applications for Motion Analysis",
            2009,
            "PhD thesis, Massachusetts Institute of Technology",
        ),
        Paper(
            "rumelhart1986learning",
            "D. Rumelhart, G. Hinton, R. Williams",
            "Learning Representations by Back-propagating Errors",
            1986,
            "Nature 323",
        ),
    ],
    ids=lambda expected: expected.key,
)
def test_entries_read_as_written(expected):
    assert paper(expected.key) == expected


def test_years_and_keys_agree():
    # A key ends in the year and the first word of the title; a wrong year would show here.
    for key in list_papers():
        assert f"{paper(key).year}" in key


def test_an_arxiv_number_is_not_younger_than_the_paper():
    for entry in map(paper, list_papers()):
        if entry.arxiv:
            submitted = 2000 + int(entry.arxiv[:2])
            # One paper was put on arXiv a year after it appeared (li2017modeling).
            assert submitted <= entry.year + 1, entry


def test_pybtex_reads_the_same():
    database = pytest.importorskip("pybtex.database")
    errors = pytest.importorskip("pybtex.errors")
    file = next(f for f in papers._BIBLIOGRAPHIES if f.is_file())
    with errors.capture() as found:
        theirs = database.parse_file(str(file))
    assert not found
    assert list(theirs.entries) == list_papers()
    for key, entry in theirs.entries.items():
        ours = paper(key)
        assert re.sub("[{}]", "", entry.fields["title"]) == ours.title
        assert int(entry.fields["year"]) == ours.year
        assert entry.fields.get("eprint") == ours.arxiv
        last_names = [" ".join(p.prelast_names + p.last_names) for p in entry.persons["author"]]
        for name in last_names:
            assert name == "others" or name in ours.authors


def test_unknown_key_suggests_the_nearest_in_a_readable_message():
    with pytest.raises(KeyError) as error:
        paper("lecun1998gradients")
    assert isinstance(error.value, UnknownIdError)
    message = str(error.value)
    assert message.startswith("unknown paper 'lecun1998gradients'; did you mean ")
    assert "'lecun1998gradient'" in message
    assert "\\" not in message
    with pytest.raises(KeyError, match=r"'zzzz'; cnnhistory\.papers"):
        paper("zzzz")


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("@article{lecun1998gradient,", "@article{lecun1998gradient", 1, "expected '@type"),
        ("@article", "@techreport", 1, "expected one of article"),
        ("  year = {1998},\n", "", 7, "missing year"),
        ("{1998}", "{98}", 8, "four digits, got '98'"),
        ("  journal = {Proceedings of the IEEE},\n", "", 7, "missing journal"),
        ("  volume", "volume", 5, "expected '  name = {value},'"),
        ("{86},", "{86}", 5, "expected '  name = {value},'"),
        ("  volume", "  tome", 5, "unknown field 'tome'"),
        ("  number", "  volume", 6, "field 'volume' stands twice"),
        ("{Document}", "{Document", 3, "matched braces"),
        ("{Document}", "}Document{", 3, "matched braces"),
        ("Applied", "\\'Applied", 3, "no backslash"),
        ("{86}", "{}", 5, "volume: expected text"),
        (
            "Bottou, L.",
            "L. Bottou",
            8,
            "expected 'Last, F.' joined by ' and ', got 'L. Bottou'",
        ),
        ("  year", "  eprint = {1234.5678},\n  year", 9, "archivePrefix: expected both"),
        (
            "  year",
            "  eprint = {cs/9901},\n  archivePrefix = {arXiv},\n  year",
            10,
            "expected an arXiv id",
        ),
        ("}\n", "", 3, "expected '  name = {value},'"),
    ],
)
def test_a_broken_entry_is_refused_with_line_and_key(old, new, line, what):
    if old == "}\n":  # the closing brace: the file ends inside the entry
        broken, line, what = LENET[:-2], 7, "the file ends inside the entry"
    else:
        assert old in LENET
        broken = LENET.replace(old, new, 1)
    with pytest.raises(ValueError) as error:
        parse_bibliography(broken, "x.bib")
    assert what in str(error.value)
    assert f"x.bib, line {line}" in str(error.value)
    assert line == 1 or "'lecun1998gradient'" in str(error.value)


def test_a_key_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match=r"line 10, entry 'lecun1998gradient'.*already taken"):
        parse_bibliography(LENET + "\n" + LENET)


def test_misc_needs_a_place():
    entry = LENET.replace("@article", "@misc")
    with pytest.raises(ValueError, match="missing howpublished"):
        parse_bibliography(entry)


def test_damage_never_passes_as_something_else():
    # Whatever one lost character does, the result is an error that says where, or an entry that
    # differs only by that character: no other exception and no lost entry.
    text = next(f for f in papers._BIBLIOGRAPHIES if f.is_file()).read_text(encoding="utf-8")
    entries = text.split("\n\n")
    generator = random.Random(0)
    messages = []
    for _ in range(400):
        entry = generator.choice(entries).strip() + "\n"
        at = generator.randrange(len(entry))
        damaged = entry[:at] + entry[at + 1 :]
        try:
            assert len(parse_bibliography(damaged)) == 1
        except ValueError as error:
            messages.append(str(error))
    assert len(messages) > 50
    assert all(re.match(r"bibliography, line \d+", message) for message in messages)


def test_the_copy_in_the_package_is_read_where_there_is_no_checkout(
    tmp_path, monkeypatch, fresh_cache
):
    packaged = tmp_path / "references.bib"
    monkeypatch.setattr(papers, "_BIBLIOGRAPHIES", (tmp_path / "book" / "none", packaged))
    with pytest.raises(FileNotFoundError, match=r"references\.bib; reinstall"):
        paper("lecun1998gradient")
    packaged.write_text(LENET, encoding="utf-8")
    assert list_papers() == ["lecun1998gradient"]
