"""Statements about residual networks, highway networks and what residual networks are."""

from __future__ import annotations

from itertools import product
from typing import cast

import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory.accounting import count_multiply_adds
from cnnhistory.claims.record import Finding, Statement, check
from cnnhistory.models.highway_network import Highway
from cnnhistory.models.resnet import CIFAR_DEPTHS, ResNet

STATEMENTS = (
    Statement(
        id="resnet.c1",
        system="resnet",
        text="With 152 layers it is eight times as deep as VGG.",
        check="algebra",
        verdict="correct",
        truth="As stated, for VGG-19.",
        source="he2016deep, Section 1",
    ),
    Statement(
        id="resnet.c2",
        system="resnet",
        text="It costs less than VGG all the same.",
        check="count",
        verdict="correct",
        truth="As stated: 11.3 billion multiply-adds, VGG-16 15.5 and VGG-19 19.6 billion.",
        source="he2016deep, Section 3.3, Table 1",
    ),
    Statement(
        id="resnet.c3",
        system="resnet",
        text="The network of 152 layers has a top-5 error of 3.57 % on ImageNet's test set.",
        check="cite",
        verdict="imprecise",
        truth="3.57 % is the error of six networks together; 152 layers alone have 4.49 % on the "
        "validation set.",
        source="he2016deep, Tables 4 and 5",
    ),
    Statement(
        id="resnet.c4",
        system="resnet",
        text="It won the classification task of ILSVRC-2015.",
        check="cite",
        verdict="correct",
        truth="As stated.",
        source="he2016deep, Section 4.1, Table 5",
    ),
    Statement(
        id="resnet.c5",
        system="resnet",
        text="On CIFAR-10 there are networks of 100 and of 1000 layers.",
        check="count",
        verdict="imprecise",
        truth="They have 110 and 1202 layers; all have 6n + 2.",
        source="he2016deep, Section 4.2, Table 6",
    ),
    Statement(
        id="resnet.c7",
        system="resnet",
        text="It takes the idea of its shortcuts from highway networks.",
        check="cite",
        verdict="imprecise",
        truth="The paper names highway networks as concurrent work. Their shortcuts have gates "
        "with parameters; those of ResNet have none and are never shut.",
        source="he2016deep, Section 2",
    ),
    Statement(
        id="highway-network.c1",
        system="highway_network",
        text="A highway layer resembles an LSTM.",
        check="exp",
        verdict="opinion",
        truth="Its authors took the gate from there. It is the step of the cell with the forget "
        "gate tied to the input gate, but without an output gate and with new weights in each "
        "layer.",
        source="srivastava2015training, Sections 1 and 2",
    ),
    Statement(
        id="resnet-ensemble-view.c1",
        system="resnet_ensemble_view",
        text="A residual network is an implicit ensemble of exponentially many networks.",
        check="algebra",
        verdict="correct",
        truth="As stated, for the number of paths: n blocks can be passed in 2^n ways.",
        source="veit2016residual, Section 3",
    ),
    Statement(
        id="resnet-ensemble-view.c2",
        system="resnet_ensemble_view",
        text="The number of these networks is introduced as a new concept, diversity.",
        check="cite",
        verdict="imprecise",
        truth="The paper's word is multiplicity.",
        source="veit2016residual, Section 6",
    ),
    Statement(
        id="resnet-ensemble-view.c6",
        system="resnet_ensemble_view",
        text="Residual networks do not solve the problem of vanishing gradients but avoid it.",
        check="cite",
        verdict="opinion",
        truth="This is how the paper reads its measurements: short paths carry the gradient.",
        source="veit2016residual, Sections 5 and 6",
    ),
    Statement(
        id="resnet-ensemble-view.c7",
        system="resnet_ensemble_view",
        text="To call it an ensemble is doubtful, since the members share layers and are trained "
        "together on the same data.",
        check="cite",
        verdict="opinion",
        truth="The survey's own objection. The paper claims that the network behaves like an "
        "ensemble in tests, not that its paths were trained as one.",
        source="veit2016residual, Sections 4 and 6",
    ),
)


def _on_meta(name: str) -> nn.Module:
    with torch.device("meta"):
        return create_model(name)


def _depth(network: nn.Module) -> int:
    """Count the layers with weights, without the projections of shortcuts."""
    return sum(
        isinstance(module, nn.Conv2d | nn.Linear)
        for name, module in network.named_modules()
        if ".shortcut." not in name
    )


@check("resnet.c1")
def _depth_against_vgg() -> Finding:
    depth, vgg19, vgg16 = (_depth(_on_meta(name)) for name in ("resnet152", "vgg19", "vgg16"))
    return Finding(
        "correct" if depth / vgg19 == 8 else "wrong",
        f"{depth} / {vgg19} = {depth / vgg19:.1f}; {depth} / {vgg16} = {depth / vgg16:.1f}",
    )


@check("resnet.c2")
def _work_against_vgg() -> Finding:
    resnet, vgg16, vgg19 = (
        count_multiply_adds(_on_meta(name), (3, 224, 224))
        for name in ("resnet152", "vgg16", "vgg19")
    )
    return Finding(
        "correct" if resnet < min(vgg16, vgg19) else "wrong",
        f"multiply-adds: {resnet:,}; VGG-16 {vgg16:,}, VGG-19 {vgg19:,}",
    )


@check("resnet.c5")
def _depths_for_cifar() -> Finding:
    # Thin networks, since only their layers are counted.
    depths = [_depth(create_model(f"resnet{depth}", width=1 / 16)) for depth in CIFAR_DEPTHS]
    deepest = sorted(depths)[-2:]
    exact = deepest == [100, 1000]
    near = all(
        abs(depth / stated - 1) < 0.25 for depth, stated in zip(deepest, (100, 1000), strict=True)
    )
    return Finding(
        "correct" if exact else "imprecise" if near else "wrong",
        f"the deepest two have {deepest[0]} and {deepest[1]} layers",
    )


@check("highway-network.c1")
@torch.no_grad()
def _is_an_lstm_step() -> Finding:
    """Feed an LSTM cell its own state as input, with the forget gate tied to the input gate."""
    width = 7
    layer = Highway(nn.Sequential(nn.Linear(width, width), nn.Tanh()), nn.Linear(width, width))
    cell = nn.LSTMCell(width, width)
    cell.weight_hh.zero_()
    cell.bias_hh.zero_()
    gate, transform = layer.gate, layer.transform.get_submodule("0")
    # rows of input gate, forget gate, candidate and output gate; sigmoid(-a) = 1 - sigmoid(a)
    for own, weights in ((cell.weight_ih, "weight"), (cell.bias_ih, "bias")):
        t, h = getattr(gate, weights), getattr(transform, weights)
        own.copy_(torch.cat([t, -t, h, torch.zeros_like(h)]))
    x = torch.randn(5, width)
    output, state = cell(x, (torch.zeros_like(x), x))
    expected = layer(x)
    is_step = torch.allclose(state, expected, atol=1e-6)
    is_output = torch.allclose(output, expected, atol=1e-3)
    verdict = ("correct" if is_output else "opinion") if is_step else "wrong"
    return Finding(
        verdict,
        f"with the forget gate 1 minus the input gate, the new state of an LSTM cell "
        f"{'equals' if is_step else 'does not equal'} the layer to 1e-6; what the cell puts out "
        f"{'does' if is_output else 'does not'}",
    )


@check("resnet-ensemble-view.c1")
def _paths() -> Finding:
    blocks = [torch.randn(3, 3, dtype=torch.double) for _ in range(5)]
    identity = torch.eye(3, dtype=torch.double)
    whole = identity
    for block in blocks:
        whole = whole + block @ whole
    paths = []
    for taken in product((False, True), repeat=len(blocks)):
        path = identity
        for block, take in zip(blocks, taken, strict=True):
            path = block @ path if take else path
        paths.append(path)
    is_sum = torch.allclose(sum(paths, torch.zeros_like(whole)), whole)
    resnet110 = cast(ResNet, _on_meta("resnet110"))
    count = len(resnet110.blocks)
    return Finding(
        "correct" if is_sum else "wrong",
        f"{len(blocks)} linear blocks {'are' if is_sum else 'are not'} the sum of their "
        f"{len(paths)} paths; the {count} blocks of ResNet-110 have {2**count:,}",
    )
