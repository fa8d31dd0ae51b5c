import pytest
import torch

from cnnhistory.visualize.activations import activations


def network():
    return torch.nn.Sequential(
        torch.nn.Linear(2, 2, bias=False), torch.nn.ReLU(), torch.nn.Dropout(0.9)
    )


def test_outputs_of_named_layers():
    net = network()
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, -1.0]]))
    found = activations(net, torch.tensor([[3.0, 4.0]]), ["2", "0"])
    assert list(found) == ["2", "0"]
    assert found["0"].tolist() == [[3.0, -4.0]]
    assert found["2"].tolist() == [[3.0, 0.0]]  # dropout is off


def test_leaves_no_trace():
    net = network().train()
    activations(net, torch.zeros(1, 2), ["1"])
    assert net.training
    assert not net[1]._forward_hooks
    with pytest.raises(RuntimeError):
        activations(net, torch.zeros(1, 3), ["1"])
    assert net.training
    assert not net[1]._forward_hooks


def test_unknown_name_lists_the_known():
    with pytest.raises(KeyError, match="unknown layer 'conv1'; there are 0, 1, 2"):
        activations(network(), torch.zeros(1, 2), ["conv1"])


def test_a_layer_that_works_in_place_does_not_change_what_was_kept():
    net = torch.nn.Sequential(torch.nn.Identity(), torch.nn.ReLU(inplace=True))
    found = activations(net, torch.tensor([[-1.0, 2.0]]), ["0", "1"])
    assert found["0"].tolist() == [[-1.0, 2.0]]
    assert found["1"].tolist() == [[0.0, 2.0]]
