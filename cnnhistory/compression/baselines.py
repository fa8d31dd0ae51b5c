"""What one would do without Deep Compression: pack the file, or round the weights to eight bits."""

import gzip
import importlib
import io
import lzma
from collections.abc import Mapping

import torch
from torch import Tensor


def raw_bytes(state: Mapping[str, Tensor]) -> bytes:
    """Return all numbers of a state one after another, as they lie in memory."""
    out = io.BytesIO()
    for value in state.values():
        plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
        out.write(plain.flatten().view(torch.uint8).numpy().tobytes())
    return out.getvalue()


def packed_sizes(data: bytes) -> dict[str, int]:
    """Return the size of some bytes after general-purpose compression at its best setting.

    "zstd" is there only where Python (3.14) or the package `zstandard` has it.

    Units: bytes.
    """
    sizes = {
        "gzip": len(gzip.compress(data, 9, mtime=0)),
        "xz": len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)),
    }
    for module, level in (("compression.zstd", 22), ("zstandard", 22)):
        try:
            library = importlib.import_module(module)
        except ImportError:
            continue
        sizes["zstd"] = len(library.compress(data, level))
        break
    return sizes


def round_to_int8(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Round each weight of two dimensions or more to 255 evenly spaced values around zero.

    w ~ s q with a whole number q from -127 to 127 and s = max |w| / 127, one s for each output.

    Returns:
        The state to run, weights rounded, and the tensors to store: int8 weights, their scales,
        and all else as it is.
    """
    run, store = {}, {}
    for key, value in state.items():
        if value.dim() < 2 or not value.is_floating_point():
            run[key] = store[key] = value.detach().clone()
            continue
        rows = value.detach().flatten(1)
        scale = (rows.abs().amax(1, keepdim=True) / 127).clamp(min=torch.finfo(rows.dtype).tiny)
        whole = (rows / scale).round()
        run[key] = (whole * scale).view(value.shape)
        store[key], store[f"{key}.scale"] = whole.to(torch.int8).view(value.shape), scale
    return run, store
