import pytest
import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory.nn.dense_block import DenseBlock
from cnnhistory.visualize.reuse import links


@pytest.fixture
def block():
    torch.manual_seed(0)
    return DenseBlock(5, 3, 2, bottleneck=False), nn.Conv2d(11, 4, 1, bias=False)


def test_every_reader_reads_all_sources_before_it(block):
    found = {(link.source, link.reader): link.maps for link in links(*block)}
    assert found == {
        (0, 1): slice(0, 5),
        (0, 2): slice(0, 5), (1, 2): slice(5, 7),
        (0, 3): slice(0, 5), (1, 3): slice(5, 7), (2, 3): slice(7, 9),
        (0, 4): slice(0, 5), (1, 4): slice(5, 7), (2, 4): slice(7, 9), (3, 4): slice(9, 11),
    }  # fmt: skip


def test_strength_by_hand(block):
    layers, behind = block
    with torch.no_grad():
        behind.weight.zero_()
        behind.weight[:, :5] = -1.0  # five maps of 1, two of 3, four of 0: a mean of 1
        behind.weight[:, 5:7] = 3.0
    strengths = [link.strength for link in links(layers, behind) if link.reader == 4]
    assert strengths == [1, 3, 0, 0]
    assert links(layers, behind)[0].strength == 1  # a single source


def test_strengths_average_to_one(block):
    for reader in (1, 2, 3, 4):
        read = [link for link in links(*block) if link.reader == reader]
        maps = [link.maps.stop - link.maps.start for link in read]
        total = sum(m * link.strength for m, link in zip(maps, read, strict=True))
        assert total == pytest.approx(sum(maps))


def test_a_cut_link_carries_nothing_and_comes_back(block):
    layers, behind = block
    before = behind.weight.clone()
    x = torch.randn(1, 11, 4, 4)
    other = x.clone()
    other[:, 5:7] = 9.0  # the maps of source 1
    link = next(link for link in links(layers, behind) if (link.source, link.reader) == (1, 4))
    assert not torch.allclose(behind(x), behind(other))
    with link.cut():
        assert torch.allclose(behind(x), behind(other))
    assert torch.equal(behind.weight, before)
    with pytest.raises(KeyError), link.cut():
        raise KeyError
    assert torch.equal(behind.weight, before)
    assert behind.weight.requires_grad


def test_bottlenecks_and_a_linear_layer_behind():
    net = create_model("densenet_bc_100_12", depth=22, growth=4)
    found = links(net.stages.block3, net.fc)
    assert len(found) == 3 * 4 / 2 + 4
    assert [tuple(link.weight.shape[2:]) for link in found[:6]] == [(1, 1)] * 6


def test_a_reader_of_something_else_is_refused(block):
    with pytest.raises(ValueError, match="behind: expected a reader of 11 maps, got 7"):
        links(block[0], nn.Linear(7, 2))
