"""AdaGrad."""

from __future__ import annotations

from itertools import pairwise

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="adagrad",
    name="AdaGrad",
    year=2011,
    era="optimizers",
    task="optimizer",
    paper="duchi2011adaptive",
    chapter="toolbox/optimizers",
    object="optim.adagrad.AdaGrad",
    digest="adagrad",
)


@decided(
    "adagrad.c1",
    text="The step is scaled by the past gradients: the effective learning rate only falls.",
    check="exp",
    verdict="correct",
    truth="As stated, however small the later gradients are.",
    source="duchi2011adaptive, Figure 1",
)
def c1() -> Finding:
    import torch
    from torch import nn

    from cnnhistory.optim.adagrad import AdaGrad

    w = nn.Parameter(torch.zeros(1, dtype=torch.double))
    optimizer, rates = AdaGrad([w], lr=0.1), []
    for g in [1.0] * 20 + [0.001] * 100:
        before = w.item()
        w.grad = torch.full_like(w, g)
        optimizer.step()
        rates.append(abs(w.item() - before) / g)
    falls = all(b <= a * (1 + 1e-9) for a, b in pairwise(rates))
    return Finding(
        "correct" if falls else "wrong",
        f"over {len(rates)} steps, the last 100 with gradients a thousandth as large, the "
        f"effective rate went from {rates[0]:.3g} to {rates[-1]:.3g} and "
        f"{'never' if falls else 'once'} rose",
    )
