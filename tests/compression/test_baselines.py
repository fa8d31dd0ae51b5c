import gzip

import pytest
import torch

from cnnhistory import create_model
from cnnhistory.compression.baselines import packed_sizes, raw_bytes, round_to_int8


def test_raw_bytes_are_the_numbers():
    state = {"a": torch.tensor([1.0, 2.0]), "n": torch.tensor(3), "b": torch.zeros(2, 2)}
    assert raw_bytes(state)[:4] == b"\x00\x00\x80\x3f"
    assert len(raw_bytes(state)) == 8 + 8 + 16
    turned = torch.arange(6.0).view(2, 3).t()
    assert raw_bytes({"a": turned}) == raw_bytes({"a": turned.contiguous()})


def test_packers_pack():
    sizes = packed_sizes(bytes(100_000))
    assert {"gzip", "xz"} <= set(sizes)
    assert max(sizes.values()) < 500
    assert sizes["gzip"] == len(gzip.compress(bytes(100_000), 9, mtime=0))


def test_rounding_worked_by_hand():
    weight = torch.tensor([[1.27, -0.634, 0.0], [0.0, 0.0, 0.0]])
    run, store = round_to_int8({"weight": weight, "bias": torch.tensor([0.3])})
    assert store["weight"].tolist() == [[127, -63, 0], [0, 0, 0]]
    assert store["weight"].dtype == torch.int8
    assert store["weight.scale"][0].item() == pytest.approx(0.01)
    torch.testing.assert_close(run["weight"][0], torch.tensor([1.27, -0.63, 0.0]))
    assert run["bias"].tolist() == store["bias"].tolist() == [pytest.approx(0.3)]


def test_a_network_of_int8_is_nearly_the_network_and_a_quarter_of_it():
    torch.manual_seed(0)
    net, other = create_model("lenet5_caffe"), create_model("lenet5_caffe")
    run, store = round_to_int8(net.state_dict())
    other.load_state_dict(run)
    for key, value in net.state_dict().items():
        error = (run[key] - value).abs()
        if value.dim() > 1:
            error = error.flatten(1) / (value.flatten(1).abs().amax(1, keepdim=True) / 127)
        assert error.max() <= 0.5001
    sizes = [len(raw_bytes(state)) for state in (net.state_dict(), store)]
    assert 3.9 < sizes[0] / sizes[1] < 4


def test_the_bytes_of_a_view_that_is_negative_in_name_only():
    x = torch.randn(3, 4)
    view = torch.complex(torch.zeros_like(x), -x).conj().imag
    assert view.is_neg()
    assert raw_bytes({"x": view}) == raw_bytes({"x": x})
