"""Recorded runs of the applications in graphics."""

from cnnhistory.zoo.recipes.base import FluidRecipe, Spec, TextureRecipe, TrainingRecipe, sgd

# Scenes with stars, which are not among the obstacles of the training: balls and turned blocks.
UNSEEN = Spec("cnnhistory.graphics.fluid.training.SceneSet", {"boxes": 4, "steps": 16})

FLUIDNET_64 = FluidRecipe(
    id="fluidnet_64",
    network={"channels": [8, 16], "levels": 5},
    training={"iterations": 4000, "sizes": [64, 64], "boxes": 8, "lr": 0.003, "later": [1, 8]},
    data=UNSEEN,
)

# The paper's momentum, weight decay, rate and batches, on other data, with one cycle of the rate in
# place of its three steps. The last fifth of each class in the order of the file, 795 training
# shapes, was kept aside, as the test part is the end of each class: after 8 epochs 86 of these were
# wrong where training shapes are turned by any of the paper's twelve poses, and 52 where they stand
# as in the set and are changed a little. Nothing else was tried. The paper's poses, after 12 epochs
# on all training shapes, had 86.5 % of the test shapes right.
# Criterion, written before the run: 88 % of the test shapes right where six views vote.
OCNN5_MODELNET10 = TrainingRecipe(
    id="ocnn5_modelnet10",
    model="cnnhistory.graphics.octree.networks.OCNN",
    epochs=8,
    batch_size=32,
    optimizer=sgd(0.1, weight_decay=5e-4),
    data=Spec("cnnhistory.graphics.octree.modelnet10.ModelNet10", {"aligned": True}),
    network_args={"depth": 5, "num_classes": 10},
    seeds=(0, 1),
    tolerance=1.5,
)

# All four methods on all 62 examples. Settings were chosen on the shipped photographs of brick,
# grass and gravel at the same size with 150 evaluations, by the least sum of spectrum and
# autocorrelation distance, averaged over the three: patches of 16 among 12, 16, 24 and 32 pixels; 5
# blocks of the trunk among 5, 8 and 11; layer and weight of the structure among 1 with 10, 30 and
# 100, and 2 with 30. The sizes of the random filters were tried once: they are the paper's idea, up
# to more than half the side.
# Criteria, written before the run, each by the paired permutation test over examples at 0.05:
# 1. On regular examples deep correlations have a lower autocorrelation distance than Gram matrices.
# 2. What they gain there is more than what they gain on stochastic ones (test of two groups).
# 3. On regular examples they also have the lower distance of patches, which no descent minimizes.
# 4. If training for objects is needed, Gram matrices of trained features have a lower distance of
#    patches than those of random filters, on all examples.
# 5. Quilting copies more than any descent, on all examples.
TEXTURES_DCOR = TextureRecipe(
    id="textures_dcor",
    methods={
        "quilting": {"patch": 16},
        "random": {"maps": 24, "sizes": [3, 7, 15, 27, 39, 55]},
        "gram": {},
        "correlations": {"layer": 1, "structure": 100.0},
    },
    evaluations=100,
    blocks=5,
    data=Spec("cnnhistory.graphics.texture.dcor.CollectedTextures", {"side": 96}),
    seeds=tuple(range(62)),
)

RECIPES = (FLUIDNET_64, OCNN5_MODELNET10, TEXTURES_DCOR)
