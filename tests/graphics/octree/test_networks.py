import pytest
import torch
from octree_helpers import full, sphere, spheres
from torch import nn
from torch.nn import functional as F

from cnnhistory.accounting import count_parameters
from cnnhistory.graphics.octree.layers import OctreeConv
from cnnhistory.graphics.octree.networks import OCNN, OCNNSegmentation, channels, o_cnn5, o_cnn6
from cnnhistory.graphics.octree.tree import build_octree
from cnnhistory.graphics.octree.voxels import VoxelCNN, VoxelSegmentation

PAIRS = [(OCNN, VoxelCNN), (OCNNSegmentation, VoxelSegmentation)]


def copied(ours, dense):
    """Give a dense network the weights of one on octrees; both list them in the same order."""
    convolutions = [m for m in ours.modules() if isinstance(m, OctreeConv)]
    state = ours.state_dict()
    for name, module in ours.named_modules():
        if isinstance(module, OctreeConv):
            state[f"{name}.weight"] = module.dense_weight()
    assert len(convolutions) == sum(isinstance(m, nn.Conv3d) for m in dense.modules())
    values = list(state.values())
    dense.load_state_dict(dict(zip(dense.state_dict(), values, strict=True)))
    return dense


def without_dropout(network):
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return network


def test_units_and_channels_of_the_paper():
    network = o_cnn6()
    widths = [tuple(unit.unit.conv.weight.shape) for unit in network.units]
    assert widths == [(27, 3, 8), (27, 8, 16), (27, 16, 32), (27, 32, 64), (27, 64, 128)]
    assert [channels(level) for level in (8, 9, 10)] == [2, 2, 2]
    assert len(o_cnn5().units) == 4
    # convolutions, two numbers a channel of each normalization, dense layers
    convolutions = 27 * (3 * 16 + 16 * 32 + 32 * 64 + 64 * 128)
    dense = 1024 * 128 + 128 * 40 + 40
    assert count_parameters(o_cnn5()) == convolutions + 2 * (16 + 32 + 64 + 128 + 128) + dense


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("octants", "voxels"), PAIRS)
def test_on_a_full_octree_it_is_the_network_on_voxels(octants, voxels, training):
    torch.manual_seed(0)
    tree = full(3)
    tree.signal.normal_()
    ours = without_dropout(octants(3, 4)).double()
    dense = copied(ours, without_dropout(voxels(3, 4))).double()
    object.__setattr__(tree, "signal", tree.signal.double())
    ours.train(training), dense.train(training)
    found, wanted = ours(tree), dense(tree)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    F.cross_entropy(found, torch.zeros(len(found)).long()).backward()
    F.cross_entropy(wanted, torch.zeros(len(found)).long()).backward()
    for mine, other in zip(ours.parameters(), dense.parameters(), strict=True):
        grad = mine.grad
        if grad.shape != other.grad.shape:
            grad = grad.permute(2, 1, 0).unflatten(2, (3, 3, 3))
        torch.testing.assert_close(grad, other.grad, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("build", [OCNN, OCNNSegmentation, VoxelCNN, VoxelSegmentation])
def test_every_weight_learns_and_state_comes_back(build):
    torch.manual_seed(0)
    tree = spheres(4, 3)
    network = build(4, 5)
    network(tree).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad.abs().sum() > 0, name
    other = build(4, 5)
    other.load_state_dict(network.state_dict())
    assert torch.equal(other.eval()(tree), network.eval()(tree))


def test_one_score_a_class_for_each_shape_whatever_the_batch():
    torch.manual_seed(0)
    clouds = [sphere(300, k, 0.3 + 0.2 * k) for k in range(3)]
    network = OCNN(4, 7).eval()
    together = network(build_octree(clouds, 4))
    assert together.shape == (3, 7)
    for cloud, row in zip(clouds, together, strict=True):
        torch.testing.assert_close(network(build_octree(cloud, 4))[0], row, atol=1e-5, rtol=1e-5)
    assert network.describe(build_octree(clouds, 4)).shape == (3, 128)


def test_parts_are_scored_at_occupied_octants():
    tree = spheres(4)
    scores = OCNNSegmentation(4, 6)(tree)
    assert scores.shape == (int((tree.counts > 0).sum()), 6)


@pytest.mark.parametrize("build", [OCNN, OCNNSegmentation, VoxelCNN, VoxelSegmentation])
def test_what_does_not_fit_is_refused(build):
    for depth in (1, 11, 2.5):
        with pytest.raises(ValueError, match="depth: expected an integer from 2 to"):
            build(depth, 3)
    for count in (0, -1, 1.5):
        with pytest.raises(ValueError, match=r"(num_classes|parts): expected a whole number"):
            build(3, count)
        with pytest.raises(ValueError, match="in_channels: expected"):
            build(3, 2, count)
    network = build(4, 3)
    with pytest.raises(ValueError, match=r"octree: expected .*depth 4.*got 'depth 3"):
        network(spheres(3))
    with pytest.raises(ValueError, match="octree: expected an octree of depth 4, got 'Tensor'"):
        network(torch.zeros(1, 3, 8, 8))
    with pytest.raises(ValueError, match="full at depth 0"):
        network(build_octree(sphere(5), 4, 0))


@pytest.mark.parametrize("build", [OCNN, VoxelCNN])
def test_a_wrong_dropout_is_refused(build):
    for share in (-0.1, 1.0, float("nan")):
        with pytest.raises(ValueError, match="dropout: expected"):
            build(3, 2, dropout=share)
