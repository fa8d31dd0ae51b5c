"""Accuracy beside cost: what the papers report and what our accounting counts, as one list."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from torch import nn

from cnnhistory._util.lookup import expected
from cnnhistory.accounting import count_multiply_adds, count_parameters
from cnnhistory.plotting.names import model_name
from cnnhistory.plotting.scatter import cost_axis, group_points, label_points
from cnnhistory.plotting.style import WIDEST, axes_or_new
from cnnhistory.registry import list_models, on_meta, system_of
from cnnhistory.survey.accuracies import DATA_SETS, Reported, reported

RESNET = 2015
MOST_NAMES = 14  # of a panel


@dataclass(frozen=True)
class Point:
    """One reported figure with the cost of its network for one crop.

    Units: `parameters` and `multiply_adds` are counts, the latter for one image of
    `figure.size` pixels height and width.
    """

    figure: Reported
    system: str
    era: str
    year: int
    parameters: int
    multiply_adds: int

    @property
    def model(self) -> str:
        """Name of the model, as `create_model` takes it."""
        return self.figure.model

    @property
    def name(self) -> str:
        """The model's name as people write it."""
        return model_name(self.model)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape of one crop."""
        return (self.figure.channels, self.figure.size, self.figure.size)

    def accuracy(self, top: int = 1) -> float | None:
        """Return the share of images, in percent, whose class is among the `top` answers."""
        error = {1: self.figure.top1, 5: self.figure.top5}[top]
        return None if error is None else round(100 - error, 2)


def points(data: str | None = None, views: str | None = None) -> list[Point]:
    """Return all figures for models that the registry lists, in its order.

    Args:
        data: one of `DATA_SETS`; default: all.
        views: one of `VIEWS`; default: all.

    Raises:
        ValueError: `data` or `views` is not in the vocabulary.
    """
    found = []
    for model in list_models():
        record = system_of(model)
        for figure in reported(model, data=data, views=views):
            shape = (figure.channels, figure.size, figure.size)
            parameters, multiply_adds = cost(model, shape)
            found.append(
                Point(figure, record.name, record.era, record.year, parameters, multiply_adds)
            )
    return found


def left_out() -> list[str]:
    """Return the classification models of the registry for which no figure is entered."""
    return [
        model
        for model in list_models()
        if system_of(model).task == "classification" and not reported(model)
    ]


@functools.cache
def cost(model: str, input_shape: tuple[int, ...]) -> tuple[int, int]:
    """Return parameters and multiply-adds of a model for one image.

    Batch normalization and ReLU have no multiply-adds and are left out of the second count:
    following them on the meta device takes more time than all the rest.
    """
    network = on_meta(model)
    parameters = count_parameters(network)
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.BatchNorm2d | nn.ReLU):
            network.set_submodule(name, nn.Identity())
    return parameters, count_multiply_adds(network, input_shape)


def pareto(costs: Sequence[float], accuracies: Sequence[float]) -> list[int]:
    """Return the indices of the Pareto front, from the cheapest to the most expensive.

    A point is on the front if no other one costs as little or less and is at least as accurate,
    except for its equals, of which the first counts.

    >>> pareto([1, 2, 3, 3], [50, 40, 60, 70])
    [0, 3]

    Raises:
        ValueError: the two have different lengths.
    """
    if len(costs) != len(accuracies):
        raise expected("accuracies", f"{len(costs)} values", len(accuracies))
    front: list[int] = []
    for index in sorted(range(len(costs)), key=lambda i: (costs[i], -accuracies[i])):
        if not front or accuracies[index] > accuracies[front[-1]]:
            front.append(index)
    return front


def front_of(found: Sequence[Point], cost: str) -> list[Point]:
    """Return who is on the Pareto front of top-1 accuracy, the cheapest first.

    Args:
        found: figures that were tested alike, each with a top-1 error.
        cost: "multiply_adds" or "parameters".
    """
    costs = [getattr(point, cost) for point in found]
    return [found[i] for i in pareto(costs, [point.accuracy() or 0.0 for point in found])]


def panel(found: Sequence[Point], cost: str, *, ax: Axes | None = None) -> Axes:
    """Draw top-1 accuracy against a cost, with the Pareto front.

    Of more than `MOST_NAMES` networks those get a name that are on the front or older than ResNet.

    Args:
        found: figures that were tested alike, each with a top-1 error.
        cost: "multiply_adds" or "parameters".
        ax: default: those of a new figure.
    """
    ax = axes_or_new(ax, (WIDEST, 4.4))
    front = front_of(found, cost)
    ax.step(*_spots(front, cost), where="post", ls="--", color="black", lw=1)
    groups = {
        "ResNet and after": [point for point in found if point.year >= RESNET],
        "before": [point for point in found if point.year < RESNET],
    }
    spots = {name: [*zip(*_spots(group, cost), strict=True)] for name, group in groups.items()}
    group_points(spots, ax=ax)
    cost_axis(ax)
    ax.set(xlabel=cost.replace("_", "-"), xmargin=0.25, ymargin=0.15)
    named = [p for p in found if len(found) <= MOST_NAMES or p in front or p.year < RESNET]
    return label_points(ax, *_spots(named, cost), [point.name for point in named])


def _spots(found: Sequence[Point], cost: str) -> tuple[list[float], list[float]]:
    costs = [float(getattr(point, cost)) for point in found]
    return costs, [point.accuracy() or 0.0 for point in found]


def best(found: Sequence[Point], top: int = 1) -> list[Point]:
    """Return for each model its most accurate figure, in the order of the models' first."""
    kept: dict[str, Point] = {}
    for point in found:
        accuracy = point.accuracy(top)
        if accuracy is None:
            continue
        other = kept.get(point.model)
        if other is None or accuracy > (other.accuracy(top) or 0):
            kept[point.model] = point
    return list(kept.values())


__all__ = [
    "DATA_SETS",
    "Point",
    "best",
    "cost",
    "front_of",
    "left_out",
    "panel",
    "pareto",
    "points",
]
