import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cnnhistory.compression.pruning import prune_to
from cnnhistory.compression.quantization import (
    STARTS,
    Bits,
    SharedWeight,
    attach_shared,
    cluster,
    make_plain,
    share_weights,
    start_values,
)

numbers = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=80)
X = torch.linspace(-1, 1, 12).view(2, 6)


def dense(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 3))


def test_two_clusters_worked_by_hand():
    # linear start at 0 and 10; the border 5 parts them; the means 1 and 9 part them the same way
    values = np.array([10, 0, 1, 2, 8, 9], dtype=np.float32)
    means, codes = cluster(values, 2)
    assert means.tolist() == [1, 9]
    assert codes.tolist() == [1, 0, 0, 0, 1, 1]


def test_means_move_until_nothing_changes_hands():
    # start 0 and 10, border 5: {0, 1, 2, 4}, {6, 10}; means 1.75, 8: border 4.875, as before
    means, _ = cluster(np.array([0, 1, 2, 4, 6, 10], dtype=np.float32), 2)
    assert means.tolist() == [1.75, 8]
    # start 0, 5, 10: 4 and 6 with 5; then borders at 3 and 7.5, and 10 alone
    means, _ = cluster(np.array([0, 1, 2, 4, 6, 10], dtype=np.float32), 3)
    assert means.tolist() == [1, 5, 10]


def test_few_values_are_kept_exactly():
    values = np.array([0.1, -3, 0.1, 0.7], dtype=np.float32)
    means, codes = cluster(values, 3)
    assert np.array_equal(means[codes], values)
    assert means.tolist() == sorted(means.tolist())


@given(numbers, st.integers(1, 9), st.sampled_from(STARTS))
def test_every_number_is_in_the_cluster_of_the_nearest_mean(values, count, start):
    values = np.array(values, dtype=np.float32)
    means, codes = cluster(values, count, start)
    assert len(means) <= count
    assert set(codes.tolist()) == set(range(len(means)))
    distance = np.abs(values[:, None].astype(np.float64) - means)
    chosen = distance[np.arange(len(values)), codes]
    assert (chosen <= distance.min(axis=1) + 1e-4).all()
    for code, mean in enumerate(means):
        assert mean == pytest.approx(values[codes == code].mean(dtype=np.float64), abs=1e-4)


def test_agrees_with_scikit_learn_from_the_same_start():
    from sklearn.cluster import KMeans

    values = np.random.default_rng(0).normal(size=400).astype(np.float32)
    start = np.linspace(values.min(), values.max(), 8).reshape(-1, 1)
    theirs = KMeans(8, init=start, n_init=1, tol=0, algorithm="lloyd").fit(values.reshape(-1, 1))
    means, codes = cluster(values, 8)
    np.testing.assert_allclose(means, theirs.cluster_centers_[:, 0], atol=1e-5)
    assert np.array_equal(codes, theirs.labels_)


def test_only_the_linear_start_has_values_among_the_few_large_weights():
    values = np.concatenate([np.linspace(-1, 1, 999), [50]]).astype(np.float32)
    assert start_values(values, 5, "linear").max() == 50
    assert start_values(values, 5, "density").max() < 1
    assert start_values(values, 5, "random", seed=0).max() < 1
    with pytest.raises(ValueError, match="start: expected one of linear, density, random, got 'k'"):
        start_values(values, 5, "k")


@pytest.mark.parametrize(
    ("values", "count"), [([], 2), ([1.0], 0), ([float("nan")], 2), ([float("inf"), 1, 2], 2)]
)
def test_numbers_that_cannot_be_clustered_are_refused(values, count):
    with pytest.raises(ValueError, match="expected a list of finite numbers"):
        cluster(np.array(values, dtype=np.float32), count)


def test_the_gradient_of_a_value_is_the_sum_over_its_weights():
    """The example in the form of the paper's Figure 3, with numbers of ours."""
    codes = torch.tensor([[3, 0, 2, 1], [1, 1, 0, 3]])
    sharing = SharedWeight(torch.arange(8), codes.flatten(), 4, torch.Size([2, 4]))
    values = torch.tensor([-1.0, 0.0, 1.5, 2.0], requires_grad=True)
    weight = sharing(values)
    assert weight.tolist() == [[2, -1, 1.5, 0], [0, 0, -1, 2]]
    gradient = torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8]])
    weight.backward(gradient)
    assert values.grad.tolist() == [2 + 7, 4 + 5 + 6, 3, 1 + 8]


def test_the_gradient_by_finite_differences_with_gaps():
    positions = torch.tensor([1, 3, 4, 10])
    sharing = SharedWeight(positions, torch.tensor([0, 1, 0, 1]), 2, torch.Size([3, 2, 2]))
    values = torch.tensor([0.3, -0.7], dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(sharing, (values,))
    assert sharing(values).count_nonzero() == 4


def test_a_step_moves_shared_values_and_nothing_else():
    net = dense()
    prune_to(net, 0.5)
    share_weights(net, Bits(dense=2))
    before = net[0].weight.detach().clone()
    plain = make_plain(copy(net))
    for model in (net, plain):
        nn.functional.cross_entropy(model(X), torch.tensor([0, 2])).backward()
    values = net[0].parametrizations.weight.original
    expected = [plain[0].weight.grad[before == value].sum() for value in values]
    torch.testing.assert_close(values.grad, torch.stack(expected))
    torch.optim.SGD(net.parameters(), lr=0.5).step()
    after = net[0].weight
    assert torch.equal(after == 0, before == 0)
    assert len(after.unique()) == len(before.unique()) == 1 + len(values)
    assert not torch.equal(after, before)


def copy(net):
    other = dense(seed=1)
    attach_shared(other, net.state_dict())
    other.load_state_dict(net.state_dict())
    return other


def test_shared_weights_survive_a_checkpoint():
    net = dense()
    prune_to(net, 0.5)
    share_weights(net, Bits(dense=2))
    other = copy(net)
    assert torch.equal(other(X), net(X))
    for model in (net, other):
        model(X).sum().backward()
        torch.optim.SGD(model.parameters(), lr=0.1).step()
    assert torch.equal(other(X), net(X))
    with pytest.raises(ValueError, match="expected layers among , got '0'"):
        attach_shared(nn.ReLU(), net.state_dict())


def test_enough_bits_change_nothing():
    net, original = dense(), dense()
    prune_to(net, 0.5)
    prune_to(original, 0.5)
    share_weights(net, Bits(dense=8))
    assert torch.equal(net(X), original(X))


def test_bits_by_kind_and_by_layer():
    net = nn.Sequential(nn.Conv2d(1, 30, 5), nn.Flatten(), nn.Linear(30, 20), nn.Linear(20, 20))
    share_weights(net, Bits(convolution=4, dense=3, layers={"3": 1}))
    assert [len(net[i].weight.unique()) for i in (0, 2, 3)] == [15, 7, 1]
    with pytest.raises(ValueError, match="bits: expected between 1 and 8, got 9"):
        Bits(layers={"3": 9})


def test_plain_again_with_the_same_outputs():
    net = dense()
    prune_to(net, 0.5)
    share_weights(net, Bits(dense=2))
    expected = net(X)
    assert make_plain(net) is net
    assert torch.equal(net(X), expected)
    assert isinstance(net[0].weight, nn.Parameter)
    dense(seed=3).load_state_dict(net.state_dict())


def test_a_layer_of_zeros_is_refused():
    net = dense()
    with torch.no_grad():
        net[2].weight.zero_()
    with pytest.raises(ValueError, match="expected a weight that is not zero in '2'"):
        share_weights(net)


def test_the_inverse_is_the_mean_of_each_cluster():
    sharing = SharedWeight(torch.tensor([0, 2, 3]), torch.tensor([1, 0, 1]), 2, torch.Size([2, 2]))
    weight = torch.tensor([[4.0, 9.0], [5.0, 8.0]])
    assert sharing.right_inverse(weight).tolist() == [5, 6]
