"""The differentiator against numbers worked by hand, torch, and finite differences."""

import numpy as np
import pytest
import torch

from cnnhistory.nn.autograd.functions import check_gradient
from cnnhistory.nn.autograd.node import Node, as_node, fold, in_order

GRAPHS = {
    "arithmetic": lambda a, b: ((a * b - a / (b * b + 1.0)) ** 2.0).sum(),
    "numbers on the left": lambda a, b: (1.0 - a + 3.0 / (2.0 + b * b)).mean(),
    "a used three times": lambda a, b: (a * a * b + a).sum(),
    "sums along axes": lambda a, b: (a.sum(0) * b.sum(0)).sum() + a.sum(1).sum(),
    "shape": lambda a, b: (a.reshape(4, 3) * b.reshape(4, 3)).sum(),
}


def test_by_hand():
    # z = (x + y) x, dz/dx = 2x + y, dz/dy = x
    x, y = Node(3.0), Node(2.0)
    z = (x + y) * x
    z.backward()
    assert (float(z.value), float(x.grad), float(y.grad)) == (15, 8, 3)
    # one unit: s = w x + b = 1, squared distance to 3: d/ds = 2 (1 - 3) = -4
    w, b = Node([[2.0]]), Node([-5.0])
    loss = ((Node([[3.0]]) @ w + b - 3.0) ** 2.0).sum()
    loss.backward()
    assert float(loss.value) == 4
    assert (w.grad.tolist(), b.grad.tolist()) == ([[-12.0]], [-4.0])


@pytest.mark.parametrize("name", GRAPHS)
def test_equals_torch_and_finite_differences(name):
    random = np.random.default_rng(0)
    a, b = random.normal(size=(3, 4)), random.normal(size=(3, 4))
    ours, theirs = [Node(a), Node(b)], [torch.tensor(v, requires_grad=True) for v in (a, b)]
    value, peer = GRAPHS[name](*ours), GRAPHS[name](*theirs)
    value.backward()
    peer.backward()
    assert float(value.value) == pytest.approx(peer.item())
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=1e-12, atol=1e-14)
    assert check_gradient(GRAPHS[name], a, b) < 1e-7


def test_repeated_axes_are_added_up():
    random = np.random.default_rng(0)
    arrays = [random.normal(size=shape) for shape in ((5, 3), (3,), (5, 1), ())]

    def graph(a, b, c, d):
        return (a * b + c * d + b / (c * c + 1.0)).sum()

    ours, theirs = [Node(v) for v in arrays], [torch.tensor(v, requires_grad=True) for v in arrays]
    graph(*ours).backward()
    graph(*theirs).backward()
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.grad.shape == mine.value.shape
        np.testing.assert_allclose(mine.grad, other.grad.numpy())
    assert fold(np.ones((2, 3, 4)), (3, 1)).tolist() == [[8.0], [8.0], [8.0]]


def test_picked_twice_gets_both_gradients():
    x = Node([1.0, 2.0, 3.0])
    (x[np.array([0, 0, 2])] * np.array([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [11.0, 0.0, 100.0]


def test_an_array_on_the_left():
    x = Node([1.0, 2.0])
    (np.array([3.0, 4.0]) * x + np.array([1.0, 1.0]) - x).sum().backward()
    assert x.grad.tolist() == [2.0, 3.0]


def test_gradients_add_up_over_calls_and_the_graph_may_be_walked_again():
    x = Node(3.0)
    y = x * x
    y.backward()
    y.backward()
    assert float(x.grad) == 12


def test_order_and_long_chains():
    x = Node(1.0)
    y = x + x
    assert in_order(y * x)[:2] == [x, y]
    for _ in range(5000):
        y = y + x
    y.backward()
    assert float(x.grad) == 5002
    assert as_node(x) is x


def test_many_paths_cost_no_more_than_their_steps():
    """2^60 paths lead back to x; each node is visited once."""
    y = x = Node(1.0)
    for _ in range(60):
        y = y + y
    assert len(in_order(y)) == 61
    y.backward()
    assert float(x.grad) == 2.0**60


def test_bad_input():
    with pytest.raises(ValueError, match="value: expected numbers, got"):
        Node("one")
    with pytest.raises(ValueError, match="value: expected a single number to differentiate"):
        Node([1.0, 2.0]).backward()
    for a, b in (((2, 3), (2, 3)), ((3,), (3, 1))):
        with pytest.raises(ValueError, match="a @ b: expected matrices"):
            Node(np.ones(a)) @ Node(np.ones(b))
