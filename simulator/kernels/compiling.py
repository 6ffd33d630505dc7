"""The decorator that compiles a kernel, once per version of this folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.extending import register_jitable

Function = TypeVar("Function", bound=Callable[..., Any])

# Sums may be reordered and products fused, but NaN and infinity keep their meaning: with fastmath=True a compiled
# isfinite() finds nothing.
FASTMATH = {"reassoc", "contract", "arcp", "nsz"}


def cache_folder() -> Path:
    """Folder of the compiled kernels.

    numba sees a change in the file of a function, not in the functions that it calls from other files, so the folder is
    named by a hash of all kernels.

    Returns
    -------
    Path
        Below ``NUMBA_CACHE_DIR``, else the user's cache folder, else (not writable) the temporary folder.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    version = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    stated = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for root in [Path(stated)] if stated else [home, Path(tempfile.gettempdir())]:
        folder = root / "genai-simulator" / f"kernels-{version}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    folder = Path(tempfile.mkdtemp(prefix="genai-simulator-")) / folder.relative_to(root)
    folder.mkdir(parents=True)
    return folder


def is_cached(name: str) -> bool:
    """Whether a kernel, as ``propagation.propagate``, has been compiled before."""
    return any(_FOLDER.rglob(f"{name}-*.nbi"))


def same_cache() -> dict[str, str]:
    """Environment in which another process has the same cache."""
    return {"NUMBA_CACHE_DIR": str(_FOLDER.parents[1])}


def kernel(function: Function) -> Function:
    """Compile `function`, called from Python, to machine code that releases the interpreter lock, cached on disk."""
    return _compiled(function)


def bare_kernel(function: Function) -> Function:
    """As `kernel`, without counts of references: nothing in it or in its subroutines may make an array.

    The counts are atomic operations whenever a row of an array is handed on. Without them the kernel of the single inputs is a
    twentieth faster, and compiled in 16 s in place of 23. The option's name begins with an underscore; a kernel is as right
    without the option.
    """
    return _compiled(function, _nrt=False)


def subroutine(function: Function) -> Function:
    """Compile `function` as a part of the kernels that call it; called from Python, it is interpreted.

    Without entries from Python and places in the cache, the many subroutines take a third less time to compile.
    """
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "fastmath": FASTMATH, "error_model": "numpy"}
    return register_jitable(**options)(function)  # type: ignore[no-any-return]


def _compiled(function: Function, **more: bool) -> Function:
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_FOLDER)
    try:
        return numba.njit(cache=True, nogil=True, fastmath=FASTMATH, error_model="numpy", **more)(function)  # type: ignore[no-any-return]
    finally:
        numba.config.CACHE_DIR = before


_FOLDER = cache_folder()
