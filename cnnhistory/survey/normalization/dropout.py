"""Dropout, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="dropout",
    name="Dropout",
    year=2012,
    era="normalization",
    task="regularization",
    paper="hinton2012improving",
    see_also=("srivastava2014dropout", "baldi2013understanding", "wardefarley2013empirical"),
    chapter="toolbox/normalization",
    object="nn.regularization.dropout.Dropout",
    digest="dropout",
)


@decided(
    "dropout.c1",
    text="It reduces overfitting.",
    check="exp",
    verdict="correct",
    truth="As stated, on 200 digits: the cross-entropy of test digits is lower with it, and nearer "
    "to that of the training digits.",
    source="srivastava2014dropout, Section 6",
    quoted=("200 digits",),
)
def c1() -> Finding:
    """Train a network of two hidden layers on 200 digits with and without, from three seeds."""
    from statistics import fmean

    from cnnhistory.metrics.seeds import t_test
    from cnnhistory.survey.small_runs import dropout_on_digits

    names = ("without", "with")
    runs = [dropout_on_digits(rate) for rate in (0.0, 0.5)]
    test = [[test for _, test in run] for run in runs]
    gap = [[test - train for train, test in run] for run in runs]
    nearer, better = (t_test(a, b, names=names).lower == "with" for a, b in (gap, test))
    return Finding(
        "wrong" if not nearer else "correct" if better else "imprecise",
        f"a cross-entropy of test digits of {fmean(test[1]):.2f} with it and {fmean(test[0]):.2f} "
        f"without, {fmean(gap[1]):.2f} and {fmean(gap[0]):.2f} above that of the training digits",
        (*["is lower with it"] * better, *["nearer to that of the training digits"] * nearer),
    )
