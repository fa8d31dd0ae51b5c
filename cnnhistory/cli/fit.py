"""`cnnhistory fit MODEL`: `fit`, with settings of model, data and trainer by LightningCLI."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import pytorch_lightning as pl
import yaml
from jsonargparse import ArgumentError, lazy_instance
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.utilities import rank_zero_only

import cnnhistory.data.cifar10
import cnnhistory.data.patches
import cnnhistory.nn.losses.cross_entropy
import cnnhistory.nn.losses.distances
import cnnhistory.nn.losses.hinge_loss
import cnnhistory.nn.losses.label_smoothing
import cnnhistory.nn.losses.mse_loss
import cnnhistory.nn.losses.multitask_loss
import cnnhistory.nn.losses.positive_sharing_loss
import cnnhistory.tasks.recipes  # noqa: F401  (what is imported may be named without its module)
from cnnhistory._util.files import replace_file
from cnnhistory._util.lookup import expected
from cnnhistory.cli.translate import check_data, test_and_keep
from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.registry import list_models, model_card, system_of
from cnnhistory.tasks.classification import build_classifier, evaluate
from cnnhistory.tasks.translation import build_translation
from cnnhistory.training.callbacks import METRICS
from cnnhistory.training.fitting import TRAINER, fit, quiet
from cnnhistory.training.recipes import Adam, OneCycle
from cnnhistory.training.stopping import stoppable

CONFIG = "config.yaml"
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
        ValueError: an argument or a setting that makes no sense, or a run of another model.
        Stopped: Ctrl-C or SIGTERM.
    """
    with stoppable():
        return _run_fit(*_split(arguments))


def _split(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    model, *options = arguments or ["--help"]
    if model.startswith("-"):
        return None, list(arguments) or ["--help"]
    system_of(model)  # refuses an unknown name before anything heavy happens
    return model, options


def _run_fit(asked: str | None, options: list[str]) -> int:
    cli = _configured(asked, options)
    model = cli.config.model.network
    if asked not in (None, model):
        raise expected("network", f"{asked}, which was asked for, in all settings", model)
    if _translates(model):
        check_data(cli.model.network, cli.datamodule)
    folder = Path(cli.config.directory or Path("runs") / model)
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_run_of_another(folder / CONFIG, model)
    replace_file(folder / CONFIG, cli.parser.dump(cli.config).encode())
    # None is what nobody set.
    settings = {k: v for k, v in vars(cli.config_init.trainer).items() if v is not None}
    run = fit(
        cli.model,
        cli.datamodule,
        epochs=settings.pop("max_epochs"),
        seed=cli.config.seed_everything,
        directory=folder,
        resume=cli.config.resume,
        trainer=settings,
    )
    if getattr(rank_zero_only, "rank", 0) == 0:
        epochs = f"{len(run.history)} epoch{'s' * (len(run.history) > 1)}"
        print(f"{model}: {epochs} in {run.seconds:.1f} s, {folder / METRICS}")
        if _translates(model):
            settings = cli.config.model.network_args
            print(test_and_keep(run.network, cli.datamodule, folder, model, settings))
        else:
            print(f"test error {evaluate(run.network, cli.datamodule.test_set)}")
    return 0


def _translates(model: str | None) -> bool:
    return model is not None and system_of(model).task == "translation"


def _configured(model: str | None, options: list[str]) -> FitCLI:
    """Read all settings, and make module and data of them.

    Raises:
        ValueError: nothing can be made of them.
    """
    with quiet():
        # What Lightning asks of jsonargparse in a deprecated way is no matter of the user's.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return FitCLI(
                build_translation if _translates(model) else build_classifier,
                pl.LightningDataModule,
                args=[*_defaults(model), *options],
                subclass_mode_data=True,
                run=False,
                seed_everything_default=0,
                trainer_defaults={**TRAINER, "max_epochs": 10},
                save_config_callback=None,
                auto_configure_optimizers=False,  # a task brings its own
                parser_kwargs={
                    "prog": "cnnhistory fit MODEL",
                    "description": f"Train one of: {', '.join(list_models())}.",
                    "exit_on_error": False,
                },
            )
        except (ArgumentError, TypeError, ValueError, RuntimeError, ImportError) as error:
            # Whatever goes wrong while settings become objects is in the settings.
            where = f" (in {' '.join(options)})" if "parsing config" in str(error) else ""
            raise ValueError(f"{error}{where}") from error


def _defaults(model: str | None) -> list[str]:
    """Return the settings of a model that fit the data of its card, and these data.

    Raises:
        ValueError: the model is not for training.
    """
    if model is None:
        return [f"--data={DIGITS}"]
    card = model_card(model)
    if card.data is None:
        raise expected("model", "one that can be trained", model)
    data = {"class_path": card.data, "init_args": card.data_args}
    found = [f"--model.network={model}", f"--data={json.dumps(data)}"]
    return [*found, f"--model.network_args={json.dumps(card.network_args)}"]


def _refuse_run_of_another(config: Path, model: str) -> None:
    try:
        found = yaml.safe_load(config.read_text())["model"]["network"]
    except (FileNotFoundError, yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError):
        return
    if found != model:
        raise expected("directory", f"a place for a run of {model}", f"{config.parent} of {found}")
