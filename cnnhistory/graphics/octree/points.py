"""Points with normals: what an octree is built from, and how they are taken from triangles."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import check_integer, expected


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Points of a surface with its normals there, and a label of each where there are labels.

    Shape: positions (N, 3), normals (N, 3), labels (N,) integers of at least 0, or None.

    Raises:
        ValueError: there is no point, a tensor has another shape, or a number is not finite.
    """

    positions: Tensor
    normals: Tensor
    labels: Tensor | None = None

    def __post_init__(self) -> None:
        for name, values in (("positions", self.positions), ("normals", self.normals)):
            if values.shape != (len(self.positions), 3) or not values.is_floating_point():
                raise expected(name, "(N, 3) real numbers", tuple(values.shape))
            if not values.isfinite().all():
                raise expected(name, "finite numbers", "NaN or infinity")
        if len(self.positions) == 0:
            raise expected("positions", "at least one point", 0)
        if self.labels is not None:
            labels = self.labels
            if labels.shape != (len(self),) or labels.is_floating_point():
                raise expected("labels", f"{len(self)} integers", tuple(labels.shape))
            if int(labels.min()) < 0:
                raise expected("labels", "integers of at least 0", int(labels.min()))

    def __len__(self) -> int:
        return len(self.positions)

    def to(self, device: torch.device | str) -> PointCloud:
        """Return the same points on a device."""
        labels = None if self.labels is None else self.labels.to(device)
        return PointCloud(self.positions.to(device), self.normals.to(device), labels)

    def transformed(self, matrix: Tensor, shift: Tensor | None = None) -> PointCloud:
        """Move the points by p -> A p + t; the normals, which stay perpendicular, by A⁻ᵀ.

        Shape: `matrix` A (3, 3), invertible; `shift` t (3,), default 0.

        Raises:
            ValueError: the matrix cannot be inverted.
        """
        if not matrix.isfinite().all() or torch.linalg.det(matrix).abs() < 1e-12:
            raise expected("matrix", "one that can be inverted", matrix.tolist())
        positions = self.positions @ matrix.T
        if shift is not None:
            positions = positions + shift
        normals = self.normals @ torch.linalg.inv(matrix)
        length = normals.norm(dim=1, keepdim=True).clamp(min=1e-12)
        before = self.normals.norm(dim=1, keepdim=True)
        return PointCloud(positions, normals / length * before, self.labels)

    def in_the_box(self, reach: float = 0.95, turning: bool = False) -> PointCloud:
        """Move and scale the points so that their bounding cube is [-reach, reach]³.

        With `turning` they fill an upright cylinder of that radius and half height instead, and
        stay in the box however they are turned around the third axis. A single point, or several
        at the same place, moves to the middle.

        Raises:
            ValueError: `reach` is not above 0 and at most 1.
        """
        check_finite("reach", reach, positive=True)
        if reach > 1:
            raise expected("reach", "at most 1", reach)
        low, high = self.positions.amin(0), self.positions.amax(0)
        moved = self.positions - (low + high) / 2
        half = moved.abs().max()
        if turning:
            half = torch.maximum(moved[:, :2].norm(dim=1).max(), moved[:, 2].abs().max())
        moved = moved * (reach / half) if half > 0 else torch.zeros_like(moved)
        # rounding must not carry a point out of the box
        return PointCloud(moved.clamp(-reach, reach), self.normals, self.labels)


def sample_mesh(
    vertices: Tensor,
    faces: Tensor,
    count: int,
    *,
    generator: torch.Generator | None = None,
    face_labels: Tensor | None = None,
    drop_degenerate: bool = False,
) -> PointCloud:
    """Return random points of a triangle mesh, as many in each part of it as it has area.

    A triangle is chosen in proportion to its area; in it the point is
    `(1 - √u) a + √u (1 - v) b + √u v c` with u and v uniform on [0, 1]. Its normal is the
    triangle's, by the right-hand rule.

    Shape: vertices (V, 3), faces (F, 3) indices of vertices, face_labels (F,); `count` points.

    Raises:
        ValueError: a shape or an index is wrong, a number is not finite, a triangle has no area
            (with `drop_degenerate`: all of them have none), or `count` is below 1.

    Source: wang2017ocnn, Section 3.1 takes oriented points from meshes.

    Deviations: the paper shoots rays from 14 virtual cameras, which leaves out what is hidden
        and turns the normals outwards; here the triangles' own orientation decides.
    """
    check_integer("count", count, 1)
    if vertices.dim() != 2 or vertices.shape[1:] != (3,) or not vertices.is_floating_point():
        raise expected("vertices", "(V, 3) real numbers", tuple(vertices.shape))
    if not vertices.isfinite().all():
        raise expected("vertices", "finite numbers", "NaN or infinity")
    if faces.dim() != 2 or faces.shape[1:] != (3,) or len(faces) == 0 or faces.is_floating_point():
        raise expected("faces", "(F, 3) indices, at least one triangle", tuple(faces.shape))
    if int(faces.min()) < 0 or int(faces.max()) >= len(vertices):
        low, high = int(faces.min()), int(faces.max())
        raise expected("faces", f"indices from 0 to {len(vertices) - 1}", f"{low} to {high}")
    if face_labels is not None and face_labels.shape != (len(faces),):
        raise expected("face_labels", f"{len(faces)}, one a face", tuple(face_labels.shape))
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    across = torch.linalg.cross(b - a, c - a)
    twice = across.norm(dim=1)
    # no area: the height is lost in the rounding of the longest side
    longest = torch.stack([(b - a).norm(dim=1), (c - b).norm(dim=1), (a - c).norm(dim=1)]).amax(0)
    flat = twice <= 1e-7 * longest**2
    if flat.all() or (flat.any() and not drop_degenerate):
        raise expected("faces", "triangles with an area", f"{int(flat.sum())} without")
    weights = torch.where(flat, 0.0, twice)
    # multinomial takes at most 2^24 kinds; the inverse of the distribution takes any number
    edges = weights.double().cumsum(0)
    dart = torch.rand(count, generator=generator, dtype=torch.double, device=edges.device)
    chosen = torch.searchsorted(edges, dart * edges[-1], right=True).clamp(max=len(faces) - 1)
    u, v = torch.rand(
        2, count, 1, generator=generator, dtype=vertices.dtype, device=vertices.device
    )
    root = u.sqrt()
    positions = (1 - root) * a[chosen] + root * (1 - v) * b[chosen] + root * v * c[chosen]
    labels = None if face_labels is None else face_labels[chosen]
    return PointCloud(positions, across[chosen] / twice[chosen, None], labels)
