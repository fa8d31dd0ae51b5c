"""What one tensor operation costs and what its result sees of the image.

Operations are looked up by their name in torch's operator set (`aten`). One that is not listed
is taken as element-wise: one operation per output element, and the field of its operands.
"""

from __future__ import annotations

from typing import Any

# Importing a group lists its operations.
from cnnhistory.accounting.ops import arithmetic, moves, products, windows  # noqa: F401
from cnnhistory.accounting.ops.call import ACCOUNTANTS, Account, Call, name_of
from cnnhistory.accounting.ops.products import constant_product as constant_product


def is_listed(name: str) -> bool:
    """Return whether this file knows an operator."""
    return name in ACCOUNTANTS


def account(call: Call) -> Account:
    """Return the cost of a call and the fields of its outputs; some input must have a field."""
    cost, fields = ACCOUNTANTS.get(name_of(call.func), arithmetic.elementwise)(call)
    known = all(field.known for field in call.fields)
    return cost, [
        field if known and field.known else field.forget(output.shape)
        for field, output in zip(fields, call.outputs, strict=False)
    ]


def check(name: str, args: tuple[Any, ...]) -> None:
    """Refuse a convolution of the wrong number of channels; on meta torch does not always.

    Raises:
        ValueError: the input and the kernels do not fit together.
    """
    if name != "convolution":
        return
    image, weight, groups, transposed = args[0], args[1], args[8], args[6]
    channels = weight.shape[0] if transposed else weight.shape[1] * groups
    if image.dim() == weight.dim() and image.shape[1] != channels:
        raise ValueError(f"expected {channels} input channels, got {image.shape[1]}")
