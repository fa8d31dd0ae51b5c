"""Magnitude pruning, and what the survey says about it."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import in_words
from cnnhistory.system import Finding, Statement, System, decided

if TYPE_CHECKING:
    from torch import nn

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


# A loss of so much must have been likely to be seen, else nothing is said: the tolerance of the
# paper's figures.
LOSS = 0.002


def prune_digits(density: float = 1 / 12, again: bool = True) -> tuple[nn.Module, DigitsDataModule]:
    """Return LeNet-300-100 pruned on the 4,000 training digits, in seconds.

    Without `again` the weights that are left stay as they were before pruning.
    """
    from cnnhistory.compression.quantization import Bits
    from cnnhistory.compression.schedule import Schedule, run
    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.training.loop import Training

    data = DigitsDataModule(scale="small", pad_to=28, val_size=0)
    schedule = Schedule(
        model="lenet300_100",
        densities={"1": 0.94 * density, "3": 1.2 * density, "5": 3 * density},
        base=Training(4, 4e-3, batch_size=128),
        rounds=2,
        prune=Training(int(again), 4e-3, batch_size=128),
        retrain=Training(3 * again, 4e-3, batch_size=128),
        share=Training(0, 1e-3),
        bits=Bits(dense=8),
    )
    train = data.train_set
    made = run(schedule, train.images, train.labels, seed=0, with_counterpart=False)
    return made.compressed, data


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
    truth="As stated: with LeNet-300-100 the paper keeps 1 of 12 weights. In five recorded runs "
    "that keep 1 of 17 the error on MNIST is 1.08 % after training again, 1.10 % before pruning "
    "and 1.10 % for a counterpart trained as long; the differences cannot be told from chance. "
    "Without training again a network of 4,000 digits makes several times as many errors.",
    source="han2015learning, Section 3 and Table 1",
    quoted=("with LeNet-300-100 the paper keeps 1 of 12 weights",),
)
def c2() -> Finding:
    """Test whether pruned networks are worse than those they began from, and why they are not.

    The criterion: over the seeds of the recorded run neither Welch's t test nor a permutation test
    finds the pruned network, trained again, worse than the same network before, and a loss of
    `LOSS` would have been seen with a probability of 80 %.
    """
    from cnnhistory import zoo
    from cnnhistory.metrics.comparison import mcnemar, p_text
    from cnnhistory.metrics.seeds import permutation_test, t_test
    from cnnhistory.tasks.classification import evaluate

    seeds = zoo.record("lenet300_100_deep_compression").results
    before, after, longer = (
        [[row[error] for row in seed.history if row["stage"] == stage][-1] for seed in seeds]
        for stage, error in (
            ("base", "test_error"),
            ("retrain", "test_error"),
            ("retrain", "counterpart_error"),
        )
    )
    layers = [sum(layer[k] for layer in seeds[0].details["layers"]) for k in (1, 2)]
    times = layers[0] / layers[1]
    against = t_test(after, before)
    tests = (against.significant, permutation_test(after, before).significant)
    worse = any(tests) and against.difference > 0
    seen = against.smallest_difference <= LOSS
    as_long = t_test(after, longer)

    wrong = []
    for again in (True, False):
        network, data = prune_digits(again=again)
        answers = evaluate(network, data.test_set)
        wrong.append(answers.predictions != answers.targets)
    helps = mcnemar(wrong[1], wrong[0])
    if worse or times < 11.5:
        verdict = "wrong"
    elif not seen:
        verdict = "unverified"
    else:
        verdict = "correct" if helps.significant and helps.difference > 0 else "imprecise"
    kept, dense, trained = (f"{100 * mean(errors):.2f}" for errors in (after, before, longer))
    many = int(wrong[1].sum()) >= 2 * int(wrong[0].sum())
    return Finding(
        verdict,
        f"mean error of {len(seeds)} recorded runs: {dense} % before pruning; {kept} % after "
        f"training again with 1 of {times:.0f} weights (Welch's t test, p = "
        f"{p_text(against.p_value)}; a loss of {100 * against.smallest_difference:.2f} points "
        f"would have been seen with a probability of {100 * against.power:g} %); {trained} % for "
        f"a counterpart trained as long (p = {p_text(as_long.p_value)}). On "
        f"{len(data.test_set.labels):,} digits training again "
        f"{'leaves fewer' if helps.difference > 0 else 'does not leave fewer'} errors (exact "
        f"McNemar test, p {p_text(helps.p_value)})",
        (
            f"In {in_words(len(seeds))} recorded runs that keep 1 of {times:.0f} the error on "
            f"MNIST is {kept} % after training again, {dense} % before pruning and {trained} % "
            "for a counterpart",
            *["cannot be told from chance"] * (not worse and not as_long.significant),
            f"a network of {len(data.train_set.labels):,} digits",
            *["several times as many errors"] * many,
        ),
    )
