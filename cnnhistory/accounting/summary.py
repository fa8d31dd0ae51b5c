"""Run a network on the meta device and write down what every layer costs."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from cnnhistory.accounting import ops, rules
from cnnhistory.accounting.field import Field, Number, union
from cnnhistory.accounting.table import ROOT, SUMMED, LayerTable, PerAxis, Row

_OWNER = "_cnnhistory_owner"
_BASE = "_cnnhistory_base"


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
      counted as 1. Products with the padding count; adding the bias does not.
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
      more, and the stride may be below 1.

    Operations that do not depend on the input, such as masking a kernel, are not counted.

    Args:
        model: The network, on any device.
        input_shape: One example without the batch: (channels, rows, columns) for an image.
        dtype: Type of the input; by default that of the parameters. With an integer type the
            input is a sequence of tokens: all its axes are positions, and fields count tokens.

    Raises:
        TypeError: `model` is not a module, or cannot be copied.
        ValueError: `input_shape` is not a tuple of positive integers, or the network does not
            accept it, has parameters without a shape, or reads the values of its tensors.

    Source: lecun1998gradient, Section II-B, for connections.

    >>> table = summarize(nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU()), (1, 32, 32))
    >>> table["0"].parameters, table["0"].connections, table["0"].receptive_field
    (156, 122304, 5)
    """
    _check_model(model)
    _check_shape(input_shape)
    parameters = list(model.parameters())
    if dtype is None:
        floating = (p.dtype for p in parameters if p.is_floating_point())
        dtype = next(floating, torch.get_default_dtype())
    network = _meta_copy(model).eval()
    tally = _Tally(network)
    for module in network.modules():
        module.register_forward_pre_hook(tally.enter, prepend=True, with_kwargs=True)
        module.register_forward_hook(tally.leave)
    example = torch.empty((1, *input_shape), dtype=dtype, device="meta")
    start = Field.of_input(example.shape, channels=not _is_integer(dtype))
    setattr(example, ops.FIELD, start)
    try:
        with torch.no_grad(), torch.device("meta"), _Counter(tally):
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


@dataclass
class _Frame:
    """A module that is running."""

    module: nn.Module
    name: str
    inputs: str
    cost: ops.Cost = field(default_factory=ops.Cost)
    # Of the operations that the module itself ran: elements put out, last result, and when.
    elements: int = 0
    result: Tensor | None = None
    moment: int = 0


class _Tally:
    """Rows of the layers that have run, and the stack of those that are running."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.names = {module: name or ROOT for name, module in network.named_modules()}
        self.parameters = {id(p) for p in network.parameters()}
        self.stack: list[_Frame] = []
        self.clock = 0
        self.rows: list[tuple[int, Row, nn.Module]] = []
        self.containers: dict[str, Row] = {}
        self.calls: dict[nn.Module, int] = {}
        self.readers: dict[int, nn.Module] = {}  # which module first read a parameter, by id

    def enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        shapes = [str(_without_batch(t)) for t in ops.tensors_in((args, kwargs))]
        name = self.names.get(module, type(module).__name__)
        self.stack.append(_Frame(module, name, " and ".join(shapes) or "nothing"))

    def leave(self, module: nn.Module, args: Any, output: Any) -> None:
        while (frame := self.stack.pop()).module is not module:
            pass  # left by an exception that the model caught
        self.clock += 1
        leaf = not any(module.children())
        outputs = ops.tensors_in(output)
        whole = _row(frame.name, module, outputs)
        if not leaf:
            self.containers[frame.name] = whole
        owns = any(True for _ in module.parameters(recurse=False))
        blind = not any(map(ops.field_of, outputs))
        if not (owns or frame.moment or (leaf and not blind)):
            return  # nothing of its own: a container, or a layer that does not see the input
        self.calls[module] = count = self.calls.get(module, 0) + 1
        units = sum(t.numel() for t in outputs)
        moment = self.clock
        if not leaf and frame.result is not None:
            units = frame.elements
            if not any(getattr(t, _OWNER, None) is frame for t in outputs[:1]):
                # A child made the output: describe the last thing that the module made itself.
                whole, moment = _row(frame.name, module, [frame.result]), frame.moment
        rule = rules.find(module)
        row = replace(
            whole,
            name=frame.name if count == 1 else f"{frame.name} ({count})",
            multiply_adds=frame.cost.multiply_adds,
            other_ops=frame.cost.other_ops,
            activations=units if leaf or frame.moment else 0,
            connections=rule(module, units) if rule else frame.cost.connections,
        )
        self.rows.append((moment, row, module))

    def note(self, cost: ops.Cost, outputs: list[Tensor]) -> None:
        """Book an operation on the innermost module that is running."""
        if not self.stack:
            return
        frame = self.stack[-1]
        for output in outputs:
            setattr(output, _OWNER, frame)
        if cost != ops.Cost():
            self.clock += 1
            frame.cost.add(cost)
            frame.moment, frame.result = self.clock, outputs[0]
            frame.elements += outputs[0].numel()

    def explain(self, error: Exception, input_shape: tuple[int, ...]) -> str:
        """Return what went wrong, where."""
        frame = self.stack[-1]
        where = f"layer {frame.name!r} ({type(frame.module).__name__})"
        if "meta tensor" in str(error) or "meta device" in str(error):
            return (
                f"model: cannot be counted, because {where} reads the values of a tensor, "
                f"and on the meta device there are none: {error}"
            )
        return (
            f"input_shape={input_shape} does not fit the model: {where} failed on an input of "
            f"shape {frame.inputs}, batch left out: {error}"
        )

    def table(self, input_shape: tuple[int, ...], output: Any) -> LayerTable:
        """Return the finished table."""
        self.rows.sort(key=lambda entry: entry[0])
        counted: set[int] = set()

        def take(parameters: Iterable[nn.Parameter]) -> int:
            new = [p for p in parameters if id(p) not in counted]
            counted.update(map(id, new))
            return sum(p.numel() for p in new if p.requires_grad)

        # A module that never ran may still lend its parameters to one that did.
        borrowed: dict[nn.Module, list[nn.Parameter]] = {}
        idle = [module for module in self.names if module not in self.calls]
        for module in idle:
            for parameter in module.parameters(recurse=False):
                reader = self.readers.get(id(parameter))
                if reader is not None and reader in self.calls:
                    borrowed.setdefault(reader, []).append(parameter)
        rows = []
        for _, row, module in self.rows:
            own = [*module.parameters(recurse=False), *borrowed.get(module, [])]
            rows.append(replace(row, parameters=take(own)))
        for module in idle:
            if count := take(module.parameters(recurse=False)):
                rows.append(Row(self.names[module], type(module).__name__, parameters=count))
            if any(module.children()) and self.names[module] not in self.containers:
                name = self.names[module]
                self.containers[name] = Row(name, type(module).__name__)
        total = _row("total", self.network, ops.tensors_in(output))
        sums = {key: sum(getattr(row, key) for row in rows) for key in SUMMED}
        return LayerTable(
            model=type(self.network).__name__,
            input_shape=tuple(input_shape),
            rows=tuple(rows),
            total=replace(total, type="", **sums),
            containers=self.containers,
        )


class _Counter(TorchDispatchMode):
    """Watch every tensor operation, pass fields on and book costs."""

    def __init__(self, tally: _Tally) -> None:
        super().__init__()
        self.tally = tally

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        name = ops.name_of(func)
        if not ops.is_listed(name):
            # In inference mode torch hands over compound operations whole.
            with self:
                parts = func.decompose(*args, **(kwargs or {}))
            if parts is not NotImplemented:
                return parts
        ops.check(name, args)
        result = func(*args, **(kwargs or {}))
        call = ops.Call(func, args, kwargs or {}, ops.tensors_in(result))
        tally = self.tally
        if tally.stack:
            for tensor in call.tensors:
                if id(tensor) in tally.parameters:
                    tally.readers.setdefault(id(tensor), tally.stack[-1].module)
        if func.is_view:
            for output in call.outputs:
                setattr(output, _BASE, args[0])
        if name in ops.CONSTANTS or not call.fields or not call.outputs:
            return result
        cost, fields = ops.account(call)
        for output, seen in zip(call.outputs, fields, strict=False):
            setattr(output, ops.FIELD, seen)
        tally.note(cost, call.outputs)
        if ops.is_in_place(func):
            _spread_to_bases(call.out)
        return result


def _spread_to_bases(written: Tensor) -> None:
    """Tell the tensors that a view belongs to what was written into the view."""
    seen = ops.field_of(written)
    base = getattr(written, _BASE, None)
    while base is not None and seen is not None:
        before = ops.field_of(base)
        follow = ops.follow(seen, base)
        fields = [follow] if before is None else [before, seen]
        setattr(base, ops.FIELD, union(fields, (before or follow).dims))
        base = getattr(base, _BASE, None)


class _ToMeta(TorchFunctionMode):
    """While active, copying a tensor gives one of the same shape on the meta device."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is Tensor.clone:  # how a parameter copies itself
            return torch.empty_like(args[0], device="meta")
        if func is Tensor.__deepcopy__:
            source, memo = args
            if id(source) not in memo:
                memo[id(source)] = torch.empty_like(source, device="meta")
            return memo[id(source)]
        return func(*args, **(kwargs or {}))


def _meta_copy(model: nn.Module) -> nn.Module:
    # A module holds a dozen dictionaries of hooks, mostly empty; copying those one by one takes
    # longer than all the rest.
    memo: dict[int, Any] = {
        id(value): OrderedDict()
        for module in model.modules()
        for value in vars(module).values()
        if type(value) is OrderedDict and not value
    }
    try:
        with _ToMeta():
            return copy.deepcopy(model, memo)
    except Exception as error:
        raise TypeError(
            f"model: a {type(model).__name__} cannot be copied ({error}); pass the network alone"
        ) from error


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


def _without_batch(tensor: Tensor) -> tuple[int, ...]:
    shape = tuple(tensor.shape)
    return shape[1:] if shape[:1] == (1,) else shape


def _row(name: str, module: nn.Module, outputs: list[Tensor]) -> Row:
    """Return a row with the output shape, field and stride of a module, and no counts."""
    seen = ops.field_of(outputs[0]) if outputs else None
    return Row(
        name=name,
        type=type(module).__name__,
        output_shape=_without_batch(outputs[0]) if outputs else None,
        receptive_field=_per_axis(span.pixels for span in seen.spans) if seen else None,
        stride=_per_axis(span.stride for span in seen.spans) if seen else None,
    )


def _per_axis(values: Iterable[Number]) -> PerAxis:
    numbers = tuple(
        int(value) if Fraction(value).denominator == 1 else float(value) for value in values
    )
    if len(set(numbers)) < 2:
        return numbers[0] if numbers else None
    return numbers
