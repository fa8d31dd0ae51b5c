"""O-CNN, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import right_or_wrong
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="o_cnn",
    name="O-CNN",
    year=2017,
    era="graphics",
    task="shape analysis",
    paper="wang2017ocnn",
    see_also=("wu2015shapenets",),
    figures=(
        Figure("ModelNet40 accuracy of O-CNN(6)", 89.9, "%", 1.0, "Table 2"),
        Figure("ModelNet40 accuracy of O-CNN(6), 12 poses vote", 90.6, "%", 1.0, "Table 2"),
    ),
    deviations=(
        "points are taken from meshes in proportion to the area; the paper shoots rays from "
        "14 virtual cameras and leaves out what is hidden inside",
        "neighbors are found from those of the depth above; the paper uses a hash table",
        "the dense layer is followed by batch normalization and ReLU, as in the authors' later "
        "code; the paper does not speak of them",
        "shapes are searched for by the 128 numbers of the dense layer, pooled over the poses by "
        "their maximum; the paper pools the output of the classification",
        "segmentation is without the dense conditional random field that follows in the paper",
        "it is no model of the registry, whose networks take images: "
        "`cnnhistory.graphics.octree.networks` builds it",
    ),
    object="graphics.octree.networks.OCNN",
    chapter="graphics/octree",
    digest="o-cnn",
)


@decided(
    "o_cnn.c1",
    text="The octree stands for the shape: the mean normals in its finest leaves are the input.",
    check="exp",
    verdict="correct",
    truth="As stated. Leaves without points have a zero normal; in 100 of 100 leaves with points "
    "it is the mean of theirs, and the scores follow from these normals and the octants alone.",
    source="wang2017ocnn, Section 3.1",
)
def c1() -> Finding:
    """Compute the means of some leaves anew, and change the points without changing them."""
    import torch
    from torch.nn.functional import normalize

    from cnnhistory.graphics.octree.networks import OCNN
    from cnnhistory.graphics.octree.points import PointCloud
    from cnnhistory.graphics.octree.tree import build_octree

    generator = torch.Generator().manual_seed(0)
    normals = normalize(torch.randn(4000, 3, generator=generator))
    cloud = PointCloud(0.9 * normals, normals)
    octree = build_octree(cloud, 4)
    leaves = octree.occupied(4).nonzero()[:100, 0].tolist()
    same = sum(
        torch.allclose(
            octree.signal[leaf], normals[octree.octant_of == leaf].mean(0), rtol=0, atol=1e-5
        )
        for leaf in leaves
    )
    empty = octree.signal[octree.counts == 0].abs().sum().item()
    # every point moves to the middle of its leaf, and its normal becomes the mean
    middles = (octree.cells(4)[octree.octant_of] + 0.5) / 8 - 1
    moved = build_octree(PointCloud(middles, octree.signal[octree.octant_of]), 4)
    torch.manual_seed(0)
    network = OCNN(4, 10).eval()
    with torch.no_grad():
        change = (network(octree) - network(moved)).abs().max().item()
    return Finding(
        right_or_wrong(same == len(leaves) and empty == 0 and change < 1e-4),
        f"{same} of {len(leaves)} leaves with points have the mean of their normals, the sum over "
        f"the empty ones is {empty:.0f}; with other points of the same means the scores change by "
        f"{change:.0e}",
        (f"{same} of {len(leaves)} leaves",),
    )


c2 = Statement(
    "o_cnn.c2",
    text="It classifies, retrieves and segments shapes.",
    check="cite",
    verdict="correct",
    truth="As stated.",
    source="wang2017ocnn, Section 5",
)
