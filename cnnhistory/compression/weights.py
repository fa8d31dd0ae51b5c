"""Which tensors of a network are compressed, and what they are right now."""

import torch
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


def own_weight(name: str, layer: nn.Module) -> nn.Parameter:
    """Return the parameter behind the weight of a layer, pruned or not.

    Raises:
        ValueError: the layer computes its weight from something else.
    """
    for parameter in ("weight_orig", "weight"):
        weight = layer._parameters.get(parameter)
        if weight is not None:
            return weight
    raise ValueError(
        f"network: expected layers whose weight is a parameter, got {name!r}, which computes it; "
        "shared weights are made plain by cnnhistory.compression.quantization.make_plain, others "
        "by what made them, such as torch.nn.utils.parametrize.remove_parametrizations"
    )


def check_finite(name: str, weight: Tensor) -> None:
    """Refuse weights that have no place among others.

    Raises:
        ValueError: a number is not finite; the message has the name of the weight.
    """
    bad = weight.numel() - int(weight.isfinite().sum())
    if bad:
        raise ValueError(f"{name}: expected finite weights, got {bad} others in {weight.numel()}")


def plain_state(network: nn.Module) -> dict[str, Tensor]:
    """Return a state that `safetensors` can write, each tensor with memory of its own, in order.

    `safetensors.torch.save_file` takes no weights in another order than row by row, such as those
    of a network with the channels last, and no two names for one tensor.
    """
    return {
        key: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for key, value in network.state_dict().items()
    }


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
