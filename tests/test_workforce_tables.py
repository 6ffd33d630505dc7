"""The workforce table as an input: which futures have which table, the formula, and the closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from conftest import CONFIGS, Prepared, pack_model, with_rows, with_tables
from test_exact import ROUNDING, explained, two_points

import simulator
from simulator.config import load_config
from simulator.design import Design, block_bits, block_tables
from simulator.errors import InputError
from simulator.inputs import build_inputs
from simulator.outputs import line_coefficients, scope_rows, table_weights
from simulator.sensitivity.exact import exact_allocation, exact_indices, make_lines, output_means
from simulator.simulation import pick_freeze

TABLES = 5


@pytest.fixture(scope="module")
def ensemble(base: Prepared) -> Prepared:
    return pack_model(base.config, with_tables(base.evidence, TABLES))


def test_each_table_is_the_model_with_this_table(base: Prepared, ensemble: Prepared) -> None:
    values = np.tile(ensemble.moments.mean, (TABLES, 1))
    values[:, ensemble.structure.reconstruction] = np.arange(TABLES)
    together = ensemble.reference(values)
    for table in range(TABLES):
        workforce = replace(base.evidence.workforce, fte=ensemble.evidence.ensemble[table])
        evidence = replace(base.evidence, workforce=workforce, ensemble=workforce.fte[None])
        alone = replace(base, evidence=evidence).reference(values[table][None])
        np.testing.assert_allclose(together[table], alone[0], rtol=1e-12)


def test_in_the_middle_of_everything_stands_the_reconciled_table() -> None:
    one, many = (simulator.load(CONFIGS / "base.toml", [f"reconstruction.ensemble={on}"]) for on in ("false", "true"))
    xr.testing.assert_equal(one.evaluate(one.central()), many.evaluate(many.central()))


@pytest.mark.parametrize("number", [-2.0, -0.5, 0.5, TABLES, 7.0])
def test_a_table_that_is_not_there_is_refused(ensemble: Prepared, number: float) -> None:
    values = ensemble.moments.mean[None].copy()
    values[0, ensemble.structure.reconstruction] = number
    with pytest.raises(ValueError, match=f"{number:g} is not the number of a table, 0 to 4"):
        ensemble.reference(values)


def test_the_tables_cannot_be_given_another_distribution(base: Prepared) -> None:
    config = load_config(CONFIGS / "base.toml", ["inputs.reconstruction={kind='fixed', value=3}"])
    with pytest.raises(InputError, match=r"inputs.reconstruction.*ensemble = true or false"):
        build_inputs(config, base.evidence)


# Which futures have which table


@pytest.mark.parametrize("tables", [1, 2, 5, 64, 100])
def test_every_table_comes_equally_often(tables: int) -> None:
    first, second = block_tables(Design(3, 2, 20, 4), 1, 3 * tables, tables)
    for side in (first, second):
        np.testing.assert_array_equal(np.bincount(side, minlength=tables), 3)


def test_few_blocks_have_tables_from_everywhere() -> None:
    """The first 2^k of 64 blocks hold a table of each 2^k-th of the scale, but for one that the random start may cut."""
    for replicate in range(20):
        first, _ = block_tables(Design(3, 20, 10, 8), replicate, 64, 64)
        for log2 in range(1, 6):
            strata = np.bincount(first[: 1 << log2] >> (6 - log2), minlength=1 << log2)
            assert strata.max() <= 2
            assert (strata == 0).sum() <= log2


def test_tables_of_the_two_points_are_independent() -> None:
    """Correlation over 4 000 replicates of 4 blocks: with a standard error of 1/sqrt(16 000), within 5 of them."""
    design = Design(3, 4000, 6, 5)
    pairs = np.concatenate([block_tables(design, replicate, 4, 16) for replicate in range(4000)], axis=1)
    assert abs(np.corrcoef(pairs)[0, 1]) < 5 / np.sqrt(16_000)
    joint = np.histogram2d(*pairs, bins=16)[0]
    expected = 16_000 / 256
    assert abs(((joint - expected) ** 2 / expected).sum() - 225) < 5 * np.sqrt(2 * 225)


def test_tables_follow_from_the_seed() -> None:
    first = block_tables(Design(3, 2, 10, 5), 1, 32, 32)
    np.testing.assert_array_equal(first, block_tables(Design(3, 2, 10, 5), 1, 32, 32))
    assert (first != block_tables(Design(3, 2, 10, 6), 1, 32, 32)).any()
    assert (first != block_tables(Design(3, 2, 10, 5), 0, 32, 32)).any()


@pytest.mark.parametrize(
    ("log2_points", "tables", "bits", "of_pairs"),
    [(18, 1, 9, 9), (18, 1024, 8, 8), (18, 1000, 8, 8), (22, 1024, 9, 9), (16, 1024, 6, 8), (14, 1024, 5, 8),
     (3, 1024, 3, 3), (3, 1, 3, 3), (12, 5, 9, 9)],
)  # fmt: skip
def test_blocks_leave_room_for_every_table(log2_points: int, tables: int, bits: int, of_pairs: int) -> None:
    assert block_bits(log2_points, 9, tables, pairs=False) == bits
    assert block_bits(log2_points, 9, tables, pairs=True) == of_pairs


# Closed form


def test_indices_are_those_of_enumeration_over_tables(base: Prepared) -> None:
    """Two tables, and two values of nine other inputs: every expectation is a finite sum."""
    model = pack_model(base.config, with_tables(base.evidence, 2))
    task = model.evidence.tasks[0]
    places = model.at(
        "technology", "national", "speed", "extrapolation", "demography.longevity", f"theme.{task.theme}",
        f"barrier.{model.evidence.barriers[1]}", f"phase_in.{task.category}", "reconstruction",
    )  # fmt: skip
    values, moments = two_points(model, places)
    outputs = model.reference(values)[..., 0]
    random = np.random.default_rng(4)
    kept = np.vstack([np.eye(len(places), dtype=bool), random.random((6, len(places))) < 0.5])
    groups = np.zeros((len(kept), len(model.inputs)), dtype=bool)
    groups[:, places] = kept
    allowed = ROUNDING * (outputs**2).mean(axis=0)
    lines = make_lines(model.structure, moments, table_weights(model.structure, model.rows, model.evidence))
    mean = outputs.mean(axis=0)
    np.testing.assert_allclose(output_means(model.structure, moments, lines), mean, rtol=1e-12)
    np.testing.assert_allclose(output_means(model.structure, moments, model.weights), mean, rtol=1e-12)
    variance, first, total = exact_indices(model.structure, moments, lines, groups)
    assert (np.abs(variance - outputs.var(axis=0)) <= allowed).all()
    for g, members in enumerate(kept):
        assert (np.abs(first[g] * variance - explained(outputs, members)) <= allowed).all()
        assert (np.abs(total[g] * variance - (variance - explained(outputs, ~members))) <= 2 * allowed).all()
    parts = model.contributions(values)
    covariance = ((parts - parts.mean(axis=0)) * (outputs - mean)[..., None]).mean(axis=0)
    allocation = exact_allocation(model.structure, moments, lines) * variance[..., None]
    assert (np.abs(allocation - covariance) <= 2 * allowed[..., None]).all()


def test_simulation_comes_to_the_closed_form_over_tables(ensemble: Prepared) -> None:
    """16 replicates of 2^10 pairs in blocks of 32; 7 standard errors, as in test_exact."""
    model = with_rows(ensemble, scope_rows(ensemble.rows))
    s, groups = model.structure, np.vstack([model.group("reconstruction"), model.partition_groups("assumption")])
    lines = make_lines(s, model.moments, table_weights(s, model.rows, model.evidence))
    variance, first, total = exact_indices(s, model.moments, lines, groups)
    mean = output_means(s, model.moments, lines).T.copy()
    weights = np.concatenate(list(table_weights(s, model.rows, model.evidence)))
    design = Design(len(model.inputs), 16, 10, 3)
    frozen = pick_freeze(
        design, model.sampler, s, line_coefficients(s, weights), groups, mean, np.stack([mean, mean], axis=-1)
    )
    n = 1 << design.log2_points
    a, b, aa, bb, ab = np.moveaxis(frozen.pairs, -1, 0)
    centre = (a + b) / (2 * n)
    spread = (aa + bb) / (2 * n) - centre**2
    first_squared, second_squared, _, apart = np.moveaxis(frozen.differences, -1, 0)
    halves = (first_squared + second_squared) / (4 * n)  # Jansen, for the total order
    gap = (aa + bb - 2 * ab)[:, None]
    rest = (2 * gap + 2 * apart + first_squared + second_squared) / (4 * n)  # of (a - ba)² and (b - ab)²
    estimates = (
        (spread, variance.T), (halves, (total * variance).transpose(0, 2, 1)),
        (rest, ((1 - first) * variance).transpose(0, 2, 1)),
    )  # fmt: skip
    for estimate, truth in estimates:
        error = estimate.std(axis=0, ddof=1) / 4
        assert (np.abs(estimate.mean(axis=0) - truth) <= 7 * error + 1e-6 * variance.T).all()
    assert (first[0] > 0.05).any()
