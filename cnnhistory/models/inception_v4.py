"""Inception-v4.

C. Szegedy, S. Ioffe, V. Vanhoucke, A. Alemi (2017), "Inception-v4, Inception-ResNet and the Impact
of Residual Connections on Learning" [szegedy2017inception].

What was new: one plan for every module of a size, four at 35x35, seven at 17x17 and three at 8x8,
where earlier versions had grown module by module to fit on several machines.
"""

from collections import OrderedDict
from functools import partial

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory.nn.branches import Branches
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.size import check_images, scaled
from cnnhistory.nn.unit import conv_norm
from cnnhistory.system import PATCHES, ModelCard

MODULES = {"a": 4, "b": 7, "c": 3}  # Figure 9
EPS = 0.001

MODELS = {
    "inception_v4": ModelCard(
        (3, 299, 299), {"width": 1 / 16}, (3, 75, 75), PATCHES, {"side": 96},
        {"num_classes": 16, "width": 1 / 8}, any_size=True,
    )
}  # fmt: skip


_conv = partial(conv_norm, eps=EPS)


def _pooled(in_channels: int, maps: int) -> nn.Sequential:
    pool = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return nn.Sequential(pool, _conv(in_channels, maps))


class Stem(nn.Sequential):
    """Bring an image to maps of an eighth of its side, half of them by pooling.

    Shape: input (N, in_channels, 299, 299), output (N, 384 width, 35, 35).

    Source: szegedy2017inception, Figure 3.
    """

    def __init__(self, in_channels: int, width: float) -> None:
        def w(maps: int) -> int:
            return scaled(maps, width)

        self.out_channels = 4 * w(96)
        super().__init__(
            _conv(in_channels, w(32), 3, 2, padding=0),  # 149
            _conv(w(32), w(32), 3, padding=0),  # 147
            _conv(w(32), w(64), 3),
            Branches(
                pool=nn.MaxPool2d(3, stride=2), conv=_conv(w(64), w(96), 3, 2, padding=0)
            ),  # 73
            Branches(
                three=nn.Sequential(
                    _conv(w(64) + w(96), w(64)), _conv(w(64), w(96), 3, padding=0)
                ),
                seven=nn.Sequential(
                    _conv(w(64) + w(96), w(64)),
                    _conv(w(64), w(64), (1, 7)), _conv(w(64), w(64), (7, 1)),
                    _conv(w(64), w(96), 3, padding=0),
                ),
            ),  # 71
            Branches(
                conv=_conv(2 * w(96), 2 * w(96), 3, 2, padding=0), pool=nn.MaxPool2d(3, stride=2)
            ),  # 35
        )  # fmt: skip


class InceptionV4(nn.Module):
    """Score 1,000 classes with a stem, fourteen Inception modules and two reductions.

    299x299 -> stem 384@35x35 -> 4 modules a -> reduction 1024@17x17 -> 7 modules b -> reduction
    1536@8x8 -> 3 modules c -> average -> dropout -> linear. 42,679,816 parameters.

    The ReLU layers work in place.

    Shape: input (N, in_channels, H, W) with H and W at least 75, in the paper 299x299; output (N,
    num_classes), unnormalized log-probabilities.

    Raises:
        ValueError: a number is out of range, or the input has another shape than the above.

    Source: szegedy2017inception, Figures 3 to 9, Table 1.

    Deviations: weights start as in he2015delving; the paper does not give their start. `width`
    scales the numbers of maps.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        dropout: float = 0.2,
        width: float = 1.0,
    ) -> None:
        super().__init__()
        check_counts(num_classes=num_classes, in_channels=in_channels)
        check_share("dropout", dropout)
        self.in_channels = in_channels
        self.stem = Stem(in_channels, width)
        make = {"a": _module_a, "b": _module_b, "c": _module_c}
        reduce = {"a": _reduction_a, "b": _reduction_b}
        modules, maps = OrderedDict[str, nn.Module](), self.stem.out_channels
        for kind, count in MODULES.items():
            for n in range(1, count + 1):
                modules[f"{kind}{n}"], maps = make[kind](maps, width)
            if kind in reduce:
                modules[f"reduction_{kind}"], maps = reduce[kind](maps, width)
        self.inception = nn.Sequential(modules)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(maps, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, at_least=75)
        # In this layout a network runs and trains faster on a CPU.
        x = self.inception(self.stem(x.contiguous(memory_format=torch.channels_last)))
        return self.fc(self.dropout(self.avgpool(x).flatten(1)))


def _module_a(maps: int, width: float) -> tuple[Branches, int]:
    """Figure 4; also how many maps it makes."""
    c, d = scaled(64, width), scaled(96, width)
    branches = Branches(
        one=_conv(maps, d),
        three=nn.Sequential(_conv(maps, c), _conv(c, d, 3)),
        three_twice=nn.Sequential(_conv(maps, c), _conv(c, d, 3), _conv(d, d, 3)),
        pool=_pooled(maps, d),
    )
    return branches, 4 * d


def _module_b(maps: int, width: float) -> tuple[Branches, int]:
    """Figure 5."""
    c, d, e = (scaled(n, width) for n in (192, 224, 256))
    one, pooled = scaled(384, width), scaled(128, width)
    branches = Branches(
        one=_conv(maps, one),
        seven=nn.Sequential(_conv(maps, c), _conv(c, d, (1, 7)), _conv(d, e, (7, 1))),
        seven_twice=nn.Sequential(
            _conv(maps, c),
            _conv(c, c, (7, 1)), _conv(c, d, (1, 7)),
            _conv(d, d, (7, 1)), _conv(d, e, (1, 7)),
        ),
        pool=_pooled(maps, pooled),
    )  # fmt: skip
    return branches, one + 2 * e + pooled


def _module_c(maps: int, width: float) -> tuple[Branches, int]:
    """Figure 6."""
    c, d, e, out = (scaled(n, width) for n in (384, 448, 512, 256))

    def both(inside: int, first: tuple[int, int]) -> Branches:
        return Branches(
            first=_conv(inside, out, first), second=_conv(inside, out, (first[1], first[0]))
        )

    branches = Branches(
        one=_conv(maps, out),
        three=nn.Sequential(_conv(maps, c), both(c, (1, 3))),
        three_twice=nn.Sequential(
            _conv(maps, c), _conv(c, d, (3, 1)), _conv(d, e, (1, 3)), both(e, (1, 3))
        ),
        pool=_pooled(maps, out),
    )
    return branches, 6 * out


def _reduction_a(maps: int, width: float) -> tuple[Branches, int]:
    """Figure 7 with k, l, m, n = 192, 224, 256, 384 (Table 1)."""
    k, l, m, n = (scaled(number, width) for number in (192, 224, 256, 384))  # noqa: E741
    branches = Branches(
        three=_conv(maps, n, 3, 2, padding=0),
        three_twice=nn.Sequential(_conv(maps, k), _conv(k, l, 3), _conv(l, m, 3, 2, padding=0)),
        pool=nn.MaxPool2d(3, stride=2),
    )
    return branches, n + m + maps


def _reduction_b(maps: int, width: float) -> tuple[Branches, int]:
    """Figure 8."""
    c, d, e = (scaled(n, width) for n in (192, 256, 320))
    branches = Branches(
        three=nn.Sequential(_conv(maps, c), _conv(c, c, 3, 2, padding=0)),
        seven_three=nn.Sequential(
            _conv(maps, d), _conv(d, d, (1, 7)), _conv(d, e, (7, 1)),
            _conv(e, e, 3, 2, padding=0),
        ),
        pool=nn.MaxPool2d(3, stride=2),
    )  # fmt: skip
    return branches, c + e + maps


def inception_v4(
    num_classes: int = 1000, in_channels: int = 3, dropout: float = 0.2, width: float = 1.0
) -> InceptionV4:
    """Inception-v4."""
    return InceptionV4(num_classes, in_channels, dropout, width)
