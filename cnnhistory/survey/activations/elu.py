"""ELU, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="elu",
    name="ELU",
    year=2015,
    era="activations",
    task="activation",
    paper="clevert2016fast",
    object="nn.activation.ELU",
    chapter="toolbox/activations",
    digest="elu",
)


@decided(
    "elu.c1",
    text="ELU and PReLU work well in practice, and ReLU or one of its variants is the norm.",
    check="exp",
    verdict="opinion",
    truth="In a small race both work: after 100 steps they name fewer than 15 % of the digits "
    "wrongly, as ReLU does. What the norm is, is a judgment, and changes with the years.",
    source="clevert2016fast, Section 4",
)
def c1() -> Finding:
    """Train dense networks with each at its best rate, and count wrong answers."""
    from statistics import fmean

    from cnnhistory.survey import activation_runs as runs

    wrong = {
        name: fmean(
            100 * runs.error(runs.trained(name, *runs.best(name), seed)[0]) for seed in range(3)
        )
        for name in ("ELU", "PReLU", "ReLU")
    }
    work = max(wrong.values()) < 15
    return Finding(
        "opinion" if work else "wrong",
        f"test digits wrong after {runs.STEPS} steps, mean of three seeds: "
        + ", ".join(f"{value:.1f} % with {name}" for name, value in wrong.items()),
        (f"after {runs.STEPS} steps", *["fewer than 15 %"] * work),
    )
