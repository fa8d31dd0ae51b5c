"""Network in Network, and what the survey says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import convolutions, right_or_wrong
from cnnhistory.system import Finding, System, decided

if TYPE_CHECKING:
    pass

SYSTEM = System(
    id="nin",
    name="Network in Network",
    year=2013,
    era="layers",
    task="classification",
    paper="lin2014network",
    figures=(
        Figure(
            "CIFAR-10 test error", 10.41, "%", tolerance=0.3, where="Table 1", model="nin_cifar"
        ),
        Figure(
            "CIFAR-10 test error, trained with shifted and mirrored images",
            8.81,
            "%",
            tolerance=0.3,
            where="Table 1",
            model="nin_cifar",
        ),
    ),
    deviations=(
        "the ImageNet network is the one that the authors published for Caffe; the paper has none",
        "layer sizes and initial weights come from the authors' code, since the paper does "
        "not list them",
        "the second pooling of the CIFAR-10 network takes the largest value, as the paper "
        "says of all its pooling; later files of the authors average there",
    ),
    models=("nin", "nin_cifar"),
    chapter="imagenet/nin",
    digest="nin",
)


@decided(
    "nin.c1",
    text="A small multilayer perceptron in place of the linear filter can express more.",
    check="exp",
    verdict="correct",
    truth="As stated: it can tell equal from different pixels, a linear filter cannot.",
    source="lin2014network, Section 3.1",
)
def c1() -> Finding:
    import torch
    from torch import Tensor

    from cnnhistory.models.nin import MLPConv

    # Two pixels side by side; the target is whether they differ.
    pairs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=torch.double)
    target = torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.double)
    with_one = torch.cat([pairs, torch.ones(4, 1, dtype=torch.double)], dim=1)
    best = torch.linalg.lstsq(with_one, target[:, None]).solution
    linear = (with_one @ best).flatten() - target

    block = MLPConv(1, (2, 1, 1), kernel=2).double()
    conv, cccp1, cccp2 = convolutions(block)
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
        right_or_wrong(errors[1] < 1e-12 < errors[0]),
        f"whether two pixels differ: the best linear filter has a mean squared error of "
        f"{errors[0]:.2f}, an mlpconv with chosen weights {errors[1]:.2f}",
    )
