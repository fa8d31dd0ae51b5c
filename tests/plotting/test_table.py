import pytest

from cnnhistory.plotting.table import Table


def test_terminal():
    lines = str(Table(("network", "error"), [("lenet5", "1.2 %"), ("x", "10.0 %")])).splitlines()
    assert lines == ["network   error", "-------  ------", "lenet5    1.2 %", "x        10.0 %"]


def test_html_is_escaped_and_has_scopes():
    html = Table(("a<b", "c"), [("<i>", 1)])._repr_html_()
    assert "&lt;i&gt;" in html
    assert "a&lt;b" in html
    assert html.count('scope="col"') == 2
    assert html.count('scope="row"') == 1


def test_ragged_rows_are_refused():
    with pytest.raises(ValueError, match="rows: expected 2 cells, got"):
        Table(("a", "b"), [(1, 2, 3)])


def test_sides_of_columns():
    table = Table(("a", "b", "c"), [("x", "≤ 1", ""), ("y", "−22", "3")])
    assert str(table).splitlines()[2:] == ["x  ≤ 1", "y  −22  3"]
    assert 'style="text-align: right' in table._repr_html_()
    assert 'style="text-align: left' in table._repr_html_()


def test_a_table_without_rows_has_its_headings():
    table = Table(("network", "errors"), [])
    assert str(table) == "network  errors\n-------  ------"
    assert "<th" in table._repr_html_()
    with pytest.raises(ValueError, match="headings: expected at least one"):
        Table((), [])
