"""One method on one subject in a process of its own: `python -m benchmarks.alone METHOD SUBJECT POINTS TIMES`.

Prints the seconds of each time, and the most memory that the process held, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from .peak import peak_bytes
from .peers.all import METHODS
from .subjects import subject


def analyse(method: str, of: str, points: int, times: int) -> dict[str, Any]:
    """The same analysis, again and again.

    Parameters
    ----------
    method, of : str
    points, times : int

    Returns
    -------
    dict
        seconds (a list; the first with imports and compiling) and peak_bytes.
    """
    asked, chosen, seconds = subject(of), METHODS[method], []
    for seed in range(1, times + 1):
        started = time.perf_counter()
        chosen.indices(asked, points, seed)
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds, "peak_bytes": peak_bytes()}


if __name__ == "__main__":
    print(json.dumps(analyse(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
