"""Made-up shapes with parts: twelve kinds of things put together from boxes, tubes and balls.

Each family is a function of a random generator that says of which solids a thing of it is made and
which part each solid is. Sizes, proportions and what is there at all change from thing to thing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch

from cnnhistory._util.lookup import unknown_id
from cnnhistory.graphics.octree.points import PointCloud, sample_mesh
from cnnhistory.graphics.octree.solids import Solid, ball, block, prism, turn

Draw = Callable[[float, float], float]


def _legs(draw: Draw, width: float, deep: float, top: float, round_: bool) -> list[Solid]:
    thick = draw(0.04, 0.09)
    x, y = width / 2 - thick, deep / 2 - thick
    feet = [(x, y), (x, -y), (-x, y), (-x, -y)]
    if round_:
        splay = draw(1.0, 1.3)
        return [
            prism("leg", (splay * a, splay * b, 0), (a, b, top), (thick / 2,) * 2) for a, b in feet
        ]
    return [block("leg", (a, b, top / 2), (thick, thick, top)) for a, b in feet]


def _table(draw: Draw) -> list[Solid]:
    width, deep, tall, thick = draw(1, 2), draw(0.7, 1.1), draw(0.6, 0.9), draw(0.04, 0.1)
    solids = [block("top", (0, 0, tall + thick / 2), (width, deep, thick))]
    if draw(0, 1) < 0.25:  # one foot in the middle
        foot = draw(0.25, 0.4)
        solids.append(prism("leg", (0, 0, 0), (0, 0, 0.05), (foot, foot)))
        return [*solids, prism("leg", (0, 0, 0.05), (0, 0, tall), (0.06, 0.06))]
    return solids + _legs(draw, width, deep, tall, draw(0, 1) < 0.5)


def _chair(draw: Draw) -> list[Solid]:
    width, deep, seat, back = draw(0.4, 0.6), draw(0.4, 0.6), draw(0.4, 0.55), draw(0.35, 0.7)
    thick = draw(0.04, 0.09)
    solids = [block("seat", (0, 0, seat + thick / 2), (width, deep, thick))]
    behind = -deep / 2 + thick / 2
    if draw(0, 1) < 0.4:  # bars
        for x in np.linspace(-0.45, 0.45, 4) * width:
            solids.append(prism("back", (x, behind, seat), (x, behind, seat + back), (0.02, 0.02)))
        place = (0.0, behind, seat + back)
        solids.append(block("back", place, (width, thick, 0.08)))
    else:
        place = (0.0, behind, seat + thick + back / 2)
        solids.append(block("back", place, (width, thick, back)))
    return solids + _legs(draw, width, deep, seat, draw(0, 1) < 0.5)


def _stool(draw: Draw) -> list[Solid]:
    radius, tall, thick = draw(0.18, 0.28), draw(0.45, 0.8), draw(0.04, 0.09)
    seat = prism("seat", (0, 0, tall), (0, 0, tall + thick), (radius, radius))
    return [seat, *_legs(draw, 1.5 * radius, 1.5 * radius, tall, True)]


def _lamp(draw: Draw) -> list[Solid]:
    tall, base, wide = draw(0.9, 1.6), draw(0.15, 0.3), draw(0.2, 0.4)
    shade = draw(0.25, 0.45)
    return [
        prism("base", (0, 0, 0), (0, 0, 0.05), (base, base)),
        prism("pole", (0, 0, 0.05), (0, 0, tall), (draw(0.015, 0.04),) * 2),
        prism("shade", (0, 0, tall - 0.3 * shade), (0, 0, tall + 0.7 * shade),
              (wide, wide * draw(0.3, 0.9))),
    ]  # fmt: skip


def _bed(draw: Draw) -> list[Solid]:
    width, long, low, thick = draw(0.9, 1.8), draw(1.9, 2.2), draw(0.15, 0.35), draw(0.15, 0.35)
    board = draw(0.3, 0.8)
    solids = [
        block("mattress", (0, 0, low + thick / 2), (width, long, thick)),
        block("board", (0, -long / 2, low + board / 2), (width, 0.07, board + thick)),
    ]
    return solids + _legs(draw, width, long, low, False)


def _shelf(draw: Draw) -> list[Solid]:
    width, deep, tall = draw(0.6, 1.2), draw(0.25, 0.4), draw(1.0, 2.0)
    boards = round(draw(2.6, 6.4))
    solids = [
        block("side", (side * width / 2, 0, tall / 2), (0.04, deep, tall)) for side in (-1, 1)
    ]
    return solids + [
        block("shelf board", (0, 0, z), (width, deep, 0.04))
        for z in np.linspace(0.03, tall, boards)
    ]


def _bottle(draw: Draw) -> list[Solid]:
    radius, tall, neck = draw(0.12, 0.25), draw(0.5, 0.8), draw(0.03, 0.07)
    shoulder, top = draw(0.08, 0.25), draw(0.15, 0.35)
    return [
        prism("body", (0, 0, 0), (0, 0, tall), (radius, radius)),
        prism("neck", (0, 0, tall), (0, 0, tall + shoulder), (radius, neck)),
        prism("neck", (0, 0, tall + shoulder), (0, 0, tall + shoulder + top), (neck, neck)),
    ]


def _mug(draw: Draw) -> list[Solid]:
    radius, tall, handle = draw(0.25, 0.4), draw(0.5, 0.9), draw(0.12, 0.25)
    angles = np.linspace(-math.pi / 2, math.pi / 2, 6)
    ends = [(radius + handle * math.cos(a), 0.0, tall / 2 + 1.3 * handle * math.sin(a))
            for a in angles]  # fmt: skip
    thick = draw(0.025, 0.05)
    cup = prism("cup", (0, 0, 0), (0, 0, tall), (radius * draw(0.8, 1), radius))
    return [cup] + [prism("handle", start, end, (thick, thick), 8) for start, end in pairwise(ends)]


def _airplane(draw: Draw) -> list[Solid]:
    long, thick, span, chord = draw(1.6, 2.4), draw(0.1, 0.2), draw(0.7, 1.2), draw(0.25, 0.45)
    tail = draw(0.25, 0.4)
    sweep = draw(0, 0.4)
    wings = []
    for side in (-1, 1):
        wing = block("wing", (0, side * span / 2, 0), (chord, span, 0.04))
        bent = wing.vertices.copy()
        bent[:, 0] -= sweep * np.abs(bent[:, 1])
        wings.append(Solid("wing", bent, wing.faces))
    return [
        ball("fuselage", (0, 0, 0), (long / 2, thick, thick)),
        *wings,
        block("tail", (-0.45 * long, 0, thick + tail / 2), (0.2, 0.03, tail)),
        block("tail", (-0.45 * long, 0, thick), (0.2, 2 * tail, 0.03)),
    ]


def _car(draw: Draw) -> list[Solid]:
    long, wide, tall, cabin = draw(1.6, 2.2), draw(0.7, 0.9), draw(0.25, 0.4), draw(0.25, 0.45)
    wheel = draw(0.14, 0.2)
    base = wheel + tall / 2
    solids = [
        block("car body", (0, 0, base), (long, wide, tall)),
        block("cabin", (draw(-0.25, 0.1), 0, base + tall / 2 + cabin / 2),
              (draw(0.4, 0.7) * long, 0.9 * wide, cabin)),
    ]  # fmt: skip
    for x in (-0.32 * long, 0.32 * long):
        for side in (-1, 1):
            y = side * wide / 2
            solids.append(prism("wheel", (x, y - 0.06, wheel), (x, y + 0.06, wheel), (wheel,) * 2))
    return solids


def _sofa(draw: Draw) -> list[Solid]:
    width, deep, seat, back = draw(1.2, 2.2), draw(0.7, 0.9), draw(0.3, 0.45), draw(0.3, 0.5)
    arm, thick = draw(0.1, 0.22), draw(0.15, 0.25)
    return [
        block("cushion", (0, 0, seat / 2), (width, deep, seat)),
        block("rest", (0, -deep / 2 + thick / 2, seat + back / 2), (width, thick, back)),
        *(block("arm", (side * (width + arm) / 2, 0, 0.3), (arm, deep, 0.6)) for side in (-1, 1)),
    ]


def _monitor(draw: Draw) -> list[Solid]:
    width, tall, thick, stand = draw(0.7, 1.2), draw(0.4, 0.7), draw(0.04, 0.12), draw(0.1, 0.3)
    return [
        block("screen", (0, 0, stand + tall / 2), (width, thick, tall)),
        block("stand", (0, 0, stand / 2), (0.1, 0.05, stand)),
        block("stand", (0, 0, 0.015), (draw(0.25, 0.5), draw(0.18, 0.3), 0.03)),
    ]


FAMILIES: dict[str, Callable[[Draw], list[Solid]]] = {
    "airplane": _airplane, "bed": _bed, "bottle": _bottle, "car": _car, "chair": _chair,
    "lamp": _lamp, "monitor": _monitor, "mug": _mug, "shelf": _shelf, "sofa": _sofa,
    "stool": _stool, "table": _table,
}  # fmt: skip
# family -> its parts; the label of a part is its place in PARTS
PARTS_OF = {
    "airplane": ("fuselage", "wing", "tail"), "bed": ("mattress", "board", "leg"),
    "bottle": ("body", "neck"), "car": ("car body", "cabin", "wheel"),
    "chair": ("seat", "back", "leg"), "lamp": ("base", "pole", "shade"),
    "monitor": ("screen", "stand"), "mug": ("cup", "handle"), "shelf": ("side", "shelf board"),
    "sofa": ("cushion", "rest", "arm"), "stool": ("seat", "leg"), "table": ("top", "leg"),
}  # fmt: skip
PARTS = tuple(dict.fromkeys(part for parts in PARTS_OF.values() for part in parts))


def make_solids(family: str, random: np.random.Generator) -> list[Solid]:
    """Return the solids of a random thing of a family; up is the third axis.

    Raises:
        UnknownIdError: there is no such family; a KeyError.
    """
    if family not in FAMILIES:
        raise unknown_id("family", family, FAMILIES)
    return FAMILIES[family](lambda low, high: float(random.uniform(low, high)))


def make_shape(
    family: str,
    random: np.random.Generator,
    points: int = 1500,
    tilt: float = 15.0,
    noise: float = 0.01,
    holes: int = 2,
) -> PointCloud:
    """Return a random thing as it might be scanned: turned, stretched, noisy and with holes.

    It is stretched along each axis by 0.85 to 1.15, turned around the vertical by any angle and
    then around a random axis by up to `tilt`, and scaled to the box; `noise` is the standard
    deviation that is added to each coordinate, and 10 times that to the normals, which keep length
    1. Points within 0.15 to 0.3 of `holes` random points are gone. It stays in the box however it
    is turned around the vertical.

    Shape: at most `points` points, with the labels of their parts.

    Units: `tilt` in degrees; `noise` in units in which the box is [-1, 1]³.

    Raises:
        UnknownIdError: there is no such family; a KeyError.
    """
    solids = make_solids(family, random)
    counts = np.cumsum([0, *(len(solid.vertices) for solid in solids)])
    vertices = np.concatenate([solid.vertices for solid in solids])
    faces = np.concatenate([s.faces + n for s, n in zip(solids, counts, strict=False)])
    labels = np.repeat(
        [PARTS.index(solid.part) for solid in solids], [len(solid.faces) for solid in solids]
    )
    generator = torch.Generator().manual_seed(int(random.integers(2**62)))
    cloud = sample_mesh(
        torch.from_numpy(vertices).float(),
        torch.from_numpy(faces),
        points,
        generator=generator,
        face_labels=torch.from_numpy(labels),
        drop_degenerate=True,  # the tip of a cone
    )
    stretch = torch.diag(torch.from_numpy(random.uniform(0.85, 1.15, 3)).float())
    around = turn(random.uniform(0, 360), (0, 0, 1))
    sideways = turn(random.uniform(-tilt, tilt), tuple(random.normal(size=3)))
    cloud = cloud.transformed(sideways @ around @ stretch).in_the_box(0.9, turning=True)
    keep = torch.ones(len(cloud), dtype=torch.bool)
    for _ in range(holes):
        middle = cloud.positions[int(random.integers(len(cloud)))]
        keep &= (cloud.positions - middle).norm(dim=1) > random.uniform(0.15, 0.3)
    if keep.sum() < points // 4:
        keep[:] = True
    positions = cloud.positions + noise * torch.randn(cloud.positions.shape, generator=generator)
    normals = cloud.normals + 10 * noise * torch.randn(cloud.normals.shape, generator=generator)
    normals = torch.nn.functional.normalize(normals)
    assert cloud.labels is not None
    return PointCloud(positions[keep].clamp(-1, 1), normals[keep], cloud.labels[keep])
