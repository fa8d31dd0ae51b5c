"""Statements about looking inside a network: occlusion and the deconvnet."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory import create_model, zoo
from cnnhistory.claims.record import Finding, Statement, check
from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.visualize.deconvnet import only_strongest, record
from cnnhistory.visualize.occlusion import class_probability, occlusion_map
from cnnhistory.visualize.sanity import correlation

STATEMENTS = (
    Statement(
        id="zfnet.c3",
        system="zfnet",
        text="Occluding parts of an image shows what the classifier relies on.",
        check="exp",
        verdict="correct",
        truth="As stated: a gray square is moved over the image, and the probability of the class "
        "drops where the square hides what it rests on. What is there twice, or larger than the "
        "square, is not found that way.",
        source="zeiler2014visualizing, Section 4.2",
    ),
    Statement(
        id="deconvnet-visualization.c1",
        system="deconvnet_visualization",
        text="Activations are projected back to pixels by a stack of transposed convolutions.",
        check="exp",
        verdict="correct",
        truth="As stated, together with the places of the maxima, the switches, which the survey "
        "leaves out. They hold much of the picture: with the switches of another image the "
        "projection shows that other image.",
        source="zeiler2014visualizing, Section 2.1, Figure 1",
    ),
)

SIDE, SQUARE = 16, 3


def _noise_with_squares(n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return images of noise, classes, and where those of class 1 have a bright square."""
    x, y = 0.5 * torch.randn(n, 1, SIDE, SIDE), torch.arange(n) % 2
    at = torch.randint(0, SIDE - SQUARE + 1, (n, 2))
    for k in range(1, n, 2):
        row, column = at[k].tolist()
        x[k, 0, row : row + SQUARE, column : column + SQUARE] += 2
    return x, y, at


def _detector(steps: int) -> nn.Module:
    """Train a small network to tell whether there is a square."""
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


@check("zfnet.c3")
def _occlusion() -> Finding:
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


def _share(part: int, total: int) -> str:
    """Say how many in a form that is the same on every machine."""
    return "over 90 %" if part >= 0.9 * total else f"{100 * part / total:.0f} %"


@check("deconvnet-visualization.c1")
def _deconvnet() -> Finding:
    network = create_model("lenet5_modern")
    network.load_state_dict(zoo.load_weights("lenet5_modern_mnist"))
    relu, pool = nn.ReLU(), nn.MaxPool2d(2)
    layers = [network.get_submodule(name) for name in ("c1", "c3", "c5")]
    chain = nn.Sequential(layers[0], relu, pool, layers[1], relu, pool, layers[2], relu)
    digits = DigitsDataModule(levels="unit").test_set.images[:100]
    others = digits.roll(1, dims=0)
    run = record(chain, digits)
    kept = only_strongest(run.output, run.output.flatten(1).argmax(1))
    own, foreign = run.project(kept), record(chain, others).project(kept)
    found = [correlation(own, digits), correlation(foreign, digits), correlation(foreign, others)]
    verdict = "correct" if found[0] > 0.5 and found[0] > 2 * found[1] else "wrong"
    return Finding(
        verdict,
        "strongest unit of C5 of a recorded LeNet-5, 100 digits: correlation of projection and "
        f"digit {found[0]:.1f}; with the switches of another digit {found[1]:.1f}, and "
        f"{found[2]:.1f} with that other digit",
    )
