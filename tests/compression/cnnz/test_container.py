"""The file format: bytes written by hand, round trips, and files that mean harm."""

import json
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnhistory import create_model
from cnnhistory._util import files
from cnnhistory.compression.cnnz import MalformedError, SharedTensor, dumps, load, loads, save
from cnnhistory.compression.cnnz.parts import TYPES
from cnnhistory.compression.deep_compression import compress_state
from cnnhistory.compression.pruning import prune_to
from cnnhistory.compression.quantization import Bits, make_plain, share_weights

HEADER = b'{"model":"m","settings":{}}'


def sealed(body):
    return bytes(body) + struct.pack("<I", zlib.crc32(body))


def by_hand(*tensors, count=None, header=HEADER):
    """A file around the bytes of tensors."""
    return sealed(
        b"CNNZ\x01" + bytes([len(header)]) + header
        + bytes([len(tensors) if count is None else count]) + b"".join(tensors)
    )  # fmt: skip


# The example of the book's page on the format: the 2x8 weight with 0.5 at places 1 and 4 and -2
# at place 15, gaps of three bits, the place 12 filled with a zero.
EXAMPLE = bytes.fromhex(
    "01 77"  # name "w"
    "01 02 02 08"  # shared, two dimensions, 2 and 8
    "03"  # bits of a gap
    "04"  # entries: three weights and a filling zero
    "02 000000c0 0000003f"  # two values, -2 and 0.5
    # gaps 1, 2, 7, 2: lengths of the words for 0 to 7, then six bits 10 0 11 0
    "07 02 10 00 02 06 98"
    # codes 2, 2, 0, 1: lengths of the words for 0, 1, 2, then six bits 0 0 10 11
    "02 22 10 06 2c"
)
WEIGHT = np.zeros((2, 8), dtype=np.float32)
WEIGHT[0, 1] = WEIGHT[0, 4] = 0.5
WEIGHT[1, 7] = -2


def test_a_file_written_by_hand():
    contents = loads(by_hand(EXAMPLE))
    assert (contents.model, contents.settings) == ("m", {})
    assert np.array_equal(contents.state()["w"].numpy(), WEIGHT)
    assert contents.sizes["w"] == {
        "indices": 2, "weights": 2, "codebooks": 9, "tables": 8, "rest": 8,
    }  # fmt: skip
    assert contents.sizes[""]["rest"] == 4 + 1 + 1 + len(HEADER) + 1 + 4
    assert sum(contents.totals().values()) == len(by_hand(EXAMPLE))


def test_the_writer_writes_the_bytes_of_the_example():
    part = SharedTensor((2, 8), 3, np.array([1, 4, 15]), np.uint8([1, 1, 0]), np.float32([-2, 0.5]))
    parts = {"w": part}
    assert dumps("m", {}, parts) == by_hand(EXAMPLE)


def test_a_raw_tensor_written_by_hand():
    raw = b"\x01b" + bytes([0, 1, 3, 0]) + struct.pack("<3f", 1, -0.5, 1e9)
    assert loads(by_hand(raw)).state()["b"].tolist() == [1, -0.5, 1e9]
    assert dumps("m", {}, {"b": torch.tensor([1, -0.5, 1e9])}) == by_hand(raw)


def test_the_layout_on_the_page_is_the_layout_of_the_code():
    """The book's page shows the file of the example, byte by byte."""
    from pathlib import Path

    page = Path(__file__).parents[3] / "book" / "appendix" / "cnnz.md"
    text = page.read_text()
    shown = text.split("## An example, byte by byte")[1].split("```text\n")[1].split("```")[0]
    rows = [line.split("  ")[0] for line in shown.splitlines()]
    assert bytes.fromhex("".join(rows)) == by_hand(EXAMPLE)
    for place, kind in enumerate(TYPES):
        assert f"| {place} | {str(kind).removeprefix('torch.')} |" in text


def network(name="lenet5", density=0.2):
    torch.manual_seed(0)
    net = create_model(name)
    prune_to(net, density)
    return make_plain(share_weights(net, Bits(4, 3)))


@pytest.mark.parametrize("name", ["lenet5", "lenet300_100", "lenet5_caffe", "resnet20"])
def test_networks_come_back_exactly(name, tmp_path):
    net = network(name)
    path = tmp_path / "net.cnnz"
    size = save(path, name, {}, compress_state(net.state_dict(), Bits(4, 3)))
    assert size == path.stat().st_size
    contents = load(path)
    assert contents.model == name
    assert sum(contents.totals().values()) == size
    again = contents.network()
    assert not again.training
    for key, value in net.state_dict().items():
        assert torch.equal(again.state_dict()[key], value), key


def test_settings_of_the_builder_are_kept(tmp_path):
    net = create_model("lenet5_modern", num_classes=3, f6_units=10)
    settings = {"num_classes": 3, "f6_units": 10}
    save(tmp_path / "x.cnnz", "lenet5_modern", settings, compress_state(net.state_dict()))
    assert load(tmp_path / "x.cnnz").network().output.weight.shape == (3, 10)


kinds = st.sampled_from(TYPES)


@given(st.lists(st.tuples(kinds, st.lists(st.integers(0, 3), max_size=3)), max_size=4))
def test_tensors_of_every_kind_and_shape_come_back(described):
    state = {}
    for number, (kind, shape) in enumerate(described):
        values = torch.arange(int(np.prod(shape)) if shape else 1) % 2
        state[f"täns{number}"] = values.to(kind).view(shape)
    contents = loads(dumps("m", {}, state))
    for key, value in state.items():
        assert contents.parts[key].dtype == value.dtype
        assert torch.equal(contents.parts[key], value)


@given(st.integers(1, 8), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_weights_of_every_density_come_back(bits, density, seed):
    random = np.random.default_rng(seed)
    flat = random.choice(np.float32([-1.5, 0.25, 3]), 700) * (random.random(700) < density)
    state = {"weight": torch.from_numpy(flat.astype(np.float32)).view(7, 100)}
    parts = compress_state(state, Bits(dense=2), Bits(dense=bits))
    found = loads(dumps("m", {}, parts)).state()["weight"]
    assert torch.equal(found, state["weight"])


@pytest.mark.parametrize("density", [0.01, 0.04, 0.15, 0.5])
def test_wide_gaps_are_the_cheapest_once_they_are_huffman_words(density):
    random = np.random.default_rng(0)
    flat = random.choice(np.float32([-1, 0.5, 2]), 50_000) * (random.random(50_000) < density)
    state = {"weight": torch.from_numpy(flat).view(50, 1000)}
    sizes = [len(dumps("m", {}, compress_state(state, None, Bits(dense=b)))) for b in (3, 5, 8)]
    assert sizes[0] >= sizes[1] >= sizes[2]
    if density < 0.1:
        assert sizes[0] > 1.02 * sizes[2]


GOOD = dumps("lenet5", {}, compress_state(network().state_dict(), Bits(4, 3)))


@given(st.integers(0, len(GOOD) - 1))
def test_a_file_cut_short_is_refused(length):
    with pytest.raises(MalformedError):
        loads(GOOD[:length])


@given(st.integers(0, 8 * len(GOOD) - 1))
def test_a_flipped_bit_is_found(place):
    broken = bytearray(GOOD)
    broken[place // 8] ^= 1 << place % 8
    with pytest.raises(MalformedError):
        loads(bytes(broken))


SMALL = by_hand(EXAMPLE, b"\x01b" + bytes([0, 1, 3, 0]) + struct.pack("<3f", 1, -0.5, 1e9))


def read_or_refuse(data, limit=1 << 16):
    """Read bytes that may mean harm: a result within the limit, or the one error."""
    try:
        contents = loads(data, limit)
    except MalformedError:
        return None
    numbers = sum(tensor.numel() * tensor.element_size() for tensor in contents.state().values())
    assert numbers <= limit
    assert sum(contents.totals().values()) == len(data)
    return contents


@given(
    st.lists(
        st.tuples(st.integers(0, len(SMALL) - 5), st.integers(0, 255)), min_size=1, max_size=4
    ),
    st.binary(max_size=6),
    st.integers(0, len(SMALL) - 5),
)
@settings(max_examples=600, deadline=2000)
def test_altered_files_with_a_right_checksum_are_read_or_refused(changes, inserted, place):
    body = bytearray(SMALL[:-4])
    for at, value in changes:
        body[at] = value
    body[place:place] = inserted
    read_or_refuse(sealed(bytes(body)))


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=2000)
def test_any_bytes_after_the_header_are_read_or_refused(content):
    read_or_refuse(by_hand(content, count=1))
    read_or_refuse(by_hand(EXAMPLE[:13] + content, count=1))


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value % 128 + 128])
        value //= 128
    return out + bytes([value])


def shared(shape=(16,), bits=3, entries=None, rest=b""):
    dimensions = b"".join(map(varint, shape))
    out = b"\x01w\x01" + bytes([len(shape)]) + dimensions + bytes([bits])
    return out + (b"" if entries is None else varint(entries)) + rest


# one value 1.0; gaps all 0 and codes all 1, each a code of one symbol that takes no bits
ONE = b"\x01" + struct.pack("<f", 1) + b"\x00\x10\x00" + b"\x01\x01\x00"


def test_a_constant_tensor_takes_no_bits_for_its_numbers():
    data = by_hand(shared((4, 4), 3, 16, ONE))
    assert loads(data).state()["w"].tolist() == [[1.0] * 4] * 4
    assert loads(data).sizes["w"]["indices"] == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "begins with b'CNNZ'"),
        (b"PK\x03\x04" + SMALL[4:], "begins with b'CNNZ'"),
        (b"CNNZ\x02" + SMALL[5:], "expected version 1, got 2"),
        (b"CNNZ\x01abc", "expected a whole file, got its first 8 bytes"),
        (SMALL[:-1] + b"\0", "checksum"),
        (by_hand(EXAMPLE, b"\0"[:0], b"", count=1) + b"x", "checksum"),
        (by_hand(EXAMPLE + b"x"), "1 bytes left over"),
        (by_hand(EXAMPLE, count=2), "expected 1 more bytes, got 0"),
        (by_hand(EXAMPLE, EXAMPLE), "a new name of a tensor, got 'w'"),
        (by_hand(header=b"[]"), "header: expected JSON"),
        (by_hand(header=b'{"model":1,"settings":{}}'), "header: expected JSON"),
        (by_hand(header=b'{"model":"m"}'), "header: expected JSON"),
        (by_hand(header=b"\xff\xfe"), "header: not UTF-8"),
        (by_hand(b"\x01w\x03\x01\x04"), "unknown kind 3"),
        (by_hand(b"\x01w\x02\x01\x04\x00\x03\x00"), "type: expected a number from 1 to 3"),
        (by_hand(b"\x01w\x02\x01\x04\x04\x03\x00"), "type: expected a number from 1 to 3"),
        (by_hand(b"\x01w\x00\x09" + b"\x01" * 9), "9 dimensions"),
        (by_hand(b"\x01w\x00\x01\x02\x0a" + b"\0" * 8), "type: expected a number below 10"),
        (by_hand(b"\x01w\x00\x01\x02\x09\x00\x02"), "expected bytes 0 and 1"),
        (by_hand(shared(bits=9, entries=0)), "bits of a gap: expected between 1 and 8, got 9"),
        (by_hand(shared(entries=17, rest=ONE)), "entries: expected a number of at most 16"),
        (by_hand(shared(entries=4, rest=b"\x01" + b"\0" * 4 + b"\x00\x20\x00")), "complete"),
        (by_hand(shared(entries=4, rest=b"\x01" + b"\0" * 4 + b"\x09\x11")), "at most 8 symbols"),
        (by_hand(shared(entries=4, rest=b"\x01" + b"\0" * 4 + b"\x01\x10\x00")), "the last one"),
        (by_hand(shared(entries=4, rest=b"\x01" + b"\0" * 4 + b"\x00\x11\x00")), "the last one"),
        (by_hand(EXAMPLE.replace(b"\x06\x98", b"\x06\x99")), "zeros after the last word"),
        (by_hand(EXAMPLE.replace(b"\x06\x98", b"\x05\x98")), "words in 5 bits|whole words"),
        (by_hand(EXAMPLE.replace(b"\x02\x02\x08", b"\x02\x02\x07")), "places below 14, got 15"),
        (by_hand(EXAMPLE.replace(b"\x02\x02\x08", b"\x02\x02\x88\x00")), "or more"),
    ],
)
def test_what_is_wrong_is_said(data, message):
    with pytest.raises(MalformedError, match=message):
        loads(data)


def test_deeply_nested_settings_are_refused():
    deep = b'{"model":"m","settings":' + b"[" * 50_000
    body = b"CNNZ\x01" + varint(len(deep)) + deep + b"\0"
    with pytest.raises(MalformedError, match="header: expected JSON"):
        loads(sealed(body))


BOMBS = {
    "a large shape": by_hand(shared((2**30, 2**30), entries=0)),
    "a large tensor of one value": by_hand(shared((2**28, 2), 3, 2**29, ONE)),
    "large sizes that multiply to nothing": by_hand(b"\x01w\x00\x03" + varint(2**40)[:5] + b"\0\0"),
    "a large raw tensor": by_hand(b"\x01w\x00\x01" + varint(2**28) + b"\0"),
    "many tensors": by_hand(count=127),
    "a long name": by_hand(b"\xff\xff\xff\xff\x0f" + b"w" * 50),
    "many tensors of middle size": by_hand(
        *(b"\x02" + bytes([65 + i, 65]) + shared((2**17,), entries=0)[2:] for i in range(26))
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_asks_for_much_memory_is_refused_before_it_is_taken(name):
    loads(SMALL, 1 << 20)  # whatever the first call allocates
    tracemalloc.start()
    try:
        with pytest.raises(MalformedError):
            loads(BOMBS[name], limit=1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_memory_stays_in_proportion_to_the_limit_for_the_worst_file_within_it():
    worst = by_hand(shared((2**18,), 3, 2**18, ONE))
    loads(worst, 1 << 20)
    tracemalloc.start()
    try:
        loads(worst, 1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_the_limit_is_of_all_tensors_together_and_exact():
    state = {"a": torch.zeros(10), "b.weight": torch.ones(10, 10)}
    data = dumps("m", {}, compress_state(state))
    assert loads(data, limit=440).state().keys() == state.keys()
    with pytest.raises(MalformedError, match="100 numbers exceed the limit of 439 bytes"):
        loads(data, limit=439)


def test_a_file_of_another_network_is_refused():
    parts = compress_state(network().state_dict())
    for model, keywords, message in [
        ("lenet5_modern", {}, r"expected 'c3.weight' of shape \(16, 6, 5, 5\), got shape"),
        ("lenet5", {"width": 3}, "cannot build 'lenet5'.*unknown setting width"),
        ("lenet5_modern", {"num_classes": -5}, "cannot build 'lenet5_modern'"),
        ("lenet5_modern", {"num_classes": "5"}, "cannot build 'lenet5_modern'"),
        ("lenet5_modern", {"name": "lenet5"}, "cannot build 'lenet5_modern'"),
        ("lenet5_modern", {"num_classes": 2**16}, "expected 'c3.weight'|expected 'output"),
        ("lenet6", {}, "cannot build 'lenet6'.*did you mean"),
        ("lenet300_100", {}, "'1.bias' of shape .300,., got none"),
    ]:
        with pytest.raises(MalformedError, match=message):
            loads(dumps(model, keywords, parts)).network()
    with pytest.raises(MalformedError, match="'extra' not to be there, got shape"):
        loads(dumps("lenet5", {}, {**parts, "extra": torch.zeros(1)})).network()


def test_writing_is_all_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "x.cnnz"
    save(path, "m", {}, {"b": torch.zeros(2)})
    before = path.read_bytes()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        save(path, "m", {}, {"b": torch.ones(2)})
    assert [p.name for p in tmp_path.iterdir()] == ["x.cnnz"]
    assert path.read_bytes() == before


def test_what_does_not_fit_the_format_is_not_written():
    for parts, message in [
        ({"n" * 2000: torch.zeros(1)}, "name: expected at most 1024 bytes, got 2000"),
        ({"x": torch.zeros([1] * 9)}, "x: expected at most 8 dimensions"),
        ({"x": torch.zeros(1, dtype=torch.complex64)}, "x: expected one of 10 kinds of number"),
    ]:
        with pytest.raises(ValueError, match=message):
            dumps("m", {}, parts)


def test_a_file_that_is_something_else_is_named(tmp_path):
    (tmp_path / "x.cnnz").write_text("hello")
    with pytest.raises(MalformedError, match=r"x\.cnnz: expected a file that begins with b'CNNZ'"):
        load(tmp_path / "x.cnnz")


def test_the_header_is_compact_json():
    start = GOOD.index(b"{")
    header = json.loads(GOOD[start : GOOD.index(b"}}") + 2])
    assert header == {"model": "lenet5", "settings": {}}


def test_a_few_bytes_take_no_more_than_the_limit():
    """Both streams have one symbol: the file is small, and says that there are many weights."""
    bomb = by_hand(shared((2**20,), 3, 2**20, ONE))
    assert len(bomb) < 70
    loads(bomb, 1 << 22)
    tracemalloc.start()
    try:
        contents = loads(bomb, 1 << 22)
        assert tracemalloc.get_traced_memory()[1] < 1.1 * (1 << 22)
    finally:
        tracemalloc.stop()
    assert contents.state()["w"].unique().tolist() == [1]


@pytest.mark.parametrize("kind", [0, 1])
def test_sizes_with_a_zero_are_refused_if_the_others_are_too_large(kind):
    shape = (2**20, 2**20, 2**20, 0)
    rest = b"\0" if kind == 0 else b"\x03\0"
    tensor = b"\x01w" + bytes([kind, 4]) + b"".join(map(varint, shape)) + rest
    with pytest.raises(MalformedError, match=r"w: sizes .* exceed the limit"):
        loads(by_hand(tensor))


def test_more_tensors_than_a_network_has_are_refused():
    count = (1 << 16) + 1
    body = b"CNNZ\x01" + varint(len(HEADER)) + HEADER + varint(count) + b"\0" * count
    with pytest.raises(MalformedError, match="number of tensors: expected a number of at most"):
        loads(sealed(body))


def test_names_of_a_file_cannot_steer_a_terminal():
    evil = "\x1b[2Jw"
    name = bytes([len(evil)]) + evil.encode()
    for data in (
        by_hand(name + b"\x07\x01\x04"),
        by_hand(name + b"\x01\x02" + varint(2**28) + b"\x02" + b"\x03\0"),
        by_hand(name + b"\x00\x00\x00" + b"\0" * 4, name + b"\x00\x00\x00" + b"\0" * 4),
    ):
        with pytest.raises(MalformedError) as error:
            loads(data)
        assert str(error.value).isprintable()
        assert "x1b[2Jw" in str(error.value)
    for model, keywords in ((evil, {}), ("lenet5", {evil: 1})):
        with pytest.raises(MalformedError) as error:
            loads(dumps(model, keywords, {evil: torch.zeros(1)})).network()
        assert str(error.value).isprintable()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_shared_values_of_other_types(dtype):
    torch.manual_seed(0)
    weight = torch.tensor([-1.5, 0.25, 3.0])[torch.randint(3, (20, 30))].to(dtype)
    weight[torch.rand(20, 30) < 0.5] = 0
    state = {"weight": weight, "bias": torch.ones(3, dtype=dtype)}
    data = dumps("m", {}, compress_state(state))
    assert len(data) < weight.numel() * weight.element_size()
    found = loads(data).state()
    for key, value in state.items():
        assert found[key].dtype == dtype
        assert torch.equal(found[key], value)
    with pytest.raises(MalformedError, match="600 numbers exceed the limit"):
        loads(data, 600 * weight.element_size() - 1)


def test_writing_follows_links_and_refuses_pipes(tmp_path):
    import os

    target, link, pipe = tmp_path / "real.cnnz", tmp_path / "link.cnnz", tmp_path / "pipe"
    link.symlink_to(target)
    save(link, "m", {}, {"b": torch.zeros(2)})
    assert link.is_symlink()
    assert load(target).state()["b"].tolist() == [0, 0]
    os.mkfifo(pipe)
    with pytest.raises(ValueError, match=r"expected a regular file, got .*, a pipe"):
        save(pipe, "m", {}, {"b": torch.zeros(2)})
    assert pipe.is_fifo()


def test_views_that_are_negative_in_name_only_are_written_as_they_read():
    x = torch.tensor([[0.5, -2.0, 0.0], [-2.0, 0.5, 0.5]])
    view = torch.complex(torch.zeros_like(x), -x).conj().imag
    assert view.is_neg()
    found = loads(dumps("m", {}, {**compress_state({"weight": view}), "raw": view})).state()
    assert torch.equal(found["weight"], x)
    assert torch.equal(found["raw"], x)
