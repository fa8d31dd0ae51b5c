import math

import pytest
import torch

from cnnhistory import create_model
from cnnhistory.accounting import count_parameters
from cnnhistory.models.convs2s import EN_DE, EN_FR, ConvS2S, convs2s_small, receptive_fields
from cnnhistory.registry import on_meta


def test_the_papers_layers():
    assert len(EN_DE) == 15
    assert [row.maps for row in EN_DE] == [512] * 10 + [768] * 3 + [2048] * 2
    assert len(EN_FR) == 14
    assert [row.kernel for row in EN_FR] == [3] * 12 + [1] * 2
    # "a receptive field of 25 words" (the paper, of the English-French network)
    assert receptive_fields(EN_FR)[-1] == 25
    assert receptive_fields(EN_DE)[-1] == 27


def test_a_field_is_what_gradients_reach():
    torch.manual_seed(0)
    model = ConvS2S(50, 8, [[8, 3], [8, 5], [8, 1]], dropout=0.0).eval().double()
    seen = []
    hook = model.source_in.register_forward_hook(lambda m, i, o: seen.append(i[0]))
    encoded = model.encode(torch.arange(4, 25)[None])
    hook.remove()
    (gradient,) = torch.autograd.grad(encoded.keys[0, 10].sum(), seen[0])
    reached = (gradient[0].abs().sum(-1) > 0).nonzero().flatten()
    field = receptive_fields([[8, 3], [8, 5], [8, 1]])[-1]
    assert reached.tolist() == list(range(10 - field // 2, 10 + field // 2 + 1))


def test_parameters_of_the_papers_networks():
    def dense(inputs, outputs):
        return inputs * outputs + 2 * outputs  # directions; lengths and biases

    for name, rows in (("convs2s", EN_DE), ("convs2s_en_fr", EN_FR)):
        total = 2 * (40_000 + 1024) * 512
        for side in (0, 1):
            before = rows[0].maps
            total += dense(512, before)
            for row in rows:
                total += dense(before * row.kernel, 2 * row.maps)
                total += dense(before, row.maps) if before != row.maps else 0
                total += side * (dense(row.maps, 512) + dense(512, row.maps))
                before = row.maps
            total += dense(before, 512)
        total += dense(512, 40_000)
        assert count_parameters(on_meta(name)) == total


def test_the_small_networks_have_as_many_weights():
    ours, theirs = (count_parameters(on_meta(name)) for name in ("convs2s_small", "gnmt_small"))
    assert ours == 477_760
    assert abs(ours - theirs) < 0.01 * ours
    # in float16 a file of them stays below 1 MB
    assert 2 * ours < 1_000_000


def test_the_gradient_of_the_encoder_is_scaled_and_that_of_its_words_is_not():
    torch.manual_seed(0)
    model = create_model("convs2s", vocabulary=50, embedding=8, layers=[[8, 3]] * 3, dropout=0.0)
    source = torch.tensor([[5, 6, 7, 3]])
    seen = []
    hook = model.source_out.register_forward_hook(lambda m, i, o: seen.append(o))
    encoded = model.encode(source)
    hook.remove()
    (gradient,) = torch.autograd.grad(encoded.keys.sum(), seen[0], retain_graph=True)
    torch.testing.assert_close(gradient, torch.full_like(gradient, 1 / 6))  # three attentions
    # half of a value is the embedded word, which is reached in full
    embedded = encoded.values - encoded.keys * math.sqrt(0.5)
    (words,) = torch.autograd.grad(embedded.sum(), model.source_positions.weight)
    assert words[0].min() > 0.5


def test_a_dropout_of_sources_is_off_in_evaluation():
    model = convs2s_small(vocabulary=50, dropout=0.5)
    source, target = torch.tensor([[5, 6, 3]]), torch.tensor([[2, 7]])
    assert not torch.equal(model(source, target), model(source, target))
    model.eval()
    assert torch.equal(model(source, target), model(source, target))


def test_signals_keep_their_size_through_fifteen_layers():
    """What the initialization is for: the variance neither vanishes nor explodes."""
    torch.manual_seed(0)
    rows = [[64, 3]] * 15
    model = ConvS2S(500, 64, rows, dropout=0.0).eval()
    source = torch.randint(4, 500, (8, 20))
    sizes = []
    hooks = [
        block.register_forward_hook(lambda m, i, o: sizes.append(o.std().item()))
        for block in model.encoder
    ]
    model.encode(source)
    for hook in hooks:
        hook.remove()
    assert max(sizes) / min(sizes) < 3


def test_learns_to_copy_in_reverse():
    torch.manual_seed(0)
    model = convs2s_small(24, 32, ((32, 3), (32, 3)), dropout=0.0, positions=12)
    optimizer = torch.optim.Adam(model.parameters(), 4e-3)
    for _ in range(150):
        source = torch.randint(4, 24, (64, 6))
        target = torch.cat([torch.full((64, 1), 2), source.flip(1)], 1)
        scores = model(source, target[:, :-1])
        loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), target[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.5  # guessing costs 3.0


@pytest.mark.parametrize("wrong", [[[8, 4]], [[8, 3], [8, 2]]])
def test_a_decoder_may_have_even_kernels_and_an_encoder_not(wrong):
    with pytest.raises(ValueError, match=r"^layers: expected odd kernels in the encoder"):
        ConvS2S(50, 8, wrong)
    model = ConvS2S(50, 8, [[8, 3]], wrong).eval()
    assert model(torch.tensor([[5, 3]]), torch.tensor([[2, 6, 7]])).shape == (1, 3, 50)
