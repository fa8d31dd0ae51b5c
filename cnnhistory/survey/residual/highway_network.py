"""Highway network, and what the survey says about it."""

from cnnhistory.papers import Figure
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="highway_network",
    name="Highway network",
    year=2015,
    era="residual",
    task="classification",
    paper="srivastava2015training",
    figures=(
        Figure(
            "parameters, 10 layers of width 16",
            39_000,
            "parameters",
            tolerance=500,
            where="Table 1",
            model="highway_conv",
            checked=True,
        ),
        Figure(
            "parameters, 10 layers of width 32",
            151_000,
            "parameters",
            tolerance=500,
            where="Table 1",
            model="highway_conv",
            checked=True,
        ),
        Figure(
            "parameters of one layer, about",
            5_000,
            "parameters",
            tolerance=150,
            where="Section 3.1",
            model="highway",
            checked=True,
        ),
        Figure(
            "parameters of one plain layer, about",
            5_000,
            "parameters",
            tolerance=150,
            where="Section 3.1",
            model="highway_plain",
            checked=True,
        ),
        Figure(
            "MNIST test error, best of five, width 16",
            0.57,
            "%",
            tolerance=0.1,
            where="Table 1",
            model="highway_conv",
        ),
        Figure(
            "MNIST test error, best of five, width 32",
            0.45,
            "%",
            tolerance=0.1,
            where="Table 1",
            model="highway_conv",
        ),
        Figure(
            "CIFAR-10 test error, 19 layers, best of five",
            7.54,
            "%",
            tolerance=0.3,
            where="Table 2",
        ),
    ),
    deviations=(
        "tanh and a gate bias of -2 by default: the paper found activation, bias and rates by "
        "a random search, whose results it does not list",
        "where the convolutional network pools, and by how much, follows from its numbers of "
        "parameters; the paper does not say",
    ),
    models=("highway", "highway_plain", "highway_conv"),
    chapter="imagenet/resnet",
    digest="highway-network",
)


@decided(
    "highway_network.c1",
    text="A highway layer resembles an LSTM.",
    check="exp",
    verdict="opinion",
    truth="Its authors took the gate from there. It is the step of the cell with the forget "
    "gate tied to the input gate, but without an output gate and with new weights in each "
    "layer.",
    source="srivastava2015training, Sections 1 and 2",
)
def c1() -> Finding:
    """Feed an LSTM cell its own state as input, with the forget gate tied to the input gate."""
    import torch
    from torch import nn

    from cnnhistory.models.highway_network import Highway

    with torch.no_grad():
        width = 7
        layer = Highway(nn.Sequential(nn.Linear(width, width), nn.Tanh()), nn.Linear(width, width))
        cell = nn.LSTMCell(width, width)
        cell.weight_hh.zero_()
        cell.bias_hh.zero_()
        gate, transform = layer.gate, layer.transform.get_submodule("0")
        # rows of input gate, forget gate, candidate and output gate; sigmoid(-a) = 1 - sigmoid(a)
        for own, weights in ((cell.weight_ih, "weight"), (cell.bias_ih, "bias")):
            t, h = getattr(gate, weights), getattr(transform, weights)
            own.copy_(torch.cat([t, -t, h, torch.zeros_like(h)]))
        x = torch.randn(5, width)
        output, state = cell(x, (torch.zeros_like(x), x))
        expected = layer(x)
        is_step = torch.allclose(state, expected, atol=1e-6)
        is_output = torch.allclose(output, expected, atol=1e-3)
        verdict = ("correct" if is_output else "opinion") if is_step else "wrong"
        return Finding(
            verdict,
            f"with the forget gate 1 minus the input gate, the new state of an LSTM cell "
            f"{'equals' if is_step else 'does not equal'} the layer to 1e-6; what the cell puts "
            f"out {'does' if is_output else 'does not'}",
        )
