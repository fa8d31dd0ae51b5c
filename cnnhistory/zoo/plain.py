"""Records as plain data: frozen dataclasses to JSON and back, with every type checked."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def as_plain(value: Any) -> Any:
    """Return dataclasses and tuples as the dicts and lists that JSON knows.

    >>> as_plain((1, {"a": ("b",)}))
    [1, {'a': ['b']}]
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_plain(item) for item in value]
    return value


def from_plain(kind: Any, value: Any, name: str) -> Any:
    """Return plain data as `kind`: a dataclass, or what its fields are made of.

    Raises:
        ValueError: a value of another type, a field that is missing or one too many.

    >>> from_plain(tuple[int, ...], [1, 2], "seeds")
    (1, 2)
    >>> from_plain(dict[str, int], {"a": "1"}, "counts")
    Traceback (most recent call last):
    ValueError: counts.a: expected int, got '1'
    """
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, value, name)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return from_plain(next(a for a in arguments if a is not type(None)), value, name)
    if origin is dict:
        _check(isinstance(value, dict), name, "an object", value)
        return {key: from_plain(arguments[1], v, f"{name}.{key}") for key, v in value.items()}
    if origin in (list, tuple):
        _check(isinstance(value, list), name, "a list", value)
        if origin is tuple and arguments[-1] is not ...:
            _check(len(value) == len(arguments), name, f"{len(arguments)} values", value)
            kinds: tuple[Any, ...] = arguments
        else:
            kinds = (arguments[0],) * len(value)
        pairs = enumerate(zip(kinds, value, strict=True))
        return origin(from_plain(k, v, f"{name}[{i}]") for i, (k, v) in pairs)
    if kind is float:  # JSON writes 1.0 as it likes
        _check(
            isinstance(value, (int, float)) and not isinstance(value, bool), name, "float", value
        )
        return value
    _check(type(value) is kind, name, kind.__name__, value)
    return value


def _record(kind: type[T], value: Any, name: str) -> T:
    _check(isinstance(value, dict), name, "an object", value)
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in value:
        _check(key in fields, name, f"fields among {', '.join(fields)}", key)
    missing = dataclasses.MISSING
    for key, field in fields.items():
        optional = field.default is not missing or field.default_factory is not missing
        _check(key in value or optional, name, f"a field {key}", list(value))
    hints = get_type_hints(kind)
    return kind(**{key: from_plain(hints[key], v, f"{name}.{key}") for key, v in value.items()})


def _check(right: bool, name: str, wanted: str, got: object) -> None:
    if not right:
        text = repr(got)
        text = text if len(text) <= 60 else text[:57] + "..."
        raise ValueError(f"{name}: expected {wanted}, got {text}")


def to_json(value: Any, indent: int = 0) -> str:
    """Return plain data as JSON, one line for what holds no further list or object.

    >>> print(to_json({"a": 1, "b": [[1, 2], [3]]}))
    {
     "a": 1,
     "b": [
      [1, 2],
      [3]
     ]
    }
    """
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(value, (dict, list)) or not any(isinstance(v, (dict, list)) for v in inner):
        return json.dumps(value)
    space = "\n" + " " * (indent + 1)
    if isinstance(value, dict):
        lines = [f"{json.dumps(key)}: {to_json(item, indent + 1)}" for key, item in value.items()]
        begin, end = "{}"
    else:
        lines = [to_json(item, indent + 1) for item in value]
        begin, end = "[]"
    return f"{begin}{space}{(',' + space).join(lines)}\n{' ' * indent}{end}"
