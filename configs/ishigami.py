"""The function of Ishigami and Homma (1990, doi:10.1109/ISUMA.1990.151285), whose Sobol' indices are known exactly."""

from __future__ import annotations

import numpy as np


def ishigami(values: np.ndarray) -> np.ndarray:
    """sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1, from values (n, 3) to outputs (n,)."""
    x1, x2, x3 = values.T
    return np.sin(x1) * (1 + 0.1 * x3**4) + 7 * np.sin(x2) ** 2
