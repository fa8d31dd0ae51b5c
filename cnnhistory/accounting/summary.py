"""Run a network on the meta device and write down what every layer costs."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from cnnhistory.accounting.counter import Counter, Whole, meta_copy
from cnnhistory.accounting.field import Field
from cnnhistory.accounting.ops.call import FIELD
from cnnhistory.accounting.table import LayerTable, PerAxis
from cnnhistory.accounting.tally import Tally


def summarize(
    model: nn.Module, input_shape: tuple[int, ...], *, dtype: torch.dtype | None = None
) -> LayerTable:
    """Count what every layer of a network costs, and how much of the image it sees.

    The network runs once on the meta device, where tensors have shapes but no values, so this
    costs neither memory nor arithmetic. A copy runs, in evaluation mode; `model` itself keeps
    its device, mode, weights and hooks. All counts are for one example.

    - Rows stand in the order in which the layers finish. A layer that is called again gets
      another row, `pool (2)`. What a module computes in its own `forward`, outside its
      children, is a row under its name, at the last such operation; that of the network itself
      is called `(model)`. Layers that own parameters but do not run come last, without output.
    - `parameters`: those that are trained (`requires_grad`), each at the first layer that has
      it.
    - `multiply_adds`: of convolutions and matrix products, one multiplication and one addition
      counted as 1. Products with the padding count; adding the bias does not. A layer with links
      between chosen maps only is counted with those links; `executed` is what the implementation
      computes, zeros included, and is shown where it is more. Zeros that are mere values of the
      weights (a pruned network, a mask on a kernel) count as products: nothing is skipped.
    - `other_ops`: one per output of an element-wise operation, two for a normalization, three
      for a softmax; one per value that a pooling window or another reduction reads.
    - `activations`: the elements that the layer puts out.
    - `connections`: links that come in to the units of a layer, as LeCun counts them: one for
      each input of a unit, the padding included, and one for its bias. Convolutions, dense
      layers and pooling have links; activation functions, normalization and sums have none.
    - `receptive_field`, `stride`: how many input pixels a unit can see along an axis, and how
      far apart the fields of neighboring units are. The field may be larger than the image. A
      sum or concatenation sees what its widest input sees. The statistics of a normalization do
      not count. Behind upsampling, units differ: the field is that of the widest, or a little
      more, and the stride may be below 1. "unknown" where the shapes of the tensors do not tell
      which pixels are seen, as behind `grid_sample` or `roll`, where windows meet that are
      shifted against each other unevenly, and in all layers behind it. The field may be larger
      than what is seen behind `unfold` (that of the whole patch, for each of its values), behind
      flattened maps joined by `cat` and behind a reshape that cuts across positions (that of the
      whole map).

    Operations that do not depend on the input, such as masking a kernel, are not counted.

    Args:
        model: The network, on any device.
        input_shape: One example without the batch: (channels, rows, columns) for an image.
        dtype: Type of the input; by default that of the parameters. With an integer type the
            input is a sequence of tokens: all its axes are positions, and fields count tokens.

    Raises:
        TypeError: `model` is not a module, is compiled to TorchScript, or cannot be copied.
        ValueError: `input_shape` is not a tuple of positive integers, or the network does not
            accept it, has parameters without a shape, or reads the values of its tensors.

    Source: lecun1998gradient, Section II-B, for connections.

    >>> table = summarize(nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU()), (1, 32, 32))
    >>> table["0"].parameters, table["0"].connections, table["0"].receptive_field
    (156, 122304, 5)
    """
    _check_model(model)
    if isinstance(model, torch.jit.ScriptModule) or any(
        isinstance(module, torch.jit.ScriptModule) for module in model.modules()
    ):
        raise TypeError(
            "model: expected modules in Python, got a ScriptModule, whose operations nobody can "
            "watch; pass the network that it was made from"
        )
    _check_shape(input_shape)
    parameters = list(model.parameters())
    if dtype is None:
        floating = (p.dtype for p in parameters if p.is_floating_point())
        dtype = next(floating, torch.get_default_dtype())
    network = meta_copy(model).eval()
    tally = Tally(network)
    for module in network.modules():
        module.register_forward_pre_hook(tally.enter, prepend=True, with_kwargs=True)
        module.register_forward_hook(tally.leave)
    example = torch.empty((1, *input_shape), dtype=dtype, device="meta")
    start = Field.of_input(example.shape, channels=not _is_integer(dtype))
    setattr(example, FIELD, start)
    try:
        with torch.no_grad(), torch.device("meta"), Counter(tally) as counter, Whole(counter):
            output = network(example)
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
        raise ValueError(tally.explain(error, input_shape)) from error
    return tally.table(input_shape, output)


def count_parameters(model: nn.Module) -> int:
    """Count the trained parameters of a network, shared ones once.

    Raises:
        TypeError: `model` is not a module.
        ValueError: parameters have no shape yet.

    >>> count_parameters(nn.Linear(120, 84))
    10164
    """
    _check_model(model)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def count_multiply_adds(model: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Count the multiply-adds of a network's convolutions and matrix products for one example.

    Raises:
        TypeError, ValueError: as `summarize`.

    >>> count_multiply_adds(nn.Conv2d(3, 8, 3), (3, 6, 6))  # 4 * 4 * 8 outputs of 3 * 3 * 3
    3456
    """
    return summarize(model, input_shape).total.multiply_adds


def receptive_field(model: nn.Module, input_shape: tuple[int, ...]) -> PerAxis:
    """Return how many input pixels an output of the network sees along each axis.

    One number where all axes agree. For a layer inside, use `summarize(...)["name"]`.

    Raises:
        TypeError, ValueError: as `summarize`.

    >>> receptive_field(nn.Sequential(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)), (1, 9, 9))
    5
    """
    return summarize(model, input_shape).total.receptive_field


def _check_model(model: object) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: expected a torch.nn.Module, got {type(model).__name__}")
    lazy = [name for name, p in (*model.named_parameters(), *model.named_buffers()) if is_lazy(p)]
    if lazy:
        raise ValueError(
            f"model: {lazy[0]} has no shape yet; run the model once on an example first"
        )


def _check_shape(input_shape: object) -> None:
    if (
        not isinstance(input_shape, tuple)
        or not input_shape
        or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in input_shape)
    ):
        raise ValueError(
            "input_shape: expected a tuple of positive integers without the batch, "
            f"such as (1, 32, 32); got {input_shape!r}"
        )


def _is_integer(dtype: torch.dtype) -> bool:
    return not (dtype.is_floating_point or dtype.is_complex)
