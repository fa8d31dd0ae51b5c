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
    with pytest.raises(ValueError, match="expected 2 cells"):
        Table(("a", "b"), [(1, 2, 3)])
