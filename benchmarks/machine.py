"""The machine and the versions that results belong to; nothing that names a host, a user or a place."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]

from simulator import __version__

from .installed import version_of

PACKAGES = ("numpy", "scipy", "numba", "llvmlite", "xarray", "SALib", "openturns", "jaxgsa", "jax", "qmcpy")


def describe() -> dict[str, Any]:
    """What the numbers depend on.

    Returns
    -------
    dict
        date, cpu, cores, memory_gb, system, busy_before (part of the processors' time that others used during one second
        before the start), simulator, python and packages by name, where they are installed.
    """
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "busy_before": round(psutil.cpu_percent(interval=1.0) / 100, 2),
        "simulator": __version__,
        "python": platform.python_version(),
        **{name: version_of(name) for name in PACKAGES},
    }


def _processor() -> str:
    """Name of the processor, as Linux tells it; else what Python knows."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text(encoding="utf-8", errors="replace").splitlines() if listed.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
