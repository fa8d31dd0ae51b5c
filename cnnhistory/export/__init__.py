"""Networks for the browser: a graph as JSON and a file of numbers, which the book's pages run."""

from cnnhistory.export.file import Exported, export_network, write_network
from cnnhistory.export.trace import Graph, Node, trace, trace_shape

__all__ = [
    "Exported",
    "Graph",
    "Node",
    "export_network",
    "trace",
    "trace_shape",
    "write_network",
]
