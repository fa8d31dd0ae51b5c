import threading

import pytest
import torch
from torch.nn import functional as F

from cnnhistory.kernels import binary_conv2d, compiled_kernels, threads
from cnnhistory.kernels.jobs import FIELDS

pytest.importorskip("numba")


@pytest.fixture
def layer():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 70, 9, 5, generator=generator).sign()
    weight = torch.randn(40, 70, 3, 3, generator=generator).sign()
    return x.contiguous(memory_format=torch.channels_last), weight


def test_helpers_take_their_share(layer, monkeypatch):
    """The leader of this job takes nothing: if it ends, helpers have done all of it."""
    x, weight = layer
    binary_conv2d(x, weight, threads=3)
    kernels = compiled_kernels()
    jobs = []

    def wait(job):
        jobs.append(job)
        while not job[len(FIELDS) :].any():  # until a counter says somebody began
            pass

    with monkeypatch.context() as patch:
        patch.setattr(kernels, "work", wait)
        got = binary_conv2d(x, weight, threads=3)
    assert len(jobs) == 1
    assert torch.equal(got, F.conv2d(x, weight))


def test_a_job_is_taken_back_from_a_helper_that_does_not_come(layer, monkeypatch):
    x, weight = layer
    crew = threads._Crew()
    monkeypatch.setattr(threads, "_crew", crew)
    monkeypatch.setattr(threads._Helper, "serve", lambda self: None)
    for _ in range(3):
        assert torch.equal(binary_conv2d(x, weight, threads=2), F.conv2d(x, weight))
    assert len(crew.helpers) == 1


def test_helpers_wake_up_again(layer):
    x, weight = layer
    expected = F.conv2d(x, weight)
    for pause in (0.0, 0.02, 0.0, 0.02):
        threading.Event().wait(pause)
        assert torch.equal(binary_conv2d(x, weight, threads=2), expected)


def test_many_callers_at_once(layer):
    """One has the helpers, the others work alone; all get the right result."""
    x, weight = layer
    expected = F.conv2d(x, weight)
    wrong = []

    def call():
        for _ in range(50):
            if not torch.equal(binary_conv2d(x, weight, threads=3), expected):
                wrong.append(1)

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
        assert not caller.is_alive()
    assert not wrong


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
def test_a_fork_gets_helpers_of_its_own(layer):
    import os

    x, weight = layer
    expected = F.conv2d(x, weight)
    binary_conv2d(x, weight, threads=2)
    child = os.fork()
    if child == 0:
        os._exit(0 if torch.equal(binary_conv2d(x, weight, threads=2), expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
