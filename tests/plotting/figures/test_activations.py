import pytest
import torch

from cnnhistory.plotting.figures.activations import activation_curves


def test_functions_and_derivatives_are_drawn():
    functions = {"square": torch.square, "ReLU": torch.relu}
    for slope, ends in ((False, (16, 4)), (True, (8, 1))):
        ax = activation_curves(functions, slope=slope)
        assert [line.get_label() for line in ax.lines] == list(functions)
        assert [float(line.get_ydata()[-1]) for line in ax.lines] == pytest.approx(ends)
        assert ax.get_ylabel() == ("f'(x)" if slope else "f(x)")


@pytest.mark.parametrize(
    ("functions", "reach", "named"),
    [({}, 4, "functions"), ({"a": torch.relu}, 0, "reach"), ({"a": torch.relu}, -1, "reach")],
)
def test_what_cannot_be_drawn_is_refused(functions, reach, named):
    with pytest.raises(ValueError, match=f"^{named}: expected"):
        activation_curves(functions, reach=reach)
