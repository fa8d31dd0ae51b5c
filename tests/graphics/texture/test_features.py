import pytest
import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory.data.sources import EFFICIENTNET_LITE0
from cnnhistory.graphics.texture.features import (
    RandomFilters,
    Vgg19Features,
    enlarged,
    statistics,
    vgg19_features,
)
from cnnhistory.graphics.texture.lite import BLOCKS, LiteFeatures, lite_features


def made_up_state():
    """Random weights under the names of the released ones."""
    generator = torch.Generator().manual_seed(0)
    state = {}

    def conv(name, outputs, inputs, side, norm):
        state[f"{name}.weight"] = 0.1 * torch.randn(
            outputs, inputs, side, side, generator=generator
        )
        for key in ("weight", "running_var"):
            state[f"{norm}.{key}"] = torch.rand(outputs, generator=generator) + 0.5
        for key in ("bias", "running_mean"):
            state[f"{norm}.{key}"] = torch.randn(outputs, generator=generator)

    conv("_conv_stem", 32, 3, 3, "_bn0")
    for n, block in enumerate(BLOCKS):
        wide, name = block.inputs * block.expansion, f"_blocks.{n}"
        if block.expansion > 1:
            conv(f"{name}._expand_conv", wide, block.inputs, 1, f"{name}._bn0")
        conv(f"{name}._depthwise_conv", wide, 1, block.kernel, f"{name}._bn1")
        conv(f"{name}._project_conv", block.outputs, wide, 1, f"{name}._bn2")
    return state


def test_random_filters_are_circular_convolutions():
    extractor = RandomFilters(maps=2, sizes=(3,))
    picture = torch.rand(1, 3, 6, 7)
    (found,) = extractor(picture)
    kernel = extractor.get_buffer("filters3").flip(2, 3)
    padded = nn.functional.pad(picture - 0.5, (2, 0, 2, 0), mode="circular")
    wanted = nn.functional.conv2d(padded, kernel).relu()
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_random_filters_have_mean_0_and_are_the_same_again():
    one, again = RandomFilters(4, (3, 5)), RandomFilters(4, (3, 5))
    assert all(torch.equal(a, b) for a, b in zip(one.buffers(), again.buffers(), strict=True))
    for filters in one.buffers():
        torch.testing.assert_close(filters.mean((1, 2, 3)), torch.zeros(4), atol=1e-6, rtol=0)
        torch.testing.assert_close(filters.flatten(1).norm(dim=1), torch.ones(4))
    with pytest.raises(ValueError, match="picture: expected at least 5 pixels"):
        one(torch.rand(1, 3, 4, 9))
    with pytest.raises(ValueError, match="sizes: expected"):
        RandomFilters(4, ())


def test_full_mode_takes_torchvisions_weights(monkeypatch):
    from torchvision import models

    asked = []

    def vgg19(weights):
        asked.append(weights)
        network = models.VGG(models.vgg.make_layers(models.vgg.cfgs["E"]), init_weights=False)
        return network

    monkeypatch.setattr(models, "vgg19", vgg19)
    features = vgg19_features()
    assert asked == [models.VGG19_Weights.IMAGENET1K_V1]
    maps = features(torch.rand(1, 3, 16, 32))
    assert [layer.shape[1] for layer in maps] == [64, 64, 128, 256, 512]


def test_vgg19_has_the_papers_numbers_of_statistics():
    with torch.device("meta"):
        layers = create_model("vgg19").features
    few = Vgg19Features(layers.to_empty(device="cpu"))
    for parameter in few.parameters():
        nn.init.constant_(parameter, 0.01)
    maps = few(torch.rand(1, 3, 32, 48))
    assert [layer.shape[1:] for layer in maps] == [
        (64, 32, 48), (64, 16, 24), (128, 8, 12), (256, 4, 6), (512, 2, 3),
    ]  # fmt: skip
    # the paper has about 177,000 for these, and 852,000 with every layer between
    assert statistics(maps) == 176_640
    assert statistics(Vgg19Features(layers, all_layers=True)(torch.rand(1, 3, 16, 16))) == 852_128
    assert not any(isinstance(m, nn.MaxPool2d) for m in few.modules())
    with pytest.raises(ValueError, match="picture: expected at least 16"):
        few(torch.rand(1, 3, 15, 20))
    with pytest.raises(ValueError, match="layers: expected those of VGG-19"):
        Vgg19Features(nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2)))


def test_the_lite_trunk_has_six_layers():
    maps = LiteFeatures(made_up_state())(torch.rand(1, 3, 48, 64))
    assert [layer.shape[1:] for layer in maps] == [
        (32, 24, 32), (16, 24, 32), (24, 12, 16), (40, 6, 8), (80, 3, 4), (112, 3, 4),
    ]  # fmt: skip
    shorter = LiteFeatures(made_up_state(), blocks=3)(torch.rand(1, 3, 17, 31))
    assert [layer.shape[1] for layer in shorter] == [32, 16, 24]
    with pytest.raises(ValueError, match="picture: expected at least 16"):
        LiteFeatures(made_up_state())(torch.rand(1, 3, 8, 64))
    state = made_up_state()
    del state["_blocks.3._bn1.weight"]
    with pytest.raises(ValueError, match=r"state: expected the layer _blocks\.3\._bn1\.weight"):
        LiteFeatures(state)


def in_timms_order(state, network):
    """The made-up weights under timm's names: both list the same layers in the same order."""
    ours = [state[key] for key in state]
    # ours lists weight, scale, variance, shift, mean of each layer
    theirs = iter(network.state_dict())
    found = {}
    for k in range(0, len(ours), 5):
        weight, scale, variance, shift, mean = ours[k : k + 5]
        for value in (weight, scale, shift, mean, variance):
            name = next(theirs)
            if name.endswith("num_batches_tracked"):
                name = next(theirs)
            assert network.state_dict()[name].shape == value.shape, name
            found[name] = value
    return found


@pytest.mark.peer
def test_the_lite_trunk_is_timms():
    timm = pytest.importorskip("timm")
    network = timm.create_model("tf_efficientnet_lite0", features_only=True).eval()
    state = made_up_state()
    network.load_state_dict(in_timms_order(state, network), strict=False)
    x = torch.rand(1, 3, 64, 80)
    with torch.no_grad():
        theirs = network((255 * x - 127) / 128)
        ours = LiteFeatures(state)(x)
    # at the strides 2, 4, 8, 16: timm's last layer of each is that of our blocks 0, 2, 4, 10
    for mine, other in zip((1, 2, 3, 5), theirs, strict=False):
        torch.testing.assert_close(ours[mine], other, atol=1e-4, rtol=1e-4)


def test_enlarged_sees_a_larger_picture():
    seen = []
    enlarged(lambda x: seen.append(x.shape) or [], 2)(torch.rand(1, 3, 8, 10))
    assert seen == [(1, 3, 16, 20)]


@pytest.mark.skipif(not EFFICIENTNET_LITE0.path.is_file(), reason="the weights are not fetched")
def test_released_weights_fit():
    maps = lite_features()(torch.rand(1, 3, 32, 32))
    assert len(maps) == 6
