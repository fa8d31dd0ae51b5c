from xml.etree import ElementTree

import pytest

from cnnhistory._util.html import html_table, joined, printable


def test_cells_are_escaped_and_headed():
    page = html_table(("<a>", "n"), [("x & y", "1")], (False, True), "c < d", [("sum", "1")])
    root = ElementTree.fromstring(page)
    assert root.attrib["tabindex"] == "0"
    assert root.attrib["aria-label"] == "c < d"
    table = root.find("table")
    assert table.find("caption").text == "c < d"
    assert [cell.text for cell in table.iter("th")] == ["<a>", "n", "x & y", "sum"]
    assert [cell.attrib.get("scope") for cell in table.iter("th")] == ["col", "col", "row", "row"]
    assert table.find("tbody/tr/td").attrib["style"] == "text-align: right"
    assert table.find("tfoot/tr/td").text == "1"


def test_a_table_for_a_style_sheet():
    root = ElementTree.fromstring(html_table(("network",), [("<x>",)], kind="wide claims"))
    assert root.attrib["class"] == "wide claims"
    assert root.find("table").find("caption") is None
    assert root.attrib["aria-label"] == "network"


@pytest.mark.parametrize(
    ("text", "number", "shown"),
    [
        ("0.76 %", True, "0.76_%"),
        ("1.2–3.4 %", True, "1.2–|3.4_%"),
        ("12 of 1,000 (0.9 % to 2.1 %)", True, "12 of 1,000 (0.9_% to 2.1_%)"),
        ("in 10 s on 2 cores", False, "in 10_s on 2 cores"),
        ("10 small steps, 3 Bells, 4 hours", False, "10 small steps, 3 Bells, 4 hours"),
        ("61.1 million", False, "61.1_million"),
    ],
)
def test_a_unit_stays_with_its_number(text: str, number: bool, shown: str):
    assert joined(text, number).replace("\u00a0", "_").replace("\u2060", "|") == shown
    page = html_table(("a", "b"), [("x", text)], (False, number))
    assert ElementTree.fromstring(page).find("table/tbody/tr/td").text == joined(text, number)


@pytest.mark.parametrize(
    "arguments",
    [
        {"rows": [("1",)]},
        {"rows": [], "right": (True,)},
        {"rows": [], "foot": [("1",)]},
    ],
)
def test_a_ragged_table_is_refused(arguments):
    with pytest.raises(ValueError, match="zip"):
        html_table(("a", "b"), **arguments)


def test_control_characters_do_not_reach_a_terminal():
    assert printable("a\x1b]0;x\x07b\nc\u202e") == r"a\x1b]0;x\x07b\nc\u202e"
    assert printable("conv1.weight ü") == "conv1.weight ü"
