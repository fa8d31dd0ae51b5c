"""Rows of the layers that run, written down while they do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from torch import Tensor, nn

from cnnhistory.accounting import rules
from cnnhistory.accounting.field import Field, Number
from cnnhistory.accounting.ops.call import Cost, field_of, tensors_in
from cnnhistory.accounting.table import ROOT, SUMMED, UNKNOWN, LayerTable, PerAxis, Row

_OWNER = "_cnnhistory_owner"


@dataclass
class Frame:
    """A module that is running."""

    module: nn.Module
    name: str
    inputs: str
    cost: Cost = field(default_factory=Cost)
    # Of the operations that the module itself ran: elements put out, last result, and when.
    elements: int = 0
    result: Tensor | None = None
    moment: int = 0


class Tally:
    """Rows of the layers that have run, and the stack of those that are running."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.names = {module: name or ROOT for name, module in network.named_modules()}
        self.parameters = {id(p) for p in network.parameters()}
        self.stack: list[Frame] = []
        self.clock = 0
        self.rows: list[tuple[int, Row, nn.Module]] = []
        self.containers: dict[str, Row] = {}
        self.calls: dict[nn.Module, int] = {}
        self.readers: dict[int, nn.Module] = {}  # which module first read a parameter, by id

    def enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        """Note that a module starts; a hook for all of them."""
        shapes = [str(_without_batch(t)) for t in tensors_in((args, kwargs))]
        name = self.names.get(module, type(module).__name__)
        self.stack.append(Frame(module, name, " and ".join(shapes) or "nothing"))

    def leave(self, module: nn.Module, args: Any, output: Any) -> None:
        """Write the row of a module that has run; a hook for all of them."""
        while (frame := self.stack.pop()).module is not module:
            pass  # left by an exception that the model caught
        self.clock += 1
        leaf = not any(module.children())
        outputs = tensors_in(output)
        whole = _row(frame.name, module, outputs)
        if not leaf:
            self.containers[frame.name] = whole
        owns = any(True for _ in module.parameters(recurse=False))
        blind = not any(map(field_of, outputs))
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
        links = rules.find(module)
        products = rules.find(module, rules.MULTIPLY_ADDS)
        row = replace(
            whole,
            name=frame.name if count == 1 else f"{frame.name} ({count})",
            multiply_adds=products(module, units) if products else frame.cost.multiply_adds,
            executed=frame.cost.multiply_adds,
            other_ops=frame.cost.other_ops,
            activations=units if leaf or frame.moment else 0,
            connections=links(module, units) if links else frame.cost.connections,
        )
        self.rows.append((moment, row, module))

    def note(self, cost: Cost, outputs: list[Tensor]) -> None:
        """Book an operation on the innermost module that is running."""
        if not self.stack:
            return
        frame = self.stack[-1]
        for output in outputs:
            setattr(output, _OWNER, frame)
        if cost != Cost():
            self.clock += 1
            frame.cost.add(cost)
            frame.moment, frame.result = self.clock, outputs[0]
            frame.elements += outputs[0].numel()

    def explain(self, error: Exception, input_shape: tuple[int, ...]) -> str:
        """Return what went wrong, where."""
        frame = self.stack[-1]
        where = f"layer {frame.name!r} ({type(frame.module).__name__})"
        if "same device" in str(error) or "expected device" in str(error):
            return (
                f"model: cannot be counted, because {where} uses a tensor that is neither a "
                f"parameter nor a buffer nor an attribute of a module: {error}"
            )
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
        total = _row("total", self.network, tensors_in(output))
        sums = {key: sum(getattr(row, key) for row in rows) for key in SUMMED}
        return LayerTable(
            model=type(self.network).__name__,
            input_shape=tuple(input_shape),
            rows=tuple(rows),
            total=replace(total, type="", **sums),
            containers=self.containers,
        )


def _without_batch(tensor: Tensor) -> tuple[int, ...]:
    shape = tuple(tensor.shape)
    return shape[1:] if shape[:1] == (1,) else shape


def _row(name: str, module: nn.Module, outputs: list[Tensor]) -> Row:
    """Return a row with the output shape, field and stride of a module, and no counts."""
    seen = field_of(outputs[0]) if outputs else None
    return Row(
        name=name,
        type=type(module).__name__,
        output_shape=_without_batch(outputs[0]) if outputs else None,
        receptive_field=_per_axis(seen, [span.pixels for span in seen.spans]) if seen else None,
        stride=_per_axis(seen, [span.stride for span in seen.spans]) if seen else None,
    )


def _per_axis(seen: Field, values: Iterable[Number]) -> PerAxis:
    numbers = tuple(
        int(value) if Fraction(value).denominator == 1 else float(value) for value in values
    )
    if numbers and not seen.known:
        return UNKNOWN
    if len(set(numbers)) < 2:
        return numbers[0] if numbers else None
    return numbers
