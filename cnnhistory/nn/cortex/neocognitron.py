"""The neocognitron, which learns without a teacher and without gradients.

K. Fukushima (1980), "Neocognitron: A Self-organizing Neural Network Model for a Mechanism of
Pattern Recognition Unaffected by Shift in Position" [fukushima1980neocognitron].

What was new: layers of cells that share their weights over the image, S-cells that find a pattern
and C-cells that forgive its exact place, in alternation, as Hubel and Wiesel saw them in the cat;
and a rule by which the S-cells choose their patterns themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import expected
from cnnhistory.nn.size import check_images

WINDOW = 5  # cells that an S-cell reads, high and wide, in every map before it
SATURATION = 0.5  # alpha: the sum with which a C-cell gives half of what it can


@dataclass(frozen=True)
class Stage:
    """A row of the network's table: a layer of S-cells and the C-cells behind it.

    A column of `column` x `column` places elects one S-cell. Paddings are in cells; that of the
    C-cells before the first and behind the last.
    """

    s_padding: int
    column: int
    c_window: int
    c_stride: int
    c_padding: tuple[int, int]


# Section 5: 16x16 -> S1 16x16 -> C1 10x10 -> S2 8x8 -> C2 6x6 -> S3 2x2 -> C3 1x1, 24 planes each.
STAGES = (
    Stage(s_padding=2, column=5, c_window=5, c_stride=2, c_padding=(3, 4)),
    Stage(s_padding=1, column=5, c_window=5, c_stride=2, c_padding=(3, 4)),
    Stage(s_padding=0, column=2, c_window=2, c_stride=1, c_padding=(0, 0)),
)
SIDE = 16


def nearness(size: int, base: float) -> Tensor:
    """Return weights that fall with the distance from the middle of a window: base^distance.

    Shape: (size, size).

    >>> nearness(3, 0.5)[1].tolist()
    [0.5, 1.0, 0.5]
    """
    place = torch.arange(size) - (size - 1) / 2
    return base ** torch.hypot(place[:, None], place[None, :])


class SLayer(nn.Module):
    """Compare windows of the maps with patterns, one a plane; learn the patterns from what is seen.

    u_S(k, n) = r max(0, (1 + sum a_k u) / (1 + 2 r / (1 + r) b_k v) - 1), v = sqrt(sum c u^2)

    The sums go over the window around the place n. The v-cell measures how much there is at all,
    with weights c whose sum is 1, and inhibits by division. For a plane that has learned a pattern
    p for long, u_S goes to max(0, (1 + r) s - r), where s is the cosine between p and the window
    under the weights c: it is 1 for the pattern itself, and 0 where s is r / (1 + r) or less.

    Shape: input (N, maps, H, W), output (N, planes, H', W') as of a convolution with a window of
    5 x 5.

    Units: all values are firing rates, at least 0.

    Raises:
        ValueError: a number is out of range.

    Source: fukushima1980neocognitron, Sections 2 and 3.

    Deviations: c falls by a factor of 0.9 with each cell of distance, and the first weights are
        drawn from U[0, 0.01]; the paper has other numbers.
    """

    excitation: Tensor
    inhibition: Tensor
    weighting: Tensor

    def __init__(
        self, maps: int, planes: int, padding: int, selectivity: float, speed: float, column: int
    ) -> None:
        super().__init__()
        check_counts(maps=maps, planes=planes, column=column)
        check_counts(0, padding=padding)
        check_finite("selectivity", selectivity, positive=True)
        check_finite("speed", speed, positive=True)
        self.padding, self.column = padding, column
        self.selectivity, self.speed = selectivity, speed
        near = nearness(WINDOW, 0.9)
        self.register_buffer("excitation", 0.01 * torch.rand(planes, maps, WINDOW, WINDOW))  # a
        self.register_buffer("inhibition", torch.zeros(planes))  # b
        self.register_buffer("weighting", (near / near.sum() / maps).repeat(1, maps, 1, 1))  # c

    def forward(self, u: Tensor) -> Tensor:
        """Return what the S-cells give."""
        r = self.selectivity
        found = F.conv2d(u, self.excitation, padding=self.padding)
        inhibited = 2 * r / (1 + r) * self.inhibition[:, None, None] * self.activity(u)
        return r * ((1 + found) / (1 + inhibited) - 1).relu()

    def activity(self, u: Tensor) -> Tensor:
        """Return what the v-cells give: a root of a weighted mean of squares."""
        return F.conv2d(u.square(), self.weighting, padding=self.padding).sqrt()

    @torch.no_grad()
    def learn(self, u: Tensor) -> Tensor:
        """Reinforce the planes whose cells answer loudest, and return what all give then.

        In every column the loudest cell of all planes is a candidate, and in every plane the
        loudest candidate represents it. All cells of its plane learn what the representative
        reads: a += q c u, b += q/2 v.

        Shape: (1, maps, H, W): one image at a time, for the next answer depends on it.
        """
        answers = self(u)[0]
        read = F.unfold(u, WINDOW, padding=self.padding)[0].T  # (places, maps * 25)
        activity = self.activity(u).flatten()
        for plane, place in representatives(answers, self.column):
            seen = read[place].reshape(self.excitation.shape[1:])
            self.excitation[plane] += self.speed * self.weighting[0] * seen
            self.inhibition[plane] += self.speed / 2 * activity[place]
        return self(u)


def representatives(answers: Tensor, column: int) -> list[tuple[int, int]]:
    """Return the (plane, place) of the cells that may learn, at most one a plane.

    Shape: answers (planes, H, W); a place is a row times W plus a column.

    >>> answers = torch.zeros(3, 4, 4)
    >>> answers[0, 0, 0], answers[0, 3, 3], answers[1, 0, 1] = 2.0, 1.0, 1.5
    >>> representatives(answers, 4)
    [(0, 0)]
    >>> representatives(answers, 1)  # a column of one place: its neighbor is no rival
    [(0, 0), (1, 1)]
    """
    loudest, plane = answers.flatten(1).max(0)  # of all planes, at each place
    window = min(column, *answers.shape[1:])
    at = F.max_pool2d(loudest.view(1, 1, *answers.shape[1:]), window, 1, return_indices=True)[1]
    best: dict[int, int] = {}
    for place in at.unique().tolist():
        k = int(plane[place])
        if loudest[place] > 0 and (k not in best or loudest[place] > loudest[best[k]]):
            best[k] = place
    return sorted(best.items())


class CLayer(nn.Module):
    """Let a plane say that its pattern is near: a saturating sum over a window, one plane each.

    u_C(k, n) = psi((1 + sum d u_S(k)) / (1 + v) - 1), v = mean over all planes of sum d u_S,
    psi(x) = max(0, x) / (alpha + max(0, x))

    Shape: input (N, planes, H, W), output (N, planes, H', W') as of a pooling with this window,
    stride and padding.

    Units: rates from 0 to 1.

    Raises:
        ValueError: a number is out of range.

    Source: fukushima1980neocognitron, Section 2.

    Deviations: d falls by a factor of 0.8 with each cell of distance from 1 in the middle; where
        the windows reach over the edge follows from the sizes of the paper's layers.
    """

    closeness: Tensor

    def __init__(self, window: int, stride: int = 1, padding: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        check_counts(window=window, stride=stride)
        self.stride, self.padding = stride, padding
        near = nearness(window, 0.8)
        self.register_buffer("closeness", (near / near.max())[None, None])  # d

    def forward(self, u: Tensor) -> Tensor:
        """Return what the C-cells give."""
        before, behind = self.padding
        padded = F.pad(u, (before, behind, before, behind))
        sums = F.conv2d(padded.flatten(0, 1)[:, None], self.closeness, stride=self.stride)
        sums = sums.view(*u.shape[:2], *sums.shape[2:])  # (N, planes, H', W')
        x = ((1 + sums) / (1 + sums.mean(1, keepdim=True)) - 1).relu()
        return x / (SATURATION + x)


class Neocognitron(nn.Module):
    """Three stages of S-cells and C-cells over an image of 16 x 16.

    16x16 -> S1 16x16 -> C1 10x10 -> S2 8x8 -> C2 6x6 -> S3 2x2 -> C3 1x1, all with the same number
    of planes. `learn` shows it one image, `forward` asks it about many. No gradient is needed.

    Shape: input (N, 1, 16, 16), output (N, planes), what the last C-cells give.

    Units: 0 is the background, 1 full ink; rates from 0 to 1.

    Raises:
        ValueError: a number is out of range, not one a stage is given, or the input has another
            shape than the above.

    Source: fukushima1980neocognitron, Section 5.

    Deviations: those of `SLayer` and `CLayer`; columns stand at every place and overlap;
        selectivity and speed are chosen so that five handwritten digits are told apart. A later
        program gives the paper's as 4, 1.5, 1.5 and 1, 16, 16.
    """

    def __init__(
        self,
        planes: int = 24,
        selectivity: tuple[float, float, float] = (4.0, 6.0, 6.0),
        speed: tuple[float, float, float] = (16.0, 16.0, 16.0),
    ) -> None:
        super().__init__()
        check_counts(planes=planes)
        for name, numbers in (("selectivity", selectivity), ("speed", speed)):
            if len(numbers) != len(STAGES):
                raise expected(name, f"{len(STAGES)} numbers, one a stage", numbers)
        self.s = nn.ModuleList()
        self.c = nn.ModuleList()
        maps = 1
        for row, r, q in zip(STAGES, selectivity, speed, strict=True):
            self.s.append(SLayer(maps, planes, row.s_padding, r, q, row.column))
            self.c.append(CLayer(row.c_window, row.c_stride, row.c_padding))
            maps = planes

    def forward(self, x: Tensor) -> Tensor:
        """Return what the last C-cells give."""
        return self.layers(x)[-1].flatten(1)

    def layers(self, x: Tensor) -> list[Tensor]:
        """Return what all cells give: S1, C1, S2, C2, S3, C3."""
        check_images(x, 1, SIDE)
        given = [x]
        for s, c in zip(self.s, self.c, strict=True):
            given.append(s(given[-1]))
            given.append(c(given[-1]))
        return given[1:]

    @torch.no_grad()
    def learn(self, images: Tensor, presentations: int = 1) -> None:
        """Show every image in turn, over and over; each time all layers learn from it.

        Shape: (N, 1, 16, 16).

        Raises:
            ValueError: `presentations` is below 1, or the images have another shape.
        """
        check_images(images, 1, SIDE)
        check_counts(presentations=presentations)
        if not bool((images >= 0).all()):
            raise expected("images", "values of 0 and above", images.min().item())
        for _ in range(presentations):
            for u in images.split(1):
                for s, c in zip(self.s, self.c, strict=True):
                    assert isinstance(s, SLayer)
                    u = c(s.learn(u))
