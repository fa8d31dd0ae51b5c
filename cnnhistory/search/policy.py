"""How a controller learns from rewards: REINFORCE with a baseline, or proximal policy optimization.

Source: R. Williams (1992) [williams1992simple]; J. Schulman, F. Wolski, P. Dhariwal, A. Radford,
O. Klimov (2017) [schulman2017proximal].
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cnnhistory._util.checks import check_counts, check_finite, check_share
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.search.controller import Controller

METHODS = ("reinforce", "ppo")


@dataclass(frozen=True, kw_only=True)
class PolicySettings:
    """How the controller is trained.

    `method` is "reinforce" or "ppo"; `lr` the rate of Adam; `batch` the children between two
    updates; `decay` that of the moving average of rewards which is the baseline; `entropy` the
    weight of the entropy in what is maximized; `clip` and `passes` are for PPO: how far from 1 a
    ratio of probabilities counts, and how many steps are made on a batch.

    Raises:
        ValueError: a value is out of range.

    Source: zoph2018learning, Appendix A, has Adam at 0.00035, batches of 20, a decay of 0.95 and a
    weight of 0.00001 for 20,000 children; the defaults are for a few hundred.
    """

    method: str = "reinforce"
    lr: float = 0.01
    batch: int = 10
    decay: float = 0.8
    entropy: float = 0.0
    clip: float = 0.2
    passes: int = 4
    hidden: int = 100

    def __post_init__(self) -> None:
        check_one_of("method", self.method, METHODS)
        check_finite("lr", self.lr, positive=True)
        check_counts(batch=self.batch, passes=self.passes, hidden=self.hidden)
        check_share("decay", self.decay)
        check_finite("entropy", self.entropy)
        check_finite("clip", self.clip, positive=True)


def reinforce_loss(log_probs: Tensor, advantages: Tensor) -> Tensor:
    """Return what REINFORCE minimizes.

        L = - mean over children of A sum over t of log p(a_t | a_1 ... a_t-1)

    Its gradient is an unbiased estimate of that of minus the expected reward, A being the reward
    less a baseline that does not depend on the child.

    Shape: log_probs (N, T), advantages (N,), result ().

    Raises:
        ValueError: they do not fit together.

    Source: williams1992simple; zoph2017neural, Section 3.2.
    """
    _check_shapes(log_probs, advantages)
    return -(advantages * log_probs.sum(1)).mean()


def ppo_loss(log_probs: Tensor, before: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """Return what PPO minimizes, with the ratio of each child's probabilities now and when drawn.

        L = - mean over children of min(r A, min(max(r, 1 - clip), 1 + clip) A), r = p / p_before

    Where a ratio has already moved by more than `clip` in the direction that A asks for, the
    gradient is 0.

    Shape: log_probs and before (N, T), advantages (N,), result ().

    Raises:
        ValueError: they do not fit together.

    Source: schulman2017proximal, Equation 7.
    """
    _check_shapes(log_probs, advantages)
    _check_shapes(before, advantages)
    ratio = (log_probs.sum(1) - before.sum(1)).exp()
    return -torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages).mean()


def _check_shapes(log_probs: Tensor, advantages: Tensor) -> None:
    if log_probs.dim() != 2 or advantages.shape != log_probs.shape[:1]:
        shapes = f"{tuple(log_probs.shape)} and {tuple(advantages.shape)}"
        raise expected("log_probs, advantages", "shapes (N, T) and (N,)", shapes)


class Policy:
    """A controller in training: it draws decisions and learns from what they earned.

    Args:
        choices: number of values of each decision.
        settings: of its training.
        seed: of its first weights and of all draws.
    """

    def __init__(
        self, choices: tuple[int, ...], settings: PolicySettings | None = None, seed: int = 0
    ) -> None:
        self.settings = settings or PolicySettings()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.controller = Controller(choices, self.settings.hidden)
        self.generator = torch.Generator().manual_seed(seed)
        self.optimizer = torch.optim.Adam(self.controller.parameters(), lr=self.settings.lr)
        self.baseline: float | None = None

    def draw(self, count: int) -> Tensor:
        """Draw sequences of decisions. Shape: (count, T)."""
        return self.controller.sample(count, self.generator)

    def learn(self, decisions: Tensor, rewards: Tensor) -> None:
        """Make the decisions that earned more than the baseline more probable, the others less.

        The baseline is the moving average of the mean rewards of the batches before; for the first
        batch it is its own mean.

        Shape: decisions (N, T), rewards (N,).
        """
        how, mean = self.settings, float(rewards.mean())
        baseline = mean if self.baseline is None else self.baseline
        self.baseline = how.decay * baseline + (1 - how.decay) * mean
        advantages = rewards - baseline
        with torch.no_grad():
            before = self.controller(decisions)[0]
        for _ in range(how.passes if how.method == "ppo" else 1):
            log_probs, entropies = self.controller(decisions)
            if how.method == "ppo":
                loss = ppo_loss(log_probs, before, advantages, how.clip)
            else:
                loss = reinforce_loss(log_probs, advantages)
            loss = loss - how.entropy * entropies.sum(1).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
