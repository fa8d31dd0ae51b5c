"""Counts and fields of well-known networks, and torch's own counter."""

import time

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnhistory.accounting import count_multiply_adds, receptive_field, summarize

models = pytest.importorskip("torchvision.models")
pytestmark = pytest.mark.peer


def build(name):
    with torch.device("meta"):
        return getattr(models, name)(weights=None)


@pytest.mark.parametrize(
    ("name", "parameters", "multiply_adds"),
    [
        ("vgg16", 138_357_544, 15_470_264_320),
        ("resnet50", 25_557_032, 4_089_184_256),
        ("mobilenet_v2", 3_504_872, 300_774_272),
    ],
)
def test_agrees_with_torch(name, parameters, multiply_adds):
    model = build(name).eval()
    table = summarize(model, (3, 224, 224))
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 3, 224, 224, device="meta"))
    assert table.total.multiply_adds == multiply_adds
    assert counter.get_total_flops() == 2 * multiply_adds
    assert table.total.parameters == parameters
    # Layer by layer as well: the two must not agree by errors that cancel.
    ours = {row.name: row.multiply_adds for row in table if row.multiply_adds}
    theirs = {
        key.split(".", 1)[1]: sum(flops.values()) // 2
        for key, flops in counter.get_flop_counts().items()
        if "." in key
    }
    assert ours == {key: theirs[key] for key in ours}


def test_vgg16():
    table = summarize(build("vgg16"), (3, 224, 224))
    assert table["features.30"].receptive_field == 212  # pool5
    assert table["classifier.0"].receptive_field == 404  # fc6
    assert table["features.30"].stride == table["classifier.0"].stride == 32
    # Side outputs of holistically nested edge detection: the last convolution of each stage.
    sides = ["features.2", "features.7", "features.14", "features.21", "features.28"]
    assert [table[name].receptive_field for name in sides] == [5, 14, 40, 92, 196]
    assert [row.name for row in table.view(depth=1)] == ["features", "avgpool", "classifier"]


def test_alexnet():
    table = summarize(build("alexnet"), (3, 224, 224))
    assert table["features.12"].receptive_field == 195  # pool5
    assert table["classifier.1"].receptive_field == 355  # fc6


def test_resnet50():
    # 7x7/2: 7; pool: 11; then the 3x3 of each block at its stride: 35, 91, 267, 427
    table = summarize(build("resnet50"), (3, 224, 224)).view(depth=1)
    stages = [table[f"layer{n}"] for n in (1, 2, 3, 4)]
    assert [row.receptive_field for row in stages] == [35, 91, 267, 427]
    assert [row.stride for row in stages] == [4, 8, 16, 32]


def test_transformer_with_windows():
    # Swin cuts windows by reshaping: 4x4 patches, then windows of 7 patches: 4 + 6 * 4 = 28. Then
    # it rolls the map; that the seam is masked is in values of a tensor, which nobody sees here.
    table = summarize(build("swin_t"), (3, 224, 224))
    assert table["features.1.0.mlp.3"].receptive_field == 28
    assert table["features.1.1.mlp.3"].receptive_field == "unknown"


def test_one_channel_too_many():
    with pytest.raises(ValueError, match=r"layer 'conv1' \(Conv2d\).*expected 3 input channels"):
        count_multiply_adds(build("resnet50"), (4, 224, 224))


def test_nasnet_a_large():
    timm = pytest.importorskip("timm")
    with torch.device("meta"):
        model = timm.create_model("nasnetalarge", pretrained=False)
    start = time.perf_counter()
    table = summarize(model, (3, 331, 331))
    print(f"NASNet-A large in {time.perf_counter() - start:.2f} s")  # meant to stay below 3 s
    assert table.total.multiply_adds == 23_783_414_658
    assert table.total.parameters == 88_753_150
    assert len(table.view(depth=1)) < 30


def test_fully_convolutional_counterpart_has_the_same_cost():
    with torch.device("meta"):
        dense = nn.Sequential(nn.Flatten(), nn.Linear(512 * 49, 4096))
        counterpart = nn.Conv2d(512, 4096, 7)
    shape = (512, 7, 7)
    assert (
        count_multiply_adds(dense, shape) == count_multiply_adds(counterpart, shape) == 102_760_448
    )
    assert receptive_field(dense, shape) == receptive_field(counterpart, shape) == 7
