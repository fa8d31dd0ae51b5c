"""What the live figures load: networks of recorded runs, and real digits to try them on.

All of it comes from the package and from the 5,000 digits of MNIST's training file that small
mode has. Which of them a network learned from is said beside them.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from cnnhistory import create_model, zoo
from cnnhistory.data.mnist import read_small
from cnnhistory.data.sizing import normalize_size
from cnnhistory.data.split import digests
from cnnhistory.export import export_network
from cnnhistory.graphics.fluid.scenes import obstacles
from cnnhistory.models.textcnn import TextCNN
from cnnhistory.zoo.recipes import FluidRecipe
from cnnhistory.zoo.recording_fluid import pressure_network
from cnnhistory.zoo.recording_folds import load_reader

Bytes = npt.NDArray[np.uint8]
Files = dict[str, bytes]
MOST_WORDS, WINDOW = 40, 5  # of a question; of the largest filter
SCENES = {"balls": 10, "blocks": 30, "stars": 31}  # obstacles: their seed


class Group(NamedTuple):
    """Digits that stand together: what they are, and their places among the 5,000."""

    title: str
    places: Sequence[int]


@cache
def trained(run: str) -> nn.Module:
    """Return the network of a recorded run."""
    recipe = zoo.training_recipe(run)
    network = create_model(recipe.model, **recipe.network_args).eval()
    network.load_state_dict(zoo.load_weights(run))
    return network


def network_files(run: str) -> Files:
    """Return the two files of a recorded network."""
    recipe = zoo.training_recipe(run)
    about = {"model": recipe.model, "weights": run}
    made = export_network(trained(run), recipe.data.build().image_shape, about)
    return {f"{run}.json": made.json(), f"{run}.bin": made.numbers}


def digit_file(
    images: Bytes,
    labels: Sequence[int],
    groups: Sequence[Group],
    others: Sequence[int] = (),
) -> bytes:
    """Return digits as JSON: side, labels, groups, and the ink as base64.

    The `others` are there to be counted, and in no group.
    """
    places = [*(place for group in groups for place in group.places), *others]
    parts, start = [], 0
    for group in groups:
        end = start + len(group.places)
        parts.append({"title": group.title, "from": start, "to": end})
        start = end
    ink = base64.b64encode(images[places].tobytes()).decode()
    found = {"side": images.shape[1], "labels": [int(labels[p]) for p in places]}
    return json.dumps(
        {**found, "groups": parts, "ink": ink}, separators=(",", ":")
    ).encode()


def answers(
    network: nn.Module, images: Bytes, levels: tuple[float, float], pad: int
) -> Bytes:
    """Return what a network answers to each of the images."""
    paper, full = levels
    inputs = torch.from_numpy(images).float().div_(255).mul_(full - paper).add_(paper)
    inputs = nn.functional.pad(inputs[:, None], (pad,) * 4, value=paper)
    with torch.no_grad():
        return network(inputs).argmax(1).numpy().astype(np.uint8)


def one_of_each(right: npt.NDArray[np.bool_], labels: Bytes) -> list[int]:
    """Return the place of the first digit of each class that is read right."""
    return [int(np.flatnonzero(right & (labels == label))[0]) for label in range(10)]


def lenet5_digits() -> Files:
    """Return digits for LeNet-5, which learned from all 60,000 of MNIST's training file."""
    images, labels = read_small()
    right = answers(trained("lenet5_mnist"), images, (-0.1, 1.175), 2) == labels
    wrong = np.flatnonzero(~right).tolist()
    groups = [
        Group(
            "Handwritten digits of MNIST, from which it learned:",
            one_of_each(right, labels),
        ),
        Group(f"Of 5,000 from which it learned it reads {len(wrong)} wrong:", wrong),
    ]
    return {"lenet5_digits.json": digit_file(images, labels, groups)}


def unseen_by_lenet1989() -> npt.NDArray[np.bool_]:
    """Return which of the 5,000 digits are not among the 7,291 that `lenet1989_online` learned.

    Those are an eighth of the 60,000, whose hash comes first (see `stratified_choice`). Here
    digits count as unseen whose hash is in the upper three quarters, well beyond that eighth.
    """
    keys = (
        hashlib.sha256(b"0:" + digest).digest() for digest in digests(*read_small())
    )
    return np.array([key[0] >= 64 for key in keys])


def lenet1989_digits() -> Files:
    """Return digits for the network of 1989 that it has not seen before."""
    images, labels = read_small()
    images, unseen = normalize_size(images, 16), unseen_by_lenet1989()
    right = answers(trained("lenet1989_online"), images, (-1, 1), 0) == labels
    wrong = np.flatnonzero(~right & unseen)
    some = wrong[:: len(wrong) // 10][:10].tolist()
    groups = [
        Group(
            "Handwritten digits that it has never seen:",
            one_of_each(right & unseen, labels),
        ),
        Group(
            f"It reads {len(wrong)} of {unseen.sum():,} such digits wrong; ten of them:",
            some,
        ),
    ]
    return {"lenet1989_digits.json": digit_file(images, labels, groups)}


def in_turn(labels: Bytes, candidates: npt.NDArray[np.bool_], each: int) -> list[int]:
    """Return the places of the first candidates of each class: a 0, a 1, ... a 9, a 0, ..."""
    places = [
        np.flatnonzero(candidates & (labels == label))[:each] for label in range(10)
    ]
    return np.stack(places, axis=1).ravel().tolist()


def pruning_digits() -> Files:
    """Return 500 digits that the network of 1989 has not seen before."""
    images, labels = read_small()
    images = normalize_size(images, 16)
    places = in_turn(labels, unseen_by_lenet1989(), 50)
    return {
        "pruning_digits.json": digit_file(images, labels, [Group("500 digits", places)])
    }


def resnet_digits() -> Files:
    """Return 200 of the test digits of the small residual network."""
    data = zoo.training_recipe("resnet20_6_digits500").data.build()
    images, labels = data.read()["test"]
    places = in_turn(labels, np.ones(len(labels), bool), 20)
    group = Group("200 test digits", places)
    content = digit_file(normalize_size(images, data.size), labels, [group])
    return {"resnet_digits.json": content}


def xnor_digits() -> Files:
    """Return 200 test digits of the small XNOR-Net; those to choose are some of them."""
    recipe = zoo.training_recipe("xnor_digits4000")
    data = recipe.data.build()
    images, labels = data.read()["test"]
    images = normalize_size(images, data.size)
    right = {
        run: answers(trained(run), images, (-1, 1), 0) == labels
        for run in ("xnor_digits4000", "xnor_float_digits4000")
    }
    signs, floats = right.values()
    places = in_turn(labels, np.ones(len(labels), bool), 20)
    wrong = [place for place in places if not signs[place]]
    shown = [place for place in places[:40] if signs[place] and floats[place]][:10]
    others = [place for place in places if place not in {*wrong, *shown}]
    groups = [
        Group("Test digits that both read right:", shown),
        Group("Of 200 test digits the signs read these wrong:", wrong),
    ]
    return {"xnor_digits.json": digit_file(images, labels, groups, others)}


class PressureNetwork(nn.Module):
    """FluidNet from its two maps to the pressure, without what is around: scale and mean."""

    def __init__(self) -> None:
        super().__init__()
        plan = zoo.recipe("fluidnet_64")
        assert isinstance(plan, FluidRecipe)
        self.network = pressure_network(plan)
        self.network.load_state_dict(zoo.load_weights(plan.id))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the pressure of each cell."""
        return self.network.body(maps)


def fluid() -> Files:
    """Return the recorded pressure network, and three boxes with obstacles.

    The network learned among balls and blocks; stars it has not seen.
    """
    made = export_network(PressureNetwork(), (2, 64, 64), {"weights": "fluidnet_64"})
    solid = [obstacles(1, (64, 64), seed, (kind,))[0] for kind, seed in SCENES.items()]
    ink = base64.b64encode(torch.stack(solid).numpy().astype(np.uint8) * 255).decode()
    scenes = {"side": 64, "labels": [*SCENES], "groups": [], "ink": ink}
    return {
        "fluidnet_64.json": made.json(),
        "fluidnet_64.bin": made.numbers,
        "fluid_scenes.json": json.dumps(scenes).encode(),
    }


class QuestionNetwork(nn.Module):
    """The recorded network for questions, with a fixed number of words and no dropout.

    Its filters lie on the plane of words times numbers, as the paper draws them. The last
    windows hold no word, as those of a `TextCNN` do.

    Shape: numbers of words (N, 1, MOST_WORDS + WINDOW), zeros behind the last word.
    """

    def __init__(self) -> None:
        super().__init__()
        reader, self.vocabulary = load_reader("textcnn_trec_small")
        assert isinstance(reader, TextCNN)
        assert reader.words is not None
        assert max(reader.windows) == WINDOW
        self.words = reader.words
        self.convs, self.pools = nn.ModuleList(), nn.ModuleList()
        for window, old in zip(reader.windows, reader.convs, strict=True):
            maps, dim, _ = old.weight.shape
            new = nn.Conv2d(1, maps, (window, dim), padding=(window - 1, 0))
            new.load_state_dict(
                {"weight": old.weight.transpose(1, 2)[:, None], "bias": old.bias}
            )
            self.convs.append(new)
            self.pools.append(nn.MaxPool2d((MOST_WORDS + WINDOW + window - 1, 1)))
        self.output = nn.Linear(reader.output.in_features, reader.output.out_features)
        keep = 1 - reader.dropout.p
        self.output.load_state_dict(
            {"weight": keep * reader.output.weight, "bias": reader.output.bias}
        )

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the scores of all classes."""
        x = self.words(tokens.long())  # (N, 1, words, numbers)
        answers = [
            pool(conv(x).relu())
            for conv, pool in zip(self.convs, self.pools, strict=True)
        ]
        return self.output(torch.cat(answers, 1).flatten(1))


def questions() -> Files:
    """Return the network for questions, and the words that it knows, a line each."""
    network = QuestionNetwork()
    shape = (1, MOST_WORDS + WINDOW)
    made = export_network(network, shape, {"weights": "textcnn_trec_small"})
    return {
        "textcnn_trec_small.json": made.json(),
        "textcnn_trec_small.bin": made.numbers,
        "textcnn_words.txt": "\n".join(network.vocabulary.words).encode(),
    }


def networks(*runs: str) -> Callable[[], Files]:
    """Return what makes the files of recorded networks."""
    return lambda: {
        name: data for run in runs for name, data in network_files(run).items()
    }


# The plain counterpart stands beside the residual network as soon as it is recorded.
BLOCKS = {
    run: title
    for run, title in {
        "resnet20_6_digits500": "ResNet-20",
        "plain20_6_digits500": "plain-20",
    }.items()
    if run in zoo.list_records()
}

FILES: tuple[Callable[[], Files], ...] = (
    networks("lenet5_mnist", "lenet1989_online", *BLOCKS),
    networks("xnor_digits4000", "xnor_float_digits4000"),
    lenet5_digits,
    lenet1989_digits,
    pruning_digits,
    resnet_digits,
    xnor_digits,
    fluid,
    questions,
)
