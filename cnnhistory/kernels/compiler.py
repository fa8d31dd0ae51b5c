"""The way to the compiled kernels, which need numba."""

from functools import cache
from importlib import import_module
from types import ModuleType


@cache
def compiled_kernels() -> ModuleType:
    """Return the module of compiled kernels.

    Raises:
        ImportError: numba is not installed; the message says how to install it.
    """
    try:
        return import_module("cnnhistory.kernels.compiled")
    except ModuleNotFoundError as error:
        if error.name not in ("numba", "llvmlite"):
            raise
        raise ImportError(
            "the binary kernels are compiled by numba, which is not installed: "
            "pip install 'cnnhistory[binary]', or take backend='torch', which is exact but slow"
        ) from error
