"""Architecture search with reinforcement learning, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="nas_rl",
    name="Architecture search with reinforcement learning",
    year=2016,
    era="inception",
    task="architecture search",
    paper="zoph2017neural",
    figures=(
        Figure("CIFAR-10 test error", 3.65, "%", 0.3, "Table 1"),
        Figure("parameters", 37_400_000, "parameters", 50_000, "Table 1"),
        Figure("networks trained in the search", 12_800, "networks", 0, "Section 4.1"),
    ),
    deviations=(
        "the space of cells is that of zoph2018learning, with two blocks and three operations",
        "children are trained for two epochs on 1,280 digits, and 200 of them make a search",
        "the controller is that of zoph2018learning; the paper's has two layers of 35 units, and "
        "anchors for skip connections",
        "the reward is the accuracy; the paper takes its cube, the best of the last epochs",
    ),
    chapter="inception/nasnet",
    models=("cell_network",),
    module="search.network",
    digest="nas-rl",
)


SEARCHES, CHILDREN, LAST = 10, 100, 20


@decided(
    "nas_rl.c1",
    text="The architecture is sampled by reinforcement learning.",
    check="exp",
    verdict="correct",
    truth="As stated: a recurrent controller draws it, decision by decision, and what was rewarded "
    "becomes more probable. In a miniature of the search the last children of a controller score "
    "higher than as many drawn by chance.",
    source="zoph2017neural, Section 3",
)
def c1() -> Finding:
    """Replay searches from the recorded scores of all cells, with a controller and without."""
    from cnnhistory.metrics.seeds import t_test
    from cnnhistory.search.run import random_search, search
    from cnnhistory.search.space import CellSpace
    from cnnhistory.zoo import recipe
    from cnnhistory.zoo.recording_search import load_table

    id = "nas_cells_digits"
    settings, table = recipe(id).space, load_table(id)  # type: ignore[union-attr]
    space = CellSpace(settings["blocks"], tuple(settings["operations"]))

    def reward(cell: str) -> float:
        return table[cell].reward

    test = t_test(
        [search(space, reward, CHILDREN, seed=n).last(LAST) for n in range(SEARCHES)],
        [random_search(space, reward, CHILDREN, seed=n).last(LAST) for n in range(SEARCHES)],
        names=("a controller", "chance"),
        of="searches",
    )
    higher = test.lower == "chance"
    means = f"{100 * test.mean_a:.1f} % with a controller, {100 * test.mean_b:.1f} % by chance"
    return Finding(
        "correct" if higher else "unverified",
        f"mean accuracy of the last {LAST} of {CHILDREN} children, {SEARCHES} searches each: "
        f"{means}; {test.conclusion}",
        ("the last children of a controller score higher than as many drawn by chance",)
        if higher
        else (),
    )
