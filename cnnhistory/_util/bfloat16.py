"""Numbers of 16 bits with the range of float32: who computes in them, and networks that do."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def has_bfloat16(device: torch.device | str = "cpu") -> bool:
    """Return whether a device multiplies numbers in bfloat16, rather than converting them.

    Of processors those of x86 with AVX512-BF16 or AMX and those of ARM with BF16 are known.
    """
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if hasattr(torch.cpu, "get_capabilities"):
        found = torch.cpu.get_capabilities()
        return any(found.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def floating_to(dtype: torch.dtype | None, value: object) -> object:
    """Convert tensors of floating point numbers, and nothing else."""
    return value.to(dtype) if isinstance(value, Tensor) and value.is_floating_point() else value


class _InItsType(nn.Module):
    """A layer that gets its input in the type of its weights."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.to(self.layer.weight.dtype))


def to_bfloat16(network: nn.Module, last: nn.Module | None) -> None:
    """Convert a network in place, but for the parameters of normalizations and the `last` layer.

    Normalizations take inputs of 16 bits with parameters in float32. Scores of 8 bits would often
    be equal where they are close; the last layer takes little time, and stays as it is.
    """
    last = None if last is network else last
    for module in network.modules():
        if module is not last:
            dtype = torch.float32 if isinstance(module, _BatchNorm) else torch.bfloat16
            module._apply(partial(floating_to, dtype), recurse=False)
    if isinstance(last, nn.Linear):
        for name, module in list(network.named_modules(remove_duplicate=False)):
            if module is last:
                network.set_submodule(name, _InItsType(last))
