"""What holds for every model that turns one sequence into another."""

import importlib
import inspect

import pytest
import safetensors.torch
import torch
from torch.nn import functional as F

import cnnhistory
from cnnhistory.registry import model_card, system_of

NAMES = [name for name in cnnhistory.list_models() if system_of(name).task == "translation"]


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def build(name, **more):
    torch.manual_seed(0)
    return cnnhistory.create_model(name, **{**model_card(name).tiny, **more})


def sentences(n=3, source=7, target=6, vocabulary=50):
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(4, vocabulary, (n, source + target), generator=generator)
    first, second = tokens[:, :source], tokens[:, source:]
    first[1, source - 3 :] = 0  # padding
    second[:, 0] = 2
    return first, second


def test_scores_of_every_position(name):
    model = build(name)
    source, target = sentences()
    assert model(source, target).shape == (3, 6, 50)
    with torch.device("meta"):
        full = cnnhistory.create_model(name)
        long = torch.empty(2, *model_card(name).input_shape, dtype=torch.long)
        assert full(long, long).shape == (2, *long.shape[1:], full.vocabulary)


def test_every_parameter_gets_a_gradient(name):
    model = build(name).train()
    source, target = sentences()
    F.cross_entropy(model(source, target).flatten(0, 1), target.flatten()).backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().sum() > 0, key


def test_later_tokens_do_not_influence_earlier_scores(name):
    model = build(name).eval()
    source, target = sentences()
    before = model(source, target)
    changed = target.clone()
    changed[:, 4] = (changed[:, 4] - 4 + 7) % 46 + 4
    after = model(source, changed)
    assert torch.equal(after[:, :4], before[:, :4])
    assert (after[:, 4:] != before[:, 4:]).any()


def test_no_earlier_score_has_a_gradient_to_a_later_token(name):
    model = build(name).eval()
    source, target = sentences()
    words = model.source_words if model.target_words is None else model.target_words
    seen = []
    hook = words.register_forward_hook(lambda m, i, o: seen.append(o))
    encoded = model.encode(source)
    seen.clear()  # where one matrix embeds both sides
    scores = model.decode(target, encoded)
    hook.remove()
    (gradient,) = torch.autograd.grad(scores[:, 2].sum(), seen[0])
    assert (gradient[:, :3].abs().sum(-1) > 0).all()
    assert torch.equal(gradient[:, 3:], torch.zeros_like(gradient[:, 3:]))


def test_padding_changes_nothing(name):
    model = build(name).eval().double()
    source, target = sentences()
    alone = model(source[1:2, :4], target[1:2, :5])
    torch.testing.assert_close(model(source, target)[1:2, :5], alone, atol=1e-12, rtol=0)
    more = F.pad(source, (0, 5))
    torch.testing.assert_close(model(more, target), model(source, target), atol=1e-12, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_steps_equal_the_whole(name, dtype):
    model = build(name).eval().to(dtype)
    source, target = sentences()
    whole = model(source, target)
    state = model.start(model.encode(source))
    steps = [model.step(target[:, t : t + 1], state) for t in range(6)]
    assert state.position == 6
    tolerance = {torch.float32: 1e-5, torch.float64: 1e-12}[dtype]
    torch.testing.assert_close(torch.cat(steps, 1), whole, atol=tolerance, rtol=0)


def test_several_targets_of_a_source_do_not_disturb_each_other(name):
    model = build(name).eval().double()
    source, target = sentences()
    other = target.flip(1)
    state = model.start(model.encode(source))
    state = state.select(torch.arange(3), torch.zeros(3, 2, dtype=torch.long))
    for t in range(5):
        scores = model.step(torch.stack([target[:, t], other[:, t]], 1), state)
    wanted = torch.stack([model(source, tokens[:, :5])[:, -1] for tokens in (target, other)], 1)
    torch.testing.assert_close(scores, wanted, atol=1e-12, rtol=0)
    # the second target of the third source alone
    state = state.select(torch.tensor([2]), torch.tensor([[1]]))
    last = model.step(other[2:, 5:6], state)
    torch.testing.assert_close(last[0, 0], model(source[2:], other[2:])[0, -1], atol=1e-12, rtol=0)


def test_attention_is_a_distribution_over_the_source(name):
    model = build(name).eval()
    source, target = sentences()
    weights = []
    model.decode(target, model.encode(source), weights)
    for layer in weights:
        assert layer.shape == (3, 6, 7)
        torch.testing.assert_close(layer.sum(-1), torch.ones(3, 6))
        assert layer[1, :, 4:].abs().max() == 0


def test_runs_on_meta_without_touching_the_cpu(name):
    with torch.device("meta"):
        model = build(name)
        tokens = torch.empty(2, 8, dtype=torch.long)
        scores = model(tokens, tokens)
        assert model.step(tokens[:, :1], model.start(model.encode(tokens))).shape == (2, 1, 50)
    assert scores.device.type == "meta"
    assert all(p.device.type == "meta" for p in model.parameters())


def test_safetensors_round_trip(name):
    kind = type(build(name))
    sizes = {"units": 8, "layers": 2} if name.startswith("gnmt") else {"layers": [[8, 3]]}
    for tied in (False, True):
        model = kind(vocabulary=50, embedding=8, tied=tied, **sizes).eval()
        other = kind(vocabulary=50, embedding=8, tied=tied, **sizes).eval()
        other.load_state_dict(safetensors.torch.load(safetensors.torch.save(model.state_dict())))
        source, target = sentences()
        assert torch.equal(model(source, target), other(source, target))


def test_same_seed_same_network_and_modes_stay(name):
    first, second = build(name), build(name)
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    first.train()
    first(*sentences())
    assert first.training


def test_refuses_wrong_batches(name):
    model = build(name)
    source, target = sentences()
    long = torch.full((1, 33), 5)
    for wrong in (source.float(), source[0], long):
        with pytest.raises(ValueError, match=r"^source: expected .*, got "):
            model(wrong, target)
    for wrong in (target[:, :0], long, torch.full((3, 2), 50)):
        with pytest.raises(ValueError, match=r"^target: expected .*, got "):
            model(source, wrong)


WRONG = {
    "vocabulary": (3, 2.5, "x"),
    "embedding": (0, 1.5),
    "units": (0, float("nan")),
    "positions": (0, -1),
    "dropout": (1.0, float("nan"), "0.5"),
    "tied": (),
    "decoder_layers": ([], [[0, 3]], [[4, 0]], 5, [3]),
}


def test_refuses_wrong_settings(name):
    for setting in inspect.signature(builder(name)).parameters:
        wrong = WRONG.get(setting, ())
        if setting == "layers":
            wrong = (0, 1, 2.5) if name.startswith("gnmt") else ([], [[8, 2]], [[0, 3]], 5, [[1]])
        for value in wrong:
            with pytest.raises(ValueError, match=rf"^{setting}: expected .*, got "):
                build(name, **{setting: value})


def builder(name):
    return getattr(importlib.import_module(f"cnnhistory.{system_of(name).home}"), name)
