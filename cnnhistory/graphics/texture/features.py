"""What features a texture is described by: of a trained network, or of random filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected

# From pictures (1, 3, H, W) with values from 0 to 1 to the maps of some layers.
Extractor = Callable[[Tensor], list[Tensor]]

RANDOM_SIZES = (3, 5, 7, 11, 15, 23, 37, 55)  # pixels


class RandomFilters(nn.Module):
    """Random filters of several sizes, each followed by a ReLU: features without any training.

    `maps` filters of each size, with normally distributed weights of mean 0 over each filter and
    sum of squares 1. They are circular: what leaves the picture on one side comes in on the other.

    Shape: pictures (1, 3, H, W); for each size (1, maps, H, W).

    Raises:
        ValueError: a number is below 1, or a picture is smaller than the largest filter.

    Source: ustyuzhaninov2016texture, Section 3 (one layer, several scales).

    Deviations: the filters are Gaussian random numbers; the paper's best ones are uniform random
        numbers or Fourier components.
    """

    def __init__(self, maps: int = 48, sizes: Sequence[int] = RANDOM_SIZES, seed: int = 0) -> None:
        super().__init__()
        check_counts(maps=maps)
        if not sizes or min(sizes) < 1:
            raise expected("sizes", "at least one, each at least 1", list(sizes))
        self.sizes = tuple(sizes)
        generator = torch.Generator().manual_seed(seed)
        for size in self.sizes:
            filters = torch.randn(maps, 3, size, size, generator=generator)
            filters = filters - filters.mean((1, 2, 3), keepdim=True)
            if size > 1:
                filters = filters / filters.flatten(1).norm(dim=1)[:, None, None, None]
            self.register_buffer(f"filters{size}", filters)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return the maps of each size."""
        sides = picture.shape[-2:]
        if min(sides) < max(self.sizes):
            raise expected("picture", f"at least {max(self.sizes)} pixels a side", tuple(sides))
        spectrum = torch.fft.rfft2(picture - 0.5)
        found = []
        for size in self.sizes:
            # the product of spectra is the circular convolution
            kernel = torch.fft.rfft2(self.get_buffer(f"filters{size}"), s=tuple(sides))
            maps = torch.einsum("bchw,ochw->bohw", spectrum, kernel)
            found.append(torch.fft.irfft2(maps, s=tuple(sides)).relu())
        return found


class Vgg19Features(nn.Module):
    """The layers of VGG-19 that textures are described by, with average pooling.

    `layers` are the convolutional layers of a VGG-19, as `torchvision.models.vgg19().features` or
    the `features` of `cnnhistory.create_model("vgg19")`; what comes after the fourth pooling is not
    used. Max pooling becomes average pooling. With `all_layers` every convolution and pooling up to
    there is returned, else the first convolution and the four poolings.

    Shape: pictures (1, 3, H, W) with H, W at least 16; maps of 64 channels, and 64, 128, 256, 512
    at halves, quarters ... of the size.

    Raises:
        ValueError: there are fewer than four poolings, or a picture is too small.

    Source: gatys2015texture, Section 2; simonyan2015very.

    Deviations: the weights are not rescaled so that the mean of each map over images is 1, as
        those of the paper's network are.
    """

    MEAN = (0.485, 0.456, 0.406)
    STD = (0.229, 0.224, 0.225)

    def __init__(self, layers: nn.Sequential, all_layers: bool = False) -> None:
        super().__init__()
        steps: list[nn.Module] = []
        kept: list[int] = []
        poolings = convolutions = 0
        for layer in layers:
            if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
                steps.append(nn.AvgPool2d(2))
                kept.append(len(steps) - 1)
                poolings += 1
                if poolings == 4:
                    break
            elif isinstance(layer, nn.ReLU):
                steps.append(nn.ReLU())
                if all_layers or convolutions == 1:
                    kept.append(len(steps) - 1)
            else:
                steps.append(layer)
                convolutions += isinstance(layer, nn.Conv2d)
        if poolings < 4:
            raise expected("layers", "those of VGG-19, with four poolings or more", poolings)
        self.steps, self.kept = nn.ModuleList(steps), tuple(kept)
        self.register_buffer("mean", torch.tensor(self.MEAN)[:, None, None])
        self.register_buffer("std", torch.tensor(self.STD)[:, None, None])
        self.requires_grad_(False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return the maps of the layers that are kept."""
        if min(picture.shape[-2:]) < 16:
            raise expected("picture", "at least 16 pixels a side", tuple(picture.shape[-2:]))
        x = (picture - self.get_buffer("mean")) / self.get_buffer("std")
        found = []
        for index, step in enumerate(self.steps):
            x = step(x)
            if index in self.kept:
                found.append(x)
        return found


def vgg19_features(all_layers: bool = False) -> Vgg19Features:
    """Return the layers of torchvision's VGG-19 with its ImageNet weights, for full mode.

    The weights, 575 MB, are downloaded by torchvision to its own cache.
    """
    from torchvision.models import VGG19_Weights, vgg19

    return Vgg19Features(vgg19(weights=VGG19_Weights.IMAGENET1K_V1).features, all_layers)


def enlarged(extractor: Extractor, factor: int = 2) -> Extractor:
    """Return an extractor that sees pictures `factor` times as large.

    A network whose first layer has a stride of 2 otherwise leaves a pattern of that period free.
    """
    check_counts(factor=factor)

    def extract(picture: Tensor) -> list[Tensor]:
        larger = F.interpolate(picture, scale_factor=factor, mode="bilinear", align_corners=False)
        return extractor(larger)

    return extract


def statistics(maps: Sequence[Tensor]) -> int:
    """Return how many different numbers the Gram matrices of layers have: N (N + 1) / 2 of each."""
    return sum(layer.shape[-3] * (layer.shape[-3] + 1) // 2 for layer in maps)
