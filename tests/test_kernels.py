"""The kernels against the readable formula, `simulator.potential.evaluate`.

Tolerances. Both compute in float64: at the same values of the inputs they differ by some hundred roundings, 1e-13; 1e-11 is
allowed. Sums over n futures may be added in any order: 1e-9 of n deviations.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import CONFIGS, Prepared, pack_model, prepare, with_rows, with_tables

from simulator import simulation
from simulator.design import (
    BLOCK_BITS,
    Design,
    block_bits,
    block_tables,
    direction_numbers,
    point_levels,
    replicate_points,
)
from simulator.distributions import bounds, quantile
from simulator.kernels.amounts import all_rows
from simulator.kernels.compiling import kernel
from simulator.kernels.propagation import all_terms, category_sums, invert_bases
from simulator.kernels.quantiles import tabulated_at_levels
from simulator.kernels.rows import add_affine_product, add_rows, affine
from simulator.kernels.sums import add_outputs
from simulator.kernels.terms import adoption, all_paths, driver_deviation
from simulator.outputs import base_places, line_coefficients, scope_rows, table_weights
from simulator.phase_in import logistic_path
from simulator.sensitivity.exact import output_means, output_products
from simulator.sensitivity.single import azzini_of_differences
from simulator.simulation import BINS, Bins, PickFrozen, make_bins, pick_freeze, propagate

STEPPED = (
    'inputs.technology={kind="discrete", values=[0.9, 1.0, 1.2], probabilities=[0.2, 0.5, 0.3]}',
    'inputs.speed={kind="empirical", values=[15, 20, 22, 30, 22]}',
    'inputs.extrapolation={kind="mixture", weights=[0.5, 0.5], components=[{kind="fixed", value=1.0},'
    ' {kind="uniform", low=0.8, high=1.2}]}',
    'inputs.demography.fertility={kind="discrete", values=[-1, 1], probabilities=[0.5, 0.5]}',
    'inputs.national={kind="fixed", value=0.03}',
)


@pytest.fixture(scope="module")
def stepped() -> Prepared:
    """Steps, a mixture and a fixed value where base.toml has smooth distributions."""
    return prepare(CONFIGS / "base.toml", STEPPED)


@pytest.fixture(scope="module")
def ensemble(base: Prepared) -> Prepared:
    """Five workforce tables that may be true."""
    return pack_model(base.config, with_tables(base.evidence, 5))


@pytest.fixture(scope="module", params=["smooth", "stepped", "ensemble"])
def model(request: pytest.FixtureRequest, base: Prepared, stepped: Prepared, ensemble: Prepared) -> Prepared:
    return {"smooth": base, "stepped": stepped, "ensemble": ensemble}[request.param]


def kernel_rows(model: Prepared, values: np.ndarray) -> np.ndarray:
    """All outputs by the kernels, from values (n, inputs); (n, Y, rows, 2), amounts and shares."""
    s, n, rows = model.structure, len(values), len(model.rows)
    columns, places = np.ascontiguousarray(values.T), np.arange(values.shape[1])
    areas, categories, growing = len(s.area_growth), len(s.phase_in), len(s.base_growth)
    term, category, factor = np.empty((len(s.term_theme), n)), np.empty((categories, n)), np.empty(n)
    deviation, level, tilt = np.empty((len(s.driver), n)), np.empty((rows, n)), np.empty((rows, n))
    scratch = (np.empty((areas, n)), np.empty((categories + 1, n)), np.empty(n))
    base_growth, inverse = np.empty((growing, n)), np.tile(1 / s.base_level[:, None], n)
    path = np.empty((len(s.years), n))
    all_terms(columns, places, s, factor, term)
    category_sums(term, s, category)
    driver_deviation(columns, places[s.driver], s, deviation)
    all_rows(term, category, deviation, s, scratch, level, tilt)
    affine(s.base_growth, deviation, base_growth)
    all_paths(columns[s.speed], s, factor, path)
    base_row = base_places(model.evidence, model.rows)
    result = np.empty((n, len(s.years), rows, 2))
    for year, grown in enumerate(s.year_path):
        invert_bases(s.base_level, base_growth, grown, inverse)
        grown_of_share = np.where(base_row < growing, grown, 0.0)[:, None]
        result[:, year, :, 0] = (path[year] * (level + grown * tilt)).T
        result[:, year, :, 1] = (path[year] * (level + grown_of_share * tilt) * inverse[base_row]).T
    return result


def drawn(model: Prepared, levels: np.ndarray) -> np.ndarray:
    """Values at levels (n, inputs), looked up as the kernels do, one input after the other."""
    tables, values = model.sampler.tables, np.empty_like(levels)
    for i, one in enumerate(model.inputs):
        if tables.fixed[i] or tables.exact[i]:
            values[:, i] = quantile(one.distribution, levels[:, i])
        else:
            lines, ends = tables.lines[tables.shape[i]], tuple(tables.ends[i])
            tabulated_at_levels(levels[:, i].copy(), lines, *tables.affine[i], ends, values[:, i])
    return values


def drawn_pairs(model: Prepared, design: Design, replicate: int, usual_bits: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Values at both points of all pairs of a replicate; the futures of a block share their workforce table.

    `usual_bits` is the usual size of the blocks of pairs, or 0 for the blocks of futures.
    """
    inputs, tables = design.inputs, len(model.evidence.ensemble)
    points = replicate_points(design, replicate, direction_numbers(2 * inputs), pairs=True, block_bits=0)
    levels = point_levels(points, 0, 1 << design.log2_points)
    first, second = drawn(model, levels[:, :inputs]), drawn(model, levels[:, inputs:])
    bits = block_bits(design.log2_points, usual_bits or BLOCK_BITS, tables, pairs=usual_bits > 0)
    of_blocks = block_tables(design, replicate, 1 << (design.log2_points - bits), tables)
    for values, table in zip((first, second), of_blocks, strict=True):
        values[:, model.structure.reconstruction] = np.repeat(table, 1 << bits)
    return first, second


# At given values


def test_rows_are_those_of_the_formula(prepared: Prepared) -> None:
    """All outputs, areas to themes, amounts and shares, in all years; from within the distributions and at their ends."""
    random = np.random.default_rng(1)
    levels = random.random((200, len(prepared.inputs)))
    levels[::2] = np.round(levels[::2])
    values = np.column_stack([quantile(one.distribution, levels[:, i]) for i, one in enumerate(prepared.inputs)])
    np.testing.assert_allclose(kernel_rows(prepared, values), prepared.reference(values), rtol=1e-11)


@pytest.mark.parametrize("years", [(2040,), (2023, 2024, 2031, 2040), tuple(range(2023, 2041))])
@pytest.mark.parametrize("start", [2015.0, 2024.5])
def test_paths_are_logistic(base: Prepared, years: tuple[int, ...], start: float) -> None:
    speed = np.linspace(4.0, 60.0, 57)
    s = base.structure._replace(years=np.array(years, dtype=np.float64), phase_in_start=start)
    path = np.empty((len(years), len(speed)))
    all_paths(speed, s, np.empty(len(speed)), path)
    np.testing.assert_allclose(path.T, logistic_path(speed, years, start), rtol=1e-12)


@pytest.mark.parametrize("barriers", [1, 3, 4, 6])
def test_any_number_of_barriers(base: Prepared, barriers: int) -> None:
    """Four, the usual number, go a way of their own."""
    random, s = np.random.default_rng(2), base.structure
    weight = random.random((len(s.phase_in), barriers))
    values = random.random((len(base.inputs), 33))
    some = random.choice(len(base.inputs), barriers, replace=False)
    out = np.empty(33)
    adoption(values, np.arange(len(values)), 5, s._replace(barrier=some, barrier_weight=weight), out)
    phase_in = values[s.phase_in[5]] + values[s.national] + weight[5] @ values[some]
    np.testing.assert_allclose(out, phase_in * values[s.technology] * values[s.technology_own[5]], rtol=1e-13)


@pytest.mark.parametrize("drivers", [1, 3, 4, 5, 9])
def test_any_number_of_drivers(drivers: int) -> None:
    random = np.random.default_rng(3)
    slope, deviation, row = random.normal(size=1 + drivers), random.normal(size=(drivers, 40)), random.normal(size=40)
    total = random.normal(size=40)
    expected = total + row * (slope[0] + slope[1:] @ deviation)
    add_affine_product(total, slope, deviation, row, np.empty(40))
    np.testing.assert_allclose(total, expected, atol=1e-13)
    out = np.empty((2, 40))
    affine(np.array([slope, 2 * slope]), deviation, out)
    np.testing.assert_allclose(out, np.outer([1, 2], slope[0] + slope[1:] @ deviation), atol=1e-13)


@pytest.mark.parametrize("count", range(10))
def test_weighted_sums_of_any_number_of_rows(count: int) -> None:
    random = np.random.default_rng(4)
    rows, weight, which = random.normal(size=(12, 21)), random.normal(size=count), random.integers(0, 12, count)
    total = np.ones(21)
    add_rows(total, weight, rows, which)
    np.testing.assert_allclose(total, 1 + weight @ rows[which], atol=1e-13)


def test_which_categories_an_input_changes(base: Prepared) -> None:
    """Against the formula with one input moved at a time. Growth and path change outputs by other ways than terms."""
    count = len(base.inputs)
    values = np.tile(base.moments.mean, (count + 1, 1))
    values[np.arange(count), np.arange(count)] += 0.1
    rows = [i for i, row in enumerate(base.rows) if row.quantity == "freed_fte" and row.dimension == "category"]
    in_order = sorted(rows, key=lambda i: base.categories.index(base.rows[i].label))
    outputs = base.reference(values)[:, -1, in_order, 0]
    moved = np.abs(outputs[:-1] / outputs[-1] - 1) > 1e-9
    moved[[*base.structure.driver, base.structure.speed]] = False
    found = simulation.changed_categories(base.structure, np.eye(count, dtype=bool))
    np.testing.assert_array_equal(found, moved)
    both = simulation.changed_categories(base.structure, np.eye(count, dtype=bool)[[0, 60]].any(axis=0)[None])
    np.testing.assert_array_equal(both[0], moved[0] | moved[60])


# At given points: moments and histograms


def bins_of(model: Prepared, reach: float = 1.0) -> Bins:
    """As the model makes them, or `reach` times as wide."""
    means = output_means(model.structure, model.moments, model.weights)
    squares = output_products(model.structure, model.moments, model.weights, np.ones(len(model.inputs), dtype=bool))
    deviations = reach * np.sqrt(np.maximum(squares - means**2, 0.0))
    base = model.structure.base_level[base_places(model.evidence, model.rows)]
    return make_bins(np.stack([means, means / base], -1), np.stack([deviations, 1.5 * deviations / base], -1))


def test_tables_move_outputs_by_less_than_a_hundred_thousandth(prepared: Prepared) -> None:
    """Values from tables lie within 4e-5 of |value| + standard deviation (see test_quantile_tables), where only inputs
    about 0 come near that; outputs, made of many inputs, within 1e-5 of themselves.
    """
    design = Design(len(prepared.inputs), 1, 10, 5)
    points = replicate_points(design, 0, direction_numbers(2 * design.inputs), pairs=False, block_bits=0)
    levels = point_levels(points, 0, 1024)
    values = drawn(prepared, levels)
    exact = np.column_stack([quantile(one.distribution, levels[:, i]) for i, one in enumerate(prepared.inputs)])
    scale = np.abs(exact) + np.sqrt(prepared.moments.variance)
    assert (np.abs(values - exact) <= 4e-5 * scale).all()
    np.testing.assert_allclose(prepared.reference(values), prepared.reference(exact), rtol=1e-5)


@pytest.mark.parametrize("method", ["sobol", "monte-carlo"])
def test_propagated_sums_are_those_of_the_formula(model: Prepared, method: str) -> None:
    """Two replicates of four blocks. Bins of a twentieth of the usual reach, so that some futures lie outside; no value
    comes within rounding of an edge, so that counts agree exactly.
    """
    design, bins = Design(len(model.inputs), 2, 11, 7, method), bins_of(model, 0.05)
    result = propagate(design, model.sampler, model.structure, bins, base_places(model.evidence, model.rows))
    assert result.counts.shape == (2, len(model.years), len(model.rows), 2, BINS + 2)
    np.testing.assert_array_equal(result.counts.sum(axis=-1), 2**11)
    assert (result.counts[..., [0, -1]].sum(axis=-1) > 0).all()
    for replicate in range(2):
        outputs = model.reference(drawn_pairs(model, design, replicate)[0])
        away = (outputs - bins.centre) / bins.width
        sums = np.stack([away.sum(axis=0), (away**2).sum(axis=0)], axis=-1)
        units = np.stack([bins.width, bins.width**2], axis=-1)
        np.testing.assert_allclose(result.moments[replicate] / units, sums, rtol=1e-9, atol=1e-9 * 2**11)
        place = np.clip(np.floor(away + 1 + BINS / 2), 0, BINS + 1).astype(np.int64)
        counts = [np.bincount(one, minlength=BINS + 2) for one in place.reshape(len(place), -1).T]
        np.testing.assert_array_equal(result.counts[replicate].reshape(-1, BINS + 2), counts)


@pytest.mark.parametrize(("value", "place"), [(np.nan, 0), (-np.inf, 0), (np.inf, BINS + 1)])
def test_what_is_not_finite_is_counted_outside_the_bins(value: float, place: int) -> None:
    """Never elsewhere in memory: the sums, which it makes not finite, are looked at only after the chunk."""
    moments, counts = np.zeros((2, 2)), np.zeros((11, 2, BINS + 2), dtype=np.int32)
    level, one = np.full(600, value), np.ones(600)
    places = np.zeros((2, 600), dtype=np.uint16)
    compiled = kernel(add_outputs)  # interpreted, it would not convert NaN as machine code does
    compiled((one, level, 0 * one, one), (1.0, 1.0), (np.zeros(2), np.ones(2)), places, moments, counts[5])
    assert not np.isfinite(moments).any()
    assert counts.sum() == 1200
    np.testing.assert_array_equal(counts[5, :, place], 600)


@pytest.mark.parametrize("method", ["sobol", "monte-carlo"])
def test_totals_alone_are_those_of_all_outputs(model: Prepared, method: str) -> None:
    """A shorter way through the kernels, with its own additions: counts may differ where a value lies on an edge."""
    design, totals = (
        Design(len(model.inputs), 2, 10, 3, method),
        [i for i, r in enumerate(model.rows) if not r.dimension],
    )
    alone = with_rows(model, totals)
    every, two = bins_of(model), bins_of(alone)
    all_rows_of = propagate(design, model.sampler, model.structure, every, base_places(model.evidence, model.rows))
    result = propagate(design, model.sampler, model.structure, two, base_places(model.evidence, alone.rows))
    units = np.stack([two.width, two.width**2], axis=-1)
    expected = all_rows_of.moments[:, :, totals] / units
    np.testing.assert_allclose(result.moments / units, expected, rtol=1e-9, atol=1e-9 * 2**10)
    np.testing.assert_array_equal(result.counts, all_rows_of.counts[:, :, totals])


def test_random_futures_come_to_the_closed_form(base: Prepared) -> None:
    """2^16 random futures: the mean of each amount within 5 standard errors, which 312 of them do but once in 5 000 seeds;
    the variance within 6 times sqrt(2 / n), its standard error for a normal.
    """
    design, bins = Design(len(base.inputs), 1, 16, 12, "monte-carlo"), bins_of(base)
    result = propagate(design, base.sampler, base.structure, bins, base_places(base.evidence, base.rows))
    n = design.points
    mean, square = np.moveaxis(result.moments[0, :, :, 0] / n, -1, 0)
    variance = (bins.width[..., 0] * BINS / 16) ** 2
    assert (np.abs(mean) < 5 * np.sqrt(variance / n)).all()
    assert (np.abs((square - mean**2) / variance - 1) < 6 * np.sqrt(2 / n)).all()


# At given pairs: pick-freeze


def scopes_of(model: Prepared) -> tuple[Prepared, np.ndarray, np.ndarray]:
    """The model with the rows whose sensitivity is analysed, their means (S, Y) and deviations."""
    scopes = with_rows(model, scope_rows(model.rows))
    mean = output_means(scopes.structure, scopes.moments, scopes.weights)
    everything = np.ones(len(model.inputs), dtype=bool)
    square = output_products(scopes.structure, scopes.moments, scopes.weights, everything)
    return scopes, mean.T.copy(), np.sqrt(square - mean**2).T


def some_groups(model: Prepared) -> np.ndarray:
    """What reaches outputs by every way: all categories, one, growth, path, several at once, everything, nothing."""
    task = model.evidence.tasks[0]
    drivers = [name for name in model.names if name.startswith("demography.")]
    return np.array(
        [
            model.group("technology"),
            model.group(f"phase_in.{task.category}", f"residual.{task.category}"),
            model.group(*drivers[:2]),
            model.group("speed"),
            model.group(f"barrier.{model.evidence.barriers[2]}", "speed", drivers[3], "extrapolation"),
            model.group("reconstruction"),
            model.group("reconstruction", "national", drivers[0], f"residual.{task.category}"),
            np.random.default_rng(1).random(len(model.inputs)) < 0.5,
            np.ones(len(model.inputs), dtype=bool),
            np.zeros(len(model.inputs), dtype=bool),
        ]
    )


def frozen_sums(model: Prepared, design: Design, groups: np.ndarray, tails: np.ndarray | None = None) -> PickFrozen:
    scopes, centre, _ = scopes_of(model)
    weights = np.concatenate(list(table_weights(model.structure, scopes.rows, model.evidence)))
    coefficients = line_coefficients(model.structure, weights)
    tails = np.stack([centre, centre], axis=-1) if tails is None else tails
    return pick_freeze(design, model.sampler, model.structure, coefficients, groups, centre, tails)


@pytest.mark.parametrize("method", ["sobol", "monte-carlo"])
def test_pick_freeze_sums_are_those_of_the_formula(
    model: Prepared, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hybrids made as whole points and evaluated, where the kernel makes differences; blocks of 16 pairs, so that 64 pairs
    fill several.
    """
    monkeypatch.setattr(simulation, "PAIR_BLOCK_BITS", 4)
    design, groups = Design(len(model.inputs), 2, 6, 9, method), some_groups(model)
    scopes, centre, deviation = scopes_of(model)
    result = frozen_sums(model, design, groups)

    unit = deviation[..., None] ** np.array([1, 1, 2, 2, 2])
    units = deviation[..., None] ** 2
    for replicate in range(2):
        values_a, values_b = drawn_pairs(model, design, replicate, 4)
        hybrids = [np.where(group, one, other) for group in groups
                   for one, other in ((values_b, values_a), (values_a, values_b))]  # fmt: skip
        outputs = scopes.reference(np.vstack([values_a, values_b, *hybrids]))[..., 0].transpose(0, 2, 1)
        outputs = ((outputs - centre) / deviation).reshape(-1, 2**6, *centre.shape)
        a, b = outputs[:2]
        expected = np.stack([part.sum(axis=0) for part in (a, b, a * a, b * b, a * b)], axis=-1)
        np.testing.assert_allclose(result.pairs[replicate] / unit, expected, rtol=1e-9, atol=1e-9 * 2**6)
        for g in range(len(groups)):
            ab, ba = outputs[2 + 2 * g : 4 + 2 * g]
            products = ((ab - a) ** 2, (ba - b) ** 2, (ab - a) * (ba - b), (b - a) * ((ba - b) - (ab - a)))
            expected = np.stack([part.sum(axis=0) for part in products], axis=-1)
            np.testing.assert_allclose(result.differences[replicate, g] / units, expected, rtol=1e-9, atol=1e-9 * 2**6)


def test_allocation_and_tails_are_those_of_the_formula(model: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each category contributes, over both points of 32 pairs; thresholds near the middle, for full tails."""
    monkeypatch.setattr(simulation, "PAIR_BLOCK_BITS", 3)
    design = Design(len(model.inputs), 1, 5, 13)
    scopes, centre, deviation = scopes_of(model)
    tails = np.stack([centre - 0.3 * deviation, centre + 0.4 * deviation], axis=-1)
    result = frozen_sums(model, design, some_groups(model)[:1], tails)
    values = np.vstack(drawn_pairs(model, design, 0, 3))
    outputs = scopes.reference(values)[..., 0].transpose(0, 2, 1)
    parts = scopes.contributions(values).transpose(0, 2, 1, 3)  # n, S, Y, C
    below, above = outputs <= tails[..., 0], outputs >= tails[..., 1]
    counts = np.stack([below.sum(axis=0), above.sum(axis=0)], axis=-1)
    assert counts.min() > 0
    np.testing.assert_array_equal(result.tails[0, ..., 0], counts)
    sums = np.stack([(outputs * tail).sum(axis=0) for tail in (below, above)], axis=-1)
    np.testing.assert_allclose(result.tails[0, ..., 1], sums, rtol=1e-11)
    factors = (np.ones_like(outputs), outputs - centre, below, above)
    expected = np.stack([(parts * factor[..., None]).sum(axis=0) for factor in factors], axis=-1)
    scale = (
        np.abs(parts).sum(axis=0)[..., None] * np.stack(np.broadcast_arrays(1.0, deviation, 1.0, 1.0), -1)[:, :, None]
    )
    assert (np.abs(result.allocation[0] - expected) <= 1e-10 * scale).all()


def test_a_group_of_fixed_inputs_has_no_index(base: Prepared) -> None:
    """Exactly; and a group of all others has all of it, up to rounding."""
    groups = np.array([base.sampler.tables.fixed, ~base.sampler.tables.fixed])
    assert groups.any(axis=1).all()
    result = frozen_sums(base, Design(len(base.inputs), 2, 10, 1), groups)
    first, total = azzini_of_differences(result.pairs.sum(axis=0), result.differences.sum(axis=0))
    assert np.abs([first[0], total[0]]).max() == 0
    np.testing.assert_allclose([first[1], total[1]], 1.0, atol=1e-14)


def test_bounds_of_stepped_inputs_are_kept(stepped: Prepared) -> None:
    """What cannot be tabulated is drawn exactly: no value between the steps."""
    design = Design(len(stepped.inputs), 1, 8, 2)
    values = np.vstack(drawn_pairs(stepped, design, 0))
    assert set(values[:, stepped.at("technology")[0]]) == {0.9, 1.0, 1.2}
    assert set(values[:, stepped.at("national")[0]]) == {0.03}
    ends = np.array([bounds(one.distribution) for one in stepped.inputs])
    slack = 1e-6 * np.abs(ends).max(axis=1)
    assert (values >= ends[:, 0] - slack).all()
    assert (values <= ends[:, 1] + slack).all()


def test_the_centre_does_not_matter(base: Prepared) -> None:
    """Sums about another centre give the same variance: 1e-6 of it, after 10 deviations of distance are taken off."""
    design, bins = Design(len(base.inputs), 1, 9, 4), bins_of(base)
    moved = replace(bins, centre=bins.centre + 10 * bins.width * BINS / 16)
    base_row = base_places(base.evidence, base.rows)
    spread = []
    for one in (bins, moved):
        result = propagate(design, base.sampler, base.structure, one, base_row)
        mean = result.moments[0, ..., 0] / 2**9
        spread.append(result.moments[0, ..., 1] / 2**9 - mean**2)
    np.testing.assert_allclose(spread[1], spread[0], rtol=1e-6)


def test_only_all_rows_or_the_two_totals_are_propagated(model: Prepared) -> None:
    some = with_rows(model, range(10))
    design = Design(len(model.inputs), 1, 4, 0)
    with pytest.raises(ValueError, match=f"10 rows of outputs; all are {len(model.rows)}, the totals alone 2"):
        propagate(design, model.sampler, model.structure, bins_of(some), base_places(model.evidence, some.rows))
