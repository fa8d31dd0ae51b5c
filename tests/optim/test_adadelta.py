"""AdaDelta of sparse gradients: the rows of a table that a batch read."""

import copy
import math

import pytest
import torch
from torch import nn

from cnnhistory.optim.adadelta import AdaDelta


def tables(sparse, rho=0.95, steps=40):
    """Train vectors of which each step reads a few; return them and the optimizer."""
    generator = torch.Generator().manual_seed(0)
    words = nn.Embedding(12, 3, padding_idx=0, sparse=sparse, dtype=torch.double)
    with torch.no_grad():
        words.weight.copy_(torch.randn(12, 3, dtype=torch.double, generator=generator))
    optimizer = AdaDelta(words.parameters(), rho=rho)
    for step in range(steps):
        top = 4 if step < 25 else 12  # the last ones are read late, after many steps
        ids = torch.randint(0, top, (2, 3), generator=generator)
        aim = torch.randn(2, 3, 3, dtype=torch.double, generator=generator)
        optimizer.zero_grad()
        (words(ids) - aim).square().sum().backward()
        optimizer.step()
    return words.weight.detach(), optimizer.state[words.weight]


@pytest.mark.parametrize("rho", [0.95, 0.5, 0.0])
def test_adadelta_of_sparse_gradients_is_the_dense_rule(rho):
    (ours, state), (dense, full) = tables(True, rho), tables(False, rho)
    torch.testing.assert_close(ours, dense, rtol=1e-10, atol=1e-12)
    late = rho ** (state["step"] - state["last"]).double()[:, None]
    for average in ("r", "q"):  # of rows that were not read lately what they missed is left to do
        torch.testing.assert_close(state[average] * late, full[average], rtol=1e-10, atol=1e-15)


def test_adadelta_leaves_rows_alone_that_no_gradient_names():
    w = nn.Parameter(torch.ones(4, 2))
    optimizer = AdaDelta([w], rho=0.5, eps=2)
    w.grad = torch.sparse_coo_tensor(
        [[2, 2]], [[1.0, 2.0], [1.0, 0.0]], (4, 2), check_invariants=True
    )
    optimizer.step()
    # the gradient of row 2 is the sum, (2, 2): a step of sqrt(2), as in test_by_hand
    assert w[2].tolist() == pytest.approx([1 - math.sqrt(2)] * 2)
    assert torch.equal(w[[0, 1, 3]], torch.ones(3, 2))
    w.grad = torch.ones(4, 2)
    with pytest.raises(ValueError, match="gradient: expected a sparse one, as before, got 'a dens"):
        optimizer.step()


def test_adadelta_of_sparse_gradients_goes_on_after_a_stop():
    def run(stop):
        torch.manual_seed(0)
        w = nn.Parameter(torch.ones(5, 2))
        optimizer = AdaDelta([w])
        for step in range(8):
            if step == stop:
                state = copy.deepcopy(optimizer.state_dict())
                optimizer = AdaDelta([w])
                optimizer.load_state_dict(state)
            rows = [[step % 3, 3 + step % 2]]
            w.grad = torch.sparse_coo_tensor(rows, torch.randn(2, 2), (5, 2), check_invariants=True)
            optimizer.step()
        return w.detach()

    assert torch.equal(run(stop=4), run(stop=None))


def test_nan_in_a_sparse_gradient_is_refused():
    w = nn.Parameter(torch.ones(4, 2))
    w.grad = torch.sparse_coo_tensor([[2]], [[1.0, math.nan]], (4, 2), check_invariants=True)
    with pytest.raises(ValueError, match="gradient of parameter 0 in group 0: expected numbers"):
        AdaDelta([w]).step()
    assert torch.equal(w, torch.ones(4, 2))
