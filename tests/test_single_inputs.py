"""The gradients that stand for the hybrids of all single inputs, against hybrids made as whole points.

Both sum products of about the size of the outputs' variance over the same pairs: they may differ by roundings, 1e-12 of the
sum of squares of the output.
"""

from __future__ import annotations

import doctest
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from conftest import CONFIGS, Prepared, pack_model, prepare, with_rows, with_tables

from simulator import load, simulation
from simulator import single_inputs as module
from simulator.design import Design
from simulator.inputs import fixed
from simulator.kernels.sharing import Shared, empty_shared, share_slopes
from simulator.kernels.sides import slope_row
from simulator.outputs import line_coefficients, scope_rows, table_weights
from simulator.packing import single_precision
from simulator.sampling import NonFiniteError, make_sampler
from simulator.sensitivity import single
from simulator.sensitivity.estimators import Sums, azzini
from simulator.sensitivity.exact import exact_indices, make_lines, output_means
from simulator.simulation import Bins, PickFrozen, pick_freeze
from simulator.single_inputs import SingleInputs, single_inputs
from simulator.stages import input_stages

BITS = 5
NOTHING_OR_ALL = 'inputs.technology={kind="discrete", values=[0.0, 1.0], probabilities=[0.5, 0.5]}'

OWN = [f'inputs.technology_own."{name}"={{kind="uniform", low=0.8, high=1.1}}' for name in ("Jurister", "Øvrige")]


@pytest.fixture(scope="module", params=["base", "independent", "technology may be nothing and differ", "five tables"])
def model(request: pytest.FixtureRequest, base: Prepared) -> Prepared:
    if request.param == "independent":
        return prepare(CONFIGS / "independent.toml")
    if request.param == "technology may be nothing and differ":
        return prepare(CONFIGS / "base.toml", [NOTHING_OR_ALL, *OWN])
    return pack_model(base.config, with_tables(base.evidence, 5)) if request.param == "five tables" else base


def arrays(model: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of the lines for each workforce table, and expected outputs (S, Y)."""
    scopes = with_rows(model, scope_rows(model.rows))
    weights = np.concatenate(list(table_weights(model.structure, scopes.rows, model.evidence)))
    centre = output_means(model.structure, model.moments, scopes.weights).T.copy()
    return line_coefficients(model.structure, weights), centre


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 32 pairs, so that few pairs fill several."""
    monkeypatch.setattr(simulation, "PAIR_BLOCK_BITS", BITS)
    monkeypatch.setattr(module, "BLOCK_BITS", BITS)


def both_ways(model: Prepared, design: Design) -> tuple[SingleInputs, PickFrozen]:
    coefficients, centre = arrays(model)
    alone = np.eye(len(model.inputs), dtype=bool)
    tails = np.stack([centre, centre], axis=-1)
    frozen = pick_freeze(design, model.sampler, model.structure, coefficients, alone, centre, tails)
    return single_inputs(design, model.sampler, model.structure, coefficients, centre), frozen


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("method", ["sobol", "monte-carlo"])
def test_sums_are_those_of_whole_points(model: Prepared, method: str) -> None:
    sums, frozen = both_ways(model, Design(len(model.inputs), 2, 7, 3, method))
    np.testing.assert_allclose(sums.pairs, frozen.pairs, rtol=1e-11, atol=1e-11 * frozen.pairs[..., 2].max())
    _, _, aa, bb, _ = (part[:, None] for part in np.moveaxis(frozen.pairs, -1, 0))
    allowed = 1e-12 * (aa + bb)[..., None] * np.ones_like(sums.differences)
    assert (np.abs(sums.differences - frozen.differences) <= allowed).all()
    live = ~model.sampler.tables.fixed
    moved = sums.differences[..., 0].max(axis=(0, 2, 3)) > 0
    np.testing.assert_array_equal(moved, live)  # every input that is not fixed moves an output in some year


@pytest.mark.usefixtures("small_blocks")
def test_sums_in_single_precision_are_those_in_double(model: Prepared) -> None:
    """No number is made by more than 64 operations that round by 2^-24; where an output is centred, its mean is rounded."""
    coefficients, centre = arrays(model)
    design, results = Design(len(model.inputs), 2, 8, 3), []
    for structure in (model.structure, single_precision(model.structure)):
        results.append(single_inputs(design, model.sampler, structure, coefficients, centre))
    double, single = results
    squares = double.pairs[..., 2] + double.pairs[..., 3]
    deviation = np.sqrt(squares / (2 << design.log2_points))
    allowed = 64 * 2.0**-24 * squares * (1 + np.abs(centre) / deviation)
    assert (np.abs(single.pairs - double.pairs)[..., 2:] <= allowed[..., None]).all()
    assert (np.abs(single.pairs - double.pairs)[..., :2] <= (allowed / deviation)[..., None]).all()
    away = np.abs(single.differences - double.differences)
    assert (away <= allowed[:, None, ..., None]).all()
    assert away.max() > 0  # or it was not single


def test_a_run_rounds_to_single_precision_unless_outputs_hardly_vary() -> None:
    model = load(CONFIGS / "base.toml", ["reconstruction.ensemble=false"])
    design, year = Design(len(model.inputs), 1, 5, 3), slice(-1, None)
    narrow = SimpleNamespace(rows=model.rows, structure=model.structure, sampler=model.sampler)
    narrow.scope_coefficients = model.scope_coefficients
    centre = model.bins.centre[year, scope_rows(model.rows), 0].T.copy()
    structure = model.structure._replace(years=model.structure.years[year], year_path=model.structure.year_path[year])
    for share, expected in ((1.0, single_precision(structure)), (1e-3, structure)):
        narrow.bins = Bins(model.bins.centre, model.bins.width * share)
        (found,) = input_stages(cast(Any, narrow), design, workers=1)
        same = single_inputs(design, model.sampler, expected, model.scope_coefficients, centre)
        np.testing.assert_array_equal(found.differences, same.differences)


def test_indices_from_differences_are_those_from_products() -> None:
    a, b, ab, ba = np.random.default_rng(5).normal(size=(4, 3, 200))
    pairs = np.stack([part.sum(axis=1) for part in (a, b, a * a, b * b, a * b)], axis=-1)
    changes = ((ab - a) ** 2, (ba - b) ** 2, (ab - a) * (ba - b), (b - a) * ((ba - b) - (ab - a)))
    differences = np.stack([part.sum(axis=1) for part in changes], axis=-1)
    products = (a, b, ab, ba, a * a, b * b, ab * ab, ba * ba, a * b, a * ab, b * ab, a * ba, b * ba, ab * ba)
    expected = azzini(Sums(200.0, *(part.sum(axis=1) for part in products)))
    for mine, theirs in zip(single.azzini_of_differences(pairs, differences[None]), expected, strict=True):
        np.testing.assert_allclose(mine[0], theirs, rtol=1e-12, atol=1e-13)


def test_table_comes_to_the_closed_form(base: Prepared) -> None:
    """2^14 pairs in 16 replicates; 7 standard errors, as in test_exact."""
    coefficients, centre = arrays(base)
    sums = single_inputs(Design(len(base.inputs), 16, 10, 5), base.sampler, base.structure, coefficients, centre)
    scopes = with_rows(base, scope_rows(base.rows))
    lines = make_lines(base.structure, base.moments, scopes.weights)
    variance, first, total = exact_indices(base.structure, base.moments, lines, np.eye(len(base.inputs), dtype=bool))
    exact = (variance.T, first.transpose(0, 2, 1), total.transpose(0, 2, 1))
    table = single.single_table(sums, exact, base.names, scopes.rows, base.years)
    assert table.sizes == {"output": 8 * len(base.years), "input": len(base.inputs), "ci_bound": 2}
    for name in ("first_order", "total_order"):
        interval = table[f"{name}_ci"].values
        error = (interval[..., 1] - interval[..., 0]) / 2 / 2.131  # t with 15 degrees of freedom
        away = np.abs(table[name] - table[f"{name}_exact"]).values
        assert (away <= 7 * error + 1e-6).all()
    output = table.sel(output="freed_fte administration 2040")
    assert float(output.total_order.sel(input="technology")) > 0.3
    assert float(output.total_order.sel(input="speed")) == 0
    still = [name for name, fixed in zip(base.names, base.sampler.tables.fixed, strict=True) if fixed]
    assert (table[["first_order", "total_order"]].sel(input=still).to_array() == 0).all()


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_bits_do_not_depend_on_threads(base: Prepared, workers: int, rounded: bool) -> None:
    coefficients, centre = arrays(base)
    design = Design(len(base.inputs), 3, 9, 6)
    structure = single_precision(base.structure) if rounded else base.structure
    results = [single_inputs(design, base.sampler, structure, coefficients, centre, n) for n in (1, workers)]
    np.testing.assert_array_equal(results[0].differences, results[1].differences)
    np.testing.assert_array_equal(results[0].pairs, results[1].pairs)


@pytest.mark.parametrize("drivers", [1, 3, 4, 6])
def test_any_number_of_drivers(drivers: int) -> None:
    """Four, the usual number, go a way of their own."""
    random = np.random.default_rng(3)
    weights, deviation, factor = random.random(2 + drivers), random.random((2 * drivers, 33)), random.random(33)
    for side in range(2):
        slope = np.empty(33)
        slope_row(weights, 0.4, deviation, side, factor, slope)
        expected = factor * (weights[0] + 0.4 * (weights[1] + weights[2:] @ deviation[side::2]))
        np.testing.assert_allclose(slope, expected, rtol=1e-13)


def shared_slopes(model: Prepared, weights: tuple[np.ndarray, np.ndarray]) -> Shared:
    shared = empty_shared(model.structure, len(weights[0]))
    share_slopes(weights, model.structure, shared)
    return shared


def test_outputs_share_slopes_in_proportion_only(model: Prepared) -> None:
    coefficients, _ = arrays(model)
    weights = coefficients[[0, -1]]
    x, counted = shared_slopes(model, (weights[0], weights[1])), (weights != 0).any(axis=(0, 2))
    np.testing.assert_array_equal(x.counted, counted.sum(axis=1))
    for scope, of_scope in enumerate(counted):
        number = x.counted[scope]
        np.testing.assert_array_equal(x.category[scope, :number], np.flatnonzero(of_scope))
        for place, c in enumerate(np.flatnonzero(of_scope)):
            row, scale = x.row[scope, place], x.scale[scope, place]
            assert x.first_row[c] <= row < x.first_row[c + 1]
            np.testing.assert_array_equal(x.row_weight[:, row], weights[:, x.scope[row], :, c])
            np.testing.assert_array_equal(x.weight[:, scope, :, place], weights[:, scope, :, c])
            np.testing.assert_allclose(weights[:, scope, :, c], scale * x.row_weight[:, row], rtol=1e-11)
    rows = np.diff(x.first_row)
    assert rows[-1] > 4  # wages of `Øvrige` are those of the area
    assert rows[:-1].max() <= 4  # elsewhere wages are FTE times a price
    assert rows.sum() < counted.sum() / 2


def test_couples_hold_each_scope_of_a_row_once(model: Prepared) -> None:
    coefficients, _ = arrays(model)
    x = shared_slopes(model, (coefficients[0], coefficients[-1]))
    couples = x.first_couple[-1]
    members = {
        (int(row), int(scope), float(scale))
        for row, scopes, scales in zip(x.couple_row[:couples], x.couple_scope, x.couple_scale, strict=False)
        for scope, scale in zip(scopes, scales, strict=True)
    }
    expected = {
        (int(x.row[scope, place]), scope, float(x.scale[scope, place]))
        for scope, number in enumerate(x.counted)
        for place in range(number)
    }
    assert members == expected
    alone = (x.couple_scope[:couples, 0] == x.couple_scope[:couples, 1]).sum()
    assert 2 * couples - alone == len(expected)
    of_rows = np.searchsorted(x.first_row, x.couple_row[:couples], side="right") - 1
    np.testing.assert_array_equal(of_rows, np.repeat(np.arange(len(x.first_row) - 1), np.diff(x.first_couple)))


def test_weights_that_are_not_finite_share_no_slope(base: Prepared) -> None:
    coefficients, _ = arrays(base)
    broken, scope, c = coefficients[0].copy(), 4, 2  # total wages
    broken[scope, 3, c] = np.nan
    for weights, alone in ((coefficients[0], False), (broken, True)):
        x = shared_slopes(base, (coefficients[0], weights))
        place = x.category[scope, : x.counted[scope]].tolist().index(c)
        assert (x.scope[x.row[scope, place]] == scope) == alone


def test_what_is_not_finite_is_named(base: Prepared) -> None:
    """One value in many: a level at which the quantile function of one input has no number."""
    coefficients, centre = arrays(base)
    broken = coefficients.copy()
    broken[0, 3, 1, 2] = np.nan
    design = Design(len(base.inputs), 2, 6, 6)
    with pytest.raises(NonFiniteError, match="replicate 0, futures 0 to 63"):
        single_inputs(design, base.sampler, base.structure, broken, centre)


def test_an_output_that_does_not_vary_has_no_indices(base: Prepared) -> None:
    still = [fixed(float(value)) for value in base.moments.mean]
    model = replace(base, sampler=make_sampler(still))
    coefficients, centre = arrays(base)
    sums = single_inputs(Design(len(base.inputs), 2, 4, 6), model.sampler, base.structure, coefficients, centre)
    nothing = np.zeros((len(base.inputs), *centre.shape))
    table = single.single_table(
        sums, (nothing[0], nothing, nothing), base.names, with_rows(base, scope_rows(base.rows)).rows, base.years
    )
    assert all(np.isnan(values).all() for values in table.data_vars.values())


def test_examples() -> None:
    assert doctest.testmod(single, extraglobs={"np": np}).failed == 0
