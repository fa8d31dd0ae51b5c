"""Convolution as a product of matrices, in four forms that give the same numbers."""

import torch
from torch import Tensor
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected
from cnnhistory.nn.size import window_count

Pair = tuple[int, int]


def pair(name: str, value: int | Pair, least: int) -> Pair:
    """Return a setting that may be one number for rows and columns, or one for each.

    Raises:
        ValueError: a number is below `least`.

    >>> pair("padding", 1, 0), pair("size", (2, 5), 1)
    ((1, 1), (2, 5))
    """
    both = value if isinstance(value, tuple) else (value, value)
    if len(both) != 2:
        raise expected(name, "one number, or rows and columns", value)
    for number in both:
        check_counts(least, **{name: number})
    return both


def output_size(size: Pair, kernel: Pair, stride: int, padding: Pair, dilation: int) -> Pair:
    """Return the rows and columns of places where a kernel fits.

    Raises:
        ValueError: it fits nowhere, or `stride` or `dilation` is below 1.

    >>> output_size((5, 7), kernel=(3, 3), stride=2, padding=(0, 0), dilation=1)
    (2, 3)
    """
    check_counts(stride=stride, dilation=dilation)
    height, width = (
        window_count(side, dilation * (taps - 1) + 1, stride, pad)
        for side, taps, pad in zip(size, kernel, padding, strict=True)
    )
    if min(height, width) < 1:
        raise expected("size", f"room for a kernel of {kernel} {dilation} apart", size)
    return height, width


def convolution_matrix(
    weight: Tensor,
    size: Pair,
    stride: int = 1,
    padding: int | Pair = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    """Return the sparse matrix C of a convolution: y = C x for flattened maps x and y.

    The row of output map o and place (r, c) has the weight w[o, i, a, b] in the column of input
    map i and place (r s + a d - p, c s + b d - p), for stride s, dilation d and padding p, and no
    entry where that place lies outside the image. So each weight stands in about H' W' rows: C has
    few numbers, many times. Gradients of the entries flow to `weight`.

    Shape: weight (O, I / groups, kh, kw), `size` (H, W); result (O H' W', I H W), a sparse tensor.

    Raises:
        ValueError: a weight of another shape, a number out of range, groups that do not divide O,
            or an image in which the kernel does not fit.

    Source: dumoulin2016guide, Section 4.1.

    >>> w = torch.tensor([[[[1.0, 2.0]]]])  # a row of two
    >>> convolution_matrix(w, (1, 4)).to_dense().tolist()
    [[1.0, 2.0, 0.0, 0.0], [0.0, 1.0, 2.0, 0.0], [0.0, 0.0, 1.0, 2.0]]
    """
    if weight.dim() != 4:
        raise expected("weight", "shape (O, I, kh, kw)", tuple(weight.shape))
    outputs, inside, kh, kw = weight.shape
    check_counts(groups=groups)
    if outputs % groups:
        raise expected("groups", f"a divisor of the {outputs} output maps", groups)
    (height, width), (top, left) = pair("size", size, 1), pair("padding", padding, 0)
    rows, columns = output_size((height, width), (kh, kw), stride, (top, left), dilation)

    # Every entry is one combination of these seven numbers, in the order of the rows of C.
    sizes = (outputs, rows, columns, inside, kh, kw)
    o, r, c, i, a, b = (
        torch.arange(n, device=weight.device).view([-1 if at == axis else 1 for at in range(6)])
        for axis, n in enumerate(sizes)
    )
    y, x = r * stride + a * dilation - top, c * stride + b * dilation - left
    maps = o // (outputs // groups) * inside + i
    row = ((o * rows + r) * columns + c).expand(sizes)
    column = ((maps * height + y) * width + x).expand(sizes)
    there = ((y >= 0) & (y < height) & (x >= 0) & (x < width)).expand(sizes)
    entries = weight[:, None, None].expand(sizes)[there]
    return torch.sparse_coo_tensor(
        torch.stack([row[there], column[there]]),
        entries,
        (outputs * rows * columns, groups * inside * height * width),
        is_coalesced=True,
        check_invariants=False,
    )


def im2col(
    x: Tensor, kernel: int | Pair, stride: int = 1, padding: int | Pair = 0, dilation: int = 1
) -> Tensor:
    """Write each window of the maps into a column.

    Shape: x (N, C, H, W), result (N, C kh kw, H' W'): map by map, row by row.

    Raises:
        ValueError: x has another shape, a number is out of range, or the kernel does not fit.

    Source: chellapilla2006high (where windows are rows).

    >>> im2col(torch.arange(4.0).view(1, 1, 1, 4), (1, 2))[0].tolist()
    [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]
    """
    if x.dim() != 4:
        raise expected("input", "shape (N, C, H, W)", tuple(x.shape))
    (kh, kw), (top, left) = pair("kernel", kernel, 1), pair("padding", padding, 0)
    rows, columns = output_size((x.shape[2], x.shape[3]), (kh, kw), stride, (top, left), dilation)
    x = F.pad(x, (left, left, top, top))
    r = dilation * torch.arange(kh)[:, None] + stride * torch.arange(rows)  # (kh, H')
    c = dilation * torch.arange(kw)[:, None] + stride * torch.arange(columns)  # (kw, W')
    windows = x[:, :, r[:, None, :, None], c[None, :, None, :]]  # (N, C, kh, kw, H', W')
    return windows.flatten(4).flatten(1, 3)


def im2col_conv2d(
    x: Tensor, weight: Tensor, stride: int = 1, padding: int | Pair = 0, dilation: int = 1
) -> Tensor:
    """Convolve by one product of two matrices: the kernels as rows, the windows as columns.

    Shape: x (N, I, H, W), weight (O, I, kh, kw), result (N, O, H', W').

    Raises:
        ValueError: as `im2col`, or the weight does not fit the maps.

    Source: chellapilla2006high.
    """
    size, pad = _places(x, weight, stride, padding, dilation)
    columns = im2col(x, (weight.shape[2], weight.shape[3]), stride, pad, dilation)
    return (weight.flatten(1) @ columns).unflatten(2, size)


def place_by_place(
    x: Tensor, weight: Tensor, stride: int = 1, padding: int | Pair = 0, dilation: int = 1
) -> Tensor:
    """Convolve as the definition says: at each place the weighted sum of its window.

    y[o, r, c] = sum over i, a, b of w[o, i, a, b] x[i, r s + a d - p, c s + b d - p].

    Shape, Raises: as `im2col_conv2d`.
    """
    (rows, columns), (top, left) = _places(x, weight, stride, padding, dilation)
    x = F.pad(x, (left, left, top, top))
    tall, wide = (dilation * (taps - 1) + 1 for taps in weight.shape[2:])
    sums = []
    for r in range(0, rows * stride, stride):
        for c in range(0, columns * stride, stride):
            window = x[:, :, r : r + tall : dilation, c : c + wide : dilation]
            sums.append(window.flatten(1) @ weight.flatten(1).T)  # (N, O)
    return torch.stack(sums, -1).unflatten(2, (rows, columns))


def tap_by_tap(
    x: Tensor, weight: Tensor, stride: int = 1, padding: int | Pair = 0, dilation: int = 1
) -> Tensor:
    """Convolve by adding up shifted maps, one 1x1 convolution for each tap of the kernel.

    Shape, Raises: as `im2col_conv2d`.
    """
    (rows, columns), (top, left) = _places(x, weight, stride, padding, dilation)
    x = F.pad(x, (left, left, top, top))
    y = x.new_zeros(len(x), len(weight), rows * columns)
    for a in range(weight.shape[2]):
        for b in range(weight.shape[3]):
            down, across = a * dilation, b * dilation
            shifted = x[:, :, down : down + (rows - 1) * stride + 1 : stride]
            shifted = shifted[..., across : across + (columns - 1) * stride + 1 : stride]
            y = y + weight[:, :, a, b] @ shifted.flatten(2)
    return y.unflatten(2, (rows, columns))


def _places(
    x: Tensor, weight: Tensor, stride: int, padding: int | Pair, dilation: int
) -> tuple[Pair, Pair]:
    """Return the size of the result and the padding, once the arguments are sound."""
    if x.dim() != 4 or weight.dim() != 4 or x.shape[1] != weight.shape[1]:
        wanted = (
            f"(N, {weight.shape[1] if weight.dim() == 4 else 'I'}, H, W) and weights (O, I, k, k)"
        )
        raise expected("input", wanted, (tuple(x.shape), tuple(weight.shape)))
    pad = pair("padding", padding, 0)
    kernel = (weight.shape[2], weight.shape[3])
    return output_size((x.shape[2], x.shape[3]), kernel, stride, pad, dilation), pad
