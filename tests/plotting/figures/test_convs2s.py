import pytest
import torch

from cnnhistory.plotting.figures.convs2s import attention_map, encoder_and_decoder
from cnnhistory.plotting.style import COLORS


def colored(ax):
    from matplotlib.colors import to_rgba

    return sum(patch.get_facecolor() == to_rgba(COLORS[4]) for patch in ax.patches)


def test_what_a_unit_sees_is_in_color(ax):
    encoder_and_decoder(list("abcde"), list("xyz"), [3, 3], ax=ax)
    # encoder: 1, 3 and 5 units; decoder, the last of three tokens: 1, 3 and 3
    assert colored(ax) == 1 + 3 + 5 + 1 + 3 + 3
    assert [t.get_text() for t in ax.texts][:5] == list("abcde")


def test_attention_by_hand(ax):
    attention_map(torch.tensor([[0.25, 0.75]]), ["a", "b"], ["x"], ax=ax)
    assert ax.images[0].get_array().tolist() == [[0.25, 0.75]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]
    assert not any(line.get_visible() for line in ax.get_xgridlines() + ax.get_ygridlines())


def test_refusals(ax):
    with pytest.raises(ValueError, match=r"^kernels: expected odd numbers"):
        encoder_and_decoder(["a"], ["b"], [2], ax=ax)
    with pytest.raises(ValueError, match=r"^source, target, kernels: expected at least one"):
        encoder_and_decoder([], ["b"], [3], ax=ax)
    with pytest.raises(ValueError, match=r"^weights: expected shape \(1, 2\)"):
        attention_map(torch.zeros(2, 1), ["a", "b"], ["x"], ax=ax)
