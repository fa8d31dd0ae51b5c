"""Shortcut connections, and what the survey says about them."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="skip_connections",
    name="Shortcut connections",
    year=2015,
    era="layers",
    task="layer",
    paper="he2016deep",
    see_also=("srivastava2015training",),
    object="nn.residual.make_shortcut",
    chapter="toolbox/connections",
    digest="skip-connections",
)


@decided(
    "skip_connections.c1",
    text="Connections across layers make deep networks easier to train.",
    check="exp",
    verdict="correct",
    truth="As stated: with 56 layers, the error on the training data is lower with shortcuts than "
    "without for every seed.",
    source="he2016deep, Section 4.2, Figure 6",
)
def c1() -> Finding:
    """Compare recorded runs of the same layers with and without shortcuts."""
    from statistics import mean

    from cnnhistory.zoo import record

    plain, residual = (
        [result.history[-1]["train_error"] for result in record(f"{name}_cifar10").results]
        for name in ("plain56", "resnet56")
    )
    lower = max(residual) < min(plain)
    return Finding(
        "correct" if lower else "unverified",
        f"training error on CIFAR-10, mean over seeds ({len(plain)}): {100 * mean(residual):.1f} % "
        f"with shortcuts, {100 * mean(plain):.1f} % without",
        ("with 56 layers", *["for every seed"] * lower),
    )
