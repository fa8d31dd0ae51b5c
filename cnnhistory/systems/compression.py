"""Engineering: compression."""

from cnnhistory.registry import System

SYSTEMS = (
    System(
        id="model_size",
        name="Model size",
        year=2012,
        era="compression",
        task="analysis",
        paper="krizhevsky2012imagenet",
        see_also=("simonyan2015very",),
    ),
    System(
        id="weight_pruning",
        name="Magnitude pruning",
        year=2015,
        era="compression",
        task="compression",
        paper="han2015learning",
    ),
    System(
        id="deep_compression",
        name="Deep Compression",
        year=2015,
        era="compression",
        task="compression",
        paper="han2016deep",
    ),
    System(
        id="quantization",
        name="Weight quantization",
        year=2016,
        era="compression",
        task="compression",
        paper="han2016deep",
        see_also=("gong2014compressing",),
    ),
    System(
        id="huffman_coding",
        name="Huffman coding",
        year=1952,
        era="compression",
        task="compression",
        paper="huffman1952method",
    ),
    System(
        id="bnn",
        name="Binarized neural network (BNN)",
        year=2016,
        era="compression",
        task="compression",
        paper="courbariaux2016binarized",
        see_also=("hubara2016binarized",),
    ),
    System(
        id="bwn",
        name="Binary-Weight-Network",
        year=2016,
        era="compression",
        task="compression",
        paper="rastegari2016xnor",
    ),
    System(
        id="xnor_net",
        name="XNOR-Net",
        year=2016,
        era="compression",
        task="compression",
        paper="rastegari2016xnor",
    ),
)
