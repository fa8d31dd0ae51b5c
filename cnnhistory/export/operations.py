"""Which operation of the browser's runtime stands for a module or a function of torch.

The tables are all that there is to extend: a line in `MODULES` or `FUNCTIONS` here, and a function
of the same name in book/_static/live/operations.mjs, which computes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from cnnhistory._util.lookup import expected
from cnnhistory.nn.activation import ScaledTanh
from cnnhistory.nn.binary import BinaryConv2d, BinaryLinear, ScaledSignConv2d, Sign
from cnnhistory.nn.conv import PartialConv2d
from cnnhistory.nn.pool import Subsample2d
from cnnhistory.nn.rbf import EuclideanRBF
from cnnhistory.nn.residual import PadShortcut
from cnnhistory.nn.sign import filter_scale, signs


@dataclass(frozen=True)
class Operation:
    """What the runtime does with its inputs: a name, settings as plain numbers, and tensors.

    The name `SAME` says that the output is the input.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)


SAME = "same"
ModuleRule = Callable[[Any], Operation]
FunctionRule = Callable[..., Operation]


def _pair(name: str, value: object) -> list[int]:
    if isinstance(value, int):
        return [value, value]
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, int) for v in value):
        return list(value)
    raise expected(name, "a whole number or two", value)


def _weights(layer: nn.Module, weight: Tensor) -> dict[str, Tensor]:
    bias = getattr(layer, "bias", None)
    return {"weight": weight} if bias is None else {"weight": weight, "bias": bias}


def _conv(layer: nn.Conv2d) -> Operation:
    if layer.padding_mode != "zeros":
        raise expected("padding_mode", "zeros", layer.padding_mode)
    settings = {
        "stride": _pair("stride", layer.stride),
        "padding": _pair("padding", layer.padding),
        "dilation": _pair("dilation", layer.dilation),
        "groups": layer.groups,
    }
    return Operation("conv", settings, _weights(layer, layer.weight))


def _partial_conv(layer: PartialConv2d) -> Operation:
    # Only the kernels of links are stored; `reads` says which maps each map reads.
    reads = [row.nonzero().flatten().tolist() for row in layer.links]
    settings = {
        "stride": [layer.stride, layer.stride],
        "padding": [0, 0],
        "dilation": [1, 1],
        "groups": 1,
        "reads": reads,
        "in_channels": layer.in_channels,
    }
    return Operation("conv", settings, _weights(layer, layer.weight))


def _signs_conv(layer: BinaryConv2d, *, packed: bool, input_scale: bool) -> Operation:
    settings = {
        "stride": list(layer.stride),
        "padding": list(layer.padding),
        "input_scale": input_scale,
    }
    tensors = {"weight": signs(layer.weight)}
    if layer.scale:
        tensors["alpha"] = filter_scale(layer.weight).flatten()
    return Operation("xnor_conv" if packed else "sign_conv", settings, tensors)


def _signs_linear(layer: BinaryLinear) -> Operation:
    tensors = {"weight": signs(layer.weight)}
    if layer.scale:
        tensors["alpha"] = filter_scale(layer.weight).flatten()
    return Operation("sign_linear", {}, tensors)


def _norm(layer: nn.BatchNorm2d) -> Operation:
    if layer.running_mean is None or layer.running_var is None:
        raise expected("track_running_stats", "True, for a normalization is fixed", False)
    tensors = {"mean": layer.running_mean, "var": layer.running_var}
    if layer.affine:
        tensors |= {"weight": layer.weight, "bias": layer.bias}
    return Operation("norm", {"eps": layer.eps}, tensors)


def _pool(name: str) -> ModuleRule:
    def rule(layer: nn.MaxPool2d | nn.AvgPool2d) -> Operation:
        padding = _pair("padding", layer.padding)
        if layer.ceil_mode or getattr(layer, "dilation", 1) not in (1, (1, 1)):
            raise expected("pooling", "whole windows side by side", layer.extra_repr())
        if name == "avgpool" and padding != [0, 0]:
            raise expected("padding", "0 of a mean", layer.padding)
        size, stride = _pair("kernel_size", layer.kernel_size), _pair("stride", layer.stride)
        return Operation(name, {"size": size, "stride": stride, "padding": padding})

    return rule


def _mean_of_maps(layer: nn.AdaptiveAvgPool2d) -> Operation:
    if layer.output_size not in (1, (1, 1)):
        raise expected("output_size", "1", layer.output_size)
    return Operation("mean")


MODULES: dict[type[nn.Module], ModuleRule] = {
    nn.Conv2d: _conv,
    PartialConv2d: _partial_conv,
    nn.Embedding: lambda layer: Operation("embed", {}, {"weight": layer.weight}),
    nn.Linear: lambda layer: Operation("linear", {}, _weights(layer, layer.weight)),
    Subsample2d: lambda layer: Operation("subsample", {}, _weights(layer, layer.weight)),
    EuclideanRBF: lambda layer: Operation("distance", {}, {"codes": layer.codes}),
    nn.BatchNorm2d: _norm,
    ScaledTanh: lambda layer: Operation(
        "tanh", {"amplitude": layer.amplitude, "slope": layer.slope}
    ),
    nn.Tanh: lambda _: Operation("tanh", {"amplitude": 1, "slope": 1}),
    nn.ReLU: lambda _: Operation("relu"),
    nn.Sigmoid: lambda _: Operation("sigmoid"),
    Sign: lambda _: Operation("sign"),
    BinaryConv2d: lambda layer: _signs_conv(layer, packed=False, input_scale=False),
    ScaledSignConv2d: lambda layer: _signs_conv(layer.conv, packed=True, input_scale=True),
    BinaryLinear: _signs_linear,
    nn.MaxPool2d: _pool("maxpool"),
    nn.AvgPool2d: _pool("avgpool"),
    nn.AdaptiveAvgPool2d: _mean_of_maps,
    PadShortcut: lambda layer: Operation("thin", {"stride": layer.stride, "extra": layer.extra}),
    nn.Flatten: lambda _: Operation("flatten"),
    nn.Identity: lambda _: Operation(SAME),
    nn.Dropout: lambda _: Operation(SAME),
}


def _pad(x: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Operation:
    left, right, top, bottom = [*pad, 0, 0][:4]
    if mode != "constant" or len(pad) > 4:
        raise expected("pad", "constant borders of height and width", (pad, mode))
    return Operation("pad", {"border": [left, right, top, bottom], "value": value or 0})


def _flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Operation:
    if start_dim != 1 or end_dim != -1:
        raise expected("flatten", "all but the batch", (start_dim, end_dim))
    return Operation("flatten")


def _add(x: object, y: object, alpha: float = 1) -> Operation:
    if alpha != 1 or not (isinstance(x, Tensor) and isinstance(y, Tensor) and x.shape == y.shape):
        raise expected("sum", "two tensors of one shape", (x, y))
    return Operation("add")


def _avg_pool(
    x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False
) -> Operation:
    layer = nn.AvgPool2d(kernel_size, stride, padding, ceil_mode)
    return module_operation(layer, "avg_pool2d")


def _upsample(x: Tensor, size: Any = None, scale_factor: Any = None, **settings: Any) -> Operation:
    mode, corners = settings.get("mode", "nearest"), settings.get("align_corners")
    if size is not None or scale_factor != 2 or mode != "bilinear" or corners:
        found = (size, scale_factor, mode, corners)
        raise expected("interpolate", "twice the size, bilinear, corners not aligned", found)
    return Operation("upsample")


def _cat(tensors: object, dim: int = 0) -> Operation:
    if dim != 1:
        raise expected("dim", "1, the maps", dim)
    return Operation("concat")


# By the name of the function, whether it is called as one or as a method.
FUNCTIONS: dict[str, FunctionRule] = {
    "relu": lambda x, inplace=False: Operation("relu"),
    "tanh": lambda x: Operation("tanh", {"amplitude": 1, "slope": 1}),
    "sigmoid": lambda x: Operation("sigmoid"),
    "neg": lambda x: Operation("negative"),
    "flatten": _flatten,
    "pad": _pad,
    "add": _add,
    "cat": _cat,
    "avg_pool2d": _avg_pool,
    "interpolate": _upsample,
    "contiguous": lambda x, **_: Operation(SAME),
    "clone": lambda x, **_: Operation(SAME),
    "detach": lambda x: Operation(SAME),
    "long": lambda x: Operation(SAME),
}
FUNCTIONS |= {
    "relu_": FUNCTIONS["relu"],
    "__neg__": FUNCTIONS["neg"],
    "__add__": _add,
    "__iadd__": _add,
    "add_": _add,
    "concat": _cat,
}


def module_operation(layer: nn.Module, name: str) -> Operation:
    """Return the operation of a module of `MODULES`.

    Raises:
        ValueError: it has a setting that the runtime does not know.
    """
    try:
        return MODULES[type(layer)](layer)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def function_operation(function: Any, args: Any, kwargs: dict[str, Any]) -> Operation:
    """Return the operation of a call of torch.

    Raises:
        ValueError: the table has no such function, or it is called in a way that the runtime does
            not know.
    """
    name = getattr(function, "__name__", str(function))
    if name not in FUNCTIONS:
        raise expected("network", f"operations among {', '.join(known())}", name)
    return FUNCTIONS[name](*args, **kwargs)


def known() -> list[str]:
    """Return what can be exported, modules and functions by name.

    >>> known()[:3]
    ['AdaptiveAvgPool2d', 'AvgPool2d', 'BatchNorm2d']
    """
    return sorted([*(kind.__name__ for kind in MODULES), *FUNCTIONS])
