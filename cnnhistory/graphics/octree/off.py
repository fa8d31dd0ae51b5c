"""Triangle meshes in files of the form OFF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor


def read_off(path: str | Path) -> tuple[Tensor, Tensor]:
    """Read the vertices and triangles of a file.

    The form: a line `OFF`, a line with the numbers of vertices, faces and edges, then a line for
    each vertex (x y z) and each face (number of corners, their indices, perhaps a color). Faces of
    more corners are cut into fans of triangles. In some files of ModelNet the numbers stand on the
    first line, right behind OFF. Lines that begin with # are left out.

    Shape: (V, 3) float32, (F, 3) int64.

    Raises:
        ValueError: the file is not of this form, or is cut short.
    """
    lines = [
        line for line in Path(path).read_text(encoding="ascii", errors="replace").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]  # fmt: skip

    def broken(what: str) -> ValueError:
        return ValueError(f"path: expected a mesh in the form OFF, got {path}: {what}")

    if not lines or not lines[0].startswith("OFF"):
        raise broken("it does not begin with OFF")
    head = lines[0][3:].split()
    body = lines[1:] if head else lines[2:]
    head = head or (lines[1].split() if len(lines) > 1 else [])
    try:
        vertices, faces = (int(number) for number in head[:2])
        places = np.array([line.split()[:3] for line in body[:vertices]], dtype=np.float32)
        corners = [
            [int(number) for number in line.split()] for line in body[vertices : vertices + faces]
        ]
    except ValueError as error:
        raise broken(str(error)) from None
    if places.shape != (vertices, 3) or len(corners) != faces:
        raise broken(f"it is cut short: {len(body)} lines for {vertices + faces}")
    if not corners or any(not row or not 3 <= row[0] < len(row) for row in corners):
        raise broken("a face lacks corners, or there is none")
    triangles = [(row[1], row[k], row[k + 1]) for row in corners for k in range(2, row[0])]
    return torch.from_numpy(places), torch.tensor(triangles)
