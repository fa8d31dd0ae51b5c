"""Recorded runs of the early networks."""

from cnnhistory.zoo.recipes.base import CONSTANT, DIGITS, Spec, TrainingRecipe, adam, sgd


def _zip_code(
    model: str, pad_to: int, epochs: int, lr: float, seeds: tuple[int, ...]
) -> TrainingRecipe:
    """The experiments of 1989 and 1990, on as many digits: 7,291 to train, 2,007 to test.

    Deviations: digits of MNIST; plain steps of one rate instead of steps scaled by the diagonal
    of the Hessian; a new order in every epoch.
    """
    settings = {
        "scale": "full",
        "levels": "symmetric",
        "size": 16,
        "pad_to": pad_to,
        "train_size": 7291,
        "test_size": 2007,
        "val_size": 0,
    }
    return TrainingRecipe(
        id=f"{model}_online",
        model=model,
        epochs=epochs,
        batch_size=1,
        optimizer=sgd(lr, momentum=0.0),
        schedule=CONSTANT,
        data=Spec(DIGITS, settings),
        seeds=seeds,
        tolerance=1.5,
    )


RECIPES = (
    TrainingRecipe(
        id="lenet5_mnist",
        model="lenet5",
        epochs=20,
        batch_size=64,
        optimizer=adam(3e-3, weight_decay=0.1),
        loss=Spec("cnnhistory.nn.losses.distances.MAPLoss"),
        data=Spec(DIGITS, {"scale": "full", "levels": "paper", "val_size": 0}),
    ),
    TrainingRecipe(
        id="lenet5_modern_mnist",
        model="lenet5_modern",
        epochs=20,
        batch_size=64,
        optimizer=adam(3e-3, weight_decay=0.3),
        data=Spec(DIGITS, {"scale": "full", "levels": "unit", "val_size": 0}),
    ),
    _zip_code("lenet1989", pad_to=16, epochs=23, lr=0.025, seeds=(0, 1)),
    _zip_code("lenet1990", pad_to=28, epochs=12, lr=0.02, seeds=(0, 1)),
)
