"""MobileNet v2."""

from cnnhistory.system import System

SYSTEM = System(
    id="mobilenet_v2",
    name="MobileNet v2",
    year=2018,
    era="mobile",
    task="classification",
    paper="sandler2018mobilenetv2",
    models=("mobilenet_v2",),
    digest="mobilenet-v2",
)
