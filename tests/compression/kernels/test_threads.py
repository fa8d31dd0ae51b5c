import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnhistory.compression.kernels.threads import run, share


def test_tasks_run_at_the_same_time():
    """Each waits until all three have come."""
    barrier = threading.Barrier(3, timeout=20)
    names = []

    def meet(name):
        barrier.wait()
        names.append(name)

    run(meet, [("a",), ("b",), ("c",)])
    assert sorted(names) == ["a", "b", "c"]
    run(meet, [])


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_an_error_comes_out_after_all_have_ended(bad):
    ended = []

    def work(i):
        ended.append(i)
        if i == bad:
            raise KeyError(i)

    with pytest.raises(KeyError):
        run(work, [(0,), (1,), (2,)])
    assert sorted(ended) == [0, 1, 2]


sizes = st.integers(1, 40)


@given(sizes, sizes, sizes, st.integers(1, 9))
def test_every_piece_of_work_is_done_once(images, tiles, blocks, threads):
    parts = share(images, tiles, blocks, threads)
    assert 1 <= len(parts) <= threads
    work = [
        (i, t, b)
        for part in parts
        for i in range(*part[0])
        for t in range(*part[1])
        for b in range(*part[2])
    ]
    assert len(work) == images * tiles * blocks == len(set(work))
