"""The controller: a recurrent network that writes down an architecture, decision by decision.

Source: B. Zoph, Q. Le (2017) [zoph2017neural], Section 3; B. Zoph, V. Vasudevan, J. Shlens, Q. Le
(2018) [zoph2018learning], Section 3 and Appendix A.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected

SPREAD = 0.1  # weights start between -0.1 and 0.1


class Controller(nn.Module):
    """Give every sequence of decisions a probability, with an LSTM.

        p(a) = p(a_1) p(a_2 | a_1) ... p(a_T | a_1 ... a_T-1)

    Step t feeds the embedding of the decision before (a learned vector in the first step) to the
    LSTM; its state goes to the linear layer of step t, and a softmax over the values of decision t
    follows.

    Shape: decisions (N, T), whole numbers; `forward` gives log-probabilities (N, T), one for each
    decision, given those before it, and the entropies (N, T) of the distributions that they were
    drawn from.

    Args:
        choices: number of values of each decision.
        hidden: units of the LSTM.

    Raises:
        ValueError: no decision, a number below 1, or decisions of another shape.

    Source: zoph2018learning, Appendix A: one layer of 100 units, weights that start uniformly
    between -0.1 and 0.1.
    """

    def __init__(self, choices: Sequence[int], hidden: int = 100) -> None:
        super().__init__()
        check_counts(hidden=hidden, decisions=len(choices))
        check_counts(**{f"choices[{n}]": count for n, count in enumerate(choices)})
        self.choices = tuple(choices)
        self.start = nn.Parameter(torch.empty(hidden))
        self.embeddings = nn.ModuleList(nn.Embedding(n, hidden) for n in self.choices[:-1])
        self.cell = nn.LSTMCell(hidden, hidden)
        self.heads = nn.ModuleList(nn.Linear(hidden, n) for n in self.choices)
        for weight in self.parameters():
            nn.init.uniform_(weight, -SPREAD, SPREAD)

    def forward(self, decisions: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-probability and entropy of each decision."""
        if decisions.dim() != 2 or decisions.shape[1] != len(self.choices):
            shape = f"shape (N, {len(self.choices)})"
            raise expected("decisions", shape, tuple(decisions.shape))
        _, log_probs, entropies = self._run(len(decisions), decisions, None)
        return log_probs, entropies

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw sequences of decisions. Shape: (count, T)."""
        check_counts(count=count)
        return self._run(count, None, generator)[0]

    def _run(
        self, count: int, given: Tensor | None, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Go through all steps, with decisions that are given or drawn on the way."""
        x, state = self.start.expand(count, -1), None
        decisions, log_probs, entropies = [], [], []
        for step, head in enumerate(self.heads):
            state = self.cell(x, state)
            scores = head(state[0]).log_softmax(1)  # (N, choices)
            if given is None:
                drawn = torch.multinomial(scores.exp(), 1, generator=generator)
            else:
                drawn = given[:, step : step + 1]
            decisions.append(drawn)
            log_probs.append(scores.gather(1, drawn))
            entropies.append(-(scores.exp() * scores).sum(1, keepdim=True))
            if step < len(self.embeddings):
                x = self.embeddings[step](drawn[:, 0])
        return torch.cat(decisions, 1), torch.cat(log_probs, 1), torch.cat(entropies, 1)
