"""The verdicts about pooling, that each follows from what is computed, and the runs behind them."""

import pytest
import torch
from torch import nn

from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.nn.regions import atrous
from cnnhistory.survey import pooling_runs as runs

SYSTEMS = ("max_pooling", "spp", "roi_pooling", "aspp")


def test_verdicts_of_the_literature():
    assert {
        id: statement(id).verdict for system in SYSTEMS for id in list_statements(system=system)
    } == {
        "max_pooling.c1": "correct",
        "spp.c1": "correct",
        "roi_pooling.c1": "correct",
        "aspp.c1": "wrong",
    }


def test_computed_facts():
    assert verify("max_pooling.c1").computed.endswith("55 → 27, 27 → 13, 13 → 6")
    assert "33×33 in, 33×33 out; a place reads 9 values" in verify("aspp.c1").computed


def test_windows_that_do_not_halve_would_be_wrong(changed):
    def pool_otherwise(network):  # 55 -> 18 -> 16 -> 6
        pools = [layer for layer in network.modules() if isinstance(layer, nn.MaxPool2d)]
        for pool, (size, stride) in zip(pools, ((3, 3), (3, 1), (6, 2)), strict=True):
            pool.kernel_size, pool.stride = size, stride

    changed("alexnet", pool_otherwise)
    assert verify("max_pooling.c1").verdict == "wrong"


def test_branches_with_a_stride_would_down_sample(monkeypatch):
    class Strided(atrous.ASPP):
        def __init__(self, *args, **settings):
            super().__init__(*args, **settings)
            for branch in self.branches:
                branch[0].stride = (2, 2)

    monkeypatch.setattr(atrous, "ASPP", Strided)
    assert verify("aspp.c1").verdict == "correct"


@pytest.mark.parametrize("pooling", runs.POOLINGS)
def test_the_network_has_the_same_weights_with_every_pooling(pooling):
    nets = [runs.trained(name, 0.01, 3, epochs=1) for name in (pooling, "maximum")]
    assert nets[0](torch.rand(2, 1, 16, 16)).shape == (2, 10)
    assert sum(p.numel() for p in nets[0].parameters()) == 80 + 1168 + 2570
    # twenty steps of Adam from the same start: none moves a weight much further than its rate
    for ours, theirs in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert (ours - theirs).abs().max() <= 20 * 2 * 0.01


def test_an_unknown_pooling_is_refused():
    with pytest.raises(ValueError, match="pooling: expected one of maximum, average"):
        runs.trained("minimum", 0.01, 0)


class BrightestQuarter(nn.Module):
    """Name the quarter of an image that is the brightest."""

    def forward(self, x):
        return nn.functional.avg_pool2d(x, 8).flatten(1)


def test_consistency_by_hand():
    images = torch.zeros(2, 1, 16, 16)
    images[0, 0, 2, 2] = images[1, 0, 7, 2] = 1.0  # in the middle of a quarter; at its lower edge
    assert runs.consistency(BrightestQuarter(), images, 1) == 7 / 8
    assert [int(copy[0].argmax()) % 16 for copy in runs.moved(images, 2)] == [4, 0, 2, 2]
