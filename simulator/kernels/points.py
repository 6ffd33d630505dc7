"""Points of a block: 32-bit digits of a scrambled Sobol' net, or of a counter-based random stream."""

from __future__ import annotations

import numpy as np

from .compiling import kernel


@kernel
def block_base(generators: np.ndarray, shift: np.uint32, block: int, block_bits: int) -> np.uint32:
    """What all points of one block have in common in one dimension.

    Point n of a digital net is the XOR of the generators of the bits of n. In a block of 2**block_bits points the low
    bits run through all values and the high bits are those of `block`, so the point is this base XOR a pattern that is
    the same in every block.

    Parameters
    ----------
    generators : (32,) uint32
    shift : uint32
    block : int
        Number of the block.
    block_bits : int

    Returns
    -------
    uint32
    """
    base = shift
    bit = block_bits
    while block > 0:
        if block & 1:
            base ^= generators[bit]
        block >>= 1
        bit += 1
    return np.uint32(base)


@kernel
def random_digits(key: np.uint64, first: int, out: np.ndarray) -> None:
    """Independent uniform 32-bit integers number `first` and following of the stream `key`.

    The output function of SplitMix64 applied to a counter (Steele, Lea & Flood 2014, doi:10.1145/2714064.2660195).

    Parameters
    ----------
    key : uint64
    first : int
    out : (points,) uint32
        Filled.
    """
    for point in range(out.shape[0]):
        state = key + np.uint64(first + point) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        out[point] = np.uint32((state ^ (state >> np.uint64(31))) >> np.uint64(32))
