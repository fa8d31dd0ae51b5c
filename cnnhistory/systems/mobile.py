"""Networks for phones, and the convolution they are made of."""

from cnnhistory.system import System

SYSTEMS = (
    System(
        id="mobilenet_v1",
        name="MobileNet v1",
        year=2017,
        era="mobile",
        task="classification",
        paper="howard2017mobilenets",
    ),
    System(
        id="mobilenet_v2",
        name="MobileNet v2",
        year=2018,
        era="mobile",
        task="classification",
        paper="sandler2018mobilenetv2",
    ),
    System(
        id="depthwise_separable_conv",
        name="Depthwise separable convolution",
        year=2013,
        era="layers",
        task="layer",
        paper="sifre2014rigid",
        see_also=("chollet2017xception", "howard2017mobilenets"),
    ),
)
