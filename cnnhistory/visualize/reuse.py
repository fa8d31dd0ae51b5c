"""Which of the earlier maps a layer of a dense block reads, by its weights, and what if it cannot.

Source: huang2017densely, Section 5, "Feature reuse", Figure 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cnnhistory._util.lookup import expected
from cnnhistory.nn.dense_block import DenseBlock


@dataclass(frozen=True)
class Link:
    """What a reader of a dense block reads of one source.

    Source 0 is the block's input, source s its layer s. Reader r is layer r; the last reader is
    what stands behind the block and reads all of it.

    `weight` (outputs, inputs, ...) is the reader's, `maps` says which of its inputs are the
    source's.
    """

    source: int
    reader: int
    weight: Tensor
    maps: slice

    @property
    def strength(self) -> float:
        """Mean size of the link's weights over that of all weights of the reader.

        With w the weights of the reader and S the maps of the source it is

            mean of |w_s|, s in S, over mean of |w|

        so 1 where the reader weighs all its inputs alike, as on average before training.
        """
        size = self.weight.detach().abs()
        return float(size[:, self.maps].mean() / size.mean())

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Let the reader see nothing of the source inside a `with`: the weights are 0 there."""
        with torch.no_grad():
            kept = self.weight[:, self.maps].clone()
            self.weight[:, self.maps] = 0
        try:
            yield
        finally:
            with torch.no_grad():
                self.weight[:, self.maps] = kept


def links(block: DenseBlock, behind: nn.Conv2d | nn.Linear) -> list[Link]:
    """Return the links of a dense block, those to what stands behind it among them.

    L layers have L (L + 1) / 2 links between them and with the input; L + 1 more lead out.

    Args:
        block: the block.
        behind: the convolution or linear layer that reads all maps of the block.

    Raises:
        ValueError: `behind` reads another number of maps.
    """
    readers = [
        next(module.weight for module in layer.modules() if isinstance(module, nn.Conv2d))
        for layer in block.layers
    ]
    if behind.weight.shape[1] != block.out_channels:
        raise expected("behind", f"a reader of {block.out_channels} maps", behind.weight.shape[1])
    ends = [weight.shape[1] for weight in (*readers, behind.weight)]
    begins = [0, *ends[:-1]]
    return [
        Link(source, reader, weight, slice(begins[source], ends[source]))
        for reader, weight in enumerate((*readers, behind.weight), start=1)
        for source in range(reader)
    ]
