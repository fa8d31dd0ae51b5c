"""Statements about the early networks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory import create_model
from cnnhistory.accounting import summarize
from cnnhistory.claims.record import Finding, Statement, check
from cnnhistory.models.lenet5 import LeNet5
from cnnhistory.models.lenet1989 import LeNet1989
from cnnhistory.models.lenet1990 import LeNet1990
from cnnhistory.nn.conv import PartialConv2d
from cnnhistory.nn.loss import MAPLoss, RBFDistanceLoss
from cnnhistory.nn.pool import Subsample2d
from cnnhistory.nn.rbf import EuclideanRBF
from cnnhistory.papers import paper

SURVEY_YEAR = 2018

STATEMENTS = (
    Statement(
        id="lenet-1989.c1",
        system="lenet1989",
        text="The input is a gray image of 16×16, the output ten classes; of the three hidden "
        "layers H1 and H2 are convolutional, H3 is fully connected.",
        check="count",
        verdict="correct",
        truth="As stated: 9,760 parameters and 64,660 connections.",
        source="lecun1989backprop, Section 3.3, Figure 3",
    ),
    Statement(
        id="lenet-1989.c2",
        system="lenet1989",
        text="It introduced weight sharing and the notion of a feature map.",
        check="cite",
        verdict="correct",
        truth="It did for networks trained by back-propagation. Fukushima's Neocognitron of 1980 "
        "had planes of replicated features, which were not trained that way.",
        source="lecun1989backprop, Section 3.2",
    ),
    Statement(
        id="lenet-1989.c3",
        system="lenet1989",
        text="The activation function is tanh.",
        check="exp",
        verdict="imprecise",
        truth="It is 1.7159 tanh(2x/3), in the output layer too.",
        source="lecun1989backprop, Section 4",
    ),
    Statement(
        id="lenet-1989.c4",
        system="lenet1989",
        text="The loss is the mean squared error.",
        check="exp",
        verdict="correct",
        truth="As stated, between the ten outputs and targets of +1 and -1.",
        source="lecun1989backprop, Section 4",
    ),
    Statement(
        id="lenet-1989.c5",
        system="lenet1989",
        text="The initial weights are drawn from a uniform distribution.",
        check="exp",
        verdict="correct",
        truth="As stated: from -2.4/F to 2.4/F, where F is the number of inputs of the unit.",
        source="lecun1989backprop, Section 4",
    ),
    Statement(
        id="lenet-1989.c6",
        system="lenet1989",
        text="The weights are updated by online stochastic gradient descent, one sample a step.",
        check="cite",
        verdict="imprecise",
        truth="The updates are online, but each step is scaled by an estimate of the second "
        "derivative, the diagonal of the Hessian.",
        source="lecun1989backprop, Section 4",
    ),
    Statement(
        id="lenet-1989.c7",
        system="lenet1989",
        text="The first real convolutional network appeared 29 years before the survey.",
        check="algebra",
        verdict="correct",
        truth="As stated: the survey was written in 2018.",
        source="lecun1989backprop, title page",
    ),
    Statement(
        id="lenet-1990.c1",
        system="lenet1990",
        text="It reads postal codes with 1 % error at 9 % rejection.",
        check="cite",
        verdict="correct",
        truth="As stated, for handwritten digits alone. With printed digits among them, 5.7 % "
        "have to be rejected.",
        source="lecun1990handwritten, pages 402 and 403",
    ),
    Statement(
        id="lenet-1990.c2",
        system="lenet1990",
        text="The input is 28×28; H1 has 4 maps of 24×24, H2 4 of 12×12, H3 12 of 8×8, H4 12 of "
        "4×4.",
        check="count",
        verdict="correct",
        truth="As stated.",
        source="lecun1990handwritten, pages 399 to 402",
    ),
    Statement(
        id="lenet-1990.c3",
        system="lenet1990",
        text="Each map of H3 reads only some maps of H2, which saves parameters.",
        check="count",
        verdict="correct",
        truth="As stated: 20 of the 48 possible pairs are connected, which leaves 512 parameters "
        "of 1,212.",
        source="lecun1990handwritten, page 400, Table 1",
    ),
    Statement(
        id="lenet-1990.c4",
        system="lenet1990",
        text="The output layer gives the probabilities of the ten classes.",
        check="exp",
        verdict="imprecise",
        truth="It gives ten scores squashed by the scaled tanh and trained with the squared "
        "error; they may be negative and have no fixed sum.",
        source="lecun1990handwritten, pages 399 to 402",
    ),
    Statement(
        id="lenet-1990.c5",
        system="lenet1990",
        text="H2 and H4 down-sample their input by 2×2.",
        check="count",
        verdict="imprecise",
        truth="They sum four inputs, multiply by a weight, add a bias and squash; each map "
        "learns its own weight and bias.",
        source="lecun1990handwritten, pages 399 to 402",
    ),
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


def _lenet1989() -> LeNet1989:
    return cast(LeNet1989, create_model("lenet1989"))


def _lenet1990() -> LeNet1990:
    return cast(LeNet1990, create_model("lenet1990"))


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


def _size(shape: Iterable[int]) -> str:
    return "×".join(map(str, shape))


def _tanh_or_scaled(activation: nn.Module) -> tuple[bool, bool, str]:
    """Return whether a function is tanh, whether it is the scaled tanh, and that in words."""
    x = torch.linspace(-4, 4, 801)
    f = activation(x)
    is_tanh = torch.allclose(f, torch.tanh(x), atol=1e-5)
    is_scaled = torch.allclose(f, 1.7159 * torch.tanh(2 * x / 3), atol=1e-5)
    one = activation(torch.tensor(1.0)).item()
    return (
        is_tanh,
        is_scaled,
        f"f(1) = {one:.3f}, tanh(1) = {torch.tanh(torch.tensor(1.0)).item():.3f}; f "
        f"{'equals' if is_scaled else 'is not'} 1.7159 tanh(2x/3) on [-4, 4]",
    )


def _trained_subsampling(*layers: Subsample2d) -> Finding:
    """Tell sub-sampling with a weight and a bias for each map from pooling, which has neither."""
    per_map = {sum(p.numel() for p in layer.parameters()) // layer.channels for layer in layers}
    first = layers[0]
    x = torch.rand(1, first.channels, 28, 28)
    with torch.no_grad():
        first.weight.fill_(1 / 4)
        first.bias.zero_()
        can_average = torch.allclose(first(x), F.avg_pool2d(x, 2), atol=1e-6)
    verdict = "correct" if per_map == {0} else "imprecise" if can_average else "wrong"
    return Finding(
        verdict,
        f"{' or '.join(map(str, sorted(per_map)))} trainable parameters per map, pooling has "
        f"none; 1/4 and 0 {'give' if can_average else 'do not give'} average pooling",
    )


def _partial(layer: PartialConv2d) -> Finding:
    """Compare the parameters of a partly connected layer with those of a dense one."""
    made, possible = int(layer.links.sum()), layer.links.numel()
    parameters = sum(p.numel() for p in layer.parameters())
    dense = possible * layer.kernel_size**2 + layer.out_channels
    return Finding(
        "correct" if 0 < made < possible else "wrong",
        f"{made} of {possible} links; {parameters:,} parameters, {dense:,} with all links",
    )


@check("lenet-1989.c1")
def _layers_of_1989() -> Finding:
    model = _lenet1989()
    table = summarize(model, (1, 16, 16))
    layers = {row.name: row for row in table if row.connections}
    kinds = {name: type(model.get_submodule(name)) for name in layers}
    stated = {"h1": PartialConv2d, "h2": PartialConv2d, "h3": nn.Linear, "output": nn.Linear}
    return Finding(
        "correct" if kinds == stated and table.total.output_shape == (10,) else "wrong",
        ", ".join(
            f"{name.upper() if name[0] == 'h' else name} {_size(row.output_shape or ())}"
            for name, row in layers.items()
        )
        + f"; {table.total.parameters:,} parameters, {table.total.connections:,} connections",
    )


@check("lenet-1989.c3")
def _activation_of_1989() -> Finding:
    model = _lenet1989()
    with torch.no_grad():
        model.output.weight.zero_()
        model.output.bias.fill_(100)  # drives the output to its limits
        limit = model(torch.rand(4, 1, 16, 16)).abs().max().item()
    is_tanh, is_scaled, fact = _tanh_or_scaled(model.activation)
    at_output = abs(limit - (1 if is_tanh else 1.7159)) < 1e-3
    if is_tanh and at_output:
        verdict = "correct"
    else:
        verdict = "imprecise" if is_tanh or is_scaled else "wrong"
    return Finding(verdict, f"{fact}; the outputs reach {limit:.4f} at most")


@check("lenet-1989.c4")
def _loss_of_1989() -> Finding:
    model = _lenet1989()
    target = torch.arange(10)
    scores = model(torch.rand(10, 1, 16, 16)).detach()
    loss = model.criterion(scores, target).item()
    mse = F.mse_loss(scores, 2 * torch.eye(10) - 1).item()
    return Finding(
        "correct" if abs(loss - mse) < 1e-6 else "wrong",
        f"on random images the loss is {loss / mse:.3f} times the mean squared difference to "
        "+1 and -1",
    )


@check("lenet-1989.c5")
def _initial_weights_of_1989() -> Finding:
    model = _lenet1989()
    farthest, count = 0.0, 0
    for name, fan_in in (("h1", 25), ("h2", 8 * 25), ("h3", 192), ("output", 30)):
        weights = model.get_submodule(name).get_parameter("weight").detach().flatten()
        count += weights.numel()
        # In units of the range the weights should be spread evenly from 0 to 1.
        place = (weights * fan_in / 2.4 + 1) / 2
        even = (torch.arange(place.numel()) + 0.5) / place.numel()
        distance = (place.sort().values - even).abs().max().item()
        # An even sample stays below 1.95 / sqrt(n) in 999 cases of 1,000.
        farthest = max(farthest, distance * place.numel() ** 0.5 / 1.95)
    return Finding(
        "correct" if farthest < 1 else "wrong",
        f"{count:,} weights of 4 layers: their Kolmogorov-Smirnov distance to U[-2.4/F, 2.4/F] is "
        f"at most {farthest:.2f} of the one that 1 even sample in 1,000 exceeds",
    )


@check("lenet-1989.c7")
def _years_since_1989() -> Finding:
    first = paper("lecun1989backprop").year
    return Finding(
        "correct" if SURVEY_YEAR - first == 29 else "wrong",
        f"{SURVEY_YEAR} - {first} = {SURVEY_YEAR - first}",
    )


@check("lenet-1990.c2")
def _shapes_of_1990() -> Finding:
    stated = {"h1": (4, 24, 24), "h2": (4, 12, 12), "h3": (12, 8, 8), "h4": (12, 4, 4)}
    table = summarize(_lenet1990(), (1, 28, 28))
    found = {name: table[name].output_shape or () for name in stated}
    return Finding(
        "correct" if found == stated else "wrong",
        ", ".join(f"{name.upper()} {_size(shape)}" for name, shape in found.items()),
    )


@check("lenet-1990.c3")
def _partial_connection_of_1990() -> Finding:
    return _partial(_lenet1990().h3)


@check("lenet-1990.c4")
def _outputs_of_1990() -> Finding:
    with torch.no_grad():
        scores = _lenet1990()(torch.rand(50, 1, 28, 28) * 2 - 1)
    sums = scores.sum(1)
    positive = bool((scores >= 0).all())
    adds_up = torch.allclose(sums, torch.ones(50), atol=1e-4)
    return Finding(
        "correct" if positive and adds_up else "imprecise",
        f"scores for random images, untrained: {scores.min():.2f} to {scores.max():.2f}, their "
        f"sums {sums.min():.2f} to {sums.max():.2f}",
    )


@check("lenet-1990.c5")
def _subsampling_of_1990() -> Finding:
    model = _lenet1990()
    return _trained_subsampling(model.h2, model.h4)


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
    return _trained_subsampling(model.s2, model.s4)


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
    is_tanh, is_scaled, fact = _tanh_or_scaled(model.activation)
    at_output = not isinstance(model.output, EuclideanRBF)
    if is_tanh and at_output:
        verdict = "correct"
    else:
        verdict = "imprecise" if is_tanh or is_scaled else "wrong"
    return Finding(verdict, f"{fact}; the output layer is {type(model.output).__name__}")


@check("lenet-5.c8")
def _partial_connection() -> Finding:
    return _partial(_lenet5().c3)
