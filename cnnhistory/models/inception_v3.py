"""Inception-v3.

C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna (2016), "Rethinking the Inception
Architecture for Computer Vision" [szegedy2016rethinking].

What was new: large windows in pieces, 5x5 as two of 3x3 and 7x7 as 1x7 and 7x1; sides halved by
convolution and pooling side by side; and a recipe: RMSProp, smoothed labels, batch normalization
in the one auxiliary head.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory.nn.branches import Branches
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.losses.multitask_loss import AuxiliaryLoss
from cnnhistory.nn.size import check_images, scaled
from cnnhistory.nn.unit import conv_norm
from cnnhistory.system import PATCHES, ModelCard

# Maps behind the pooling of the three modules at 35x35, and inside those at 17x17.
POOL_MAPS = (32, 64, 64)
FACTORED_MAPS = (128, 160, 160, 192)
AUXILIARY_WEIGHT = 0.4
EPS = 0.001

MODELS = {
    "inception_v3": ModelCard(
        (3, 299, 299), {"width": 1 / 8}, (3, 75, 75), PATCHES, {"side": 96},
        {"num_classes": 16, "width": 1 / 4}, any_size=True,
    )
}  # fmt: skip


Width = Callable[[int], int]  # scales a number of maps


_conv = partial(conv_norm, eps=EPS)


def _pooled(in_channels: int, maps: int) -> nn.Sequential:
    return nn.Sequential(nn.AvgPool2d(3, stride=1, padding=1), _conv(in_channels, maps))


class Scores(NamedTuple):
    """The scores of the network and of its auxiliary head.

    Shape: (N, num_classes) each.
    """

    main: Tensor
    aux: Tensor


class InceptionV3(nn.Module):
    """Score 1,000 classes with eleven Inception modules behind six convolutions.

    299x299 -> stem 192@35x35 -> a1 256, a2 288, a3 288 -> b 768@17x17 -> c1 to c4 768 ->
    d 1280@8x8 -> e1 and e2 2048 -> average -> dropout -> linear. 23,834,568 parameters, and
    3,326,696 in the auxiliary head.

    The ReLU layers work in place.

    With `aux_heads`, a network in training mode returns `Scores`, for which its `criterion` is
    made; in evaluation mode the head does not run, and the scores come alone.

    Shape: input (N, in_channels, H, W) with H and W at least 75, with an auxiliary head in
    training at least 299, the paper's size; output (N, num_classes), unnormalized
    log-probabilities, or `Scores`.

    Raises:
        ValueError: a number is out of range, or the input has another shape than the above.

    Source: szegedy2016rethinking, Section 6, Figures 5 to 8 and 10; sizes that the paper leaves out
    are those of the authors' release.

    Deviations: weights start as in he2015delving; the paper does not give their start. `width`
    scales the numbers of maps.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        aux_heads: bool = False,
        dropout: float = 0.5,
        width: float = 1.0,
    ) -> None:
        super().__init__()
        check_counts(num_classes=num_classes, in_channels=in_channels)
        check_share("dropout", dropout)
        self.in_channels = in_channels

        def w(maps: int) -> int:
            return scaled(maps, width)

        self.stem = nn.Sequential(
            OrderedDict(
                conv1=_conv(in_channels, w(32), 3, 2, padding=0),  # 149
                conv2=_conv(w(32), w(32), 3, padding=0),  # 147
                conv3=_conv(w(32), w(64), 3),
                pool1=nn.MaxPool2d(3, stride=2),  # 73
                conv4=_conv(w(64), w(80)),
                conv5=_conv(w(80), w(192), 3, padding=0),  # 71
                pool2=nn.MaxPool2d(3, stride=2),  # 35
            )
        )
        modules, maps = OrderedDict[str, nn.Module](), w(192)
        for n, pooled in enumerate(POOL_MAPS, start=1):
            modules[f"a{n}"] = self._module_a(maps, w, pooled)
            maps = 2 * w(64) + w(96) + w(pooled)
        modules["b"] = self._reduction_b(maps, w)  # 17
        maps += w(384) + w(96)
        for n, inside in enumerate(FACTORED_MAPS, start=1):
            modules[f"c{n}"] = self._module_c(maps, w, inside)
            maps = 4 * w(192)
        if aux_heads:
            self.aux = self._auxiliary_head(maps, num_classes, w)
            self.criterion = AuxiliaryLoss(AUXILIARY_WEIGHT)
        modules["d"] = self._reduction_d(maps, w)  # 8
        maps += w(320) + w(192)
        for n in (1, 2):
            modules[f"e{n}"] = self._module_e(maps, w)
            maps = w(320) + 4 * w(384) + w(192)
        self.inception = nn.ModuleDict(modules)
        self.aux_heads = aux_heads
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(maps, num_classes)
        he_normal_(self)

    @staticmethod
    def _module_a(maps: int, w: Width, pooled: int) -> Branches:
        """Figure 5, with one 5x5 window left whole, as in the authors' release."""
        return Branches(
            one=_conv(maps, w(64)),
            five=nn.Sequential(_conv(maps, w(48)), _conv(w(48), w(64), 5)),
            three_twice=nn.Sequential(
                _conv(maps, w(64)), _conv(w(64), w(96), 3), _conv(w(96), w(96), 3)
            ),
            pool=_pooled(maps, w(pooled)),
        )

    @staticmethod
    def _reduction_b(maps: int, w: Width) -> Branches:
        """Figure 10: half the side by convolutions and by pooling, side by side."""
        return Branches(
            three=_conv(maps, w(384), 3, 2, padding=0),
            three_twice=nn.Sequential(
                _conv(maps, w(64)), _conv(w(64), w(96), 3), _conv(w(96), w(96), 3, 2, padding=0)
            ),
            pool=nn.MaxPool2d(3, stride=2),
        )

    @staticmethod
    def _module_c(maps: int, w: Width, inside: int) -> Branches:
        """Figure 6 with n = 7: windows of 7x7 as one of 1x7 and one of 7x1."""
        c, out = w(inside), w(192)
        return Branches(
            one=_conv(maps, out),
            seven=nn.Sequential(_conv(maps, c), _conv(c, c, (1, 7)), _conv(c, out, (7, 1))),
            seven_twice=nn.Sequential(
                _conv(maps, c),
                _conv(c, c, (7, 1)), _conv(c, c, (1, 7)),
                _conv(c, c, (7, 1)), _conv(c, out, (1, 7)),
            ),
            pool=_pooled(maps, out),
        )  # fmt: skip

    @staticmethod
    def _reduction_d(maps: int, w: Width) -> Branches:
        c = w(192)
        return Branches(
            three=nn.Sequential(_conv(maps, c), _conv(c, w(320), 3, 2, padding=0)),
            seven_three=nn.Sequential(
                _conv(maps, c), _conv(c, c, (1, 7)), _conv(c, c, (7, 1)),
                _conv(c, c, 3, 2, padding=0),
            ),
            pool=nn.MaxPool2d(3, stride=2),
        )  # fmt: skip

    @staticmethod
    def _module_e(maps: int, w: Width) -> Branches:
        """Figure 7: at 8x8 the windows of 1x3 and 3x1 lie side by side, for more maps."""
        c = w(384)

        def both() -> Branches:
            return Branches(wide=_conv(c, c, (1, 3)), high=_conv(c, c, (3, 1)))

        return Branches(
            one=_conv(maps, w(320)),
            three=nn.Sequential(_conv(maps, c), both()),
            three_twice=nn.Sequential(_conv(maps, w(448)), _conv(w(448), c, 3), both()),
            pool=_pooled(maps, w(192)),
        )

    @staticmethod
    def _auxiliary_head(maps: int, num_classes: int, w: Width) -> nn.Sequential:
        """Figure 8, with batch normalization."""
        layers = OrderedDict[str, nn.Module](
            pool=nn.AvgPool2d(5, stride=3),  # 5
            conv1=_conv(maps, w(128)),
            conv2=_conv(w(128), w(768), 5, padding=0),  # 1
            average=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            fc=nn.Linear(w(768), num_classes),
        )
        return nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor | Scores:
        """Return the class scores, in training with an auxiliary head those of both heads."""
        with_head = self.training and self.aux_heads
        check_images(x, self.in_channels, at_least=299 if with_head else 75)
        # In this layout a network runs and trains faster on a CPU.
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        auxiliary = None
        for name, module in self.inception.items():
            x = module(x)
            if name == "c4" and with_head:
                auxiliary = self.aux(x)
        scores = self.fc(self.dropout(self.avgpool(x).flatten(1)))
        return scores if auxiliary is None else Scores(scores, auxiliary)


def inception_v3(
    num_classes: int = 1000,
    in_channels: int = 3,
    aux_heads: bool = False,
    dropout: float = 0.5,
    width: float = 1.0,
) -> InceptionV3:
    """Inception-v3, by default without the head that only training uses."""
    return InceptionV3(num_classes, in_channels, aux_heads, dropout, width)
