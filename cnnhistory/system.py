"""The record of one entry of the survey, and what the survey says about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.papers import Figure

# The parts of the survey, which are the folders of cnnhistory/survey, and their headings.
ERAS = {
    "early": "Early",
    "imagenet": "ImageNet era",
    "inception": "Inception family",
    "residual": "ResNet family",
    "mobile": "Mobile",
    "layers": "Layers",
    "pooling": "Pooling",
    "activations": "Activations",
    "losses": "Losses",
    "normalization": "Normalization",
    "optimizers": "Optimizers",
    "theory": "Why it works",
    "faces": "Faces",
    "detection": "Detection",
    "segmentation": "Segmentation",
    "edges": "Edges",
    "enhancement": "Style and enhancement",
    "depth": "Depth",
    "tracking": "Tracking",
    "graphics": "Graphics",
    "nlp": "Language",
    "compression": "Compression",
}

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

CHECKS = ("count", "rf", "algebra", "exp", "cite")
VERDICTS = ("correct", "imprecise", "wrong", "unverified", "opinion")

# Class paths of the data modules that small mode trains on.
DIGITS = "cnnhistory.data.digits.DigitsDataModule"
PATCHES = "cnnhistory.data.patches.PatchesDataModule"
SENTENCES = "cnnhistory.data.text.sentences.SentencesDataModule"
PAIRS = "cnnhistory.data.translation.module.PairsDataModule"


@dataclass(frozen=True)
class System:
    """One entry of the survey.

    `id` names the survey's file, the model file, the test and the chapter; `digest` is the entry's
    name in the digest of the survey. `era` is the part of the survey (one of `ERAS`), `task` one of
    `TASKS`; `year` is the first of the years that the entry covers. `paper` and `see_also` are keys
    of the bibliography, `figures` the paper's headline figures, `deviations` what the package does
    differently from the paper, `chapter` the page of the book that is about it (without ending),
    `models` what `create_model` can build. `module` says where their builders stand, if not in
    `models.ID`: "compression.xnor". An entry that is no network has an `object` instead: the path
    of the function or class that is it, "nn.norm.LocalResponseNorm". Both paths are below
    `cnnhistory`.

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
    object: str | None = None
    digest: str = ""

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
        return "built" if self.chapter or self.models or self.object else "planned"

    @property
    def code(self) -> str | None:
        """Where its code stands below `cnnhistory`: a module or an object; None while planned."""
        return self.object or (self.home if self.models else None)


@dataclass(frozen=True)
class Finding:
    """What a program found: the verdict that follows, and the computed facts in words.

    `facts` are the words in which the statement's `truth` gives what was computed ("60 of the 96
    possible pairs"), made from the computed values; a test looks for each of them there, and for
    numbers in `truth` that are in none.

    Raises:
        ValueError: the verdict is not one of `VERDICTS`.
    """

    verdict: str
    computed: str
    facts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_one_of("verdict", self.verdict, VERDICTS)


@dataclass(frozen=True)
class Statement:
    """One statement of the survey, in our words, and what is true.

    `id` is the id of its system and a number ("lenet5.c1"). `check` says how it is decided: by
    counting ("count"), from receptive fields ("rf"), by algebra or arithmetic ("algebra"), by a
    small experiment ("exp") or by looking it up ("cite"). `verdict`, one of `VERDICTS`, is the
    judgment from the literature; the function `decide`, which every statement has that is not
    cited, computes a verdict and has to come to the same one. `source` is a key of the
    bibliography, a comma and the place there. `quoted` are the phrases of `truth` whose numbers
    the source gives and `decide` does not compute; a citation has none, since it quotes throughout.

    Raises:
        ValueError: `id`, `check` or `verdict` is not of these forms, or there is a function for a
            citation or none for a computation.
    """

    id: str
    text: str
    check: str
    verdict: str
    truth: str
    source: str
    quoted: tuple[str, ...] = ()
    decide: Callable[[], Finding] | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*\.c[1-9]\d*", self.id):
            raise expected("id", "a form like 'lenet5.c1'", self.id)
        check_one_of("check", self.check, CHECKS)
        check_one_of("verdict", self.verdict, VERDICTS)
        if (self.decide is None) != (self.check == "cite"):
            raise expected("decide", "a function, or None for a citation", self.decide)
        if self.quoted and self.decide is None:
            raise expected("quoted", "nothing for a citation", self.quoted)

    @property
    def system(self) -> str:
        """The id of the system that it is about."""
        return self.id.rpartition(".")[0]

    @property
    def number(self) -> int:
        """Its place among the statements about the system."""
        return int(self.id.rpartition(".c")[2])


def decided(
    id: str,
    *,
    text: str,
    check: str,
    verdict: str,
    truth: str,
    source: str,
    quoted: tuple[str, ...] = (),
) -> Callable[[Callable[[], Finding]], Statement]:
    """Make the decorated function the `decide` of a statement; its name becomes the statement.

    The function takes nothing and returns a finding whose verdict depends on what it computed.

    Raises:
        ValueError: as `Statement`.
    """

    def decorate(decide: Callable[[], Finding]) -> Statement:
        return Statement(id, text, check, verdict, truth, source, quoted, decide)

    return decorate


@dataclass(frozen=True)
class ModelCard:
    """What it takes to run a model; each file with builders has one for each, in `MODELS`.

    `input_shape` is the shape of one input at the paper's settings. `tiny` has the settings of a
    version that is cheap enough for tests, empty where the model itself is; `tiny_shape` is its
    input, where that differs. `data` is the class path of a data module whose small mode the model
    can be trained on, `data_args` its keywords, `network_args` the settings of the model that fit
    those data (None: the model is not for training). `any_size` says that the network takes images
    of other sizes, too.

    Shape: (C, H, W), or what the network takes, without the batch.
    """

    input_shape: tuple[int, ...]
    tiny: dict[str, Any] = field(default_factory=dict)
    tiny_shape: tuple[int, ...] | None = None
    data: str | None = DIGITS
    data_args: dict[str, Any] = field(default_factory=dict)
    network_args: dict[str, Any] = field(default_factory=dict)
    any_size: bool = False
