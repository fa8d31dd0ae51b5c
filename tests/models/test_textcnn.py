import copy
import inspect

import pytest
import pytorch_lightning as pl
import safetensors.torch
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader

import cnnhistory
from cnnhistory.data.tensors import as_is
from cnnhistory.data.text.batches import LabeledSentences, padded
from cnnhistory.models.textcnn import LONGEST, VARIANTS, TextCNN, textcnn
from cnnhistory.optim.adadelta import AdaDelta
from cnnhistory.registry import model_card
from cnnhistory.tasks import recipes
from cnnhistory.tasks.classification import Classifier, evaluate
from cnnhistory.training.fitting import fit
from cnnhistory.training.recipes import Constant

TINY = model_card("textcnn").tiny


def build(variant="rand", seed=0, **more):
    torch.manual_seed(seed)
    net = cnnhistory.create_model("textcnn", **{**TINY, "variant": variant, **more})
    with torch.no_grad():  # the paper's begin at 0 and as good as 0
        for conv in net.convs:
            conv.weight.normal_()
            conv.bias.normal_()
        net.output.weight.normal_()
    return net.eval()


def by_hand(bias=0.0):
    """Return a network with one filter, 1 times the first word plus 2 times the second."""
    net = textcnn(5, num_classes=2, dim=1, filters=[[2, 1]], dropout=0.5).eval()
    with torch.no_grad():
        net.set_vectors(torch.tensor([[9.0], [1.0], [-1.0], [3.0], [0.5]]))
        net.convs[0].weight.copy_(torch.tensor([[[1.0, 2.0]]]))
        net.convs[0].bias.fill_(bias)
        net.output.weight.copy_(torch.tensor([[2.0], [-4.0]]))
        net.output.bias.copy_(torch.tensor([0.0, 1.0]))
    return net


def test_by_hand():
    net = by_hand()
    # vectors 1, -1, 3: windows (0 1) (1 -1) (-1 3) (3 0) (0 0): 2, -1, 5, 3, 0
    tokens = torch.tensor([[1, 2, 3]])
    assert net.answers(net.embed(tokens))[0].tolist() == [[[2, 0, 5, 3, 0]]]
    strongest, places = net.strongest(tokens)
    assert (strongest.item(), places.item()) == (5, 1)
    # m = 5, halved: 2.5 * 2 and 1 - 2.5 * 4
    assert net(tokens).tolist() == [[5.0, -9.0]]
    # in training all of m or nothing of it
    net.train()
    torch.manual_seed(0)
    seen = {tuple(net(tokens)[0].tolist()) for _ in range(20)}
    assert seen == {(10.0, -19.0), (0.0, 1.0)}


def test_a_window_may_begin_before_the_sentence_and_one_lies_behind_it():
    strongest, places = by_hand().strongest(torch.tensor([[3, 2], [2, 0], [0, 0]]))
    # (0 3) (3 -1) (-1 0) (0 0); (0 -1) (-1 0) (0 0); nothing but zeros
    assert strongest.flatten().tolist() == [6, 0, 0]
    assert places.flatten().tolist()[0] == -1
    _, place = by_hand(bias=0.25).strongest(torch.tensor([[2]]))
    assert place.item() == 1  # behind the one word: 0.25


def test_the_weights_that_the_paper_counts():
    with torch.device("meta"):
        for variant, channels in VARIANTS.items():
            net = textcnn(1000, variant=variant)
            counts = {key: p.numel() for key, p in net.named_parameters()}
            vectors = counts.pop("words.weight", 0)
            assert sum(counts.values()) == 360_902
            assert vectors == 300_000 * channels.trained
            assert (net.fixed_words is not None) == channels.fixed
        assert sum(p.numel() for p in textcnn(9, 6).output.parameters()) == 1806


def test_initial_weights():
    torch.manual_seed(0)
    net = textcnn(100)
    assert 0.249 < net.words.weight.abs().max() <= 0.25
    assert not net.words.weight[0].any()
    for conv in net.convs:
        assert 0.0099 < conv.weight.abs().max() <= 0.01
        assert not conv.bias.any()
    assert not net.output.weight.any()
    assert not net.output.bias.any()


@pytest.mark.parametrize("variant", VARIANTS)
def test_equals_two_dimensional_convolutions(variant):
    """The paper's picture: channels of a plane of words times numbers, filters as wide as it."""
    net = build(variant, dropout=0.0)
    tokens = padded([[5, 6, 7, 8, 9, 2], [3, 4]])
    tables = net._tables()
    plane = torch.stack([F.embedding(tokens, table) for table in tables], 1)  # (N, channels, L, d)
    found = []
    for conv in net.convs:
        window = conv.kernel_size[0]
        # the same filter in each channel
        kernel = conv.weight.transpose(1, 2)[:, None].expand(-1, len(tables), -1, -1)
        x = F.conv2d(F.pad(plane, (0, 0, window - 1, window)), kernel, conv.bias)
        found.append(F.max_pool2d(x.relu(), x.shape[2:]).flatten(1))
    torch.testing.assert_close(net(tokens), net.output(torch.cat(found, 1)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_scores_do_not_depend_on_the_batch(variant):
    net = build(variant).double()
    sentences = [[5, 6, 7, 8, 9, 2, 11, 12], [3, 4], [], [1], [1, 1, 1], [7, 0, 7]]
    together = net(padded(sentences, at_least=20))
    for n, ids in enumerate(sentences):
        torch.testing.assert_close(net(padded([ids]))[0], together[n], rtol=1e-12, atol=1e-12)
    # without words: every filter says its bias, if that is above 0
    silent = torch.cat([conv.bias.relu() for conv in net.convs])
    torch.testing.assert_close(together[2], net.output(silent / 2))
    assert net(padded([], at_least=3)).shape == (0, 2)


def test_word_order_within_a_window_counts_and_place_does_not():
    net = build().double()
    a, b = padded([[5, 6, 7]]), padded([[7, 6, 5]])
    assert not torch.allclose(net(a), net(b))
    # between words that say nothing, far enough from both ends
    with torch.no_grad():
        net.words.weight[1] = 0
    early, late = padded([[1] * 5 + [5, 6, 7] + [1] * 9]), padded([[1] * 9 + [5, 6, 7] + [1] * 5])
    torch.testing.assert_close(net(early), net(late))


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_trained(variant):
    net = build(variant).train()
    net(padded([[5, 6, 7, 8], [9, 3]])).logsumexp(1).sum().backward()
    for key, parameter in net.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.any(), key
    assert ("words.weight" in dict(net.named_parameters())) == VARIANTS[variant].trained
    if net.words is not None:
        assert not net.words.weight.grad[[0, 1, 2, 10]].any()  # padding, and words not read


def test_vectors_of_a_file_are_where_training_begins():
    table = torch.arange(400.0).view(50, 8)
    net = build("multichannel")
    net.set_vectors(table)
    assert torch.equal(net.words.weight[1:], table[1:])
    assert torch.equal(net.fixed_words[1:], table[1:])
    assert not net.words.weight[0].any()
    assert not net.fixed_words[0].any()
    for wrong in (table[1:], table[:, 1:], table[0]):
        with pytest.raises(ValueError, match=r"table: expected shape \(50, 8\), got"):
            net.set_vectors(wrong)
    net = build("rand")
    net.set_vectors(table)
    assert torch.equal(net.words.weight[1:], table[1:])


def test_long_weights_are_shortened():
    net = build()
    with torch.no_grad():
        net.output.weight[0] = 2.0
        net.output.weight[1] = 0.01
    before = net.output.weight.detach().clone()
    net.constrain()
    assert net.output.weight[0].norm().item() == pytest.approx(LONGEST)
    torch.testing.assert_close(net.output.weight[0] / before[0], torch.full((15,), 3 / 60**0.5))
    assert torch.equal(net.output.weight[1], before[1])


def steps(sparse, n=25, double=True):
    net = build(sparse=sparse, dropout=0.0).train()
    net = net.double() if double else net
    generator = torch.Generator().manual_seed(1)
    optimizer = AdaDelta(net.parameters())
    for _ in range(n):
        tokens = torch.randint(0, 50, (4, 6), generator=generator)
        labels = torch.randint(0, 2, (4,), generator=generator)
        optimizer.zero_grad()
        F.cross_entropy(net(tokens), labels).backward()
        optimizer.step()
        net.constrain()
    return net.state_dict()


def test_training_on_the_rows_of_a_batch_alone_is_the_same():
    for ours, dense in zip(steps(True).values(), steps(False).values(), strict=True):
        torch.testing.assert_close(ours, dense, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_word_once_gives_the_same_scores_and_gradients(variant):
    """Also where windows are equally strong: repeated words, and sentences of padding alone."""
    tokens = padded([[5, 6, 7, 8, 9, 2, 5, 6, 7, 8, 9], [3, 4], [], [1] * 9, [7, 0, 7]])
    labels = torch.tensor([0, 1, 1, 0, 1])
    found = []
    for sparse, training in ((True, True), (False, True), (True, False), (False, False)):
        # the last one alone computes convolutions
        net = build(variant, sparse=sparse, dropout=0.0).double().train(training)
        scores = net(tokens)
        F.cross_entropy(scores, labels).backward()
        gradients = {key: p.grad.to_dense() for key, p in net.named_parameters()}
        found.append({"scores": scores.detach(), **gradients})
    for quick in found[:-1]:
        torch.testing.assert_close(quick, found[-1], rtol=1e-9, atol=1e-12)
    assert build(variant, sparse=True)(padded([], at_least=3)).shape == (0, 2)
    with pytest.raises(ValueError, match=r"^tokens: expected numbers from 0 to 49, got"):
        build(variant, sparse=True)(torch.tensor([[3, 50]]))


def pairs(n, seed):
    """Is the word 4 followed by 5 somewhere? Both occur in every sentence."""
    generator = torch.Generator().manual_seed(seed)
    words = torch.randint(6, 20, (n, 9), generator=generator)
    labels = torch.arange(n) % 2
    for row, label in enumerate(labels.tolist()):
        at = int(torch.randint(0, 7, (1,), generator=generator))
        words[row, at : at + 2] = torch.tensor([4, 5] if label else [5, 4])
    return LabeledSentences(words, labels)


def test_learns_the_order_of_words():
    class Data(pl.LightningDataModule):
        def train_dataloader(self):
            return DataLoader(pairs(400, 0), batch_size=20, collate_fn=as_is)

        def val_dataloader(self):
            return []

    torch.manual_seed(0)
    net = textcnn(20, dim=10, filters=[[2, 20]], sparse=True)
    task = Classifier(net, optimizer=recipes.AdaDelta(), schedule=Constant())
    fit(task, Data(), epochs=15, validate=False)
    assert evaluate(net, pairs(200, 1)).error < 0.02
    assert net.output.weight.norm(dim=1).max() <= LONGEST + 1e-5


def test_the_recipe_checks_its_settings():
    assert isinstance(recipes.AdaDelta()(build().parameters()), AdaDelta)
    for setting, value in (("lr", -1), ("lr", float("inf")), ("rho", 1.0), ("eps", float("nan"))):
        with pytest.raises(ValueError, match=f"^{setting}: expected at least 0 and below"):
            recipes.AdaDelta(**{setting: value})


@pytest.mark.parametrize("variant", VARIANTS)
def test_whole_registry_holds_for_sentences(variant):
    net = build(variant)
    tokens = padded([[5, 6, 7], [3]], at_least=7)
    exported = torch.export.export(net, (tokens,)).module()
    torch.testing.assert_close(exported(tokens), net(tokens))
    other = build(variant, seed=1)
    other.load_state_dict(safetensors.torch.load(safetensors.torch.save(net.state_dict())))
    assert torch.equal(other(tokens), net(tokens))
    with torch.device("meta"):
        full = cnnhistory.create_model("textcnn", variant=variant)
        x = torch.empty(2, *model_card("textcnn").input_shape, dtype=torch.long)
        assert full(x).shape == (2, 2)
    modes = [module.training for module in net.train().modules()]
    before = copy.deepcopy(net.state_dict())
    net.strongest(tokens)
    assert [module.training for module in net.modules()] == modes
    assert all(
        torch.equal(a, b) for a, b in zip(before.values(), net.state_dict().values(), strict=True)
    )


def test_refuses_what_is_no_batch_of_sentences():
    net = build()
    for wrong in (
        torch.zeros(3, dtype=torch.long),
        torch.zeros(2, 0, dtype=torch.long),
        torch.zeros(2, 3),
        torch.zeros(1, 2, 3, dtype=torch.long),
    ):
        with pytest.raises(ValueError, match=r"^tokens: expected integers \(N, length\), got"):
            net(wrong)
    for wrong in (-1, 50):
        with pytest.raises(ValueError, match=r"^tokens: expected numbers from 0 to 49, got"):
            net(torch.tensor([[3, wrong]]))


WRONG = {
    "vocabulary": (0, 1, 2.5, "10"),
    "num_classes": (0, -1, 2.5),
    "variant": ("", "random", None),
    "dim": (0, 2.5, "3"),
    "filters": ((), [[3]], [[0, 5]], [[3, 0]], [[3, 2.5]], [3]),
    "dropout": (-0.1, 1.0, float("nan"), "0.5"),
}


def test_refuses_wrong_settings():
    accepted = set(inspect.signature(textcnn).parameters) - {"sparse"}
    assert accepted == set(WRONG)
    for setting, values in WRONG.items():
        for value in values:
            with pytest.raises(ValueError, match=f"^{setting}: expected .*, got "):
                textcnn(**{"vocabulary": 50, setting: value})
    assert TextCNN.__doc__
