import pytest
import torch
from torch.nn import functional as F

from cnnhistory import create_model
from cnnhistory.accounting import count_parameters, summarize
from cnnhistory.models.lenet5 import C3_READS, DIGIT_BITMAPS

# lecun1998gradient, Section II-B: layer, trainable parameters, connections
PAPER = {
    "c1": (156, 122_304),
    "s2": (12, 5_880),
    "c3": (1_516, 151_600),
    "s4": (32, 2_000),
    "c5": (48_120, 48_120),
    "f6": (10_164, 10_164),
    "output": (0, 840),
}


def test_every_layer_has_the_papers_size():
    table = summarize(create_model("lenet5"), (1, 32, 32))
    found = {name: (table[name].parameters, table[name].connections) for name in PAPER}
    assert found == PAPER
    assert (table.total.parameters, table.total.connections) == (60_000, 340_908)


def test_shapes():
    table = summarize(create_model("lenet5"), (1, 32, 32))
    assert [table[name].output_shape for name in PAPER] == [
        (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1), (84,), (10,),
    ]  # fmt: skip


def test_connection_table_is_the_papers():
    by_size = [len(reads) for reads in C3_READS]
    assert by_size == [3] * 6 + [4] * 9 + [6]
    assert len(set(map(frozenset, C3_READS))) == 16
    links = create_model("lenet5").c3.links
    assert links.sum() == 60
    # every input map feeds ten output maps: the table favors none
    assert links.sum(dim=0).tolist() == [10] * 6


def test_contiguous_rows_come_before_the_split_ones():
    def contiguous(reads):
        return any({(start + i) % 6 for i in range(len(reads))} == set(reads) for start in range(6))

    assert [contiguous(reads) for reads in C3_READS] == [True] * 12 + [False] * 3 + [True]


def test_forward_written_out():
    """The whole network again, in plain functions, on its own weights."""
    torch.manual_seed(0)
    net = create_model("lenet5")
    x = torch.rand(3, 1, 32, 32)

    def squash(a):
        return 1.7159 * torch.tanh(2 * a / 3)

    def subsample(maps, layer):
        blocks = maps.unfold(2, 2, 2).unfold(3, 2, 2).sum((4, 5))
        return squash(blocks * layer.weight[:, None, None] + layer.bias[:, None, None])

    h = subsample(squash(F.conv2d(x, net.c1.weight, net.c1.bias)), net.s2)
    kernels, start = net.c3.weight, 0
    maps = []
    for out, reads in enumerate(C3_READS):
        total = net.c3.bias[out]
        for source, kernel in zip(sorted(reads), kernels[start : start + len(reads)], strict=True):
            total = total + F.conv2d(h[:, source : source + 1], kernel[None, None])
        start += len(reads)
        maps.append(total)
    h = subsample(squash(torch.cat(maps, 1)), net.s4)
    h = squash(h.flatten(1) @ net.c5.weight.flatten(1).T + net.c5.bias)
    h = squash(h @ net.f6.weight.T + net.f6.bias)
    expected = -torch.stack([(h - code).square().sum(1) for code in net.output.codes], 1)
    torch.testing.assert_close(net(x), expected, atol=1e-3, rtol=1e-5)


def test_codes_are_bitmaps_of_seven_by_twelve():
    codes = create_model("lenet5").output.codes
    assert codes.shape == (10, 84)
    assert set(codes.unique().tolist()) == {-1.0, 1.0}
    lines = DIGIT_BITMAPS.split()
    assert len(lines) == 12 * 10
    assert all(len(row) == 7 for row in lines)
    # the 1 is a stem on a foot: its 10th row is a bar, its 4th is not
    one = codes[1].view(12, 7)
    assert one[9].tolist() == [-1, 1, 1, 1, 1, 1, 1]
    assert one[4].tolist() == [-1, -1, -1, 1, 1, -1, -1]
    distances = torch.cdist(codes, codes).square() + 1e9 * torch.eye(10)
    assert distances.min() >= 4 * 6  # no two drawings differ in fewer than six cells


def test_scores_are_at_most_zero_and_rank_by_distance():
    net = create_model("lenet5")
    assert net(torch.rand(4, 1, 32, 32)).max() <= 0


def test_modern_form():
    assert count_parameters(create_model("lenet5_modern")) == 61_706
    # the survey's F6 of 64 units
    assert count_parameters(create_model("lenet5_modern", f6_units=64)) == 59_086
    net = create_model("lenet5_modern", num_classes=7, in_channels=3)
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 7)


def test_caffes_form():
    """Counts of han2015learning, Table 3: 0.5 K, 25 K, 400 K and 5 K weights, 431 K in all."""
    net = create_model("lenet5_caffe")
    table = summarize(net, (1, 28, 28))
    found = {n: (table[n].parameters, table[n].multiply_adds) for n in ("conv1", "conv2")}
    assert found == {"conv1": (520, 500 * 24 * 24), "conv2": (25_050, 25_000 * 8 * 8)}
    assert [table[n].parameters for n in ("ip1", "ip2")] == [400_500, 5_010]
    assert table.total.parameters == 431_080
    assert table.total.multiply_adds == 500 * 24**2 + 25_000 * 8**2 + 400_000 + 5_000
    assert table["conv2"].output_shape == (50, 8, 8)
    for layer, fan_in in ((net.conv1, 25), (net.conv2, 500), (net.ip1, 800), (net.ip2, 500)):
        bound = (3 / fan_in) ** 0.5
        assert 0.9 * bound < layer.weight.abs().max() <= bound
        assert not layer.bias.any()


def test_caffes_form_written_out():
    net = create_model("lenet5_caffe", num_classes=4)
    x = torch.rand(2, 1, 28, 28)
    h = F.max_pool2d(F.conv2d(x, net.conv1.weight, net.conv1.bias), 2)
    h = F.max_pool2d(F.conv2d(h, net.conv2.weight, net.conv2.bias), 2).flatten(1)
    h = (h @ net.ip1.weight.T + net.ip1.bias).clamp(min=0)
    torch.testing.assert_close(net(x), h @ net.ip2.weight.T + net.ip2.bias)
    with pytest.raises(ValueError, match="x: expected a batch of images"):
        net(torch.zeros(1, 1, 32, 32))


def test_baselines():
    assert count_parameters(create_model("linear_classifier")) == 7_850
    assert count_parameters(create_model("lenet300_100")) == 266_610
    assert create_model("lenet300_100", image_size=32)(torch.zeros(1, 1, 32, 32)).shape == (
        1,
        10,
    )


@pytest.mark.parametrize("name", ["lenet5", "lenet5_modern"])
@pytest.mark.parametrize("shape", [(1, 1, 28, 28), (1, 3, 32, 32), (1, 32, 32)])
def test_wrong_images_are_refused(name, shape):
    with pytest.raises(ValueError, match=r"x: expected a batch .* \(N, 1, 32, 32\), got"):
        create_model(name)(torch.zeros(shape))
