"""Tabulated quantile functions, graded towards both ends of the level range.

A level u is held as its distance t from the nearer end, in units of 2**-32. Every octave of t has the same number of
segments, so that their width shrinks in proportion to the distance from the end. The leading bits of t as a floating-point
number are then its segment, and the bits that follow its place within: no search, no branch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from .compiling import kernel

SEGMENT_BITS = 5  # 32 segments in an octave
OCTAVES = 32  # t from 1/2 to 2**31
SEGMENTS = OCTAVES << SEGMENT_BITS  # on each side of the median
_SHIFT = 52 - SEGMENT_BITS
_FIRST = 1022 << SEGMENT_BITS  # leading bits of t = 1/2
_WITHIN = (1 << _SHIFT) - 1
_ONE = 1023 << 52  # bits of 1.0
_PER_UNIT = float(1 << SEGMENT_BITS)


@intrinsic  # type: ignore[untyped-decorator]
def _bits(_context: Any, _number: Any) -> Any:
    """The bits of a double, as an integer."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic  # type: ignore[untyped-decorator]
def _number(_context: Any, _bits_of: Any) -> Any:
    """The double with these bits."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@kernel
def tabulated_at_points(
    base: np.uint32,
    pattern: np.ndarray,
    lines: np.ndarray,
    location: float,
    scale: float,
    segment: np.ndarray,
    within: np.ndarray,
    out: np.ndarray,
) -> None:
    """Values of one input at the points base XOR pattern, whose levels are (point + 1/2) / 2**32.

    Parameters
    ----------
    base : uint32
    pattern : (points,) uint32
    lines : (2 * SEGMENTS, 2) float32
        Value at the inner end of each segment and its rise across the segment; segments of the lower half first.
    location, scale : float
        What is looked up is multiplied by the second, and the first added.
    segment, within : (points,) int64, float64
        Scratch. Two loops, because the compiler vectorises the first only without the look-up.
    out : (points,) float64
        Filled.
    """
    points = pattern.shape[0]
    for point in range(points):
        digits = np.int64(base ^ pattern[point])
        upper = digits >> 31
        bits = _bits(np.float64(digits ^ (-upper & 0xFFFFFFFF)) + 0.5)
        segment[point] = (bits >> _SHIFT) - _FIRST + upper * SEGMENTS
        within[point] = (_number((bits & _WITHIN) | _ONE) - 1.0) * _PER_UNIT
    for point in range(points):
        at = np.uint64(segment[point])  # unsigned: no place from the end to allow for
        out[point] = location + scale * (np.float64(lines[at, 0]) + np.float64(lines[at, 1]) * within[point])


@kernel
def tabulated_at_levels(
    levels: np.ndarray, lines: np.ndarray, location: float, scale: float, ends: tuple[float, float], out: np.ndarray
) -> None:
    """The same at any levels from 0 to 1, ends included.

    Parameters
    ----------
    levels : (points,) float64
    lines, location, scale
        See `tabulated_at_points`.
    ends : (float, float)
        Values at the levels 0 and 1, which no point reaches.
    out : (points,) float64
        Filled.
    """
    for point in range(levels.shape[0]):
        upper = levels[point] >= 0.5
        t = ((1.0 - levels[point]) if upper else levels[point]) * 4294967296.0
        first = SEGMENTS if upper else 0
        if t < 0.5:
            end, inner = ends[1] if upper else ends[0], location + scale * np.float64(lines[first, 0])
            out[point] = end + (inner - end) * 2.0 * t
        elif t >= 2147483648.0:
            last = first + SEGMENTS - 1
            out[point] = location + scale * (np.float64(lines[last, 0]) + np.float64(lines[last, 1]))
        else:
            bits = _bits(t)
            at = first + (bits >> _SHIFT) - _FIRST
            fraction = (_number((bits & _WITHIN) | _ONE) - 1.0) * _PER_UNIT
            out[point] = location + scale * (np.float64(lines[at, 0]) + np.float64(lines[at, 1]) * fraction)
