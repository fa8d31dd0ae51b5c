"""Convolution, batch normalization and activation: the unit of most networks since 2015."""

from collections import OrderedDict

from torch import nn

from cnnhistory._util.lookup import check_one_of

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "sigmoid": nn.Sigmoid,
}


def conv_norm(
    in_channels: int,
    out_channels: int,
    kernel: int | tuple[int, int] = 1,
    stride: int = 1,
    *,
    padding: int | tuple[int, int] | None = None,
    groups: int = 1,
    activation: str | None = "relu",
    batch_norm: bool = True,
    eps: float = 1e-5,
) -> nn.Sequential:
    """Return y = activation(BN(W * x)), as layers called `conv`, `bn` and by the activation.

    The convolution has no bias, since the normalization would take it away; without `batch_norm` it
    has one. ReLU works in place.

    Shape: input (N, in_channels, H, W), output (N, out_channels, H', W') with H' = ceil(H / stride)
    for an odd kernel and the default padding.

    Args:
        in_channels: maps that it reads.
        out_channels: maps that it makes.
        kernel: side of the window, or height and width.
        stride: pixels between two windows.
        padding: zeros at each edge; default: half of the window, which keeps the size.
        groups: parts of the maps that do not read each other; `in_channels` for a depthwise one.
        activation: "relu", "relu6", "sigmoid", or None.
        batch_norm: whether there is a normalization.
        eps: added to the variance.

    Raises:
        ValueError: there is no such activation.

    Source: ioffe2015batch, Section 3.2.
    """
    if padding is None:
        padding = kernel // 2 if isinstance(kernel, int) else (kernel[0] // 2, kernel[1] // 2)
    layers = OrderedDict[str, nn.Module](
        conv=nn.Conv2d(
            in_channels, out_channels, kernel, stride, padding, groups=groups, bias=not batch_norm
        )
    )
    if batch_norm:
        layers["bn"] = nn.BatchNorm2d(out_channels, eps=eps)
    if activation is not None:
        check_one_of("activation", activation, ACTIVATIONS)
        in_place = {} if activation == "sigmoid" else {"inplace": True}
        layers[activation] = ACTIVATIONS[activation](**in_place)
    return nn.Sequential(layers)


def factored(in_channels: int, inner: int, out_channels: int, side: int) -> nn.Sequential:
    """Return two convolutions that together see a square: a row, then a column.

    y = r(BN(V * r(BN(H * x)))) with r = ReLU, H of 1 x side and V of side x 1. They have 2 side
    weights for a pair of maps where the whole window has side * side.

    Shape: input (N, in_channels, H, W), output (N, out_channels, H, W) for an odd side.

    Source: szegedy2016rethinking, Section 3.2, Figure 6.
    """
    layers = OrderedDict[str, nn.Module](
        row=conv_norm(in_channels, inner, (1, side)),
        column=conv_norm(inner, out_channels, (side, 1)),
    )
    return nn.Sequential(layers)
