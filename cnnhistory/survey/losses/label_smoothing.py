"""Label smoothing, and what the survey says about it."""

from __future__ import annotations

from statistics import fmean

from cnnhistory.survey import small_runs
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="label_smoothing",
    name="Label smoothing",
    year=2015,
    era="losses",
    task="loss",
    paper="szegedy2016rethinking",
    see_also=("guo2017calibration", "muller2019when"),
    chapter="inception/inception_v3",
    object="nn.losses.label_smoothing.LabelSmoothingLoss",
    digest="label-smoothing",
)


@decided(
    "label_smoothing.c1",
    text="Label smoothing acts as a regularizer: it constrains the network and reduces "
    "overfitting.",
    check="exp",
    verdict="correct",
    truth="As stated: learning everything by heart costs much with hard labels, the cross-entropy "
    "of test items more than doubles, and little with smoothed ones. It is no free gain: with a "
    "rate so low that the network hardly overfits, the cross-entropy is higher with smoothing.",
    source="szegedy2016rethinking, Section 7",
)
def c1() -> Finding:
    """Train a dense network on 200 digits at a low and at a high rate, with both labels."""
    from cnnhistory.metrics.seeds import t_test

    low, high = small_runs.RATES
    losses = {
        (rate, eps): [seen.test.log_loss for seen in small_runs.labels_on_digits(rate, eps)]
        for rate in (low, high)
        for eps in (0.0, 0.1)
    }
    names = ("hard labels", "smoothed labels")
    gentle, by_heart = (t_test(losses[rate, 0.0], losses[rate, 0.1], names=names)
                        for rate in (low, high))  # fmt: skip
    mean = {key: fmean(values) for key, values in losses.items()}
    grows, still = (mean[high, eps] / mean[low, eps] for eps in (0.0, 0.1))
    helps = by_heart.lower == "smoothed labels"
    constrains = helps and grows > 2 and still < 1.2
    return Finding(
        "correct" if constrains else "imprecise" if helps else "wrong",
        f"mean cross-entropy of 1,000 test digits over {small_runs.SEEDS} seeds, at a rate of "
        f"{low} and of {high}: with hard labels {mean[low, 0.0]:.2f} and {mean[high, 0.0]:.2f}, "
        f"with smoothed ones {mean[low, 0.1]:.2f} and {mean[high, 0.1]:.2f}",
        (
            *["more than doubles"] * (grows > 2),
            *["the cross-entropy is higher with smoothing"] * (gentle.lower == "hard labels"),
        ),
    )
