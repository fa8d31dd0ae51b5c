"""What a network costs and sees: parameters, operations, connections, receptive fields.

Everything is counted on the meta device, without allocating or computing anything. A layer
whose connections its operations do not show gets a rule in `rules.py`.
"""

from cnnhistory.accounting.summary import (
    count_multiply_adds,
    count_parameters,
    receptive_field,
    summarize,
)
from cnnhistory.accounting.table import LayerTable, Row

__all__ = [
    "LayerTable",
    "Row",
    "count_multiply_adds",
    "count_parameters",
    "receptive_field",
    "summarize",
]
