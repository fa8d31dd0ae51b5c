"""The three tasks of O-CNN, measured: classes by voting, retrieval, parts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cnnhistory._util.lookup import check_integer, expected
from cnnhistory._util.modes import evaluating
from cnnhistory.graphics.octree.networks import OCNN
from cnnhistory.graphics.octree.sets import Moved, OctreesOf, ShapeSet
from cnnhistory.graphics.octree.voxels import VoxelCNN


@dataclass(frozen=True)
class Voted:
    """What a network says of shapes that it saw in several poses.

    Shape: scores (N, classes), the mean over the poses of the logarithms of the class
    probabilities; keys (N, C), the largest value of each of the network's descriptions of the
    poses.
    """

    scores: Tensor
    keys: Tensor


def vote(
    network: OCNN | VoxelCNN, shapes: ShapeSet, poses: int | None = None, batch_size: int = 32
) -> Voted:
    """Show every shape in several of the set's views, and pool what the network says.

    Of the views, by default twelve poses, about `poses` are taken, evenly spread; None takes all.

    Raises:
        ValueError: `poses` is not from 1 to the number of views.

    Source: wang2017ocnn, Sections 5.1 (voting) and 5.2 (orientation pooling).

    Deviations: the paper searches with the pooled output of the classification; here the 128
        numbers below it are pooled, by their largest value.
    """
    most = len(shapes.views)
    poses = most if poses is None else poses
    check_integer("poses", poses, 1, most)
    views = shapes.views[:: -(-most // poses)]
    scores: Tensor | None = None
    keys: Tensor | None = None
    device = next(network.parameters()).device
    with evaluating(network):
        for view in views:
            inputs = OctreesOf(Moved(shapes.clouds, view), shapes.depth)
            described = torch.cat([
                network.describe(octree.to(device)).cpu() for octree in inputs.split(batch_size)
            ])  # fmt: skip
            logs = network.scores(described.to(device)).log_softmax(1).cpu()
            scores = logs if scores is None else scores + logs
            keys = described if keys is None else torch.maximum(keys, described)
    assert scores is not None
    assert keys is not None
    return Voted(scores / len(views), keys)


def octant_parts(network: nn.Module, shapes: ShapeSet, batch_size: int = 32) -> list[Tensor]:
    """Return the scores of the parts at the points of every shape.

    Each point has those of the octant of the last depth that it is in.

    Shape: for each shape (points, parts).
    """
    found: list[Tensor] = []
    device = next(network.parameters()).device
    with evaluating(network):
        for octree in OctreesOf(shapes.clouds, shapes.depth).split(batch_size):
            scores = network(octree.to(device)).cpu()
            occupied = octree.occupied(octree.depth)
            number = occupied.cumsum(0) - 1  # of each occupied octant among them
            shape = octree.shape_of(octree.depth)[octree.octant_of]
            rows = scores[number[octree.octant_of]]
            found += list(rows.split(torch.bincount(shape, minlength=len(octree)).tolist()))
    return found


def part_iou(predicted: Tensor, truth: Tensor, parts: list[int]) -> float:
    """Return the mean over the parts of a shape of intersection over union.

    A part that is neither predicted nor there counts as 1.

    Shape: predicted and truth (points,).

    Raises:
        ValueError: another number of predictions than of points, or no part.

    >>> round(part_iou(torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 1, 1]), [0, 1]), 4)
    0.5833
    """
    if predicted.shape != truth.shape or not parts:
        raise expected("predicted", f"{tuple(truth.shape)} and parts", tuple(predicted.shape))
    ratios = []
    for part in parts:
        mine, there = predicted == part, truth == part
        union = int((mine | there).sum())
        ratios.append(int((mine & there).sum()) / union if union else 1.0)
    return sum(ratios) / len(ratios)


def mean_part_ious(
    network: nn.Module, shapes: ShapeSet, parts_of: dict[int, list[int]], batch_size: int = 32
) -> list[float]:
    """Return the IoU of every shape; its class is known, so only its parts are chosen from.

    `parts_of` has the parts of each class.

    Source: wang2017ocnn, Section 5.3 (each category's parts).
    """
    ious = []
    scores = octant_parts(network, shapes, batch_size)
    for index, rows in enumerate(scores):
        parts = parts_of[int(shapes.labels[index])]
        chosen = torch.tensor(parts)[rows[:, parts].argmax(1)]
        truth = shapes.clouds[index].labels
        assert truth is not None
        ious.append(part_iou(chosen, truth, parts))
    return ious
