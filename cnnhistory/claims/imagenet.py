"""Statements about the networks of the ImageNet years, and about Network in Network."""

from __future__ import annotations

from statistics import mean
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory import create_model, zoo
from cnnhistory.accounting import count_multiply_adds, count_parameters, receptive_field
from cnnhistory.claims.record import Finding, Statement, check
from cnnhistory.metrics.crossing import epochs_to
from cnnhistory.models.nin import MLPConv
from cnnhistory.models.vgg import CONFIGURATIONS, VGG
from cnnhistory.visualize.activations import activations

STATEMENTS = (
    Statement(
        id="accuracy-cost-chart.c1",
        system="accuracy_cost_chart",
        text="The chart shows the accuracy on the test set of ImageNet 2012.",
        check="cite",
        verdict="imprecise",
        truth="Charts of this kind show the validation set; the labels of the test set are not "
        "public. The survey does not name its source.",
        source="canziani2016analysis, Figures 1 and 2",
    ),
    Statement(
        id="alexnet.c1",
        system="alexnet",
        text="It has five convolutional and three fully connected layers, the last of which "
        "feeds a softmax over 1,000 classes.",
        check="count",
        verdict="correct",
        truth="As stated.",
        source="krizhevsky2012imagenet, Section 3.5, Figure 2",
    ),
    Statement(
        id="alexnet.c2",
        system="alexnet",
        text="conv1 has 96 kernels of 11×11 with stride 4; conv2 256 of 5×5 in two groups of 128 "
        "over 48 maps; conv3 384 of 3×3 over 256 maps; conv4 384 of 3×3 in two groups of 192 over "
        "192; conv5 256 of 3×3 in two groups of 128 over 192.",
        check="count",
        verdict="correct",
        truth="As stated.",
        source="krizhevsky2012imagenet, Section 3.5",
    ),
    Statement(
        id="alexnet.c3",
        system="alexnet",
        text="Some layers are split into two groups, which reduces the computation.",
        check="count",
        verdict="correct",
        truth="As stated: 724 instead of 1,135 million multiply-adds.",
        source="krizhevsky2012imagenet, Section 3.2",
    ),
    Statement(
        id="alexnet.c4",
        system="alexnet",
        text="Its two innovations are ReLU and dropout.",
        check="cite",
        verdict="imprecise",
        truth="Both are older (2010 and earlier in 2012); AlexNet showed what they are worth. "
        "Response normalization, overlapping pooling and the split over two GPUs were new.",
        source="krizhevsky2012imagenet, Sections 3.1 to 3.4 and 4.2",
    ),
    Statement(
        id="alexnet.c5",
        system="alexnet",
        text="The derivative of ReLU is the sign function.",
        check="algebra",
        verdict="wrong",
        truth="It is the step function: 0 for negative and 1 for positive inputs. The sign "
        "function is -1 for negative ones.",
        source="krizhevsky2012imagenet, Section 3.1",
    ),
    Statement(
        id="alexnet.c6",
        system="alexnet",
        text="With ReLU a network trains faster than with tanh.",
        check="exp",
        verdict="imprecise",
        truth="With the weights and pixels of 2012, yes; the paper reports six times. With weights "
        "scaled to the inputs a small network learns as fast with tanh.",
        source="krizhevsky2012imagenet, Section 3.1, Figure 1",
    ),
    Statement(
        id="alexnet.c7",
        system="alexnet",
        text="The zeros of ReLU make the network sparse, which acts somewhat like an L1 penalty.",
        check="exp",
        verdict="opinion",
        truth="Outputs are sparse, and which are changes from image to image. That this acts "
        "like an L1 penalty on weights, which sets weights to zero, is an analogy.",
        source="glorot2011deep, Section 3",
    ),
    Statement(
        id="alexnet.c8",
        system="alexnet",
        text="A kernel over several channels is a stack of two-dimensional kernels, whose results "
        "are added up.",
        check="count",
        verdict="correct",
        truth="As stated: a kernel of conv1 is three planes of 11×11 and one bias.",
        source="krizhevsky2012imagenet, Section 3.5",
    ),
    Statement(
        id="zfnet.c1",
        system="zfnet",
        text="The first layer has kernels of 7×7 instead of AlexNet's 11×11, and stride 2 instead "
        "of 4.",
        check="count",
        verdict="correct",
        truth="As stated. The stride of the second layer is 2 instead of 1 as well.",
        source="zeiler2014visualizing, Section 4.1, Figure 3",
    ),
    Statement(
        id="zfnet.c2",
        system="zfnet",
        text="The top-5 error is 1.7 % below AlexNet's.",
        check="cite",
        verdict="imprecise",
        truth="Percentage points, on the validation set and for one network each: 16.5 % and "
        "18.2 %.",
        source="zeiler2014visualizing, Table 2",
    ),
    Statement(
        id="vgg.c1",
        system="vgg",
        text="It came second in classification and first in localization in ILSVRC 2014.",
        check="cite",
        verdict="correct",
        truth="As stated.",
        source="simonyan2015very, Abstract",
    ),
    Statement(
        id="vgg.c2",
        system="vgg",
        text="All convolutions have 3×3 kernels.",
        check="count",
        verdict="imprecise",
        truth="Five of the six configurations of the paper do; the sixth, C, has three layers of "
        "1×1.",
        source="simonyan2015very, Table 1",
    ),
    Statement(
        id="vgg.c3",
        system="vgg",
        text="The fully connected layers have 4096, 4096 and 1000 units.",
        check="count",
        verdict="correct",
        truth="As stated, in every configuration.",
        source="simonyan2015very, Table 1",
    ),
    Statement(
        id="vgg.c4",
        system="vgg",
        text="Two 3×3 convolutions see as much as one of 5×5.",
        check="rf",
        verdict="correct",
        truth="As stated; three see as much as one of 7×7.",
        source="simonyan2015very, Section 2.3",
    ),
    Statement(
        id="vgg.c5",
        system="vgg",
        text="Two 3×3 kernels have 18 weights, one of 5×5 has 25.",
        check="count",
        verdict="correct",
        truth="As stated, for each pair of an input and an output map: 28 % less.",
        source="simonyan2015very, Section 2.3",
    ),
    Statement(
        id="vgg.c6",
        system="vgg",
        text="Local response normalization does not help in deep networks.",
        check="cite",
        verdict="correct",
        truth="As stated: 29.7 % top-1 error with it (A-LRN), 29.6 % without (A).",
        source="simonyan2015very, Section 4.1, Table 3",
    ),
    Statement(
        id="vgg.c7",
        system="vgg",
        text="The convolutions have one pixel of padding, which keeps the size of the maps.",
        check="count",
        verdict="correct",
        truth="As stated.",
        source="simonyan2015very, Section 2.1",
    ),
    Statement(
        id="nin.c1",
        system="nin",
        text="A small multilayer perceptron in place of the linear filter can express more.",
        check="exp",
        verdict="correct",
        truth="As stated: it can tell equal from different pixels, a linear filter cannot.",
        source="lin2014network, Section 3.1",
    ),
)


def _network(name: str, **settings: object) -> nn.Module:
    """Return a network without values; its shapes are all that is counted."""
    with torch.device("meta"):
        return create_model(name, **settings)


def _layers(network: nn.Module) -> tuple[list[nn.Conv2d], list[nn.Linear]]:
    modules = list(network.modules())
    return (
        [layer for layer in modules if isinstance(layer, nn.Conv2d)],
        [layer for layer in modules if isinstance(layer, nn.Linear)],
    )


def _verdict(holds: bool) -> str:
    return "correct" if holds else "wrong"


@check("alexnet.c1")
def _layers_of_alexnet() -> Finding:
    convolutions, dense = _layers(_network("alexnet"))
    classes = dense[-1].out_features
    return Finding(
        _verdict((len(convolutions), len(dense), classes) == (5, 3, 1000)),
        f"{len(convolutions)} convolutional and {len(dense)} dense layers, {classes:,} outputs",
    )


@check("alexnet.c2")
def _kernels_of_alexnet() -> Finding:
    # kernels, side, stride, groups, input maps of a kernel
    stated = [
        (96, 11, 4, 1, 3),
        (256, 5, 1, 2, 48),
        (384, 3, 1, 1, 256),
        (384, 3, 1, 2, 192),
        (256, 3, 1, 2, 192),
    ]
    found = [
        (
            layer.out_channels,
            layer.kernel_size[0],
            layer.stride[0],
            layer.groups,
            layer.weight.shape[1],
        )
        for layer in _layers(_network("alexnet"))[0]
    ]
    return Finding(
        _verdict(found == stated),
        "; ".join(
            f"conv{n} {groups} × {kernels // groups} kernels of {side}×{side}×{maps}, "
            f"stride {stride}"
            for n, (kernels, side, stride, groups, maps) in enumerate(found, start=1)
        ),
    )


@check("alexnet.c3")
def _groups_of_alexnet() -> Finding:
    two, one = (
        count_multiply_adds(_network("alexnet", groups=groups), (3, 227, 227)) for groups in (2, 1)
    )
    return Finding(
        _verdict(two < one),
        f"{two:,} multiply-adds with two groups, {one:,} with one: {100 * (1 - two / one):.0f} % "
        "less",
    )


@check("alexnet.c5")
def _derivative_of_relu() -> Finding:
    relu = create_model("alexnet", width=1 / 16).get_submodule("features.relu1")
    x = torch.tensor([-2.0, -1.0, 1.0, 2.0], requires_grad=True)
    (slope,) = torch.autograd.grad(relu(x.clone()).sum(), x)
    return Finding(
        _verdict(torch.equal(slope, x.sign())),
        f"at {_numbers(x)} the derivative is {_numbers(slope)}, the sign {_numbers(x.sign())}",
    )


def _numbers(x: Tensor) -> str:
    return ", ".join(f"{value:g}" for value in x.tolist())


@check("alexnet.c6")
def _relu_against_tanh() -> Finding:
    level = 0.45
    faster, facts = [], []
    for start, name in (("_2012", "start of 2012"), ("", "scaled start")):
        passes = {
            activation: [
                epochs_to(level, [row["train_error"] for row in seed.history])
                for seed in zoo.record(f"alexnet_cifar4_{activation}{start}").results
            ]
            for activation in ("relu", "tanh")
        }
        faster.append(max(passes["relu"]) < min(passes["tanh"]))
        means = (f"{mean(values):.1f} with {unit}" for unit, values in passes.items())
        facts.append(f"{name}: {', '.join(means)}")
    return Finding(
        "correct" if all(faster) else "imprecise" if any(faster) else "wrong",
        f"passes over CIFAR-10 to a training error of {100 * level:.0f} %, recorded runs; "
        + "; ".join(facts),
    )


@check("alexnet.c7")
def _zeros_of_relu() -> Finding:
    from cnnhistory.data.patches import PatchesDataModule  # loads Lightning

    run = zoo.record("alexnet_patches")
    network = create_model("alexnet", **run.recipe["network_args"])
    network.load_state_dict(zoo.load_weights("alexnet_patches"))
    images = PatchesDataModule(**run.recipe["data_args"]).test_set.images[::16]
    names = [name for name, layer in network.named_modules() if isinstance(layer, nn.ReLU)]
    outputs = activations(network, images, names).values()
    silent = mean(float((x == 0).float().mean()) for x in outputs)
    weights = torch.cat([p.detach().flatten() for p in network.parameters() if p.dim() > 1])
    return Finding(
        "opinion" if silent > 0.5 else "wrong",
        f"of the outputs of the seven ReLU layers of a trained network {100 * silent:.0f} % are 0, "
        f"of its weights {100 * float((weights == 0).float().mean()):.0f} %",
    )


@check("alexnet.c8")
def _kernel_is_a_stack() -> Finding:
    conv1 = _layers(create_model("alexnet", width=1 / 16))[0][0].double()
    x = torch.randn(1, 3, 51, 51, dtype=torch.double)
    with torch.no_grad():
        planes = [
            F.conv2d(x[:, [c]], conv1.weight[:, [c]], stride=conv1.stride)
            for c in range(conv1.in_channels)
        ]
        total = torch.stack(planes).sum(0) + cast(Tensor, conv1.bias)[:, None, None]
        same = torch.allclose(conv1(x), total, atol=1e-12, rtol=0)
    return Finding(
        _verdict(same),
        f"conv1 of random weights {'is' if same else 'is not'} the sum of {len(planes)} "
        "two-dimensional convolutions and a bias",
    )


@check("zfnet.c1")
def _first_layers() -> Finding:
    sizes = {
        name: [(layer.kernel_size[0], layer.stride[0]) for layer in _layers(_network(name))[0]]
        for name in ("alexnet", "zfnet")
    }
    facts = [
        f"{name}: {', '.join(f'{k}×{k} stride {s}' for k, s in sizes[name][:2])}" for name in sizes
    ]
    return Finding(
        _verdict((sizes["alexnet"][0], sizes["zfnet"][0]) == ((11, 4), (7, 2))),
        f"first two layers of {'; of '.join(facts)}",
    )


def _configurations() -> dict[str, VGG]:
    with torch.device("meta"):
        return {name: VGG(name) for name in CONFIGURATIONS}


@check("vgg.c2")
def _kernels_of_vgg() -> Finding:
    kernels = {
        name: sorted({layer.kernel_size[0] for layer in _layers(network)[0]})
        for name, network in _configurations().items()
    }
    pure = [name for name, sides in kernels.items() if sides == [3]]
    others = [
        f"{name}: {' and '.join(f'{side}×{side}' for side in sides)}"
        for name, sides in kernels.items()
        if name not in pure
    ]
    verdict = "wrong" if not pure else "imprecise" if others else "correct"
    return Finding(verdict, "; ".join([f"3×3 alone: {', '.join(pure) or 'none'}", *others]))


@check("vgg.c3")
def _dense_layers_of_vgg() -> Finding:
    units = {
        tuple(layer.out_features for layer in _layers(network)[1])
        for network in _configurations().values()
    }
    return Finding(
        _verdict(units == {(4096, 4096, 1000)}),
        f"{len(CONFIGURATIONS)} configurations: " + "; ".join(_row(row) for row in sorted(units)),
    )


def _row(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


def _stack(depth: int) -> nn.Sequential:
    """Return the first convolutions of a stage of VGG-19, made for one map."""
    stage = CONFIGURATIONS["E"][-1].split()[:depth]
    sides = [int(entry.partition("/")[2] or 3) for entry in stage]
    with torch.device("meta"):
        return nn.Sequential(*(nn.Conv2d(1, 1, side, bias=False) for side in sides))


@check("vgg.c4")
def _field_of_two() -> Finding:
    fields = {depth: receptive_field(_stack(depth), (1, 32, 32)) for depth in (2, 3)}
    return Finding(
        _verdict(fields[2] == 5),
        ", ".join(f"{depth} layers of 3×3 see {side}×{side}" for depth, side in fields.items()),
    )


@check("vgg.c5")
def _weights_of_two() -> Finding:
    two = count_parameters(_stack(2))
    one = count_parameters(nn.Conv2d(1, 1, 5, bias=False))
    return Finding(
        _verdict((two, one) == (18, 25)),
        f"{two} and {one} weights for one map in and out, {100 * (1 - two / one):.0f} % less",
    )


@check("vgg.c7")
def _padding_of_vgg() -> Finding:
    kept, padding = [], set()
    x = torch.empty(1, 3, 224, 224, device="meta")
    for layer in cast(nn.Sequential, _network("vgg16").get_submodule("features")):
        before = x.shape[2:]
        x = layer(x)
        if isinstance(layer, nn.Conv2d):
            kept.append(x.shape[2:] == before)
            padding.add(layer.padding[0])
    return Finding(
        _verdict(all(kept) and padding == {1}),
        f"{sum(kept)} of {len(kept)} convolutions of VGG-16 keep the size; their padding is "
        f"{' or '.join(map(str, sorted(padding)))}",
    )


@check("nin.c1")
def _xor() -> Finding:
    # Two pixels side by side; the target is whether they differ.
    pairs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=torch.double)
    target = torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.double)
    with_one = torch.cat([pairs, torch.ones(4, 1, dtype=torch.double)], dim=1)
    best = torch.linalg.lstsq(with_one, target[:, None]).solution
    linear = (with_one @ best).flatten() - target

    block = MLPConv(1, (2, 1, 1), kernel=2).double()
    conv, cccp1, cccp2 = _layers(block)[0]
    with torch.no_grad():
        # relu(a + b) and relu(a + b - 1); then the first minus twice the second
        conv.weight.copy_(torch.tensor([[1.0, 1.0], [0.0, 0.0]]))
        cccp1.weight.copy_(torch.tensor([1.0, -2.0]).view(1, 2, 1, 1))
        cccp2.weight.fill_(1)
        for layer, bias in ((conv, [0.0, -1.0]), (cccp1, [0.0]), (cccp2, [0.0])):
            cast(Tensor, layer.bias).copy_(torch.tensor(bias))
        patches = pairs.view(4, 1, 1, 2).expand(4, 1, 2, 2)
        perceptron = block(patches).flatten() - target
    errors = [error.square().mean().item() for error in (linear, perceptron)]
    return Finding(
        _verdict(errors[1] < 1e-12 < errors[0]),
        f"whether two pixels differ: the best linear filter has a mean squared error of "
        f"{errors[0]:.2f}, an mlpconv with chosen weights {errors[1]:.2f}",
    )
