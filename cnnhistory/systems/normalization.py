"""Improvements by component: topology, normalization and regularization."""

from cnnhistory.system import System

SYSTEMS = (
    System(
        id="fcn_topology",
        name="Fully convolutional topology",
        year=2015,
        era="layers",
        task="layer",
        paper="long2015fully",
    ),
    System(
        id="batch_norm",
        name="Batch normalization",
        year=2015,
        era="normalization",
        task="normalization",
        paper="ioffe2015batch",
    ),
    System(
        id="lrn",
        name="Local response normalization",
        year=2012,
        era="normalization",
        task="normalization",
        paper="krizhevsky2012imagenet",
    ),
    System(
        id="dropout",
        name="Dropout",
        year=2012,
        era="normalization",
        task="regularization",
        paper="hinton2012improving",
        see_also=("srivastava2014dropout",),
    ),
    System(
        id="l1_regularization",
        name="L1 regularization",
        year=1996,
        era="normalization",
        task="regularization",
        paper="tibshirani1996regression",
    ),
)
