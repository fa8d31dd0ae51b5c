import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model
from cnnhistory.accounting import count_parameters, summarize
from cnnhistory.models.small_kernels import KernelStacks


def stack_weights(net):
    """Return the weights of the first stack, without biases."""
    return sum(
        layer.weight.numel()
        for name, layer in net.features.named_children()
        if name.startswith("conv1_")
    )


@pytest.mark.parametrize(
    ("kernels", "maps", "weights"),
    [
        ((3, 3), 20, 18 * 400),
        ((5,), 20, 25 * 400),
        ((5,), 17, 25 * 289),
        ((3, 3, 3), 20, 27 * 400),
        ((7,), 20, 49 * 400),
        ((7,), 15, 49 * 225),
        (((1, 7), (7, 1)), 20, 14 * 400),
    ],
)
def test_weights_are_the_squared_sides_times_the_squared_maps(kernels, maps, weights):
    net = KernelStacks(kernels, maps)
    assert stack_weights(net) == weights
    biases = 3 * len(kernels) * maps
    ends = 3 * 9 * maps + maps + 16 * (maps + 1)
    assert count_parameters(net) == 3 * weights + biases + ends


def test_pairs_see_the_same():
    fields = {
        kernels: [
            summarize(KernelStacks(kernels), (3, 32, 32))[f"features.pool{n}"].receptive_field
            for n in range(3)
        ]
        for kernels in ((3, 3), (5,), (3, 3, 3), (7,), ((1, 7), (7, 1)))
    }
    # conv0 and pool0 see 4; a side of 5 adds 4 windows of stride 2, the pooling one
    assert fields[3, 3] == fields[5,] == [4, 4 + 4 * 2 + 2, 14 + 4 * 4 + 4]
    assert (
        fields[3, 3, 3]
        == fields[7,]
        == fields[(1, 7), (7, 1)]
        == [4, 4 + 6 * 2 + 2, 18 + 6 * 4 + 4]
    )


def test_sizes():
    table = summarize(KernelStacks(), (3, 32, 32))
    shapes = [table[f"features.pool{n}"].output_shape for n in range(3)]
    assert shapes == [(20, 16, 16), (20, 8, 8), (20, 4, 4)]
    assert table.total.output_shape == (16,)


@pytest.mark.parametrize("relu_between", [True, False])
def test_forward_written_out(relu_between):
    torch.manual_seed(0)
    net = KernelStacks((3, 5), maps=4, relu_between=relu_between).double()
    h = x = torch.rand(2, 3, 24, 20, dtype=torch.double)
    layers = dict(net.features.named_children())

    def conv(h, name):
        layer = layers[name]
        return F.conv2d(h, layer.weight, layer.bias, padding=layer.kernel_size[0] // 2)

    h = conv(h, "conv0").relu()
    for stage in (1, 2, 3):
        h = conv(F.max_pool2d(h, 2), f"conv{stage}_1")
        h = conv(h.relu() if relu_between else h, f"conv{stage}_2").relu()
    last = net.classifier
    torch.testing.assert_close(net(x), F.linear(h.mean((2, 3)), last.weight, last.bias))


def test_without_relu_between_a_stack_is_one_linear_filter():
    torch.manual_seed(0)
    for relu_between, linear in ((False, True), (True, False)):
        net = KernelStacks((3, 3), maps=4, relu_between=relu_between).double()
        names = ["conv1_1", "relu1_1", "conv1_2"]
        stack = nn.Sequential(*(net.features[i] for i in places(net, names)))
        a, b = torch.randn(2, 1, 4, 8, 8, dtype=torch.double)
        with torch.no_grad():
            same = torch.allclose(stack(a) + stack(b), stack(a + b) + stack(0 * a))
        assert same == linear


def places(net, names):
    present = list(net.features._modules)
    return [present.index(name) for name in names if name in present]


def test_weights_start_with_variance_2_over_fan_in():
    torch.manual_seed(0)
    net = KernelStacks((7,), maps=64)
    layer = net.features.conv2_1
    assert layer.weight.std().item() == pytest.approx((2 / (49 * 64)) ** 0.5, rel=0.03)
    assert not layer.bias.any()


def test_from_the_registry():
    net = create_model("kernel_stacks", kernels=[5], maps=3, num_classes=2, in_channels=1)
    assert net(torch.zeros(1, 1, 8, 9)).shape == (1, 2)


def test_a_row_and_a_column_keep_the_size():
    net = create_model("kernel_stacks", kernels=[[1, 7], [7, 1]], maps=3, num_classes=2)
    row, column = net.features.conv2_1, net.features.conv2_2
    assert (row.kernel_size, column.kernel_size) == ((1, 7), (7, 1))
    assert column(row(torch.zeros(1, 3, 8, 12))).shape == (1, 3, 8, 12)


@pytest.mark.parametrize("kernels", [(), (3, 4), ((1, 2),), ((1, 3, 3),), (-1,)])
def test_wrong_kernels_are_refused(kernels):
    with pytest.raises(ValueError, match="kernels: expected one or more odd sides"):
        KernelStacks(kernels)


@pytest.mark.parametrize("shape", [(1, 1, 32, 32), (1, 3, 7, 32)])
def test_wrong_images_are_refused(shape):
    with pytest.raises(ValueError, match=r"x: expected a batch .* at least 8"):
        KernelStacks()(torch.zeros(shape))
