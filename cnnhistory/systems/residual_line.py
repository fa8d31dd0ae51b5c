"""What grew out of VGG and ResNet: wider, grouped, densely connected."""

from cnnhistory.system import System

SYSTEMS = (
    System(
        id="wrn",
        name="Wide ResNet",
        year=2016,
        era="resnet-family",
        task="classification",
        paper="zagoruyko2016wide",
    ),
    System(
        id="resnext",
        name="ResNeXt",
        year=2016,
        era="resnet-family",
        task="classification",
        paper="xie2017aggregated",
    ),
    System(
        id="wsl_resnext",
        name="ResNeXt-101 32x48d, weakly supervised",
        year=2018,
        era="resnet-family",
        task="classification",
        paper="mahajan2018exploring",
    ),
    System(
        id="densenet",
        name="DenseNet",
        year=2016,
        era="resnet-family",
        task="classification",
        paper="huang2017densely",
    ),
)
