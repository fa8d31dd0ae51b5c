"""VGG.

K. Simonyan, A. Zisserman (2015), "Very Deep Convolutional Networks for Large-Scale Image
Recognition" [simonyan2015very].

What was new: depth alone. Every convolution has 3x3 windows, two of which see as much as one of
5x5 with fewer weights and a ReLU more; the number of layers is all that changes from A to E.
"""

from collections import OrderedDict

from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected
from cnnhistory.nn.init import normal_
from cnnhistory.nn.norm import LocalResponseNorm
from cnnhistory.nn.size import check_images, scaled
from cnnhistory.system import PATCHES, ModelCard

# Table 1: for each of the five stages the maps of its 3x3 convolutions, "256/1" one of 1x1, and
# "lrn" a normalization. Max-pooling closes every stage.
CONFIGURATIONS = {
    "A": ("64", "128", "256 256", "512 512", "512 512"),
    "A-LRN": ("64 lrn", "128", "256 256", "512 512", "512 512"),
    "B": ("64 64", "128 128", "256 256", "512 512", "512 512"),
    "C": ("64 64", "128 128", "256 256 256/1", "512 512 512/1", "512 512 512/1"),
    "D": ("64 64", "128 128", "256 256 256", "512 512 512", "512 512 512"),
    "E": ("64 64", "128 128", "256 256 256 256", "512 512 512 512", "512 512 512 512"),
}
DENSE = 4096

# The network that Section 4.3 compares B with: one 5x5 in place of two 3x3, as many stages.
SHALLOW_B = ("64/5", "128/5", "256/5", "512/5", "512/5")

# Table 2: parameters in millions.
PAPER_PARAMETERS = {"A": 133, "A-LRN": 133, "B": 133, "C": 134, "D": 138, "E": 144}

SMALL = {"image_size": 32, "width": 1 / 8}
PLAIN, NORMALIZED = (
    ModelCard((3, 224, 224), SMALL, (3, 32, 32), PATCHES, data_args, SMALL | {"num_classes": 16})
    for data_args in ({"levels": "bytes"}, {})
)
MODELS = {
    **dict.fromkeys(("vgg11", "vgg13", "vgg16", "vgg19"), PLAIN),
    **dict.fromkeys(("vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"), NORMALIZED),
}


def rows_of(configuration: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the five rows of a configuration that is given by name, or as rows.

    Raises:
        ValueError: no configuration of Table 1, and not five rows.
    """
    rows = CONFIGURATIONS.get(configuration, configuration)  # type: ignore[arg-type]
    if isinstance(rows, str) or len(rows) != 5:
        raise expected(
            "configuration",
            f"one of {', '.join(CONFIGURATIONS)}, or a tuple of five rows",
            configuration,
        )
    return rows


class VGG(nn.Module):
    """Score 1,000 classes with 8 to 16 convolutional layers and three dense ones.

    224x224 -> stage 1 64@224x224 -> pool1 112x112 -> stage 2 128 -> pool2 56x56 -> stage 3 256 ->
    pool3 28x28 -> stage 4 512 -> pool4 14x14 -> stage 5 512 -> pool5 7x7 -> fc6 4096 -> fc7 4096
    -> fc8. ReLU follows every layer but the last. D, with 16 layers, has 138,357,544 parameters
    and 15,470,264,320 multiply-adds.

    The ReLU layers work in place: what a hook on `conv1_1` keeps without copying is the output of
    `relu1_1`. `width` scales the number of maps and of dense units. `configuration` is a name in
    Table 1, or rows in the form of `CONFIGURATIONS` for a network that is not in it.

    Shape: input (N, in_channels, image_size, image_size), output (N, num_classes), unnormalized
    log-probabilities.

    Units: input pixels from 0 to 255 minus the mean of each color (Section 2.1).

    Raises:
        ValueError: `configuration` is not one of Table 1, a number is out of range (`image_size`
            below 32), or the input has another shape than the above.

    Source: simonyan2015very, Section 2, Tables 1 and 2.

    Deviations: every depth starts from the random weights of Glorot and Bengio, which the paper
    found to work after its submission; the submission started the deeper ones from a trained A.
    `batch_norm` puts a batch normalization behind each convolution; the paper has none.
    """

    def __init__(
        self,
        configuration: str | tuple[str, ...] = "D",
        batch_norm: bool = False,
        num_classes: int = 1000,
        in_channels: int = 3,
        image_size: int = 224,
        width: float = 1.0,
    ) -> None:
        super().__init__()
        rows = rows_of(configuration)
        check_counts(num_classes=num_classes, in_channels=in_channels)
        check_counts(32, image_size=image_size)
        self.in_channels = in_channels
        self.image_size = image_size

        features = OrderedDict[str, nn.Module]()
        maps = in_channels
        for stage, row in enumerate(rows, start=1):
            for n, entry in enumerate(row.split(), start=1):
                if entry == "lrn":
                    features[f"norm{stage}"] = LocalResponseNorm()
                    continue
                wanted, _, kernel = entry.partition("/")
                side = int(kernel or 3)
                out = scaled(int(wanted), width)
                features[f"conv{stage}_{n}"] = nn.Conv2d(maps, out, side, padding=side // 2)
                if batch_norm:
                    features[f"bn{stage}_{n}"] = nn.BatchNorm2d(out)
                features[f"relu{stage}_{n}"] = nn.ReLU(inplace=True)
                maps = out
            features[f"pool{stage}"] = nn.MaxPool2d(2)
        self.features = nn.Sequential(features)

        units = scaled(DENSE, width)
        last = maps * (image_size // 32) ** 2  # 512 * 7 * 7 at full size
        classifier = OrderedDict[str, nn.Module]()
        for n, inputs in ((6, last), (7, units)):
            classifier[f"fc{n}"] = nn.Linear(inputs, units)
            classifier[f"relu{n}"] = nn.ReLU(inplace=True)
            classifier[f"drop{n}"] = nn.Dropout(0.5)
        classifier["fc8"] = nn.Linear(units, num_classes)
        self.classifier = nn.Sequential(classifier)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, self.image_size)
        x = self.features(x)  # (N, 512, 7, 7)
        return self.classifier(x.flatten(1))  # (N, num_classes)


def start_from(deeper: VGG, trained: VGG, std: float = 0.1) -> None:
    """Give a network the weights that the submission started its deeper ones from, in place.

    The first four convolutions and the three dense layers are those of a trained network of
    configuration A. All other weights are drawn from N(0, std^2), biases are 0.

    Raises:
        ValueError: the two differ in width, classes or image size.

    Source: simonyan2015very, Section 3.1; the variance there is 10^-2.
    """
    known = dict(trained.named_modules())
    copied = ["features.conv1_1", "features.conv2_1", "features.conv3_1", "features.conv3_2"]
    copied += [f"classifier.fc{n}" for n in (6, 7, 8)]
    for name, layer in deeper.named_modules():
        if not isinstance(layer, nn.Conv2d | nn.Linear):
            continue
        if name not in copied:
            normal_(layer, std)
            continue
        source = known[name].state_dict()
        if source["weight"].shape != layer.weight.shape:
            raise ValueError(
                f"trained: expected {name} of shape {tuple(layer.weight.shape)}, "
                f"got {tuple(source['weight'].shape)}"
            )
        layer.load_state_dict(source)


def vgg11(
    num_classes: int = 1000, in_channels: int = 3, image_size: int = 224, width: float = 1.0
) -> VGG:
    """Configuration A."""
    return VGG("A", False, num_classes, in_channels, image_size, width)


def vgg13(
    num_classes: int = 1000, in_channels: int = 3, image_size: int = 224, width: float = 1.0
) -> VGG:
    """Configuration B."""
    return VGG("B", False, num_classes, in_channels, image_size, width)


def vgg16(
    num_classes: int = 1000, in_channels: int = 3, image_size: int = 224, width: float = 1.0
) -> VGG:
    """Configuration D."""
    return VGG("D", False, num_classes, in_channels, image_size, width)


def vgg19(
    num_classes: int = 1000, in_channels: int = 3, image_size: int = 224, width: float = 1.0
) -> VGG:
    """Configuration E."""
    return VGG("E", False, num_classes, in_channels, image_size, width)


def vgg11_bn(
    num_classes: int = 1000, in_channels: int = 3, image_size: int = 224, width: float = 1.0
) -> VGG:
    """Configuration A with batch normalization."""
    return VGG("A", True, num_classes, in_channels, image_size, width)


def vgg13_bn(
    num_classes: int = 1000, in_channels: int = 3, image_size: int = 224, width: float = 1.0
) -> VGG:
    """Configuration B with batch normalization."""
    return VGG("B", True, num_classes, in_channels, image_size, width)


def vgg16_bn(
    num_classes: int = 1000, in_channels: int = 3, image_size: int = 224, width: float = 1.0
) -> VGG:
    """Configuration D with batch normalization."""
    return VGG("D", True, num_classes, in_channels, image_size, width)


def vgg19_bn(
    num_classes: int = 1000, in_channels: int = 3, image_size: int = 224, width: float = 1.0
) -> VGG:
    """Configuration E with batch normalization."""
    return VGG("E", True, num_classes, in_channels, image_size, width)
