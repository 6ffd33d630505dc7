"""The Gaussian copula against closed forms, and what is said of a dependence that cannot be."""

from __future__ import annotations

import math
import tomllib
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import spearmanr

from simulator.dependence import (
    Copula,
    conditional,
    correlate,
    gaussian_correlation,
    groups_split,
    nearest_correlation,
    read_dependence,
    require_whole,
    restricted,
    without,
)
from simulator.dependence.parse import LEAST_EIGENVALUE
from simulator.errors import InputError

PLACE = "x.toml, key 'dependence'"
NAMES = ("a", "b", "c", "theme.tale", "theme.drift", "phase_in.Læger", "phase_in.IT")
SMALLEST = 2.0**-33  # level of a point of a 32-bit net
CERTAIN = 1e-9  # probability that a right sample misses a bound below


def read(*entries: dict[str, Any], names: tuple[str, ...] = NAMES) -> Copula:
    return read_dependence(entries, names, PLACE)


def entry(inputs: list[str], rank: Any) -> dict[str, Any]:
    return {"inputs": inputs, "rank_correlation": rank}


def random_levels(n: int, inputs: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=(n, inputs))


@st.composite
def copulas(draw: st.DrawFn, most: int = 6) -> Copula:
    """A block of inputs with correlations from a few common factors, beside inputs that are independent."""
    size = draw(st.integers(2, most))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    loading = random.normal(size=(size, 2))
    ranks = loading @ loading.T + np.diag(random.uniform(0.2, 2.0, size))
    ranks /= np.sqrt(np.outer(np.diag(ranks), np.diag(ranks)))
    ranks = np.round(ranks, 3)
    np.fill_diagonal(ranks, 1)
    places = np.sort(random.permutation(size + 2)[:size])
    names = tuple(f"x{i}" for i in range(size + 2))
    return read(entry([names[i] for i in places], ranks.tolist()), names=names)


# Reading


def test_one_number_is_for_all_pairs() -> None:
    copula = read(entry(["c", "a", "b"], 0.6))
    assert [block.inputs for block in copula.blocks] == [(0, 1, 2)]
    off = copula.blocks[0].correlation[~np.eye(3, dtype=bool)]
    np.testing.assert_allclose(off, 2 * math.sin(math.pi * 0.6 / 6))
    assert copula.names == NAMES


def test_a_matrix_is_in_the_order_of_its_names() -> None:
    copula = read(entry(["c", "a", "b"], [[1, 0.6, 0.2], [0.6, 1, 0.3], [0.2, 0.3, 1]]))
    wanted = gaussian_correlation(np.array([[1, 0.3, 0.6], [0.3, 1, 0.2], [0.6, 0.2, 1]]))
    np.testing.assert_allclose(copula.blocks[0].correlation, wanted, atol=1e-15)


def test_the_factor_is_of_the_correlation() -> None:
    block = read(entry(["a", "b", "c"], 0.5)).blocks[0]
    np.testing.assert_allclose(block.factor @ block.factor.T, block.correlation, atol=1e-15)
    assert (np.triu(block.factor, 1) == 0).all()


def test_a_star_is_one_part_of_a_name() -> None:
    copula = read(entry(["theme.*", "a"], 0.4))
    assert copula.dependent == (0, 3, 4)
    copula = read(entry(["theme.*"], 0.4), entry(["phase_in.*"], -0.4))
    assert [block.inputs for block in copula.blocks] == [(3, 4), (5, 6)]


def test_entries_may_meet_in_one_block() -> None:
    copula = read(entry(["a", "b"], 0.5), entry(["b", "c"], 0.2), entry(["theme.*"], 0.1))
    assert [block.inputs for block in copula.blocks] == [(0, 1, 2), (3, 4)]
    assert copula.blocks[0].correlation[0, 2] == 0.0  # not stated: uncorrelated


def test_the_same_statement_twice_is_none_too_many() -> None:
    assert read(entry(["a", "b"], 0.5), entry(["b", "a", "c"], 0.5)).dependent == (0, 1, 2)


def test_nothing_stated_and_zero_are_independence() -> None:
    assert read().blocks == ()
    assert read(entry(["a", "b"], 0)).blocks == ()


def test_a_source_may_stand_beside() -> None:
    assert read({**entry(["a", "b"], 0.5), "source": "Figure 1", "note": "judged"}).dependent == (0, 1)


BAD: list[tuple[Any, str, str, str]] = [
    ("inputs", "entry 1", "is not a table", "[[dependence]]"),
    ({"inputs": ["a", "b"]}, "entry 1, key 'rank_correlation'", "is missing", "Add it"),
    ({"rank_correlation": 0.5}, "entry 1, key 'inputs'", "is missing", "Add it"),
    ({**entry(["a", "b"], 0.5), "rank": 1}, "entry 1, key 'rank'", "unknown key", "'rank_correlation'"),
    (entry("a", 0.5), "entry 1, key 'inputs'", "is not a list", '["a", "b"]'),  # type: ignore[arg-type]
    (entry(["a", 3], 0.5), "entry 1, key 'inputs'", "is not a list", '["a", "b"]'),  # type: ignore[list-item]
    (entry(["a"], 0.5), "entry 1, key 'inputs'", "1 input", "two or more"),
    (entry(["a", "a"], 0.5), "entry 1, key 'inputs'", "'a' stands there twice", "once"),
    (entry(["theme.*", "theme.tale"], 0.5), "entry 1, key 'inputs'", "'theme.tale' stands there twice", "once"),
    (entry(["a", "theme.tal"], 0.5), "entry 1, key 'inputs'", "no input 'theme.tal'", "'theme.tale'"),
    (entry(["a", "*.*.*"], 0.5), "entry 1, key 'inputs'", "no input '*.*.*'", "Known are"),
    (entry(["a", "b"], 1.5), "entry 1, key 'rank_correlation'", "1.5 is not", "-1 to 1"),
    (entry(["a", "b"], math.nan), "entry 1, key 'rank_correlation'", "nan is not", "-1 to 1"),
    (entry(["a", "b"], "high"), "entry 1, key 'rank_correlation'", "'high' is not", "-1 to 1"),
    (entry(["a", "b"], True), "entry 1, key 'rank_correlation'", "True is not", "-1 to 1"),
    (entry(["a", "b"], [[1, 0.5]]), "entry 1, key 'rank_correlation'", "2 rows of 2", "a row for each"),
    (entry(["a", "b"], [[1, 0.5], [0.5]]), "entry 1, key 'rank_correlation'", "2 rows of 2", "a row for each"),
    (entry(["a", "b"], [1, 0.5]), "entry 1, key 'rank_correlation'", "2 rows of 2", "a row for each"),
    (entry(["theme.*"], [[1, 0.5], [0.5, 1]]), "entry 1, key 'rank_correlation'", "with *", "Name each"),
    (entry(["a", "b"], [[1, 2], [2, 1]]), "row 'a', column 'b'", "2 is not", "-1 to 1"),
    (
        entry(["a", "b"], [[1, 0.5], [0.4, 1]]),
        "row 'a', column 'b'",
        "0.5, where the other way round stands 0.4",
        "symm",
    ),
    (entry(["a", "b"], [[1, 0.5], [0.5, 0.9]]), "row 'b', column 'b'", "0.9 on the diagonal", "Write 1"),
    (entry(["a", "b"], 1), "entry 1", "cannot hold together", "rank_correlation = 0.99"),
    (entry(["a", "b", "c"], -0.9), "entry 1", "cannot hold together", "rank_correlation = -0.4"),
]


@pytest.mark.parametrize(("bad", "place", "problem", "remedy"), BAD, ids=[f"{i} {one[2]}" for i, one in enumerate(BAD)])
def test_what_cannot_be_used_is_named(bad: Any, place: str, problem: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        read(bad)
    assert caught.value.place.startswith(PLACE)
    assert place in caught.value.place
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


def test_a_contradiction_names_both_entries() -> None:
    with pytest.raises(InputError) as caught:
        read(entry(["a", "b"], 0.5), entry(["theme.*"], 0.1), entry(["c", "b", "a"], 0.25))
    assert caught.value.place == f"{PLACE}, entry 3"
    assert caught.value.problem == "'a' and 'b' have 0.25 here and 0.5 in entry 1"


def test_entries_that_cannot_hold_together_are_named() -> None:
    with pytest.raises(InputError) as caught:
        read(entry(["theme.*"], 0.1), entry(["a", "b"], 0.9), entry(["b", "c"], 0.9))
    assert caught.value.place == f"{PLACE}, entries 2 and 3"


@given(st.integers(0, 2**32), st.integers(2, 12), st.floats(0.2, 1.0))
@example(0, 2, 1.0)
def test_the_nearest_that_can_hold_may_be_copied_back(seed: int, size: int, reach: float) -> None:
    ranks = np.triu(np.random.default_rng(seed).uniform(-reach, reach, (size, size)), 1)
    ranks = np.eye(size) + ranks + ranks.T if size > 2 else np.array([[1.0, -1.0], [-1.0, 1.0]])
    names = tuple(f"x {i}" for i in range(size))
    possible = np.linalg.eigvalsh(gaussian_correlation(ranks))[0] >= LEAST_EIGENVALUE
    try:
        copula = read(entry(list(names), ranks.tolist()), names=names)
    except InputError as error:
        assert not possible
        offered = error.remedy.partition(": ")[2].rstrip(".").replace(", rank_correlation", "\nrank_correlation")
        copula = read(tomllib.loads(offered), names=names)
        stated = tomllib.loads(offered)["rank_correlation"]
        stated = np.array(stated) if isinstance(stated, list) else np.where(np.eye(size) == 1, 1, stated)
        # No farther than the nearest, but for its last decimals.
        nearest = nearest_correlation(gaussian_correlation(ranks))
        distance = np.linalg.norm(gaussian_correlation(stated) - gaussian_correlation(ranks))
        slack = 1.2 * size**1.5 * 10.0 ** -(2 + len(str(size)))
        assert distance <= np.linalg.norm(nearest - gaussian_correlation(ranks)) + slack
    else:
        assert possible
    assert np.linalg.eigvalsh(copula.blocks[0].correlation)[0] >= LEAST_EIGENVALUE


def test_nearest_correlation_of_higham() -> None:
    """Higham (2002), section 4: the answer is printed to four decimals."""
    near = nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))
    np.testing.assert_allclose(near[[0, 0, 1], [1, 2, 2]], [0.7607, 0.1573, 0.7607], atol=5e-5)


@pytest.mark.parametrize("least", [0.0, 0.05])
def test_nearest_correlation_against_a_solver(least: float) -> None:
    import cvxpy

    random = np.random.default_rng(5)
    matrix = np.triu(random.uniform(-1, 1, (6, 6)), 1)
    matrix += matrix.T + np.eye(6)
    variable = cvxpy.Variable((6, 6), symmetric=True)
    constraints = [cvxpy.diag(variable) == 1, variable - least * np.eye(6) >> 0]
    cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(variable - matrix)), constraints).solve(solver=cvxpy.CLARABEL)
    np.testing.assert_allclose(nearest_correlation(matrix, least), variable.value, atol=1e-5)


def test_nearest_correlation_leaves_one_that_is_valid() -> None:
    matrix = read(entry(["a", "b", "c"], 0.5)).blocks[0].correlation
    np.testing.assert_allclose(nearest_correlation(matrix, 0.01), matrix, atol=1e-12)


def test_nearest_correlation_is_valid_where_the_projections_end_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.dependence.parse.MOST_PROJECTIONS", 1)
    near = nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]), 0.01)
    assert np.linalg.eigvalsh(near)[0] == pytest.approx(0.01, rel=1e-9)
    np.testing.assert_array_equal(np.diag(near), 1.0)


# Drawing


@given(copulas(), st.integers(0, 2**32))
def test_draws_have_the_stated_rank_correlation_and_stay_uniform(copula: Copula, seed: int) -> None:
    n = 4096
    levels = correlate(random_levels(n, len(copula.names), seed), copula)
    inside = list(copula.blocks[0].inputs)
    found = np.atleast_2d(spearmanr(levels[:, inside]).statistic)
    found = np.array([[1, found[0, 0]], [found[0, 0], 1]]) if len(inside) == 2 else found
    wanted = 6 / math.pi * np.arcsin(copula.blocks[0].correlation / 2)
    # Its standard deviation is at most 1.1 / sqrt(n), where there is no correlation; 7 of them.
    np.testing.assert_allclose(found, wanted, atol=7.7 / math.sqrt(n))
    # Dvoretzky, Kiefer & Wolfowitz, with Massart's constant.
    bound = math.sqrt(math.log(2 / CERTAIN) / (2 * n)) + 1 / n
    expected = (np.arange(n) + 0.5) / n
    assert np.abs(np.sort(levels, axis=0) - expected[:, None]).max() < bound


@given(copulas(), st.integers(0, 2**32))
def test_what_keeps_its_level_keeps_its_bits(copula: Copula, seed: int) -> None:
    levels = random_levels(9, len(copula.names), seed)
    before = levels.copy()
    joined = correlate(levels, copula)
    inside = copula.blocks[0].inputs
    kept = [i for i in range(len(copula.names)) if i not in inside[1:]]
    np.testing.assert_array_equal(levels, before)
    np.testing.assert_array_equal(joined[:, kept], levels[:, kept])
    assert (joined[:, inside[1:]] != levels[:, inside[1:]]).all()
    np.testing.assert_array_equal(correlate(levels[4:6], copula), joined[4:6])


def test_the_middle_stays_in_the_middle() -> None:
    np.testing.assert_array_equal(correlate(np.full((1, 7), 0.5), read(entry(["a", "b", "c"], 0.7))), 0.5)


@pytest.mark.parametrize("levels", [(SMALLEST, SMALLEST), (SMALLEST, 0.3), (0.9, SMALLEST), (SMALLEST, 1 - SMALLEST)])
@pytest.mark.parametrize("rank", [0.6, -0.6, 0.999])
def test_tails_are_accurate(levels: tuple[float, float], rank: float) -> None:
    """Against the error function of the standard library, as a part of the smaller tail."""
    joined = correlate(np.array([levels]), read(entry(["a", "b"], rank), names=("a", "b")))[0, 1]
    correlation = 2 * math.sin(math.pi * rank / 6)
    scores = [NormalDist().inv_cdf(level) if level < 0.9 else -NormalDist().inv_cdf(1 - level) for level in levels]
    score = correlation * scores[0] + math.sqrt(1 - correlation**2) * scores[1]
    lower, upper = (math.erfc(side * score / math.sqrt(2)) / 2 for side in (-1, 1))
    if lower < upper:
        assert joined == pytest.approx(lower, rel=1e-11)
    else:  # a level near 1 is rounded to a multiple of 2**-53
        assert 1 - joined == pytest.approx(upper, rel=1e-11, abs=2.0**-53)


def test_levels_never_reach_0_or_1() -> None:
    copula = read(entry([f"x{i}" for i in range(40)], 0.9), names=tuple(f"x{i}" for i in range(40)))
    for level in (SMALLEST, 1 - SMALLEST):
        joined = correlate(np.full((1, 40), level), copula)
        assert (joined > 0).all()
        assert (joined < 1).all()
        assert ((joined < 1e-12) | (joined > 1 - 1e-12)).any()  # far beyond what goes in


@pytest.mark.parametrize("level", [0.0, 1.0, math.nan, -0.1])
def test_levels_that_have_no_score_are_refused(level: float) -> None:
    levels = np.full((3, 7), 0.5)
    levels[1, 1] = level
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        correlate(levels, read(entry(["a", "b"], 0.5)))
    joined = correlate(levels, read(entry(["a", "c"], 0.5)))  # not joined: not looked at
    np.testing.assert_array_equal(joined[:, 1], levels[:, 1])


def test_wrong_shapes_are_refused() -> None:
    copula = read(entry(["a", "b"], 0.5))
    with pytest.raises(ValueError, match=r"shape \(3, 6\) and \(3, 6\); 7 inputs make it \(n, 7\)"):
        correlate(np.full((3, 6), 0.5), copula)
    with pytest.raises(ValueError, match="shape"):
        conditional(np.full((3, 7), 0.5), [0], np.full((2, 7), 0.5), copula)


# Conditional draws


@given(copulas(), st.integers(0, 2**32), st.data())
def test_conditional_draws_have_the_mean_and_variance_of_the_closed_form(
    copula: Copula, seed: int, data: st.DataObject
) -> None:
    n, block = 4096, copula.blocks[0]
    chosen = sorted(data.draw(st.sets(st.sampled_from(block.inputs), min_size=1, max_size=len(block.inputs) - 1)))
    at = np.isin(block.inputs, chosen)
    levels = np.tile(correlate(random_levels(1, len(copula.names), seed), copula), (n, 1))
    drawn = conditional(levels, chosen, random_levels(n, len(copula.names), seed + 1), copula)
    np.testing.assert_array_equal(drawn[:, chosen], levels[:, chosen])
    cross, inverse = block.correlation[np.ix_(~at, at)], np.linalg.inv(block.correlation[np.ix_(at, at)])
    mean = cross @ inverse @ ndtri(levels[0, chosen])
    covariance = block.correlation[np.ix_(~at, ~at)] - cross @ inverse @ cross.T
    scores = ndtri(drawn[:, np.array(block.inputs)[~at]])
    deviation = np.sqrt(np.diag(covariance))
    assert (np.abs(scores.mean(axis=0) - mean) < 7 * deviation / math.sqrt(n)).all()
    found = np.cov(scores.T).reshape(covariance.shape)
    # The variance of a covariance of normal scores is at most 2 s² t² / n.
    assert (np.abs(found - covariance) < 7 * math.sqrt(2 / n) * np.outer(deviation, deviation)).all()


@given(copulas(), st.integers(0, 2**32), st.data())
def test_given_and_drawn_together_are_a_draw(copula: Copula, seed: int, data: st.DataObject) -> None:
    """And given what they share, the two draws have nothing more in common."""
    n, block = 4096, copula.blocks[0]
    chosen = sorted(data.draw(st.sets(st.sampled_from(block.inputs), max_size=len(block.inputs) - 1)))
    at = np.isin(block.inputs, chosen)
    levels = correlate(random_levels(n, len(copula.names), seed), copula)
    drawn = conditional(levels, chosen, random_levels(n, len(copula.names), seed + 1), copula)
    first, second = (ndtri(one[:, list(block.inputs)]) for one in (levels, drawn))
    tolerance = 7 * math.sqrt(2 / n)
    np.testing.assert_allclose(second.T @ second / n, block.correlation, atol=tolerance)
    cross = block.correlation[np.ix_(~at, at)]
    shared = cross @ np.linalg.solve(block.correlation[np.ix_(at, at)], cross.T)
    np.testing.assert_allclose(first[:, ~at].T @ second[:, ~at] / n, shared, atol=tolerance)


def test_nothing_given_is_a_fresh_draw_and_all_given_none() -> None:
    copula = read(entry(["a", "b", "c"], 0.6), entry(["theme.*"], 0.2))
    levels, fresh = correlate(random_levels(5, 7, 1), copula), random_levels(5, 7, 2)
    np.testing.assert_array_equal(conditional(levels, [], fresh, copula), correlate(fresh, copula))
    np.testing.assert_array_equal(conditional(levels, range(7), fresh, copula), levels)
    drawn = conditional(levels, [0, 1, 2, 6], fresh, copula)
    np.testing.assert_array_equal(drawn[:, [0, 1, 2, 6]], levels[:, [0, 1, 2, 6]])
    np.testing.assert_array_equal(drawn[:, [3, 4, 5]], correlate(fresh, copula)[:, [3, 4, 5]])


# Parts of a copula


def test_an_input_taken_out_may_part_a_block() -> None:
    copula = read(entry(["a", "b"], 0.5), entry(["b", "c"], 0.2), entry(["theme.*"], 0.1))
    assert [block.inputs for block in without(copula, [1]).blocks] == [(3, 4)]
    left = without(copula, [2])
    assert [block.inputs for block in left.blocks] == [(0, 1), (3, 4)]
    assert left.names == NAMES
    np.testing.assert_array_equal(left.blocks[0].correlation, copula.blocks[0].correlation[:2, :2])


@given(copulas(), st.randoms())
def test_a_restricted_copula_draws_the_same_joint_distribution(copula: Copula, random: Any) -> None:
    order = list(range(len(copula.names)))
    random.shuffle(order)
    part = restricted(copula, order)
    assert part.names == tuple(copula.names[i] for i in order)
    whole, back = (np.eye(len(order)) for _ in range(2))
    for matrix, one, places in ((whole, copula, np.arange(len(order))), (back, part, np.array(order))):
        for block in one.blocks:
            at = places[list(block.inputs)]
            matrix[np.ix_(at, at)] = block.correlation
            assert list(block.inputs) == sorted(block.inputs)
    np.testing.assert_array_equal(whole, back)
    assert restricted(copula, [i for i in order if i not in copula.blocks[0].inputs[1:]]).blocks == ()


def test_groups_that_cut_a_block_are_found_and_refused() -> None:
    copula = read(entry(["a", "b", "c"], 0.6), entry(["theme.*"], 0.2))
    members = np.zeros((4, 7), dtype=bool)
    members[0, [0, 1, 2, 5]] = members[1, [3]] = members[2, [4]] = members[3, [6]] = True
    np.testing.assert_array_equal(
        groups_split(copula, members), [[False, False], [False, True], [False, True], [False, False]]
    )
    assert groups_split(read(), members).shape == (4, 0)
    with pytest.raises(InputError) as caught:
        require_whole(copula, members, ["x", "y", "z", "w"], "x.toml, key 'groups'")
    assert caught.value.place == "x.toml, key 'groups', group 'y'"
    assert "theme.tale without theme.drift" in caught.value.problem
    assert "Shapley" in caught.value.remedy
    require_whole(copula, members[[0, 3]], ["x", "w"], "x.toml, key 'groups'")
