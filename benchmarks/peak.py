"""The command line, and then the most memory that its process ever held: `python -m benchmarks.peak run ...`.

A parent cannot ask for this afterwards: on Linux, a child's ru_maxrss begins with what its parent held.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from simulator.cli import main


def peak_bytes() -> int:
    """Peak resident memory of this process."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    if sys.platform == "win32":
        import psutil  # needed on this system alone

        return int(psutil.Process().memory_info().peak_wset)
    import resource  # not on every system

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    print(json.dumps({"peak_bytes": peak_bytes()}))
    raise SystemExit(code)
