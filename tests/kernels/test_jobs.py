import pytest

from cnnhistory.kernels import jobs


def test_a_job_lists_its_numbers_in_order():
    job = jobs.new_job("pool", {"size": 3, "images": 2})
    assert job[jobs.KIND] == jobs.KINDS.index("pool") == jobs.POOL
    assert (job[jobs.SIZE], job[jobs.IMAGES]) == (3, 2)
    assert job.sum() == job[0] + 5
    with pytest.raises(ValueError):
        jobs.new_job("pooling", {})
    with pytest.raises(KeyError):
        jobs.new_job("pool", {"sizes": 3})


def test_counters_stand_behind_the_fields_each_in_a_cache_line_of_its_own():
    counters = [jobs.ROWS_TAKEN, jobs.ROWS_DONE, jobs.PARTS_TAKEN]
    assert [c - len(jobs.FIELDS) >= 0 for c in counters] == [True] * 3
    assert counters == [8 * (c // 8) for c in counters]
    assert len({c // 8 for c in counters}) == 3
    assert max(counters) < jobs.JOB_LENGTH
