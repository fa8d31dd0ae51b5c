import pytest
import torch
from octree_helpers import spheres

from cnnhistory.graphics.octree.networks import OCNN, OCNNSegmentation
from cnnhistory.graphics.octree.shapes import PARTS, PARTS_OF
from cnnhistory.graphics.octree.shapes_data import MadeUpShapes
from cnnhistory.graphics.octree.tasks import mean_part_ious, octant_parts, part_iou, vote
from cnnhistory.graphics.octree.voxels import VoxelCNN
from cnnhistory.tasks.classification import evaluate, fit_classifier
from cnnhistory.training.recipes import Adam


def data(**settings):
    return MadeUpShapes(train=3, val=1, test=1, points=300, depth=3, batch_size=12, **settings)


def test_part_iou_by_hand():
    truth = torch.tensor([0, 0, 1, 1])
    assert part_iou(truth, truth, [0, 1]) == 1
    assert part_iou(1 - truth, truth, [0, 1]) == 0
    assert part_iou(torch.zeros(4).long(), truth, [0, 1]) == 0.25
    assert part_iou(truth, truth, [0, 1, 2]) == 1  # 2 is nowhere
    with pytest.raises(ValueError, match="predicted: expected"):
        part_iou(truth[:2], truth, [0])
    with pytest.raises(ValueError, match="predicted: expected"):
        part_iou(truth, truth, [])


def test_one_pose_is_no_vote():
    torch.manual_seed(0)
    shapes, network = data().test_set, OCNN(3, 12)
    single = vote(network, shapes, poses=1)
    plain = evaluate(network, shapes)
    torch.testing.assert_close(single.scores, plain.scores.log_softmax(1))
    assert single.keys.shape == (12, 128)
    assert network.training


def test_votes_are_the_mean_of_all_poses():
    torch.manual_seed(0)
    shapes, network = data().test_set, OCNN(3, 12).eval()
    voted = vote(network, shapes)
    logs, keys = [], []
    for pose in range(12):
        octree = type(shapes.images)(shapes.clouds, 3, pose).batch(range(12))
        keys.append(network.describe(octree))
        logs.append(network(octree).log_softmax(1))
    torch.testing.assert_close(voted.scores, torch.stack(logs).mean(0))
    torch.testing.assert_close(voted.keys, torch.stack(keys).amax(0))
    with pytest.raises(ValueError, match="poses: expected an integer from 1 to 12"):
        vote(network, shapes, 13)


def test_points_have_the_scores_of_their_octants():
    torch.manual_seed(0)
    shapes, network = data(parts=True).test_set, OCNNSegmentation(3, len(PARTS)).eval()
    for size in (5, 32):
        rows = octant_parts(network, shapes, size)
        assert [len(scores) for scores in rows] == [len(cloud) for cloud in map(
            shapes.clouds.__getitem__, range(12))]  # fmt: skip
    octree = shapes.images.batch([3])
    scores, cells = network(octree), octree.octant_of
    occupied = octree.occupied(3).nonzero()[:, 0].tolist()
    wanted = scores[[occupied.index(cell) for cell in cells.tolist()]]
    torch.testing.assert_close(rows[3], wanted, atol=1e-5, rtol=1e-5)


def test_a_network_that_knows_the_parts_has_an_iou_near_1():
    shapes = data(parts=True).test_set
    parts_of = {k: [PARTS.index(p) for p in parts] for k, parts in enumerate(PARTS_OF.values())}

    class Oracle(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

        def forward(self, octree):
            labels = octree.labels[octree.labels >= 0]
            return torch.nn.functional.one_hot(labels, len(PARTS)).float()

    ious = mean_part_ious(Oracle(), shapes, parts_of)
    assert len(ious) == 12
    # cells of depth 3 hold several parts at their borders
    assert 0.6 < sum(ious) / 12 < 1


def test_a_short_training_learns_the_families():
    settings = {"optimizer": Adam(0.01), "seed": 0}
    run = fit_classifier(OCNN(3, 12), data(), epochs=12, **settings)
    assert run.curve("train_error")[-1] < 0.45  # guessing: 0.92
    run = fit_classifier(OCNNSegmentation(3, len(PARTS)), data(parts=True), epochs=8, **settings)
    assert run.curve("train_error")[-1] < 0.5  # the most frequent part: 0.8 or more


def test_octrees_have_no_gradient_of_their_own():
    assert not spheres(3).signal.requires_grad


def test_the_dense_baseline_is_trained_in_the_same_way():
    run = fit_classifier(VoxelCNN(3, 12), data(), epochs=1, validate=False)
    assert run.network.units[0][0][0].weight.is_contiguous(memory_format=torch.channels_last_3d)
