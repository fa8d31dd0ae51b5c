import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cnnhistory import create_model
from cnnhistory.compression.pruning import (
    LayerDensity,
    apply_masks,
    attach_masks,
    densities,
    magnitude_mask,
    make_permanent,
    prune_iteratively,
    prune_to,
    quality_mask,
    round_densities,
    sensitivity,
    total_density,
)
from cnnhistory.compression.weights import compressible, current_weight


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4, 5))


X = torch.linspace(-1, 1, 2 * 9).view(2, 1, 3, 3)
Y = torch.tensor([1, 3])


def step(net, lr=0.1, momentum=None):
    optimizer = momentum or torch.optim.Adam(net.parameters(), lr=lr, weight_decay=0.1)
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(X), Y).backward()
    optimizer.step()


def test_the_largest_by_magnitude_stay():
    weight = torch.tensor([[0.3, -0.1, 0.0], [-2.0, 0.2, 1.0]])
    assert magnitude_mask(weight, 0.5).int().tolist() == [[1, 0, 0], [1, 0, 1]]
    assert magnitude_mask(weight, 1.0).all()
    assert magnitude_mask(weight, 1e-6).sum() == 1  # a layer is never cut through


@given(
    st.lists(st.floats(-9, 9, width=32), min_size=1, max_size=60),
    st.floats(0.001, 1),
)
def test_exactly_the_asked_for_part_stays_and_none_of_it_is_smaller(values, density):
    weight = torch.tensor(values)
    mask = magnitude_mask(weight, density)
    assert mask.sum() == max(1, round(density * len(values)))
    if not mask.all():
        assert weight[mask].abs().min() >= weight[~mask].abs().max()


@pytest.mark.parametrize("density", [0, -0.5, 1.1, float("nan")])
def test_a_density_is_a_fraction(density):
    with pytest.raises(ValueError, match="density: expected a fraction above 0"):
        magnitude_mask(torch.ones(3), density)


def test_the_papers_threshold_counts_what_is_left():
    # of 1, -1, 3 the standard deviation is 1.633; zeros that were pruned do not count
    weight = torch.tensor([1.0, -1.0, 3.0, 0.0, 0.0, 0.0])
    assert (
        quality_mask(weight, 0.61).tolist() == quality_mask(weight[:3], 0.61).tolist() + [False] * 3
    )
    assert quality_mask(weight, 0.61).sum() == 3
    assert quality_mask(weight, 0.62).sum() == 1


def test_densities_are_counted():
    net = network()
    report = prune_to(net, {"0": 0.25})
    assert report == (LayerDensity("0", 36, 9), LayerDensity("3", 20, 20)) == densities(net)
    assert report[0].density == 0.25
    assert total_density(report) == 29 / 56


def test_pruned_weights_stay_zero_through_training_with_momentum_and_decay():
    net = network()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1, weight_decay=0.1)
    step(net, momentum=optimizer)
    prune_to(net, 0.3)
    gone = {name: current_weight(layer) == 0 for name, layer in compressible(net).items()}
    for _ in range(5):
        step(net)
    net(X)
    for name, layer in compressible(net).items():
        assert (layer.weight[gone[name]] == 0).all()
        assert (current_weight(layer)[~gone[name]] != 0).all()


def test_a_second_round_prunes_what_the_first_has_left():
    net = network()
    prune_to(net, 0.5)
    before = {name: current_weight(layer) != 0 for name, layer in compressible(net).items()}
    step(net)
    prune_to(net, 0.25)
    for name, layer in compressible(net).items():
        left = current_weight(layer) != 0
        assert left.sum() == round(0.25 * left.numel())
        assert not (left & ~before[name]).any()


def test_nothing_pruned_is_the_network_itself():
    net, other = network(), network()
    prune_to(net, 1.0)
    assert torch.equal(net(X), other(X))
    step(net)
    step(other)
    assert torch.equal(net(X), other(X))


def test_masks_survive_a_checkpoint_and_training_goes_on_as_if_it_had_not_stopped(tmp_path):
    net = network()
    prune_to(net, 0.3)
    step(net)
    torch.save(net.state_dict(), tmp_path / "state.pt")
    other = network(seed=1)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    attach_masks(other, state)
    other.load_state_dict(state)
    assert densities(other) == densities(net)
    assert torch.equal(other(X), net(X))
    for resumed in (net, other):
        step(resumed)
        prune_to(resumed, 0.1)
        step(resumed)
    assert torch.equal(other(X), net(X))
    assert densities(other) == densities(net)


def test_a_state_with_masks_of_another_network_is_refused():
    net = network()
    prune_to(net, 0.5)
    with pytest.raises(ValueError, match="expected layers among , got '0'"):
        attach_masks(nn.ReLU(), net.state_dict())


def test_permanent_is_an_ordinary_network_with_the_same_outputs():
    net = network()
    prune_to(net, 0.3)
    step(net)
    expected = net(X)
    assert make_permanent(net) is net
    assert torch.equal(net(X), expected)
    assert net.state_dict().keys() == network().state_dict().keys()
    assert isinstance(net[0].weight, nn.Parameter)
    fresh = network(seed=2)
    fresh.load_state_dict(net.state_dict())
    assert torch.equal(fresh(X), expected)


def test_permanent_takes_the_weights_of_now_not_of_the_last_forward_pass():
    net = network()
    prune_to(net, 0.5)
    with torch.no_grad():
        net[3].weight_orig.mul_(2)
    expected = current_weight(net[3])
    assert torch.equal(make_permanent(net)[3].weight, expected)


def test_works_on_every_kind_of_layer_of_the_early_networks():
    net = create_model("lenet5")
    report = prune_to(net, 0.1)
    assert [layer.kept for layer in report] == [15, 150, 4800, 1008]
    assert net(torch.zeros(1, 1, 32, 32)).shape == (1, 10)


def test_what_cannot_be_pruned_is_named():
    with pytest.raises(ValueError, match="expected layers among 0, 3, got '1'"):
        prune_to(network(), {"1": 0.5})
    with pytest.raises(ValueError, match=r"masks: expected shape \(5, 4\) for '3', got \(2,\)"):
        apply_masks(network(), {"3": torch.ones(2)})


def test_rounds_fall_by_the_same_factor():
    assert round_densities(0.01, 2) == pytest.approx([0.1, 0.01])
    assert round_densities({"a": 0.25, "b": 1.0}, 2) == [
        {"a": 0.5, "b": 1.0},
        {"a": 0.25, "b": 1.0},
    ]
    with pytest.raises(ValueError, match="rounds: expected at least 1, got 0"):
        round_densities(0.5, 0)


def test_iterative_pruning_retrains_after_each_round():
    net = network()
    seen = []

    def retrain(pruned, number):
        seen.append((number, [layer.kept for layer in densities(pruned)]))
        step(pruned)

    reports = prune_iteratively(net, 0.25, 2, retrain)
    assert seen == [(0, [18, 10]), (1, [9, 5])]
    assert [[layer.kept for layer in report] for report in reports] == [[18, 10], [9, 5]]


@pytest.mark.parametrize("pruned", [False, True])
def test_a_scan_prunes_one_layer_at_a_time_and_leaves_the_network_alone(pruned):
    net = network()
    if pruned:
        prune_to(net, 0.9)
    state = {key: value.clone() for key, value in net.state_dict().items()}

    def measure(scanned):
        scanned(X)
        return [int(current_weight(layer).count_nonzero()) for layer in (scanned[0], scanned[3])]

    full = [32, 18] if pruned else [36, 20]
    scan = sensitivity(net, measure, [0.25, 0.5])
    assert scan == {"0": [[9, full[1]], [18, full[1]]], "3": [[full[0], 5], [full[0], 10]]}
    for key, value in net.state_dict().items():
        assert torch.equal(value, state[key])


def test_a_scan_that_fails_leaves_the_network_alone():
    net = network()
    before = net[0].weight.clone()
    with pytest.raises(ZeroDivisionError):
        sensitivity(net, lambda scanned: 1 / 0, [0.1])
    assert torch.equal(net[0].weight, before)


def test_each_density_of_a_scan_starts_from_the_whole_layer():
    net = network()
    before = net[0].weight.detach().clone()
    seen = []
    sensitivity(net, lambda scanned: seen.append(scanned[0].weight.detach().clone()), [0.1, 0.5])
    for found, density in zip(seen, (0.1, 0.5), strict=False):
        assert torch.equal(found, before * magnitude_mask(before, density))


def test_masks_of_earlier_rounds_stay_in_force():
    """A later mask cannot bring back what an earlier one has dropped."""
    net = network()
    first = torch.arange(20).view(5, 4) % 2 == 0
    apply_masks(net, {"3": first})
    step(net)
    apply_masks(net, {"3": torch.ones(5, 4)})
    assert torch.equal(current_weight(net[3]) != 0, first)
    second = torch.arange(20).view(5, 4) % 3 == 0
    apply_masks(net, {"3": second})
    assert torch.equal(current_weight(net[3]) != 0, first & second)
    step(net)
    net(X)
    assert torch.equal(net[3].weight != 0, first & second)
    assert torch.equal(make_permanent(net)[3].weight != 0, first & second)


def test_a_larger_density_later_brings_nothing_back():
    net = network()
    prune_to(net, 0.25)
    before = {name: current_weight(layer) != 0 for name, layer in compressible(net).items()}
    step(net)
    prune_to(net, 0.75)
    for name, layer in compressible(net).items():
        assert torch.equal(current_weight(layer) != 0, before[name])


def test_weights_that_are_not_finite_are_refused_by_name():
    net = network()
    with torch.no_grad():
        net[0].weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(ValueError, match=r"0\.weight: expected finite weights, got 1 others in 36"):
        prune_to(net, 0.5)
