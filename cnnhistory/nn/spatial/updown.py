"""A small network that labels every pixel, with four ways to come back to the size of the image."""

from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.nn.size import check_maps
from cnnhistory.nn.spatial.transposed import ResizeConv2d, TransposedConv2d
from cnnhistory.nn.spatial.unpool import MaxUnpool2d, pool_with_places
from cnnhistory.nn.unit import conv_norm

WAYS = ("transposed 3×3", "transposed 4×4", "resize", "unpool")


class UpStep(nn.Module):
    """Double height and width in one of four ways, with normalization and ReLU behind.

    "transposed 3×3" stamps kernels that overlap unevenly, "transposed 4×4" evenly, two pixels
    apart; "resize" repeats pixels, then convolves by 3x3; "unpool" puts values to stored places,
    then convolves by 3x3.

    Shape: input (N, in_channels, H, W), `places` as the input; output (N, out_channels, 2 H, 2 W).

    Raises:
        ValueError: a number is below 1 or there is no such way.

    Source: long2015fully, Section 3.3; odena2016deconvolution; badrinarayanan2017segnet.
    """

    def __init__(self, in_channels: int, out_channels: int, way: str) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, out_channels=out_channels)
        check_one_of("way", way, WAYS)
        self.way = way
        self.unpool = MaxUnpool2d(2)
        self.layer: nn.Module
        if way == "transposed 3×3":
            self.layer = TransposedConv2d(in_channels, out_channels, 3, 2)
        elif way == "transposed 4×4":
            self.layer = TransposedConv2d(in_channels, out_channels, 4, 2, 1)
        elif way == "resize":
            self.layer = ResizeConv2d(in_channels, out_channels, 3, 2)
        else:
            self.layer = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor, places: Tensor) -> Tensor:
        """Return maps of twice the size."""
        height, width = 2 * x.shape[2], 2 * x.shape[3]
        if self.way == "unpool":
            x = self.unpool(x, places)
        x = self.layer(x)[..., :height, :width]  # uneven stamps reach one pixel too far
        return F.relu(self.bn(x))


class UpDownNet(nn.Module):
    """Pool twice, then go up twice, and score each pixel for each class.

    in -> conv `maps` -> pool -> conv 2 `maps` -> pool -> two convs, 2 `maps` -> up, `maps` -> up,
    `maps` -> 1x1. Pooling keeps the places of its maxima for the steps of "unpool"; the layers on
    the way up read as many maps as the layers on the way down have made.

    Shape: input (N, in_channels, H, W) with sides that are multiples of 4; output
    (N, num_classes, H, W), unnormalized log-probabilities.

    Raises:
        ValueError: a number is below 1, there is no such way, or the input has another shape.

    Source: ours, for comparison; the way down and up is that of badrinarayanan2017segnet, Figure 2.
    """

    def __init__(
        self, way: str, maps: int = 8, num_classes: int = 11, in_channels: int = 1
    ) -> None:
        super().__init__()
        check_counts(maps=maps, num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        self.down1 = conv_norm(in_channels, maps, 3)
        self.down2 = conv_norm(maps, 2 * maps, 3)
        self.bottom = nn.Sequential(
            conv_norm(2 * maps, 2 * maps, 3), conv_norm(2 * maps, 2 * maps, 3)
        )
        self.up2 = UpStep(2 * maps, maps, way)
        self.up1 = UpStep(maps, maps, way)
        self.scores = nn.Conv2d(maps, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of all pixels."""
        check_maps(x, self.in_channels)
        if x.shape[2] % 4 or x.shape[3] % 4:
            raise expected("input", "sides that are multiples of 4", tuple(x.shape))
        x, places1 = pool_with_places(self.down1(x))
        x, places2 = pool_with_places(self.down2(x))
        x = self.up2(self.bottom(x), places2)
        return self.scores(self.up1(x, places1))
