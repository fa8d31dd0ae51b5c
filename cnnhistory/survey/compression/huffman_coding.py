"""Huffman coding."""

from cnnhistory.system import System

SYSTEM = System(
    id="huffman_coding",
    name="Huffman coding",
    year=1952,
    era="compression",
    task="compression",
    paper="huffman1952method",
    chapter="compression/quantization",
    object="compression.cnnz.huffman.Code",
    digest="huffman-coding",
)
