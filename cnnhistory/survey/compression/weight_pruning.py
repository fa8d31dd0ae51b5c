"""Magnitude pruning, and what the survey says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnhistory.papers import Figure
from cnnhistory.system import Finding, Statement, System, decided

if TYPE_CHECKING:
    from cnnhistory.compression.schedule import Compressed
    from cnnhistory.data.digits import DigitsDataModule

SYSTEM = System(
    id="weight_pruning",
    name="Magnitude pruning",
    year=2015,
    era="compression",
    task="compression",
    paper="han2015learning",
    figures=(
        Figure(
            "AlexNet, times fewer parameters",
            9.0,
            "times",
            tolerance=0.5,
            where="Tables 1 and 4",
            checked=True,
        ),
        Figure(
            "VGG-16, times fewer parameters",
            13.0,
            "times",
            tolerance=0.5,
            where="Tables 1 and 5",
            checked=True,
        ),
        Figure(
            "LeNet-300-100, times fewer parameters",
            12.0,
            "times",
            tolerance=0.5,
            where="Tables 1 and 2",
            checked=True,
        ),
        Figure(
            "LeNet-5 of Caffe, times fewer parameters",
            12.0,
            "times",
            tolerance=0.5,
            where="Tables 1 and 3",
            checked=True,
        ),
        Figure("LeNet-300-100, MNIST test error, dense", 1.64, "%", tolerance=0.2, where="Table 1"),
        Figure(
            "LeNet-300-100, MNIST test error, pruned", 1.59, "%", tolerance=0.2, where="Table 1"
        ),
        Figure(
            "LeNet-5 of Caffe, MNIST test error, dense", 0.8, "%", tolerance=0.15, where="Table 1"
        ),
        Figure(
            "LeNet-5 of Caffe, MNIST test error, pruned", 0.77, "%", tolerance=0.15, where="Table 1"
        ),
    ),
    deviations=(
        "AlexNet and VGG-16 are not trained here: their reductions are computed from the "
        "densities that the paper reports",
        "a layer's threshold follows from a density, so that sizes are known beforehand; the "
        "paper's own, a multiple of the standard deviation, is there as well",
        "the networks of the recorded runs see digits shifted by up to one pixel",
    ),
    chapter="compression/pruning",
    object="compression.pruning.prune_iteratively",
    digest="weight-pruning",
)


def prune_digits(density: float = 1 / 12) -> tuple[Compressed, DigitsDataModule]:
    """Return LeNet-300-100 pruned on the 4,000 training digits, and its counterpart, in seconds."""
    from cnnhistory.compression.quantization import Bits
    from cnnhistory.compression.schedule import Schedule, run
    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.training.loop import Training

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


c1 = Statement(
    "weight_pruning.c1",
    text="Without loss of accuracy pruning leaves 1/9 of AlexNet's parameters and 1/13 of "
    "VGG-16's.",
    check="cite",
    verdict="correct",
    truth="As the paper reports: 6.7 of 61 million and 10.3 of 138 million. The densities of "
    "its tables, applied to the layers of our networks, give 9.0 and 13.1 times fewer.",
    source="han2015learning, Tables 1, 4 and 5",
)


@decided(
    "weight_pruning.c2",
    text="The network is trained, weights below a threshold are dropped, the others are "
    "trained again, and this is repeated, which keeps the accuracy.",
    check="exp",
    verdict="correct",
    truth="As stated: with LeNet-300-100 the paper keeps 1 of 12 weights. Training again is "
    "what keeps the accuracy; without it most is lost.",
    source="han2015learning, Section 3 and Table 1",
)
def c2() -> Finding:
    from cnnhistory.compression.pruning import densities, total_density
    from cnnhistory.metrics.proportion import binomial_interval
    from cnnhistory.tasks.classification import evaluate

    made, data = prune_digits()
    times = 1 / total_density(densities(made.compressed))
    counterpart, pruned = (
        evaluate(made.counterpart, data.test_set),
        evaluate(made.compressed, data.test_set),
    )
    close = binomial_interval(counterpart.errors, counterpart.n).overlaps(pruned.interval)
    return Finding(
        "correct" if close and times > 11.5 else "wrong",
        f"LeNet-300-100 on 4,000 digits, {times:.0f} times fewer weights: its 95 % interval of the "
        f"test error {'overlaps' if close else 'does not overlap'} that of its dense counterpart",
    )
