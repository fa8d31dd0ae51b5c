import itertools

import pytest
import torch
from scipy.stats import kendalltau
from torch import nn

from cnnhistory import create_model
from cnnhistory.models.resnet import cifar_resnet
from cnnhistory.visualize.ablation import (
    interchangeable,
    kendall_tau,
    parts,
    reordered,
    swapped,
    without,
)


def images(side=8):
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(3))


def net(depth=20, **settings):
    torch.manual_seed(0)
    return cifar_resnet(depth, width=0.25, **settings).eval()


def vgg():
    torch.manual_seed(0)
    return create_model("vgg11_bn", image_size=32, width=1 / 16).eval()


def test_parts_are_blocks_or_convolutions():
    assert parts(net(14)) == ["conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv4_1", "conv4_2"]
    assert parts(vgg()) == [
        "conv1_1", "conv2_1", "conv3_1", "conv3_2", "conv4_1", "conv4_2", "conv5_1", "conv5_2",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="expected one with `blocks` or `features`"):
        parts(nn.Linear(2, 2))


@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
def test_a_deleted_block_is_one_whose_branch_is_silent(shortcut):
    network = net(shortcut=shortcut)
    x = images()
    names = ["conv2_2", "conv3_1", "conv4_3"]
    with without(network, names):
        found = network(x)
        assert len(network.blocks) == 9
    assert not torch.allclose(found, network(x))
    for name in names:
        nn.init.zeros_(network.blocks.get_submodule(name).bn2.weight)
    torch.testing.assert_close(found, network(x))


def test_a_network_without_its_blocks_is_stem_shortcuts_and_head():
    network = net()
    x = images()
    with without(network, parts(network)):
        found = network(x)
    thin = network.stem(x)[:, :, ::4, ::4].mean((2, 3))
    assert torch.allclose(found, thin @ network.fc.weight[:, :4].T, atol=1e-5)


def test_plain_blocks_pass_their_input_on():
    network = net(shortcut=None)
    x = images()
    with without(network, ["conv2_1", "conv2_2", "conv2_3"]):
        rest = network(x)
    h = network.stem(x)
    for block in list(network.blocks)[3:]:
        h = block(h)
    torch.testing.assert_close(rest, network.fc(h.mean((2, 3))))


def test_a_layer_of_a_vgg_goes_with_its_normalization_and_relu():
    network, x = vgg(), images(32)
    seen = {}
    network.features.pool3.register_forward_pre_hook(lambda m, args: seen.update(x=args[0]))
    network.features.conv3_1.register_forward_pre_hook(lambda m, args: seen.update(before=args[0]))
    with without(network, ["conv3_2"]):
        network(x)
    h = network.features.bn3_1(network.features.conv3_1(seen["before"])).clamp(min=0)
    torch.testing.assert_close(seen["x"], h)
    with without(network, ["conv3_1", "conv3_2"]):  # 8 maps, then 8 of zeros
        network.features.conv3_1.register_forward_pre_hook(lambda *_: None)
        network(x)
    assert seen["x"].shape[1] == 16
    assert not seen["x"][:, 8:].any()
    assert seen["x"][:, :8].any()


def test_everything_is_put_back_even_after_an_error():
    for network, names in ((net(), ["conv3_1", "conv2_2"]), (vgg(), ["conv1_1", "conv5_2"])):
        before = list(network.named_modules())
        with pytest.raises(ZeroDivisionError), without(network, names):
            _ = len(names) / (list(network.named_modules()) == before)
        assert list(network.named_modules()) == before


def test_unknown_parts_are_refused():
    expected = r"names: expected some of conv2_1, .* got 'fc'"
    with pytest.raises(ValueError, match=expected), without(net(), ["fc"]):
        pass


def test_blocks_that_change_the_shape_stay():
    assert interchangeable(net().blocks) == [[0, 1, 2], [4, 5], [7, 8]]
    assert interchangeable(net(14).blocks) == [[0, 1]]
    bottlenecks = create_model("resnet50", width=1 / 8).blocks
    assert interchangeable(bottlenecks) == [[1, 2], [4, 5, 6], [8, 9, 10, 11, 12], [14, 15]]
    with pytest.raises(ValueError, match="got Linear"):
        interchangeable(nn.Sequential(nn.Linear(1, 1)))


def test_swaps_stay_within_their_group_and_reach_every_pair():
    blocks = net().blocks
    generator = torch.Generator().manual_seed(0)
    orders = {tuple(swapped(blocks, 1, generator)) for _ in range(200)}
    expected = set()
    for group in ([0, 1, 2], [4, 5], [7, 8]):
        for i, j in itertools.combinations(group, 2):
            order = list(range(9))
            order[i], order[j] = j, i
            expected.add(tuple(order))
    assert orders == expected
    assert swapped(blocks, 0, generator) == list(range(9))


def test_another_order():
    network, x = net(), images()
    before = list(network.blocks)
    order = [2, 0, 1, 3, 4, 5, 6, 8, 7]
    with reordered(network.blocks, order):
        found = network(x)
    h = network.stem(x)
    for place in order:
        h = before[place](h)
    torch.testing.assert_close(found, network.fc(h.mean((2, 3))))
    assert list(network.blocks) == before


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([0, 1], "a permutation of 9"),
        ([3, 1, 2, 0, 4, 5, 6, 7, 8], "order: expected a block that fits at place 0, got 3"),
    ],
)
def test_orders_that_do_not_fit_are_refused(order, message):
    with pytest.raises(ValueError, match=message), reordered(net().blocks, order):
        pass


def test_kendall_tau_is_scipy_s():
    for order in itertools.permutations(range(5)):
        assert kendall_tau(order) == pytest.approx(kendalltau(range(5), order).statistic)
    for bad in ([1], [1, 1]):
        with pytest.raises(ValueError, match="order: expected two or more"):
            kendall_tau(bad)
