"""Built-in runs that grow: stages, a precision, continued runs; and inputs that depend on each other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import simulator
from simulator.cli import main
from simulator.dependence import groups_split
from simulator.design import Chunk, Design, Drawn, chunks, direction_numbers, point_levels, replicate_points
from simulator.errors import InputError
from simulator.model import Model
from simulator.outputs import OutputRow, base_places, scope_rows
from simulator.reading import read_run
from simulator.results import save
from simulator.sampling import stage_end
from simulator.sensitivity.convergence import widest_interval
from simulator.simulation import pick_freeze_stages, propagate
from simulator.single_inputs import single_inputs_stages

BASE = Path(__file__).parents[1] / "configs" / "base.toml"
SMALL = ["reconstruction.ensemble=false", "run.replicates=4", "run.sample=64"]
QUICK = [*SMALL, "run.futures=4096", "run.base_points=4096"]
DEPENDENT = ["technology", "national", "theme.Driftsoptimering"]
OVERLAY = """
extends = "{base}"
author = "test"
reference = "none"
reason = "inputs that depend on each other"
[[dependence]]
inputs = ["technology", "national", "theme.Driftsoptimering"]
rank_correlation = 0.5
"""


@pytest.fixture(scope="module")
def quick() -> xr.DataTree:
    return simulator.load(BASE, QUICK).run()


@pytest.fixture(scope="module")
def dependent(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("dependent") / "dependent.toml"
    path.write_text(OVERLAY.format(base=BASE.as_posix()), encoding="utf-8")
    return simulator.load(path, [*SMALL, "run.futures=65536", "run.base_points=65536"])


# stages


@pytest.mark.parametrize("drawn", [Drawn(), Drawn(2, 256), Drawn(3, 256), Drawn(2, 1024)])
def test_chunks_hold_every_point_once_and_none_that_was_drawn(drawn: Drawn) -> None:
    design = Design(3, 3, 10, 0) if drawn.points < 1024 else Design(3, 4, 10, 0)
    seen = np.zeros((design.replicates, 1 << design.log2_points), dtype=int)
    seen[: drawn.replicates, : drawn.points] = 1
    ends = []
    for chunk in chunks(design, [6, 8, 9], drawn):
        seen[chunk.replicate, chunk.first : chunk.first + chunk.points] += 1
        done = stage_end(chunk, design, [6, 8, 9], drawn)
        if done is not None:
            ends.append(done.points)
            assert (seen[:, : 1 << done.log2_points] == 1).all()
    assert (seen == 1).all()
    assert ends == sorted(set(ends))
    assert ends[-1] == design.points


def test_a_chunk_within_a_stage_ends_none() -> None:
    assert stage_end(Chunk(0, 0, 64), Design(3, 2, 8, 0), [6], Drawn()) is None
    assert stage_end(Chunk(1, 0, 64), Design(3, 2, 8, 0), [6], Drawn()) == Design(3, 2, 6, 0, first_log2=8)


@pytest.mark.parametrize("ensemble", [False, True])
def test_stages_have_the_sums_of_runs_of_their_size(ensemble: bool) -> None:
    model = simulator.load(BASE, [f"reconstruction.ensemble={str(ensemble).lower()}"])
    scopes = scope_rows(model.rows)
    centre = np.ascontiguousarray(model.bins.centre[:, scopes, 0].T)
    tails = np.stack([centre - 1, centre + 1], axis=-1)
    design = Design(len(model.inputs), 2, 12, 3, first_log2=12)
    arrays = (model.sampler, model.structure, model.scope_coefficients)
    for run, more in (
        (pick_freeze_stages, (model.groups.members[:3], centre, tails)),
        (single_inputs_stages, (centre,)),
    ):
        stages = list(run(design, *arrays, *more, stages=[10, 11]))  # type: ignore[operator]
        assert [stage.design.log2_points for stage in stages] == [10, 11, 12]
        for stage in stages:
            (alone,) = run(replace(design, log2_points=stage.design.log2_points), *arrays, *more)  # type: ignore[operator]
            np.testing.assert_allclose(stage.pairs, alone.pairs, rtol=1e-12, atol=1e-9)
        (continued,) = run(design, *arrays, *more, earlier=stages[1])  # type: ignore[operator]
        np.testing.assert_allclose(continued.pairs, stages[-1].pairs, rtol=1e-12, atol=1e-9)


def test_a_run_shows_how_its_indices_converge(quick: xr.DataTree) -> None:
    for node, dimension, indices in (
        ("convergence", "group", "sensitivity"),
        ("input_convergence", "input", "single_inputs"),
    ):
        table = quick[node].to_dataset()
        assert table["points"].values.tolist() == [512, 1024]
        for name in ("first_order", "total_order"):
            assert table[name].dims == ("points", "output", dimension)
            np.testing.assert_array_equal(table[name].isel(points=-1), quick[indices][name])
    assert quick.attrs["stopped"] == "points"
    tables = {name: quick[name].to_dataset() for name in ("sensitivity", "single_inputs")}
    assert quick.attrs["widest_interval"] == widest_interval(tables)


def test_a_precision_is_reached_by_as_few_points_as_do() -> None:
    tree = simulator.load(BASE, [*QUICK, "run.precision=0.02", "run.max_seconds=60"]).run()
    widest = [
        float(np.fmax(tree[node]["widest_interval"].max("output"), 0).values[place])
        for place in (-2, -1)
        for node in ("convergence", "input_convergence")
    ]
    assert tree.attrs["stopped"] == "precision"
    assert max(widest[:2]) >= 0.02 > max(widest[2:]) == tree.attrs["widest_interval"]
    assert tree.attrs["base_points"] == 4 * tree["convergence"]["points"].values[-1]


@pytest.mark.parametrize(("limit", "said"), [("max_futures=8192", "max_futures"), ("max_seconds=1e-6", "max_seconds")])
def test_a_limit_ends_a_run_before_its_precision(limit: str, said: str) -> None:
    tree = simulator.load(BASE, [*QUICK, "run.precision=1e-6", f"run.{limit}"]).run()
    assert tree.attrs["stopped"] == said
    assert tree.attrs["base_points"] <= 4096
    assert tree.attrs["widest_interval"] > 1e-6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["run.precision=0.01", "run.replicates=1"], "run.precision"),
        (["run.max_seconds=10"], "there is no precision"),
        (["run.precision=0.01", "run.max_futures=100"], "Give 4096 or more"),
        (["run.index_points=64", "run.outputs=total"], "the run has the totals alone"),
    ],
)
def test_limits_that_cannot_be_are_refused(changes: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        simulator.load(BASE, [*SMALL, *changes])


# continued runs


@pytest.mark.parametrize(("points", "replicates"), [(2048, None), (None, 6), (2048, 6)])
def test_a_continued_run_is_a_run_of_its_size(quick: xr.DataTree, points: int | None, replicates: int | None) -> None:
    model = simulator.load(BASE, QUICK)
    continued = model.extend(quick, points, replicates)
    each, count = points or 1024, replicates or 4
    sizes = [f"run.replicates={count}", f"run.futures={each * count}", f"run.base_points={each * count}"]
    at_once = simulator.load(BASE, [*QUICK, *sizes]).run()
    assert (continued.attrs["futures"], continued.attrs["base_points"]) == (each * count, each * count)
    for node, dropped in (
        ("summary", ()),
        ("single_inputs", ()),
        ("sensitivity", ("allocation_lower_tail", "allocation_upper_tail")),
    ):
        for name, values in at_once[node].data_vars.items():
            if name not in dropped and values.dtype.kind == "f":  # the tails begin where the first run had them
                np.testing.assert_allclose(
                    continued[node][name], values, rtol=1e-7, atol=1e-7, err_msg=f"{node}/{name}"
                )
    again = model.extend(continued, 4096, count)
    assert again.attrs["futures"] == 4096 * count


def test_the_command_continues_a_run_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    changes = [part for change in QUICK for part in ("--set", change)]
    assert main(["run", str(BASE), "--out", "out", "--quiet", *changes]) == 0
    before = xr.load_dataset("out/results.nc", group="summary", engine="netcdf4")
    assert main(["extend", "out", "--points", "2048", "--quiet"]) == 0
    with xr.open_datatree("out/results.nc", engine="netcdf4") as tree:
        assert tree.attrs["futures"] == 8192
        assert tree.attrs["command"] == "python -m simulator extend out --points 2048"
        assert tree["convergence"]["points"].values.tolist() == [512, 1024, 2048]
        assert not np.array_equal(tree["summary"]["freed_fte"], before["freed_fte"])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["results.nc"]


@pytest.mark.parametrize(
    ("points", "replicates", "said"),
    [
        (512, None, "Give 1024 or more"),
        (None, 2, "Give 4 or more"),
        (None, None, "Give more of either"),
        (3000, None, "power of two"),
    ],
)
def test_a_run_is_not_continued_by_less(
    quick: xr.DataTree, points: int | None, replicates: int | None, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        simulator.load(BASE, QUICK).extend(quick, points, replicates)


def test_a_run_is_continued_with_what_it_was_made_with_alone(quick: xr.DataTree) -> None:
    with pytest.raises(InputError, match="the configuration is not as it was"):
        simulator.load(BASE, [*QUICK, "run.seed=1"]).extend(quick, 2048)
    other = quick.copy()
    other.attrs["data_hashes"] = json.dumps({**json.loads(quick.attrs["data_hashes"]), "themes.csv": "0"})
    with pytest.raises(InputError, match=r"themes\.csv: not as in the earlier run"):
        simulator.load(BASE, QUICK).extend(other, 2048)
    bare = xr.DataTree.from_dict({"summary": quick["summary"].to_dataset()})
    bare.attrs = quick.attrs
    with pytest.raises(InputError, match="lacks the sums"):
        simulator.load(BASE, QUICK).extend(bare, 2048)


# inputs that depend on each other


def test_kernels_take_the_values_that_the_copula_joins(dependent: Model) -> None:
    model, bits = dependent, 10
    places = [model.names.index(name) for name in DEPENDENT]
    assert model.copula.dependent == tuple(sorted(places))
    design = Design(len(model.inputs), 1, bits, 7)
    base = base_places(model.evidence, model.rows)
    drawn = propagate(design, model.sampler, model.structure, model.bins, base)
    points = replicate_points(design, 0, direction_numbers(2 * design.inputs), pairs=False, block_bits=0)
    values = model.values(point_levels(points, 0, 1 << bits))
    exact = model.evaluate(values)["freed_fte"].values
    row = model.rows.index(OutputRow("freed_fte", "", ""))
    mean = drawn.moments[0, :, row, 0, 0] / 2**bits + model.bins.centre[:, row, 0]
    np.testing.assert_allclose(mean, exact.mean(axis=0), rtol=1e-6)
    assert drawn.counts[0, :, row, 0, 1:-1].sum(axis=1).tolist() == [2**bits] * len(model.years)
    ranks = np.argsort(np.argsort(values[:, places], axis=0), axis=0)
    correlation = np.corrcoef(ranks.T)[np.triu_indices(3, 1)]
    # The standard error of a rank correlation of n independent rows is below 1 / sqrt(n); a net is closer.
    np.testing.assert_allclose(correlation, 0.5, atol=4 / np.sqrt(2**bits))


def test_dependence_leaves_indices_of_whole_groups_alone(dependent: Model) -> None:
    tree = dependent.run()
    split = groups_split(dependent.copula, dependent.groups.members).any(axis=1)
    assert 0 < split.sum() < len(split)
    indices = tree["sensitivity"].to_dataset()
    total = indices["total_order"].sel(output="freed_fte 2040")
    np.testing.assert_array_equal(np.isnan(total), split)
    assert indices[[name for name in indices if str(name).endswith("_exact")]].isnull().all().to_array().all()
    single = tree["single_inputs"]["first_order"].sel(output="freed_fte 2040")
    assert set(single["input"].values[np.isnan(single.values)]) == set(DEPENDENT)
    alone = simulator.load(BASE, [*SMALL, "run.futures=65536", "run.base_points=65536"]).run()
    # Three factors that rise together widen the range, and are one group whose share grows.
    width = [float(one["summary"]["freed_fte_sd"].sel(year=2040)) for one in (tree, alone)]
    assert width[0] > 1.02 * width[1]
    together = indices["first_order"].sel(output="freed_fte 2040").values[indices["partition"].values == "dependent"]
    apart = alone["single_inputs"]["first_order"].sel(output="freed_fte 2040", input=DEPENDENT)
    assert together > float(apart.sum())
    # The variances of independent groups add up to no more than the whole.
    factor = indices["partition"].values == "dependent"
    others = [i for i, name in enumerate(dependent.names) if name not in DEPENDENT]
    rest = tree["single_inputs"]["first_order"].sel(output="freed_fte 2040").values[others]
    assert 0.95 < float(indices["first_order"].sel(output="freed_fte 2040").values[factor].sum() + rest.sum()) < 1.001


def test_the_ladder_and_the_summary_hold_with_dependence(
    dependent: Model, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = ["--out", str(tmp_path / "out"), "--set", "run.futures=4096", "--set", "run.base_points=4096"]
    assert main(["run", str(dependent.config.path), *out, *(p for c in SMALL for p in ("--set", c))]) == 0
    said = capsys.readouterr().out
    assert "Some inputs depend on each other" in said
    assert "nan" not in said
    with xr.open_datatree(tmp_path / "out" / "results.nc", engine="netcdf4") as tree:
        added = tree["ladder"]["freed_fte_sd"].sel(variant="common").values
        assert np.isfinite(added[1:]).all()
        assert "depend on each other" in tree["ladder"].attrs["left_out"]


def test_the_workforce_table_cannot_be_correlated(tmp_path: Path) -> None:
    path = tmp_path / "table.toml"
    path.write_text(OVERLAY.format(base=BASE.as_posix()).replace('"national"', '"reconstruction"'), encoding="utf-8")
    with pytest.raises(InputError, match="'reconstruction' is a number of a table"):
        simulator.load(path)


def test_correlations_that_cannot_hold_are_refused_with_those_that_can(tmp_path: Path) -> None:
    path = tmp_path / "impossible.toml"
    text = OVERLAY.format(base=BASE.as_posix()).replace("rank_correlation = 0.5", "rank_correlation = -0.9")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="key 'dependence'"):
        simulator.load(path)


def test_results_are_read_whole(quick: xr.DataTree, tmp_path: Path) -> None:
    """Also variables that have the name of another node, so that the file may be replaced while they are used."""
    read = read_run(save(quick, tmp_path))
    (tmp_path / "results.nc").unlink()
    assert read.attrs == quick.attrs
    for node in quick.children:
        xr.testing.assert_identical(read[node].to_dataset(), quick[node].to_dataset())
