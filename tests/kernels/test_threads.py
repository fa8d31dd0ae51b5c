import signal
import subprocess
import sys
import threading
import time

import pytest
import torch
from torch.nn import functional as F

from cnnhistory.kernels import binary_conv2d, compiled_kernels, jobs, threads
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


def test_an_interrupt_while_helpers_are_at_work_waits_for_them(layer, monkeypatch):
    x, weight = layer
    expected = F.conv2d(x, weight)
    binary_conv2d(x, weight, threads=3)
    kernels, crew = compiled_kernels(), threads._crew
    is_free, seen = kernels.is_free, []

    def stop(job):
        raise KeyboardInterrupt

    def look(box, patience):
        seen.append(crew.kept)
        if len(seen) < 6:
            raise KeyboardInterrupt
        return is_free(box, patience)

    with monkeypatch.context() as patch:
        patch.setattr(kernels, "work", stop)
        patch.setattr(kernels, "is_free", look)
        with pytest.raises(KeyboardInterrupt):
            binary_conv2d(x, weight, threads=3)
    assert len(seen) >= 7  # every interrupt was followed by another look
    assert all(kept is not None for kept in seen)  # what helpers may read is still there
    assert crew.kept is None
    assert crew.leader() is None
    assert all(is_free(helper.box, 1) for helper in crew.helpers)
    assert torch.equal(binary_conv2d(x, weight, threads=3), expected)


def test_a_turn_ends_with_the_call_that_has_it():
    crew = threads._Crew()
    turn = threads._Turn()
    assert crew.take(turn)
    assert not crew.take(threads._Turn())
    del turn  # as when an interrupt ends the call anywhere
    assert crew.take(threads._Turn())


def test_where_no_helper_can_start_the_caller_works_alone(layer, monkeypatch):
    x, weight = layer
    crew = threads._Crew()
    monkeypatch.setattr(threads, "_crew", crew)

    def full(self):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", full)
        for _ in range(2):
            assert torch.equal(binary_conv2d(x, weight, threads=4), F.conv2d(x, weight))
    assert crew.helpers == []
    assert torch.equal(binary_conv2d(x, weight, threads=2), F.conv2d(x, weight))
    assert len(crew.helpers) == 1


def test_a_helper_that_is_woken_once_too_often_sleeps_again(layer):
    x, weight = layer
    expected = F.conv2d(x, weight)
    assert torch.equal(binary_conv2d(x, weight, threads=2), expected)
    helper = threads._crew.helpers[0]
    asleep = helper.box[jobs.BOX_STATE]
    for _ in range(500):
        asleep = helper.box[jobs.BOX_STATE]
        if asleep == jobs.ASLEEP:
            break
        time.sleep(0.01)
    assert asleep == jobs.ASLEEP
    helper.bell.release()
    for _ in range(500):
        time.sleep(0.01)
        if helper.bell.locked():
            break
    assert helper.bell.locked()  # it took the ring, and waits for the next
    assert torch.equal(binary_conv2d(x, weight, threads=2), expected)


INTERRUPTED = """
import signal, time, torch
from cnnhistory.kernels import binary_conv2d, pack_weight, threads

class Stop(Exception):
    pass

armed = False

def stop(*arguments):
    if armed:
        raise Stop

signal.signal(signal.SIGALRM, stop)
torch.manual_seed(0)
x = torch.randn(2, 130, 17, 9).sign()
w = torch.randn(40, 130, 3, 3).sign()
expected = torch.nn.functional.conv2d(x, w)
packed = pack_weight(w)
binary_conv2d(x, packed, threads=3)
begin = time.perf_counter()
for _ in range(50):
    binary_conv2d(x, packed, threads=3)
once = (time.perf_counter() - begin) / 50
stopped = 0
for i in range(400):
    try:
        try:
            armed = True
            signal.setitimer(signal.ITIMER_REAL, 1e-6 + once * (i % 40) / 30)
            binary_conv2d(x.clone(), packed, threads=3)
        finally:
            armed = False
    except Stop:
        stopped += 1
    armed = False
    if i % 8 == 0:
        assert torch.equal(binary_conv2d(x, packed, threads=3), expected), i
        assert threads._crew.leader() is None and threads._crew.kept is None
assert stopped > 20, stopped
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_interrupts_at_any_time_leave_the_helpers_in_order():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
