import pytest
import torch
from safetensors.torch import load

from cnnhistory.zoo.rounding import rounded, same_answers, stored_form, weights_content, widened

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


@pytest.mark.parametrize(
    ("exact_needed", "dtype", "form"),
    [
        ([], torch.float16, "float16"),
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
