"""Points against scipy's, the net properties that theory promises, and the contract that every method must pass."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simulator import design as module
from simulator.design import (
    BITS,
    CHUNK_BITS,
    Design,
    Replicate,
    chunks,
    design_for,
    direction_numbers,
    point_levels,
    replicate_points,
    scramble,
)
from simulator.kernels.points import block_base, random_digits

METHODS = ("sobol", "monte-carlo")
INPUTS = 129  # as in base.toml; a pair of points has 258 dimensions


def made(design: Design, replicate: int = 0, *, pairs: bool = True, block_bits: int = 0) -> Replicate:
    return replicate_points(design, replicate, direction_numbers(2 * design.inputs), pairs=pairs, block_bits=block_bits)


def unscrambled(directions: np.ndarray) -> Replicate:
    rows = len(directions)
    nothing = np.zeros(0, dtype=np.uint64)
    return Replicate(directions, np.zeros(rows, np.uint32), np.zeros((rows, 1), np.uint32), nothing)


def digits_of(levels: np.ndarray) -> np.ndarray:
    """The 32-bit digits that levels (x + 1/2) / 2**32 were made of; exact in float64."""
    return np.asarray(levels * 2.0**BITS - 0.5, dtype=np.uint64)


def gray(number: np.ndarray) -> np.ndarray:
    return number ^ (number >> 1)


# Against scipy: the same points, which scipy visits in Gray-code order. Both are exact in float64.


@pytest.mark.parametrize(("first", "points", "dimensions"), [(0, 1024, 320), (2**17, 1024, 64)])
def test_points_are_those_of_scipy(first: int, points: int, dimensions: int) -> None:
    sampler = stats.qmc.Sobol(dimensions, scramble=False, bits=BITS)
    if first:
        sampler.fast_forward(first)
    theirs = sampler.random(points)
    numbers = gray(np.arange(first, first + points))
    assert np.ptp(numbers) == points - 1  # a run of points in both orders, as `first` and `points` are powers of two
    ours = point_levels(unscrambled(direction_numbers(dimensions)), numbers.min(), points) - 0.5 * 2.0**-BITS
    np.testing.assert_array_equal(ours[numbers - numbers.min()], theirs)


def test_generators_are_triangular_with_a_unit_diagonal() -> None:
    """Hence each dimension is a net of any size: the last column of a generator beyond scipy's run is covered too."""
    numbers = direction_numbers(400)
    lowest = numbers & (~numbers + np.uint32(1))
    np.testing.assert_array_equal(lowest, np.tile(np.uint32(1) << np.arange(31, -1, -1, dtype=np.uint32), (400, 1)))


def test_too_many_dimensions_are_refused() -> None:
    with pytest.raises(ValueError, match="direction numbers for 21201 dimensions, not for 21202"):
        direction_numbers(21202)


# Net properties


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("m", [0, 1, 6, 10])
def test_each_dimension_has_one_point_in_each_interval(m: int, seed: int) -> None:
    levels = point_levels(made(Design(INPUTS, 1, m, seed)), 0, 1 << m)
    intervals = np.sort((levels * (1 << m)).astype(np.int64), axis=0)
    np.testing.assert_array_equal(intervals, np.tile(np.arange(1 << m)[:, None], 2 * INPUTS))


def test_each_aligned_run_of_points_is_a_net() -> None:
    points = made(Design(INPUTS, 1, 10, 3))
    for first in range(0, 1024, 64):
        intervals = np.sort((point_levels(points, first, 64) * 64).astype(np.int64), axis=0)
        np.testing.assert_array_equal(intervals, np.tile(np.arange(64)[:, None], 2 * INPUTS))


def quality(levels: np.ndarray, m: int) -> int:
    """Least t for which 2**m points in two dimensions are a (t, m, 2)-net in base 2."""

    def even(t: int) -> bool:
        boxes = [
            np.bincount((levels[:, 0] * (1 << k)).astype(int) << (m - t - k) | (levels[:, 1] * (1 << (m - t - k))).astype(int),
                        minlength=1 << (m - t))
            for k in range(m - t + 1)
        ]  # fmt: skip
        return all((count == 1 << t).all() for count in boxes)

    return next(t for t in range(m + 1) if even(t))


def test_scrambling_keeps_the_quality_of_pairs_of_dimensions() -> None:
    """A linear scramble with a digital shift keeps t exactly (Matoušek 1998), for good and bad pairs alike."""
    m, leading = 8, 10
    plain = point_levels(unscrambled(direction_numbers(leading)), 0, 1 << m)
    scrambled = point_levels(made(Design(leading, 1, m, 5), pairs=False), 0, 1 << m)
    pairs = list(combinations(range(leading), 2))
    expected = [quality(plain[:, pair], m) for pair in pairs]
    assert [quality(scrambled[:, pair], m) for pair in pairs] == expected
    assert expected[0] == 0  # the first two dimensions are a (0, m, 2)-net
    assert len(set(expected)) > 1  # else the test would not tell pairs apart


def test_a_scramble_is_a_product_with_lower_triangular_matrices() -> None:
    """Against the product of matrices over GF(2), row 0 the leading digit."""
    random = np.random.default_rng(1)
    words = random.integers(0, 2**BITS, size=(5, BITS), dtype=np.uint64).astype(np.uint32)
    directions = direction_numbers(5)
    shifts = np.arange(BITS - 1, -1, -1, dtype=np.uint32)
    for words_of, columns, result in zip(words, directions, scramble(directions, words), strict=True):
        matrix = np.tril((words_of[:, None] >> shifts) & 1, -1) + np.eye(BITS, dtype=np.uint32)
        product = matrix @ ((columns >> shifts[:, None]) & 1) % 2
        np.testing.assert_array_equal((result >> shifts[:, None]) & 1, product)


# Blocks


@pytest.mark.parametrize("block_bits", [0, 3, 8])
def test_block_base_and_pattern_give_the_points(block_bits: int) -> None:
    design = Design(7, 1, 8, 11)
    points = made(design, block_bits=block_bits)
    size = 1 << block_bits
    assert points.pattern.shape == (14, size)
    levels = digits_of(point_levels(points, 0, 256))
    for block in range(256 >> block_bits):
        for row in range(14):
            base = block_base(points.generators[row], points.shift[row], block, block_bits)
            expected = levels[block * size : (block + 1) * size, row]
            np.testing.assert_array_equal(np.uint32(base) ^ points.pattern[row], expected)


# The contract of every method: bounds, fast-forward, independence of what else is drawn, seeds, replicates


@pytest.mark.parametrize("method", METHODS)
class TestContract:
    def levels(self, method: str, replicate: int = 0, seed: int = 42, first: int = 0, points: int = 1024) -> np.ndarray:
        return point_levels(made(Design(20, 4, 10, seed, method), replicate), first, points)

    def test_levels_lie_strictly_inside(self, method: str) -> None:
        levels = self.levels(method)
        assert levels.shape == (1024, 40)
        assert levels.min() >= 0.5 * 2.0**-BITS
        assert levels.max() <= 1 - 0.5 * 2.0**-BITS

    def test_no_points(self, method: str) -> None:
        assert self.levels(method, points=0).shape == (0, 40)

    @pytest.mark.parametrize("first", [1, 512, 777])
    def test_fast_forward_gives_the_tail_of_the_whole(self, method: str, first: int) -> None:
        tail = self.levels(method, first=first, points=1024 - first)
        np.testing.assert_array_equal(tail, self.levels(method)[first:])

    def test_deterministic(self, method: str) -> None:
        np.testing.assert_array_equal(self.levels(method), self.levels(method))

    def test_more_points_begin_with_the_same(self, method: str) -> None:
        """A finished replicate can be extended."""
        small, large = (point_levels(made(Design(20, 4, m, 42, method)), 0, 1024) for m in (10, 14))
        np.testing.assert_array_equal(small, large)

    def test_replicates_differ_in_every_dimension(self, method: str) -> None:
        first = np.array([self.levels(method, replicate) for replicate in range(4)])
        assert all((first[i] != first[j]).any(axis=0).all() for i, j in combinations(range(4), 2))

    def test_seeds_differ_and_zero_is_a_seed(self, method: str) -> None:
        zero, one, again = (self.levels(method, seed=seed) for seed in (0, 1, 0))
        np.testing.assert_array_equal(zero, again)
        assert (zero != one).any(axis=0).all()

    def test_no_replicate_is_one_of_another_seed(self, method: str) -> None:
        """numpy pads entropy with zeros: seed 5 in replicate 3 must not be seed 5 + 3 * 2**32 in replicate 0."""
        ours, other = self.levels(method, replicate=3, seed=5), self.levels(method, replicate=0, seed=5 + 3 * 2**32)
        assert (ours != other).any(axis=0).all()

    def test_points_do_not_depend_on_what_else_is_drawn(self, method: str) -> None:
        design = Design(20, 4, 10, 42, method)
        first_only = point_levels(made(design, pairs=False, block_bits=5), 0, 256)
        np.testing.assert_array_equal(first_only, self.levels(method, points=256)[:, :20])
        rows = point_levels(made(design), 0, 256, slice(7, 9))
        np.testing.assert_array_equal(rows, first_only[:, 7:9])


def test_the_first_point_is_uniform_over_replicates() -> None:
    """The digital shift makes every single point uniform. Chi-square over 16 intervals, 15 degrees of freedom; 50 would
    come up once in 80 000 seeds.
    """
    design, directions = Design(4, 1, 4, 1), direction_numbers(8)
    levels = np.concatenate(
        [point_levels(replicate_points(design, r, directions, pairs=True, block_bits=0), 0, 1)[0] for r in range(200)]
    )
    counts = np.bincount((levels * 16).astype(int), minlength=16)
    assert stats.chisquare(counts).statistic < 50


# Random streams


@pytest.fixture(scope="module")
def stream_digits() -> np.ndarray:
    design = Design(INPUTS, 1, 12, 2, "monte-carlo")
    return digits_of(point_levels(made(design), 0, 4096))


@pytest.mark.parametrize("shift", [24, 12, 0])
def test_random_digits_are_uniform(stream_digits: np.ndarray, shift: int) -> None:
    """Eight leading, middle and trailing bits of 4 096 numbers in 258 streams. The chi-square of 255 degrees of freedom
    over all streams together has the 1e-6 quantiles 157 and 378.
    """
    counts = np.bincount(((stream_digits >> np.uint64(shift)) & np.uint64(255)).ravel().astype(int), minlength=256)
    assert 157 < stats.chisquare(counts).statistic < 378


@pytest.mark.parametrize("lag", [0, 1])
def test_random_streams_are_not_correlated(stream_digits: np.ndarray, lag: int) -> None:
    """The largest of 66 564 correlations of 4 096 pairs exceeds 6 standard errors once in 10 000 seeds."""
    x = stream_digits / 2.0**BITS
    early, late = x[: len(x) - lag], x[lag:]
    correlation = np.corrcoef(early.T, late.T)[: x.shape[1], x.shape[1] :]
    if lag == 0:
        np.fill_diagonal(correlation, 0.0)
    assert np.abs(correlation).max() * np.sqrt(len(early)) < 6


def test_a_random_stream_in_pieces_is_the_stream() -> None:
    key, whole = np.uint64(0x1234_5678_9ABC_DEF0), np.empty(1000, dtype=np.uint32)
    random_digits(key, 0, whole)
    pieces = np.empty_like(whole)
    for first, stop in ((0, 1), (1, 400), (400, 1000)):
        random_digits(key, first, pieces[first:stop])
    np.testing.assert_array_equal(pieces, whole)


def test_a_random_stream_is_splitmix64() -> None:
    """Known first outputs of SplitMix64 with seed 1234567 (Vigna's reference code): counter 1 and following of our
    stream, because SplitMix64 adds its increment before the first output; the leading 32 bits of 64.
    """
    known = np.array([6457827717110365317, 3203168211198807973, 9817491932198370423], dtype=np.uint64)
    out = np.empty(3, dtype=np.uint32)
    random_digits(np.uint64(1234567), 1, out)
    np.testing.assert_array_equal(out, known >> np.uint64(32))


# Sizes and chunks


@given(st.integers(1, 2**40), st.integers(1, 1024))
def test_a_design_is_the_smallest_that_holds_the_points(points: int, replicates: int) -> None:
    design = design_for(3, points, replicates, 0, "sobol")
    assert design.points == replicates * 2**design.log2_points >= points
    assert design.log2_points == 0 or replicates * 2 ** (design.log2_points - 1) < points


@pytest.mark.parametrize("m", [0, 3, CHUNK_BITS, CHUNK_BITS + 2])
def test_chunks_cover_every_point_once_in_order(m: int) -> None:
    design = Design(3, 3, m, 0)
    runs = list(chunks(design))
    covered = [(run.replicate, run.first, run.first + run.points) for run in runs]
    assert covered == sorted(covered)
    for replicate in range(3):
        edges = [(first, stop) for r, first, stop in covered if r == replicate]
        assert edges[0][0] == 0
        assert edges[-1][1] == 1 << m
        assert all(stop == first for (_, stop), (first, _) in pairwise(edges))
    assert len({run.points for run in runs}) == 1
    assert runs[0].points <= 1 << CHUNK_BITS


def test_a_chunk_is_whole_blocks() -> None:
    assert module.BLOCK_BITS <= CHUNK_BITS
