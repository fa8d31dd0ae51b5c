import zlib

import pytest
import torch
from safetensors.torch import load

from cnnhistory.zoo.rounding import (
    rounded,
    same_answers,
    shortened,
    stored_form,
    weights_content,
    widened,
)

STATE = {
    "weight": torch.tensor([[1.0, 1 / 3], [70.1, 5.0]]),
    "bias": torch.tensor([1 / 3, 2.0]),
    "steps": torch.tensor(7),
}


def test_float16_and_back():
    half = rounded(STATE)
    assert half["weight"].dtype == half["bias"].dtype == torch.float16
    assert half["steps"].dtype == torch.int64
    back = widened(load(weights_content(half)))
    assert back["weight"].dtype == torch.float32
    torch.testing.assert_close(back["weight"], STATE["weight"], rtol=1e-3, atol=0)
    assert rounded(STATE, exact=1)["bias"].dtype == torch.float32
    assert rounded(STATE, exact=1)["weight"].dtype == torch.float16


def test_fewer_bits_of_the_fraction():
    values = torch.randn(200, 300, generator=torch.Generator().manual_seed(0))
    state = {"weight": values, "bias": values[0], "steps": torch.tensor(7)}
    short, half = shortened(state, bits=6), rounded(state)
    assert ((short["weight"] - values).abs() <= 2**-7 * values.abs() * 1.1 + 1e-6).all()
    assert (short["weight"].view(torch.int16) & 0b1111 == 0).all()  # 10 - 6 bits
    assert not (half["weight"].view(torch.int16) & 0b1111 == 0).all()
    assert torch.equal(short["bias"], half["bias"])
    assert short["steps"] == 7
    packed = [len(zlib.compress(weights_content(form), 1)) for form in (short, half)]
    assert packed[0] < 0.85 * packed[1]


def test_fewer_bits_come_first():
    found, name, reason = stored_form({"weight": torch.tensor([[1.0, 1 / 3]])}, lambda state: "")
    assert (name, reason) == ("float16, 6 bits of the fraction", "")
    assert found["weight"][0, 1] != torch.tensor(1 / 3).half()

    def difference(form):  # a third has to be a third within a hundredth of a percent
        return "another" if abs(3 * form["weight"][0, 1] - 1) > 1e-3 else ""

    _, name, reason = stored_form({"weight": torch.tensor([[1.0, 1 / 3]])}, difference)
    assert (name, reason) == ("float16, 8 bits of the fraction", "")


@pytest.mark.parametrize(
    ("exact_needed", "dtype", "form"),
    [
        ([], torch.float16, "float16, 6 bits of the fraction"),
        (["bias"], torch.float32, "float16, 1 small tensors float32"),
        (["bias", "weight"], torch.float32, "float32"),
    ],
)
def test_the_smallest_form_that_changes_nothing_is_taken(exact_needed, dtype, form):
    def difference(state):
        changed = [k for k in exact_needed if not torch.equal(state[k], STATE[k])]
        return f"float16 changes {', '.join(changed)}" if changed else ""

    found, name, reason = stored_form(STATE, difference)
    assert name == form
    assert found["bias"].dtype == dtype
    assert difference(widened(found)) == ""
    assert reason == (f"float16 changes {', '.join(exact_needed)}" if exact_needed else "")


def test_large_weights_are_refused():
    with pytest.raises(ValueError, match="weights: expected at most 1,000,000 bytes in float16"):
        stored_form({"w": torch.zeros(1200, 1000)}, lambda state: "")


def test_answers_decide():
    state = {"w": torch.tensor([1.0, 2.0])}
    test = same_answers(lambda s: (s["w"] > 1.5).long(), lambda a: int(a.sum()), state)
    assert test({"w": torch.tensor([1.0, 2.5])}) == ""
    assert test({"w": torch.tensor([2.0, 2.5])}) == (
        "float16 changes 1 of 2 answers and 1 errors to 2"
    )
    # as many errors, but others
    assert test({"w": torch.tensor([2.0, 1.0])}).startswith("float16 changes 2 of 2 answers")
    assert test({"w": torch.tensor([1.0, float("inf")])}) == "float16 cannot hold these numbers"
