import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model
from cnnhistory.accounting import summarize
from cnnhistory.models.nin import MLPConv
from cnnhistory.registry import on_meta


def shapes(table):
    blocks = [row for row in table.view(depth=2) if row.name.startswith("features")]
    return [row.output_shape for row in blocks if row.type != "Dropout"]


def test_cifar_form():
    table = summarize(on_meta("nin_cifar"), (3, 32, 32))
    # 192 (75 + 1) + 160 (192 + 1) + 96 (160 + 1) and so on
    blocks = [table.view(depth=2)[f"features.mlpconv{n}"].parameters for n in (1, 2, 3)]
    assert blocks == [14_592 + 30_880 + 15_456, 460_992 + 2 * 37_056, 331_968 + 37_056 + 1_930]
    assert table.total.parameters == 966_986
    assert shapes(table) == [(96, 32, 32), (96, 16, 16), (192, 16, 16), (192, 8, 8), (10, 8, 8)]


def test_imagenet_form():
    table = summarize(on_meta("nin"), (3, 224, 224))
    assert (table.total.parameters, table.total.multiply_adds) == (7_595_176, 1_100_188_800)
    assert shapes(table) == [
        (96, 54, 54), (96, 27, 27), (256, 27, 27), (256, 13, 13), (384, 13, 13), (384, 6, 6),
        (1000, 6, 6),
    ]  # fmt: skip


def test_forward_written_out():
    torch.manual_seed(0)
    net = create_model("nin_cifar", width=1 / 8).eval().double()
    x = h = torch.rand(2, 3, 19, 23, dtype=torch.double)
    for n, padding in ((1, 2), (2, 2), (3, 1)):
        block = net.features.get_submodule(f"mlpconv{n}")
        h = F.conv2d(h, block.conv.weight, block.conv.bias, padding=padding).relu()
        for layer in (block.cccp1, block.cccp2):
            # a 1x1 convolution is a dense layer at each pixel
            h = F.linear(h.movedim(1, -1), layer.weight.flatten(1), layer.bias).relu()
            h = h.movedim(-1, 1)
        h = F.max_pool2d(h, 3, 2, ceil_mode=True) if n < 3 else h
    torch.testing.assert_close(net(x), h.mean((2, 3)))


def test_dropout_follows_the_poolings_as_published():
    def drops(name):
        return [key for key, _ in on_meta(name).features.named_children() if "drop" in key]

    assert drops("nin_cifar") == ["drop1", "drop2"]
    assert drops("nin") == ["drop3"]


def test_no_dense_layer():
    assert not any(isinstance(layer, nn.Linear) for layer in on_meta("nin").modules())


def test_initial_weights():
    torch.manual_seed(0)
    net = create_model("nin")
    narrow = {"mlpconv1.conv", "mlpconv3.conv", "mlpconv4.cccp2"}
    for name, layer in net.features.named_modules():
        if isinstance(layer, nn.Conv2d):
            std = 0.01 if name in narrow else 0.05
            assert abs(layer.weight.std() / std - 1) < 0.05, name
            assert not layer.bias.any()


def test_smaller_networks_keep_the_size_of_their_signals():
    torch.manual_seed(0)
    net = create_model("nin_cifar", width=1 / 4)
    stds = {"mlpconv1.conv": 0.05, "mlpconv1.cccp1": 0.1, "mlpconv3.conv": 0.1}
    for name, std in stds.items():
        assert abs(net.features.get_submodule(name).weight.std() / std - 1) < 0.05, name


@pytest.mark.parametrize(("name", "smallest"), [("nin_cifar", 4), ("nin", 39)])
def test_the_smallest_image(name, smallest):
    net = create_model(name, num_classes=6, in_channels=1, width=1 / 16).eval()
    for height, width in [(smallest, smallest), (smallest, smallest + 30)]:
        assert net(torch.zeros(2, 1, height, width)).shape == (2, 6)
    with pytest.raises(ValueError, match=f"H and W at least {smallest}, got"):
        net(torch.zeros(1, 1, smallest, smallest - 1))
    with pytest.raises(RuntimeError):
        net.features(torch.zeros(1, 1, smallest - 1, smallest - 1))


def test_wrong_images_are_refused():
    net = create_model("nin_cifar", width=1 / 16)
    for shape in [(1, 1, 32, 32), (3, 32, 32)]:
        with pytest.raises(ValueError, match=r"x: expected a batch of images of shape \(N, 3, H"):
            net(torch.zeros(shape))


def test_an_mlpconv_can_tell_equal_from_different():
    """XOR of two neighboring pixels, which no linear filter gives."""
    block = MLPConv(1, (2, 1, 1), kernel=2)
    with torch.no_grad():
        # relu(a + b) and relu(a + b - 1); then the first minus twice the second; then itself
        block.conv.weight.copy_(torch.tensor([[1.0, 1], [0, 0]]).expand(2, 1, 2, 2))
        block.conv.bias.copy_(torch.tensor([0.0, -1]))
        block.cccp1.weight.copy_(torch.tensor([1.0, -2]).view(1, 2, 1, 1))
        block.cccp2.weight.fill_(1)
        block.cccp1.bias.zero_()
        block.cccp2.bias.zero_()
        row = torch.tensor([0.0, 0, 1, 1, 0]).expand(1, 1, 2, 5)
        assert block(row).flatten().tolist() == [0, 1, 0, 1]


def test_linear_filters_in_place_of_the_perceptrons():
    plain = on_meta("nin_cifar", plain=True)
    convolutions = [layer for layer in plain.modules() if isinstance(layer, nn.Conv2d)]
    assert [(c.out_channels, c.kernel_size[0]) for c in convolutions] == [
        (192, 5),
        (192, 5),
        (10, 3),
    ]
    # 192 (75 + 1) + 192 (25 192 + 1) + 10 (9 192 + 1)
    assert summarize(plain, (3, 32, 32)).total.parameters == 14_592 + 921_792 + 17_290
    assert shapes(summarize(plain, (3, 32, 32)))[-1] == (10, 8, 8)


def test_a_dense_layer_in_place_of_the_means():
    torch.manual_seed(0)
    net = create_model("nin_cifar", width=1 / 8, dense_for=32).eval()
    assert net.dense.weight.shape == (10, 10 * 8 * 8)
    x = torch.rand(2, 3, 32, 32)
    maps = net.features(x)
    torch.testing.assert_close(net(x), net.dense(maps.flatten(1)))
    # with weights of 1 / 64 for a class's own map the dense layer takes the means
    with torch.no_grad():
        net.dense.weight.copy_(torch.eye(10).repeat_interleave(64, 1) / 64)
        net.dense.bias.zero_()
    torch.testing.assert_close(net(x), maps.mean((2, 3)))
    with pytest.raises(ValueError, match=r"\(N, 3, 32, 32\), got \(1, 3, 24, 24\)"):
        net(x[:1, :, :24, :24])


def test_dropout_can_be_weakened():
    drops = [m.p for m in on_meta("nin_cifar", dropout=0.1).modules() if isinstance(m, nn.Dropout)]
    assert drops == [0.1, 0.1]


def test_without_the_last_relu_every_class_map_gets_a_gradient():
    for last_relu in (True, False):
        net = create_model("nin_cifar", width=1 / 8, last_relu=last_relu)
        last = net.features.mlpconv3
        assert isinstance(last[-1], nn.ReLU) == last_relu
        with torch.no_grad():
            last.cccp2.bias.fill_(-100)  # shuts the ReLU
        scores = net(torch.rand(2, 3, 32, 32))
        scores.sum().backward()
        assert bool(last.cccp2.bias.grad.any()) != last_relu
        assert bool((scores < 0).all()) != last_relu
