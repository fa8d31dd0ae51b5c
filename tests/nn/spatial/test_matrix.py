import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.spatial.matrix import (
    convolution_matrix,
    im2col,
    im2col_conv2d,
    place_by_place,
    tap_by_tap,
)

SETTINGS = [
    {},
    {"stride": 2},
    {"padding": 1},
    {"padding": (0, 2), "stride": 3},
    {"dilation": 2, "padding": 2},
    {"stride": 2, "padding": 2, "dilation": 3},
]
KERNELS = [(3, 3), (1, 5), (2, 1), (1, 1)]
FORMS = [im2col_conv2d, place_by_place, tap_by_tap]


def by_matrix(x, weight, stride=1, padding=0, dilation=1):
    matrix = convolution_matrix(weight, tuple(x.shape[2:]), stride, padding, dilation)
    size = F.conv2d(x, weight, None, stride, padding, dilation).shape[2:]
    return (matrix @ x.flatten(1).T).T.unflatten(1, (len(weight), *size))


def test_the_matrix_by_hand():
    weight = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert convolution_matrix(weight, (3, 3)).to_dense().tolist() == [
        [1, 2, 0, 3, 4, 0, 0, 0, 0],
        [0, 1, 2, 0, 3, 4, 0, 0, 0],
        [0, 0, 0, 1, 2, 0, 3, 4, 0],
        [0, 0, 0, 0, 1, 2, 0, 3, 4],
    ]


def test_padding_leaves_entries_out_and_stride_leaves_rows_out():
    weight = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    padded = convolution_matrix(weight, (1, 3), padding=(0, 1)).to_dense()
    assert padded.tolist() == [[2, 3, 0], [1, 2, 3], [0, 1, 2]]
    strided = convolution_matrix(weight, (1, 3), stride=2, padding=(0, 1)).to_dense()
    assert torch.equal(strided, padded[::2])


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("form", [by_matrix, *FORMS])
def test_all_forms_are_the_convolution_with_its_gradients(form, kernel, settings):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 8, 9, dtype=torch.double, requires_grad=True)
    weight = torch.randn(4, 3, *kernel, dtype=torch.double, requires_grad=True)
    theirs = F.conv2d(x, weight, **settings)
    ours = form(x, weight, **settings)
    torch.testing.assert_close(ours, theirs)
    g = torch.randn_like(theirs)
    for mine, peer in zip(
        torch.autograd.grad((ours * g).sum(), (x, weight)),
        torch.autograd.grad((theirs * g).sum(), (x, weight)),
        strict=True,
    ):
        torch.testing.assert_close(mine, peer)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups_leave_blocks_empty(groups):
    torch.manual_seed(0)
    x, weight = torch.randn(2, 4, 5, 6), torch.randn(8, 4 // groups, 3, 3)
    matrix = convolution_matrix(weight, (5, 6), groups=groups)
    ours = (matrix @ x.flatten(1).T).T
    torch.testing.assert_close(ours, F.conv2d(x, weight, groups=groups).flatten(1))
    blocks = matrix.to_dense().unflatten(1, (4, 30)).unflatten(0, (8, 12))  # (8, 12, 4, 30)
    assert int((blocks != 0).any(3).any(1).sum()) == 8 * 4 // groups


def test_the_transpose_is_the_transposed_convolution():
    torch.manual_seed(0)
    y, weight = torch.randn(2, 4, 3, 4), torch.randn(4, 3, 3, 3)
    matrix = convolution_matrix(weight, (7, 9), stride=2)
    ours = (matrix.T @ y.flatten(1).T).T.view(2, 3, 7, 9)
    torch.testing.assert_close(ours, F.conv_transpose2d(y, weight, stride=2))


@pytest.mark.parametrize("settings", SETTINGS)
def test_im2col_is_unfold(settings):
    x = torch.randn(2, 3, 9, 10)
    ours, theirs = im2col(x, (3, 2), **settings), F.unfold(x, (3, 2), **settings)
    assert torch.equal(ours, theirs)


def test_each_weight_stands_once_for_each_place():
    matrix = convolution_matrix(torch.tensor([[[[2.0, 3.0], [5.0, 7.0]]]]), (6, 5))
    for value in (2.0, 3.0, 5.0, 7.0):
        assert int((matrix.values() == value).sum()) == 5 * 4
    assert matrix.is_coalesced()
    assert torch.equal(matrix.to_dense(), matrix.to_dense().to_sparse().to_dense())


W = torch.zeros(2, 3, 3, 3)
X = torch.zeros(1, 3, 6, 6)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: convolution_matrix(W[0], (6, 6)), "weight"),
        (lambda: convolution_matrix(W, (2, 6)), "size"),
        (lambda: convolution_matrix(W, (6,)), "size"),
        (lambda: convolution_matrix(W, (0, 6)), "size"),
        (lambda: convolution_matrix(W, (6, 6), stride=0), "stride"),
        (lambda: convolution_matrix(W, (6, 6), padding=-1), "padding"),
        (lambda: convolution_matrix(W, (6, 6), dilation=1.5), "dilation"),
        (lambda: convolution_matrix(W, (6, 6), groups=3), "groups"),
        (lambda: im2col(X[0], 3), "input"),
        (lambda: im2col(X, 0), "kernel"),
        (lambda: im2col(X, 7), "size"),
        *((lambda form=form: form(X[:, :2], W), "input") for form in FORMS),
        *((lambda form=form: form(X, W, dilation=3), "size") for form in FORMS),
    ],
)
def test_bad_input_is_refused(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        call()
