import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnhistory.compression.cnnz import huffman
from cnnhistory.compression.cnnz.huffman import (
    Code,
    MalformedError,
    canonical_words,
    entropy,
    limited_lengths,
    word_lengths,
)

counts = st.lists(st.integers(0, 50), min_size=1, max_size=40).filter(any)
symbols = st.lists(st.integers(0, 255), min_size=1, max_size=400)


def array(values):
    return np.array(values, dtype=np.uint8)


def cost(counts, lengths):
    return sum(count * length for count, length in zip(counts, lengths, strict=True))


def brute_force_cost(counts, limit):
    """The least cost over all non-increasing lengths of a complete code, by trying them."""
    counts = sorted((c for c in counts if c), reverse=True)
    best = [10**9]

    def grow(at, room, least, spent):  # room in units of 2**-limit
        if at == len(counts):
            best[0] = min(best[0], spent)
            return
        for length in range(least, limit + 1):
            if (1 << (limit - length)) <= room - (len(counts) - at - 1):
                grow(at + 1, room - (1 << (limit - length)), length, spent + counts[at] * length)

    grow(0, 1 << limit, 1, 0)
    return best[0]


def test_the_textbook_example():
    # frequencies 45, 13, 12, 16, 9, 5 give 1, 3, 3, 3, 4, 4 bits: 224 for 100 symbols
    lengths = word_lengths([45, 13, 12, 16, 9, 5])
    assert lengths == [1, 3, 3, 3, 4, 4]
    words = [f"{w:0{n}b}" for w, n in zip(canonical_words(lengths), lengths, strict=True)]
    assert words == ["0", "100", "101", "110", "1110", "1111"]


def test_bits_worked_by_hand():
    code = Code((1, 2, 2))  # 0, 10, 11
    data, bits = code.encode(array([0, 2, 1, 0]))
    assert (data, bits) == (bytes([0b01110000]), 6)
    assert code.decode(data, bits, 4).tolist() == [0, 2, 1, 0]


@given(counts.filter(lambda c: sum(map(bool, c)) <= 7))
@settings(max_examples=60)
def test_no_prefix_code_is_shorter(counts):
    limit = 6
    expected = brute_force_cost(counts, limit)
    if sum(map(bool, counts)) > 1:
        assert cost(counts, word_lengths(counts)) == expected
        assert cost(counts, limited_lengths(counts, limit)) == expected


@given(st.lists(st.integers(1, 2000), min_size=2, max_size=9), st.integers(4, 5))
@settings(max_examples=60)
def test_no_code_under_a_limit_is_shorter(counts, limit):
    lengths = limited_lengths(counts, limit)
    assert max(lengths) <= limit
    assert cost(counts, lengths) == brute_force_cost(counts, limit)


@given(counts)
def test_lengths_are_a_complete_code_and_rarer_symbols_have_longer_words(counts):
    lengths = word_lengths(counts)
    assert [bool(length) for length in lengths] == [count > 0 for count in counts]
    if sum(map(bool, counts)) > 1:
        assert sum(2.0**-length for length in lengths if length) == 1
    pairs = sorted((c, -n) for c, n in zip(counts, lengths, strict=True) if c)
    for (count, length), (more, longer) in pairwise(pairs):
        assert count == more or length <= longer
    words = [f"{w:0{n}b}" for w, n in zip(canonical_words(lengths), lengths, strict=True) if n]
    for word in words:
        assert sum(other.startswith(word) for other in words) == 1


@given(counts.filter(lambda c: sum(map(bool, c)) > 1))
def test_the_mean_length_is_less_than_one_bit_above_the_entropy(counts):
    mean = cost(counts, word_lengths(counts)) / sum(counts)
    assert entropy(counts) - 1e-9 <= mean < entropy(counts) + 1


def test_entropy():
    assert entropy([1, 1, 1, 1]) == 2
    assert entropy([7, 0]) == 0
    assert entropy([]) == 0


def test_words_never_get_longer_than_the_table_allows():
    fibonacci = [1, 1]
    while len(fibonacci) < 30:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    lengths = word_lengths(fibonacci)  # Huffman's own would be 29 bits long
    assert max(lengths) == huffman.LONGEST
    assert sum(2.0**-length for length in lengths) == 1
    data = np.repeat(np.arange(30), np.minimum(fibonacci, 50)).astype(np.uint8)
    code = Code(tuple(lengths))
    assert np.array_equal(code.decode(*code.encode(data), len(data)), data)
    with pytest.raises(ValueError, match="at least log2 of 9 symbols, got 3"):
        limited_lengths([1] * 9, 3)


@given(symbols)
def test_symbols_come_back(values):
    values = array(values)
    code = Code.of(values)
    data, bits = code.encode(values)
    assert np.array_equal(code.decode(data, bits, len(values)), values)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=60),
    st.sampled_from([8, 16, 64]),
    st.integers(1, 5),
)
def test_symbols_come_back_across_the_blocks_of_the_decoder(values, block, doublings):
    values = array(values * 3)
    code = Code.of(values)
    data, bits = code.encode(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(huffman, "_BLOCK", block)
        patch.setattr(huffman, "_DOUBLINGS", doublings)
        assert np.array_equal(code.decode(data, bits, len(values)), values)


def walked(code, data, bits):
    """A second decoder: word by word, bit by bit."""
    words = {
        (n, w): s
        for s, (w, n) in enumerate(zip(canonical_words(code.lengths), code.lengths, strict=True))
        if n
    }
    out, word, length = [], 0, 0
    for place in range(bits):
        word = word << 1 | (data[place // 8] >> (7 - place % 8)) & 1
        length += 1
        if (length, word) in words:
            out.append(words[length, word])
            word = length = 0
    return out, length == 0


@given(counts.filter(lambda c: sum(map(bool, c)) > 1), st.binary(min_size=1, max_size=40))
def test_any_bits_decode_as_a_walk_would_or_are_refused(counts, data):
    code = Code(tuple(word_lengths(counts)))
    bits = 8 * len(data)
    expected, whole = walked(code, data, bits)
    if whole:
        assert code.decode(data, bits, len(expected)).tolist() == expected
    else:
        with pytest.raises(MalformedError):
            code.decode(data, bits, len(expected))
    for wrong in (len(expected) - 1, len(expected) + 1):
        with pytest.raises(MalformedError):
            code.decode(data, bits, wrong)


@given(symbols.filter(lambda s: len(set(s)) > 1), st.data())
def test_cut_short_or_with_a_wrong_size_it_is_refused(values, data):
    code = Code.of(array(values))
    stream, bits = code.encode(array(values))
    cut = data.draw(st.integers(0, len(stream) - 1))
    for shorter, shown in ((stream[:cut], bits), (stream[:cut], 8 * cut), (stream + b"\0", bits)):
        with pytest.raises(MalformedError):
            code.decode(shorter, shown, len(values))


def test_bits_after_the_last_word_have_to_be_zero():
    code = Code((1, 1))
    assert code.decode(b"\x80", 1, 1).tolist() == [1]
    with pytest.raises(MalformedError, match="zeros after the last word"):
        code.decode(b"\x81", 1, 1)


def test_one_symbol_needs_no_bits():
    code = Code.of(array([7] * 1000))
    assert code.only == 7
    assert code.encode(array([7] * 1000)) == (b"", 0)
    assert code.decode(b"", 0, 3).tolist() == [7, 7, 7]
    with pytest.raises(MalformedError, match="expected 0 for a code of one symbol, got 8"):
        code.decode(b"\0", 8, 8)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ((), "1 to 256 symbols"),
        ((0, 0), "1 to 256 symbols"),
        ((8,) * 256 + (0,), "1 to 256 symbols"),
        ((16,) * 2, "lengths from 0 to 15"),
        ((-1, 1, 1), "lengths from 0 to 15"),
        ((1, 1, 1), "complete prefix code"),
        ((1, 2), "complete prefix code"),
        ((2,), "complete prefix code"),
    ],
)
def test_lengths_that_are_no_code_are_refused(lengths, message):
    with pytest.raises(MalformedError, match=message):
        Code(lengths)


@pytest.mark.parametrize("values", [[1], [0, 5]])
def test_a_symbol_without_a_word_is_refused(values):
    with pytest.raises(ValueError, match="expected only symbols that the code has a word for"):
        Code((1, 0, 1)).encode(array(values))


def test_a_count_beyond_the_bits_is_refused_before_anything_is_allocated():
    start = time.perf_counter()
    with pytest.raises(MalformedError, match="8 bits cannot hold 1000000000000 words"):
        Code((1, 1)).decode(b"\0", 8, 10**12)
    assert time.perf_counter() - start < 1


def test_no_symbols():
    code = Code((1, 1))
    assert code.encode(array([])) == (b"", 0)
    assert code.decode(b"", 0, 0).tolist() == []
    with pytest.raises(MalformedError, match="1 to 256 symbols"):
        Code.of(array([]))
