"""What holds for every model of the registry."""

import functools
import importlib
import inspect
import math

import pytest
import safetensors.torch
import torch
from torch import nn
from torch.nn import functional as F

import cnnhistory
from cnnhistory.registry import model_card, system_of

# those that take images; tests/models/test_translators.py has what holds for the others
MODELS = [name for name in cnnhistory.list_models() if len(model_card(name).input_shape) == 3]
# more of the blocks of others; tests/models has them
TOO_DEEP = [
    "resnet152", "resnet110", "resnet1202",
    "wrn_16_8", "wrn_28_10", "wrn_40_4",
    "resnext101_32x4d", "resnext101_32x8d", "resnext101_64x4d", "resnext101_32x48d",
    "resnext29_16x64d",
    "densenet161", "densenet169", "densenet201", "densenet264", "densenet_bc_190_40",
    "inception_resnet_v1", "nasnet_a_mobile",
]  # fmt: skip

NAN, INF = math.nan, math.inf
FLAGS = {
    "batch_norm", "aux_heads", "torchvision_port", "lrn", "overlapping_pooling", "one_tower",
    "plain", "last_relu", "relu_between", "stride_in_3x3", "unit_biases", "input_scale",
    "float_counterpart", "save_memory", "released", "mix_first", "residual",
    "linear",
}  # fmt: skip
# setting of a builder -> values that no builder takes; a new setting without an entry is an error
WRONG = {
    **dict.fromkeys(
        (
            "num_classes",
            "in_channels",
            "depth",
            "maps",
            "f6_units",
            "widen",
            "growth",
            "cardinality",
            "cells",
            "base_width",
            "first",
            "stride",
        ),
        (0, -1, 2.5, NAN, INF, "10"),
    ),
    "image_size": (0, -32, 32.5, NAN, INF, "32"),
    "dense_for": (0, -32, 32.5, NAN),
    "halvings": (-1, 99, 2.5, NAN, "2"),
    "width": (0, -1, NAN, INF, "1"),
    "dropout": (NAN, -0.1, 1.0, 1.5, "0.5"),
    "noise": (NAN, -0.1, float("inf"), "0.5"),
    "drop_path": (NAN, -0.1, 1.0, 1.5, "0.5"),
    "padding": (-1, 0.5, NAN),
    "groups": (0, 3, NAN),
    "inside": (0, -1, 2.5),
    "blocks": (0, -1, 2.5),
    "scale": (NAN, INF, "1"),
    "towers": (0, 5, NAN, "2"),
    "between": ("", "gelu"),
    "std": (0.0, -0.01, NAN, INF),
    "gate_bias": (NAN, INF, "-2"),
    "kernels": ((), (2,), (0,), (-3,), (3, 4), (NAN,)),
    "without": (("conv1",), ("fc8",), ("",)),
    "activation": ("", "gelu", None),
    "start": ("", "zeros", None),
    "shortcut": ("", "D", "a"),
    "cell": ("", "sep3", "sep3(0)+sep9(0)", "sep3(0)+none(2)"),
    "plan": ("", "N", "x"),
}


@pytest.fixture(params=[model for model in MODELS if model not in TOO_DEEP])
def name(request):
    return request.param


@functools.cache
def builder(name):
    return getattr(importlib.import_module(f"cnnhistory.{system_of(name).home}"), name)


def settings(name):
    return inspect.signature(builder(name)).parameters


def shape(name):
    card = model_card(name)
    return card.tiny_shape or card.input_shape


def build(name):
    torch.manual_seed(0)
    return cnnhistory.create_model(name, **model_card(name).tiny)


def settled(name):
    """Return a network in evaluation mode whose normalizations have seen a batch.

    Before that they divide by 1, and a deep residual network doubles its values in every block.
    """
    model = build(name).train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    model(torch.rand(4, *shape(name)))
    return model.eval()


def loss_of(model, scores, labels):
    return getattr(model, "criterion", F.cross_entropy)(scores, labels)


def refused(call, setting):
    """Return whether a call is refused in the common form."""
    with pytest.raises(ValueError, match=f"^{setting}: expected .*, got "):
        call()


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_a_card_that_fits(name):
    card = model_card(name)
    assert len(card.input_shape) == 3
    if name == "resnet1202":
        return  # its blocks are resnet110's, and there are 600
    with torch.device("meta"):
        scores = cnnhistory.create_model(name).eval()(torch.empty(2, *card.input_shape))
    assert scores.shape == (2, settings(name)["num_classes"].default
                            if "num_classes" in settings(name) else 10)  # fmt: skip


@functools.cache
def a_batch(data, arguments):
    module, _, kind = data.rpartition(".")
    part = getattr(importlib.import_module(module), kind)(**dict(arguments), batch_size=4)
    images, labels = next(iter(part.train_dataloader()))
    return images, labels, part.num_classes


@pytest.mark.parametrize("name", MODELS)
def test_a_training_step_on_the_cards_data(name):
    card = model_card(name)
    if card.data is None:
        pytest.skip("not for training")
    if name == "resnet1202":
        assert card is model_card("resnet110")
        return
    images, labels, classes = a_batch(card.data, tuple(sorted(card.data_args.items())))
    torch.manual_seed(0)
    with torch.device("meta" if name in TOO_DEEP else "cpu") as device:
        model = cnnhistory.create_model(name, **card.network_args).train()
        scores = model(images.to(device))
        assert scores.shape == (4, classes)
        loss = loss_of(model, scores, labels.to(device))
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert name in TOO_DEEP or loss.isfinite()


def test_every_parameter_gets_a_gradient(name):
    model = build(name).train()
    scores = model(torch.rand(4, *shape(name)))
    F.cross_entropy(scores, torch.tensor([0, 1, 2, 3])).backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().sum() > 0, key


def test_runs_on_meta_without_touching_the_cpu(name):
    with torch.device("meta"):
        model = build(name)
        scores = model(torch.empty(2, *shape(name)))
    assert scores.device.type == "meta"
    assert scores.shape[0] == 2
    assert all(p.device.type == "meta" for p in model.parameters())


def test_moves_between_devices(name):
    model = build(name).to("meta")
    assert model(torch.empty(3, *shape(name), device="meta")).shape[0] == 3


def test_batch_of_one_equals_its_row(name):
    model = settled(name).double()
    x = torch.rand(3, *shape(name), dtype=torch.double)
    torch.testing.assert_close(model(x[1:2]), model(x)[1:2], atol=1e-6, rtol=1e-6)


def test_odd_sizes_where_the_network_takes_them(name):
    channels, height, width = shape(name)
    with torch.device("meta"):
        model = build(name).eval()
        x = torch.empty(2, channels, height + 3, width + 14)
        if model_card(name).any_size:
            assert model(x).shape == model(x[..., :height, :width]).shape
        else:
            refused(lambda: model(x), "x")


def test_state_dict_round_trip(name):
    model, other = build(name), build(name)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    other.load_state_dict(model.state_dict())
    x = torch.rand(2, *shape(name))
    assert torch.equal(model.eval()(x), other.eval()(x))


def test_safetensors_round_trip(name):
    model = settled(name).double()  # deep networks magnify what layouts round differently
    content = safetensors.torch.save(model.state_dict())  # refuses weights in another layout
    x = torch.rand(2, *shape(name), dtype=torch.double)
    for layout in (torch.contiguous_format, torch.channels_last):
        other = build(name).double().eval().to(memory_format=layout)
        for tensor in other.state_dict().values():
            tensor.zero_()
        other.load_state_dict(safetensors.torch.load(content))
        torch.testing.assert_close(other(x), model(x), atol=1e-4, rtol=1e-4)


def test_exports(name):
    model = settled(name)
    x = torch.rand(2, *shape(name))
    exported = torch.export.export(model, (x,)).module()
    torch.testing.assert_close(exported(x), model(x), atol=1e-5, rtol=1e-5)


def test_same_seed_same_network(name):
    first, second = build(name), build(name)
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_leaves_no_hook_and_no_changed_mode_behind(name):
    model = build(name).train()
    modules = list(model.modules())
    frozen = modules[-1].eval()
    modes = [module.training for module in modules]
    x = torch.rand(2, *shape(name))
    kept = x.clone()
    model(x)
    with pytest.raises(ValueError):
        model(x[0, 0])
    assert list(model.modules()) == modules
    assert [module.training for module in modules] == modes
    assert not frozen.training
    for module in modules:
        for key, hooks in vars(module).items():
            assert not (key.endswith(("_hooks", "_pre_hooks")) and hooks), key
    assert torch.equal(x, kept), "the input was changed"
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("name", MODELS)
def test_refuses_wrong_images(name):
    channels, height, width = shape(name)
    with torch.device("meta"):
        model = build(name) if name != "resnet1202" else cnnhistory.create_model("resnet20")
        wrong = [
            torch.empty(1, channels + 1, height, width),
            torch.empty(1, height, width),
            torch.empty(channels, height, width),
            torch.empty(1, channels, 0, width),
            torch.empty(1, channels, height, 0),
        ]
        if not model_card(name).any_size:
            # as many pixels, in another form: a dense layer alone would take them
            wrong += [torch.empty(1, channels, height * width, 1), torch.empty(1, channels, 1, 1)]
    for x in wrong:
        refused(lambda x=x: model(x), "x")


@pytest.mark.parametrize("name", MODELS)
def test_refuses_wrong_settings(name):
    for setting in settings(name):
        if setting in FLAGS:
            continue
        assert setting in WRONG, f"{setting}: say in WRONG what it cannot be"
        for value in WRONG[setting]:
            with torch.device("meta"):
                refused(lambda s=setting, v=value: cnnhistory.create_model(name, **{s: v}), setting)
    for setting in {"width"} & set(settings(name)):
        if isinstance(settings(name)[setting].default, int):
            refused(lambda s=setting: cnnhistory.create_model(name, **{s: 2.5}), setting)


def test_refuses_unknown_settings(name):
    with pytest.raises(TypeError, match="nonsense"):
        cnnhistory.create_model(name, nonsense=1)


def test_is_documented(name):
    assert builder(name).__doc__
    assert type(build(name)).__doc__
