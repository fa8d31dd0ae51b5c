"""Transposed convolution ("deconvolution")."""

from cnnhistory.system import System

SYSTEM = System(
    id="deconvolution",
    name='Transposed convolution ("deconvolution")',
    year=2010,
    era="layers",
    task="layer",
    paper="zeiler2010deconvolutional",
    see_also=("dumoulin2016guide",),
    digest="deconvolution",
)
