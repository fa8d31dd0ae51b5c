import itertools
import math

import pytest
import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory._util.tokens import BEGIN, END, PAD
from cnnhistory.models.convs2s import ConvS2S
from cnnhistory.nlp.decoding import (
    Cached,
    Recomputed,
    beam_search,
    begin,
    best_of_beam,
    greedy,
    log_probability,
    search_all,
)
from cnnhistory.nn.sequence.states import DecoderState, Encoded

A, B = 4, 5
NETWORKS = {
    "convs2s": {"layers": [[8, 3], [12, 2], [8, 1]], "dropout": 0.3},
    "convs2s_small": {"layers": [[8, 3]], "decoder_layers": [[8, 5], [8, 3]]},
    "gnmt": {"units": 8, "layers": 3},
    "gnmt_small": {"units": 8, "layers": 2},
}


def network_of(name, vocabulary=12, positions=24, sharpness=4.0):
    settings = dict(NETWORKS[name])
    if name == "convs2s":  # encoders have odd kernels
        layers = settings.pop("layers")
        torch.manual_seed(3)
        built = ConvS2S(vocabulary, 8, [[8, 3]], layers, positions=positions)
    else:
        torch.manual_seed(3)
        built = create_model(
            name, vocabulary=vocabulary, embedding=8, positions=positions, **settings
        )
    for parameter in built.parameters():  # untrained networks say the same after every token
        parameter.data *= sharpness if parameter.dim() > 1 else 1
    return built.double()


SOURCES = torch.tensor([[5, 6, 7, 8, 9, END], [10, END, 0, 0, 0, 0], [4, 4, 11, END, 0, 0]])


class Table(nn.Module):
    """The probability of the next token by the last one: a network to work by hand."""

    vocabulary, positions = 6, 10

    def __init__(self, table):
        super().__init__()
        self.probabilities = nn.Parameter(torch.full((6, 6), 1e-9))
        for before, row in table.items():
            for token, probability in row.items():
                self.probabilities.data[before, token] = probability

    def encode(self, source):
        return Encoded(source[..., None].float(), source[..., None].float(), source != PAD)

    def decode(self, target, encoded):
        return self.probabilities[target].log()

    def start(self, encoded):
        return DecoderState(encoded)

    def step(self, tokens, state):
        state.position += 1
        return self.probabilities[tokens].log()


HANDMADE = {
    BEGIN: {A: 0.6, B: 0.4},
    A: {END: 0.3, A: 0.35, B: 0.35},
    B: {END: 0.9, A: 0.1},
}
ONE = torch.tensor([[A, END]])


def test_greedy_by_hand():
    (found,) = greedy(Table(HANDMADE), ONE, longest=2)
    # .6 and .35, then END because two tokens are all: .3
    assert found.tokens == (A, A)
    assert found.log_probability == pytest.approx(math.log(0.6 * 0.35 * 0.3), abs=1e-6)
    assert found.score == pytest.approx(found.log_probability / 3)


def test_a_beam_of_two_by_hand():
    ((first, second),) = beam_search(Table(HANDMADE), ONE, beam=2, length_power=0)
    # step 1: A .6, B .4; step 2: B END .36, then A A and A B with .21 each go on, A END is .18;
    # step 3: A B END .189, A A A .0735
    assert first.tokens == (B,)
    assert first.log_probability == pytest.approx(math.log(0.36), abs=1e-6)
    assert second.tokens == (A, B)
    assert second.log_probability == pytest.approx(math.log(0.189), abs=1e-6)


def test_length_normalization_by_hand():
    """.36 with two tokens is .6 a token; .6 * .35 * .9 with three is .574."""
    ((first, second),) = beam_search(Table(HANDMADE), ONE, beam=2)
    assert (first.tokens, second.tokens) == ((B,), (A, B))
    assert math.exp(first.score) == pytest.approx(0.6, abs=1e-6)
    assert math.exp(second.score) == pytest.approx(0.189 ** (1 / 3), abs=1e-6)
    ((first, _),) = beam_search(Table(HANDMADE), ONE, beam=2, length_power=2)
    assert first.tokens == (A, B)


def all_targets(words, longest):
    for length in range(longest + 1):
        yield from itertools.product(words, repeat=length)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("incremental", "length_power"), [(True, 0.0), (True, 1.0), (False, 1.0)])
def test_a_wide_beam_finds_what_trying_all_targets_finds(name, incremental, length_power):
    network = network_of(name, vocabulary=6)
    source = torch.tensor([[A, B, B, END], [B, END, 0, 0]])
    both = beam_search(network, source, 200, 4, length_power, incremental)
    for row, found in zip(source, both, strict=True):
        row = row[row != 0][None]
        every = {}
        for target in all_targets((1, A, B), 4):
            value = log_probability(network, row, target)
            every[target] = (value / (len(target) + 1) ** length_power, value)
        assert len(every) == 121
        # of 200 beginnings none was left out
        assert {one.tokens for one in found} == set(every)
        for one in found:
            # PAD and BEGIN are left out after the softmax: nothing is normalized anew
            assert (one.score, one.log_probability) == pytest.approx(every[one.tokens])
        assert found[0].score == pytest.approx(max(every.values())[0])


@pytest.mark.parametrize("name", NETWORKS)
def test_cached_states_score_every_token_as_the_whole_target_does(name):
    network = network_of(name).eval()
    target = torch.tensor([[BEGIN, 5, 9, 4, 11, 4, 4], [BEGIN, 7, 1, 8, 10, 6, 5]])
    with torch.no_grad():
        whole = network.decode(target, network.encode(SOURCES[:2]))
        state = network.start(network.encode(SOURCES[:2]))
        steps = [network.step(token[:, None], state) for token in target.unbind(1)]
    torch.testing.assert_close(torch.cat(steps, 1), whole, rtol=1e-12, atol=1e-12)
    assert state.position == 7


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("beam", [1, 2, 5, 20])
def test_incremental_search_gives_what_recomputation_gives(name, beam):
    network = network_of(name)
    cached = beam_search(network, SOURCES, beam)
    anew = beam_search(network, SOURCES, beam, incremental=False)
    assert [[one.tokens for one in found] for found in cached] == [
        [one.tokens for one in found] for found in anew
    ]
    for ours, theirs in zip(itertools.chain(*cached), itertools.chain(*anew), strict=True):
        assert ours.score == pytest.approx(theirs.score, abs=1e-12)
        assert ours.log_probability == pytest.approx(theirs.log_probability, abs=1e-12)
    assert any(len(one.tokens) > 3 for found in cached for one in found)


@pytest.mark.parametrize("name", NETWORKS)
def test_in_single_precision_too(name):
    network = network_of(name).float()
    for search in (greedy, best_of_beam(5)):
        cached = search(network, SOURCES)
        anew = (
            greedy(network, SOURCES, incremental=False)
            if search is greedy
            else best_of_beam(5, incremental=False)(network, SOURCES)
        )
        assert [one.tokens for one in cached] == [one.tokens for one in anew]
        for ours, theirs in zip(cached, anew, strict=True):
            assert ours.score == pytest.approx(theirs.score, abs=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("incremental", [True, False])
def test_greedy_is_a_beam_of_one(name, incremental):
    network = network_of(name)
    ours = greedy(network, SOURCES, incremental=incremental)
    for one, (best,) in zip(ours, beam_search(network, SOURCES, 1), strict=True):
        assert one.tokens == best.tokens
        assert one.score == pytest.approx(best.score, abs=1e-12)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_sentence_is_translated_alike_alone_and_in_a_batch(name):
    network = network_of(name)
    together = beam_search(network, SOURCES, 3)
    for row, found in zip(SOURCES, together, strict=True):
        (alone,) = beam_search(network, row[row != 0][None], 3)
        assert [one.tokens for one in alone] == [one.tokens for one in found]
        assert [one.score for one in alone] == pytest.approx([one.score for one in found])


def test_scores_are_those_of_the_whole_target():
    network = network_of("convs2s_small")
    (found,) = beam_search(network, SOURCES[:1], 4)
    for one in found:
        whole = log_probability(network, SOURCES[:1], one.tokens)
        assert one.log_probability == pytest.approx(whole, abs=1e-12)
        assert one.score == pytest.approx(whole / (len(one.tokens) + 1))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_targets_stay_within_the_positions_and_the_length_that_is_asked_for():
    never_ends = Table({BEGIN: {A: 1.0}, A: {A: 1.0}})
    assert greedy(never_ends, ONE)[0].tokens == (A,) * 9  # ten positions, one for BEGIN
    assert greedy(never_ends, ONE, longest=3)[0].tokens == (A,) * 3
    assert beam_search(never_ends, ONE, 2, longest=50)[0][0].tokens == (A,) * 9
    roomy = network_of("convs2s_small", positions=40)
    roomy.score_bias.data[END] = -100
    lengths = [len(one.tokens) for one in greedy(roomy, SOURCES)]
    assert lengths == [2 * 6 + 10, 2 * 2 + 10, 2 * 4 + 10]


@pytest.mark.parametrize("search", [greedy, best_of_beam(2)])
def test_many_sources_come_back_in_their_order(search):
    network = network_of("convs2s_small")
    sources = [row[row != 0].tolist() for row in SOURCES] * 2
    found = search_all(network, sources, search, batch_size=4)
    assert len(found) == 6
    for source, one in zip(sources, found, strict=True):
        assert one.tokens == search(network, torch.tensor([source]))[0].tokens
    assert search_all(network, [], search) == []


def test_the_mode_of_the_network_comes_back():
    network = network_of("convs2s_small").train()
    beam_search(network, SOURCES, 2)
    greedy(network, SOURCES)
    assert network.training
    assert all(parameter.grad is None for parameter in network.parameters())


def test_states_by_choice():
    network = network_of("convs2s_small").eval()
    assert isinstance(begin(network, SOURCES, True), Cached)
    state = begin(network, SOURCES, False)
    assert isinstance(state, Recomputed)
    assert state.tokens.shape == (3, 1, 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beam": 0}, "beam: expected a whole number, at least 1, got 0"),
        ({"longest": 0}, "longest: expected a whole number, at least 1, got 0"),
        ({"length_power": math.nan}, "length_power: expected a finite number, got nan"),
        ({"source": torch.tensor([[0, 0]])}, "source: expected at least one token a sequence"),
        ({"source": torch.tensor([[12]])}, "source: expected tokens from 0 to 11, got 12 to 12"),
        ({"source": torch.ones(1, 25).long()}, "source: expected at most 24 tokens"),
        ({"source": torch.ones(1, 0).long()}, "source: expected integers"),
    ],
)
def test_refuses_what_makes_no_sense(settings, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        beam_search(network_of("convs2s_small"), **{"source": SOURCES, **settings})
    if "source" in settings:
        with pytest.raises(ValueError, match=f"^{message}"):
            greedy(network_of("convs2s_small"), settings["source"])


def test_refuses_what_is_no_network():
    with pytest.raises(ValueError, match=r"^network: expected a torch module, got 'str'"):
        search_all("convs2s", [[4, END]])
    with pytest.raises(ValueError, match=r"^batch_size: expected a whole number"):
        search_all(network_of("gnmt_small"), [[4, END]], batch_size=0)
