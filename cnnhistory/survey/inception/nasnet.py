"""NASNet-A."""

from cnnhistory.system import System

SYSTEM = System(
    id="nasnet",
    name="NASNet-A",
    year=2017,
    era="inception",
    task="classification",
    paper="zoph2018learning",
    models=(
        "nasnet_a_large",
        "nasnet_a_mobile",
        "nasnet_a_cifar",
    ),
    digest="nasnet",
)
