"""AdaDelta."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="adadelta",
    name="AdaDelta",
    year=2012,
    era="optimizers",
    task="optimizer",
    paper="zeiler2012adadelta",
    chapter="toolbox/optimizers",
    object="optim.adadelta.AdaDelta",
    digest="adadelta",
)


@decided(
    "adadelta.c1",
    text="The update is built from the values of the gradient in every step.",
    check="algebra",
    verdict="correct",
    truth="As stated: from running averages of squared gradients and of squared updates. No "
    "learning rate is needed, since an update has the unit of the parameter.",
    source="zeiler2012adadelta, Algorithm 1",
)
def c1() -> Finding:
    import torch
    from torch import nn

    from cnnhistory.optim.adadelta import AdaDelta

    def path(scale: float) -> torch.Tensor:
        torch.manual_seed(0)
        w = nn.Parameter(torch.zeros(4, dtype=torch.double))
        optimizer = AdaDelta([w], eps=1e-12)
        for _ in range(20):
            w.grad = scale * torch.randn(4, dtype=torch.double)
            optimizer.step()
        return w.detach()

    moved, in_other_unit = path(1.0), path(1000.0)
    same = torch.allclose(moved, in_other_unit, rtol=1e-3)
    return Finding(
        "correct" if same and moved.abs().max() > 0 else "wrong",
        f"gradients a thousand times as large give {'the same' if same else 'other'} updates",
    )
