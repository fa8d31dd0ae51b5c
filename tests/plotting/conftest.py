import matplotlib as mpl
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture
def ax():
    return plt.subplots(layout="constrained")[1]


class Drawn:
    """What stands on axes: texts, boxes, arrows and lines in the order of drawing."""

    def __init__(self, axes):
        self.texts = [text.get_text() for text in axes.texts]
        self.at = {text.get_text(): text.get_position() for text in axes.texts}
        self.boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
        self.arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
        self.lines = axes.lines


@pytest.fixture
def drawn():
    return Drawn
