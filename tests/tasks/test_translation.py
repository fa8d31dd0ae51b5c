import math

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from cnnhistory import create_model
from cnnhistory.data.tensors import ShuffledSampler, as_is
from cnnhistory.data.translation.sets import TokenPairs
from cnnhistory.models.convs2s import convs2s_small
from cnnhistory.registry import model_card
from cnnhistory.tasks.translation import Translation, build_translation
from cnnhistory.training.fitting import fit
from cnnhistory.training.recipes import Adam

TRANSLATORS = ["convs2s", "convs2s_en_fr", "convs2s_small", "gnmt", "gnmt_small"]


class Reversed(pl.LightningDataModule):
    """Targets are sources turned around."""

    def __init__(self, n=400, batch_size=32):
        super().__init__()
        self.seed, self.batch_size = 0, batch_size
        generator = torch.Generator().manual_seed(0)
        texts = [torch.randint(4, 16, (3 + i % 3,), generator=generator).tolist() for i in range(n)]
        self.pairs = TokenPairs(texts, [text[::-1] for text in texts])

    def train_dataloader(self):
        sampler = ShuffledSampler(len(self.pairs), self.seed)
        return DataLoader(self.pairs, self.batch_size, sampler=sampler, collate_fn=as_is)

    def val_dataloader(self):
        return DataLoader(self.pairs, 100, collate_fn=as_is)


def small(dropout=0.0):
    torch.manual_seed(0)
    return convs2s_small(16, 24, ((24, 3),), dropout=dropout, positions=16)


def test_the_loss_is_the_mean_over_tokens_by_hand():
    class Fixed(nn.Module):
        def forward(self, source, target):
            return torch.tensor([0.0, 0.0, 0.0, 1.0, 2.0]).expand(*target.shape, 5)

    task = Translation(Fixed())
    target = torch.tensor([[2, 4, 3, 0], [2, 4, 4, 3]])  # five tokens follow: 4 3, 4 4 3
    loss = task._step((target, target), 0, "train")
    total = math.log(3 + math.e + math.e**2)
    assert loss.item() == pytest.approx(total - (3 * 2 + 2 * 1) / 5)
    assert task.train_sums.tolist() == pytest.approx([5 * loss.item(), 2, 5])


def test_padding_changes_nothing():
    task = Translation(small().eval())
    source, target = torch.tensor([[5, 6, 3]]), torch.tensor([[2, 6, 5, 3]])
    longer = F.pad(source, (0, 2)), F.pad(target, (0, 3))
    torch.testing.assert_close(task._step((source, target), 0, "val"), task._step(longer, 0, "val"))


def test_a_run_learns_and_is_repeatable():
    runs = [fit(Translation(small(0.1), Adam(1e-2)), Reversed(), epochs=6) for _ in range(2)]
    loss = runs[0].curve("val_loss")
    assert loss[-1] < 1.2 < loss[0]  # guessing costs 2.6
    assert runs[0].curve("val_error")[-1] < 0.5
    assert runs[1].curve("val_loss") == loss


def test_an_interrupted_run_ends_as_an_uninterrupted_one(tmp_path):
    whole = fit(Translation(small(0.1), Adam(1e-2)), Reversed(), epochs=3)

    class Stop(pl.Callback):
        def on_train_epoch_start(self, trainer, pl_module):
            if trainer.current_epoch == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(Translation(small(0.1), Adam(1e-2)), Reversed(), epochs=3, directory=tmp_path,
            callbacks=[Stop()])  # fmt: skip
    rest = fit(
        Translation(small(0.1), Adam(1e-2)), Reversed(), epochs=3, directory=tmp_path, resume=True
    )
    for a, b in zip(whole.network.parameters(), rest.network.parameters(), strict=True):
        assert torch.equal(a, b)


def test_gradients_are_clipped_or_not():
    norms = {}
    for clip in (None, 1e-3):
        task = Translation(small(), clip=clip)
        data = Reversed()
        task._step(data.pairs.__getitems__(range(8)), 0, "train").backward()
        task.configure_gradient_clipping(None)
        norms[clip] = sum(p.grad.square().sum() for p in task.parameters()).sqrt().item()
    assert norms[1e-3] == pytest.approx(1e-3, rel=1e-3)
    assert norms[None] > 0.1


@pytest.mark.parametrize("name", TRANSLATORS)
def test_every_translator_has_data_that_fit_it(name):
    card = model_card(name)
    assert card.data.endswith("translation.module.PairsDataModule")
    assert card.data_args["vocabulary"] == card.network_args["vocabulary"]
    with torch.device("meta"):
        assert create_model(name, **card.network_args).positions >= 100  # `longest` of the data


def test_refuses_numbers_and_names():
    with pytest.raises(ValueError, match=r"^label_smoothing: expected at least 0 and below 1"):
        Translation(small(), label_smoothing=1.0)
    for clip in (0, -1, math.nan):
        with pytest.raises(ValueError, match=r"^clip: expected a positive number"):
            Translation(small(), clip=clip)
    with pytest.raises(KeyError, match="did you mean 'convs2s'"):
        build_translation("convs2")
    assert build_translation("convs2s_small", {"vocabulary": 50}).network.vocabulary == 50
