"""The file format `.cnnz`: a compressed network in as few bytes as Deep Compression gives.

save(path, "lenet300_100", {}, compress_state(network.state_dict()))
network = load(path).network()
"""

from cnnhistory.compression.cnnz.building import check_state
from cnnhistory.compression.cnnz.container import (
    LIMIT,
    Contents,
    dumps,
    load,
    loads,
    save,
)
from cnnhistory.compression.cnnz.huffman import MalformedError
from cnnhistory.compression.cnnz.tensors import Parts, SharedTensor, expand_state

__all__ = [
    "LIMIT",
    "Contents",
    "MalformedError",
    "Parts",
    "SharedTensor",
    "check_state",
    "dumps",
    "expand_state",
    "load",
    "loads",
    "save",
]
