"""What networks need besides arithmetic, for the nodes of `autograd.node`: functions and losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import expected
from cnnhistory.nn.autograd.node import Array, Node, as_node


def exp(x: Node) -> Node:
    """Return e^x; its derivative is itself.

    Source: rumelhart1986learning.
    """
    y = np.exp(x.value)
    return Node(y, (x, lambda g: g * y))


def log(x: Node) -> Node:
    """Return the natural logarithm; its derivative is 1 / x.

    Source: rumelhart1986learning.
    """
    return Node(np.log(x.value), (x, lambda g: g / x.value))


def tanh(x: Node) -> Node:
    """Return the hyperbolic tangent y; its derivative is 1 - y^2.

    Source: lecun1998efficient, Section 4.4.
    """
    y = np.tanh(x.value)
    return Node(y, (x, lambda g: g * (1 - y * y)))


def relu(x: Node) -> Node:
    """Return max(0, x); its derivative is 1 above 0 and 0 elsewhere, also at 0.

    Source: nair2010rectified.
    """
    return Node(np.maximum(x.value, 0.0), (x, lambda g: g * (x.value > 0)))


def cross_entropy(scores: Node, labels: Sequence[int] | Array) -> Node:
    """Return the mean of -log p over a batch, p the softmax probability of the right class.

    -log p_t = log sum_k e^(s_k - m) - (s_t - m), with m the largest score of the row, which changes
    nothing but keeps e^s finite. Made of the steps above, so its gradient by the scores,
    (p - t) / B, needs no formula here.

    Shape: scores (B, K), labels (B,) of whole numbers below K.

    Raises:
        ValueError: the scores are not rows of at least one, or a label is none of their columns.

    Source: bridle1990probabilistic.

    >>> round(float(cross_entropy(Node([[0.0, 0.0]]), [1]).value), 4)  # log 2
    0.6931
    """
    places = np.asarray(labels)
    if scores.value.ndim != 2 or scores.value.size == 0:
        raise expected("scores", "(B, K) with at least one row", scores.value.shape)
    if (
        places.shape != scores.value.shape[:1]
        or not np.isin(places, np.arange(scores.value.shape[1])).all()
    ):
        raise expected(
            "labels", f"one class from 0 to {scores.value.shape[1] - 1} for each row", labels
        )
    shifted = scores - scores.value.max(1, keepdims=True)
    right = shifted[np.arange(len(places)), places.astype(int)]
    return (log(exp(shifted).sum(1)) - right).mean()


def patches(x: Node, kernel: int) -> Node:
    """Return the windows of k x k pixels of images as rows: a convolution is one product with them.

    Shape: x (B, C, H, W) to (B, H - k + 1, W - k + 1, C k k), flattened to two axes.

    Raises:
        ValueError: x has not four axes, or the window does not fit.

    Source: dumoulin2016guide, Section 4.1.

    >>> image = Node(np.arange(9.0).reshape(1, 1, 3, 3))
    >>> patches(image, 2).value[0]
    array([0., 1., 3., 4.])
    """
    if x.value.ndim != 4 or not 1 <= kernel <= min(x.value.shape[2:]):
        raise expected("x, kernel", "(B, C, H, W) and a window in it", (x.value.shape, kernel))
    _, channels, height, width = x.value.shape
    top, left = (np.arange(n - kernel + 1) for n in (height, width))
    c, i, j = (a.ravel() for a in np.indices((channels, kernel, kernel)))
    rows = top[:, None, None] + i  # (H', 1, C k k)
    columns = left[None, :, None] + j  # (1, W', C k k)
    return x[:, c, rows, columns].reshape(-1, len(c))


def check_gradient(function: Callable[..., Node], *inputs: ArrayLike, step: float = 1e-5) -> float:
    """Return how far the gradients of a function are from quotients of differences, relatively.

    For each entry x of each input, (f(x + h) - f(x - h)) / 2h is what the gradient should be, up to
    an error of the order of h^2. The largest distance is divided by the largest gradient.

    Shape: `function` takes as many nodes and returns a single number.

    Raises:
        ValueError: `step` is not positive, or there is no input.

    Source: lecun1998efficient.

    >>> check_gradient(lambda x: (tanh(x) * x).sum(), [0.3, -2.0]) < 1e-8
    True
    """
    check_finite("step", step, positive=True)
    if not inputs:
        raise expected("inputs", "at least one", inputs)
    nodes = [Node(np.array(value, dtype=np.float64)) for value in inputs]
    function(*nodes).backward()
    worst, largest = 0.0, 1e-12
    for node in nodes:
        for place in np.ndindex(node.value.shape):
            middle, ends = node.value[place], []
            for x in (middle + step, middle - step):
                node.value[place] = x
                ends.append(float(as_node(function(*nodes)).value))
            node.value[place] = middle
            slope = (ends[0] - ends[1]) / (2 * step)
            worst = max(worst, abs(slope - float(node.grad[place])))
            largest = max(largest, abs(slope))
    return worst / largest
