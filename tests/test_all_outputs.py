"""Indices of all outputs: sums against the plain formula, estimates against the closed form and against known interactions.

An index of one output is the mean of some thousand products: sums may differ from the plain formula by 1e-9 of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import CONFIGS, Prepared, pack_model, prepare, with_tables
from test_exact import ROUNDING, explained, two_points
from test_kernels import drawn_pairs, some_groups

from simulator import all_outputs as module
from simulator.all_outputs import AllOutputs, all_outputs
from simulator.design import Design
from simulator.inputs import PARTITIONS, fixed
from simulator.outputs import table_weights
from simulator.phase_in import logistic_path
from simulator.sampling import NonFiniteError, make_sampler
from simulator.sensitivity import all_outputs as table
from simulator.sensitivity.exact import Lines, Moments, make_lines, output_means
from simulator.sensitivity.exact_interactions import exact_interactions
from simulator.sensitivity.indices import Groups, all_groups

TABLES = 5
NONE = np.empty((0, 2), dtype=np.int64)


@pytest.fixture(scope="module", params=["one table", "five tables"])
def model(request: pytest.FixtureRequest, base: Prepared) -> Prepared:
    return base if request.param == "one table" else pack_model(base.config, with_tables(base.evidence, TABLES))


def expected(model: Prepared) -> np.ndarray:
    """Expected outputs (rows, Y), with the mean of the tables: a centre, which need not be exact."""
    return output_means(model.structure, model.moments, model.weights).T.copy()


def run(
    model: Prepared, design: Design, groups: np.ndarray, pairs: np.ndarray, workers: int | None = None
) -> AllOutputs:
    return all_outputs(design, model.sampler, model.structure, groups, pairs, expected(model), workers)


def disjoint(groups: np.ndarray) -> np.ndarray:
    """All pairs of groups without a common member."""
    pairs = np.transpose(np.triu_indices(len(groups), 1))
    return pairs[~(groups[pairs[:, 0]] & groups[pairs[:, 1]]).any(axis=1)]


@pytest.mark.parametrize("method", ["sobol", "monte-carlo"])
def test_sums_are_those_of_the_formula(model: Prepared, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows in all years at 32 pairs of two replicates, in blocks of 8; hybrids evaluated one by one."""
    monkeypatch.setattr(module, "BLOCK_BITS", 3)
    design, groups = Design(len(model.inputs), 2, 5, 9, method), some_groups(model)
    pairs = disjoint(groups)
    assert len(pairs) > 20
    found, centre = run(model, design, groups, pairs), expected(model)
    for replicate in range(2):
        at_a, at_b = drawn_pairs(model, design, replicate, 3)
        hybrids = [np.where(group, *both) for group in groups for both in ((at_b, at_a), (at_a, at_b))]
        outputs = model.reference(np.vstack([at_a, at_b, *hybrids]))[..., 0].transpose(0, 2, 1) - centre
        a, b, *rest = outputs.reshape(-1, 2**5, *centre.shape)
        change, back = np.array(rest[::2]) - a, np.array(rest[1::2]) - b
        scale = 2**5 * np.maximum((a**2).mean(axis=0), 1e-12 * centre**2)
        of_pairs = np.stack([a * b, a * a, b * b]).sum(axis=1)
        np.testing.assert_allclose(np.moveaxis(found.pairs[replicate][..., [4, 2, 3]], -1, 0) / scale, of_pairs / scale,
                                   rtol=0, atol=1e-9)  # fmt: skip
        products = (change**2, back**2, change * back, (b - a) * (back - change))
        of_hybrids = np.stack([each.sum(axis=1) for each in products], axis=-1)
        np.testing.assert_allclose(found.differences[replicate] / scale[..., None], of_hybrids / scale[..., None],
                                   rtol=0, atol=1e-9)  # fmt: skip
        g, h = pairs.T
        crossed = (back[g] * change[h] + back[h] * change[g]).sum(axis=1)
        np.testing.assert_allclose(found.crossed[replicate] / scale, crossed / scale, rtol=0, atol=1e-9)


def labelled(model: Prepared) -> tuple[Groups, np.ndarray]:
    groups = table.with_inputs(all_groups(model.inputs), model.names)
    return groups, table.pairs_of_partitions(groups)


def lines_of(model: Prepared, moments: Moments) -> Lines:
    many = len(model.evidence.ensemble) > 1
    weights = table_weights(model.structure, model.rows, model.evidence) if many else model.weights
    return make_lines(model.structure, moments, weights)


def exact_orders(model: Prepared, groups: np.ndarray, pairs: np.ndarray) -> table.Orders:
    return table.closed_form(model.structure, model.moments, lines_of(model, model.moments), groups, pairs)


def test_table_comes_to_the_closed_form(model: Prepared) -> None:
    """2^12 pairs in 16 replicates. Of some 80 000 indices above 1e-6, far from independent, 95 % of intervals should hold
    the truth, and at least 90 % must; none is 8 standard errors away, which one with 15 degrees of freedom is with
    probability 9e-7. Besides, 1e-6 for numbers that are 0 and for float32.
    """
    groups, pairs = labelled(model)
    sums = run(model, Design(len(model.inputs), 16, 8, 5), groups.members, pairs)
    result = table.all_outputs_table(
        sums, exact_orders(model, groups.members, pairs), groups, pairs, model.rows, model.years
    )
    outputs = (len(model.rows) + len(model.evidence.categories) - 2) * len(model.years)
    assert result.sizes == {"output": outputs, "group": len(groups.label), "pair": len(pairs), "ci_bound": 2}
    assert len(set(result.output.values)) == outputs
    assert len(pairs) == sum(n * (n - 1) // 2 for n in map(groups.partition.count, PARTITIONS))
    for name in ("first_order", "total_order", "second_order"):
        found, truth, bounds = (result[name + ending].values for ending in ("", "_exact", "_ci"))
        matters = truth > 1e-6
        inside = (bounds[..., 0] <= truth) & (truth <= bounds[..., 1])
        assert 0.9 < inside[matters].mean() < 0.999
        error = (bounds[..., 1] - bounds[..., 0]) / 2 / 2.131  # t with 15 degrees of freedom
        assert (np.abs(found - truth) <= 8 * error + 1e-6).all()
    assert (np.abs(result.first_order) <= result.total_order + 1e-6).all()
    one = result.sel(output="freed_wage area Sundhed 2040")
    assert float(one.total_order.sel(group="input: technology")) > 0.1
    assert one.quantity == "freed_wage"
    assert one.dimension == "area"
    wages, fte = (result.sel(output=f"{quantity} category Jurister 2035") for quantity in ("freed_wage", "freed_fte"))
    np.testing.assert_array_equal(wages.first_order, fte.first_order)
    assert float(wages.first_order.sel(group="category: Jurister")) > 0.1


def test_what_does_not_touch_an_output_has_exactly_no_index(base: Prepared) -> None:
    groups, pairs = labelled(base)
    sums = run(base, Design(len(base.inputs), 4, 5, 5), groups.members, pairs)
    result = table.all_outputs_table(sums, None, groups, pairs, base.rows, base.years)
    task = base.evidence.tasks[0].category
    others = [f"category: {name}" for name in base.evidence.categories[:-2] if name != task]
    one = result.sel(output=f"freed_fte category {task} 2040")
    assert (one[["first_order", "total_order"]].sel(group=[*others, "input: speed"]).to_array() == 0).all()
    assert float(one.total_order.sel(group=f"category: {task}")) > 0
    without = [f"category: {task} × {name.removeprefix('category: ')}" for name in others]
    here = [name for name in result.pair.values if name in without]
    assert here
    assert (one.second_order.sel(pair=here) == 0).all()
    still = [f"input: {name}" for name, is_fixed in zip(base.names, base.sampler.tables.fixed, strict=True) if is_fixed]
    assert (result.total_order.sel(group=still) == 0).all()
    assert np.isnan(result.first_order_exact).all()  # none was given


def only(model: Prepared, *names: str) -> Prepared:
    """The model with all inputs fixed at their means but those named."""
    chosen = model.group(*names)
    distributions = [
        one.distribution if here else fixed(float(value))
        for one, here, value in zip(model.inputs, chosen, model.moments.mean, strict=True)
    ]
    path = logistic_path(model.moments.mean[model.structure.speed], model.years, model.start)
    moments = Moments(model.moments.mean, np.where(chosen, model.moments.variance, 0.0), path, path**2)
    return replace(model, sampler=make_sampler(distributions), moments=moments)


def test_second_order_of_a_product(base: Prepared) -> None:
    """What a theme frees is a product of its factor and of `technology`: with relative variances v and w, the interaction
    explains v w / (v + w + v w), widened here to matter. 2^14 pairs; 7 standard errors.
    """
    task = base.evidence.tasks[0]
    names = ("technology", f"theme.{task.theme}")
    wide = 'inputs.{}={{kind="uniform", low=0.2, high=1.2}}'
    model = only(prepare(CONFIGS / "base.toml", [wide.format("technology"), wide.format('theme."*"')]), *names)
    groups = np.array([model.group(name) for name in names])
    indices, intervals = table.estimated(run(model, Design(len(model.inputs), 16, 10, 3), groups, np.array([[0, 1]])))
    places = model.at(*names)
    v, w = model.moments.variance[places] / model.moments.mean[places] ** 2
    truth = v * w / (v + w + v * w)
    assert truth > 0.05
    row = next(i for i, one in enumerate(model.rows) if (one.dimension, one.label) == ("theme", task.theme))
    low, high = intervals.second_order[0, row, -1]
    assert abs(indices.second_order[0, row, -1] - truth) <= 7 * (high - low) / 2 / 2.131
    assert high - low < 0.01
    together = indices.first_order.sum(axis=0) + indices.second_order[0]
    assert together[row, -1] == pytest.approx(1.0, abs=0.01)


def test_interactions_are_those_of_enumeration(model: Prepared) -> None:
    """With two values each of five inputs and of the tables, every expectation is a finite sum; orders one to three."""
    if len(model.evidence.ensemble) > 1:
        model = pack_model(model.config, with_tables(model.evidence, 2))
    task = model.evidence.tasks[0]
    names = [
        "technology",
        "national",
        "speed",
        f"theme.{task.theme}",
        "demography.longevity",
        f"phase_in.{task.category}",
    ]
    names += ["reconstruction"] if len(model.evidence.ensemble) > 1 else []
    places = model.at(*names)
    values, moments = two_points(model, places)  # of two tables, 0 and 1, mean and deviation are 1/2
    outputs = model.reference(values)[..., 0]
    kept = np.eye(len(places), dtype=bool)
    kept = np.vstack([kept[0] | kept[1], kept[2:]])
    groups = np.zeros((len(kept), len(model.inputs)), dtype=bool)
    groups[:, places] = kept
    variance = outputs.var(axis=0)
    allowed = 8 * ROUNDING * (outputs**2).mean(axis=0)

    def closed(*chosen: int) -> np.ndarray:
        return explained(outputs, kept[list(chosen)].any(axis=0))

    lines = lines_of(model, moments)
    for together in ([[0], [1]], [[0, 1], [0, 2], [1, 2], [2, 3], [0, len(kept) - 1]], [[0, 1, 2], [0, 2, 3]]):
        found = exact_interactions(model.structure, moments, lines, groups, np.array(together)) * variance
        for place, chosen in enumerate(together):
            i, *rest = chosen
            truth = closed(*chosen)
            if len(chosen) == 2:
                truth = truth - closed(i) - closed(rest[0])
            if len(chosen) == 3:
                j, k = rest
                truth = truth - closed(i, j) - closed(i, k) - closed(j, k) + closed(i) + closed(j) + closed(k)
            assert (np.abs(found[place] - truth) <= allowed).all()
            assert (truth > allowed).any()


@pytest.mark.parametrize("workers", [2, 5])
def test_bits_do_not_depend_on_threads(base: Prepared, workers: int) -> None:
    groups = some_groups(base)
    one, other = (run(base, Design(len(base.inputs), 3, 6, 6), groups, disjoint(groups), n) for n in (1, workers))
    for name in ("pairs", "differences", "crossed"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_sums_of_a_group_do_not_depend_on_the_others(base: Prepared) -> None:
    groups, design = some_groups(base), Design(len(base.inputs), 2, 6, 6)
    everything, alone = run(base, design, groups, disjoint(groups)), run(base, design, groups[4:5], NONE)
    np.testing.assert_array_equal(everything.differences[:, 4:5], alone.differences)
    assert alone.crossed.shape == (2, 0, *alone.centre.shape)


def test_what_is_not_finite_is_named(base: Prepared) -> None:
    broken = replace(
        base, structure=base.structure._replace(category_wage=np.full_like(base.structure.category_wage, np.nan))
    )
    with pytest.raises(NonFiniteError, match="replicate 0, futures 0 to 63"):
        all_outputs(
            Design(len(base.inputs), 2, 6, 6), base.sampler, broken.structure, some_groups(base), NONE, expected(base)
        )


def test_outputs_that_do_not_vary_have_no_indices(base: Prepared) -> None:
    """With the inputs of one category alone uncertain: all outputs of the others."""
    category = base.evidence.tasks[0].category
    model = only(base, *(one.name for one in base.inputs if one.category == category))
    groups, pairs = labelled(model)
    sums = run(model, Design(len(base.inputs), 2, 5, 6), groups.members, pairs)
    exact = exact_orders(model, groups.members, pairs)
    result = table.all_outputs_table(sums, exact, groups, pairs, base.rows, base.years)
    own = (result["dimension"] == "category") & (result["label"] == category)
    still = (result["dimension"] == "category") & (result["label"] != category)
    assert own.sum() == 2 * len(base.years)
    for values in result.data_vars.values():
        assert np.isnan(values.values[still.values]).all()
        assert np.isfinite(values.values[own.values]).all()


def test_groups_without_indices_are_not_shown(base: Prepared) -> None:
    groups, name = all_groups(base.inputs), "time share"
    pairs = table.pairs_of_partitions(groups)
    known = np.array([label != name for label in groups.label])
    sums = run(base, Design(len(base.inputs), 2, 3, 6), groups.members, pairs)
    result = table.all_outputs_table(sums, None, groups, pairs, base.rows, base.years, known)
    missing = np.isnan(result.second_order).all("output")
    np.testing.assert_array_equal(missing, (result["first"] == name) | (result["second"] == name))
    assert missing.any()
    np.testing.assert_array_equal(np.isnan(result.total_order).all("output"), ~known)


def test_mistakes_are_refused(base: Prepared) -> None:
    design, groups = Design(len(base.inputs), 2, 3, 6), some_groups(base)
    with pytest.raises(ValueError, match="2 rows of outputs; all are 78"):
        all_outputs(design, base.sampler, base.structure, groups, NONE, expected(base)[:2])
    for function in (
        lambda: run(base, design, groups, np.array([[0, 8]])),
        lambda: exact_interactions(base.structure, base.moments, base.weights, groups, np.array([[0, 8]])),
    ):
        with pytest.raises(ValueError, match="without a common member"):
            function()


def test_one_replicate_has_no_intervals(base: Prepared) -> None:
    indices, intervals = table.estimated(run(base, Design(len(base.inputs), 1, 4, 6), some_groups(base), NONE))
    assert np.isfinite(indices.total_order).all()
    assert np.isnan(intervals.total_order).all()
