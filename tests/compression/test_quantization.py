import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cnnhistory.compression.pruning import prune_to, sensitivity
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


def tied():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6), nn.Linear(6, 2))
    net[2].weight = net[0].weight
    return net


@pytest.mark.parametrize("pruned", [False, True])
def test_tied_weights_stay_one(pruned):
    net = tied()
    if pruned:
        prune_to(net, 0.5)
    share_weights(net, Bits(dense=3))
    x = torch.randn(5, 6)
    assert torch.equal(net[0].weight, net[2].weight)
    assert len(net[0].weight.unique()) <= 7 + pruned
    values = [net[i].parametrizations.weight.original for i in (0, 2)]
    assert values[0] is values[1]
    assert sum(p is values[0] for p in net.parameters()) == 1
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        net(x).square().sum().backward()
        optimizer.step()
    assert torch.equal(net[0].weight, net[2].weight)
    expected = net(x)
    # a fresh network with tied weights takes the state
    other = tied()
    attach_shared(other, net.state_dict())
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(x), expected)
    assert other[0].parametrizations.weight.original is other[2].parametrizations.weight.original
    make_plain(net)
    assert torch.equal(net(x), expected)
    assert net[0].weight is net[2].weight
    assert net.state_dict().keys() == tied().state_dict().keys()


def test_the_gradient_of_tied_values_is_the_sum_of_both():
    net = tied()
    share_weights(net, Bits(dense=8))
    x = torch.randn(5, 6)
    net(x).square().sum().backward()
    values = net[0].parametrizations.weight.original
    sharing = net[0].parametrizations.weight[0]
    plain = tied()
    plain[0].weight.data.copy_(net[0].weight.detach())
    plain[3].weight.data.copy_(net[3].weight.detach())
    plain(x).square().sum().backward()
    expected = torch.zeros_like(values).index_add_(
        0, sharing.codes, plain[0].weight.grad.flatten()[sharing.positions]
    )
    torch.testing.assert_close(values.grad, expected)


def test_what_was_frozen_stays_frozen():
    net = tied()
    net[3].weight.requires_grad_(False)
    net[0].weight.requires_grad_(False)
    share_weights(net, Bits(dense=3))
    assert not net[3].weight.requires_grad
    assert not net[2].weight.requires_grad
    make_plain(net)
    flags = {name: p.requires_grad for name, p in net.named_parameters()}
    assert flags == {
        "0.weight": False, "0.bias": True, "2.bias": True, "3.weight": False, "3.bias": True,
    }  # fmt: skip


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_named(value):
    net = tied()
    with torch.no_grad():
        net[3].weight[0, 1] = value
    with pytest.raises(ValueError, match=r"3\.weight: expected finite weights, got 1 others in 12"):
        share_weights(net)


@pytest.mark.parametrize("norm", ["weight_norm", "old weight_norm", "shared"])
def test_weights_that_are_computed_are_refused_by_name(norm):
    net = tied()
    if norm == "weight_norm":
        nn.utils.parametrizations.weight_norm(net[3])
    elif norm == "shared":
        share_weights(net)
    else:
        with pytest.warns(FutureWarning):
            nn.utils.weight_norm(net[3])
    name = "0" if norm == "shared" else "3"
    message = f"expected layers whose weight is a parameter, got '{name}', which computes it"
    before = {key: value.clone() for key, value in net.state_dict().items()}
    for function in (
        share_weights,
        lambda n: prune_to(n, 0.5),
        lambda n: sensitivity(n, lambda m: 0.0, [0.5]),
    ):
        with pytest.raises(ValueError, match=message):
            function(net)
        after = net.state_dict()
        assert after.keys() == before.keys()
        assert all(torch.equal(after[key], value) for key, value in before.items())


def test_pruning_goes_on_after_make_plain():
    net = make_plain(share_weights(tied(), Bits(dense=3)))
    report = prune_to(net, 0.5)
    assert [layer.kept for layer in report] == [18, 18, 6]
    assert torch.equal(net[0].weight, net[2].weight)
