import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cnnhistory import create_model
from cnnhistory.compression.cnnz import SharedTensor, expand_state
from cnnhistory.compression.deep_compression import (
    compress_state,
    deep_compress,
    float_bytes,
    weights_left,
)
from cnnhistory.compression.pruning import densities, prune_to
from cnnhistory.compression.quantization import Bits, make_plain, share_weights


def same_state(found, expected):
    assert list(found) == list(expected)
    for key, value in expected.items():
        assert found[key].dtype == value.dtype, key
        assert torch.equal(found[key], value), key


def test_a_tensor_written_out():
    part = SharedTensor((2, 3), 5, np.array([1, 3, 5]), np.uint8([1, 0, 1]), np.float32([-2.5, 4]))
    assert part.dense().tolist() == [[0, 4, 0], [-2.5, 0, 4]]


def test_a_quantized_network_comes_back_exactly():
    torch.manual_seed(0)
    net = create_model("lenet5")
    prune_to(net, 0.2)
    make_plain(share_weights(net, Bits(4, 3)))
    parts = compress_state(net.state_dict(), Bits(4, 3))
    assert {key for key, part in parts.items() if isinstance(part, SharedTensor)} == {
        "c1.weight", "c3.weight", "c5.weight", "f6.weight",
    }  # fmt: skip
    same_state(expand_state(parts), net.state_dict())
    assert len(parts["f6.weight"].values) <= 7
    assert parts["c5.weight"].index_bits == 8
    assert parts["f6.weight"].index_bits == 5


def test_float_weights_are_moved_to_the_nearest_shared_value_and_zeros_stay():
    torch.manual_seed(0)
    weight = torch.randn(30, 40)
    weight[weight.abs() < 0.8] = 0
    (part,) = compress_state({"weight": weight}, Bits(dense=4)).values()
    dense = part.dense()
    assert torch.equal(dense == 0, weight == 0)
    left = weight[weight != 0]
    distance = (left[:, None] - torch.from_numpy(part.values)).abs()
    torch.testing.assert_close((dense[weight != 0] - left).abs(), distance.min(1).values)


@given(st.integers(0, 3), st.integers(0, 2**31 - 1))
def test_any_small_network_comes_back(kind, seed):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(7, 5, generator=generator).round(decimals=1)
    if kind == 1:
        weight = weight * (torch.rand(7, 5, generator=generator) < 0.2)
    if kind == 2:
        weight = torch.zeros(7, 5)
    if kind == 3:
        weight = torch.full((7, 5), -0.25)
    state = {"weight": weight, "bias": torch.randn(7, generator=generator)}
    same_state(expand_state(compress_state(state, Bits(dense=8))), state)


def test_what_is_not_a_float_weight_is_left_alone():
    state = {
        "a.weight": torch.arange(9).view(3, 3),
        "b.weight": torch.randn(4),
        "b.num_batches_tracked": torch.tensor(7),
        "codes": torch.randn(3, 3),
    }
    parts = compress_state(state)
    assert not any(isinstance(part, SharedTensor) for part in parts.values())
    same_state(expand_state(parts), state)


def test_a_network_that_is_still_pruned_or_shared_is_refused():
    net = nn.Sequential(nn.Linear(4, 4))
    prune_to(net, 0.5)
    with pytest.raises(ValueError, match="expected the state of an ordinary network"):
        compress_state(net.state_dict())
    share_weights(net)
    with pytest.raises(ValueError, match=r"got '0\.parametrizations"):
        compress_state(net.state_dict())


def test_weights_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="finite"):
        compress_state({"weight": torch.tensor([[1.0, float("nan")]])})


def test_the_three_steps_in_their_order():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(20, 10), nn.Linear(10, 10))
    seen = []

    def retrain(current, stage):
        left = [layer.kept for layer in densities(current)]
        seen.append((stage, left, len(current[0].weight.unique())))

    assert deep_compress(net, 0.25, 2, retrain, Bits(dense=3)) is net
    stages = [(stage, left) for stage, left, _ in seen]
    assert stages == [
        ("prune", [100, 50]),
        ("prune", [50, 25]),
        ("retrain", [50, 25]),
        ("share", [50, 25]),
    ]
    assert [values for *_, values in seen[:3]] == [101, 51, 51]
    assert seen[3][2] <= 8
    assert weights_left(net) == 75
    assert sorted(net.state_dict()) == ["0.bias", "0.weight", "1.bias", "1.weight"]


def test_float_bytes_are_four_for_each_parameter():
    assert float_bytes(create_model("lenet300_100")) == 4 * 266_610
