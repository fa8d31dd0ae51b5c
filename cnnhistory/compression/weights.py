"""Which tensors of a network are compressed, and what they are right now."""

from torch import Tensor, nn


def compressible(network: nn.Module) -> dict[str, nn.Module]:
    """Return the layers that have a weight of two dimensions or more, by name, in order.

    These are the convolutions (three dimensions or more) and the dense layers (two). Biases and
    what a normalization learns have one dimension: they are few, and left alone.

    >>> list(compressible(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 1))))
    ['0', '2']
    """
    layers = {}
    for name, module in network.named_modules():
        weight = getattr(module, "weight", None)
        if isinstance(weight, Tensor) and weight.dim() >= 2:
            layers[name] = module
    return layers


def is_convolution(weight: Tensor) -> bool:
    """Say whether a weight is that of a convolution rather than of a dense layer."""
    return weight.dim() > 2


def current_weight(layer: nn.Module) -> Tensor:
    """Return the weight that the next forward pass would use, detached.

    A layer under `torch.nn.utils.prune` refreshes its `weight` only when it runs; after a step of
    the optimizer, or after a state was loaded, that attribute is out of date.
    """
    mask = getattr(layer, "weight_mask", None)
    if isinstance(mask, Tensor):
        original = layer.get_parameter("weight_orig")
        return (original * mask).detach()
    weight = layer.weight
    assert isinstance(weight, Tensor)
    return weight.detach()
