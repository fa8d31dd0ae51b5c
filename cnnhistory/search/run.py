"""The search itself: a policy, or chance, proposes children; each is scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import fmean

import torch

from cnnhistory._util.checks import check_counts
from cnnhistory.search.policy import Policy, PolicySettings
from cnnhistory.search.space import CellSpace


@dataclass(frozen=True)
class History:
    """The children of a search, in the order in which they were tried.

    Units: `rewards` are accuracies, fractions.
    """

    cells: tuple[str, ...]
    rewards: tuple[float, ...]

    @property
    def best(self) -> str:
        """The cell with the highest reward, the first of them."""
        return self.cells[self.rewards.index(max(self.rewards))]

    @property
    def best_so_far(self) -> list[float]:
        """The highest reward up to each child."""
        return list(accumulate(self.rewards, max))

    def top(self, count: int) -> float:
        """Return the mean reward of the best different cells.

        Raises:
            ValueError: `count` is below 1.
        """
        check_counts(count=count)
        different = dict(zip(self.cells, self.rewards, strict=True))
        return fmean(sorted(different.values(), reverse=True)[:count])

    def last(self, count: int) -> float:
        """Return the mean reward of the last children.

        Raises:
            ValueError: `count` is below 1.
        """
        check_counts(count=count)
        return fmean(self.rewards[-count:])


def search(
    space: CellSpace,
    reward: Callable[[str], float],
    children: int,
    settings: PolicySettings | None = None,
    seed: int = 0,
) -> History:
    """Let a controller propose children and learn from their rewards.

    A cell that is proposed twice counts twice, though it is scored alike.

    Args:
        space: of the cells.
        reward: gives the accuracy of a cell by its name.
        children: how many are tried; those of the last, incomplete batch teach nothing.
        settings: of the controller's training.
        seed: of everything random.

    Raises:
        ValueError: `children` is below 1.

    Source: zoph2018learning, Section 3, Figure 1.
    """
    check_counts(children=children)
    policy = Policy(space.choices, settings, seed)
    cells: list[str] = []
    rewards: list[float] = []
    while len(cells) < children:
        decisions = policy.draw(min(policy.settings.batch, children - len(cells)))
        batch = [space.canonical(row) for row in decisions.tolist()]
        scores = [reward(cell) for cell in batch]
        cells += batch
        rewards += scores
        if len(scores) == policy.settings.batch:
            policy.learn(decisions, torch.tensor(scores))
    return History(tuple(cells), tuple(rewards))


def random_search(
    space: CellSpace, reward: Callable[[str], float], children: int, seed: int = 0
) -> History:
    """Propose as many children by chance: every decision with equal probabilities.

    Raises:
        ValueError: `children` is below 1.

    Source: zoph2018learning, Section 4.4.
    """
    check_counts(children=children)
    drawn = space.sample(children, torch.Generator().manual_seed(seed))
    cells = [space.canonical(row) for row in drawn.tolist()]
    return History(tuple(cells), tuple(reward(cell) for cell in cells))


def mean_curve(histories: Sequence[History]) -> list[float]:
    """Return the mean over several searches of the highest reward up to each child."""
    curves = (history.best_so_far for history in histories)
    return [fmean(values) for values in zip(*curves, strict=True)]
