"""ZFNet, and what the survey says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import convolutions, right_or_wrong
from cnnhistory.system import Finding, Statement, System, decided

if TYPE_CHECKING:
    from torch import Tensor, nn

SYSTEM = System(
    id="zfnet",
    name="ZFNet",
    year=2013,
    era="imagenet",
    task="classification",
    paper="zeiler2014visualizing",
    figures=(
        Figure(
            "ILSVRC-2012 top-5 validation error, one network",
            16.5,
            "%",
            tolerance=0.2,
            where="Table 2",
            model="zfnet",
        ),
        Figure(
            "ILSVRC-2012 top-5 test error, six networks", 14.8, "%", tolerance=0.2, where="Table 2"
        ),
    ),
    deviations=(
        "one pixel of padding around the image, and pooling windows that reach over the "
        "edge: the sizes in the paper's figure need both, its text names neither",
        "AlexNet's response normalization with its constants stands for the paper's "
        '"contrast normalization", whose constants are not given',
        "weights drawn from N(0, 0.01^2), where the paper says that all are initialized to 0.01",
    ),
    models=("zfnet",),
    chapter="imagenet/zfnet",
    digest="zfnet",
)

SIDE, SQUARE = 16, 3
SIDE, SQUARE = 16, 3


def _noise_with_squares(n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return images of noise, classes, and where those of class 1 have a bright square."""
    import torch

    x, y = 0.5 * torch.randn(n, 1, SIDE, SIDE), torch.arange(n) % 2
    at = torch.randint(0, SIDE - SQUARE + 1, (n, 2))
    for k in range(1, n, 2):
        row, column = at[k].tolist()
        x[k, 0, row : row + SQUARE, column : column + SQUARE] += 2
    return x, y, at


def _detector(steps: int) -> nn.Module:
    """Train a small network to tell whether there is a square."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    network = nn.Sequential(
        nn.Conv2d(1, 4, SQUARE), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    adam = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(steps):
        x, y, _ = _noise_with_squares(64)
        loss = F.cross_entropy(network(x), y)
        adam.zero_grad()
        loss.backward()
        adam.step()
    return network


def _share(part: int, total: int) -> str:
    """Say how many in a form that is the same on every machine."""
    return "over 90 %" if part >= 0.9 * total else f"{100 * part / total:.0f} %"


@decided(
    "zfnet.c1",
    text="The first layer has kernels of 7×7 instead of AlexNet's 11×11, and stride 2 instead "
    "of 4.",
    check="count",
    verdict="correct",
    truth="As stated. The stride of the second layer is 2 instead of 1 as well.",
    source="zeiler2014visualizing, Section 4.1, Figure 3",
)
def c1() -> Finding:
    from cnnhistory.registry import on_meta

    sizes = {
        name: [(layer.kernel_size[0], layer.stride[0]) for layer in convolutions(on_meta(name))]
        for name in ("alexnet", "zfnet")
    }
    facts = [
        f"{name}: {', '.join(f'{k}×{k} stride {s}' for k, s in sizes[name][:2])}" for name in sizes
    ]
    return Finding(
        right_or_wrong((sizes["alexnet"][0], sizes["zfnet"][0]) == ((11, 4), (7, 2))),
        f"first two layers of {'; of '.join(facts)}",
        (f"second layer is {sizes['zfnet'][1][1]} instead of {sizes['alexnet'][1][1]}",),
    )


c2 = Statement(
    "zfnet.c2",
    text="The top-5 error is 1.7 % below AlexNet's.",
    check="cite",
    verdict="imprecise",
    truth="Percentage points, on the validation set and for one network each: 16.5 % and 18.2 %.",
    source="zeiler2014visualizing, Table 2",
)


@decided(
    "zfnet.c3",
    text="Occluding parts of an image shows what the classifier relies on.",
    check="exp",
    verdict="correct",
    truth="As stated: a gray square is moved over the image, and the probability of the class "
    "drops where the square hides what it rests on. What is there twice, or larger than the "
    "square, is not found that way.",
    source="zeiler2014visualizing, Section 4.2",
)
def c3() -> Finding:
    import torch

    from cnnhistory.visualize.occlusion import class_probability, occlusion_map

    probability = class_probability(_detector(steps=150), 1)
    images, classes, at = _noise_with_squares(100)
    found = 0
    for k in classes.nonzero().flatten().tolist():
        drop = occlusion_map(images[k], probability, SQUARE)
        lowest = torch.tensor(divmod(int(drop.argmin()), drop.shape[1]))
        found += int((lowest - at[k]).abs().max() < SQUARE)
    total = int(classes.sum())
    verdict = "correct" if found >= 0.9 * total else "wrong"
    return Finding(
        verdict,
        f"a small network learned to see a bright square in noise; in {_share(found, total)} of "
        f"{total} new images the probability is lowest where the occlusion covers that square",
    )
