"""The four-layer network of AlexNet's Figure 1.

A. Krizhevsky, I. Sutskever, G. Hinton (2012), "ImageNet Classification with Deep Convolutional
Neural Networks" [krizhevsky2012imagenet].

What it is for: trained on CIFAR-10 once with ReLU and once with tanh, it shows how much sooner the
first reaches a training error of 25 %.
"""

from collections import OrderedDict

from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import check_one_of
from cnnhistory.nn.init import normal_
from cnnhistory.nn.size import check_images, window_count

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


class FourLayers(nn.Module):
    """Score classes with three convolutions and one dense layer, to compare ReLU with tanh.

    32x32 -> conv1 32@32x32 -> pool1 15x15 -> conv2 32@15x15 -> pool2 7x7 -> conv3 64@7x7 ->
    pool3 3x3 -> fc4. Kernels are 5x5, the activation follows each convolution. 85,098 parameters
    for color images of 32x32, 81,898 for those of 24x24.

    Shape: input (N, in_channels, image_size, image_size), output (N, num_classes), unnormalized
    log-probabilities.

    Units: pixels of mean 0, about 1 in size. `std` is the standard deviation of all initial
    weights; default: the root of 1 / inputs of a unit, by which sums keep the size of the inputs.

    Raises:
        ValueError: a setting is not among its values or out of range (`image_size` below 15), or
            the input has another shape than the above.

    Source: krizhevsky2012imagenet, Section 3.1, Figure 1.

    Deviations: the paper says "four-layer" and no more. The sizes here are those of the small
    networks for CIFAR-10 that its first author published with his code. Neither does it give
    the initial weights; those of its large network are N(0, 0.01^2) for pixels from 0 to 255.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        image_size: int,
        activation: str,
        std: float | None = None,
    ) -> None:
        super().__init__()
        check_one_of("activation", activation, ACTIVATIONS)
        check_counts(num_classes=num_classes, in_channels=in_channels)
        check_counts(15, image_size=image_size)
        if std is not None:
            check_finite("std", std, positive=True)
        self.in_channels, self.image_size = in_channels, image_size
        maps, side = in_channels, image_size
        features = OrderedDict[str, nn.Module]()
        for n, wanted in enumerate((32, 32, 64), start=1):
            features[f"conv{n}"] = nn.Conv2d(maps, wanted, 5, padding=2)
            features[f"{activation}{n}"] = ACTIVATIONS[activation]()
            features[f"pool{n}"] = nn.MaxPool2d(3, stride=2)
            maps, side = wanted, window_count(side, 3, 2)
        self.features = nn.Sequential(features)
        self.fc4 = nn.Linear(maps * side**2, num_classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                normal_(layer, std or layer.weight[0].numel() ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, self.image_size)
        return self.fc4(self.features(x).flatten(1))
