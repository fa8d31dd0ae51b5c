"""`cnnhistory fit MODEL`: `fit`, with settings of model, data and trainer by LightningCLI."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import pytorch_lightning as pl
from jsonargparse import lazy_instance
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI

import cnnhistory.data.cifar10
import cnnhistory.data.patches
import cnnhistory.nn.loss  # noqa: F401  (a class that is imported may be named without its module)
from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.registry import list_models, system_of
from cnnhistory.tasks.classification import build_classifier, evaluate
from cnnhistory.training.callbacks import METRICS
from cnnhistory.training.fitting import TRAINER, fit, quiet
from cnnhistory.training.recipes import Adam, OneCycle

DIGITS = f"{DigitsDataModule.__module__}.{DigitsDataModule.__qualname__}"


class FitCLI(LightningCLI):
    """Settings of module, data and trainer from the command line or a YAML file."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add where results go and whether to continue an interrupted run."""
        # jsonargparse on Python 3.10 reads Optional, not "str | None", from a bare type argument.
        parser.add_argument("--directory", type=Optional[str], help="default: runs/MODEL")  # noqa: UP045
        parser.add_argument("--resume", action="store_true", help="continue from last.ckpt")
        parser.set_defaults({"model.optimizer": lazy_instance(Adam)})
        parser.set_defaults({"model.schedule": lazy_instance(OneCycle)})

    def instantiate_trainer(self, **kwargs: Any) -> Any:
        """Make none: `fit` makes the trainer out of the settings."""
        return None


def run_fit(arguments: Sequence[str]) -> int:
    """Train and test the model that the first argument names.

    Raises:
        LookupError: no such model; the message suggests the nearest.
    """
    model, *options = arguments or ["--help"]
    if model.startswith("-"):
        options, model = list(arguments), "lenet5"
    else:
        system_of(model)  # refuses an unknown name before anything heavy happens
    with quiet():
        cli = FitCLI(
            build_classifier,
            pl.LightningDataModule,
            args=[f"--model.network={model}", f"--data={DIGITS}", *options],
            subclass_mode_data=True,
            run=False,
            seed_everything_default=0,
            trainer_defaults={**TRAINER, "max_epochs": 10},
            save_config_callback=None,
            auto_configure_optimizers=False,  # a task brings its own
            parser_kwargs={
                "prog": "cnnhistory fit MODEL",
                "description": f"Train one of: {', '.join(list_models())}.",
            },
        )
    # None is what nobody set.
    settings = {k: v for k, v in vars(cli.config_init.trainer).items() if v is not None}
    folder = Path(cli.config.directory or Path("runs") / model)
    folder.mkdir(parents=True, exist_ok=True)
    cli.parser.save(cli.config, folder / "config.yaml", overwrite=True)
    try:
        run = fit(
            cli.model,
            cli.datamodule,
            epochs=settings.pop("max_epochs"),
            seed=cli.config.seed_everything,
            directory=folder,
            resume=cli.config.resume,
            trainer=settings,
        )
    except KeyboardInterrupt:
        print(f"stopped; continue with --resume (state: {folder})", file=sys.stderr)
        return 130
    print(f"{model}: {len(run.history)} epochs in {run.seconds:.1f} s, {folder / METRICS}")
    print(f"test error {evaluate(run.network, cli.datamodule.test_set)}")
    return 0
