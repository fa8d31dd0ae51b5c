"""Nesterov accelerated gradient."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="nag",
    name="Nesterov accelerated gradient",
    year=1983,
    era="optimizers",
    task="optimizer",
    paper="nesterov1983method",
    see_also=("sutskever2013importance",),
    chapter="toolbox/optimizers",
    object="optim.nag.NAG",
    digest="nag",
)


@decided(
    "nag.c1",
    text="A method for convex optimization; its vector v starts at 0.",
    check="algebra",
    verdict="correct",
    truth="As stated.",
    source="sutskever2013importance, equations (3) and (4)",
)
def c1() -> Finding:
    import torch
    from torch import nn

    from cnnhistory.optim.nag import NAG
    from cnnhistory.optim.sgd import SGD

    curvature = torch.tensor([1.0, 100.0], dtype=torch.double)
    left = {}
    for rule in (SGD, NAG):
        w = nn.Parameter(torch.ones(2, dtype=torch.double))
        optimizer = rule([w], lr=0.01)
        for _ in range(100):
            optimizer.zero_grad()
            (curvature * w.square() / 2).sum().backward()
            optimizer.step()
        left[rule.__name__] = w.detach().norm().item()
    zero = not NAG([w]).starting_state(w)["v"].any()
    nearer = left["NAG"] < left["SGD"]
    return Finding(
        "correct" if zero and nearer else "wrong",
        f"v {'starts' if zero else 'does not start'} at zero; on a convex bowl a hundred times as "
        f"steep in one direction 100 steps end {left['NAG']:.2g} from the minimum, those of "
        f"gradient descent {left['SGD']:.2g}",
    )
