import pytest
import torch
from torch.nn import functional as F

from cnnhistory import create_model, system
from cnnhistory.accounting import count_parameters, summarize
from cnnhistory.models.lenet1989 import H2_READS, PAPER_COUNTS


def test_every_layer_has_the_papers_size():
    table = summarize(create_model("lenet1989"), (1, 16, 16))
    found = {
        name: (table[name].activations, table[name].connections, table[name].parameters)
        for name in PAPER_COUNTS
    }
    assert found == PAPER_COUNTS == {
        "h1": (768, 19_968, 1_068),
        "h2": (192, 38_592, 2_592),
        "h3": (30, 5_790, 5_790),
        "output": (10, 310, 310),
    }  # fmt: skip
    units = 16 * 16 + sum(count for count, _, _ in found.values())
    assert (units, table.total.connections, table.total.parameters) == (1_256, 64_660, 9_760)
    claims = {
        c.quantity: c.value
        for c in system("lenet1989").figures
        if c.checked and c.model == "lenet1989"
    }
    assert claims == {"units": 1_256, "connections": 64_660, "parameters": 9_760}


def test_shapes():
    table = summarize(create_model("lenet1989"), (1, 16, 16))
    assert [table[name].output_shape for name in PAPER_COUNTS] == [
        (12, 8, 8), (12, 4, 4), (30,), (10,),
    ]  # fmt: skip
    assert [table[name].stride for name in ("h1", "h2")] == [2, 4]


def test_connection_table_is_regular():
    assert {len(set(reads)) for reads in H2_READS} == {8}
    assert len(set(H2_READS)) == 12
    links = create_model("lenet1989").h2.links
    assert links.sum(dim=0).tolist() == links.sum(dim=1).tolist() == [8] * 12


def test_forward_written_out():
    """The whole network again, unit by unit, on its own weights."""
    torch.manual_seed(0)
    net = create_model("lenet1989").double()
    x = torch.rand(2, 1, 16, 16, dtype=torch.double) * 2 - 1

    def squash(a):
        return 1.7159 * torch.tanh(2 * a / 3)

    def convolve(maps, reads_of, layer, side):
        out = torch.empty(len(maps), len(reads_of), side, side, dtype=torch.double)
        background = -torch.ones(len(maps), maps.shape[1], 2 * side + 4, 2 * side + 4).double()
        background[:, :, 2:-2, 2:-2] = maps
        start = 0
        for o, reads in enumerate(reads_of):
            kernels = layer.weight[start : start + len(reads)]
            start += len(reads)
            for row in range(side):
                for column in range(side):
                    window = background[:, list(reads), 2 * row :, 2 * column :][..., :5, :5]
                    total = (window * kernels).sum((1, 2, 3))
                    out[:, o, row, column] = squash(total + layer.bias[o, row, column])
        return out

    h = convolve(x, [(0,)] * 12, net.h1, 8)
    h = convolve(h, H2_READS, net.h2, 4)
    h = squash(F.linear(h.flatten(1), net.h3.weight, net.h3.bias))
    expected = squash(F.linear(h, net.output.weight, net.output.bias))
    torch.testing.assert_close(net(x), expected)


def test_an_empty_image_has_no_visible_border():
    net = create_model("lenet1989")
    torch.nn.init.zeros_(net.h1.bias)
    maps = []
    net.h1.register_forward_hook(lambda module, args, output: maps.append(output))
    net(-torch.ones(1, 1, 16, 16))
    torch.testing.assert_close(maps[0], maps[0][:, :, 4:5, 4:5].expand_as(maps[0]))


def test_initial_weights_follow_the_fan_in():
    torch.manual_seed(0)
    net = create_model("lenet1989")
    for name, fan_in in (("h1", 25), ("h2", 200), ("h3", 192), ("output", 30)):
        weight = net.get_submodule(name).weight
        assert 0.9 * 2.4 / fan_in < weight.abs().max() <= 2.4 / fan_in


def test_trains_towards_plus_and_minus_one():
    net = create_model("lenet1989")
    targets = 2 * torch.eye(10) - 1
    assert net.criterion(targets, torch.arange(10)) == 0
    assert net(torch.rand(4, 1, 16, 16)).abs().max() < 1.7159


def test_one_bias_for_each_map():
    # 300 + 12, 2,400 + 12 instead of 300 + 768, 2,400 + 192
    shared = create_model("lenet1989", unit_biases=False)
    assert count_parameters(shared) == 9_760 - 756 - 180 == 8_824
    table = summarize(shared, (1, 16, 16))
    assert table.total.connections == 64_660
    same = create_model("lenet1989")
    state = shared.state_dict()
    for name, size in (("h1", 8), ("h2", 4)):
        state[f"{name}.bias"] = state[f"{name}.bias"][:, None, None].expand(12, size, size)
    same.load_state_dict(state)
    x = torch.rand(2, 1, 16, 16)
    torch.testing.assert_close(shared(x), same(x))


def test_the_control():
    net = create_model("lenet1989_dense")
    table = summarize(net, (1, 16, 16))
    # 40 (256 + 1) + 10 (40 + 1)
    assert table.total.parameters == table.total.connections == 10_690
    (claim,) = [c for c in system("lenet1989").figures if c.value == 10_690]
    assert (claim.model, claim.checked) == ("lenet1989_dense", True)
    x = torch.rand(2, 1, 16, 16)

    def squash(a):
        return 1.7159 * torch.tanh(2 * a / 3)

    h = squash(F.linear(x.flatten(1), net.hidden.weight, net.hidden.bias))
    torch.testing.assert_close(net(x), squash(F.linear(h, net.output.weight, net.output.bias)))
    assert net.criterion(2 * torch.eye(10) - 1, torch.arange(10)) == 0
    assert 0.9 * 2.4 / 256 < net.hidden.weight.abs().max() <= 2.4 / 256


@pytest.mark.parametrize("name", ["lenet1989", "lenet1989_dense"])
@pytest.mark.parametrize("shape", [(1, 1, 28, 28), (1, 3, 16, 16), (1, 16, 16), (1, 1, 16, 17)])
def test_wrong_images_are_refused(name, shape):
    with pytest.raises(ValueError, match=r"x: expected a batch .* \(N, 1, 16, 16\), got"):
        create_model(name)(torch.zeros(shape))
