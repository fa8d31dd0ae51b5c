"""Back-propagation in arrays of numbers: every result remembers what it was made of.

Any expression of nodes is a graph. `backward` walks it once from the end to the beginning and
hands each node the derivative of the last value by it, by the chain rule.

Source: rumelhart1986learning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnhistory._util.lookup import expected

Array = NDArray[np.float64]
# Takes the gradient of the last value by a result, gives its gradient by one of the sources.
Back = Callable[[Array], Array]


class Node:
    """An array, what it was computed from, and the gradient of a later value by it.

    Each of `sources` is a node and a function: from the gradient by this node, g, to what this node
    adds to the gradient by that one, J^T g, with J the derivatives of this node by that one. J is
    never built.

    Shape: `value` any; `grad` as `value`, 0 before `backward`.

    Raises:
        ValueError: `value` is not made of numbers.

    Source: rumelhart1986learning.

    >>> x, y = Node(3.0), Node(2.0)
    >>> z = x * y + x * x
    >>> z.backward()
    >>> print(z.value, x.grad, y.grad)
    15.0 8.0 3.0
    """

    __array_ufunc__ = None  # so that array * node asks the node

    def __init__(self, value: ArrayLike, *sources: tuple[Node, Back]) -> None:
        try:
            self.value: Array = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise expected("value", "numbers", value) from None
        self.sources = sources
        self.grad: Array = np.zeros_like(self.value)

    def backward(self) -> None:
        """Add to the `grad` of every node that this number was made of.

        Raises:
            ValueError: this is not a single number.
        """
        if self.value.size != 1:
            raise expected("value", "a single number to differentiate", self.value.shape)
        coming = {id(self): np.ones_like(self.value)}
        for node in reversed(in_order(self)):
            # All that use this node came before, so this sum is complete.
            g = coming.pop(id(node))
            node.grad = node.grad + g
            for source, back in node.sources:
                part = fold(back(g), source.value.shape)
                coming[id(source)] = coming[id(source)] + part if id(source) in coming else part

    def __add__(self, other: Node | ArrayLike) -> Node:
        other = as_node(other)
        return Node(self.value + other.value, (self, lambda g: g), (other, lambda g: g))

    def __mul__(self, other: Node | ArrayLike) -> Node:
        other = as_node(other)
        a, b = self.value, other.value
        return Node(a * b, (self, lambda g: g * b), (other, lambda g: g * a))

    def __pow__(self, power: float) -> Node:
        x = self.value
        return Node(x**power, (self, lambda g: g * power * x ** (power - 1)))

    def __matmul__(self, other: Node | ArrayLike) -> Node:
        """Multiply matrices, (m, k) by (k, n)."""
        other = as_node(other)
        a, b = self.value, other.value
        if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
            raise expected("a @ b", "matrices (m, k) and (k, n)", (a.shape, b.shape))
        return Node(a @ b, (self, lambda g: g @ b.T), (other, lambda g: a.T @ g))

    def __getitem__(self, places: Any) -> Node:
        """Pick entries; what is picked twice gets both gradients."""

        def back(g: Array) -> Array:
            full = np.zeros_like(self.value)
            np.add.at(full, places, g)
            return full

        return Node(self.value[places], (self, back))

    def __neg__(self) -> Node:
        return self * -1.0

    def __sub__(self, other: Node | ArrayLike) -> Node:
        return self + -as_node(other)

    def __truediv__(self, other: Node | ArrayLike) -> Node:
        return self * as_node(other) ** -1.0

    def __rsub__(self, other: ArrayLike) -> Node:
        return as_node(other) - self

    def __rtruediv__(self, other: ArrayLike) -> Node:
        return as_node(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def sum(self, axis: int | None = None, *, keepdims: bool = False) -> Node:
        """Add up all entries, or those along an axis."""
        shape = self.value.shape

        def back(g: Array) -> Array:
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return np.broadcast_to(g, shape)

        return Node(self.value.sum(axis, keepdims=keepdims), (self, back))

    def mean(self) -> Node:
        """Average all entries."""
        return self.sum() * (1 / self.value.size)

    @property
    def T(self) -> Node:  # noqa: N802
        """The transpose."""
        return Node(self.value.T, (self, lambda g: g.T))

    def reshape(self, *shape: int) -> Node:
        """Arrange the entries in another shape."""
        return Node(self.value.reshape(shape), (self, lambda g: g.reshape(self.value.shape)))


def as_node(value: Node | ArrayLike) -> Node:
    """Return a node as it is and anything else as a node without sources."""
    return value if isinstance(value, Node) else Node(value)


def in_order(last: Node) -> list[Node]:
    """Return all nodes that `last` was made of, and it: each after its sources.

    >>> x = Node(1.0)
    >>> y = x + x
    >>> in_order(x * y)[:2] == [x, y]
    True
    """
    order: list[Node] = []
    seen: set[int] = set()
    waiting = [(last, False)]
    while waiting:  # no recursion: a long chain would be too deep for it
        node, sources_done = waiting.pop()
        if sources_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            waiting.append((node, True))
            waiting += [(source, False) for source, _ in node.sources]
    return order


def fold(g: Array, shape: tuple[int, ...]) -> Array:
    """Add up a gradient over the axes along which a smaller array was repeated.

    >>> fold(np.ones((5, 3)), (3,))
    array([5., 5., 5.])
    """
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    repeated = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] > 1)
    return g.sum(axis=repeated, keepdims=True)
