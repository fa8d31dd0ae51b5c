import pytest
import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory.nn.dense import as_convolutions


def classifier():
    return nn.Sequential(
        nn.Linear(2 * 2 * 2, 5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3, bias=False)
    )


def test_a_dense_layer_by_hand():
    dense = nn.Sequential(nn.Linear(4, 1))
    with torch.no_grad():
        dense[0].weight.copy_(torch.tensor([[1.0, 10.0, 100.0, 1000.0]]))
        dense[0].bias.fill_(0.5)
    x = torch.tensor([[[[1.0, 2, 3], [4, 5, 6]]]])
    # windows 1 2 / 4 5 and 2 3 / 5 6
    assert as_convolutions(dense, 1, 2)(x).flatten().tolist() == [5421.5, 6532.5]


def test_every_place_has_the_scores_of_its_window():
    torch.manual_seed(0)
    dense = classifier().double().eval()
    sliding = as_convolutions(dense, maps=2, side=2)
    x = torch.randn(3, 2, 4, 6, dtype=torch.double)
    scores = sliding(x)
    assert scores.shape == (3, 3, 3, 5)
    for row in range(3):
        for column in range(5):
            window = x[:, :, row : row + 2, column : column + 2]
            torch.testing.assert_close(scores[:, :, row, column], dense(window.flatten(1)))


def test_weights_are_shared():
    dense = classifier()
    sliding = as_convolutions(dense, 2, 2)
    before = sliding(torch.ones(1, 2, 2, 2))
    with torch.no_grad():
        dense[3].weight.zero_()
    assert before.any()
    assert not sliding(torch.ones(1, 2, 2, 2)).any()
    assert sliding[3].bias is None
    assert sum(p.numel() for p in sliding.parameters()) == sum(
        p.numel() for p in dense.parameters()
    )


@pytest.mark.parametrize("name", ["vgg11", "alexnet"])
def test_a_network_at_its_own_size_gives_the_same_scores(name):
    torch.manual_seed(0)
    settings = {"image_size": 67} if name == "alexnet" else {"image_size": 64}
    net = create_model(name, width=1 / 8, num_classes=7, **settings).double().eval()
    x = torch.randn(2, 3, settings["image_size"], settings["image_size"], dtype=torch.double)
    with torch.no_grad():
        maps = net.features(x)
        scores = as_convolutions(net.classifier, maps.shape[1], maps.shape[2])(maps)
        assert scores.shape == (2, 7, 1, 1)
        torch.testing.assert_close(scores.flatten(1), net(x))


def test_runs_on_meta():
    with torch.device("meta"):
        net = create_model("vgg16")
    maps = net.features(torch.empty(1, 3, 384, 512, device="meta"))
    assert as_convolutions(net.classifier, 512, 7)(maps).shape == (1, 1000, 6, 10)


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="reads 2 x 3 x 3 = 18 values, got one that reads 8"):
        as_convolutions(classifier(), 2, 3)
    with pytest.raises(ValueError, match="at least one dense layer, got none"):
        as_convolutions(nn.Sequential(nn.ReLU()), 2, 2)
