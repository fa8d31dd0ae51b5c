"""Statements about GoogLeNet and the Inception module."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory import create_model
from cnnhistory.accounting import count_parameters
from cnnhistory.claims.record import Finding, Statement, check
from cnnhistory.models.googlenet import MODULES, GoogLeNet, Inception

STATEMENTS = (
    Statement(
        id="googlenet.c1",
        system="googlenet",
        text="GoogLeNet won the classification task of ILSVRC-2014 with a top-5 error of 6.67 %.",
        check="cite",
        verdict="correct",
        truth="As stated, by seven networks and 144 crops of every image; one network and one "
        "crop give 10.07 %.",
        source="szegedy2015going, Section 7, Tables 2 and 3",
    ),
    Statement(
        id="googlenet.c2",
        system="googlenet",
        text="GoogLeNet has 22 layers.",
        check="count",
        verdict="correct",
        truth="As stated, for layers with parameters; with the pooling layers there are 27.",
        source="szegedy2015going, Section 5",
    ),
    Statement(
        id="googlenet.c3",
        system="googlenet",
        text="It has a twelfth of AlexNet's parameters.",
        check="count",
        verdict="wrong",
        truth="It has a ninth. The paper says twelve times fewer; its layers give 7.0 million, "
        "AlexNet's 61.0 million. Without the last linear layer it would be a tenth.",
        source="szegedy2015going, Section 1",
    ),
    Statement(
        id="googlenet.c4",
        system="googlenet",
        text="The fully connected layers hold almost 90 % of AlexNet's parameters.",
        check="count",
        verdict="wrong",
        truth="They hold 96 %. 89 % is the share in VGG-16.",
        source="krizhevsky2012imagenet, Section 3.5",
    ),
    Statement(
        id="googlenet.c5",
        system="googlenet",
        text="The fully connected layers at the end are removed, in favor of global average "
        "pooling.",
        check="count",
        verdict="wrong",
        truth="One linear layer from 1,024 features to 1,000 scores remains. What goes is the "
        "stack of layers with 4,096 units.",
        source="szegedy2015going, Section 5, Table 1",
    ),
    Statement(
        id="googlenet.c6",
        system="googlenet",
        text="1×1 convolutions reduce the number of channels in all convolution and pooling "
        "branches of a module.",
        check="count",
        verdict="imprecise",
        truth="They come before the 3×3 and the 5×5 convolution and after the pooling; the 1×1 "
        "branch has no other convolution.",
        source="szegedy2015going, Figure 2(b)",
    ),
    Statement(
        id="googlenet.c7",
        system="googlenet",
        text="The 1×1 reductions make the number of parameters smaller.",
        check="count",
        verdict="correct",
        truth="As stated: module 3a would have 2.4 times as many without them, the whole network "
        "3.6 times.",
        source="szegedy2015going, Section 4, Table 1",
    ),
    Statement(
        id="googlenet.c8",
        system="googlenet",
        text="A 1×1 convolution keeps height and width.",
        check="algebra",
        verdict="correct",
        truth="As stated, with stride 1: every output position reads one input position.",
        source="szegedy2015going, Section 4",
    ),
    Statement(
        id="googlenet.c9",
        system="googlenet",
        text="Global average pooling comes from Network in Network.",
        check="cite",
        verdict="correct",
        truth="As stated.",
        source="lin2014network, Section 3.2",
    ),
    Statement(
        id="googlenet.c10",
        system="googlenet",
        text="The idea is to put small dense matrices in place of a large sparse one, small "
        "kernels in place of large ones.",
        check="algebra",
        verdict="imprecise",
        truth="The first half is the paper's: dense parts stand for a sparse structure. Kernels "
        "of 5×5 stay beside the small ones.",
        source="szegedy2015going, Sections 3 and 4",
    ),
    Statement(
        id="inception-module.c1",
        system="inception_module",
        text="All branches of a module keep height and width, so that their maps can be "
        "concatenated.",
        check="count",
        verdict="correct",
        truth="As stated: convolutions and pooling are padded and have stride 1.",
        source="szegedy2015going, Section 4, Figure 2",
    ),
)


def _on_meta(name: str) -> nn.Module:
    with torch.device("meta"):
        return create_model(name)


def _googlenet() -> GoogLeNet:
    return cast(GoogLeNet, _on_meta("googlenet"))


def _modules(network: GoogLeNet) -> list[Inception]:
    return [module for module in network.inception.values() if isinstance(module, Inception)]


def _branches(module: Inception) -> list[nn.Sequential]:
    return [module.branch1x1, module.branch3x3, module.branch5x5, module.branch_pool]


def _convolutions(module: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]


def _dense(network: nn.Module) -> list[nn.Linear]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


def _dense_parameters(network: nn.Module) -> int:
    return sum(count_parameters(layer) for layer in _dense(network))


@check("googlenet.c2")
def _layers() -> Finding:
    network = _googlenet()
    in_front = len(_convolutions(network.stem))
    in_modules = sum(
        max(len(_convolutions(branch)) for branch in _branches(module))
        for module in _modules(network)
    )
    layers = in_front + in_modules + len(_dense(network))
    pools = [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.AdaptiveAvgPool2d)
        or (isinstance(layer, nn.MaxPool2d) and layer.stride != 1)
    ]
    return Finding(
        "correct" if layers == 22 else "wrong",
        f"{in_front} layers with parameters before the modules, {in_modules} in them and "
        f"{len(_dense(network))} after make {layers}; {len(pools)} pooling layers make "
        f"{layers + len(pools)}",
    )


@check("googlenet.c3")
def _parameters() -> Finding:
    network = _googlenet()
    ours, alexnet = count_parameters(network), count_parameters(_on_meta("alexnet"))
    ratio, without = alexnet / ours, alexnet / (ours - _dense_parameters(network))
    return Finding(
        "correct" if 11.5 <= ratio < 12.5 else "wrong",
        f"{alexnet:,} / {ours:,} = {ratio:.1f}; without the linear layer {without:.1f}",
    )


@check("googlenet.c4")
def _dense_share() -> Finding:
    shares = {}
    for name in ("alexnet", "vgg16"):
        network = _on_meta(name)
        shares[name] = 100 * _dense_parameters(network) / count_parameters(network)
    return Finding(
        "correct" if 85 <= shares["alexnet"] < 90 else "wrong",
        f"AlexNet {shares['alexnet']:.1f} %, VGG-16 {shares['vgg16']:.1f} %",
    )


@check("googlenet.c5")
def _dense_layers() -> Finding:
    network, alexnet = _googlenet(), _on_meta("alexnet")
    layers = _dense(network)
    sizes = ", ".join(f"{layer.in_features:,} to {layer.out_features:,}" for layer in layers)
    return Finding(
        "wrong" if layers else "correct",
        f"{len(layers)} dense layer of {_dense_parameters(network):,} parameters ({sizes}); "
        f"AlexNet has {len(_dense(alexnet))} of {_dense_parameters(alexnet):,}",
    )


@check("googlenet.c6")
def _reductions() -> Finding:
    described, before = [], 0
    for branch in _branches(_modules(_googlenet())[0]):
        steps = []
        for layer in branch.modules():
            if isinstance(layer, nn.Conv2d):
                steps.append("×".join(map(str, layer.kernel_size)))
            elif isinstance(layer, nn.MaxPool2d):
                steps.append("pooling")
        before += len(steps) > 1 and steps[0] == "1×1"
        described.append(", ".join(steps))
    verdict = {4: "correct", 0: "wrong"}.get(before, "imprecise")
    return Finding(verdict, f"branches of module 3a: {'; '.join(described)}")


@check("googlenet.c7")
def _saving() -> Finding:
    network = _googlenet()
    whole, direct_whole = count_parameters(network), count_parameters(network)
    shares = []
    for module, (one, _, three, _, five, projection) in zip(
        _modules(network), MODULES.values(), strict=True
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
    )


@check("googlenet.c8")
def _size_of_1x1() -> Finding:
    shapes = [(28, 28), (7, 5), (1, 1), (13, 64)]
    kept = [
        tuple(nn.Conv2d(3, 5, 1)(torch.rand(1, 3, *shape)).shape[2:]) == shape for shape in shapes
    ]
    sizes = ", ".join(f"{height}×{width}" for height, width in shapes)
    return Finding(
        "correct" if all(kept) else "wrong", f"{sum(kept)} of {len(kept)} sizes kept: {sizes}"
    )


@check("googlenet.c10")
@torch.no_grad()
def _dense_parts_of_a_sparse_structure() -> Finding:
    """Write three parallel convolutions as one of 5x5 whose kernels are mostly zero."""
    kernels = [torch.randn(maps, 8, size, size) for maps, size in ((4, 1), (8, 3), (2, 5))]
    x = torch.randn(1, 8, 9, 9)
    parallel = torch.cat([F.conv2d(x, k, padding=k.shape[2] // 2) for k in kernels], 1)
    sparse = torch.cat([F.pad(k, [2 - k.shape[2] // 2] * 4) for k in kernels])
    is_one = torch.allclose(F.conv2d(x, sparse, padding=2), parallel, atol=1e-4)
    one, _, three, _, five, _ = MODULES["3a"]
    share = (one + 9 * three + 25 * five) / (25 * (one + three + five))
    largest = max(
        layer.kernel_size[0] for module in _modules(_googlenet()) for layer in _convolutions(module)
    )
    verdict = ("imprecise" if largest > 3 else "correct") if is_one else "wrong"
    return Finding(
        verdict,
        f"1×1, 3×3 and 5×5 side by side {'equal' if is_one else 'do not equal'} one 5×5 "
        f"convolution, of whose kernels {100 * share:.0f} % would not be zero in module 3a; the "
        f"largest kernel of the modules is {largest}×{largest}",
    )


@check("inception-module.c1")
def _sizes_of_branches() -> Finding:
    sizes = {}
    for name, module in zip(MODULES, _modules(_googlenet()), strict=True):
        channels = module.branch1x1[0].in_channels
        assert isinstance(channels, int)
        x = torch.empty(1, channels, 14, 13, device="meta")
        sizes[name] = {tuple(branch(x).shape[2:]) for branch in _branches(module)}
    kept = [name for name, found in sizes.items() if found == {(14, 13)}]
    return Finding(
        "correct" if len(kept) == len(sizes) else "wrong",
        f"all four branches give 14×13 for 14×13 in {len(kept)} of {len(sizes)} modules",
    )
