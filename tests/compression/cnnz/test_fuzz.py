"""Files that mean harm, by the thousand: each is read, or refused with the format's own error.

The cases are seeded. A case changes a good file (bytes, whole pieces, numbers of its header) and
seals it with a right checksum, so that the reader cannot stop there.
"""

import json
import random
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
import torch

import cnnhistory
from cnnhistory import create_model
from cnnhistory.compression.cnnz import MalformedError, dumps, loads
from cnnhistory.compression.cnnz.parts import varint
from cnnhistory.compression.deep_compression import compress_state
from cnnhistory.compression.quantization import Bits

LIMIT = 1 << 16
MOST_SECONDS = 1.0  # of the processor, for one case; most take a tenth of a millisecond
MOST_BYTES = 24 * LIMIT


def sparse(*shape, density, seed, dtype=torch.float32):
    generator = np.random.default_rng(seed)
    values = generator.choice(np.float32([-1.5, 0.25, 3, 7]), shape)
    return torch.from_numpy(values * (generator.random(shape) < density)).to(dtype)


def good_files():
    """Return the bodies of good files, without their checksums."""
    states = [
        {"a.weight": sparse(9, 40, density=0.3, seed=0), "a.bias": torch.arange(9.0)},
        {"w.weight": torch.ones(16, 16), "v.weight": torch.zeros(3, 5)},
        {"h.weight": sparse(5, 3, 3, 3, density=0.9, seed=1, dtype=torch.float16)},
        {"n": torch.arange(6).view(2, 3), "b": torch.tensor([True, False]), "e": torch.ones(0, 3)},
        {"s.weight": sparse(20, 50, density=0.01, seed=2, dtype=torch.bfloat16)},
        {},
    ]
    bits = Bits(convolution=3, dense=3)
    files = [
        dumps("lenet300_100", {"num_classes": 3}, compress_state(state, bits, index))
        for state in states
        for index in (Bits(3, 3), Bits(8, 8))
    ]
    return [file[:-4] for file in files]


VARINTS = [
    b"\0",
    b"\x7f",
    b"\x80\x01",
    b"\xff\xff\x03",
    b"\xff\xff\xff\xff\x0f",
    b"\x80\0",
    b"\x80" * 6,
]


def mutate(body, draw):
    """Return a body with a few changes."""
    out = bytearray(body)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        at = draw.randrange(5, len(out) + 1)
        kind = draw.randrange(7)
        if kind == 0 and at < len(out):
            out[at] = draw.randrange(256)
        elif kind == 1 and at < len(out):
            out[at] ^= 1 << draw.randrange(8)
        elif kind == 2:
            out[at:at] = draw.randbytes(draw.randrange(1, 6))
        elif kind == 3:
            del out[at : at + draw.randrange(1, 9)]
        elif kind == 4:
            out[at : at + 1] = draw.choice(VARINTS)
        elif kind == 5:
            start = draw.randrange(5, len(out) + 1)
            out[at:at] = out[start : start + draw.randrange(1, 40)]
        else:
            del out[at:]
        if len(out) <= 5:
            break
    return bytes(out)


def sealed(body):
    return body + struct.pack("<I", zlib.crc32(body))


def check(data, count):
    """Read or refuse one file; say whether it was read. Every 20th is watched for memory."""
    watched = count % 20 == 0
    if watched:
        tracemalloc.start()
    begin = time.thread_time()
    try:
        contents = loads(data, LIMIT)
        state = contents.state()
    except MalformedError:
        return False
    finally:
        assert time.thread_time() - begin < MOST_SECONDS, data
        if watched:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < MOST_BYTES, data
    assert sum(tensor.numel() * tensor.element_size() for tensor in state.values()) <= LIMIT
    assert sum(contents.totals().values()) == len(data)
    return True


def fuzz(cases, seed):
    draw = random.Random(seed)
    files = good_files()
    read = 0
    for count in range(cases):
        read += check(sealed(mutate(draw.choice(files), draw)), count)
    return read


def test_eighteen_thousand_altered_files():
    for body in good_files():
        assert check(sealed(body), 0)
    read = fuzz(18_000, seed=0)
    assert 500 < read < 17_000  # the reader gets deep into them, and refuses most


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_million_altered_files():
    assert fuzz(1_000_000, seed=1) > 20_000


NASTY = [
    -1, 0, 1, 3, 64, 1000, 65_536, 65_537, 10**9, 2**40, 10**30, -(10**9), 0.0, -0.5, 0.37, 1e9,
    1e300, float("nan"), float("inf"), True, False, None, "", "x", "\x1b[2J", [], [0], [3] * 500,
    [[[[[[[[[[]]]]]]]]]], {}, {"a": 1},
]  # fmt: skip


def asked_for(cases, seed):
    """Ask for networks with settings that no one would write, beside tensors of no network."""
    draw = random.Random(seed)
    models = cnnhistory.list_models()
    parameters = {}
    built = 0
    for _ in range(cases):
        model = draw.choice(models)
        if model not in parameters:
            # an unknown setting's error names those that there are
            with pytest.raises(TypeError) as error:
                create_model(model, no_such_setting=1)
            words = str(error.value).replace(",", " ").split()
            parameters[model] = [word for word in words if word.isidentifier()]
        names = draw.sample(parameters[model], min(len(parameters[model]), draw.randrange(3)))
        settings = {name: draw.choice(NASTY) for name in names}
        header = json.dumps({"model": model, "settings": settings}).encode()
        length = varint(len(header))
        body = (
            b"CNNZ\x01"
            + length
            + header
            + draw.choice((b"\0", b"\x01\x01w\x00\x00\x00" + b"\0" * 4))
        )
        contents = loads(sealed(body), LIMIT)
        begin = time.thread_time()
        try:
            contents.network()
            built += 1
        except MalformedError as error:
            message = str(error)
            if "\x1b" in message:
                pytest.fail(f"not printable: {message!r}")
        assert time.thread_time() - begin < 4 * MOST_SECONDS, (model, settings)
    return built


def test_settings_that_ask_for_too_much():
    assert asked_for(2000, seed=0) == 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_settings_that_ask_for_too_much():
    assert asked_for(100_000, seed=1) == 0
