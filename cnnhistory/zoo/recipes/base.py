"""What a recipe of a recorded run says, for each kind of run."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

DIGITS = "cnnhistory.data.digits.DigitsDataModule"
CIFAR10 = "cnnhistory.data.cifar10.Cifar10DataModule"
PATCHES = "cnnhistory.data.patches.PatchesDataModule"
PAIRS = "cnnhistory.data.translation.module.PairsDataModule"
SENTENCES = "cnnhistory.data.text.sentences.SentencesDataModule"


@dataclass(frozen=True)
class Spec:
    """An object by class path and settings, as configuration files of the command line name it.

    >>> Spec("cnnhistory.training.recipes.Adam", {"lr": 0.001}).build()
    Adam(lr=0.001, weight_decay=0.0)
    """

    class_path: str
    init_args: dict[str, Any] = field(default_factory=dict)

    def build(self, **more: Any) -> Any:
        """Import the class and make the object, with further settings.

        Raises:
            ImportError, AttributeError: there is no such class.
            TypeError: it has no such setting.
        """
        module, _, name = self.class_path.rpartition(".")
        return getattr(importlib.import_module(module), name)(**self.init_args, **more)


def adam(lr: float, weight_decay: float = 0.0) -> Spec:
    """Return the recipe of Adam; see `cnnhistory.training.recipes`."""
    return Spec("cnnhistory.training.recipes.Adam", {"lr": lr, "weight_decay": weight_decay})


def sgd(lr: float, weight_decay: float = 0.0, momentum: float = 0.9) -> Spec:
    """Return the recipe of gradient descent with momentum; see `cnnhistory.training.recipes`."""
    settings = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
    return Spec("cnnhistory.training.recipes.SGD", settings)


ONE_CYCLE = Spec("cnnhistory.training.recipes.OneCycle")
CONSTANT = Spec("cnnhistory.training.recipes.Constant")


@dataclass(frozen=True)
class TrainingRecipe:
    """A network trained as a classifier, once a seed.

    The settings were chosen on a validation split of the training data; the recorded run then
    trains on all of it, and the test data are only looked at, never used to choose.

    `data` names the data module, without batch size and seed; `loss` None is the network's own.

    Units: `tolerance` is the largest distance, in percentage points of test error, between the
    recorded mean and one training run repeated from this recipe.
    """

    id: str
    model: str
    epochs: int
    batch_size: int
    optimizer: Spec
    data: Spec
    schedule: Spec = ONE_CYCLE
    loss: Spec | None = None
    network_args: dict[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    tolerance: float = 0.3
    precision: str = "32-true"


@dataclass(frozen=True)
class CompressionRecipe:
    """A network trained, compressed, and compared with a counterpart trained as long.

    `schedule` has the settings of `cnnhistory.compression.schedule.Schedule`, `index_bits` those of
    the gaps between weights.

    Units: `tolerance` as for `TrainingRecipe`, of the compressed network; `least_ratio` how many
    times smaller than its float32 numbers each file is at least.
    """

    id: str
    schedule: dict[str, Any]
    index_bits: dict[str, Any]
    data: Spec
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    tolerance: float = 0.2
    least_ratio: float = 60.0


@dataclass(frozen=True)
class AblationRecipe:
    """What becomes of a recorded network without some of its parts; nothing is trained.

    `run` is the recorded run whose weights are measured, `settings` go to the function
    `cnnhistory.zoo.ablations.ablations`.
    """

    id: str
    run: str
    settings: dict[str, Any]
    seeds: tuple[int, ...] = (0,)
    tolerance: float = 0.5


@dataclass(frozen=True)
class SearchRecipe:
    """Every cell of a space, each trained for a short time in a network of cells; no weights kept.

    `space` has the settings of `cnnhistory.search.space.CellSpace`, `network` those of
    `cnnhistory.search.network.cell_network`, `training` those of
    `cnnhistory.training.loop.Training`. A seed is one table: the validation errors of all cells.

    Units: `tolerance` is the largest distance, in percentage points of validation error, between
    the mean over a few cells trained again and their mean in the table.
    """

    id: str
    space: dict[str, Any]
    network: dict[str, Any]
    training: dict[str, Any]
    data: Spec
    seeds: tuple[int, ...] = (0, 1)
    tolerance: float = 1.5


@dataclass(frozen=True)
class FoldsRecipe:
    """A network for sentences trained on each fold, beside bags of words; no weights are kept.

    Data that are divided into folds are tested on the fold whose number is the seed; of data with a
    test part of their own a seed is what it is elsewhere. Number of words and of classes follow
    from the data. `baselines` has the strength of `cnnhistory.nlp.bag_of_words.BagOfWords` by its
    kind. Epochs and strengths were chosen on the validation part of fold 0; the recorded run trains
    on that part too. Kept is what each method answers to each test sentence.

    Units: `tolerance` is the largest distance, in percentage points of test error, between the
    recorded network of a seed and one trained again on another processor.
    """

    id: str
    model: str
    epochs: int
    batch_size: int
    optimizer: Spec
    data: Spec
    schedule: Spec = CONSTANT
    network_args: dict[str, Any] = field(default_factory=dict)
    baselines: dict[str, float] = field(default_factory=dict)
    seeds: tuple[int, ...] = tuple(range(10))
    tolerance: float = 3.0


@dataclass(frozen=True)
class ReaderRecipe(FoldsRecipe):
    """The same for a network so small that it is kept, with the words that it knows."""


@dataclass(frozen=True)
class TranslationRecipe:
    """A network trained to translate, once a seed.

    `data` names the data module, without batch size and seed, and has one of its settings twice:
    `network_args` holds the same `vocabulary`. The test part is translated by a beam search of
    `beam`, after the last epoch.

    Units: `tolerance` is the largest distance, in points of BLEU, between the recorded mean and one
    training run repeated from this recipe.
    """

    id: str
    model: str
    epochs: int
    batch_size: int
    optimizer: Spec
    data: Spec
    schedule: Spec = ONE_CYCLE
    network_args: dict[str, Any] = field(default_factory=dict)
    label_smoothing: float = 0.0
    clip: float | None = 0.1
    beam: int = 5
    seeds: tuple[int, ...] = (0, 1, 2)
    tolerance: float = 1.5
    precision: str = "bf16-mixed"


@dataclass(frozen=True)
class FluidRecipe:
    """A pressure network, trained on scenes that it makes up and moves on itself.

    `network` has the settings of `cnnhistory.graphics.fluid.network.FluidNet`, `training` those of
    `cnnhistory.graphics.fluid.training.FluidTraining`; `data` names the scenes that it is measured
    on, whose obstacles are of other kinds.

    Units: `tolerance` is the largest distance between the recorded share of the divergence that is
    left after one pass, in percent, and that of one training repeated from this recipe.
    """

    id: str
    network: dict[str, Any]
    training: dict[str, Any]
    data: Spec
    seeds: tuple[int, ...] = (0,)
    tolerance: float = 5.0


@dataclass(frozen=True)
class TextureRecipe:
    """Textures made by every method from every example, and measured; no picture is kept.

    A seed is the number of an example, and the seed from which its textures are made. `methods` has
    the settings of each by name, see `cnnhistory.graphics.texture.comparison`; they were chosen on
    other examples. `blocks` is how many of the trunk of `cnnhistory.graphics.texture.lite` the
    features are of. `data` names the examples.

    Units: `tolerance` is the largest distance, in percentage points, between the mean recorded
    autocorrelation distance of a few examples and that of textures made from them again.
    """

    id: str
    methods: dict[str, dict[str, Any]]
    evaluations: int
    blocks: int
    data: Spec
    seeds: tuple[int, ...]
    tolerance: float = 2.0


Recipe = (
    TrainingRecipe
    | CompressionRecipe
    | AblationRecipe
    | SearchRecipe
    | FoldsRecipe
    | TranslationRecipe
    | FluidRecipe
    | TextureRecipe
)
