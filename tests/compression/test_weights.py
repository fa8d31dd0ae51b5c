import torch
from torch import nn
from torch.nn.utils import prune

from cnnhistory import create_model
from cnnhistory.compression.weights import compressible, current_weight, is_convolution


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
