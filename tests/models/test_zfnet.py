import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model
from cnnhistory.accounting import count_multiply_adds, summarize
from cnnhistory.models.zfnet import limit_filters_
from cnnhistory.registry import on_meta

SMALL = {"image_size": 64, "width": 1 / 8}


def test_sizes():
    table = summarize(on_meta("zfnet"), (3, 224, 224))
    shapes = {
        "conv1": (96, 110, 110), "pool1": (96, 55, 55), "norm1": (96, 55, 55),
        "conv2": (256, 26, 26), "pool2": (256, 13, 13), "norm2": (256, 13, 13),
        "conv3": (384, 13, 13), "conv4": (384, 13, 13), "conv5": (256, 13, 13),
        "pool5": (256, 6, 6),
    }  # fmt: skip
    assert {name: table[f"features.{name}"].output_shape for name in shapes} == shapes
    assert table.total.parameters == 62_357_608
    dense = [table[f"classifier.fc{n}"].parameters for n in (6, 7, 8)]
    assert dense == [37_752_832, 16_781_312, 4_097_000]


def test_costs_as_much_as_an_undivided_alexnet():
    ours = count_multiply_adds(on_meta("zfnet"), (3, 224, 224))
    theirs = count_multiply_adds(on_meta("alexnet", groups=1), (3, 227, 227))
    assert ours == 1_168_032_896
    assert ours / theirs == pytest.approx(1.03, abs=0.005)


def test_forward_written_out():
    torch.manual_seed(0)
    net = create_model("zfnet", **SMALL).eval().double()
    x = torch.rand(2, 3, 64, 64, dtype=torch.double)
    f, c = net.features, net.classifier

    def pool(a):
        return F.max_pool2d(a, 3, 2, ceil_mode=True)

    def norm(a):
        return F.local_response_norm(a, 5, alpha=5 * 1e-4, beta=0.75, k=2.0)

    h = norm(pool(F.conv2d(x, f.conv1.weight, f.conv1.bias, stride=2, padding=1).relu()))
    h = norm(pool(F.conv2d(h, f.conv2.weight, f.conv2.bias, stride=2).relu()))
    for layer in (f.conv3, f.conv4, f.conv5):
        h = F.conv2d(h, layer.weight, layer.bias, padding=1).relu()
    h = pool(h).flatten(1)
    for layer in (c.fc6, c.fc7):
        h = F.linear(h, layer.weight, layer.bias).relu()
    torch.testing.assert_close(net(x), F.linear(h, c.fc8.weight, c.fc8.bias))


def test_initial_weights():
    torch.manual_seed(0)
    for name, layer in create_model("zfnet").named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert abs(layer.weight.std() / 0.01 - 1) < 0.03, name
            assert not layer.bias.any()


def test_smaller_networks_keep_the_size_of_their_signals():
    torch.manual_seed(0)
    net = create_model("zfnet", image_size=64, width=1 / 4)
    # N(0, 0.01^2 * 4); fc6 has 6 * 6 times fewer inputs as well
    expected = {"conv1": 0.01, "conv2": 0.02, "conv5": 0.02, "fc6": 0.12, "fc7": 0.02, "fc8": 0.02}
    for name, std in expected.items():
        part = net.features if name.startswith("conv") else net.classifier
        assert abs(part.get_submodule(name).weight.std() / std - 1) < 0.06, name


def test_filters_outside_the_radius_are_scaled_down_to_it():
    net = create_model("zfnet", **SMALL)
    first, second = net.features.conv1.weight, net.features.conv2.weight
    with torch.no_grad():
        first[0], first[1], first[2] = 0.2, -0.3, 0.05
        second[3] = 1.0
    before = [p.clone() for p in net.parameters()]
    assert limit_filters_(net) == 3
    assert torch.allclose(first[0], torch.tensor(0.1))
    assert torch.allclose(first[1], torch.tensor(-0.1))
    assert torch.allclose(second[3], torch.tensor(0.1))
    changed = [int((a != b).sum()) for a, b in zip(net.parameters(), before, strict=True)]
    # parameters in turn: weights and biases of conv1, weights of conv2
    assert changed[:3] == [2 * first[0].numel(), 0, second[0].numel()]
    assert not any(changed[3:])


def test_a_filter_of_zeros_stays():
    layer = nn.Conv2d(1, 2, 3)
    nn.init.zeros_(layer.weight)
    assert limit_filters_(layer) == 0
    assert not layer.weight.any()


def test_layers_left_out():
    """The variants of Table 3: parameters counted by hand, at the size of the paper."""
    conv2_out, conv5_kernel = 256, 9
    conv3, conv4 = 885_120, 384 * 384 * 9 + 384
    narrower_conv5 = (384 - conv2_out) * conv5_kernel * 256
    fc6, fc7, fc8 = 37_752_832, 16_781_312, 4_097_000
    from_pool5 = 9216 * 1000 + 1000
    expected = {
        ("conv3", "conv4"): conv3 + conv4 + narrower_conv5,
        ("fc7",): fc7,
        ("fc6", "fc7"): fc6 + fc7 + fc8 - from_pool5,
        ("conv3", "conv4", "fc6", "fc7"): (
            conv3 + conv4 + narrower_conv5 + fc6 + fc7 + fc8 - from_pool5
        ),
    }
    for without, missing in expected.items():
        net = on_meta("zfnet", without=without)
        names = {name.rpartition(".")[2] for name, _ in net.named_modules()}
        assert not names & set(without)
        assert sum(p.numel() for p in net.parameters()) == 62_357_608 - missing
        small = create_model("zfnet", num_classes=5, without=without, **SMALL)
        assert small(100 * torch.randn(2, 3, 64, 64)).shape == (2, 5)
        first = small.classifier[0].weight.std()
        assert abs(first / (0.01 * 8**0.5 * 6) - 1) < 0.15  # one place left, as for fc6
    with pytest.raises(ValueError, match=r"without: expected one of conv3, .* got 'conv2'"):
        create_model("zfnet", without=("fc7", "conv2"))


def test_the_smallest_image():
    with pytest.raises(ValueError, match="image_size: expected at least") as error:
        create_model("zfnet", image_size=10, width=1 / 16)
    smallest = int(str(error.value).split("at least ")[1].split(",")[0])
    for size in (smallest, smallest + 1, 100):
        net = create_model("zfnet", num_classes=4, in_channels=1, image_size=size, width=1 / 16)
        assert net(torch.zeros(2, 1, size, size)).shape == (2, 4)
    features = net.features.eval()
    with pytest.raises(RuntimeError):
        features(torch.zeros(1, 1, smallest - 1, smallest - 1))


def test_wrong_images_are_refused():
    with torch.device("meta"):
        net = create_model("zfnet")
        for shape in [(1, 3, 227, 227), (1, 1, 224, 224), (3, 224, 224)]:
            with pytest.raises(ValueError, match=r"x: expected .* \(N, 3, 224, 224\), got"):
                net(torch.empty(shape))
