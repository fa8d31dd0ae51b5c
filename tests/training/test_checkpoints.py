import os
import signal
import stat
import subprocess
import sys
import textwrap

import pytest
import torch

from cnnhistory.tasks.classification import Classifier
from cnnhistory.training.checkpoints import SafeCheckpointIO, newest, read
from cnnhistory.training.fitting import fit

CPU = {"accelerator": "cpu"}


def train(blobs, network, directory, epochs=3, seed=0, resume=False, n=150):
    torch.manual_seed(seed)
    settings = {"epochs": epochs, "seed": seed, "resume": resume, "trainer": CPU}
    return fit(Classifier(network()), blobs(n), directory=directory, **settings)


class Hostile:
    """What a stranger could put into a checkpoint: reading it would write a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("place", ["top", "state_dict", "callbacks"])
def test_a_checkpoint_runs_no_code(place, blobs, network, tmp_path):
    train(blobs, network, tmp_path)
    mark = tmp_path / "written"
    path = tmp_path / "last.ckpt"
    state = torch.load(path, weights_only=True)
    if place == "top":
        state = Hostile(mark)
    else:
        state[place]["x"] = Hostile(mark)
    torch.save(state, path)
    (tmp_path / "previous.ckpt").unlink()
    with pytest.raises(ValueError, match=r"last\.ckpt is not a readable checkpoint"):
        train(blobs, network, tmp_path, resume=True)
    with pytest.raises(ValueError, match="not a readable checkpoint"):
        SafeCheckpointIO().load_checkpoint(path, weights_only=False)
    assert not mark.exists()
    torch.load(path, weights_only=False)
    assert mark.exists()  # it was a real one


def test_every_flipped_byte_is_noticed_or_changes_nothing(tmp_path):
    path = tmp_path / "last.ckpt"
    tensor = torch.arange(300.0)
    SafeCheckpointIO().save_checkpoint({"state_dict": {"w": tensor}, "epoch": 7}, path)
    good = path.read_bytes()
    noticed = 0
    for place in range(0, len(good), 3):
        path.write_bytes(good[:place] + bytes([good[place] ^ 16]) + good[place + 1 :])
        try:
            found = read(path)
        except ValueError:
            noticed += 1
            continue
        assert found["epoch"] == 7
        assert torch.equal(found["state_dict"]["w"], tensor)
    assert noticed > 300 * 4 / 3  # all bytes of the tensor, at least


def test_a_damaged_checkpoint_is_replaced_by_the_one_before(blobs, network, tmp_path):
    whole = train(blobs, network, tmp_path / "a")
    train(blobs, network, tmp_path)
    path = tmp_path / "last.ckpt"
    content = bytearray(path.read_bytes())
    content[content.index(torch.load(path)["state_dict"]["network.4.bias"].numpy().tobytes())] ^= 1
    path.write_bytes(content)
    with pytest.warns(UserWarning, match=r"last\.ckpt .* checksum .* going on from .*previous"):
        again = train(blobs, network, tmp_path, resume=True)
    for key, value in whole.module.state_dict().items():
        assert torch.equal(again.module.state_dict()[key], value)
    # the damaged one did not take the place of the good one before it
    assert read(tmp_path / "previous.ckpt")["epoch"] == 1
    assert read(path)["epoch"] == 2


def test_the_last_good_one_survives_a_kill_between_its_two_moves(blobs, network, tmp_path):
    train(blobs, network, tmp_path)
    os.replace(tmp_path / "last.ckpt", tmp_path / "previous.ckpt")
    path, state = newest(tmp_path)
    assert path.name == "previous.ckpt"
    assert state["epoch"] == 2


SAVE = """
import os, sys, torch
sys.path.insert(0, {tests!r})
from cnnhistory.training.checkpoints import SafeCheckpointIO
files = SafeCheckpointIO()
for step in range(100000):
    files.save_checkpoint({{"state_dict": {{"w": torch.full((400_000,), float(step))}},
                           "step": step}}, {path!r})
    print(step, flush=True)
"""


def test_killed_while_saving_again_and_again(tmp_path):
    """Real kills at odd moments, TMPDIR on another file system: a whole state is always there."""
    elsewhere = "/dev/shm" if os.path.isdir("/dev/shm") else str(tmp_path)
    script = textwrap.dedent(SAVE).format(tests="", path=str(tmp_path / "last.ckpt"))
    for turn in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            env={**os.environ, "TMPDIR": elsewhere},
            text=True,
        )
        lines = [process.stdout.readline() for _ in range(3 + turn)]
        process.send_signal(signal.SIGKILL)
        process.communicate()
        path, state = newest(tmp_path)
        assert state["step"] >= int(lines[-1]) - (path.name == "previous.ckpt")
        assert torch.equal(state["state_dict"]["w"], torch.full((400_000,), float(state["step"])))
        names = {entry.name for entry in tmp_path.iterdir()}
        assert names <= {"last.ckpt", "previous.ckpt"}  # what the kill left was swept away


@pytest.mark.skipif(os.name != "posix", reason="permissions as on Unix")
def test_permissions_follow_the_umask(blobs, network, tmp_path):
    before = os.umask(0o027)
    try:
        train(blobs, network, tmp_path, epochs=2)
    finally:
        os.umask(before)
    for name in ("last.ckpt", "previous.ckpt", "metrics.csv"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o640


def test_a_run_goes_on_only_as_it_was(blobs, network, tmp_path):
    train(blobs, network, tmp_path)
    with pytest.raises(ValueError, match="epochs: expected 3, as in the run that is resumed"):
        train(blobs, network, tmp_path, epochs=5, resume=True)
    with pytest.raises(ValueError, match="seed: expected 0, as in the run that is resumed"):
        train(blobs, network, tmp_path, seed=1, resume=True)

    def wider():
        net = network()
        net[4] = torch.nn.Linear(64, 4)
        return net

    with pytest.raises(ValueError, match=r"got another one: network\.4\.weight is \(3, 64\)"):
        train(blobs, wider, tmp_path, resume=True)
    assert read(tmp_path / "last.ckpt")["epoch"] == 2
    os.unlink(tmp_path / "last.ckpt")  # so that there is something left to do
    with pytest.raises(ValueError, match=r"data: expected 15 steps in all, .* got 3"):
        train(blobs, network, tmp_path, resume=True, n=20)


def test_a_new_run_does_not_go_on_with_an_old_one(blobs, network, tmp_path):
    """Killed in its first epoch, a new run leaves nothing of the run that was there before."""
    train(blobs, network, tmp_path)

    class Broken(torch.nn.Module):
        def forward(self, x):
            raise RuntimeError("in the first step")

    net = network()
    net[1] = Broken()
    with pytest.raises(RuntimeError, match="in the first step"):
        fit(Classifier(net), blobs(), epochs=3, directory=tmp_path, trainer=CPU)
    assert newest(tmp_path) is None
