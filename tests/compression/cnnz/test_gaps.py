import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnhistory.compression.cnnz.gaps import to_gaps, to_places
from cnnhistory.compression.cnnz.huffman import MalformedError


def array(values, kind=np.int64):
    return np.array(values, dtype=kind)


@pytest.mark.parametrize(
    ("places", "bits", "gaps", "marks"),
    [
        # the paper's Figure 2: weights at 1, 4 and 15, three bits, one zero filled in at 12
        ([1, 4, 15], 3, [1, 2, 7, 2], [1, 1, 0, 1]),
        ([0, 1, 2], 3, [0, 0, 0], [1, 1, 1]),
        ([8], 3, [7, 0], [0, 1]),
        ([7], 3, [7], [1]),
        ([5], 1, [1, 1, 1], [0, 0, 1]),
        ([600], 8, [255, 255, 88], [0, 0, 1]),
        ([], 5, [], []),
    ],
)
def test_worked_by_hand(places, bits, gaps, marks):
    found, is_weight = to_gaps(array(places), bits)
    assert found.tolist() == gaps
    assert is_weight.astype(int).tolist() == marks
    assert found.dtype == np.uint8


@given(st.sets(st.integers(0, 5000), max_size=100), st.integers(1, 8))
def test_places_come_back(places, bits):
    places = array(sorted(places))
    gaps, is_weight = to_gaps(places, bits)
    assert is_weight.sum() == len(places)
    assert gaps.max(initial=0) < 2**bits
    assert (gaps[~is_weight] == 2**bits - 1).all()
    found = to_places(gaps, 5001)
    assert np.array_equal(found[is_weight], places)
    assert (np.diff(found) > 0).all()


def test_entries_beyond_the_end_are_refused():
    assert to_places(array([3], np.uint8), 4).tolist() == [3]
    with pytest.raises(MalformedError, match="expected places below 3, got 3"):
        to_places(array([3], np.uint8), 3)


def test_a_billion_zeros_do_not_wrap_around():
    gaps = np.full(1 << 24, 255, dtype=np.uint8)
    with pytest.raises(MalformedError, match="got 4294967295"):
        to_places(gaps, 1 << 20)


@pytest.mark.parametrize("places", [[3, 3], [4, 2], [-1]])
def test_places_have_to_increase(places):
    with pytest.raises(ValueError, match="places: expected increasing"):
        to_gaps(array(places), 4)


@pytest.mark.parametrize("bits", [0, 9])
def test_gaps_have_one_to_eight_bits(bits):
    with pytest.raises(ValueError, match="bits: expected between 1 and 8"):
        to_gaps(array([1]), bits)


@given(st.integers(0, 255), st.integers(1, 50))
def test_one_gap_for_all_is_as_many_of_them(gap, count):
    plain = np.full(count, gap, dtype=np.uint8)
    once = np.broadcast_to(np.uint8(gap), (count,))
    end = count * (gap + 1)
    assert to_places(once, end).tolist() == to_places(plain, end).tolist()
    for gaps in (plain, once):
        with pytest.raises(MalformedError, match=f"expected places below {end - 1}, got {end - 1}"):
            to_places(gaps, end - 1)


def test_places_beyond_32_bits():
    gaps = np.full(9_000_000, 255, dtype=np.uint8)
    assert to_places(gaps, 1 << 40)[-1] == 256 * 9_000_000 - 1
    with pytest.raises(MalformedError):
        to_places(gaps, (1 << 31) - 1)
