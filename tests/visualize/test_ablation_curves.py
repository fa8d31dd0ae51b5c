import pytest
import torch

from cnnhistory.models.resnet import cifar_resnet
from cnnhistory.visualize.ablation_curves import delete_each, delete_several, reorder


def blocks_of(network):
    """In place of an error: which blocks are left, as a number in base 2."""
    kinds = [type(block).__name__ == "BasicBlock" for block in network.blocks]
    return float(sum(here << place for place, here in enumerate(kinds)))


@pytest.fixture
def network():
    return cifar_resnet(14, width=0.25)


def generator():
    return torch.Generator().manual_seed(0)


def test_each_part_is_deleted_once(network):
    found = delete_each(network, blocks_of)
    assert found == {
        "conv2_1": 0b111110, "conv2_2": 0b111101, "conv3_1": 0b111011,
        "conv3_2": 0b110111, "conv4_1": 0b101111, "conv4_2": 0b011111,
    }  # fmt: skip
    assert blocks_of(network) == 0b111111


def test_several_are_deleted_at_once(network):
    found = delete_several(network, blocks_of, [0, 2, 6], 40, generator())
    assert list(found) == [0, 2, 6]
    assert set(found[0]) == {0b111111}
    assert set(found[6]) == {0}
    assert {int(left).bit_count() for left in found[2]} == {4}
    assert len(set(found[2])) > 10  # of 15 pairs
    assert found == delete_several(network, blocks_of, [0, 2, 6], 40, generator())
    with pytest.raises(ValueError, match="counts: expected 0 to 6, got 7"):
        delete_several(network, blocks_of, [7], 1, generator())


def test_orders_come_with_their_tau(network):
    original = list(network.blocks)

    def places(net):
        return float("".join(str(original.index(block)) for block in net.blocks))

    found = reorder(network, places, [0, 1], 3, generator())
    # one pair can change places: that of the first stage
    assert found == [(1.0, 12345.0)] * 3 + [(1 - 2 / 15, 102345.0)] * 3
    assert list(network.blocks) == original
