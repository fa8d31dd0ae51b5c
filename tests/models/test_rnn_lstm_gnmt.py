import torch
from torch import nn

from cnnhistory.accounting import count_parameters
from cnnhistory.models.rnn_lstm_gnmt import GNMT, reversal
from cnnhistory.registry import on_meta


def test_parameters_of_the_paper():
    # four gates with two biases each, as torch has them
    def lstm(inputs):
        return 4 * 1024 * (inputs + 1024 + 2)

    encoder = 2 * lstm(1024) + lstm(2048) + 6 * lstm(1024)
    decoder = 8 * lstm(2048)
    attention = 2 * 1024**2 + 1024 + 1024
    words = 2 * 32_000 * 1024 + 1025 * 32_000
    assert count_parameters(on_meta("gnmt")) == encoder + decoder + attention + words


def test_the_source_is_read_in_both_directions():
    torch.manual_seed(0)
    model = GNMT(50, 8, 8, 2).eval().double()
    theirs = nn.LSTM(8, 8, batch_first=True, bidirectional=True).double()
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        getattr(theirs, f"{name}_l0").data.copy_(getattr(model.forwards, f"{name}_l0"))
        getattr(theirs, f"{name}_l0_reverse").data.copy_(getattr(model.backwards, f"{name}_l0"))
    source = torch.tensor([[5, 6, 7, 8, 3], [9, 10, 3, 0, 0]])
    packed = nn.utils.rnn.pack_padded_sequence(
        model.source_words(source), torch.tensor([5, 3]), batch_first=True
    )
    both, _ = nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
    above, _ = model.encoder[0](both)
    values = model.encode(source).values
    mask = (source != 0)[..., None]
    torch.testing.assert_close(values * mask, above * mask)


def test_a_reversal_twice_is_none():
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    turned = reversal(mask)[..., 0]
    assert turned.gather(1, turned).tolist() == [[0, 1, 2, 3]] * 2


def test_residual_links_begin_at_the_third_layer():
    torch.manual_seed(0)
    model = GNMT(50, 8, 8, 4).eval()
    for layer in (model.encoder[1], model.encoder[2], model.decoder[1], model.decoder[2]):
        for parameter in layer.parameters():
            parameter.data.zero_()  # such a layer returns 0
    short = GNMT(50, 8, 8, 2).eval()
    short.load_state_dict(model.state_dict(), strict=False)
    source, target = torch.tensor([[5, 6, 3]]), torch.tensor([[2, 7, 8]])
    torch.testing.assert_close(model(source, target), short(source, target))
