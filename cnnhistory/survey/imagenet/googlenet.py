"""GoogLeNet, and what the survey says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import (
    branches,
    convolutions,
    dense,
    fraction,
    googlenet,
    inception_modules,
    right_or_wrong,
)
from cnnhistory.survey._inception import as_one, steps_of
from cnnhistory.system import Finding, Statement, System, decided

if TYPE_CHECKING:
    from torch import nn

    from cnnhistory.models.googlenet import GoogLeNet

SYSTEM = System(
    id="googlenet",
    name="GoogLeNet",
    year=2014,
    era="imagenet",
    task="classification",
    paper="szegedy2015going",
    figures=(
        Figure(
            "multiply-adds, about",
            1_500_000_000,
            "multiply-adds",
            tolerance=100_000_000,
            where="Section 1",
            model="googlenet",
            checked=True,
        ),
        Figure(
            "layers with parameters",
            22,
            "layers",
            tolerance=0,
            where="Section 5",
            model="googlenet",
            checked=True,
        ),
        # Layer by layer the ratio is 8.7: see the checked statement googlenet.c3.
        Figure(
            "fewer parameters than AlexNet, times",
            12,
            "times",
            tolerance=0,
            where="Section 1",
            model="googlenet",
        ),
        Figure(
            "ILSVRC-2014 top-5 validation error, one network, one crop",
            10.07,
            "%",
            tolerance=0.2,
            where="Table 3",
            model="googlenet",
        ),
        Figure(
            "ILSVRC-2014 top-5 test error, seven networks, 144 crops",
            6.67,
            "%",
            tolerance=0.1,
            where="Tables 2 and 3",
        ),
    ),
    deviations=(
        "response normalization with AlexNet's constants: the paper gives none",
        "initial weights of He et al. (normal, variance 2 / fan-in): the paper gives none",
        "the average at the end runs over the whole map, so that other sizes than 224x224 work",
        "auxiliary heads only on request, `aux_heads=True`; they run in training alone",
        "`torchvision_port=True` gives torchvision's network: 3x3 where the paper has 5x5, "
        "batch normalization, no response normalization, pool4 of 2x2, dropout 0.2",
    ),
    models=("googlenet",),
    chapter="imagenet/googlenet",
    digest="googlenet",
)


def _dense_parameters(network: nn.Module) -> int:
    from cnnhistory.accounting import count_parameters

    return sum(count_parameters(layer) for layer in dense(network))


c1 = Statement(
    "googlenet.c1",
    text="GoogLeNet won the classification task of ILSVRC-2014 with a top-5 error of 6.67 %.",
    check="cite",
    verdict="correct",
    truth="As stated, by seven networks and 144 crops of every image; one network and one "
    "crop give 10.07 %.",
    source="szegedy2015going, Section 7, Tables 2 and 3",
)


@decided(
    "googlenet.c2",
    text="GoogLeNet has 22 layers.",
    check="count",
    verdict="correct",
    truth="As stated, for layers with parameters; with the pooling layers there are 27.",
    source="szegedy2015going, Section 5",
)
def c2() -> Finding:
    from torch import nn

    network = googlenet()
    in_front = len(convolutions(network.stem))
    in_modules = sum(
        max(len(convolutions(branch)) for branch in branches(module))
        for module in inception_modules(network)
    )
    layers = in_front + in_modules + len(dense(network))
    pools = [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.AdaptiveAvgPool2d)
        or (isinstance(layer, nn.MaxPool2d) and layer.stride != 1)
    ]
    return Finding(
        "correct" if layers == 22 else "wrong",
        f"{in_front} layers with parameters before the modules, {in_modules} in them and "
        f"{len(dense(network))} after make {layers}; {len(pools)} pooling layers make "
        f"{layers + len(pools)}",
        (f"with the pooling layers there are {layers + len(pools)}",),
    )


@decided(
    "googlenet.c3",
    text="It has a twelfth of AlexNet's parameters.",
    check="count",
    verdict="wrong",
    truth="It has a ninth. The paper says twelve times fewer; its layers give 7.0 million, "
    "AlexNet's 61.0 million. Without the last linear layer it would be a tenth.",
    source="szegedy2015going, Section 1",
    quoted=("twelve times fewer",),
)
def c3() -> Finding:
    from cnnhistory.accounting import count_parameters
    from cnnhistory.registry import on_meta

    network = googlenet()
    ours, alexnet = count_parameters(network), count_parameters(on_meta("alexnet"))
    ratio, without = alexnet / ours, alexnet / (ours - _dense_parameters(network))
    return Finding(
        "correct" if 11.5 <= ratio < 12.5 else "wrong",
        f"{alexnet:,} / {ours:,} = {ratio:.1f}; without the linear layer {without:.1f}",
        (
            f"It has {fraction(ratio)}",
            f"its layers give {ours / 1e6:.1f} million, AlexNet's {alexnet / 1e6:.1f} million",
            f"Without the last linear layer it would be {fraction(without)}",
        ),
    )


@decided(
    "googlenet.c4",
    text="The fully connected layers hold almost 90 % of AlexNet's parameters.",
    check="count",
    verdict="wrong",
    truth="They hold 96 %. 89 % is the share in VGG-16.",
    source="krizhevsky2012imagenet, Section 3.5",
)
def c4() -> Finding:
    from cnnhistory.accounting import count_parameters
    from cnnhistory.registry import on_meta

    shares = {}
    for name in ("alexnet", "vgg16"):
        network = on_meta(name)
        shares[name] = 100 * _dense_parameters(network) / count_parameters(network)
    return Finding(
        "correct" if 85 <= shares["alexnet"] < 90 else "wrong",
        f"AlexNet {shares['alexnet']:.1f} %, VGG-16 {shares['vgg16']:.1f} %",
        (f"hold {shares['alexnet']:.0f} %", f"{shares['vgg16']:.0f} % is the share in VGG-16"),
    )


@decided(
    "googlenet.c5",
    text="The fully connected layers at the end are removed, in favor of global average pooling.",
    check="count",
    verdict="wrong",
    truth="One linear layer from 1,024 features to 1,000 scores remains. What goes is the "
    "stack of layers with 4,096 units.",
    source="szegedy2015going, Section 5, Table 1",
)
def c5() -> Finding:
    from cnnhistory.registry import on_meta

    network, alexnet = googlenet(), on_meta("alexnet")
    layers = dense(network)
    sizes = ", ".join(f"{layer.in_features:,} to {layer.out_features:,}" for layer in layers)
    return Finding(
        "wrong" if layers else "correct",
        f"{len(layers)} dense layer of {_dense_parameters(network):,} parameters ({sizes}); "
        f"AlexNet has {len(dense(alexnet))} of {_dense_parameters(alexnet):,}",
        (
            *(f"from {x.in_features:,} features to {x.out_features:,} scores" for x in layers),
            f"layers with {dense(alexnet)[0].out_features:,} units",
        ),
    )


@decided(
    "googlenet.c6",
    text="1×1 convolutions reduce the number of channels in all convolution and pooling "
    "branches of a module.",
    check="count",
    verdict="imprecise",
    truth="They come before the 3×3 and the 5×5 convolution and after the pooling; the 1×1 "
    "branch has no other convolution.",
    source="szegedy2015going, Figure 2(b)",
)
def c6() -> Finding:
    """Follow each branch of each module: where does a 1×1 convolution give fewer maps?"""
    kinds: dict[tuple[str, ...], int] = {}
    reduced, first = 0, 0
    for module in inception_modules(googlenet()):
        for branch in branches(module):
            steps, fewer = steps_of(branch)
            kinds[steps] = kinds.get(steps, 0) + 1
            reduced += any(fewer) and len(steps) > 1
            first += fewer[0] and len(steps) > 1
    total = sum(kinds.values())
    described = [f"{count} of {', '.join(steps)}" for steps, count in kinds.items()]
    before = [steps[1] for steps in kinds if steps[0] == "1×1" and len(steps) > 1]
    return Finding(
        "correct" if first == total else "imprecise" if reduced else "wrong",
        f"branches of all modules: {'; '.join(described)}; "
        f"in {reduced} of {total} a 1×1 convolution beside another step gives fewer maps, in "
        f"{first} before it",
        (
            f"before the {' and the '.join(before)} convolution",
            *[f"the {steps[0]} branch" for steps in kinds if len(steps) == 1],
        ),
    )


@decided(
    "googlenet.c7",
    text="The 1×1 reductions make the number of parameters smaller.",
    check="count",
    verdict="correct",
    truth="As stated: module 3a would have 2.4 times as many without them, the whole network "
    "3.6 times.",
    source="szegedy2015going, Section 4, Table 1",
)
def c7() -> Finding:
    from cnnhistory.accounting import count_parameters
    from cnnhistory.models.googlenet import MODULES

    network = googlenet()
    whole, direct_whole = count_parameters(network), count_parameters(network)
    shares = []
    for module, (one, _, three, _, five, projection) in zip(
        inception_modules(network), MODULES.values(), strict=True
    ):
        channels = module.branch1x1[0].in_channels
        assert isinstance(channels, int)
        weights = channels * (one + 9 * three + 25 * five + projection)
        direct = weights + one + three + five + projection
        shares.append((count_parameters(module), direct))
        direct_whole += direct - count_parameters(module)
    smaller = all(with_them < without for with_them, without in shares)
    return Finding(
        "correct" if smaller else "wrong",
        f"module 3a has {shares[0][0]:,} with them and {shares[0][1]:,} without, the network "
        f"{whole:,} and {direct_whole:,}",
        (
            f"module 3a would have {shares[0][1] / shares[0][0]:.1f} times as many without them",
            f"the whole network {direct_whole / whole:.1f} times",
        ),
    )


@decided(
    "googlenet.c8",
    text="A 1×1 convolution keeps height and width.",
    check="algebra",
    verdict="correct",
    truth="As stated, with stride 1: every output position reads one input position.",
    source="szegedy2015going, Section 4",
)
def c8() -> Finding:
    import torch

    network = googlenet()
    kept: list[bool] = []
    strides: set[int] = set()
    for layer in convolutions(network):
        if layer.kernel_size == (1, 1):
            layer.register_forward_hook(
                lambda layer, args, output: kept.append(args[0].shape[2:] == output.shape[2:])
            )
            strides.add(layer.stride[0])
    network(torch.empty(1, 3, 224, 224, device="meta"))
    return Finding(
        right_or_wrong(all(kept) and bool(kept)),
        f"{sum(kept)} of {len(kept)} 1×1 convolutions of the network keep height and width",
        (f"with stride {' and '.join(map(str, sorted(strides)))}",),
    )


c9 = Statement(
    "googlenet.c9",
    text="Global average pooling comes from Network in Network.",
    check="cite",
    verdict="correct",
    truth="As stated.",
    source="lin2014network, Section 3.2",
)


@decided(
    "googlenet.c10",
    text="The idea is to put small dense matrices in place of a large sparse one, small "
    "kernels in place of large ones.",
    check="algebra",
    verdict="imprecise",
    truth="The first half is the paper's: dense parts stand for a sparse structure. Kernels "
    "of 5×5 stay beside the small ones.",
    source="szegedy2015going, Sections 3 and 4",
)
def c10() -> Finding:
    """Compare the parallel convolutions of each module with one large one, mostly zero."""
    import torch

    from cnnhistory import create_model

    with torch.no_grad():
        network = create_model("googlenet", width=1 / 8).double()
        modules = inception_modules(cast("GoogLeNet", network))
        largest = max(layer.kernel_size[0] for m in modules for layer in convolutions(m))
        found = [as_one(module, largest) for module in modules]
    same = sum(is_one for is_one, _ in found)
    dense_part = max(share for _, share in found)
    first_half = same == len(found) and dense_part < 0.5
    verdict = ("imprecise" if largest > 3 else "correct") if first_half else "wrong"
    return Finding(
        verdict,
        f"the convolutions side by side are one of {largest}×{largest} in {same} of {len(found)} "
        f"modules, of whose weights at most {100 * dense_part:.0f} % are not zero; the largest "
        f"kernel of the modules is {largest}×{largest}",
        (f"Kernels of {largest}×{largest} stay",) if largest > 3 else (),
    )
