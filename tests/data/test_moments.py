import pytest
import torch

from cnnhistory.data.moments import slant


def test_strokes_by_hand():
    upright = torch.zeros(3, 5)
    upright[:, 2] = 1
    right = torch.eye(3).flip(1)
    left = 0.5 * torch.eye(3)
    assert slant(upright[None]).tolist() == [0.0]
    assert slant(torch.stack([right, left])[:, None]).tolist() == pytest.approx([45, -45])
    # two dots, one column apart and two rows: atan(1/2)
    dots = torch.tensor([[[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]])
    assert slant(dots).item() == pytest.approx(26.565, abs=1e-3)


def test_shifts_do_not_matter_and_a_mirror_turns_it_round():
    ink = torch.rand(4, 9, 7, generator=torch.Generator().manual_seed(0))
    moved = torch.nn.functional.pad(ink, (3, 1, 0, 2))
    torch.testing.assert_close(slant(moved), slant(ink), atol=1e-3, rtol=0)
    torch.testing.assert_close(slant(ink.flip(2)), -slant(ink), atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    "images", [torch.ones(3, 3), -torch.ones(1, 3, 3), torch.ones(1, 1, 3), torch.zeros(1, 3, 3)]
)
def test_what_has_no_slant_is_refused(images):
    with pytest.raises(ValueError, match=r"^images: expected "):
        slant(images)
