"""Transposed convolution ("deconvolution"), and what the survey says about it."""

from __future__ import annotations

from cnnhistory.survey._checks import right_or_wrong
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="deconvolution",
    name='Transposed convolution ("deconvolution")',
    year=2010,
    era="layers",
    task="layer",
    paper="zeiler2010deconvolutional",
    see_also=("dumoulin2016guide",),
    object="nn.spatial.transposed.TransposedConv2d",
    chapter="toolbox/upsampling",
    digest="deconvolution",
)


@decided(
    "deconvolution.c1",
    text="Forward it multiplies by the transpose of the convolution's matrix, backward by that "
    "matrix.",
    check="algebra",
    verdict="correct",
    truth="As stated.",
    source="dumoulin2016guide, Section 4.2",
)
def c1() -> Finding:
    """Compare the layer and its gradient with products by the matrix."""
    import torch

    from cnnhistory.nn.spatial import matrix, transposed

    generator = torch.Generator().manual_seed(0)
    layer = transposed.TransposedConv2d(2, 3, 3, stride=2, bias=False)
    x = torch.randn(1, 2, 4, 5, generator=generator, requires_grad=True)
    y = layer(x)
    c = matrix.convolution_matrix(layer.weight.detach(), tuple(y.shape[2:]), stride=2)
    forward = torch.allclose(c.T @ x.flatten(), y.flatten(), atol=1e-5)
    g = torch.randn(y.shape, generator=generator)
    (grad,) = torch.autograd.grad((y * g).sum(), x)
    backward = torch.allclose(c @ g.flatten(), grad.flatten(), atol=1e-5)
    return Finding(
        right_or_wrong(forward and backward),
        f"forward {'equals' if forward else 'differs from'} the product by the transpose, backward "
        f"{'equals' if backward else 'differs from'} that by the matrix",
    )


@decided(
    "deconvolution.c2",
    text="It is not the inverse: it brings back the size of the maps, and not their values.",
    check="algebra",
    verdict="correct",
    truth="As stated.",
    source="dumoulin2016guide, Section 4",
)
def c2() -> Finding:
    """Convolve and go back, with the factor that brings the result nearest to the image."""
    import torch
    from torch.nn import functional as F

    from cnnhistory.nn.spatial import transposed

    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, 1, 9, 9, generator=generator)
    layer = transposed.TransposedConv2d(1, 1, 3, stride=2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(1, 1, 3, 3, generator=generator))
        back = layer(F.conv2d(image, layer.weight, stride=2))
    same_size = back.shape == image.shape
    left = 1.0
    if same_size:
        factor = (back * image).sum() / back.square().sum()
        left = ((image - factor * back).square().sum() / image.square().sum()).item()
    return Finding(
        right_or_wrong(same_size and left > 0.01),
        f"shape {'the same' if same_size else 'another'}; after the best rescaling {left:.0%} of "
        "the squares of the image are missing",
    )


@decided(
    "deconvolution.c3",
    text="It is used to enlarge maps, to look into networks and to generate images.",
    check="exp",
    verdict="correct",
    truth="As stated. With fixed weights it enlarges by linear interpolation, it is the step of "
    "the deconvnet that undoes a convolution, and two such layers learn to draw digits from codes.",
    source="zeiler2014visualizing, Section 2.1",
)
def c3() -> Finding:
    """Enlarge a map, undo a layer as the deconvnet does, and draw digits from codes."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.nn.spatial import transposed
    from cnnhistory.visualize.deconvnet import transposed_convolution

    layer_of = transposed.TransposedConv2d
    with torch.random.fork_rng():
        torch.manual_seed(0)
        linear, x = layer_of(1, 1, 4, 2, 1, bias=False), torch.randn(1, 1, 6, 6)
        conv, undo = nn.Conv2d(3, 2, 3, bias=False), layer_of(2, 3, 3, bias=False)
        with torch.no_grad():
            linear.weight.copy_(transposed.bilinear_kernel(2))
            undo.weight.copy_(conv.weight)
            inside = (..., slice(2, -2), slice(2, -2))
            smooth = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            enlarges = torch.allclose(linear(x)[inside], smooth[inside], atol=1e-5)
            signal = torch.randn(1, 2, 5, 5)
            theirs = transposed_convolution(signal, conv, torch.Size((1, 3, 7, 7)))
            undoes = torch.allclose(undo(signal), theirs, atol=1e-5)
        data = DigitsDataModule(scale="small", pad_to=28)
        data.setup()
        digits = data.train_set.images[:10]
        codes = torch.randn(10, 16, 7, 7)
        draw = nn.Sequential(layer_of(16, 16, 4, 2, 1), nn.ReLU(), layer_of(16, 1, 4, 2, 1))
        rule = torch.optim.Adam(draw.parameters(), 0.01)
        for _ in range(150):
            loss = F.mse_loss(draw(codes), digits)
            rule.zero_grad()
            loss.backward()
            rule.step()
    left = loss.item() / digits.var(0, correction=0).mean().item()
    return Finding(
        right_or_wrong(enlarges and undoes and left < 0.5),
        f"linear interpolation {'equal' if enlarges else 'not equal'}, step of the deconvnet "
        f"{'equal' if undoes else 'not equal'}; ten digits drawn, less than half of the variance "
        + ("left" if left < 0.5 else "explained"),
        (
            *["With fixed weights it enlarges by linear interpolation"] * enlarges,
            *["the step of the deconvnet that undoes a convolution"] * undoes,
            *["two such layers learn to draw digits from codes"] * (left < 0.5),
        ),
    )
