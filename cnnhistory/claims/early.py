"""Statements about the early networks."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from cnnhistory import create_model
from cnnhistory.claims.record import Finding, Statement, check
from cnnhistory.models.lenet5 import LeNet5
from cnnhistory.nn.loss import MAPLoss, RBFDistanceLoss
from cnnhistory.nn.rbf import EuclideanRBF

STATEMENTS = (
    Statement(
        id="lenet-5.c1",
        system="lenet5",
        text="F6, the fully connected layer before the output, has 64 units.",
        check="count",
        verdict="wrong",
        truth="F6 has 84 units, because its output is compared with bitmaps of 7×12 pixels.",
        source="lecun1998gradient, Section II-B",
    ),
    Statement(
        id="lenet-5.c2",
        system="lenet5",
        text="C1 has 6 maps of 28×28, S2 6 of 14×14, C3 16 of 10×10, S4 16 of 5×5; C5 has 120 "
        "units.",
        check="count",
        verdict="correct",
        truth="As stated.",
        source="lecun1998gradient, Section II-B, Figure 2",
    ),
    Statement(
        id="lenet-5.c3",
        system="lenet5",
        text="C5 is a fully connected layer.",
        check="count",
        verdict="imprecise",
        truth="C5 is a convolution. Its 5×5 kernels cover the whole 5×5 maps of S4 when the "
        "image is 32×32; a larger image would give a map for each unit.",
        source="lecun1998gradient, Section II-B",
    ),
    Statement(
        id="lenet-5.c4",
        system="lenet5",
        text="S2 and S4 are 2×2 pooling layers.",
        check="count",
        verdict="imprecise",
        truth="They sum four inputs, multiply by a weight and add a bias; each map learns its "
        "own weight and bias. Average pooling is the special case 1/4 and 0.",
        source="lecun1998gradient, Section II-B",
    ),
    Statement(
        id="lenet-5.c5",
        system="lenet5",
        text="The loss is the mean squared error.",
        check="exp",
        verdict="imprecise",
        truth="The basic loss is the squared distance of F6 to the bitmap of the right class. "
        "The paper adds a second one (MAP) that also pushes the wrong classes away.",
        source="lecun1998gradient, Section II-C, equations (8) and (9)",
    ),
    Statement(
        id="lenet-5.c6",
        system="lenet5",
        text="The network is trained by stochastic gradient descent.",
        check="cite",
        verdict="imprecise",
        truth="Each weight has a step size of its own, from a running estimate of the diagonal "
        "of the Hessian (stochastic diagonal Levenberg-Marquardt).",
        source="lecun1998gradient, Section III-B and Appendix C",
    ),
    Statement(
        id="lenet-5.c7",
        system="lenet5",
        text="The activation function is tanh.",
        check="exp",
        verdict="imprecise",
        truth="Layers up to F6 use 1.7159 tanh(2x/3); the output units measure distances.",
        source="lecun1998gradient, Section II-B and Appendix A",
    ),
    Statement(
        id="lenet-5.c8",
        system="lenet5",
        text="C3 is only partly connected to S2.",
        check="count",
        verdict="correct",
        truth="As stated: 60 of the 96 possible pairs of maps are connected.",
        source="lecun1998gradient, Section II-B, Table I",
    ),
)


def _lenet5() -> LeNet5:
    return cast(LeNet5, create_model("lenet5"))


@torch.no_grad()
def _maps(model: LeNet5, size: int) -> dict[str, Tensor]:
    """Return the output of C1 to C5 for one random image of any size that divides evenly."""
    x = torch.rand(1, 1, size, size)
    maps = {}
    for name in ("c1", "s2", "c3", "s4", "c5"):
        x = model.activation(model.get_submodule(name)(x))
        maps[name.upper()] = x
    return maps


@check("lenet-5.c1")
def _f6_width() -> Finding:
    model = _lenet5()
    width = model.f6.out_features
    total = sum(p.numel() for p in model.parameters())
    # The paper's total of 60,000 parameters decides which width is its own.
    with_64 = total + (64 - width) * (model.f6.in_features + 1)
    return Finding(
        "correct" if with_64 == 60_000 else "wrong",
        f"{width} units give {total:,} trainable parameters in all, 64 would give {with_64:,}; "
        "the paper counts 60,000",
    )


@check("lenet-5.c2")
def _shapes() -> Finding:
    stated = {
        "C1": (6, 28, 28),
        "S2": (6, 14, 14),
        "C3": (16, 10, 10),
        "S4": (16, 5, 5),
        "C5": (120, 1, 1),
    }
    found = {name: tuple(x.shape[1:]) for name, x in _maps(_lenet5(), 32).items()}
    return Finding(
        "correct" if found == stated else "wrong",
        ", ".join(f"{name} {'×'.join(map(str, shape))}" for name, shape in found.items()),
    )


@check("lenet-5.c3")
def _c5_is_a_convolution() -> Finding:
    model = _lenet5()
    small, large = _maps(model, 32), _maps(model, 36)
    with torch.no_grad():
        dense = F.linear(small["S4"].flatten(1), model.c5.weight.flatten(1), model.c5.bias)
    same_at_32 = torch.allclose(model.activation(dense), small["C5"].flatten(1), atol=1e-5)
    height, width = large["C5"].shape[2:]
    is_map = height * width > 1
    verdict = ("imprecise" if is_map else "correct") if same_at_32 else "wrong"
    return Finding(
        verdict,
        f"a 32×32 image gives {'the' if same_at_32 else 'not the'} values of a dense layer "
        f"with the same weights; a 36×36 image gives {height}×{width} values per unit",
    )


@check("lenet-5.c4")
def _subsampling_is_trained() -> Finding:
    model = _lenet5()
    per_map = {
        sum(p.numel() for p in layer.parameters()) // layer.channels
        for layer in (model.s2, model.s4)
    }
    x = torch.rand(1, model.s2.channels, 28, 28)
    with torch.no_grad():
        model.s2.weight.fill_(1 / 4)
        model.s2.bias.zero_()
        can_average = torch.allclose(model.s2(x), F.avg_pool2d(x, 2), atol=1e-6)
    verdict = "correct" if per_map == {0} else "imprecise" if can_average else "wrong"
    return Finding(
        verdict,
        f"{' or '.join(map(str, sorted(per_map)))} trainable parameters per map, pooling has "
        f"none; 1/4 and 0 {'give' if can_average else 'do not give'} average pooling",
    )


@check("lenet-5.c5")
def _loss() -> Finding:
    model = _lenet5().double()
    features: list[Tensor] = []
    model.f6.register_forward_hook(
        lambda module, inputs, output: features.append(model.activation(output))
    )
    target = torch.arange(10)
    scores = model(torch.rand(10, 1, 32, 32, dtype=torch.double)).detach().requires_grad_()
    mse = F.mse_loss(features[0], model.output.codes[target])
    ratio = (RBFDistanceLoss()(scores, target) / mse).item()
    is_mse = abs(ratio - model.f6.out_features) < 1e-6
    pushed = {}
    for name, loss in (("distance", RBFDistanceLoss()), ("MAP", MAPLoss())):
        (gradient,) = torch.autograd.grad(loss(scores, target), scores)
        pushed[name] = int((gradient[0] != 0).sum())
    only_mse = pushed["MAP"] == pushed["distance"]
    verdict = ("correct" if only_mse else "imprecise") if is_mse else "wrong"
    return Finding(
        verdict,
        f"the distance loss is {ratio:.0f} times the mean squared error of F6 and moves "
        f"{pushed['distance']} of 10 scores; the MAP loss moves {pushed['MAP']}",
    )


@check("lenet-5.c7")
def _activation() -> Finding:
    model = _lenet5()
    x = torch.linspace(-4, 4, 801)
    f = model.activation(x)
    is_tanh = torch.allclose(f, torch.tanh(x), atol=1e-5)
    is_scaled = torch.allclose(f, 1.7159 * torch.tanh(2 * x / 3), atol=1e-5)
    at_output = not isinstance(model.output, EuclideanRBF)
    if is_tanh and at_output:
        verdict = "correct"
    else:
        verdict = "imprecise" if is_tanh or is_scaled else "wrong"
    one = model.activation(torch.tensor(1.0)).item()
    return Finding(
        verdict,
        f"f(1) = {one:.3f}, tanh(1) = {torch.tanh(torch.tensor(1.0)).item():.3f}; f "
        f"{'equals' if is_scaled else 'is not'} 1.7159 tanh(2x/3) on [-4, 4]; the output layer "
        f"is {type(model.output).__name__}",
    )


@check("lenet-5.c8")
def _partial_connection() -> Finding:
    c3 = _lenet5().c3
    made, possible = int(c3.links.sum()), c3.links.numel()
    parameters = sum(p.numel() for p in c3.parameters())
    dense = possible * c3.kernel_size**2 + c3.out_channels
    return Finding(
        "correct" if 0 < made < possible else "wrong",
        f"{made} of {possible} links; {parameters:,} parameters, {dense:,} with all links",
    )
