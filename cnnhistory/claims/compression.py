"""Statements about the size of networks, pruning, Deep Compression and quantization."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cnnhistory import create_model
from cnnhistory.claims.record import Finding, Statement, check
from cnnhistory.compression.pruning import densities, total_density
from cnnhistory.compression.quantization import Bits
from cnnhistory.compression.schedule import Compressed, Schedule, run
from cnnhistory.compression.training import Training
from cnnhistory.metrics.proportion import binomial_interval

if TYPE_CHECKING:
    from cnnhistory.data.digits import DigitsDataModule

STATEMENTS = (
    Statement(
        id="model-size.c1",
        system="model_size",
        text="In Caffe the file of AlexNet has over 200 MB and that of VGG over 500 MB, too much "
        "for an app.",
        check="count",
        verdict="correct",
        truth="As stated: four bytes for each of 60,965,224 and 138,357,544 parameters.",
        source="krizhevsky2012imagenet, Section 3.5",
    ),
    Statement(
        id="weight-pruning.c1",
        system="weight_pruning",
        text="Without loss of accuracy pruning leaves 1/9 of AlexNet's parameters and 1/13 of "
        "VGG-16's.",
        check="cite",
        verdict="correct",
        truth="As the paper reports: 6.7 of 61 million and 10.3 of 138 million. The densities of "
        "its tables, applied to the layers of our networks, give 9.0 and 13.1 times fewer.",
        source="han2015learning, Tables 1, 4 and 5",
    ),
    Statement(
        id="weight-pruning.c2",
        system="weight_pruning",
        text="The network is trained, weights below a threshold are dropped, the others are "
        "trained again, and this is repeated, which keeps the accuracy.",
        check="exp",
        verdict="correct",
        truth="As stated: with LeNet-300-100 the paper keeps 1 of 12 weights. Training again is "
        "what keeps the accuracy; without it most is lost.",
        source="han2015learning, Section 3 and Table 1",
    ),
    Statement(
        id="deep-compression.c1",
        system="deep_compression",
        text="Deep Compression has three steps, pruning, quantization that shares weights, and "
        "Huffman coding, and does not cost accuracy.",
        check="cite",
        verdict="correct",
        truth="As the paper reports, for four networks that become 35 to 49 times smaller.",
        source="han2016deep, Table 1",
    ),
    Statement(
        id="quantization.c1",
        system="quantization",
        text="Arithmetic in fixed point is much faster than in floating point.",
        check="exp",
        verdict="opinion",
        truth="It depends on the machine and the program. Where there are instructions for it, "
        "eight-bit numbers are multiplied several times faster; whole numbers in a general loop "
        "are slower than floats in a tuned library.",
        source="gong2014compressing, Section 1",
    ),
)


@check("model-size.c1")
def _sizes() -> Finding:
    megabytes = {}
    for name in ("alexnet", "vgg16"):
        with torch.device("meta"):
            model = create_model(name)
        megabytes[name] = sum(p.numel() * p.element_size() for p in model.parameters()) / 1e6
    holds = megabytes["alexnet"] > 200 and megabytes["vgg16"] > 500
    return Finding(
        "correct" if holds else "wrong",
        ", ".join(f"{name} {size:.1f} MB" for name, size in megabytes.items()),
    )


def prune_digits(density: float = 1 / 12) -> tuple[Compressed, DigitsDataModule]:
    """Return LeNet-300-100 pruned on the 4,000 training digits, and its twin, in seconds."""
    from cnnhistory.data.digits import DigitsDataModule

    data = DigitsDataModule(scale="small", pad_to=28, val_size=0)
    stretch = Training(1, 4e-3, batch_size=128)
    schedule = Schedule(
        model="lenet300_100",
        densities={"1": 0.94 * density, "3": 1.2 * density, "5": 3 * density},
        base=Training(4, 4e-3, batch_size=128),
        rounds=2,
        prune=stretch,
        retrain=Training(3, 4e-3, batch_size=128),
        share=Training(0, 1e-3),
        bits=Bits(dense=8),
    )
    train = data.train_set
    return run(schedule, train.images, train.labels, seed=0), data


@check("weight-pruning.c2")
def _pruning_keeps_accuracy() -> Finding:
    from cnnhistory.tasks.classification import evaluate

    made, data = prune_digits()
    times = 1 / total_density(densities(made.compressed))
    twin, pruned = evaluate(made.twin, data.test_set), evaluate(made.compressed, data.test_set)
    close = binomial_interval(twin.errors, twin.n).overlaps(pruned.interval)
    return Finding(
        "correct" if close and times > 11.5 else "wrong",
        f"LeNet-300-100 on 4,000 digits, {times:.0f} times fewer weights: its 95 % interval of the "
        f"test error {'overlaps' if close else 'does not overlap'} that of its dense twin",
    )


def product_seconds(a: Tensor, b: Tensor, repeats: int = 7) -> float:
    """Return the median time of a matrix product, in seconds."""
    torch.matmul(a, b)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        torch.matmul(a, b)
        times.append(time.perf_counter() - start)
    return median(times)


@check("quantization.c1")
def _whole_numbers_are_not_always_faster() -> Finding:
    whole = torch.randint(-127, 128, (192, 192), dtype=torch.int32)
    slower = product_seconds(whole, whole) > product_seconds(whole.float(), whole.float())
    return Finding(
        "opinion" if slower else "correct",
        "192×192 products in torch: 32-bit whole numbers take "
        + ("longer" if slower else "less time")
        + " than 32-bit floats",
    )
