import pytest
import torch

from cnnhistory import create_model
from cnnhistory.accounting import count_parameters
from cnnhistory.search.network import RESIDUAL, cell_network
from cnnhistory.search.space import CellSpace, canonical, genotype


def test_parameters_counted_by_hand():
    """The first convolution, two 1x1 convolutions, two operations of each cell, the classes."""

    def separable(maps):
        return 2 * (9 * maps + maps * maps + 2 * maps)

    first = 9 * 8 + 2 * 8
    normal = 8 * 8 + 2 * 8 + 2 * separable(8)  # puts out its last state, 8 maps
    reduction = 8 * 16 + 2 * 16 + 2 * separable(16)
    assert genotype(RESIDUAL).output == (3,)
    net = cell_network()
    assert count_parameters(net) == first + normal + reduction + 16 * 10 + 10


def test_the_hand_made_cell_adds_to_its_input():
    assert canonical(genotype(RESIDUAL).pairs) == RESIDUAL
    net = cell_network(plan="n", stride=1).eval()
    cell = net.cells[0]
    for operation in cell.operations:
        if hasattr(operation, "bn2"):
            torch.nn.init.zeros_(operation.bn2.weight)
    x = torch.rand(2, 8, 6, 6)
    assert torch.equal(cell(x, x), cell.current(x).relu())


def test_shapes_of_any_row():
    net = cell_network(7, 3, plan="nnrnrn", maps=4).eval()
    sides = []
    for cell in net.cells:
        cell.register_forward_hook(lambda m, i, out: sides.append(tuple(out.shape[1:])))
    assert net(torch.rand(2, 3, 24, 24)).shape == (2, 7)
    assert sides == [(4, 12, 12)] * 2 + [(8, 6, 6)] * 2 + [(16, 3, 3)] * 2


def test_every_cell_of_the_space_runs():
    for name in list(CellSpace().cells())[::45]:
        net = cell_network(cell=name, maps=2)
        out = net(torch.rand(2, 1, 16, 16))
        out.sum().backward()
        # behind a cell that reads input 0 alone, the one before it gets no gradient
        read = {state for pair in genotype(name).pairs for _, state in pair}
        for key, weight in net.named_parameters():
            assert weight.grad is not None or 1 not in read, (name, key)


def test_an_input_that_nothing_reads_has_no_weights():
    state = cell_network(cell="none(1)+sep3(1) | none(2)+sep3(2)", plan="n").state_dict()
    assert not any(".previous." in key for key in state)
    assert any(".current." in key for key in state)


def test_it_is_a_model_of_the_registry():
    assert count_parameters(create_model("cell_network", maps=2)) > 0


@pytest.mark.parametrize(
    ("settings", "name"),
    [({"plan": ""}, "plan"), ({"plan": "nx"}, "plan"), ({"cell": "x"}, "cell"),
     ({"maps": 0}, "maps"), ({"stride": 0}, "stride"), ({"first": 0}, "first")],
)  # fmt: skip
def test_wrong_settings_are_refused(settings, name):
    with pytest.raises(ValueError, match=f"{name}: expected"):
        cell_network(**settings)
