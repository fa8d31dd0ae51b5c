import pytest
import torch

from cnnhistory.claims import confirm


def test_prints_what_holds(capsys):
    confirm("one is less than two", torch.tensor(1) < torch.tensor(2))
    assert capsys.readouterr().out == "confirmed: one is less than two\n"


def test_stops_at_what_does_not(capsys):
    with pytest.raises(AssertionError, match="does not hold: pigs fly"):
        confirm("pigs fly", False)
    assert capsys.readouterr().out == ""
