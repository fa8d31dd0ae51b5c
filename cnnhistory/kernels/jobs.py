"""What the kernels are told: rows of numbers, and the boxes in which helpers find them.

A job is a row of numbers: what to do, sizes and addresses, and counters of what is done.

Any thread can take parts of it until none is left, without Python, so that threads start and end
within a microsecond of each other.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

KINDS = ("values_of_floats", "values_of_bits", "bits_of_bits", "pack_first", "pack_last", "pool")
(
    VALUES_OF_FLOATS, VALUES_OF_BITS, BITS_OF_BITS, PACK_FIRST, PACK_LAST, POOL,
) = range(len(KINDS))  # fmt: skip
FIELDS = (
    "kind", "threads", "images", "channels", "height", "columns", "top", "left",
    "x", "limits", "flips",
    "packed", "packed_rows", "packed_columns",
    "w", "blocks", "offsets", "steps", "windows", "tiles",
    "table", "classes", "scale",
    "out", "out_image", "places",
    "size", "stride", "out_rows", "out_columns",
)  # fmt: skip
(
    KIND, THREADS, IMAGES, CHANNELS, HEIGHT, COLUMNS, TOP, LEFT,
    X, LIMITS, FLIPS,
    PACKED, PACKED_ROWS, PACKED_COLUMNS,
    W, BLOCKS, OFFSETS, STEPS, WINDOWS, TILES,
    TABLE, CLASSES, SCALE,
    OUT, OUT_IMAGE, PLACES,
    SIZE, STRIDE, OUT_ROWS, OUT_COLUMNS,
) = range(len(FIELDS))  # fmt: skip
AT = {name: place for place, name in enumerate(FIELDS)}
# Counters of a job, each in a cache line of its own.
ROWS_TAKEN, ROWS_DONE, PARTS_TAKEN = 32, 40, 48
JOB_LENGTH = 56
# A helper's box: its state, and in the next cache line the address of a job and whether the helper
# sleeps and must be woken.
BOX_STATE, BOX_JOB, BOX_WAKE = 0, 8, 9
BOX_LENGTH = 16
IDLE, POSTED, RUNNING, ASLEEP = range(4)


def new_job(kind: str, numbers: Mapping[str, int]) -> Ints:
    """Return the row of numbers that describes a job, for `threads.do`.

    Args:
        kind: one of `KINDS`.
        numbers: what the job needs of `FIELDS`; what is left out is 0.

    Raises:
        ValueError, KeyError: no such kind, no such field.
    """
    job: Ints = np.zeros(JOB_LENGTH, np.int64)
    job[0] = KINDS.index(kind)
    for name, value in numbers.items():
        job[AT[name]] = value
    return job
