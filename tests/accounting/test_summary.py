"""Counts against numbers worked by hand."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from cnnhistory import accounting
from cnnhistory.accounting import count_multiply_adds, count_parameters, summarize


def counts(row):
    return row.parameters, row.multiply_adds, row.other_ops, row.activations, row.connections


def test_hand_worked_convolution_network():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3),  # 8x8 -> 6x6; 4 kernels of 3*3*3 = 27, 4 biases
        nn.ReLU(),
        nn.MaxPool2d(2),  # -> 3x3
        nn.Flatten(),
        nn.Linear(36, 5),
    )
    table = summarize(model, (3, 8, 8))
    # parameters 4*27 + 4; 144 units of 27 products; 144 units of 27 + 1 links
    assert counts(table["0"]) == (112, 3888, 0, 144, 4032)
    assert table["0"].output_shape == (4, 6, 6)
    assert counts(table["1"]) == (0, 0, 144, 144, 0)
    # 36 units of four inputs
    assert counts(table["2"]) == (0, 0, 144, 36, 144)
    assert counts(table["3"]) == (0, 0, 0, 36, 0)
    assert counts(table["4"]) == (185, 180, 0, 5, 185)
    assert counts(table.total) == (297, 4068, 288, 365, 4361)
    assert table.total.output_shape == (5,)
    assert [row.type for row in table] == ["Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear"]
    fields = [(row.receptive_field, row.stride) for row in table]
    # 3; 3 + 1 after the pool; and all 3 positions 2 apart: 4 + 2 * 2
    assert fields == [(3, 1), (3, 1), (4, 2), (4, 2), (8, 2)]


@pytest.mark.parametrize(
    ("layer", "shape", "parameters", "multiply_adds"),
    [
        # 2 groups: each of 6 outputs reads 2 of 4 maps; 25 positions
        (nn.Conv2d(4, 6, 3, padding=1, groups=2), (4, 5, 5), 6 * 2 * 9 + 6, 25 * 6 * 2 * 9),
        # depthwise
        (nn.Conv2d(4, 4, 3, groups=4, bias=False), (4, 5, 5), 36, 9 * 4 * 9),
        # dilation 2: the kernel spans 5
        (nn.Conv2d(1, 1, 3, dilation=2), (1, 7, 7), 10, 9 * 9),
        # stride 2 on 7: 3 positions
        (nn.Conv1d(2, 3, 3, stride=2), (2, 7), 21, 3 * 3 * 6),
        # transposed: each of 2*3*3 inputs goes to 5 maps through 16 taps
        (nn.ConvTranspose2d(2, 5, 4, stride=2, padding=1), (2, 3, 3), 165, 18 * 5 * 16),
        # transposed in 2 groups: each input goes to 3 of 6 maps
        (nn.ConvTranspose2d(4, 6, 2, groups=2, bias=False), (4, 3, 3), 48, 36 * 3 * 4),
        (nn.Conv3d(1, 2, 2), (1, 3, 3, 3), 18, 8 * 2 * 8),
        (nn.Linear(7, 3), (4, 7), 24, 4 * 21),
        (nn.Linear(7, 3, bias=False), (7,), 21, 21),
    ],
)
def test_hand_worked_layers(layer, shape, parameters, multiply_adds):
    row = summarize(layer, shape)["(model)"]
    assert row.parameters == parameters
    assert row.multiply_adds == multiply_adds
    units = torch.Size(row.output_shape).numel()
    assert row.activations == units
    assert row.connections == multiply_adds + (units if layer.bias is not None else 0)


def test_attention_counts_its_matrix_products():
    class Attend(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x):
            tokens = x.transpose(1, 2)
            return self.attention(tokens, tokens, tokens, need_weights=False)[0]

    table = summarize(Attend(), (8, 5))
    # query, key, value: 3*5*8*8; two heads of 5*5*4 scores and as many mixtures; output 5*8*8
    assert table.total.multiply_adds == 960 + 200 + 200 + 320
    # The output layer lends its weights to its parent; it is no row of its own.
    assert [row.name for row in table] == ["attention"]
    assert table["attention"].parameters == 3 * (64 + 8) + 64 + 8
    # Scores times values is no layer with weights: 120 and 40 units of 8 inputs and a bias.
    assert table["attention"].connections == 120 * 9 + 40 * 9
    assert table["attention"].output_shape == (5, 8)


def test_a_bias_added_by_hand_is_a_bias():
    class OwnBias(nn.Module):
        """Shared kernels, and a bias for every unit, as in H1 of the network of 1989."""

        def __init__(self):
            super().__init__()
            self.kernels = nn.Conv2d(1, 12, 5, stride=2, bias=False)
            self.bias = nn.Parameter(torch.zeros(12, 8, 8))

        def forward(self, x):
            return torch.tanh(self.kernels(F.pad(x, (2, 1, 2, 1), value=-1.0)) + self.bias)

    total = summarize(OwnBias(), (1, 16, 16)).total
    # lecun1989backprop: 1,068 parameters (300 weights, 768 biases), 19,968 connections
    assert (total.parameters, total.connections) == (1068, 19_968)
    assert total.other_ops == 768  # tanh


def test_a_dense_layer_on_a_transposed_tensor():
    # torch multiplies and adds the bias in two steps here.
    model = nn.Sequential(Transpose(), nn.Linear(8, 3))
    assert counts(summarize(model, (8, 5))["1"]) == (27, 120, 0, 15, 135)


@pytest.mark.parametrize("weights_first", [True, False])
def test_einsum_counts_as_a_convolution_of_size_one(weights_first):
    class Mix(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(5, 3))

        def forward(self, x):
            if weights_first:
                return torch.einsum("oc,nchw->nohw", self.weight, x)
            return torch.einsum("nchw,oc->nohw", x, self.weight)

    row = summarize(Mix(), (3, 4, 4))["(model)"]
    assert (row.parameters, row.multiply_adds, row.connections) == (15, 240, 240)
    assert (row.receptive_field, row.stride) == (1, 1)


def test_other_operations():
    model = nn.Sequential(
        nn.BatchNorm2d(2),  # scale and shift
        nn.Softmax(dim=1),  # exponential, sum, quotient
        nn.Sigmoid(),
        nn.AdaptiveAvgPool2d(1),
        nn.Dropout(),
        nn.Identity(),
    )
    table = summarize(model, (2, 4, 4))
    assert [row.other_ops for row in table] == [64, 96, 32, 32, 0, 0]
    assert [row.connections for row in table] == [0, 0, 0, 32, 0, 0]
    assert table["0"].parameters == 4


def test_adaptive_pooling_reads_overlapping_bins():
    # 5 into 3: bins [0, 2), [1, 4), [3, 5) read 2 + 3 + 2 = 7 positions
    row = summarize(nn.AdaptiveAvgPool2d((1, 3)), (1, 1, 5))["(model)"]
    assert (row.connections, row.receptive_field) == (7, (1, 3))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 2, 3, padding=1)
        self.conv2 = nn.Conv2d(2, 2, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.conv2(self.relu(self.conv1(x)))
        y += x
        return self.relu(y)


def test_what_a_parent_computes_is_its_own_row():
    table = summarize(nn.Sequential(Block(), nn.Conv2d(2, 1, 1)), (2, 4, 4))
    assert [row.name for row in table] == [
        "0.conv1", "0.relu", "0.conv2", "0", "0.relu (2)", "1",
    ]  # fmt: skip
    assert counts(table["0"]) == (0, 0, 32, 32, 0)
    assert [row.receptive_field for row in table] == [3, 3, 5, 5, 5, 5]


def test_repeated_module_has_a_row_per_call_and_its_parameters_once():
    conv = nn.Conv2d(1, 1, 3, padding=1)
    table = summarize(nn.Sequential(conv, conv, conv), (1, 4, 4))
    assert [row.name for row in table] == ["0", "0 (2)", "0 (3)"]
    assert [row.parameters for row in table] == [10, 0, 0]
    assert [row.multiply_adds for row in table] == [144, 144, 144]
    assert [row.receptive_field for row in table] == [3, 5, 7]


def test_shared_and_frozen_parameters():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    model[2].requires_grad_(False)
    table = summarize(model, (4,))
    assert [row.parameters for row in table] == [20, 4, 0]
    assert table.total.parameters == count_parameters(model) == 24
    assert table.total.multiply_adds == 48


def test_layers_that_do_not_run_come_last():
    class Auxiliary(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
            self.main = nn.Linear(3, 5)

        def forward(self, x):
            return (self.main(x), self.head(x)) if self.training else self.main(x)

    table = summarize(Auxiliary(), (3,))
    assert [row.name for row in table] == ["main", "head.0"]
    assert table["head.0"].output_shape is None
    assert table.total.parameters == 20 + 8
    assert table.total.multiply_adds == 15
    assert summarize(Auxiliary(), (3,)).view(depth=1)["head"].type == "Sequential"


def test_operations_on_weights_alone_are_not_counted():
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(2, 3))
            self.mask = torch.ones(2, 3)  # neither parameter nor buffer

        def forward(self, x):
            return F.linear(x, self.weight * self.mask)

    assert counts(summarize(Masked(), (3,)).total) == (6, 6, 0, 2, 6)


def test_writing_into_a_buffer_keeps_track_of_the_input():
    class Fill(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3, padding=1)

        def forward(self, x):
            both = torch.zeros(1, 2, *x.shape[2:])
            both[:, :1] = x
            both[:, 1:] = self.conv(x)
            return both.exp()

    table = summarize(Fill(), (1, 4, 4))
    assert table.total.other_ops == 32
    assert table.total.receptive_field == 3
    assert table.total.stride == 1


def test_inference_mode_gives_the_same_table():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2))
    expected = summarize(model, (3, 8, 8))
    with torch.inference_mode():
        assert summarize(model, (3, 8, 8)) == expected


def test_tokens():
    model = nn.Sequential(nn.Embedding(100, 8), Transpose(), nn.Conv1d(8, 4, 3))
    table = summarize(model, (20,), dtype=torch.long)
    assert table["0"].output_shape == (20, 8)
    assert table["2"].multiply_adds == 18 * 4 * 24
    assert table["2"].receptive_field == 3


class Transpose(nn.Module):
    def forward(self, x):
        return x.transpose(1, 2)


def test_hooks_of_the_caller_run():
    # The old weight norm computes the kernel in a hook and leaves it as a plain attribute.
    conv = nn.Conv2d(1, 2, 3)
    conv.register_forward_pre_hook(lambda module, args: (args[0][:, :1],))
    assert count_multiply_adds(nn.Sequential(conv), (3, 5, 5)) == 9 * 2 * 9


def snapshot(model):
    return {
        "state": {
            key: (value.data_ptr(), value.clone()) for key, value in model.state_dict().items()
        },
        "training": [module.training for module in model.modules()],
        "hooks": [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()],
        "keys": [sorted(vars(module)) for module in model.modules()],
        "ids": [id(p) for p in model.parameters()],
        "grads": [p.grad for p in model.parameters()],
        "random": torch.get_rng_state(),
    }


@pytest.mark.parametrize("shape", [(2, 8, 8), (3, 8, 8)], ids=["runs", "raises"])
def test_model_is_left_untouched(shape):
    model = nn.Sequential(nn.Conv2d(2, 2, 3), nn.BatchNorm2d(2), nn.Dropout(), nn.ReLU(True))
    model.train()
    model[1].eval()
    before = snapshot(model)
    if shape[0] == 2:
        summarize(model, shape)
    else:
        with pytest.raises(ValueError, match="input_shape"):
            summarize(model, shape)
    after = snapshot(model)
    for key, (pointer, value) in before.pop("state").items():
        assert after["state"][key][0] == pointer
        assert torch.equal(after["state"][key][1], value)
    assert torch.equal(before.pop("random"), after["random"])
    assert before == {key: after[key] for key in before}


class Devices(TorchDispatchMode):
    """Collect the devices of all tensors made."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            self.seen.add((func, result.device.type))
        return result


def test_nothing_is_allocated_off_the_meta_device():
    model = nn.Sequential(nn.Conv2d(2, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(72, 9))
    model.table = torch.ones(5)
    model.cache = [nn.Parameter(torch.ones(5))]
    with Devices() as devices:
        summarize(model, (2, 8, 8))
    # Reading `.data` of a parameter makes a view, not a copy.
    made = {(str(func), device) for func, device in devices.seen if device != "meta"}
    assert made <= {("aten.detach.default", "cpu"), ("aten.alias.default", "cpu")}
    assert any(device == "meta" for _, device in devices.seen)


def test_a_model_too_large_for_any_memory():
    with torch.device("meta"):
        model = nn.Linear(10**7, 10**7)
    assert count_multiply_adds(model, (10**7,)) == 10**14
    assert count_parameters(model) == 10**14 + 10**7


def test_a_copy_gives_the_same_table():
    model = nn.Sequential(nn.Conv2d(2, 2, 3), nn.ReLU())
    assert summarize(model, (2, 8, 8)) == summarize(copy.deepcopy(model).double(), (2, 8, 8))


@pytest.mark.parametrize("shape", [[3, 8, 8], (), (3, 0, 8), (3, -1, 8), (3, 8.0, 8), "abc", 3])
def test_refuses_what_is_no_shape(shape):
    with pytest.raises(ValueError, match="input_shape: expected a tuple of positive integers"):
        summarize(nn.ReLU(), shape)


@pytest.mark.parametrize("function", [count_parameters, lambda m: summarize(m, (3, 8, 8))])
def test_refuses_what_is_no_module(function):
    with pytest.raises(TypeError, match=r"model: expected a torch\.nn\.Module, got function"):
        function(F.relu)


@pytest.mark.parametrize(
    ("shape", "layer", "reason"),
    [
        ((1, 8, 8), r"'features\.0' \(Conv2d\)", "expected 3 input channels, got 1"),
        ((3, 1, 8), r"'features\.0' \(Conv2d\)", "Kernel size"),
        ((3, 9, 9), r"'head' \(Linear\)", "shape \\(196,\\)"),
        ((2, 3, 8, 8), r"'features\.0' \(Conv2d\)", "batch"),
    ],
)
def test_wrong_size_names_the_layer(shape, layer, reason):
    model = nn.Sequential()
    model.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten())
    model.head = nn.Linear(144, 2)
    with pytest.raises(ValueError, match=f"{layer}.*{reason}") as caught:
        summarize(model, shape)
    assert f"input_shape={shape} does not fit the model" in str(caught.value)


def test_wrong_channels_of_a_transposed_convolution():
    with pytest.raises(ValueError, match="expected 7 input channels, got 8"):
        summarize(nn.ConvTranspose2d(7, 3, 3), (8, 5, 5))


def test_refuses_a_model_that_reads_values():
    class Branch(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(ValueError, match="reads the values of a tensor"):
        summarize(Branch(), (3,))


def test_refuses_lazy_parameters():
    with pytest.raises(ValueError, match="no shape yet; run the model once"):
        summarize(nn.LazyLinear(3), (3,))


def test_refuses_a_model_that_cannot_be_copied():
    model = nn.Linear(3, 3)
    model.iterator = (n for n in range(3))
    with pytest.raises(TypeError, match="cannot be copied"):
        summarize(model, (3,))


def test_errors_in_the_models_code_pass_through():
    class Broken(nn.Module):
        def forward(self, x):
            return self.missing(x)

    with pytest.raises(AttributeError, match="missing"):
        summarize(Broken(), (3,))


def test_public_names():
    assert set(accounting.__all__) <= set(dir(accounting))
