"""AlexNet, and what the survey says about it."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING, cast

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import convolutions, dense, in_words, right_or_wrong
from cnnhistory.system import Finding, Statement, System, decided

if TYPE_CHECKING:
    from torch import Tensor

SYSTEM = System(
    id="alexnet",
    name="AlexNet",
    year=2012,
    era="imagenet",
    task="classification",
    paper="krizhevsky2012imagenet",
    figures=(
        # "60 million parameters and 650,000 neurons"
        Figure(
            "parameters",
            60_000_000,
            "parameters",
            tolerance=1_000_000,
            where="Section 1",
            model="alexnet",
            checked=True,
        ),
        Figure(
            "units",
            650_000,
            "units",
            tolerance=10_000,
            where="Section 1",
            model="alexnet",
            checked=True,
        ),
        Figure(
            "ILSVRC-2012 top-5 validation error, one network",
            18.2,
            "%",
            tolerance=0.2,
            where="Table 2",
            model="alexnet",
        ),
        Figure(
            "ILSVRC-2012 top-5 test error, seven networks",
            15.3,
            "%",
            tolerance=0.2,
            where="Table 2",
        ),
    ),
    deviations=(
        "images of 227x227: the paper says 224x224, from which its layers do not give the "
        "55x55 maps that it reports",
        "one device instead of two; the two groups are grouped convolutions",
        "response normalization runs over all maps, not over those of each GPU",
        "dropout doubles the outputs that it keeps instead of halving all of them in tests",
        "`one_tower=True` gives torchvision's port: fewer maps, no groups, no normalization, "
        "two pixels of padding, dropout in front of the dense layers",
        "`alexnet_cifar4` is the network of Figure 1; its sizes are not in the paper",
    ),
    models=("alexnet", "alexnet_cifar4"),
    chapter="imagenet/alexnet",
    digest="alexnet",
)


def _numbers(x: Tensor) -> str:
    return ", ".join(f"{value:g}" for value in x.tolist())


@decided(
    "alexnet.c1",
    text="It has five convolutional and three fully connected layers, the last of which "
    "feeds a softmax over 1,000 classes.",
    check="count",
    verdict="correct",
    truth="As stated.",
    source="krizhevsky2012imagenet, Section 3.5, Figure 2",
)
def c1() -> Finding:
    from cnnhistory.registry import on_meta

    network = on_meta("alexnet")
    numbers = len(convolutions(network)), len(dense(network)), dense(network)[-1].out_features
    return Finding(
        right_or_wrong(numbers == (5, 3, 1000)),
        "{} convolutional and {} dense layers, {:,} outputs".format(*numbers),
    )


@decided(
    "alexnet.c2",
    text="conv1 has 96 kernels of 11×11 with stride 4; conv2 256 of 5×5 in two groups of 128 "
    "over 48 maps; conv3 384 of 3×3 over 256 maps; conv4 384 of 3×3 in two groups of 192 over "
    "192; conv5 256 of 3×3 in two groups of 128 over 192.",
    check="count",
    verdict="correct",
    truth="As stated.",
    source="krizhevsky2012imagenet, Section 3.5",
)
def c2() -> Finding:
    # kernels, side, stride, groups, input maps of a kernel
    from cnnhistory.registry import on_meta

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
        for layer in convolutions(on_meta("alexnet"))
    ]
    return Finding(
        right_or_wrong(found == stated),
        "; ".join(
            f"conv{n} {groups} × {kernels // groups} kernels of {side}×{side}×{maps}, "
            f"stride {stride}"
            for n, (kernels, side, stride, groups, maps) in enumerate(found, start=1)
        ),
    )


@decided(
    "alexnet.c3",
    text="Some layers are split into two groups, which reduces the computation.",
    check="count",
    verdict="correct",
    truth="As stated: 724 instead of 1,135 million multiply-adds.",
    source="krizhevsky2012imagenet, Section 3.2",
)
def c3() -> Finding:
    from cnnhistory.accounting import count_multiply_adds
    from cnnhistory.registry import on_meta

    two, one = (
        count_multiply_adds(on_meta("alexnet", groups=groups), (3, 227, 227)) for groups in (2, 1)
    )
    return Finding(
        right_or_wrong(two < one),
        f"{two:,} multiply-adds with two groups, {one:,} with one: {100 * (1 - two / one):.0f} % "
        "less",
        (f"{two / 1e6:.0f} instead of {one / 1e6:,.0f} million multiply-adds",),
    )


c4 = Statement(
    "alexnet.c4",
    text="Its two innovations are ReLU and dropout.",
    check="cite",
    verdict="imprecise",
    truth="Both are older (2010 and earlier in 2012); AlexNet showed what they are worth. "
    "Response normalization, overlapping pooling and the split over two GPUs were new.",
    source="krizhevsky2012imagenet, Sections 3.1 to 3.4 and 4.2",
)


@decided(
    "alexnet.c5",
    text="The derivative of ReLU is the sign function.",
    check="algebra",
    verdict="wrong",
    truth="It is the step function: 0 for negative and 1 for positive inputs. The sign "
    "function is -1 for negative ones.",
    source="krizhevsky2012imagenet, Section 3.1",
)
def c5() -> Finding:
    import torch

    from cnnhistory import create_model

    relu = create_model("alexnet", width=1 / 16).get_submodule("features.relu1")
    x = torch.tensor([-2.0, -1.0, 1.0, 2.0], requires_grad=True)
    (slope,) = torch.autograd.grad(relu(x.clone()).sum(), x)
    return Finding(
        right_or_wrong(torch.equal(slope, x.sign())),
        f"at {_numbers(x)} the derivative is {_numbers(slope)}, the sign {_numbers(x.sign())}",
        (
            f"{slope[0]:g} for negative and {slope[-1]:g} for positive inputs",
            f"The sign function is {x.sign()[0]:g} for negative ones",
        ),
    )


c6 = Statement(
    "alexnet.c6",
    text="With ReLU a network trains faster than with tanh.",
    check="cite",
    verdict="correct",
    truth="As the paper reports for a network of four convolutional layers on CIFAR-10: ReLU is "
    "six times faster to a training error of 25 %. Our recorded runs, of a single seed of tanh "
    "for each start, are too few to judge by: to 45 % they need 1.4 epochs with ReLU and 5.2 with "
    "tanh with the weights and pixels of 2012, 1.3 and 1.2 with weights scaled to the inputs.",
    source="krizhevsky2012imagenet, Section 3.1, Figure 1",
)


@decided(
    "alexnet.c7",
    text="The zeros of ReLU make the network sparse, which acts somewhat like an L1 penalty.",
    check="exp",
    verdict="opinion",
    truth="Outputs are sparse, and which are changes from image to image. That this acts "
    "like an L1 penalty on weights, which sets weights to zero, is an analogy.",
    source="glorot2011deep, Section 3",
)
def c7() -> Finding:
    """Look for what an L1 penalty leaves: zeros that stay, whatever the image."""
    import torch
    from torch import nn

    from cnnhistory import create_model, zoo
    from cnnhistory.visualize.activations import activations

    plan = zoo.training_recipe("alexnet_patches")
    network = create_model("alexnet", **plan.network_args)
    network.load_state_dict(zoo.load_weights("alexnet_patches"))
    images = plan.data.build().test_set.images[::16]
    names = [name for name, layer in network.named_modules() if isinstance(layer, nn.ReLU)]
    zeros = [x.flatten(1) == 0 for x in activations(network, images, names).values()]
    silent = mean(float(x.float().mean()) for x in zeros)
    always = mean(float(x.all(0).float().mean()) for x in zeros)
    weights = torch.cat([p.detach().flatten() for p in network.parameters() if p.dim() > 1])
    no_weight = float((weights == 0).float().mean())
    stay = max(always, no_weight) > 0.5
    return Finding(
        "wrong" if silent <= 0.5 else "correct" if stay else "opinion",
        f"of the outputs of the {in_words(len(names))} ReLU layers of a trained network "
        f"{100 * silent:.0f} % are 0, {100 * always:.0f} % for each of {len(images)} images; of "
        f"its weights {100 * no_weight:.0f} %",
    )


@decided(
    "alexnet.c8",
    text="A kernel over several channels is a stack of two-dimensional kernels, whose results "
    "are added up.",
    check="count",
    verdict="correct",
    truth="As stated: a kernel of conv1 is three planes of 11×11 and one bias.",
    source="krizhevsky2012imagenet, Section 3.5",
)
def c8() -> Finding:
    """Add up, plane by plane, what the layers of a network are given, and compare."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    from cnnhistory import create_model
    from cnnhistory.registry import on_meta

    network = create_model("alexnet", width=1 / 16, num_classes=10).double().eval()
    same: list[bool] = []

    def add_up(layer: nn.Conv2d, args: tuple[Tensor], output: Tensor) -> None:
        rows, columns = cast("tuple[int, int]", layer.padding)
        windows = F.pad(args[0], (columns, columns, rows, rows))
        for axis, (side, step) in enumerate(zip(layer.kernel_size, layer.stride, strict=True)):
            windows = windows.unfold(2 + axis, side, step)  # (1, maps, H, W, side, side)
        of_group = layer.weight.shape[1]
        total = torch.zeros_like(output)
        for kernel in range(layer.out_channels):
            group = kernel * layer.groups // layer.out_channels
            for plane in range(of_group):
                seen = windows[:, group * of_group + plane]
                total[:, kernel] += (seen * layer.weight[kernel, plane]).sum((-1, -2))
        total += cast("Tensor", layer.bias)[:, None, None]
        same.append(torch.allclose(output, total, atol=1e-9, rtol=0))

    for layer in convolutions(network):
        layer.register_forward_hook(add_up)
    with torch.no_grad():
        network(torch.randn(1, 3, 227, 227, dtype=torch.double))
    planes, side = (first := convolutions(on_meta("alexnet"))[0]).in_channels, first.kernel_size[0]
    return Finding(
        right_or_wrong(all(same) and len(same) == 5),
        f"what {sum(same)} of {len(same)} layers give is the sum over planes and a bias; a kernel "
        f"of conv1 has {planes} planes of {side}×{side}",
        (f"{in_words(planes)} planes of {side}×{side}",),
    )
