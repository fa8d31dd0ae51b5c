"""Atrous (dilated) convolution, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="atrous_conv",
    name="Atrous (dilated) convolution",
    year=2014,
    era="layers",
    task="layer",
    paper="chen2018deeplab",
    see_also=("yu2016multi",),
    object="nn.spatial.atrous.AtrousConv2d",
    chapter="toolbox/upsampling",
    digest="atrous-conv",
)


@decided(
    "atrous_conv.c1",
    text="It is a convolution with an enlarged kernel, zeros between its weights.",
    check="algebra",
    verdict="correct",
    truth="As stated, for rates 2, 3 and 4: equal outputs, and nine weights in a kernel of 5×5, "
    "7×7 and 9×9.",
    source="chen2018deeplab, Section 3.1",
)
def c1() -> Finding:
    """Compare with an ordinary convolution whose kernel has zeros between the taps."""
    import torch
    from torch.nn import functional as F

    from cnnhistory.nn.spatial import atrous
    from cnnhistory.survey._checks import in_words

    x = torch.arange(256.0).sin().view(1, 1, 16, 16)
    equal, sides, weights = True, [], set()
    for rate in (2, 3, 4):
        layer = atrous.AtrousConv2d(1, 1, 3, rate)
        kernel = atrous.stuffed_kernel(layer.weight.detach(), rate)
        same = F.conv2d(x, kernel, layer.bias, padding=rate)
        equal &= torch.allclose(layer(x), same, atol=1e-5)
        sides.append(f"{kernel.shape[-1]}×{kernel.shape[-1]}")
        weights.add(int((kernel != 0).sum()))
    many = " or ".join(in_words(count) for count in sorted(weights))
    return Finding(
        "correct" if equal else "wrong",
        f"rates 2, 3, 4: outputs {'equal' if equal else 'differ'}; {many} weights in "
        + ", ".join(sides),
        (
            *["for rates 2, 3 and 4: equal outputs"] * equal,
            f"{many} weights in a kernel of {sides[0]}, {sides[1]} and {sides[2]}",
        ),
    )
