"""Recorded runs of residual networks and their plain counterparts, and their ablations."""

from cnnhistory.zoo.recipes.base import CIFAR10, AblationRecipe, Spec, TrainingRecipe, sgd


def _degradation(model: str) -> TrainingRecipe:
    """Plain and residual networks of 20 and 56 layers, at half the width of he2016deep.

    Deviations: half the maps, random crops of 24 instead of 32 pixels, 8 epochs with one cycle
    of the rate instead of 164 with three steps, products in bfloat16: what two cores can do.
    """
    return TrainingRecipe(
        id=f"{model}_cifar10",
        model=model,
        epochs=8,
        batch_size=128,
        optimizer=sgd(0.1, weight_decay=1e-4),
        data=Spec(CIFAR10, {"crop": 24, "pad": 0, "val_size": 0}),
        network_args={"width": 0.5},
        seeds=(0, 1),
        tolerance=4.0,
        precision="bf16-mixed",
    )


def _ablations(run: str) -> AblationRecipe:
    """Sections 4 and 5 of veit2016residual, on networks of half the width."""
    settings = {
        "single_images": 2500,
        "images": 1000,
        "counts": [1, 2, 3, 4, 6, 8, 10, 12, 16, 20],
        "swaps": [1, 2, 4, 8, 12, 16, 24],
        "draws": 8,
        "path_images": 32,
        "path_draws": 10,
    }
    return AblationRecipe(f"ablations_{run}", run, settings)


RECIPES = (
    _degradation("plain20"),
    _degradation("resnet20"),
    _degradation("plain56"),
    _degradation("resnet56"),
    _ablations("resnet20_cifar10"),
    _ablations("resnet56_cifar10"),
    _ablations("plain20_cifar10"),
    _ablations("vgg16_bn_cifar10"),
)
