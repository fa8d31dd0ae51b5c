"""The 142 entries of the survey, one file for each, and the table of contents.

A file holds `SYSTEM`, the entry's record, and what the survey says about it: statements, each with
the function that decides it. Whatever is heavy is imported inside those functions, so that listing
everything loads no deep-learning library.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from types import MappingProxyType

from cnnhistory.system import Statement, System

# part -> ids of its entries, in the survey's order
_CONTENTS = {
    "early": """
        lenet1989 lenet1990 lenet5 early_face_detection early_face_recognition
        early_char_recognition early_obstacles
    """,
    "imagenet": """
        accuracy_cost_chart alexnet zfnet googlenet vgg
    """,
    "inception": """
        inception_module inception_v2 inception_v3 inception_v4 xception inception_resnet nas_rl
        nasnet
    """,
    "residual": """
        resnet highway_network wrn resnext wsl_resnext densenet
    """,
    "mobile": """
        mobilenet_v1 mobilenet_v2
    """,
    "layers": """
        depthwise_separable_conv conv_as_matrix small_kernels conv_1x1 nin conv_factorization
        grouped_conv deconvolution multi_scale skip_connections residual_block atrous_conv
        max_unpooling fcn_topology
    """,
    "pooling": """
        global_average_pooling max_pooling avg_pooling lp_pooling mixed_pooling
        stochastic_pooling spp roi_pooling aspp
    """,
    "activations": """
        sigmoid tanh relu prelu elu
    """,
    "losses": """
        label_smoothing mse_loss cross_entropy contrastive_loss hinge_loss multitask_loss
        positive_sharing_loss gram_loss scale_invariant_loss divergence_loss
    """,
    "normalization": """
        batch_norm lrn dropout l1_regularization
    """,
    "optimizers": """
        backprop online_sgd minibatch_sgd momentum nag adagrad rmsprop adadelta adam weight_init
    """,
    "theory": """
        deconvnet_visualization resnet_ensemble_view theory_math theory_brain
    """,
    "faces": """
        viola_jones cascade_cnn densebox faceness_net mtcnn facial_landmark_cascade
        face_recognition_dl
    """,
    "detection": """
        rcnn spp_net fast_rcnn faster_rcnn yolo ssd rfcn fpn text_localization
    """,
    "segmentation": """
        patch_segmentation fcn deeplab segnet dense_crf
    """,
    "edges": """
        sobel laplacian canny deepedge deepcontour hed
    """,
    "enhancement": """
        style_transfer hdrnet
    """,
    "depth": """
        eigen_depth eigen_depth_normals
    """,
    "tracking": """
        tracking_sodlt mdnet tracking_fcnt tracking_misc
    """,
    "graphics": """
        o_cnn self_augmented_svbrdf navier_stokes_classic fluidnet smoke_cnn texture_gatys
        texture_deep_correlations colorization_user hdr_kalantari hdr_basics optical_flow
        bilateral_grid
    """,
    "nlp": """
        textcnn convs2s rnn_lstm_gnmt
    """,
    "compression": """
        model_size weight_pruning deep_compression quantization huffman_coding bnn bwn xnor_net
    """,
}
PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {part: tuple(ids.split()) for part, ids in _CONTENTS.items()}
)
PART_OF: Mapping[str, str] = MappingProxyType(
    {id: part for part, ids in PARTS.items() for id in ids}
)


@functools.cache
def entry(id: str) -> tuple[System, tuple[Statement, ...]]:
    """Load the file of one entry and return its record and its statements, by their numbers.

    Raises:
        KeyError: `id` is not in the table of contents.
    """
    names = vars(importlib.import_module(f"{__name__}.{PART_OF[id]}.{id}"))
    statements = (value for value in names.values() if isinstance(value, Statement))
    return names["SYSTEM"], tuple(sorted(statements, key=lambda one: one.number))
