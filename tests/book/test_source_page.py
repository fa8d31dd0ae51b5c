"""Shown sources and folds in the page, on small documents."""

from types import SimpleNamespace

import pytest
from page_helpers import EXTENSIONS, load_extension

from cnnhistory.models.lenet5 import LeNet5
from cnnhistory.nn import sign
from cnnhistory.visualize.source import show_source

pytest.importorskip("sphinx", reason="the extra `book` is not installed")
nodes = pytest.importorskip("docutils.nodes")
utils = pytest.importorskip("docutils.utils")
pytest.importorskip("myst_nb")
pytest.importorskip("sphinx_exercise")
source = load_extension("book_source")
folds = load_extension("book_folds")
LENET5 = "cnnhistory.models.lenet5.LeNet5"


def document(*known: str):
    made = utils.new_document("page")
    python = SimpleNamespace(objects=dict.fromkeys(known))
    made.settings.env = SimpleNamespace(get_domain=lambda name: python, docname="early/lenet5")
    return made


def shown(*known: str, tag: str = source.TAG, thing: object = LeNet5):
    """Return a document with the output of a cell that shows source, as myst-nb makes it."""
    page = document(*known)
    result = show_source(thing)
    ((path, address),) = result.links
    caption = nodes.paragraph("", "", nodes.reference("", path, refuri=address))
    output = nodes.container("", nodes.literal_block("", result.code, language="python"), caption)
    page += nodes.container("", output, classes=["cell", tag])
    source.ShowSources(page).run()
    return page


def test_code_and_links_stand_in_one_frame():
    page = shown(LENET5)
    (box,) = [n for n in page.findall(nodes.container) if "shown-source" in n["classes"]]
    block, caption = box.children
    assert block.astext().startswith("class LeNet5(nn.Module):")
    assert caption.astext() == "cnnhistory/models/lenet5.py · reference of LeNet5"
    link, _, reference = caption.children
    address, _, places = link["refuri"].partition("#L")
    assert address.endswith("/blob/main/cnnhistory/models/lenet5.py")
    first, last = (int(part) for part in places.split("-L"))
    lines = (
        (EXTENSIONS.parents[1] / "cnnhistory/models/lenet5.py")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    assert lines[first - 1].startswith("class LeNet5(")
    assert "return -self.output(x)" in lines[last - 1]
    assert (reference["refdomain"], reference["reftarget"]) == ("py", LENET5)


def test_what_the_reference_lacks_is_a_warning(monkeypatch: pytest.MonkeyPatch):
    said: list[str] = []
    monkeypatch.setattr(source.log, "warning", lambda text, *parts, **_: said.append(text % parts))
    assert "reference" not in shown().astext()
    assert said == [f"{LENET5} is not in the reference"]


def test_a_private_function_leads_to_its_module():
    page = shown("cnnhistory.nn.sign", thing=sign._StraightThrough)
    (reference,) = page.findall(source.addnodes.pending_xref)
    assert (reference.astext(), reference["reftarget"]) == (
        "reference of sign",
        "cnnhistory.nn.sign",
    )


def test_other_cells_stay_as_they_are():
    page = shown(LENET5, tag="tag_other")
    assert not [n for n in page.findall(nodes.container) if "shown-source" in n["classes"]]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://x.org/o/r/blob/main/cnnhistory/nn/conv.py#A.b", ("cnnhistory.nn.conv", "A.b")),
        ("https://x.org/o/r/blob/main/cnnhistory/nn/conv.py", None),
        ("https://x.org/README.md#A", None),
    ],
)
def test_addresses(address: str, found: tuple[str, str] | None):
    assert source.target(address) == found


def folded(node):
    page = document()
    page += node
    folds.NativeFolds(page).run()
    return page


def test_hidden_code_becomes_a_fold_with_one_word():
    hidden = folds.HideCodeCellNode(
        prompt_show="Show code cell source", prompt_hide="Hide", classes=["above-input"]
    )
    hidden += nodes.literal_block("", "x = 1")
    (fold,) = folded(hidden).findall(folds.Fold)
    assert (fold["summary"], fold["classes"]) == ("code", ["code"])
    assert fold.astext() == "x = 1"


def test_a_solution_becomes_a_fold_without_the_id_that_all_have():
    title = nodes.title("", "Solution to", nodes.reference("", " Exercise 3.1", refid="ex"))
    inside = nodes.section("", nodes.paragraph("", "156"), ids=["solution-content"])
    solution = folds.solution_node("", title, inside, classes=["dropdown"], ids=["solution-1"])
    page = folded(solution)
    (fold,) = page.findall(folds.Fold)
    assert (fold["summary"], fold["ids"]) == ("Solution to Exercise 3.1", ["solution-1"])
    assert not list(page.findall(nodes.section))
    assert [part["ids"] for part in fold.children] == [[]]
    assert fold.astext() == "156"


def test_an_open_solution_stays():
    solution = folds.solution_node("", nodes.title("", "Solution"), nodes.paragraph("", "156"))
    assert not list(folded(solution).findall(folds.Fold))
