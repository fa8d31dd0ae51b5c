import pytest
import pytorch_lightning as pl
import torch

from cnnhistory.data.tensors import LabeledImages
from cnnhistory.nn.losses.distances import MAPLoss, RBFDistanceLoss
from cnnhistory.tasks.classification import (
    Classifier,
    Evaluation,
    build_classifier,
    check_labels,
    evaluate,
    fit_classifier,
)
from cnnhistory.training.recipes import SGD, Constant


class Echo(torch.nn.Module):
    """Return the input as scores; the parameter is there to have a device."""

    def __init__(self):
        super().__init__()
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x):
        assert not self.training
        return x.flatten(1)


def test_evaluation_by_hand():
    scores = torch.tensor([[2.0, 1, 0], [0, 3, 1], [1, 0, 2], [5, 0, 0]])
    data = LabeledImages(scores.view(4, 3, 1, 1), torch.tensor([0, 1, 1, 2]))
    found = evaluate(Echo(), data, batch_size=3)
    assert found.predictions.tolist() == [0, 1, 2, 0]
    assert (found.errors, found.n, found.error) == (2, 4, 0.5)
    assert found.wrong.tolist() == [2, 3]
    assert found.confusion().tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 0]]
    assert str(found).startswith("50.00 % (2 of 4; 95 % interval 15.00 to 85.00 %)")


def test_evaluate_leaves_the_mode_alone():
    network = Echo()
    data = LabeledImages(torch.zeros(2, 3, 1, 1), torch.tensor([0, 1]))
    evaluate(network.train(), data)
    assert network.training
    evaluate(network.eval(), data)
    assert not network.training


def test_labels_out_of_range_are_named():
    with pytest.raises(ValueError, match=r"labels from 0 to 2 .* got labels from 0 to 3"):
        check_labels(torch.tensor([0, 3]), 3)
    with pytest.raises(ValueError, match="got labels from -1 to 0"):
        check_labels(torch.tensor([-1, 0]), 3)


def test_training_refuses_labels_out_of_range(network):
    classifier = Classifier(network())
    with pytest.raises(ValueError, match="labels from 0 to 2"):
        classifier.training_step((torch.zeros(2, 1, 6, 6), torch.tensor([0, 3])), 1)


def test_no_example_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        evaluate(Echo(), LabeledImages(torch.zeros(0, 3), torch.zeros(0).long()))


def test_the_network_brings_its_own_loss():
    assert isinstance(build_classifier("lenet5").loss, RBFDistanceLoss)
    assert isinstance(build_classifier("lenet5", loss=MAPLoss()).loss, MAPLoss)
    assert isinstance(build_classifier("lenet5_modern").loss, torch.nn.CrossEntropyLoss)


def test_recipes_reach_the_run(blobs, network):
    class Rates(pl.Callback):
        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    rates = []
    recipe = {"optimizer": SGD(0.25), "schedule": Constant(), "callbacks": [Rates()]}
    run = fit_classifier(network(), blobs(), epochs=1, validate=False, **recipe)
    assert set(rates) == {0.25}
    assert isinstance(run.module, Classifier)


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_named_model_is_seeded(blobs):
    kwargs = {"epochs": 1, "trainer": {"accelerator": "cpu", "limit_train_batches": 1}}
    small = blobs()
    small.train_set.images = torch.zeros(75, 1, 32, 32)
    small.val_set.images = torch.zeros(75, 1, 32, 32)
    runs = [fit_classifier("lenet5_modern", small, seed=seed, **kwargs) for seed in (4, 4, 5)]
    assert torch.equal(weights(runs[0].network), weights(runs[1].network))
    assert not torch.equal(weights(runs[0].network), weights(runs[2].network))


def test_a_network_that_bounds_its_weights_is_asked_to_after_every_step(blobs, network):
    class Bounded(torch.nn.Sequential):
        calls = 0

        def constrain(self):
            self.calls += 1
            self[0].weight.data.clamp_(-0.01, 0.01)

    net = Bounded(*network())
    fit_classifier(net, blobs(n=64, batch_size=16), epochs=2)
    assert net.calls == 2 * 2
    assert float(net[0].weight.detach().abs().max()) == pytest.approx(0.01)


def test_evaluation_interval_is_binomial():
    found = Evaluation(torch.zeros(100, 2), torch.zeros(100).long(), torch.ones(100).long())
    assert found.interval.high == pytest.approx(1.0)
    assert found.interval.low > 0.95
