import pytest
import torch
from torch import nn

from cnnhistory._util.lookup import UnknownIdError
from cnnhistory._util.modes import evaluating, modes_kept, modules_named, reading


@pytest.fixture
def network():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Dropout())
    network[1].eval()  # frozen on purpose
    return network


def modes(network):
    return [module.training for module in network.modules()]


def test_each_module_comes_back_in_its_own_mode(network):
    before = modes(network)
    with evaluating(network):
        assert not any(modes(network))
        assert not torch.is_grad_enabled()
    assert modes(network) == before
    assert torch.is_grad_enabled()
    before = [False] * len(before)
    with pytest.raises(RuntimeError), modes_kept(network.eval()):
        network.train()(torch.zeros(1))
    assert modes(network) == before


def test_named_modules_come_in_order_and_wrong_names_are_refused(network):
    assert list(modules_named(network, ["2", "0"])) == ["2", "0"]
    with pytest.raises(UnknownIdError, match="unknown layer 'x'; there are 0, 1, 2, 3"):
        modules_named(network, ["x"])


def test_outputs_are_read_and_no_hook_stays(network):
    seen = []
    with reading(network, ["0", "2"], lambda name, output: seen.append((name, output.shape))):
        network(torch.zeros(1, 1, 5, 5))
    assert seen == [("0", (1, 2, 3, 3)), ("2", (1, 18))]
    with (
        pytest.raises(RuntimeError, match="layers: 3 did not run"),
        reading(network, ["3"], lambda *_: None),
    ):
        network[0](torch.zeros(1, 1, 5, 5))
    assert not any(module._forward_hooks for module in network.modules())


def test_what_a_reader_returns_takes_the_place_of_the_output():
    network = nn.Sequential(nn.Identity(), nn.ReLU(inplace=True))
    kept = []

    def copy(name, output):
        kept.append(output)
        return output.clone()

    with reading(network, ["0"], copy):
        assert network(torch.tensor([-1.0])).tolist() == [0]
    assert kept[0].tolist() == [-1]
