"""Fully connected layers as convolutions."""

from collections import OrderedDict

from torch import nn


def as_convolutions(classifier: nn.Sequential, maps: int, side: int) -> nn.Sequential:
    """Return convolutions that compute at every place what the dense layers compute once.

    A dense layer over `maps` maps of `side` x `side` units is a convolution with a kernel of that
    size, which fits at one place; the dense layers behind it are 1x1 convolutions. Over larger
    maps the kernel fits at more places, and each gives the scores of its window. The weights are
    shared with `classifier`, not copied; other layers are taken as they are.

    Shape: for input (N, maps, H, W) the result is (N, units, H - side + 1, W - side + 1).

    Raises:
        ValueError: there is no dense layer, or the first one reads another number of values than
            maps * side * side.

    Source: sermanet2014overfeat; simonyan2015very, Section 3.2.
    """
    dense = [layer for layer in classifier if isinstance(layer, nn.Linear)]
    if not dense:
        raise ValueError("classifier: expected at least one dense layer, got none")
    if dense[0].in_features != maps * side * side:
        raise ValueError(
            f"classifier: expected a first layer that reads {maps} x {side} x {side} = "
            f"{maps * side * side} values, got one that reads {dense[0].in_features}"
        )
    layers = OrderedDict[str, nn.Module]()
    for name, layer in classifier.named_children():
        if isinstance(layer, nn.Linear):
            first = layer is dense[0]
            inputs, kernel = (maps, side) if first else (layer.in_features, 1)
            # On meta: the weights that it would draw are not used.
            convolution = nn.Conv2d(
                inputs, layer.out_features, kernel, bias=layer.bias is not None, device="meta"
            )
            convolution.weight = nn.Parameter(layer.weight.view(convolution.weight.shape))
            convolution.bias = layer.bias
            layer = convolution
        layers[name] = layer
    return nn.Sequential(layers)
