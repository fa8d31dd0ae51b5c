"""Statements as text and as cards: complete, true to how they were checked, sound HTML."""

import re
from importlib.resources import files

import pytest
from claim_helpers import made_up
from page_helpers import Elements

from cnnhistory.claims import Cards, Finding, list_statements, show, statement
from cnnhistory.claims.render import deciding_code, source_text
from cnnhistory.system import VERDICTS, decided


def decide():
    return Finding("imprecise", "3 < 4")


COMPUTED = made_up(id="lenet5.c98", check="count", decide=decide)


@pytest.fixture(scope="module")
def lenet5():
    return show("lenet5")


def test_the_text_has_every_statement_and_fits(lenet5):
    text = str(lenet5)
    assert repr(lenet5) == text
    lines = text.splitlines()
    assert lines[0] == "What the survey says about LeNet-5, checked"
    for id in list_statements(system="lenet5"):
        assert sum(line.startswith(f"{id}: ") for line in lines) == 1
    assert max(map(len, lines)) <= 88
    assert all(line == line.rstrip() for line in lines)


def test_the_text_of_one_statement():
    finding = Finding("correct", "one two three four " * 5 + "five")
    assert str(Cards([(COMPUTED, finding)])).splitlines() == [
        "1 statement: 1 correct; 1 computed in this run.",
        "",
        "lenet5.c98: correct",
        "  The survey says  a < b",
        "  What is true     a & b are equal",
        "  Computed         one two three four one two three four one two three four one two",
        "                   three four one two three four five",
        "  Source           LeCun et al. (1998), Section I",
    ]
    assert str(Cards([(made_up(), None)], "Title")).splitlines() == [
        "Title",
        "1 statement: 1 wrong; 1 cited from the literature.",
        "",
        "lenet5.c99: wrong",
        "  The survey says  a < b",
        "  What is true     a & b are equal",
        "  Cited            LeCun et al. (1998), Section I",
    ]


def test_the_summary_counts_what_is_shown():
    rows = [
        (made_up(verdict="correct"), None),
        (made_up(verdict="opinion"), None),
        (COMPUTED, Finding("imprecise", "1")),
        (made_up(), None),
        (made_up(), None),
    ]
    assert Cards(rows).summary == (
        "5 statements: 2 wrong, 1 imprecise, 1 correct, 1 opinion; "
        "1 computed in this run, 4 cited from the literature."
    )


def test_the_verdict_shown_is_the_computed_one():
    cards = Cards([(COMPUTED, Finding("imprecise", "3 of 4"))])
    for shown in (str(cards), cards._repr_html_().partition("</style>")[2]):
        assert "imprecise" in shown
        assert "wrong" not in shown


def test_the_cards_have_every_statement(lenet5):
    page = Elements(lenet5._repr_html_())
    ids = list_statements(system="lenet5")
    assert [card["id"] for card in page.of("article")] == ids
    assert [link["href"] for link in page.of("a")] == [f"#{id}" for id in ids] + [
        f"#{id}" for id in ids
    ]
    computed = [id for id in ids if statement(id).decide]
    assert len(page.of("details")) == len(page.of("summary")) == len(computed)
    for id in ids:
        assert (f"The code that decides {id}" in page.texts) == (id in computed)
        assert statement(id).text in page.texts
        assert statement(id).truth in page.texts
    assert page.texts.count("Computed") == page.texts.count("Source") == len(computed)
    assert page.texts.count("Cited") == len(ids) - len(computed)


def test_a_verdict_is_a_word_and_an_icon_not_only_a_color(lenet5):
    for verdict in VERDICTS:
        page = Elements(Cards([(made_up(verdict=verdict), None)])._repr_html_())
        assert verdict in page.texts
        assert len(page.of("path")) == 2
        (card,) = page.of("article")
        assert card["class"] == f"claim {verdict}"
        assert f".claims .{verdict}" in (files("cnnhistory.claims") / "cards.css").read_text()
    page = Elements(lenet5._repr_html_())
    assert all(icon["aria-hidden"] == "true" for icon in page.of("svg"))


def test_names_begin_with_what_is_seen(lenet5):
    text = lenet5._repr_html_()
    for label, inside in re.findall(r'<a [^>]*aria-label="([^"]*)">(.*?)</a>', text):
        assert label.startswith(re.sub(r"<.*?>", "", inside))
    assert 'aria-label="c1, wrong"' in text


def test_it_brings_its_style_without_line_breaks_and_no_heading(lenet5):
    page = Elements(lenet5._repr_html_())
    (style,) = (text for text in page.texts if text.startswith(".claims"))
    assert "\n" not in style
    assert ".claims :is(.correct" in style  # a blank that means something
    assert style.count("{") == style.count("}")
    assert not {"h1", "h2", "h3", "h4"} & {tag for tag, _ in page.tags}


def test_html_is_escaped():
    page = Elements(Cards([(made_up(), None)], caption="<i>")._repr_html_())
    assert {"<i>", "a < b", "a & b are equal"} <= set(page.texts)
    assert page.of("i") == []


def test_the_code_is_shown_without_decorator_and_docstring():
    @decided(
        "lenet5.c97",
        text="A.",
        check="count",
        verdict="wrong",
        truth="B.",
        source="lecun1998gradient, Section I",
    )
    def record():
        """Say what it does.

        And more of it.
        """
        # why
        return Finding("imprecise", "3 < 4")

    _, said, code = deciding_code(record)
    assert said == "Say what it does. And more of it."
    assert code == 'def record():\n    # why\n    return Finding("imprecise", "3 < 4")'
    page = Elements(Cards([(record, record.decide())])._repr_html_())
    assert {said, code} <= set(page.texts)
    assert page.of("pre") == [{"tabindex": "0"}]


def test_a_real_function_is_shown_as_it_stands():
    file, said, code = deciding_code(statement("lenet5.c1"))
    assert file == "cnnhistory/survey/early/lenet5.py"
    assert said.startswith("Take what the output layer is given")
    assert code.startswith("def c1() -> Finding:\n    import torch\n")
    assert code.endswith(")")


def test_what_has_no_source_is_shown_without_code():
    assert deciding_code(made_up()) is None
    made = {}
    exec("def decide(): return None", made)
    record = made_up(check="count", decide=made["decide"])
    assert deciding_code(record) is None
    assert "<details>" not in Cards([(record, Finding("wrong", "1"))])._repr_html_()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("he2016deep, Section 1", "He et al. (2016), Section 1"),
        ("zeiler2014visualizing, Figure 3", "Zeiler and Fergus (2014), Figure 3"),
        ("lecun1998gradient, Sections 1, 2", "LeCun et al. (1998), Sections 1, 2"),
        ("chollet2017xception, Table 1", "Chollet (2017), Table 1"),
    ],
)
def test_a_source_is_named_as_readers_know_it(source, text):
    assert source_text(source) == text


def test_every_source_has_a_name():
    for id in list_statements():
        assert re.match(r"\w[\w' -]*( et al\.| and \w[\w' -]*)? \(\d{4}\), ", source_text(
            statement(id).source
        ))  # fmt: skip
