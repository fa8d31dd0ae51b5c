"""The tensors that a `.cnnz` file holds, those of shared values without their zeros."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnhistory.compression.cnnz.gaps import Places
from cnnhistory.compression.cnnz.huffman import Symbols

_AT_ONCE = 1 << 20  # weights, so that their values need little room beside the tensor


@dataclass(frozen=True)
class SharedTensor:
    """A weight tensor as places, codes and a list of values: W[places[i]] = values[codes[i]].

    Shape: `shape`; places (N,), increasing, in row-major order; codes (N,); values (K,), K <= 255.

    Units: `values` are float32, whatever `dtype` the tensor has; `index_bits` is how many bits a
    gap between places gets, see `cnnhistory.compression.cnnz.gaps`.
    """

    shape: tuple[int, ...]
    index_bits: int
    places: Places
    codes: Symbols
    values: npt.NDArray[np.float32]
    dtype: torch.dtype = torch.float32

    def dense(self) -> Tensor:
        """Return the tensor with all its zeros."""
        flat = np.zeros(int(np.prod(self.shape, dtype=np.int64)), dtype=np.float32)
        for start in range(0, len(self.places), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            flat[self.places[part]] = self.values[self.codes[part]]
        return torch.from_numpy(flat).view(self.shape).to(self.dtype)


Parts = dict[str, SharedTensor | Tensor]


def expand_state(parts: Mapping[str, SharedTensor | Tensor]) -> dict[str, Tensor]:
    """Return the state with all tensors dense, for `load_state_dict`."""
    return {
        key: part.dense() if isinstance(part, SharedTensor) else part for key, part in parts.items()
    }
