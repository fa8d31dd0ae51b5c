"""Three ways to see several sizes at once; the fourth, side by side, is `nn.branches`."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import expected


class LayerMerge(nn.Module):
    """Concatenate the maps of layers at different depths, brought to the size of the first.

    y = [x_1, enlarge(x_2), ...] with x_n = stage_n(x_(n-1)): fine maps with a small field beside
    coarse ones with a large field, enlarged by bilinear interpolation.

    Shape: input (N, C, H, W); stage n gives (N, C_n, H_n, W_n); output (N, sum of C_n, H_1, W_1).

    Raises:
        ValueError: fewer than two stages.

    Source: huang2015densebox (conv3_4 and conv4_4).

    >>> LayerMerge(nn.Identity(), nn.AvgPool2d(2))(torch.tensor([[[[2.0, 4.0], [6.0, 8.0]]]]))[0]
    tensor([[[2., 4.],
             [6., 8.]],
    <BLANKLINE>
            [[5., 5.],
             [5., 5.]]])
    """

    def __init__(self, *stages: nn.Module) -> None:
        super().__init__()
        if len(stages) < 2:
            raise expected("stages", "at least two", len(stages))
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps of all stages."""
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        size = maps[0].shape[2:]
        larger = [
            F.interpolate(deep, size=size, mode="bilinear", align_corners=False)
            for deep in maps[1:]
        ]
        return torch.cat([maps[0], *larger], 1)


class StageHeads(nn.Module):
    """Predict from the maps of several stages, each through a head of its own.

    Head n scores every place of x_n = stage_n(x_(n-1)); nothing is merged but the list of answers,
    those of fine maps about small things first.

    Shape: input (N, C, H, W); head n gives (N, K, H_n, W_n); output (N, K, sum of H_n W_n).

    Raises:
        ValueError: no stage, or not one head for each.

    Source: liu2016ssd, Section 2.1 and Figure 2.

    >>> pools = [nn.MaxPool2d(2), nn.MaxPool2d(2)]
    >>> layer = StageHeads(pools, [nn.Identity(), nn.Identity()])
    >>> layer(torch.arange(16.0).view(1, 1, 4, 4)).tolist()
    [[[5.0, 7.0, 13.0, 15.0, 15.0]]]
    """

    def __init__(self, stages: Sequence[nn.Module], heads: Sequence[nn.Module]) -> None:
        super().__init__()
        if not stages or len(stages) != len(heads):
            raise expected("heads", f"one for each of {len(stages)} stages", len(heads))
        self.stages, self.heads = nn.ModuleList(stages), nn.ModuleList(heads)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of all places of all maps."""
        scores = []
        for stage, head in zip(self.stages, self.heads, strict=True):
            x = stage(x)
            scores.append(head(x).flatten(2))
        return torch.cat(scores, 2)


class ImagePyramid(nn.Module):
    """Run one network over the image at several sizes and keep the highest scores.

    y_k = max over scales s of f_k(resize(x, s)): the same weights look at everything at each size.

    Shape: input (N, C, H, W); the network gives (N, K) for images of each size; output (N, K).

    Raises:
        ValueError: no scale, or one that is not a positive number.

    Source: li2015convolutional: the image pyramid in front of the first network.

    >>> brightest = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())
    >>> ImagePyramid(brightest, (1, 0.5))(torch.tensor([[[[2.0, 4.0], [6.0, 8.0]]]])).item()
    8.0
    """

    def __init__(self, network: nn.Module, scales: Sequence[float] = (1.0, 0.5)) -> None:
        super().__init__()
        if not scales:
            raise expected("scales", "at least one", scales)
        for scale in scales:
            check_finite("scales", scale, positive=True)
        self.network, self.scales = network, tuple(scales)

    def forward(self, x: Tensor) -> Tensor:
        """Return the highest score of each class over the sizes."""
        sides = [[max(1, round(scale * side)) for side in x.shape[2:]] for scale in self.scales]
        scores = [
            self.network(
                F.interpolate(x, size=size, mode="bilinear", align_corners=False, antialias=True)
            )
            for size in sides
        ]
        return torch.stack(scores).amax(0)

    def extra_repr(self) -> str:
        """Show the scales."""
        return f"scales={self.scales}"
