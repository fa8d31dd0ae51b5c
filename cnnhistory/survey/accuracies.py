"""The error rates that papers report for the networks, each with its place and how it was measured.

>>> [figure.top5 for figure in reported("googlenet", views="many")]
[7.89]

Rows are complete for networks that are still to be built: a figure appears in the landscape as
soon as the registry lists its model.
"""

from __future__ import annotations

from dataclasses import dataclass

from cnnhistory._util.lookup import check_one_of

DATA_SETS = {
    "ImageNet": "ILSVRC-2012, validation set",
    "CIFAR-10": "test set",
    "digits": "test set of the paper: zip codes (1989, 1990) or MNIST",
}

# How much of a test image the network sees before it answers.
VIEWS = {
    "one": "one crop",
    "dense": "whole image, one scale",
    "ten": "ten crops",
    "many": "many crops or scales",
}


@dataclass(frozen=True)
class Reported:
    """One error rate of one network.

    `views` is one of `VIEWS`, `crops` the number of forward passes of one crop where the paper
    gives it. `size` is the side of a crop. `source` is a key of the bibliography, `where` the
    place there, `note` what makes the figure special.

    Units: `top1` and `top5` in percent of the test images, None where the source has no figure;
    `size` in pixels.

    Raises:
        ValueError: `data` or `views` is not in the vocabulary, or there is no error rate between 0
            and 100.
    """

    model: str
    data: str
    views: str
    crops: int | None
    size: int
    top1: float | None
    top5: float | None
    source: str
    where: str
    note: str = ""

    def __post_init__(self) -> None:
        for name, value, known in (("data", self.data, DATA_SETS), ("views", self.views, VIEWS)):
            check_one_of(name, value, known)
        rates = [rate for rate in (self.top1, self.top5) if rate is not None]
        if not rates or not all(0 < rate < 100 for rate in rates):
            raise ValueError(f"top1, top5: expected percentages, got {self.top1} and {self.top5}")

    @property
    def channels(self) -> int:
        """Number of channels of an image."""
        return 1 if self.data == "digits" else 3


_RELEASE = "README of the released models"
_OURS = "option A, ours has B"
# model, views, crops, size, top-1, top-5, source, where, note
_IMAGENET: tuple[tuple[str, str, int | None, int, float | None, float | None, str, str, str], ...]
_IMAGENET = (
    ("alexnet", "ten", 10, 227, 40.7, 18.2, "krizhevsky2012imagenet", "Table 2, Section 4.1", ""),
    (
        "zfnet",
        "ten",
        10,
        224,
        38.4,
        16.5,
        "zeiler2014visualizing",
        "Table 2",
        "crops assumed as AlexNet's",
    ),
    # The network's own paper has no top-1 error.
    ("googlenet", "one", 1, 224, 29.0, None, "szegedy2016rethinking", "Table 3", "later paper"),
    ("googlenet", "one", 1, 224, None, 10.07, "szegedy2015going", "Table 3", ""),
    ("googlenet", "ten", 10, 224, None, 9.15, "szegedy2015going", "Table 3", ""),
    ("googlenet", "many", 144, 224, None, 7.89, "szegedy2015going", "Table 3", ""),
    ("vgg11", "dense", None, 224, 29.6, 10.4, "simonyan2015very", "Table 3, A", ""),
    ("vgg13", "dense", None, 224, 28.7, 9.9, "simonyan2015very", "Table 3, B", ""),
    ("vgg13", "many", None, 224, 28.2, 9.6, "simonyan2015very", "Table 4, B", "three scales"),
    ("vgg16", "one", 1, 224, 28.5, 9.9, "he2016deep", _RELEASE, "released VGG, measured later"),
    ("vgg16", "ten", 10, 224, 28.07, 9.33, "he2016deep", "Table 3", "measured by He et al."),
    ("vgg16", "dense", None, 224, 25.6, 8.1, "simonyan2015very", "Table 3, D", "side 384"),
    ("vgg16", "many", None, 224, 24.4, 7.2, "simonyan2015very", "Table 5, D", "crops and dense"),
    ("vgg19", "dense", None, 224, 25.5, 8.0, "simonyan2015very", "Table 3, E", "side 384"),
    ("vgg19", "many", None, 224, 24.4, 7.1, "simonyan2015very", "Table 5, E", "crops and dense"),
    ("plain18", "ten", 10, 224, 27.94, None, "he2016deep", "Table 2", ""),
    ("plain34", "ten", 10, 224, 28.54, 10.02, "he2016deep", "Tables 2 and 3", ""),
    ("resnet18", "ten", 10, 224, 27.88, None, "he2016deep", "Table 2", _OURS),
    ("resnet34", "ten", 10, 224, 24.52, 7.46, "he2016deep", "Table 3, B", ""),
    ("resnet34", "many", None, 224, 21.84, 5.71, "he2016deep", "Table 4, B", ""),
    ("resnet50", "one", 1, 224, 24.7, 7.8, "he2016deep", _RELEASE, ""),
    ("resnet50", "ten", 10, 224, 22.85, 6.71, "he2016deep", "Table 3", ""),
    ("resnet50", "many", None, 224, 20.74, 5.25, "he2016deep", "Table 4", ""),
    ("resnet101", "one", 1, 224, 23.6, 7.1, "he2016deep", _RELEASE, ""),
    ("resnet101", "ten", 10, 224, 21.75, 6.05, "he2016deep", "Table 3", ""),
    ("resnet101", "many", None, 224, 19.87, 4.60, "he2016deep", "Table 4", ""),
    ("resnet152", "one", 1, 224, 23.0, 6.7, "he2016deep", _RELEASE, ""),
    ("resnet152", "ten", 10, 224, 21.43, 5.71, "he2016deep", "Table 3", ""),
    ("resnet152", "many", None, 224, 19.38, 4.49, "he2016deep", "Table 4", ""),
    ("inception_v2", "one", 1, 224, 25.2, 7.82, "ioffe2015batch", "Figure 4", ""),
    ("inception_v2", "many", 144, 224, 21.99, 5.82, "ioffe2015batch", "Figure 4", ""),
    ("inception_v3", "one", 1, 299, 21.2, 5.6, "szegedy2016rethinking", "Table 3", ""),
    ("inception_v3", "many", 144, 299, 18.77, 4.2, "szegedy2016rethinking", "Table 4", ""),
    ("inception_v4", "one", 1, 299, 20.0, 5.0, "szegedy2017inception", "Table 2", ""),
    ("inception_v4", "many", 144, 299, 17.7, 3.8, "szegedy2017inception", "Table 4", ""),
    ("inception_resnet_v1", "one", 1, 299, 21.3, 5.5, "szegedy2017inception", "Table 2", ""),
    ("inception_resnet_v1", "many", 144, 299, 18.8, 4.3, "szegedy2017inception", "Table 4", ""),
    ("inception_resnet_v2", "one", 1, 299, 19.9, 4.9, "szegedy2017inception", "Table 2", ""),
    ("inception_resnet_v2", "many", 144, 299, 17.8, 3.7, "szegedy2017inception", "Table 4", ""),
    ("xception", "one", 1, 299, 21.0, 5.5, "chollet2017xception", "Table 1", ""),
    ("nasnet_a_large", "one", 1, 331, 17.3, 3.8, "zoph2018learning", "Table 2", ""),
    ("nasnet_a_mobile", "one", 1, 224, 26.0, 8.4, "zoph2018learning", "Table 3", ""),
    ("wrn_50_2", "one", 1, 224, 21.9, 6.03, "zagoruyko2016wide", "Section 3, ImageNet", ""),
    ("resnext50_32x4d", "one", 1, 224, 22.2, None, "xie2017aggregated", "Table 3", ""),
    ("resnext101_32x4d", "one", 1, 224, 21.2, None, "xie2017aggregated", "Table 3", ""),
    ("densenet121", "one", 1, 224, 25.02, 7.71, "huang2017densely", "Table 3", ""),
    ("densenet121", "ten", 10, 224, 23.61, 6.66, "huang2017densely", "Table 3", ""),
    ("densenet169", "one", 1, 224, 23.80, 6.85, "huang2017densely", "Table 3", ""),
    ("densenet169", "ten", 10, 224, 22.08, 5.92, "huang2017densely", "Table 3", ""),
    ("densenet201", "one", 1, 224, 22.58, 6.34, "huang2017densely", "Table 3", ""),
    ("densenet201", "ten", 10, 224, 21.46, 5.54, "huang2017densely", "Table 3", ""),
    ("mobilenet_v1", "one", 1, 224, 29.4, None, "howard2017mobilenets", "Table 6", ""),
    ("mobilenet_v2", "one", 1, 224, 28.0, None, "sandler2018mobilenetv2", "Table 4", ""),
)
# model, error, source, where, note
_CIFAR = (
    ("nin_cifar", 10.41, "lin2014network", "Table 1", "images not altered in training"),
    ("nin_cifar", 8.81, "lin2014network", "Table 1", "shifted and mirrored in training"),
    ("resnet20", 8.75, "he2016deep", "Table 6", ""),
    ("resnet32", 7.51, "he2016deep", "Table 6", ""),
    ("resnet44", 7.17, "he2016deep", "Table 6", ""),
    ("resnet56", 6.97, "he2016deep", "Table 6", ""),
    ("resnet110", 6.43, "he2016deep", "Table 6", "best of five"),
    ("resnet1202", 7.93, "he2016deep", "Table 6", ""),
    ("wrn_16_8", 4.27, "zagoruyko2016wide", "Section 3", ""),
    ("wrn_28_10", 4.00, "zagoruyko2016wide", "Section 3", ""),
    ("wrn_40_4", 4.53, "zagoruyko2016wide", "Section 3", ""),
    ("resnext29_8x64d", 3.65, "xie2017aggregated", "Section 5.3", ""),
    ("resnext29_16x64d", 3.58, "xie2017aggregated", "Section 5.3", ""),
    ("densenet40_12", 5.24, "huang2017densely", "Table 2", ""),
    ("densenet_bc_100_12", 4.51, "huang2017densely", "Table 2", ""),
    ("densenet_bc_190_40", 3.46, "huang2017densely", "Table 2", ""),
)
# model, side of a digit, error, source, where, note
_DIGITS = (
    ("lenet1989", 16, 5.0, "lecun1989backprop", "Section 5", "zip codes"),
    ("lenet1990", 28, 3.4, "lecun1990handwritten", "results", "zip codes and print"),
    ("lenet5", 32, 0.95, "lecun1998gradient", "Section III-B", "MNIST"),
    ("lenet5", 32, 0.8, "lecun1998gradient", "Section III-B", "MNIST, distorted in training"),
    ("lenet300_100", 28, 3.05, "lecun1998gradient", "Section III-C", "MNIST"),
    ("linear_classifier", 28, 12.0, "lecun1998gradient", "Section III-C", "MNIST"),
    ("highway_conv", 28, 0.57, "srivastava2015training", "Table 1", "MNIST, best of five"),
)

FIGURES = (
    *(Reported(row[0], "ImageNet", *row[1:]) for row in _IMAGENET),
    *(
        Reported(model, "CIFAR-10", "one", 1, 32, rate, None, *rest)
        for model, rate, *rest in _CIFAR
    ),
    *(
        Reported(model, "digits", "one", 1, side, rate, None, *rest)
        for model, side, rate, *rest in _DIGITS
    ),
)


def reported(
    model: str | None = None, *, data: str | None = None, views: str | None = None
) -> list[Reported]:
    """Return the figures for a model, a data set or a way of testing; default: all.

    Raises:
        ValueError: `data` or `views` is not in the vocabulary.
    """
    for name, value, known in (("data", data, DATA_SETS), ("views", views, VIEWS)):
        if value is not None:
            check_one_of(name, value, known)
    return [
        figure
        for figure in FIGURES
        if model in (None, figure.model)
        and data in (None, figure.data)
        and views in (None, figure.views)
    ]


@dataclass(frozen=True)
class PublishedCost:
    """What a publication says a network costs, in its own unit.

    `per_multiply_add` is what the publication counts for one multiplication and one addition: 1
    or 2. `digit` is the place of the last digit given, so that `value` stands for a range of
    half of it to both sides. `why` says why a recount differs, where it does.

    Units: `value` and `digit` in billions of operations.
    """

    model: str
    value: float
    digit: float
    per_multiply_add: int
    source: str
    where: str
    why: str = ""


_PLOT = "Figure 2, read off"
PUBLISHED_COSTS = (
    PublishedCost("googlenet", 1.5, 0.1, 1, "szegedy2015going", "Section 1", "a design budget"),
    PublishedCost("vgg16", 15.3, 0.1, 1, "he2016deep", "Section 3.3", "convolutions only"),
    PublishedCost("vgg19", 19.6, 0.1, 1, "he2016deep", "Section 3.3"),
    PublishedCost("resnet50", 3.8, 0.1, 1, "he2016deep", "Table 1", "cut, not rounded"),
    PublishedCost("resnet101", 7.6, 0.1, 1, "he2016deep", "Table 1"),
    PublishedCost("resnet152", 11.3, 0.1, 1, "he2016deep", "Table 1"),
    PublishedCost(
        "resnet50", 4.1, 0.1, 1, "xie2017aggregated", "Table 1", "stride in the 3×3 convolution"
    ),
    PublishedCost("alexnet", 0.72, 0.01, 1, "howard2017mobilenets", "Table 9"),
    PublishedCost("googlenet", 1.55, 0.01, 1, "howard2017mobilenets", "Table 8", "not stated"),
    PublishedCost("vgg16", 15.3, 0.1, 1, "howard2017mobilenets", "Table 8", "convolutions only"),
    PublishedCost("alexnet", 2, 2, 2, "canziani2016analysis", _PLOT),
    PublishedCost("googlenet", 3, 2, 2, "canziani2016analysis", _PLOT),
    PublishedCost("resnet18", 3, 2, 2, "canziani2016analysis", _PLOT),
    PublishedCost("resnet34", 7, 2, 2, "canziani2016analysis", _PLOT),
    PublishedCost("resnet50", 7, 2, 2, "canziani2016analysis", _PLOT),
    PublishedCost("resnet101", 15, 2, 2, "canziani2016analysis", _PLOT),
    PublishedCost("resnet152", 23, 2, 2, "canziani2016analysis", _PLOT),
    PublishedCost("vgg16", 30, 2, 2, "canziani2016analysis", _PLOT),
    PublishedCost("vgg19", 39, 2, 2, "canziani2016analysis", _PLOT),
)

# Top-1 accuracy in percent for each million parameters, read off the last figure of
# canziani2016analysis. Its AlexNet is the later one with one tower.
PUBLISHED_DENSITIES = {
    "vgg16": 0.4,
    "alexnet": 0.8,
    "resnet152": 1.2,
    "resnet101": 1.7,
    "resnet50": 2.9,
    "resnet34": 3.3,
    "resnet18": 5.9,
    "googlenet": 9.8,
}
