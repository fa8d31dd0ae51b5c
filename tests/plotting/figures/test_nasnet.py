import pytest

from cnnhistory.models.nasnet import NORMAL, REDUCTION
from cnnhistory.nn.cell import Genotype
from cnnhistory.plotting.figures.nasnet import cell_graph, decision_rows
from cnnhistory.plotting.style import COLORS
from cnnhistory.search.space import genotype


def words(ax):
    return [text.get_text().replace("\n", " ") for text in ax.texts]


@pytest.mark.parametrize("plan", [NORMAL, REDUCTION])
def test_every_operation_every_sum_and_every_output(plan, drawn):
    ax = cell_graph(plan)
    shown = drawn(ax)
    # two inputs, the output, and for each block two operations (on white) and a sum
    assert len(shown.boxes) == 3 + 5 * len(plan.pairs)
    assert len(shown.arrows) == len(plan.output)
    names = sorted(name for pair in plan.pairs for name, _ in pair)
    drawn_names = sorted(
        text.replace("copy", "none").replace(" ", "").partition("×")[0]
        for text in words(ax)
        if text.startswith(("sep", "avg", "max", "copy"))
    )
    assert drawn_names == names
    assert words(ax).count("+") == len(plan.pairs)


def test_lines_have_the_color_of_their_input():
    plan = genotype("none(0)+sep3(1) | max3(2)+sep3(0)")
    colors = [line.get_color() for line in cell_graph(plan).lines]
    assert colors.count(COLORS[0]) == 2
    assert colors.count(COLORS[1]) == 1
    assert len(colors) == 4 + 4  # one to each operation, one from each to its sum


def test_a_block_stands_above_those_that_it_reads():
    ax = cell_graph(genotype("none(0)+none(1) | none(0)+none(2) | none(0)+none(3)"))
    heights = [text.get_position()[1] for text in ax.texts if text.get_text() == "+"]
    assert heights == sorted(set(heights))


def test_no_block_is_refused():
    with pytest.raises(ValueError, match="plan: expected at least one block"):
        cell_graph(Genotype((), ()))


def test_probabilities_are_stacked():
    ax = decision_rows([[0.5, 0.1], [0.5, 0.9]], ["copy", "max"])
    assert len(ax.collections) == 2
    assert words(ax) == ["copy", "max"]
    assert ax.texts[1].get_position()[1] == pytest.approx(0.55)
    with pytest.raises(ValueError, match="rows, names: expected as many"):
        decision_rows([[1.0]], [])
