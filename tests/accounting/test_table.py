"""The table as an object, as text and as HTML."""

import json
from html.parser import HTMLParser

import pytest
from torch import nn

from cnnhistory.accounting import Row, summarize


@pytest.fixture(scope="module")
def table():
    stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
    blocks = nn.ModuleList([nn.Conv2d(8, 8, (1, 3), padding=(0, 1)) for _ in range(3)])

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = stem
            self.blocks = blocks
            self.head = nn.Linear(8, 2)

        def forward(self, x):
            x = self.stem(x)
            for block in self.blocks:
                x = block(x)
            return self.head(x.mean((2, 3)))

    return summarize(Net(), (3, 32, 32))


def test_text(table):
    narrow = table.view(columns=["output_shape", "parameters", "receptive_field"])
    assert str(narrow) == repr(narrow)
    # conv 3*8*9 + 8; the three others 8*8*3 + 8; head 8*2 + 2
    assert str(narrow).splitlines() == [
        "Net, input 3×32×32",
        "------------------------------------",
        "layer     output   parameters  field",
        "------------------------------------",
        "stem.0    8×32×32         224      3",
        "stem.1    8×32×32           0      3",
        "blocks.0  8×32×32         200    3×5",
        "blocks.1  8×32×32         200    3×7",
        "blocks.2  8×32×32         200    3×9",
        "(model)   8                 0  34×40",
        "head      2                18  34×40",
        "------------------------------------",
        "total     2               842  34×40",
    ]


def test_thousands_are_separated(table):
    assert "221,184" in str(table)  # 32 * 32 * 8 * 27


def test_depth_sums_up(table):
    short = table.view(depth=1)
    assert [row.name for row in short] == ["stem", "blocks", "(model)", "head"]
    assert short["stem"].type == "Sequential"
    # A list of layers has no output; it shows that of its last.
    assert short["blocks"] == Row(
        "blocks", "ModuleList", (8, 32, 32), 600, 3 * 196_608, 0, 3 * 8192, 3 * 204_800,
        (3, 9), 1, 3 * 196_608,
    )  # fmt: skip
    assert short.total == table.total
    for column in ("parameters", "multiply_adds", "other_ops", "activations", "connections"):
        assert sum(getattr(row, column) for row in short) == getattr(table.total, column)
    assert table.view(depth=2).rows == table.rows


def test_depth_joins_repeated_calls():
    relu = nn.ReLU()
    table = summarize(nn.Sequential(nn.Sequential(relu, relu), relu), (2, 4))
    assert [row.name for row in table] == ["0.0", "0.0 (2)", "0.0 (3)"]
    (row,) = table.view(depth=1)
    assert (row.name, row.other_ops) == ("0", 24)


def test_a_deep_network_prints_short():
    stage = [nn.Sequential(*(nn.Conv1d(1, 1, 1) for _ in range(30))) for _ in range(10)]
    table = summarize(nn.Sequential(*stage), (1, 4))
    assert len(table) == 300
    assert len(str(table.view(depth=1)).splitlines()) == 10 + 6


def test_lookup(table):
    assert table["head"].parameters == 18
    assert len(table) == len(list(table)) == 7
    with pytest.raises(KeyError, match=r"unknown layer 'block\.1'; did you mean 'blocks\.1'"):
        table["block.1"]


def test_rows_are_frozen(table):
    with pytest.raises(AttributeError):
        table["head"].parameters = 0


def test_records(table):
    record = json.loads(table.to_json(indent=1))
    assert record["model"] == "Net"
    assert record["input_shape"] == [3, 32, 32]
    assert record["total"]["parameters"] == 842
    assert len(record["rows"]) == 7
    assert table.to_dicts()[0]["output_shape"] == (8, 32, 32)
    assert Row(**table.to_dicts()[0]) == table.rows[0]


@pytest.mark.parametrize("columns", [["paramters"], [], "nothing"])
def test_refuses_unknown_columns(table, columns):
    with pytest.raises(ValueError, match="columns: expected some of type, output_shape"):
        table.view(columns=columns)


def test_refuses_depth_zero(table):
    with pytest.raises(ValueError, match="depth: expected at least 1, got 0"):
        table.view(depth=0)


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.starts, self.open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.starts.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attrs for name, attrs in self.starts if name == tag]


def test_html(table):
    text = table._repr_html_()
    html = Elements(text)
    assert not html.open  # every element is closed
    assert [len(html.all(tag)) for tag in ("table", "caption", "thead", "tbody", "tfoot")] == [
        1
    ] * 5
    scopes = [attrs["scope"] for attrs in html.all("th")]
    assert scopes == ["col"] * 10 + ["row"] * 8
    assert "color" not in text
    assert "background" not in text
    # A region that scrolls must be reachable from the keyboard and have a name.
    assert html.all("div")[0]["tabindex"] == "0"
    assert html.all("div")[0]["aria-label"] == "Net, input 3×32×32"
    cells = html.all("td")
    assert len(cells) == 8 * 9
    assert ["right" in cell["style"] for cell in cells[:9]] == [False, False, *[True] * 7]


def test_html_escapes():
    class Odd(nn.Module):
        def forward(self, x):
            return -x

    Odd.__name__ = "<b>&"
    text = summarize(Odd(), (3,))._repr_html_()
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;" in text
