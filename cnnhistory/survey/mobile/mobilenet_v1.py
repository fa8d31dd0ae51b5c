"""MobileNet v1."""

from cnnhistory.system import System

SYSTEM = System(
    id="mobilenet_v1",
    name="MobileNet v1",
    year=2017,
    era="mobile",
    task="classification",
    paper="howard2017mobilenets",
    models=(
        "mobilenet_v1",
        "mobilenet_v1_full",
    ),
    digest="mobilenet-v1",
)
