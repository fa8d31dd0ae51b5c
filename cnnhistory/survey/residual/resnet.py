"""ResNet, and what the survey says about it."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

from cnnhistory.papers import Figure
from cnnhistory.system import Finding, Statement, System, decided

if TYPE_CHECKING:
    from torch import Tensor, nn

SYSTEM = System(
    id="resnet",
    name="ResNet",
    year=2015,
    era="residual",
    task="classification",
    paper="he2016deep",
    see_also=("he2016identity",),
    chapter="imagenet/resnet",
    figures=(
        # Table 1 cuts or rounds to one decimal.
        *(
            Figure(
                "multiply-adds", value, "multiply-adds", 100_000_000, "Table 1", model, checked=True
            )
            for model, value in (
                ("resnet18", 1_800_000_000),
                ("resnet34", 3_600_000_000),
                ("resnet50", 3_800_000_000),
                ("resnet101", 7_600_000_000),
                ("resnet152", 11_300_000_000),
            )
        ),
        *(
            Figure("parameters", value, "parameters", tolerance, "Table 6", model, checked=True)
            for model, value, tolerance in (
                ("resnet20", 270_000, 5_000),
                ("resnet32", 460_000, 5_000),
                ("resnet44", 660_000, 5_000),
                ("resnet56", 850_000, 5_000),
                ("resnet110", 1_700_000, 50_000),
                ("resnet1202", 19_400_000, 50_000),
            )
        ),
        *(
            Figure("ImageNet top-1 validation error, 10 crops", value, "%", 0.3, where, model)
            for model, value, where in (
                ("plain18", 27.94, "Table 2"),
                ("plain34", 28.54, "Table 2"),
                ("resnet18", 27.88, "Table 2"),
                ("resnet34", 24.52, "Table 3, option B"),
                ("resnet50", 22.85, "Table 3"),
                ("resnet101", 21.75, "Table 3"),
                ("resnet152", 21.43, "Table 3"),
            )
        ),
        *(
            Figure("CIFAR-10 test error", value, "%", 0.3, "Table 6", model)
            for model, value in (
                ("resnet20", 8.75),
                ("resnet32", 7.51),
                ("resnet44", 7.17),
                ("resnet56", 6.97),
                ("resnet110", 6.43),
                ("resnet1202", 7.93),
            )
        ),
        Figure("ImageNet top-5 test error, six networks", 3.57, "%", 0.1, "Table 5"),
    ),
    deviations=(
        "`shortcut` is option B on ImageNet for every depth; the paper compares A, B and C on "
        "34 layers and uses B for 50 and more",
        "`stride_in_3x3=True` gives the later form that torchvision has; the bottleneck blocks "
        "of the paper take their stride in the first 1x1 convolution",
        "the linear layer starts from the same normal distribution as the convolutions, with "
        "biases of 0; the paper does not name it separately",
    ),
    models=(
        "resnet18",
        "resnet34",
        "resnet50",
        "resnet101",
        "resnet152",
        "plain18",
        "plain34",
        "resnet20",
        "resnet32",
        "resnet44",
        "resnet56",
        "resnet110",
        "resnet1202",
        "plain20",
        "plain32",
        "plain44",
        "plain56",
    ),
    digest="resnet",
)


def _depth(network: nn.Module) -> int:
    """Count the layers with weights, without the projections of shortcuts."""
    from torch import nn

    return sum(
        isinstance(module, nn.Conv2d | nn.Linear)
        for name, module in network.named_modules()
        if ".shortcut." not in name
    )


def _layers_run(network: nn.Module, x: Tensor) -> int:
    """Count the layers with weights that an input runs through, without those of shortcuts."""
    import torch
    from torch import nn

    run = []
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear) and ".shortcut." not in name:
            layer.register_forward_hook(lambda layer, args, output: run.append(layer))
    with torch.no_grad():
        network(x)
    return len(run)


@decided(
    "resnet.c1",
    text="With 152 layers it is eight times as deep as VGG.",
    check="algebra",
    verdict="correct",
    truth="As stated, for VGG-19.",
    source="he2016deep, Section 1",
)
def c1() -> Finding:
    from cnnhistory.registry import on_meta

    depth, vgg19, vgg16 = (_depth(on_meta(name)) for name in ("resnet152", "vgg19", "vgg16"))
    return Finding(
        "correct" if depth / vgg19 == 8 else "wrong",
        f"{depth} / {vgg19} = {depth / vgg19:.1f}; {depth} / {vgg16} = {depth / vgg16:.1f}",
    )


@decided(
    "resnet.c2",
    text="It costs less than VGG all the same.",
    check="count",
    verdict="correct",
    truth="As stated: 11.3 billion multiply-adds, VGG-16 15.5 and VGG-19 19.6 billion.",
    source="he2016deep, Section 3.3, Table 1",
)
def c2() -> Finding:
    from cnnhistory.accounting import count_multiply_adds
    from cnnhistory.registry import on_meta

    resnet, vgg16, vgg19 = (
        count_multiply_adds(on_meta(name), (3, 224, 224))
        for name in ("resnet152", "vgg16", "vgg19")
    )
    return Finding(
        "correct" if resnet < min(vgg16, vgg19) else "wrong",
        f"multiply-adds: {resnet:,}; VGG-16 {vgg16:,}, VGG-19 {vgg19:,}",
        (
            f"{resnet / 1e9:.1f} billion multiply-adds",
            f"VGG-16 {vgg16 / 1e9:.1f} and VGG-19 {vgg19 / 1e9:.1f} billion",
        ),
    )


c3 = Statement(
    "resnet.c3",
    text="The network of 152 layers has a top-5 error of 3.57 % on ImageNet's test set.",
    check="cite",
    verdict="imprecise",
    truth="3.57 % is the error of six networks together; 152 layers alone have 4.49 % on the "
    "validation set.",
    source="he2016deep, Tables 4 and 5",
)


c4 = Statement(
    "resnet.c4",
    text="It won the classification task of ILSVRC-2015.",
    check="cite",
    verdict="correct",
    truth="As stated.",
    source="he2016deep, Section 4.1, Table 5",
)


@decided(
    "resnet.c5",
    text="On CIFAR-10 there are networks of 100 and of 1000 layers.",
    check="count",
    verdict="imprecise",
    truth="They have 110 and 1202 layers; all have 6n + 2.",
    source="he2016deep, Section 4.2, Table 6",
)
def c5() -> Finding:
    """Run the networks that take 32×32 pixels and count the layers that work one after another."""
    import torch

    from cnnhistory import create_model
    from cnnhistory.models.resnet import MODELS

    names = [name for name in SYSTEM.models if name.startswith("resnet")]
    depths = []
    for name in names:
        if MODELS[name].input_shape == (3, 32, 32):
            # Thin networks, since only their layers are counted.
            network = create_model(name, width=1 / 16).eval()
            depths.append(_layers_run(network, torch.zeros(1, 3, 32, 32)))
    stated = (100, 1000)
    # the distance first, then the depth itself
    nearest = [min((abs(depth - s), depth) for depth in depths)[1] for s in stated]
    near = all(abs(n / s - 1) < 0.25 for n, s in zip(nearest, stated, strict=True))
    rule = all(depth % 6 == 2 for depth in depths)
    return Finding(
        "correct" if nearest == list(stated) else "imprecise" if near else "wrong",
        f"{len(depths)} networks for CIFAR-10; those nearest to 100 and 1000 layers have "
        f"{nearest[0]} and {nearest[1]}",
        (f"{nearest[0]} and {nearest[1]} layers", *["6n + 2"] * rule),
    )


@decided(
    "resnet.c6",
    text="From some depth on, more layers make a plain network worse, also on the training "
    "data; this is not over-fitting.",
    check="exp",
    verdict="correct",
    truth="As stated, for networks trained by gradient descent. A deeper network that is no "
    "worse exists: the shallow one with layers that copy.",
    source="he2016deep, Section 1, Figures 1 and 6",
)
def c6() -> Finding:
    from cnnhistory.zoo import record

    last = {
        name: [result.history[-1]["train_error"] for result in record(f"{name}_cifar10").results]
        for name in ("plain20", "plain56", "resnet20", "resnet56")
    }
    worse = min(last["plain56"]) > max(last["plain20"])
    percent = {name: f"{100 * mean(errors):.1f} %" for name, errors in last.items()}
    return Finding(
        "correct" if worse else "unverified",
        f"training error on CIFAR-10, mean over seeds ({len(last['plain20'])}): plain "
        f"{percent['plain20']} with 20 layers and {percent['plain56']} with 56; residual "
        f"{percent['resnet20']} and {percent['resnet56']}",
    )


c7 = Statement(
    "resnet.c7",
    text="It takes the idea of its shortcuts from highway networks.",
    check="cite",
    verdict="imprecise",
    truth="The paper names highway networks as concurrent work. Their shortcuts have gates "
    "with parameters; those of ResNet have none and are never shut.",
    source="he2016deep, Section 2",
)
