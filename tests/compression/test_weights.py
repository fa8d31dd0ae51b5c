import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.utils import prune

from cnnhistory import create_model
from cnnhistory.compression.weights import compressible, current_weight, is_convolution, plain_state


def test_the_layers_of_lenet5_with_its_partial_convolution():
    layers = compressible(create_model("lenet5"))
    assert list(layers) == ["c1", "c3", "c5", "f6"]
    kinds = [is_convolution(current_weight(layer)) for layer in layers.values()]
    assert kinds == [True, True, True, False]


def test_a_network_that_is_one_layer():
    assert list(compressible(nn.Linear(3, 2))) == [""]


def test_the_current_weight_of_a_pruned_layer_after_a_step():
    layer = nn.Linear(2, 1, bias=False)
    prune.custom_from_mask(layer, "weight", torch.tensor([[True, False]]))
    with torch.no_grad():
        layer.weight_orig.fill_(5)  # the attribute `weight` does not know yet
    assert current_weight(layer).tolist() == [[5, 0]]
    assert not current_weight(layer).requires_grad


def test_a_plain_state_can_be_written_whatever_the_network(tmp_path):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4, 4), nn.Linear(4, 4))
    net.to(memory_format=torch.channels_last)
    net[3].weight = net[2].weight
    state = net.state_dict()
    with pytest.raises((ValueError, RuntimeError)):
        save_file(state, tmp_path / "x.safetensors")
    save_file(plain_state(net), tmp_path / "x.safetensors")
    found = load_file(tmp_path / "x.safetensors")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[key], value) for key, value in state.items())
    net[0].weight.data.zero_()
    assert not torch.equal(found["0.weight"], net[0].weight)
