"""LeNet-5, and what the survey says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import (
    SCALED_TANH,
    partial,
    size,
    tanh_or_scaled,
    trained_subsampling,
)
from cnnhistory.system import Finding, Statement, System, decided

if TYPE_CHECKING:
    from torch import Tensor

    from cnnhistory.models.lenet5 import LeNet5

SYSTEM = System(
    id="lenet5",
    name="LeNet-5",
    year=1998,
    era="early",
    task="classification",
    paper="lecun1998gradient",
    figures=(
        Figure(
            "trainable parameters",
            60_000,
            "parameters",
            tolerance=0,
            where="Section II-B",
            model="lenet5",
            checked=True,
        ),
        Figure(
            "connections",
            340_908,
            "connections",
            tolerance=0,
            where="Section II-B",
            model="lenet5",
            checked=True,
        ),
        # The paper puts the uncertainty of its error rates at about 0.1 (Figure 9).
        Figure("MNIST test error", 0.95, "%", tolerance=0.1, where="Section III-B", model="lenet5"),
        Figure(
            "MNIST test error, trained with distorted digits",
            0.8,
            "%",
            tolerance=0.1,
            where="Section III-B",
            model="lenet5",
        ),
    ),
    deviations=(
        "bitmap codes of the RBF layer are drawn by us, since the paper shows them only as "
        "a figure",
        "Adam with a one-cycle schedule by default instead of the stochastic diagonal "
        "Levenberg-Marquardt method",
    ),
    chapter="early/lenet5",
    models=("lenet5", "lenet5_modern", "lenet5_caffe", "linear_classifier", "lenet300_100"),
    digest="lenet-5",
)


def _lenet5() -> LeNet5:
    from cnnhistory import create_model
    from cnnhistory.models.lenet5 import LeNet5

    return cast(LeNet5, create_model("lenet5"))


def _maps(model: LeNet5, side: int) -> dict[str, Tensor]:
    """Return the output of C1 to C5 for one random image of any size that divides evenly."""
    import torch

    with torch.no_grad():
        x = torch.rand(1, 1, side, side)
        maps = {}
        for name in ("c1", "s2", "c3", "s4", "c5"):
            x = model.activation(model.get_submodule(name)(x))
            maps[name.upper()] = x
        return maps


@decided(
    "lenet5.c1",
    text="F6, the fully connected layer before the output, has 64 units.",
    check="count",
    verdict="wrong",
    truth="F6 has 84 units, because its output is compared with bitmaps of 7×12 pixels.",
    source="lecun1998gradient, Section II-B",
)
def c1() -> Finding:
    """Take what the output layer is given, in a network that has the paper's parameters."""
    import torch

    from cnnhistory.models.lenet5 import DIGIT_BITMAPS

    model = _lenet5()
    given: list[Tensor] = []
    model.output.register_forward_pre_hook(lambda layer, args: given.append(args[0]))
    with torch.no_grad():
        model(torch.rand(1, 1, 32, 32))
    width = given[0].shape[1]
    total = sum(p.numel() for p in model.parameters())
    # Another width would not give the paper's total.
    with_64 = total + (64 - width) * (model.f6.in_features + 1)
    rows = [row.split()[0] for row in DIGIT_BITMAPS.split("\n")[1:-1]]
    if total != 60_000:
        verdict = "unverified"  # not the network of the paper
    elif width == 64:
        verdict = "correct"
    else:
        verdict = "wrong"
    return Finding(
        verdict,
        f"the output layer is given {width} values; they make {total:,} trainable parameters in "
        f"all, 64 would make {with_64:,}; the paper counts 60,000",
        (f"F6 has {width} units", f"bitmaps of {len(rows[0])}×{len(rows)} pixels"),
    )


@decided(
    "lenet5.c2",
    text="C1 has 6 maps of 28×28, S2 6 of 14×14, C3 16 of 10×10, S4 16 of 5×5; C5 has 120 units.",
    check="count",
    verdict="correct",
    truth="As stated.",
    source="lecun1998gradient, Section II-B, Figure 2",
)
def c2() -> Finding:
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
        ", ".join(f"{name} {size(shape)}" for name, shape in found.items()),
    )


@decided(
    "lenet5.c3",
    text="C5 is a fully connected layer.",
    check="count",
    verdict="imprecise",
    truth="C5 is a convolution. Its 5×5 kernels cover the whole 5×5 maps of S4 when the "
    "image is 32×32; a larger image would give a map for each unit.",
    source="lecun1998gradient, Section II-B",
)
def c3() -> Finding:
    import torch
    from torch.nn import functional as F

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
        (
            f"{size(model.c5.kernel_size)} kernels cover the whole {size(small['S4'].shape[2:])} "
            "maps of S4",
            "when the image is 32×32",
        )
        if same_at_32
        else (),
    )


@decided(
    "lenet5.c4",
    text="S2 and S4 are 2×2 pooling layers.",
    check="count",
    verdict="imprecise",
    truth="They sum four inputs, multiply by a weight and add a bias; each map learns its "
    "own weight and bias. Average pooling is the special case 1/4 and 0.",
    source="lecun1998gradient, Section II-B",
)
def c4() -> Finding:
    model = _lenet5()
    return trained_subsampling(model.s2, model.s4)


@decided(
    "lenet5.c5",
    text="The loss is the mean squared error.",
    check="exp",
    verdict="imprecise",
    truth="The basic loss is the squared distance of F6 to the bitmap of the right class. "
    "The paper adds a second one (MAP) that also pushes the wrong classes away.",
    source="lecun1998gradient, Section II-C, equations (8) and (9)",
)
def c5() -> Finding:
    import torch
    from torch.nn import functional as F

    from cnnhistory.nn.losses.distances import MAPLoss, RBFDistanceLoss

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


c6 = Statement(
    "lenet5.c6",
    text="The network is trained by stochastic gradient descent.",
    check="cite",
    verdict="imprecise",
    truth="Each weight has a step size of its own, from a running estimate of the diagonal "
    "of the Hessian (stochastic diagonal Levenberg-Marquardt).",
    source="lecun1998gradient, Section III-B and Appendix C",
)


@decided(
    "lenet5.c7",
    text="The activation function is tanh.",
    check="exp",
    verdict="imprecise",
    truth="Layers up to F6 use 1.7159 tanh(2x/3); the output units measure distances.",
    source="lecun1998gradient, Section II-B and Appendix A",
)
def c7() -> Finding:
    from cnnhistory.nn.rbf import EuclideanRBF

    model = _lenet5()
    is_tanh, is_scaled, fact = tanh_or_scaled(model.activation)
    at_output = not isinstance(model.output, EuclideanRBF)
    if is_tanh and at_output:
        verdict = "correct"
    else:
        verdict = "imprecise" if is_tanh or is_scaled else "wrong"
    return Finding(
        verdict,
        f"{fact}; the output layer is {type(model.output).__name__}",
        (SCALED_TANH,) if is_scaled else (),
    )


@decided(
    "lenet5.c8",
    text="C3 is only partly connected to S2.",
    check="count",
    verdict="correct",
    truth="As stated: 60 of the 96 possible pairs of maps are connected.",
    source="lecun1998gradient, Section II-B, Table I",
)
def c8() -> Finding:
    return partial(_lenet5().c3, maps=6, every=False)
