"""Small kernels."""

from cnnhistory.system import System

SYSTEM = System(
    id="small_kernels",
    name="Small kernels",
    year=2014,
    era="layers",
    task="layer",
    paper="simonyan2015very",
    deviations=(
        "`kernel_stacks` is a network of ours that holds the paper's argument and nothing "
        "else; its own comparison is of configuration B with `vgg.SHALLOW_B`",
    ),
    models=("kernel_stacks",),
    chapter="imagenet/vgg",
    digest="small-kernels",
)
