"""What a file may ask to be built, and where building stops."""

import pytest
import torch

from cnnhistory.compression.cnnz import MalformedError, building, dumps, loads


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depth": 10**9}, "settings: expected numbers from -65536 to 65536, got 1000000000"),
        ({"width": float("nan")}, "settings: expected numbers .* got nan"),
        ({"a": [[[[[[[[1]]]]]]]]}, "settings: expected at most 8 levels"),
    ],
)
def test_settings_have_bounds(settings, message):
    contents = loads(dumps("lenet5", settings, {}))
    with pytest.raises(MalformedError, match=message):
        contents.network()


def test_building_stops_where_the_network_has_more_than_the_file(monkeypatch):
    built = []

    def endless(depth):
        layers = torch.nn.Sequential()
        for n in range(depth):
            layers.append(torch.nn.Linear(1, 1))
            built.append(n)
        return layers

    monkeypatch.setattr(building, "create_model", lambda name, **settings: endless(**settings))
    contents = loads(dumps("endless", {"depth": 60_000}, {"w": torch.zeros(1)}))
    with pytest.raises(MalformedError, match="at most 65 parameters and buffers for 1 tensors"):
        contents.network()
    assert len(built) < 65
    # and nothing is left behind that stops others
    assert len(list(endless(100).parameters())) == 200


def test_buffers_that_no_state_has_are_counted(monkeypatch):
    def large():
        net = torch.nn.Linear(1, 1, bias=False)
        net.register_buffer("hidden", torch.zeros(1 << 24), persistent=False)
        return net

    monkeypatch.setattr(building, "create_model", lambda name, **settings: large())
    contents = loads(dumps("large", {}, {"weight": torch.zeros(1, 1)}))
    with pytest.raises(MalformedError, match="expected at most 1 numbers, got 16777217"):
        contents.network()
