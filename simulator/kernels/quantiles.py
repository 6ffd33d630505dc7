"""Tabulated quantile functions, graded towards both ends of the level range.

A level u is held as its distance t from the nearer end, in units of 2**-32. Every octave of t has the same number of
segments, so that their width shrinks in proportion to the distance from the end. The leading bits of t as a floating-point
number are then its segment, and the bits that follow its place within: no search, no branch.
"""

from __future__ import annotations

from collections.abc import Mapping
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
_SIGN = np.int32(31)


def _same_bits(pairs: Mapping[types.Number, types.Number]) -> Any:
    """A function in kernels that gives the number of the paired type with the same bits."""

    def typed(_context: Any, number: Any) -> Any:
        return pairs[number](number), _bitcast

    return intrinsic(typed)


def _bitcast(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))


_bits = _same_bits({types.float32: types.int32, types.float64: types.int64})
_number = _same_bits({types.int32: types.float32, types.int64: types.float64})


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
    segment, within : (points,) int32 and float32, or int64 and float64
        Scratch, of the precision that is wanted. Two loops, because the compiler vectorises the first only without the
        look-up.
    out : (points,) float32 or float64
        Filled.
    """
    integer, number, precision = segment.dtype.type, within.dtype.type, np.finfo(within.dtype)
    half, largest = number(0.5), number(2147483648.0 * (1.0 - 0.5 * precision.eps))  # a single may be rounded to 2**31
    shift, first = integer(precision.nmant - SEGMENT_BITS), integer((precision.maxexp - 2) << SEGMENT_BITS)
    mask, one = integer((1 << shift) - 1), integer((precision.maxexp - 1) << precision.nmant)  # bits of 1.0
    for point in range(pattern.shape[0]):
        digits = np.int32(base ^ pattern[point])  # the casts: numba widens integers, which halves the lanes
        upper = np.int32(digits >> _SIGN)  # -1 above the median, else 0
        t = min(number(np.int32(digits ^ upper)) + half, largest)
        bits = integer(_bits(t))
        segment[point] = integer(integer(bits >> shift) - first) - integer(integer(upper) * integer(SEGMENTS))
        within[point] = (_number(integer(integer(bits & mask) | one)) - number(1)) * number(_PER_UNIT)
    start, times = number(location), number(scale)
    for point in range(pattern.shape[0]):
        at = np.uint64(segment[point])  # unsigned: no place from the end to allow for
        out[point] = start + times * (number(lines[at, 0]) + number(lines[at, 1]) * within[point])


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
