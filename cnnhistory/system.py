"""The record of one entry of the survey."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.papers import Figure

ERAS = (
    "early",
    "imagenet-era",
    "inception-family",
    "resnet-family",
    "mobile",
    "layers",
    "pooling",
    "activations",
    "losses",
    "normalization",
    "optimizers",
    "theory",
    "vision-apps",
    "graphics-apps",
    "nlp-apps",
    "compression",
)

TASKS = (
    # what a network is for
    "classification",
    "architecture search",
    "face detection",
    "face recognition",
    "facial landmarks",
    "character recognition",
    "object detection",
    "segmentation",
    "edge detection",
    "depth estimation",
    "tracking",
    "image synthesis",
    "image enhancement",
    "optical flow",
    "shape analysis",
    "appearance capture",
    "fluid simulation",
    "sentence classification",
    "translation",
    # what a part of a network, or a method, is
    "layer",
    "pooling",
    "activation",
    "loss",
    "normalization",
    "regularization",
    "optimizer",
    "initialization",
    "analysis",
    "compression",
)

STATUSES = ("built", "planned")


@dataclass(frozen=True)
class System:
    """One entry of the survey.

    `id` names the model file, the test and the chapter; `era` is the survey's group (one of
    `ERAS`), `task` one of `TASKS`; `year` is the first of the years that the entry covers.
    `paper` and `see_also` are keys of the bibliography, `figures` the paper's headline figures,
    `deviations` what the package does differently from the paper, `chapter` a page of the book
    (without ending), `models` what `create_model` can build. `module` says where their builders
    stand, if not in `models.ID`: "compression.xnor"; the chapter then has the last word's name.

    Raises:
        ValueError: `id` cannot name a file, or `era` or `task` is not in the vocabulary.
    """

    id: str
    name: str
    year: int
    era: str
    task: str
    paper: str
    see_also: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    deviations: tuple[str, ...] = ()
    chapter: str | None = None
    models: tuple[str, ...] = ()
    module: str | None = None

    def __post_init__(self) -> None:
        if not (self.id.isidentifier() and self.id == self.id.lower()):
            raise expected("id", "a lower-case identifier", self.id)
        check_one_of("era", self.era, ERAS)
        check_one_of("task", self.task, TASKS)

    @property
    def home(self) -> str:
        """The module that builds its models, below `cnnhistory`."""
        return self.module or f"models.{self.id}"

    @property
    def status(self) -> str:
        """Whether the package has something to run for it: "built" or "planned"."""
        return "built" if self.chapter or self.models else "planned"


@dataclass(frozen=True)
class ModelCard:
    """What it takes to run a model; each file with builders has one for each, in `MODELS`.

    `input_shape` is the shape of one input at the paper's settings. `tiny` has the settings of a
    version that is cheap enough for tests, empty where the model itself is; `tiny_shape` is its
    input, where that differs. `data` is the class path of a data module whose small mode the model
    can be trained on, `data_args` its keywords, `network_args` the settings of the model that fit
    those data (None: the model is not for training).

    Shape: (C, H, W), or what the network takes, without the batch.
    """

    input_shape: tuple[int, ...]
    tiny: dict[str, Any] = field(default_factory=dict)
    tiny_shape: tuple[int, ...] | None = None
    data: str | None = "cnnhistory.data.digits.DigitsDataModule"
    data_args: dict[str, Any] = field(default_factory=dict)
    network_args: dict[str, Any] = field(default_factory=dict)
