"""Convolution as a matrix product."""

from cnnhistory.system import System

SYSTEM = System(
    id="conv_as_matrix",
    name="Convolution as a matrix product",
    year=2016,
    era="layers",
    task="layer",
    paper="dumoulin2016guide",
    digest="conv-as-matrix",
)
