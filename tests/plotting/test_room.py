"""What holds for every drawing function: it returns axes, opens one figure, changes no setting."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.axes import Axes

from cnnhistory import create_model, plotting
from cnnhistory.accounting import summarize
from cnnhistory.nn.residual import Bottleneck
from cnnhistory.plotting import architecture, bars, curves, diagram, images, labels, scatter
from cnnhistory.plotting.figures import (
    activations,
    alexnet,
    batch_norm,
    bnn,
    convs2s,
    deconvnet_visualization,
    deep_compression,
    densenet,
    fluid,
    googlenet,
    inception_v3,
    landscape,
    mobilenet,
    nasnet,
    nin,
    octree,
    pooling,
    primer,
    pruning,
    resnet,
    resnet_ensembles,
    resnext,
    textcnn,
    wide_resnet,
    xception,
    xnor,
)  # fmt: skip
from cnnhistory.search.space import genotype
from cnnhistory.survey.accuracies import FIGURES

# What draws nothing: settings, helpers of drawings, how figures are stored, and the data of the
# landscape.
NO_DRAWING = {
    "figures.landscape.best", "figures.landscape.front_of", "figures.landscape.left_out",
    "figures.landscape.pareto", "figures.landscape.points",
    "figures.landscape_scene.labels", "figures.landscape_scene.scene",
    "figures.deconvnet_visualization.beside",
    "images.stretched", "labels.spread", "names.display_name", "names.model_name",
    "panels.panels", "pixels.encoded", "style.looks", "style.use_book_style", "svg.figure_svg",
    "svg.show_figures_as_svg", "svg_groups.hoist", "svg_groups.join_axis",
    "svg_groups.join_marks", "svg_shapes.align_lines", "svg_shapes.place_picture",
    "svg_shapes.plain_formula", "svg_shapes.short", "svg_shapes.shorten_transform",
    "svg_shapes.small_path", "svg_tree.written",
}  # fmt: skip
STAGES = [("base", 0.3), ("prune", 0.2)]


def _lenet():
    return summarize(create_model("lenet5"), (1, 32, 32))


def _point():
    figure = next(figure for figure in FIGURES if figure.model == "alexnet" and figure.top1)
    return landscape.Point(figure, "alexnet", "imagenet", 2012, 61_100_840, 714_188_480)


# A call of each function that makes a picture of its own.
PICTURES = {
    architecture.architecture: lambda f, **to: f(_lenet(), **to),
    bars.interval_rows: lambda f, **to: f({"a": (1, 0, 2)}, **to),
    bars.ratio_bars: lambda f, **to: f({"a": 3.0}, "times", **to),
    bars.stacked_bars: lambda f, **to: f({"a": {"x": 1}}, "kB", **to),
    curves.seed_curves: lambda f, **to: f({"a": [[1, 2]]}, **to),
    curves.stage_curves: lambda f, **to: f({"a": [STAGES]}, **to),
    images.connection_table: lambda f, **to: f(torch.eye(3).bool(), **to),
    images.image_grid: lambda f, **to: f(torch.zeros(3, 4, 4), columns=2, **to),
    images.show_image: lambda f, **to: f(torch.zeros(4, 4), **to),
    images.tiles: lambda f, **to: f(torch.zeros(3, 4, 4), **to),
    scatter.group_points: lambda f, **to: f({"a": [(1, 2)]}, **to),
    activations.activation_curves: lambda f, **to: f({"a": torch.relu}, **to),
    alexnet.towers: lambda f, **to: f(_lenet(), ["c1", "c3", "f6"], ["c3"], **to),
    batch_norm.over_the_batch: lambda f, **to: f(3, 2, **to),
    bnn.bit_rows: lambda f, **to: f({"x": [0, 1]}, **to),
    bnn.block: lambda f, **to: f(**to),
    convs2s.attention_map: lambda f, **to: f(torch.eye(2), ["a", "b"], ["c", "d"], **to),
    convs2s.encoder_and_decoder: lambda f, **to: f(["a", "b"], ["c"], [3], **to),
    deep_compression.byte_bars: lambda f, **to: f({"a": {"x": 1000}}, **to),
    deep_compression.code_tree: lambda f, **to: f({"a": "0", "b": "1"}, {"a": 2, "b": 1}, **to),
    deep_compression.codebook_rows: lambda f, **to: f({"a": [1, 2]}, **to),
    deep_compression.steps: lambda f, **to: f(
        [[0.5]], [[0]], {"x": [("0", 0)]}, ["a", "b", "c", "d"], **to
    ),
    densenet.dense_block: lambda f, **to: f(2, **to),
    densenet.link_map: lambda f, **to: f({(0, 1): 1.0}, **to),
    googlenet.branch_diagram: lambda f, **to: f([["a"], ["b", "c"]], "in", "out", **to),
    inception_v3.reliability: lambda f, **to: f({"a": [(0.5, 0.4)]}, **to),
    inception_v3.window_pieces: lambda f, **to: f([(3, 3)], **to),
    mobilenet.block_widths: lambda f, **to: f([("a", (2, 1), ("x",))], **to),
    mobilenet.wiring: lambda f, **to: f(2, 3, **to),
    textcnn.sentence_network: lambda f, **to: f(["a", "b"], (2,), ("no",), **to),
    textcnn.word_bars: lambda f, **to: f(["a"], [1.0], **to),
    nasnet.cell_graph: lambda f, **to: f(genotype("none(0)+sep3(1) | max3(2)+sep3(0)"), **to),
    nasnet.decision_rows: lambda f, **to: f([[0.5, 0.2], [0.5, 0.8]], ["a", "b"], **to),
    googlenet.residual_module: lambda f, **to: f(
        [["a"], ["b", "c"]], "in", "1×1", "× 0.1", "out", **to
    ),
    nin.sliding_perceptron: lambda f, **to: f((3, 2), **to),
    octree.cubes: lambda f, **to: f([(0, 0, 0)], 1, **to),
    pooling.box_in_cells: lambda f, **to: f(3, (0, 0, 1, 1), (0, 0, 1, 1), 2, **to),
    pooling.windows: lambda f, **to: f(torch.ones(2, 2), {"a": torch.ones(1, 1)}, **to),
    primer.answer: lambda f, **to: f(torch.zeros(4, 4), torch.zeros(3), **to),
    primer.chain: lambda f, **to: f([("x", "1", ""), ("L", "2", "1")], {}, **to),
    primer.interval_columns: lambda f, **to: f([(0.1, 0.2, 0.3)], 0.2, **to),
    primer.valley: lambda f, **to: f({"a": [(1, 1), (0, 0)]}, (1, 2), **to),
    fluid.film_strip: lambda f, **to: f([torch.zeros(4, 4)], torch.eye(4).bool(), **to),
    pruning.connections: lambda f, **to: f([[[1.0, 0.0]]], **to),
    pruning.error_against_size: lambda f, **to: f({"a": {2.0: 0.1, 4.0: 0.2}}, **to),
    resnet.block_row: lambda f, **to: f(create_model("resnet20"), "ResNet-20", **to),
    resnet_ensembles.unraveled: lambda f, **to: f(2, **to),
    resnext.connections: lambda f, **to: f(torch.nn.Conv2d(4, 4, 3, groups=2), **to),
    resnext.paths: lambda f, **to: f(Bottleneck(16, 4, 1, "B", inner=8, groups=8), **to),
    wide_resnet.width_row: lambda f, **to: f(create_model("wrn_16_4"), "WRN-16-4", **to),
    xception.tower_links: lambda f, **to: f(4, 2, **to),
    xnor.tile: lambda f, **to: f(2, 3, **to),
    xnor.words: lambda f, **to: f([1, -1], [1, 1], **to),
    landscape.panel: lambda f, **to: f([_point()], "parameters", **to),
    deconvnet_visualization.mirror: lambda f, **to: f(["convolution"], **to),
}  # fmt: skip
# A call of each function that adds to a picture.
ADDITIONS = {
    diagram.arrow: lambda f, ax: f(ax, (0, 0), (1, 1)),
    diagram.box: lambda f, ax: f(ax, (0, 0), (1, 1)),
    diagram.frame: lambda f, ax: f(ax, (0, 1), (0, 1)),
    diagram.line: lambda f, ax: f(ax, [(0, 0), (1, 1)]),
    labels.label_lines: lambda f, ax: f(ax),
    scatter.cost_axis: lambda f, ax: f(ax),
    scatter.label_points: lambda f, ax: f(ax, [0.5], [0.5], ["net"]),
}
EXCEPTIONS = {"images.image_grid": "npt.NDArray[np.object_]"}  # a grid returns its array of axes


def functions():
    """Return all public functions of the room by their names in it."""
    found = {}
    for info in pkgutil.walk_packages(plotting.__path__, "cnnhistory.plotting."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == info.name and name[0] != "_":
                found[f"{info.name.removeprefix('cnnhistory.plotting.')}.{name}"] = value
    return found


def test_every_function_is_known_here():
    drawing = set(functions().values()) - {functions()[name] for name in NO_DRAWING}
    assert drawing == {*PICTURES, *ADDITIONS, functions()["style.axes_or_new"]}


@pytest.mark.parametrize("name", sorted(set(functions()) - NO_DRAWING))
def test_drawings_return_axes(name):
    assert functions()[name].__annotations__["return"] == EXCEPTIONS.get(name, "Axes")


@pytest.mark.parametrize("draw", PICTURES, ids=lambda f: f.__name__)
def test_a_picture_takes_data_first_and_axes_last(draw):
    parameters = inspect.signature(draw).parameters
    if draw is images.image_grid:
        assert "ax" not in parameters
        return
    *_, last = parameters.values()
    assert (last.name, last.kind, last.default) == ("ax", inspect.Parameter.KEYWORD_ONLY, None)


@pytest.mark.parametrize("draw", ADDITIONS, ids=lambda f: f.__name__)
def test_an_addition_takes_axes_first(draw):
    first = next(iter(inspect.signature(draw).parameters.values()))
    assert (first.name, first.default) == ("ax", inspect.Parameter.empty)


@pytest.mark.parametrize("draw", PICTURES, ids=lambda f: f.__name__)
def test_a_picture_opens_its_own_figure_only(draw):
    settings = dict(mpl.rcParams)
    found = PICTURES[draw](draw)
    axes = [found] if isinstance(found, Axes) else list(found.flat)
    assert {ax.figure.number for ax in axes} == set(plt.get_fignums())
    assert dict(mpl.rcParams) == settings
    axes[0].figure.draw_without_rendering()


@pytest.mark.parametrize(
    "draw", [f for f in PICTURES if f is not images.image_grid], ids=lambda f: f.__name__
)
def test_a_picture_is_drawn_where_it_is_told(draw, ax):
    # pyplot's current axes are others
    _, current = plt.subplots()
    settings, figures = dict(mpl.rcParams), plt.get_fignums()
    assert PICTURES[draw](draw, ax=ax) is ax
    assert ax.get_children() != []
    assert not current.has_data()
    assert (dict(mpl.rcParams), plt.get_fignums()) == (settings, figures)


@pytest.mark.parametrize("draw", ADDITIONS, ids=lambda f: f.__name__)
def test_an_addition_opens_nothing(draw, ax):
    _, current = plt.subplots()
    settings, figures = dict(mpl.rcParams), plt.get_fignums()
    assert ADDITIONS[draw](draw, ax) is ax
    assert not current.has_data()
    assert (dict(mpl.rcParams), plt.get_fignums()) == (settings, figures)


@pytest.mark.parametrize("module", ["cnnhistory", "cnnhistory.plotting.table"])
def test_matplotlib_is_loaded_only_to_draw(module):
    code = f"import sys, {module}; assert not {{'matplotlib', 'PIL'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("folder", [".", "figures"])
def test_no_file_is_long_and_no_room_crowded(folder):
    files = list((Path(plotting.__file__).parent / folder).glob("*.py"))
    assert len(files) > 1
    assert folder == "figures" or len(files) <= 20  # a file for each chapter
    assert {f.name: n for f in files if (n := len(f.read_text().splitlines())) > 300} == {}
