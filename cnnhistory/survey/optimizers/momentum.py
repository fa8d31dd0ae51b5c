"""Momentum."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="momentum",
    name="Momentum",
    year=1964,
    era="optimizers",
    task="optimizer",
    paper="polyak1964some",
    see_also=("sutskever2013importance",),
    chapter="toolbox/optimizers",
    object="optim.momentum.Momentum",
    digest="momentum",
)


@decided(
    "momentum.c1",
    text="A good initialization and momentum are both needed to train deep networks.",
    check="exp",
    verdict="correct",
    truth="As stated, for deep auto-encoders and for recurrent networks.",
    source="sutskever2013importance, Section 3",
)
def c1() -> Finding:
    """Train an auto-encoder of eight layers on digits from two starts, with and without momentum.

    The rates are the best on validation digits of a grid with steps of about two, as the chapter
    finds them; Welch's t tests over five seeds.
    """
    from torch import nn
    from torch.nn import functional as F

    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.metrics.seeds import t_test
    from cnnhistory.nn.init import xavier_uniform_
    from cnnhistory.training.autoencoders import Arm, train_autoencoders

    def small(network: nn.Module) -> None:
        for layer in network.modules():
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=0.01)
                nn.init.zeros_(layer.bias)

    data = DigitsDataModule(scale="small", pad_to=28)
    train, test = (
        F.avg_pool2d(part.images, 2).flatten(1) for part in (data.train_set, data.test_set)
    )
    kinds = (xavier_uniform_, 0.008, 0.99), (xavier_uniform_, 0.05, 0.0), (small, 0.008, 0.99)
    arms = [Arm(*kind, seed) for kind in kinds for seed in range(5)]
    networks = train_autoencoders(
        train, arms, hidden=(64, 32, 16, 8), steps=400, batch_size=50, every=20
    )
    errors = networks.errors(test)
    both, without, poor = errors[:5], errors[5:10], errors[10:]
    names = ("both", "one")
    needed = all(t_test(both, one, names=names).lower == "both" for one in (without, poor))
    means = [sum(part) / 5 for part in (both, without, poor)]
    return Finding(
        "correct" if needed else "wrong",
        f"squared error of a digit, mean of five seeds: with both {means[0]:.1f}, with the good "
        f"start alone {means[1]:.1f}, with momentum alone {means[2]:.1f}",
    )
