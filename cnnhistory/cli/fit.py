"""`cnnhistory fit MODEL`: a LightningCLI around the classifier."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import pytorch_lightning as pl
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI

import cnnhistory.data.cifar10
import cnnhistory.data.patches  # noqa: F401  (--data finds the classes that are imported)
from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.registry import list_models
from cnnhistory.tasks.classification import build_classifier, evaluate
from cnnhistory.training.callbacks import METRICS, History, SeedEachEpoch, epoch_checkpoint
from cnnhistory.training.fitting import checkpoint_in, quiet

DIGITS = f"{DigitsDataModule.__module__}.{DigitsDataModule.__qualname__}"
TRAINER_DEFAULTS = {
    "max_epochs": 10,
    "logger": False,
    "enable_checkpointing": False,  # ours is added once the directory is known
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
    "use_distributed_sampler": False,  # the data module's sampler shards itself
}


class FitCLI(LightningCLI):
    """Settings of model, data and trainer from the command line or a YAML file."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add where results go and whether to continue an interrupted run."""
        # jsonargparse on Python 3.10 reads Optional, not "str | None", from a bare type argument.
        parser.add_argument("--directory", type=Optional[str], help="default: runs/MODEL")  # noqa: UP045
        parser.add_argument("--resume", action="store_true", help="continue from last.ckpt")


def run_fit(arguments: Sequence[str]) -> int:
    """Train and test the model that the first argument names.

    Raises:
        LookupError: no such model; the message suggests the nearest.
    """
    model, *options = arguments or ["--help"]
    if model.startswith("-"):
        options, model = list(arguments), "lenet5"
    else:
        from cnnhistory.registry import system_of

        system_of(model)  # refuses an unknown name before anything heavy happens
    defaults = {**TRAINER_DEFAULTS, "enable_progress_bar": sys.stderr.isatty()}
    with quiet():
        cli = FitCLI(
            build_classifier,
            pl.LightningDataModule,
            args=[f"--model.network={model}", f"--data={DIGITS}", *options],
            subclass_mode_data=True,
            run=False,
            seed_everything_default=0,
            trainer_defaults=defaults,
            save_config_callback=None,
            parser_kwargs={
                "prog": "cnnhistory fit MODEL",
                "description": f"Train one of: {', '.join(list_models())}.",
            },
        )
        seed = int(cli.config.seed_everything)
        folder = Path(cli.config.directory or Path("runs") / model)
        folder.mkdir(parents=True, exist_ok=True)
        trainer, module, data = cli.trainer, cli.model, cli.datamodule
        data.seed = seed
        own = [SeedEachEpoch(seed), History(folder), epoch_checkpoint(folder)]
        trainer.callbacks += own  # type: ignore[attr-defined]
        if trainer.is_global_zero:
            cli.parser.save(cli.config, folder / "config.yaml", overwrite=True)
        start = time.perf_counter()
        resume_from = checkpoint_in(folder) if cli.config.resume else None
        trainer.fit(module, datamodule=data, ckpt_path=resume_from)
    if trainer.interrupted:
        print(f"stopped; continue with --resume (state: {folder})", file=sys.stderr)
        return 130
    if trainer.is_global_zero:
        seconds = time.perf_counter() - start
        print(f"{model}: {trainer.current_epoch} epochs in {seconds:.1f} s, {folder / METRICS}")
        print(f"test error {evaluate(module.network.cpu(), data.test_set)}")
    return 0
