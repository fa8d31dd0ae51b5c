import pytest
import torch
from torch import nn

from cnnhistory.nn.residual import (
    BasicBlock,
    Bottleneck,
    PadShortcut,
    make_identity,
    make_shortcut,
)


def test_padding_takes_every_second_pixel_and_appends_zeros():
    x = torch.arange(18.0).reshape(1, 2, 3, 3)
    y = PadShortcut(2, 3, stride=2)(x)
    assert y.tolist() == [
        [[[0, 2], [6, 8]], [[9, 11], [15, 17]], [[0, 0], [0, 0]]],
    ]


def test_padding_alone():
    x = torch.rand(2, 4, 5, 5)
    y = PadShortcut(4, 16, stride=1)(x)
    assert torch.equal(y[:, :4], x)
    assert y.shape == (2, 16, 5, 5)
    assert not y[:, 4:].any()


@pytest.mark.parametrize(
    ("option", "same", "changed"),
    [
        ("A", nn.Identity, PadShortcut),
        ("B", nn.Identity, nn.Sequential),
        ("C", nn.Sequential, nn.Sequential),
    ],
)
def test_what_each_option_does(option, same, changed):
    assert type(make_shortcut(option, 8, 8, 1)) is same
    assert type(make_shortcut(option, 8, 16, 1)) is changed
    assert type(make_shortcut(option, 8, 16, 2)) is changed
    assert type(make_shortcut(option, 8, 8, 2)) is changed
    assert make_shortcut(None, 8, 16, 2) is None


def test_projection_has_the_block_s_stride_and_no_bias():
    convolution, normalization = make_shortcut("B", 8, 16, 2)
    assert convolution.kernel_size == (1, 1)
    assert convolution.stride == (2, 2)
    assert convolution.bias is None
    assert normalization.num_features == 16


def test_unknown_option():
    with pytest.raises(ValueError, match="shortcut: expected one of A, B, C, got 'D'"):
        make_shortcut("D", 8, 8, 1)


@pytest.mark.parametrize("option", ["A", "B", "C", None])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [7, 8])
def test_shapes(option, stride, size):
    out = -(-size // stride)
    x = torch.rand(2, 8, size, size)
    assert BasicBlock(8, 12, stride, option)(x).shape == (2, 12, out, out)
    for stride_in_3x3 in (False, True):
        block = Bottleneck(8, 3, stride, option, stride_in_3x3)
        assert block(x).shape == (2, block.out_channels, out, out)
        assert block.out_channels == 12


def test_the_stride_is_where_it_should_be():
    strides = [
        [c.stride[0] for c in (b.conv1, b.conv2, b.conv3)]
        for b in (Bottleneck(8, 2, 2, "B"), Bottleneck(8, 2, 2, "B", stride_in_3x3=True))
    ]
    assert strides == [[2, 1, 1], [1, 2, 1]]


@pytest.mark.parametrize("kind", [BasicBlock, Bottleneck])
def test_a_block_whose_branch_is_zero_passes_its_input_on(kind):
    block = kind(8, 8 if kind is BasicBlock else 2, 1, "A")
    nn.init.zeros_((block.bn2 if kind is BasicBlock else block.bn3).weight)
    x = torch.randn(3, 8, 6, 6)
    assert torch.equal(block(x), x.relu())
    plain = kind(8, 8 if kind is BasicBlock else 2, 1, None)
    nn.init.zeros_((plain.bn2 if kind is BasicBlock else plain.bn3).weight)
    assert not plain(x).any()


def test_the_input_is_not_overwritten():
    for block in (BasicBlock(4, 4, 1, "A"), BasicBlock(4, 4, 1, None), Bottleneck(4, 1, 1, "A")):
        x = torch.randn(2, 4, 5, 5)
        before = x.clone()
        block(x)
        assert torch.equal(x, before)


@pytest.mark.parametrize("option", ["A", None])
def test_an_identity_block(option):
    torch.manual_seed(0)
    block = BasicBlock(6, 6, 1, option)
    x = torch.rand(3, 6, 5, 4)
    block(x)  # moves the running statistics
    make_identity(block.eval())
    torch.testing.assert_close(block(x), x)
    if option is None:  # a ReLU in between: only what is not negative passes
        torch.testing.assert_close(block(-x), torch.zeros_like(x))


def test_blocks_that_cannot_be_the_identity_are_refused():
    for block in (BasicBlock(4, 8, 1, "A"), BasicBlock(4, 4, 2, None)):
        with pytest.raises(ValueError, match="expected one that keeps the shape"):
            make_identity(block)
    with pytest.raises(ValueError, match="identity shortcut, got a projection"):
        make_identity(BasicBlock(4, 4, 1, "C"))


@pytest.mark.parametrize("kind", [BasicBlock, Bottleneck])
def test_a_block_is_branch_plus_shortcut(kind):
    torch.manual_seed(0)
    block = kind(8, 8 if kind is BasicBlock else 2, 2, "B").eval()
    x = torch.randn(2, 8, 6, 6)
    torch.testing.assert_close(block(x), (block.branch(x) + block.shortcut(x)).relu())
