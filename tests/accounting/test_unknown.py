"""What an element sees, against what changes when one input is changed; or "unknown"."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory.accounting import summarize

SIZE = 8


class Lambda(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def seen(function):
    """Return the largest number of columns that changes an output, first to last."""
    torch.manual_seed(0)
    changed = None
    for _ in range(4):
        x = torch.rand(1, 2, SIZE, SIZE)
        torch.manual_seed(1)
        before = function(x).flatten()
        reach = torch.zeros(len(before), SIZE, dtype=torch.bool)
        for column in range(SIZE):
            for value in (-9.0, 9.0):
                other = x.clone()
                other[..., column] = value
                torch.manual_seed(1)
                reach[:, column] |= function(other).flatten() != before
        changed = reach if changed is None else changed | reach
    return max(int(p[-1] - p[0]) + 1 for row in changed if len(p := row.nonzero().flatten()))


def fold(x):
    columns = F.unfold(x, 3)
    mixed = torch.ones(18, 18) @ columns
    return F.fold(mixed, (SIZE, SIZE), 3)


def copied(x):
    moved = torch.zeros_like(x)
    moved[..., 2:] = x[..., :-2]
    return moved


GRID = torch.rand(1, SIZE, SIZE, 2) * 2 - 1

OPS = {
    "conv": lambda x: F.conv2d(x, torch.ones(1, 2, 3, 3)),
    "max_pool": lambda x: F.max_pool2d(x, 3, 1),
    "avg_pool": lambda x: F.avg_pool2d(x, 2),
    "adaptive": lambda x: F.adaptive_avg_pool2d(x, 4),
    "lp_pool": lambda x: F.lp_pool2d(x + 10, 2, 2),
    "relu": lambda x: F.leaky_relu(x),
    "gelu": F.gelu,
    "glu": lambda x: F.glu(x, 1),
    "prelu": lambda x: F.prelu(x, torch.tensor(0.2)),
    "softplus": F.softplus,
    "hardswish": lambda x: F.hardswish(x),
    "nearest": lambda x: F.interpolate(x, scale_factor=2),
    "bilinear": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x.repeat(1, 2, 1, 1), 2),
    "pixel_unshuffle": lambda x: F.pixel_unshuffle(x, 2),
    "channel_shuffle": lambda x: F.channel_shuffle(x, 2),
    "transposed": lambda x: F.conv_transpose2d(x, torch.ones(2, 1, 3, 3)),
    "difference": lambda x: x[..., 1:] - x[..., :-1],
    "far difference": lambda x: x[..., 3:] - x[..., :-3],
    "smooth and shifted": lambda x: F.avg_pool2d(x, 3, 1, 1)[..., 1:-4] - x[..., 5:],
    "padded and shifted": lambda x: x + F.pad(x, (2, 0, 0, 0))[..., :SIZE],
    "a fixed slice added": lambda x: x + x[..., :1],
    "a fixed slice in the middle": lambda x: x + x[..., 4:5],
    "a fixed column added": lambda x: x + x[..., 7][..., None],
    "every second beside every first": lambda x: x[..., ::2] + x[..., :4],
    "shifted behind upsampling": lambda x: (
        F.interpolate(x, scale_factor=2)[..., 3:] + F.interpolate(x, scale_factor=2)[..., :-3]
    ),
    "shifted against upsampled": lambda x: (
        x[..., 1:] + F.interpolate(F.avg_pool2d(x, 2), scale_factor=2)[..., :-1]
    ),
    "upsampled with skip": lambda x: x + F.interpolate(F.avg_pool2d(x, 2), scale_factor=2),
    "bilinear with skip": lambda x: (
        x + F.interpolate(F.avg_pool2d(x, 2), scale_factor=2, mode="bilinear")
    ),
    "transposed with skip": lambda x: (
        x + F.conv_transpose2d(F.avg_pool2d(x, 2), torch.ones(2, 2, 2, 2), stride=2)
    ),
    "shifted against transposed": lambda x: (
        x[..., 2:]
        + F.conv_transpose2d(F.avg_pool2d(x, 2), torch.ones(2, 2, 2, 2), stride=2)[..., :-2]
    ),
    "flip": lambda x: x + x.flip(3),
    "flip of channels": lambda x: x + x.flip(1),
    "flipped twice": lambda x: x.flip(3)[..., 1:] + x.flip(3)[..., :-1],
    "flipped half": lambda x: x + torch.cat([x[..., :4].flip(3), x[..., 4:]], 3),
    "circular": lambda x: F.conv2d(F.pad(x, (1, 1, 1, 1), "circular"), torch.ones(1, 2, 3, 3)),
    "outer sum": lambda x: x[..., None] + x[..., None, :],
    "outer product": lambda x: x[:, :1, 0, :, None] * x[:, :1, 0, None, :],
    "outer product by matmul": lambda x: x.transpose(2, 3) @ x,
    "distances": lambda x: torch.cdist(x.transpose(2, 3), x.transpose(2, 3)),
    "copied to another place": lambda x: x + copied(x),
    "cropped residual": lambda x: x[..., 1:-1, 1:-1] + F.conv2d(x, torch.ones(2, 2, 3, 3)),
    "split": lambda x: x.split(4, 3)[0] * x.split(4, 3)[1],
    "residual": lambda x: x + F.conv2d(x, torch.ones(2, 2, 3, 3), padding=1),
    "gated": lambda x: x * x.mean((2, 3), keepdim=True),
    "halves in order": lambda x: x + torch.cat(x.chunk(2, 3), 3),
    "halves swapped": lambda x: x + torch.cat(x.chunk(2, 3)[::-1], 3),
    "cumsum": lambda x: x.cumsum(3),
    "cumsum of channels": lambda x: x.cumsum(1),
    "sort": lambda x: x.sort(3).values,
    "sort of channels": lambda x: x.sort(1).values,
    "topk": lambda x: x.topk(3, 3).values,
    "cummax": lambda x: x.cummax(3).values,
    "roll": lambda x: x + x.roll(1, 3),
    "roll of channels": lambda x: x + x.roll(1, 1),
    "grid_sample": lambda x: F.grid_sample(x, GRID.to(x.device), align_corners=False),
    "fractional": lambda x: F.fractional_max_pool2d(x, 2, output_size=4),
    "fold": fold,
    "index": lambda x: x + x[..., torch.arange(SIZE - 1, -1, -1)],
    "index_select": lambda x: x + x.index_select(3, torch.arange(SIZE - 1, -1, -1)),
    "gather": lambda x: x + x.gather(3, torch.zeros(x.shape, dtype=torch.long)),
    "take_along": lambda x: x + torch.take_along_dim(x, x.argsort(3), 3),
    "scatter": lambda x: x.scatter(3, torch.arange(SIZE).flip(0).expand(x.shape), x),
    "fft": lambda x: torch.fft.fft2(x).abs(),
    "logcumsumexp": lambda x: x.logcumsumexp(3),
    "index of channels": lambda x: x[:, [1, 0]],
}


@pytest.mark.parametrize("name", OPS)
def test_right_or_unknown(name):
    claimed = summarize(Lambda(OPS[name]), (2, SIZE, SIZE)).total.receptive_field
    columns = claimed[1] if isinstance(claimed, tuple) else claimed
    assert columns in (seen(OPS[name]), "unknown")


UNKNOWN = {
    "roll", "halves swapped", "grid_sample", "fractional", "fold", "index", "index_select",
    "gather", "take_along", "scatter", "fft", "a fixed slice in the middle", "flip", "flipped half",
    "flipped twice", "every second beside every first", "shifted against upsampled",
    "shifted against transposed", "circular",
}  # fmt: skip


@pytest.mark.parametrize("name", OPS)
def test_only_what_values_decide_is_unknown(name):
    claimed = summarize(Lambda(OPS[name]), (2, SIZE, SIZE)).total.receptive_field
    assert (claimed == "unknown") == (name in UNKNOWN)


def test_what_is_behind_stays_unknown_and_is_counted_all_the_same():
    model = nn.Sequential(nn.Conv2d(2, 3, 3), Lambda(OPS["roll"]), nn.Conv2d(3, 1, 3))
    table = summarize(model, (2, SIZE, SIZE))
    assert [row.receptive_field for row in table] == [3, "unknown", "unknown"]
    assert table.total.stride == "unknown"
    assert table["2"].multiply_adds == 16 * 27
    assert "unknown" in str(table)
    assert "unknown" in table.to_json()


def test_a_scripted_model_is_refused():
    with pytest.warns((DeprecationWarning, FutureWarning), match="script"):
        scripted = torch.jit.script(nn.Conv2d(1, 1, 3))
    with pytest.raises(TypeError, match="model: expected modules in Python, got a ScriptModule"):
        summarize(scripted, (1, 5, 5))
    with pytest.raises(TypeError, match="ScriptModule"):
        summarize(nn.Sequential(scripted), (1, 5, 5))


def test_a_tensor_outside_the_model_is_refused():
    outside = torch.ones(5)
    with pytest.raises(ValueError, match="uses a tensor that is neither a parameter nor a buffer"):
        summarize(Lambda(lambda x: x + outside), (5,))
