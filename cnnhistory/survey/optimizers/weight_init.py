"""Weight initialization."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="weight_init",
    name="Weight initialization",
    year=2010,
    era="optimizers",
    task="initialization",
    paper="glorot2010understanding",
    see_also=("he2015delving",),
    chapter="toolbox/optimizers",
    object="nn.init.xavier_uniform_",
    digest="weight-init",
)


@decided(
    "weight_init.c1",
    text="The initial weights are vital for convergence.",
    check="exp",
    verdict="correct",
    truth="As stated, in deep networks without normalization: through 30 layers of ReLU the signal "
    "keeps its size with He's variance, halves its square in every layer with Xavier's, and is "
    "lost within ten layers with LeNet's.",
    source="he2015delving, Section 2.2",
)
def c1() -> Finding:
    """Follow the mean square of random inputs through layers of 100 units without bias."""
    import torch
    from torch import nn

    from cnnhistory.nn.init import he_normal_, lecun_uniform_, xavier_uniform_

    depth, left = 30, {}
    for name, start in (("He", he_normal_), ("Xavier", xavier_uniform_), ("LeNet", lecun_uniform_)):
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            values = torch.randn(200, 100)
            squares = [1.0]
            for _ in range(depth):
                layer = nn.Linear(100, 100, bias=False)
                start(layer)
                values = layer(values).relu()
                squares.append(float(values.double().square().mean()))
        left[name] = squares
    kept = 0.1 < left["He"][-1] < 10
    halved = 0.45 < (left["Xavier"][-1] / left["Xavier"][1]) ** (1 / (depth - 1)) < 0.55
    within = next((n for n, square in enumerate(left["LeNet"]) if square < 1e-9), depth + 1)
    lost = within <= 10
    return Finding(
        "correct" if kept and halved and lost else "wrong",
        f"mean square after {depth} layers: He {left['He'][-1]:.1g}, Xavier "
        f"{left['Xavier'][-1]:.1g}; after 10 with LeNet's {left['LeNet'][10]:.1g}",
        (f"through {depth} layers", f"within {'ten' if lost else within} layers"),
    )
