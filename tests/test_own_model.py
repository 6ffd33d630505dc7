"""Models of the user's own: run to a precision, continued to the last bit, analysed by any method; and every mistake."""

from __future__ import annotations

import importlib
import itertools
import json
import re
import shlex
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from conftest import CONFIGS
from problems import ishigami, linear_gaussian
from scipy import stats

import simulator
from simulator import own_model
from simulator.cli import main
from simulator.errors import InputError
from simulator.own_model.built_in import OUTPUTS, built_in_study
from simulator.own_model.histogram import BINS, Histogram, block_histogram, empty_histogram, quantiles
from simulator.own_model.methods import METHODS
from simulator.own_model.points import replicate_sources
from simulator.sensitivity import sobol
from simulator.sensitivity.convergence import convergence
from simulator.sensitivity.hybrids import make_plan
from simulator.simulation import NonFiniteError

ISHIGAMI, CHATBOT = CONFIGS / "ishigami.toml", CONFIGS / "chatbot.toml"
STUDENT = 2.1314  # 97.5 % quantile of t with 15 degrees of freedom: half a 95 % interval in standard errors
HEAD = 'title = "A model"\n[model]\nfunction = "{module}:model"\n{model}\n[run]\npoints = 64\nreplicates = 4\n{run}\n'
TWO = '[inputs]\na = { kind = "uniform", low = 0, high = 1 }\nb = { kind = "uniform", low = 0, high = 1 }\n'
SUM = "def model(values):\n    return values[:, 0] + 2 * values[:, 1]\n"
NUMBER = itertools.count()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every test works in an empty folder of its own, and leaves the path of Python as it was."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield folder
    for name in [name for name, one in sys.modules.items() if str(tmp_path) in str(getattr(one, "__file__", ""))]:
        del sys.modules[name]


def write(folder: Path, code: str = SUM, inputs: str = TWO, run: str = "", model: str = "", name: str = "mine") -> Path:
    """A configuration and its module, whose name no other test has."""
    module = f"own_model_{next(NUMBER)}"
    (folder / f"{module}.py").write_text(f"import numpy as np\n{code}", encoding="utf-8")
    path = folder / f"{name}.toml"
    path.write_text(HEAD.format(module=module, model=model, run=run) + inputs, encoding="utf-8")
    return path


def run(path: Path, *changes: str) -> xr.DataTree:
    return own_model.load(path, changes).run()


def identical(one: xr.DataTree, other: xr.DataTree, *nodes: str) -> None:
    for node in nodes or one.children:
        xr.testing.assert_identical(one[node].to_dataset(), other[node].to_dataset())


def away(result: Any, name: str, truth: Any) -> np.ndarray:
    """Distance from the truth in standard errors, for 16 replicates."""
    error = (result[f"{name}_ci"][..., 1] - result[f"{name}_ci"][..., 0]).values / (2 * STUDENT)
    return np.abs(result[name].values - np.array(truth)) / np.maximum(error, 1e-12)


# The configurations that come with the simulator


def test_the_comments_of_ishigami_state_its_exact_answers() -> None:
    """Each number in the comments against the closed form that tests/problems.py computes."""
    said, exact = ISHIGAMI.read_text(encoding="utf-8"), ishigami()
    main_order = {f"x{i + 1}": value for i, value in enumerate(exact.first_order)}
    total = {f"x{i + 1}": value for i, value in enumerate(exact.total_order)}
    for kind, truth in (("first order", main_order), ("total order", total)):
        found = dict(re.findall(r"(x\d) ([\d.]+)", re.search(rf"{kind}(.*)", said)[1]))  # type: ignore[index]
        assert {name: float(value) for name, value in found.items()} == pytest.approx(truth, abs=5e-7)
    for kind, value in (("mean", exact.mean), ("variance", exact.variance)):
        assert float(re.search(rf"{kind} .*= ([\d.]+)", said)[1]) == pytest.approx(value, abs=5e-7)  # type: ignore[index]
    pair = re.search(r"x1, x3 ([\d.]+)", said)
    assert float(pair[1]) == pytest.approx(exact.total_order[2], abs=5e-7)  # type: ignore[index]


@pytest.mark.parametrize("method", ["sobol", "latin-hypercube", "monte-carlo"])
def test_ishigami_comes_to_its_exact_indices(method: str) -> None:
    """Tolerance: 7 standard errors; t with 15 degrees of freedom is farther out with probability 4e-6."""
    tree, exact = run(ISHIGAMI, "run.points=1024", f"run.method={method}"), ishigami()
    table = tree["sensitivity"].dataset
    assert (away(table, "first_order", exact.first_order) < 7).all()
    assert (away(table, "total_order", exact.total_order) < 7).all()
    assert (away(tree["summary"].dataset, "mean", exact.mean) < 7).all()
    assert (away(tree["summary"].dataset, "sd", np.sqrt(exact.variance)) < 7).all()
    second = np.array([[np.nan, 0, exact.total_order[2]], [0, np.nan, 0], [exact.total_order[2], 0, np.nan]])
    distance = away(table, "second_order", second)[0]
    assert (distance[~np.isnan(second)] < 7).all()
    assert np.isnan(distance[np.isnan(second)]).all()
    assert float(np.abs(table["total_order"].values - exact.total_order).max()) < {"sobol": 0.01}.get(method, 0.05)


def test_a_run_gives_what_sobol_gives() -> None:
    """The same nets and estimators; the sums are added in other blocks, so that the last bits differ."""
    model = own_model.load(ISHIGAMI, ["run.points=256"])
    problem = model.study.problem
    inputs = dict(zip(problem.names, problem.distributions, strict=True))
    expected = sobol(model.study.function, inputs, 256, 16, 1990, second_order=True)
    found = model.run()["sensitivity"].to_dataset()
    xr.testing.assert_allclose(found.assign_coords(output=["y"]), expected, rtol=1e-9, atol=1e-12)
    assert found.attrs["evaluations"] == expected.attrs["evaluations"]


def test_quantiles_are_those_of_the_outputs() -> None:
    """Ishigami's quantiles from 2^20 random futures, within 6 standard errors of both."""
    summary = run(ISHIGAMI, "run.points=1024")["summary"].dataset
    random = np.random.default_rng(3)
    y = np.sort(ishigami().at_levels(random.random((2**20, 3))))
    for level in summary["quantile"].values:
        near = np.sqrt(level * (1 - level) * len(y))
        low, high = (y[int(np.clip(level * len(y) + side * 6 * near, 0, len(y) - 1))] for side in (-1, 1))
        one = summary.sel(quantile=level, output="y")
        half = float(np.diff(one["value_ci"].values)[0]) / 2 / STUDENT * 6
        assert low - half <= float(one["value"]) <= high + half


def test_the_example_of_an_analyst_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(CHATBOT), "--set", "run.precision=0.2", "--out", "out"]) == 0
    said, errors = capsys.readouterr()
    assert errors == ""
    for text in (
        "freed årsværk in year 5, FTE",
        "Stopped by the precision 0.2",
        "Sobol' indices of the groups",
        "Ranking: ",
    ):
        assert text in said
    with xr.open_datatree("out/results.nc") as tree:
        indices, groups = tree["sensitivity"], tree["group_sensitivity"]
        # Alone there are no indices of the two that depend on each other, nor of what is fixed.
        assert set(indices["input"].values) == set(tree["inputs"]["input"].values) - {
            "resolved", "wrong_answers", "discount_rate",
        }  # fmt: skip
        assert list(groups["group"].values) == ["demand", "technology", "staff", "years_to_full_use", "costs"]
        inert = indices.dataset.sel(output="freed årsværk in year 5", input="licence")
        assert float(inert["total_order"]) == float(inert["first_order"]) == 0.0
        assert tree["inputs"]["label"].sel(input="upkeep_fte").item().startswith("Årsværk til drift")
        assert tree.attrs["widest_interval"] < 0.2


def test_the_example_pays_where_its_formula_says_so() -> None:
    """One year of full use by hand: 100 chats, 40 solved at 6 minutes, 60 followed up for 1 minute."""
    model = own_model.load(CHATBOT)
    module = importlib.import_module("chatbot")
    stated = {
        "enquiries": 200.0, "digital_share": 0.5, "resolved": 0.4, "minutes": 6.0, "follow_up_minutes": 1.0,
        "hours_per_fte": 3.0, "hourly_cost": 1000.0, "realised": 0.5, "years_to_full_use": 1.0, "set_up": 0.0,
        "licence": 0.0, "cost_per_chat": 2.0, "upkeep_fte": 0.0, "wrong_answers": 0.1, "cost_of_wrong_answer": 25.0,
        "discount_rate": 0.0,
    }  # fmt: skip
    values = np.array([[stated[name] for name in model.names]])
    hours, cost = (40 * 6 - 60) / 60, 100 * 2 + 40 * 0.1 * 25
    expected = [[module.YEARS * (0.5 * hours * 1000 - cost) / 1e6, hours / 3.0, 0.5 * hours * 1000 / cost]]
    np.testing.assert_allclose(model.evaluate(values), expected, rtol=1e-12)


# Points


@pytest.mark.parametrize("method", ["sobol", "latin-hypercube"])
@pytest.mark.parametrize("points", [16, 32, 256])
def test_the_first_points_are_a_latin_hypercube(method: str, points: int) -> None:
    plan = make_plan(dict.fromkeys("abc", (0, 1)), points, 2, 5, None, False, None)
    for source in replicate_sources(plan, method, 4):
        levels = np.concatenate([source(first, 16) for first in range(0, points, 16)], axis=2)
        assert levels.shape == (3, 2, points)
        strata = np.sort((levels * points).astype(int), axis=2)
        assert (strata == np.arange(points)).all()


def test_dimensions_of_a_latin_hypercube_are_independent() -> None:
    """Its correlations have mean 0 and variance 1 / (n - 1), as those of independent random orders.

    Over 300 hypercubes of 15 pairs of dimensions; tolerance of 6 standard errors of mean and variance.
    """
    points, correlations = 64, []
    plan = make_plan(dict.fromkeys("abc", (0, 1)), points, 300, 11, None, False, None)
    for source in replicate_sources(plan, "latin-hypercube", 6):
        levels = np.concatenate([source(0, 16), source(16, 16), source(32, 32)], axis=2).reshape(6, points)
        correlations.append(np.corrcoef(levels)[np.triu_indices(6, 1)])
    scaled = np.array(correlations) * np.sqrt(points - 1)
    assert abs(scaled.mean()) < 6 / np.sqrt(scaled.size)
    assert abs(scaled.var() - 1) < 6 * np.sqrt(2 / scaled.size)


@pytest.mark.parametrize("method", ["sobol", "latin-hypercube", "monte-carlo"])
def test_points_do_not_depend_on_the_blocks_or_the_number_of_replicates(method: str) -> None:
    plans = [make_plan({"a": (0, 1), "b": (0, 1)}, 64, replicates, 5, None, False, None) for replicates in (2, 3)]
    two, three = (list(replicate_sources(plan, method, 5)) for plan in plans)
    for one, other in zip(two, three, strict=False):
        whole = other(32, 32)
        np.testing.assert_array_equal(np.concatenate([one(first, 8) for first in range(32, 64, 8)], axis=2), whole)
    assert (three[0](0, 16) != three[2](0, 16)).all()


# Quantiles of outputs of any range


def counted(outputs: np.ndarray) -> tuple[Histogram, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Bins from the first 32 outputs, and all outputs in them."""
    histogram = empty_histogram(outputs[:32, None], 1)
    return histogram, block_histogram(outputs[:, None], histogram.middle, histogram.scale)


def test_quantiles_from_bins_come_near_those_of_the_sample() -> None:
    """Within a bin: 1/32 of the scale near the middle, 1/32 of the distance far from it."""
    random = np.random.default_rng(1)
    levels = np.array([0.001, 0.05, 0.5, 0.95, 0.999])
    for outputs in (random.normal(5, 2, 50_000), random.standard_t(2, 50_000), np.exp(random.normal(0, 3, 50_000))):
        bins, counts = counted(outputs)
        expected = np.quantile(outputs, levels, method="inverted_cdf")
        width = np.hypot(expected - bins.middle, bins.scale) / 32 * 1.1
        assert (np.abs(quantiles(*counts, levels)[0] - expected) <= width).all()


def test_quantiles_of_single_values_are_exact() -> None:
    random, values = np.random.default_rng(2), np.array([-7.0, 0.1, 3.0, 3.5, 1e6])
    outputs = random.permutation(np.repeat(values, [100, 200, 400, 200, 100]))
    levels = np.array([0.0, 0.05, 0.11, 0.5, 0.85, 0.95, 1.0])
    found = quantiles(*counted(outputs)[1], levels)[0]
    np.testing.assert_array_equal(found, [-7.0, -7.0, 0.1, 3.0, 3.5, 1e6, 1e6])


def test_an_output_far_beyond_the_bins_is_counted_in_the_last() -> None:
    outputs = np.append(np.linspace(0, 1, 1000), [-1e200, 1e300])
    found = quantiles(*counted(np.random.default_rng(3).permutation(outputs))[1], np.array([0.0, 0.5, 1.0]))[0]
    assert (found[0], found[2]) == (-1e200, 1e300)
    assert abs(found[1] - 0.5) < 0.02


def test_an_output_that_does_not_vary_at_first_has_bins() -> None:
    for first in (np.zeros(32), np.full(32, 5.0), np.append(np.zeros(31), 1e300), np.tile([-1e308, 1e308], 16)):
        histogram = empty_histogram(first[:, None], 2)
        assert np.isfinite(histogram.scale).all()
        assert (histogram.scale > 0).all()
        assert histogram.counts.shape == (2, 1, BINS)


# Continuing a run


CASES = {
    "second order": (ISHIGAMI, ["run.second_order=true"]),
    "latin-hypercube": (ISHIGAMI, ["run.method=latin-hypercube", "run.second_order=false"]),
    "monte-carlo": (ISHIGAMI, ["run.method=monte-carlo"]),
    "groups and dependence": (CHATBOT, ["run.precision=1e9", "run.sample=3000"]),  # which any points meet
    "no sample": (ISHIGAMI, ["run.sample=0"]),
    "few points": (ISHIGAMI, ["run.replicates=2", "run.sample=100_000"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_run_continued_is_a_longer_run_to_the_last_bit(case: str) -> None:
    path, changes = CASES[case]
    short = own_model.load(path, [*changes, "run.points=32"])
    longer = run(path, *changes, "run.points=256")
    first = short.run()
    assert first.attrs["points"] == 32
    identical(short.extend(first, points=256), longer)
    step_by_step = short.extend(short.extend(first, points=64), points=256)
    identical(step_by_step, longer)
    assert [past["points"] for past in json.loads(step_by_step.attrs["history"])] == [32, 64]
    assert step_by_step.attrs["points"] == 256


def test_more_replicates_are_those_of_a_run_with_as_many() -> None:
    changes = ["run.points=64", "run.replicates=3", "run.sample=100"]
    few = own_model.load(ISHIGAMI, changes)
    many = own_model.load(ISHIGAMI, ["run.points=128", "run.replicates=8", "run.sample=100"]).run()
    grown = few.extend(few.run(), points=128, replicates=8)
    identical(grown, many, "summary", "sensitivity", "inputs", "sample", "sums")
    # What was known of fewer replicates stays in the history, and says so.
    assert grown["convergence"]["replicates"].values.tolist() == [3, 3, 8, 8]
    assert grown["convergence"]["points"].values.tolist() == [16, 32, 64, 128]


def test_what_is_written_can_be_continued(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--set", "run.points=64", "--set", "run.seed=5"]
    assert main(["run", str(ISHIGAMI), *arguments, "--out", "short", "--quiet"]) == 0
    assert main(["run", str(ISHIGAMI), "--set", "run.points=256", *arguments[2:], "--out", "long", "--quiet"]) == 0
    assert main(["extend", "short", "--points", "256"]) == 0
    assert "4 futures: 256 points" in capsys.readouterr().out.replace("32,768", "4")
    with xr.open_datatree("short/results.nc") as short, xr.open_datatree("long/results.nc") as longer:
        identical(short, longer)
        assert short.attrs["command"] == "python -m simulator extend short --points 256"
        (past,) = json.loads(short.attrs["history"])
        assert past["points"] == 64
        assert shlex.split(past["command"])[:5] == ["python", "-m", "simulator", "run", str(ISHIGAMI)]
        assert json.loads(past["versions"])["numpy"] == np.__version__


COUNTING = """
seen = []
def model(values):
    seen.append(values.copy())
    return values[:, 0] + 2 * values[:, 1]
"""


def evaluated(path: Path) -> np.ndarray:
    module = re.search(r'"(\w+):', path.read_text())[1]  # type: ignore[index]
    seen = sys.modules[module].seen
    rows = np.concatenate(seen) if seen else np.empty((0, 2))
    seen.clear()
    return rows


def test_no_point_is_evaluated_twice(elsewhere: Path) -> None:
    path = write(elsewhere, COUNTING, run="workers = 1")
    model = own_model.load(path)
    first = model.run()
    rows = evaluated(path)
    assert len(rows) == first.attrs["futures"] == 4 * 64 * 4
    assert len(np.unique(rows, axis=0)) == len(rows)
    second = model.extend(first, points=128, replicates=5)
    more = evaluated(path)
    assert len(more) == second.attrs["futures"] - first.attrs["futures"] == 4 * (5 * 128 - 4 * 64)
    assert len(np.unique(np.concatenate([rows, more]), axis=0)) == second.attrs["futures"]


def test_groups_share_the_evaluations_of_their_only_input(elsewhere: Path) -> None:
    path = write(elsewhere, COUNTING, TWO + '[groups]\nalone = ["b"]\n', run="workers = 1")
    tree = run(path)
    assert len(evaluated(path)) == tree.attrs["futures"] == 4 * 64 * 4
    np.testing.assert_array_equal(
        tree["sensitivity"]["total_order"].sel(input="b"), tree["group_sensitivity"]["total_order"].sel(group="alone")
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("a comment", "the configuration, a change of it, or a table that it names is not as it was"),
        ("the function", "the file of the function is not as it was"),
        ("a table", "the configuration, a change of it, or a table that it names is not as it was"),
        ("a column", "a distribution of an input is not as it was"),
    ],
)
def test_a_model_that_changed_is_not_continued(
    change: str, said: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "inputs.csv").write_text("name,kind,low,high,source\na,uniform,0,1,S\n")
    (elsewhere / "past.csv").write_text("seen\n1\n2\n")
    inputs = '[inputs]\nfile = "inputs.csv"\nb = { kind = "empirical", file = "past.csv", column = "seen" }\n'
    path = write(elsewhere, inputs=inputs)
    assert main(["run", str(path), "--out", "out", "--quiet"]) == 0
    before = Path("out/results.nc").read_bytes()
    file = {
        "a comment": path,
        "the function": next(elsewhere.glob("own_model_*.py")),
        "a table": elsewhere / "inputs.csv",
        "a column": elsewhere / "past.csv",
    }[change]
    file.write_text({"a column": "seen\n1\n3\n", "a table": "name,kind,low,high,source\na,uniform,0,2,S\n"}.get(
        change, file.read_text() + "\n# other\n"))  # fmt: skip
    assert main(["extend", "out", "--points", "128"]) == 2
    assert said in capsys.readouterr().err
    assert Path("out/results.nc").read_bytes() == before


def test_mistakes_in_extend(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(elsewhere)
    assert main(["run", str(path), "--out", "out", "--quiet"]) == 0
    (elsewhere / "empty").mkdir()
    (elsewhere / "text.nc").write_text("no netCDF")
    xr.DataTree(xr.Dataset({"x": 1})).to_netcdf("other.nc", engine="h5netcdf")
    for arguments, said in (
        (["out"], "the command line: nothing is asked for. Give --points, --replicates or both."),
        (["out", "--points", "32"], "points: 32, where the earlier run has 64. Give 64 or more."),
        (["out", "--points", "64"], "points: the earlier run has 64 in 4 replicates. Give more of either."),
        (["out", "--points", "100"], "points: 100 is no power of two"),
        (["out", "--points", str(2**40)], "are more than 32 bits tell apart"),
        (["out", "--points", "many"], "argument --points: invalid int value: 'many'"),
        (["out", "--replicates", "2"], "replicates: 2, where the earlier run has 4."),
        (["out", "--points", "0"], "points: 0, where the earlier run has 64"),
        (["out", "--points", "-64"], "points: -64"),
        (["nowhere", "--points", "128"], "nowhere: there is no such file."),
        (["empty", "--points", "128"], "there is no such file."),
        (["text.nc", "--points", "128"], "text.nc: is not a results file"),
        (["other.nc", "--points", "128"], "other.nc: holds no run: it lacks config_changes"),
        (["out", "--points", "128", "--config", "gone.toml"], "there is no configuration 'gone.toml'"),
    ):
        assert main(["extend", *arguments]) == 2, arguments
        printed, error = capsys.readouterr()
        assert printed == ""
        assert said in error
        assert len(error.splitlines()) == 1


# When to stop


def test_a_run_stops_once_all_intervals_are_narrow_enough() -> None:
    tree = run(ISHIGAMI, "run.precision=0.02", "run.points=16")
    widths = tree["convergence"]["widest_interval"].max("output").values
    assert tree.attrs["stopped"] == "precision"
    assert widths[-1] < 0.02 <= widths[:-1].min()
    assert tree.attrs["widest_interval"] == widths[-1]
    ends = [tree["sensitivity"][f"{name}_ci"].values for name in ("first_order", "total_order")]
    assert widths[-1] == max(float((one[..., 1] - one[..., 0]).max()) for one in ends)


def test_a_precision_does_not_stop_a_run_before_its_points() -> None:
    tree = run(ISHIGAMI, "run.precision=0.9", "run.points=128")
    assert (tree.attrs["stopped"], tree.attrs["points"]) == ("precision", 128)
    assert tree["convergence"]["widest_interval"].values[0] < 0.9


def test_a_run_stops_before_more_futures_than_allowed() -> None:
    each = 16 * 8  # replicates times A, B and three hybrids either way
    tree = run(ISHIGAMI, "run.precision=1e-9", "run.points=16", f"run.max_futures={each * 256 - 1}")
    assert (tree.attrs["stopped"], tree.attrs["points"]) == ("max_futures", 128)
    tree = run(ISHIGAMI, "run.precision=1e-9", "run.points=16", f"run.max_futures={each * 256}")
    assert (tree.attrs["stopped"], tree.attrs["points"]) == ("max_futures", 256)
    assert tree.attrs["futures"] == each * 256
    tree = run(ISHIGAMI, f"run.max_futures={each * 64}")  # also without a precision
    assert (tree.attrs["stopped"], tree.attrs["points"]) == ("max_futures", 64)


def test_a_run_stops_when_the_next_doubling_would_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock on which the first stage, with its compilation, takes 5 s and the others 1 s for 16 points."""
    now = [0.0]
    monkeypatch.setattr("simulator.own_model.run.time.monotonic", lambda: now[0])
    from simulator.own_model import run as module

    first, advance = module.first_state, module.advance

    def slow_first(*arguments: Any) -> Any:
        now[0] += 5.0
        return first(*arguments)

    def slow(drawing: Any, state: Any, points: int, told: Any) -> Any:
        now[0] += (points - state.points) / 16
        return advance(drawing, state, points, told)

    monkeypatch.setattr(module, "first_state", slow_first)
    monkeypatch.setattr(module, "advance", slow)
    tree = run(ISHIGAMI, "run.max_seconds=20")  # 5 + 1 + 2 + 4 = 12, and 8 more make 20; then 16 more
    assert (tree.attrs["stopped"], tree.attrs["points"]) == ("max_seconds", 256)
    assert now[0] == 20.0


def test_a_run_with_a_precision_alone_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.own_model.run.MOST_FUTURES", 16 * 8 * 64)
    tree = run(ISHIGAMI, "run.precision=1e-9", "run.points=16")
    assert (tree.attrs["stopped"], tree.attrs["points"]) == ("max_futures", 64)


def test_an_output_that_does_not_vary_stops_a_run_and_has_no_indices(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(elsewhere, "def model(values):\n    return 0.1 + 0 * values[:, 0]\n", run="precision = 0.01")
    assert main(["run", str(path), "--out", "out"]) == 0
    said = capsys.readouterr().out
    assert "there are no intervals of indices" in said
    assert "Missing: no indices of y: no variance." in said
    with xr.open_datatree("out/results.nc") as tree:
        assert tree["sensitivity"]["total_order"].isnull().all()
        assert tree["summary"]["value"].values.tolist() == [[0.1] * 9]
        assert float(tree["summary"]["sd"].item()) == 0.0


@pytest.mark.parametrize(("stopped", "said"), [
    ("points", "All points asked for were drawn: the widest 95 % interval of an index is "),
    ("precision", "Stopped by the precision 0.5: "),
    ("max_futures", "Stopped by the limit max_futures of 1,024, which twice the points would pass: "),
])  # fmt: skip
def test_the_summary_says_what_stopped_it(
    stopped: str, said: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"points": "", "precision": "precision = 0.5", "max_futures": "max_futures = 1024\nprecision = 1e-9"}
    path = write(elsewhere, "def model(values):\n    return values[:, 0] * values[:, 1]\n", run=settings[stopped])
    assert main(["run", str(path), "--out", "out"]) == 0
    assert said in capsys.readouterr().out


# Threads and memory


def test_threads_change_nothing() -> None:
    trees = [run(ISHIGAMI, "run.points=512", f"run.workers={workers}") for workers in (1, 2, 5)]
    for tree in trees[1:]:
        identical(tree, trees[0], *(node for node in tree.children if node != "inputs"))


def test_memory_does_not_grow_with_the_points() -> None:
    own_model.load(ISHIGAMI, ["run.points=64"]).run()
    peaks = []
    for points in (2**11, 2**15):
        model = own_model.load(ISHIGAMI, [f"run.points={points}", "run.workers=1"])
        tracemalloc.start()
        model.run()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


# Groups and dependence


def test_groups_beside_single_inputs_of_a_linear_function(elsewhere: Path) -> None:
    exact = linear_gaussian((1.0, -2.0, 0.5), (1.0, 0.5, 4.0))
    inputs = "[inputs]\n" + "".join(
        f'{name} = {{ kind = "normal", mean = 0, sd = {sd}, tail = 1e-12 }}\n'
        for name, sd in (("a", 1.0), ("b", 0.5), ("c", 4.0))
    )
    code = "def model(values):\n    return values @ np.array([1.0, -2.0, 0.5])\n"
    path = write(elsewhere, code, inputs + '[groups]\nac = ["a", "c"]\n', run="")
    tree = run(path, "run.points=512", "run.replicates=16", "run.second_order=true")
    share = dict(zip("abc", exact.first_order, strict=True))
    assert (away(tree["sensitivity"].dataset, "total_order", list(share.values())) < 7).all()
    groups = tree["group_sensitivity"].dataset
    assert list(groups["group"].values) == ["ac", "b"]
    assert (away(groups, "first_order", [share["a"] + share["c"], share["b"]]) < 7).all()
    assert tree.attrs["futures"] == 512 * 16 * (2 + 2 * 4)
    only = run(path, "run.indices=groups")
    assert "sensitivity" not in only.children
    assert only.attrs["futures"] == 64 * 4 * (2 + 2)


def test_inputs_that_depend_on_each_other_stand_in_one_group(elsewhere: Path) -> None:
    """y = a + b + c, all standard normal, a and b with correlation r: V = 3 + 2 r, of which 2 + 2 r are of both."""
    inputs = "[inputs]\n" + "".join(
        f'{name} = {{ kind = "normal", mean = 0, sd = 1, tail = 1e-12 }}\n' for name in "abc"
    )
    rank = 6 / np.pi * np.arcsin(0.5 / 2)
    dependence = f'[[dependence]]\ninputs = ["a", "b"]\nrank_correlation = {rank}\n'
    code = "def model(values):\n    return values.sum(axis=1)\n"
    path = write(elsewhere, code, inputs + dependence)
    with pytest.raises(
        InputError, match="'a', 'b' depend on each other, so that there are no Sobol' indices of them alone"
    ):
        run(path)
    apart = write(elsewhere, code, inputs + '[groups]\nca = ["c", "a"]\n' + dependence, name="apart")
    with pytest.raises(InputError, match="group 'ca': holds a without b, on which it depends"):
        run(apart)
    together = write(elsewhere, code, inputs + '[groups]\nab = ["a", "b"]\n' + dependence, name="together")
    tree = run(together, "run.points=512", "run.replicates=16")
    assert list(tree["sensitivity"]["input"].values) == ["c"]
    assert (away(tree["group_sensitivity"].dataset, "total_order", [3 / 4, 1 / 4]) < 7).all()
    assert (away(tree["summary"].dataset, "sd", 2.0) < 7).all()
    sample = tree["sample"]["value"].values
    assert stats.spearmanr(sample[:, 0], sample[:, 1]).statistic == pytest.approx(rank, abs=6 / np.sqrt(len(sample)))


# Convergence


def table_with(total: list[float], half: list[float]) -> xr.Dataset:
    """Indices of one output with intervals of given half widths."""
    ends = np.array([[one - h, one + h] for one, h in zip(total, half, strict=True)])[None]
    data = {}
    for name in ("first_order", "total_order"):
        data[name] = (("output", "input"), np.array([total]))
        data[f"{name}_ci"] = (("output", "input", "ci_bound"), ends)
    names = [f"x{place}" for place in range(len(total))]
    return xr.Dataset(data, {"output": ["y"], "input": names, "ci_bound": ["lower", "upper"]})


def test_values_ranking_and_screening_are_told_apart() -> None:
    first = table_with([0.5, 0.3, 0.001, 0.002], [0.2, 0.2, 0.001, 0.001])
    second = table_with([0.4, 0.45, 0.002, 0.001], [0.02, 0.01, 0.001, 0.001])
    third = table_with([0.4, 0.45, 0.002, 0.001], [0.02, 0.04, 0.001, 0.02])
    found = convergence([(16, 4, first), (32, 4, second), (64, 8, third)]).sel(output="y")
    np.testing.assert_allclose(found["widest_interval"], [0.4, 0.04, 0.08])
    # The last two are screened out at first, and so neither overlap nor change places.
    np.testing.assert_array_equal(found["overlaps"], [1, 0, 1])
    np.testing.assert_array_equal(found["largest_rank_change"], [np.nan, 1, 0])
    np.testing.assert_array_equal(found["screened"], [[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 0]])
    assert found["replicates"].values.tolist() == [4, 4, 8]
    again = convergence([(64, 8, third)], convergence([(16, 4, first), (32, 4, second)])).sel(output="y")
    xr.testing.assert_identical(again, found)


def test_the_history_holds_what_a_run_to_fewer_points_gives() -> None:
    tree, short = run(ISHIGAMI, "run.points=128"), run(ISHIGAMI, "run.points=32")
    assert tree["convergence"]["points"].values.tolist() == [16, 32, 64, 128]
    then = tree["convergence"].dataset.sel(points=32)
    for name in ("first_order", "total_order_ci"):
        np.testing.assert_array_equal(then[name], short["sensitivity"][name])


def test_one_replicate_has_no_intervals() -> None:
    tree = run(ISHIGAMI, "run.points=64", "run.replicates=1")
    assert tree["sensitivity"]["total_order_ci"].isnull().all()
    assert tree["summary"]["value_ci"].isnull().all()
    assert tree["summary"]["sd_ci"].isnull().all()
    assert tree["convergence"]["widest_interval"].isnull().all()
    assert (tree["convergence"]["screened"] == 0).all()


# Inputs from a table


def test_two_hundred_inputs_from_a_table(elsewhere: Path) -> None:
    """y = Σ i x_i with uniform x: the index of input i is i² / Σ i²."""
    rows = "".join(f"x{i},uniform,0,1,,,Taste {i}\n" for i in range(1, 201))
    (elsewhere / "mange.csv").write_text(f"name,kind,low,high,mean,sd,source\n{rows}", encoding="utf-8")
    code = "def model(values):\n    return values @ np.arange(1.0, 201.0)\n"
    path = write(elsewhere, code, '[inputs]\nfile = "mange.csv"\n', run="")
    tree = run(path, "run.points=64", "run.replicates=16")
    square = np.arange(1, 201) ** 2.0
    assert (away(tree["sensitivity"].dataset, "total_order", square / square.sum()) < 7).all()
    assert tree["inputs"]["source"].values[41] == "Taste 42"
    assert tree.attrs["futures"] == 64 * 16 * 202
    assert "mange.csv" in json.loads(tree.attrs["config"])


def test_a_table_as_a_danish_excel_writes_it_and_an_input_stated_over_it(elsewhere: Path) -> None:
    (elsewhere / "input.csv").write_bytes(
        "\ufeffname;kind;low;mode;high;unit;evidence;source\r\nløn;pert;1,5;2;4;kr.;published;Bilag\r\nb;uniform;0;;1;;;Bilag\r\n".encode()
    )
    path = write(
        elsewhere,
        inputs='[inputs]\nfile = "input.csv"\nb = { kind = "fixed", value = 3 }\nc = { kind = "uniform", low = 0, high = 1 }\n',
    )
    model = own_model.load(path)
    assert model.names == ["løn", "b", "c"]
    assert dict(model.inputs[0].distribution.parameters) == {"low": 1.5, "mode": 2.0, "high": 4.0}
    assert [(one.unit, one.evidence, one.source) for one in model.inputs[:2]] == [
        ("kr.", "published", "Bilag"),
        ("", "assumed", ""),
    ]
    assert model.inputs[1].distribution.kind == "fixed"
    assert list(run(path)["sensitivity"]["input"].values) == ["løn", "c"]  # what is fixed has no index


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("name,kind,low,high,source\nx,uniform,1,0,S\n", "row 2, parameter 'low': 1 is above high, 0."),
        ("name,kind,low,high,source\nx,uniform,0,1,S\nx,uniform,0,1,S\n", "row 3: repeats ('x',) of row 2"),
        ("name,kind,low,high\nx,uniform,0,1\n", "row 1: column 'source' is missing"),
        ("name,kind,lov,high,source\nx,uniform,0,1,S\n", "row 1: unknown column 'lov'. Did you mean 'low'"),
        ("name,kind,low,high,source\nx,uniform,0,many,S\n", "row 2, column 'high': 'many' is not a number."),
        ("name,kind,low,high,source\nx,unifrom,0,1,S\n", "row 2, parameter 'kind': there is no kind 'unifrom'."),
        ("name,kind,low,high,source\n,uniform,0,1,S\n", "row 2, column 'name': the cell is empty."),
        ("name,kind,low,high,source,evidence\nx,uniform,0,1,S,guess\n", "parameter 'evidence': 'guess' is not a kind"),
        ("name,kind,low,high,source\nx,discrete,0,1,S\n", "row 2: kind 'discrete' has lists, which a cell does not hold."),
        ("name,kind,low,high,source\n", "has no rows"),
        ("", "column 'name' is missing"),
    ],
)  # fmt: skip
def test_mistakes_in_a_table_of_inputs(table: str, said: str, elsewhere: Path) -> None:
    (elsewhere / "inputs.csv").write_text(table)
    with pytest.raises(InputError) as caught:
        own_model.load(write(elsewhere, inputs='[inputs]\nfile = "inputs.csv"\n'))
    assert said in str(caught.value)
    assert "inputs.csv" in str(caught.value)


# Mistakes in the configuration


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["run.points=100"], "points=100: 100 is no power of two, of which the points of a net are even. Give 64 or 128."),
        (["run.points=8"], "8 cannot be used"),
        (["run.points=8589934592"], "cannot be used"),
        (["run.replicates=0"], "cannot be used"),
        (["run.seed=-1"], "cannot be used"),
        (["run.method=sobbol"], "'sobbol' cannot be used. It should be 'sobol', 'latin-hypercube' or 'monte-carlo'"),
        (["run.precision=0"], "0 cannot be used"),
        (["run.precision=0.1", "run.replicates=1"], "the width of intervals, which one replicate does not give."),
        (["run.max_futures=0"], "cannot be used"),
        (["run.max_futures=100"], "100 futures are fewer than the first 16 points of each replicate take. Give 256 or more"),
        (["run.max_seconds=0"], "cannot be used"),
        (["run.quantiles=[]"], "is empty"),
        (["run.quantiles=[0.5, 0.1]"], "is not in rising order"),
        (["run.quantiles=[1.5]"], "cannot be used"),
        (["run.indices=groups"], "there are no groups"),
        (["run.futures=100"], "unknown key 'run.futures'"),
        (["run.pointz=64"], "unknown key 'run.pointz'. Did you mean 'points'"),
        (["years=[2040]"], "unknown key 'years'"),
        (["model.outputs=['y', 'y']"], "'y' stands twice"),
        (["model.outputs=['y']", "model.units=['a', 'b']"], "2 units, beside 1 names in model.outputs"),
        (["model.call=columns"], "'columns' cannot be used. It should be 'values' or 'names'"),
        (["inputs.a=3"], "is not a distribution"),
        (["inputs.a={kind='fixed', value=1}", "inputs.b={kind='fixed', value=1}"], "every input is fixed: there is"),
        (["inputs.a.evidence=guess"], "parameter 'evidence': 'guess' is not a kind of evidence"),
        (["inputs.a.source=3"], "parameter 'source': 3 is not a text"),
        (["inputs.file=nowhere.csv"], "nowhere.csv: there is no such file"),
        (["groups.g=['c']"], "there is no input 'c'"),
        (["groups.g=['a', 'a']"], "'a' stands in 'g' too"),
        (["groups.a=['b']"], "an input of this name stands in no group"),
        (["groups.g=[]"], "is not a list of inputs"),
        (["groups.g='a'"], "It should be a list"),
        (["dependence=[{inputs = ['a', 'c'], rank_correlation = 0.5}]"], "there is no input 'c'"),
        (["dependence=[{inputs = ['a', 'b'], rank_correlation = 2}]"], "2 is not a rank correlation"),
    ],
)  # fmt: skip
def test_mistakes_in_the_configuration(
    changes: list[str], said: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(elsewhere)
    assert main(["run", str(path), *(part for change in changes for part in ("--set", change)), "--out", "out"]) == 2
    printed, error = capsys.readouterr()
    assert printed == ""
    assert said in error
    assert len(error.splitlines()) == 1
    assert not Path("out").exists()


def test_keys_that_are_missing(elsewhere: Path) -> None:
    for text, said in (
        ('[model]\nfunction = "a:b"\n[inputs]\n', "key 'title': is missing"),
        ('title = "t"\n[model]\n[inputs]\n', "key 'model.function': is missing"),
        ('title = "t"\n[model]\nfunction = "a:b"\n', "key 'inputs': is missing"),
        ('title = "t"\n[model]\nfunction = "a:b"\n[inputs]\n', "key 'inputs': there are no inputs"),
        ('title = "t"\n', "key 'model': there is no model of your own"),
    ):
        path = elsewhere / "short.toml"
        path.write_text(text)
        with pytest.raises(InputError) as caught:
            own_model.load(path)
        assert said in str(caught.value)


@pytest.mark.parametrize("command", ["published"])
def test_commands_of_the_built_in_model_say_that_they_are(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(ISHIGAMI)]) == 2
    assert "key 'model': states a model of its own" in capsys.readouterr().err
    with pytest.raises(InputError, match="states a model of its own"):
        simulator.load(ISHIGAMI)


def test_an_overlay_of_a_model_of_ones_own(elsewhere: Path) -> None:
    path = elsewhere / "other.toml"
    path.write_text(
        f'extends = "{ISHIGAMI.as_posix()}"\nauthor = "a"\nreference = "b"\nreason = "c"\n[run]\npoints = 16\n'
        '[inputs]\nx3 = { kind = "fixed", value = 0.0 }\n'
    )
    model = own_model.load(path)
    assert model.config.settings.run.second_order
    assert list(model.run()["sensitivity"]["input"].values) == ["x1", "x2"]
    # A fixed input keeps its dimensions, so that scenarios share their draws.
    both = [run(one, "run.points=16")["sample"]["value"].sel(input="x2") for one in (path, ISHIGAMI)]
    np.testing.assert_array_equal(*both)


# Mistakes in the function


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("nowhere:model", "there is no module 'nowhere'. Looked in '"),
        ("nowhere.deep:model", "there is no module 'nowhere'"),
        ("{module}:modl", "has no 'modl'. Did you mean 'model'"),
        ("{module}:CONSTANT", "'CONSTANT' of module '{module}' is int, which cannot be called"),
        ("{module}", "'{module}' is not of the form module:name"),
        ("{module}.py:model", "there is no module '{module}.py'"),
        ("a b:model", "is not of the form module:name"),
        ("{module}:model:x", "is not of the form module:name"),
        ("broken:model", "module 'broken' cannot be imported (ModuleNotFoundError: No module named 'missing_package')"),
        ("wrong:model", "module 'wrong' cannot be imported (SyntaxError: "),
        ("raising:model", "module 'raising' cannot be imported (ZeroDivisionError: division by zero)"),
        ("statistics:mean", "has the name of another module, which is in use"),
    ],
)
def test_a_function_that_cannot_be_found(
    function: str, said: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    importlib.import_module("statistics")
    path = write(elsewhere, f"CONSTANT = 3\n{SUM}")
    module = next(elsewhere.glob("own_model_*.py")).stem
    (elsewhere / "broken.py").write_text("import missing_package\n")
    (elsewhere / "wrong.py").write_text("def model(:\n")
    (elsewhere / "raising.py").write_text("1 / 0\n")
    (elsewhere / "statistics.py").write_text("def mean(values):\n    return values[:, 0]\n")
    assert main(["run", str(path), "--set", f"model.function={function.format(module=module)}"]) == 2
    error = capsys.readouterr().err
    assert said.format(module=module) in error
    assert error.startswith("error: --set model.function=")
    assert len(error.splitlines()) == 1


def test_a_module_is_found_beside_the_configuration_then_in_the_working_folder(elsewhere: Path) -> None:
    far = elsewhere.parent / "far"
    far.mkdir()
    path = write(far)
    assert own_model.load(path).evaluate(np.array([[1.0, 2.0]])).tolist() == [[5.0]]
    package = elsewhere / "my_models"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "sums.py").write_text("def half(values):\n    return values.sum(axis=1) / 2\n")
    assert own_model.load(path, ["model.function=my_models.sums:half"]).evaluate(np.array([[1.0, 2.0]])).item() == 1.5


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return values[:, 0].sum()", "it gave the shape (). Give (64,), or (64, outputs)."),
        ("return values.T", "it gave the shape (2, 64). Give (64,), or (64, outputs)."),
        ("return values[1:, 0]", "it gave the shape (63,)"),
        ("return values[:, :, None]", "it gave the shape (64, 2, 1)"),
        ("return values[:, :0]", "it gave the shape (64, 0)"),
        ("return None", "it gave NoneType of object, which are no real numbers"),
        ("return values[:, 0] * 1j", "it gave ndarray of complex128, which are no real numbers"),
        ("return np.array(['x'] * len(values))", "which are no real numbers"),
        ("calls.append(1); return values[:, : len(calls)]", "it gave 1 outputs at first, then 2"),
    ],
)
def test_a_function_of_a_wrong_shape(body: str, said: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(elsewhere, f"calls = []\ndef model(values):\n    {body}\n", run="workers = 1")
    assert main(["run", str(path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert f"error: {path}, key 'model.function': " in error
    assert len(error.splitlines()) == 1


def test_outputs_have_the_names_that_are_stated(elsewhere: Path) -> None:
    code = "def model(values):\n    return values\n"
    path = write(elsewhere, code, model='outputs = ["Årsværk", "kr."]\nunits = ["FTE", "DKK"]')
    tree = run(path)
    for node in ("summary", "sensitivity", "convergence", "sample"):
        assert tree[node]["output"].values.tolist() == ["Årsværk", "kr."]
    assert tree["summary"]["unit"].values.tolist() == ["FTE", "DKK"]
    assert run(path, "model.outputs=[]", "model.units=[]")["sensitivity"]["output"].values.tolist() == ["y0", "y1"]
    with pytest.raises(
        InputError, match=r"it gave the shape \(64, 2\)\. Give \(64, 3\), a column for each of model.outputs: a, b, c"
    ):
        run(path, "model.outputs=['a', 'b', 'c']", "model.units=[]")


RAISING = """
def model(values):
    if (values[:, 0] > 0.99).any():
        raise ValueError("too\\nlarge")
    return values[:, 0]
"""


def test_a_function_that_raises_names_the_future(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(elsewhere, RAISING)
    assert main(["run", str(path), "--set", "run.points=512"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(
        f"error: {path}, key 'model.function': it raised ValueError: too large, in the future a = 0.99"
    )
    place = re.search(r"\(replicate (\d), point (\d+), matrix ([AB\[\]ab]+)\)", error)
    assert place is not None
    value = float(re.search(r"a = ([\d.]+)", error)[1])  # type: ignore[index]
    # The future is what it says it is: its input a is that of the point named, in A or in B.
    plan = make_plan({"a": (0, 1), "b": (0, 1)}, 512, 4, 0, None, False, None)
    source = list(replicate_sources(plan, "sobol", 9))[int(place[1])]
    assert source(0, 512)[0, int(place[3] in ("B", "AB[a]")), int(place[2])] == value
    assert len(error.splitlines()) == 1


def test_a_function_that_raises_for_many_futures_only(elsewhere: Path) -> None:
    code = "def model(values):\n    if len(values) > 8:\n        raise MemoryError\n    return values[:, 0]\n"
    with pytest.raises(InputError, match="it raised MemoryError, for 64 futures together, though not for single ones"):
        run(write(elsewhere, code))
    code = "def model(values):\n    return undefined\n"
    with pytest.raises(InputError, match="it raised NameError: name 'undefined' is not defined, in the future a = "):
        run(write(elsewhere, code, name="second"))


NOT_FINITE = """
def model(values):
    result = values[:, :1] / (values[:, 1:] > 0.002)
    values[:] = -1.0  # which is not to show
    return result
"""


def test_outputs_that_are_not_finite_are_named(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(elsewhere, NOT_FINITE, model='outputs = ["Årsværk"]')
    assert main(["run", str(path), "--set", "run.points=4096", "--out", "out"]) == 1
    printed, error = capsys.readouterr()
    assert printed == ""
    found = re.fullmatch(
        r"error: (.*), key 'model.function': in (\d+) of the (\d+) futures of a call an output is not finite; the first at "
        r"replicate (\d), point (\d+), matrix [ABab\[\]]+, output 'Årsværk' = inf: a = ([\d.e-]+), b = ([\d.e-]+)\n",
        error,
    )
    assert found is not None, error
    assert 0 < int(found[2]) < int(found[3])
    assert 0 < float(found[7]) <= 0.002
    assert not Path("out").exists()


def test_squares_that_overflow_are_no_result(elsewhere: Path) -> None:
    with pytest.raises(NonFiniteError, match="the squares of an output overflow"):
        run(write(elsewhere, "def model(values):\n    return values[:, 0] * 1e300\n"))


def test_other_kinds_of_numbers(elsewhere: Path) -> None:
    for body in ("values[:, 0] > 0.5", "(values[:, 0] * 9).astype(int)", "np.ma.masked_less(values[:, 0], -1)",
                 "values[:, 0].astype(np.float32)", "list(values[:, 0])"):  # fmt: skip
        tree = run(write(elsewhere, f"def model(values):\n    return {body}\n", name=f"case{next(NUMBER)}"))
        assert float(tree["sensitivity"]["total_order"].sel(input="a").item()) == pytest.approx(1, abs=0.2)
        assert float(tree["sensitivity"]["total_order"].sel(input="b").item()) == 0.0
    with pytest.raises(NonFiniteError, match="an output is not finite"):
        run(write(elsewhere, "def model(values):\n    return np.ma.masked_less(values[:, 0], 0.5)\n"))


def test_a_function_compiled_by_numba(elsewhere: Path) -> None:
    code = """
import numba
@numba.njit
def model(values):
    result = np.empty(len(values))
    for i in range(len(values)):
        result[i] = values[i, 0] + 2 * values[i, 1]
    return result
"""
    plain = run(write(elsewhere))
    identical(run(write(elsewhere, code, name="compiled")), plain, "sensitivity", "summary")
    named = "import numba\n@numba.njit\ndef model(b, a):\n    return a + 2 * b\n"
    identical(run(write(elsewhere, named, model='call = "names"', name="named")), plain, "sensitivity", "summary")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def model(a, b, c):\n    return a", "its parameter 'c' is no input. State a distribution in [inputs]."),
        ("def model(a):\n    return a", "it has no parameter for the input 'b'."),
        ("def model(a, bb):\n    return a", "it has no parameter for the input 'b'."),
        ("def model(values, /):\n    return values", "it has no parameter for the input 'a'."),
        ("model = dict.fromkeys", "key 'model.function': it"),
    ],
)
def test_parameters_that_are_not_the_inputs(code: str, said: str, elsewhere: Path) -> None:
    with pytest.raises(InputError) as caught:
        own_model.load(write(elsewhere, code + "\n", model='call = "names"'))
    assert said in str(caught.value)


def test_inputs_by_name_may_stand_in_any_order_and_have_defaults(elsewhere: Path) -> None:
    code = "def model(b, a, *, power=1.0):\n    return a**power + 2 * b\n"
    named = run(write(elsewhere, code, model='call = "names"'))
    identical(named, run(write(elsewhere, name="plain")), "sensitivity", "summary", "sample")
    anything = "def model(**given):\n    return given['a'] + 2 * given['b']\n"
    identical(run(write(elsewhere, anything, model='call = "names"', name="any")), named, "sensitivity")


# The command line


def test_what_the_command_writes_and_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(ISHIGAMI), "--set", "run.points=512", "--seed", "3"]) == 0
    said, errors = capsys.readouterr()
    assert errors == ""
    for text in (
        "Ishigami's function",
        "65,536 futures: 512 points in 16 replicates, each with its hybrids; sobol, seed 3",
        "All points asked for were drawn",
        "Sobol' indices of the inputs",
        "Second order: x1 × x3 0.2",
        "Values: the widest interval is ",
        "Ranking: settled. Neighbours whose intervals overlap: 0; largest change of rank since then: 0.",
        "Screening: 0 of 3 inputs have a total-order interval below 0.01.",
        "Written: runs/ishigami/results.nc",
    ):
        assert text in said
    with xr.open_datatree("runs/ishigami/results.nc") as tree:
        assert list(tree.children) == ["summary", "sensitivity", "convergence", "inputs", "sample", "sums"]
        assert all(isinstance(value, str | int | float | np.number) for value in tree.attrs.values())
        command = shlex.split(tree.attrs["command"])
        assert main([*command[3:], "--out", "again", "--quiet"]) == 0
        assert json.loads(tree.attrs["config"])["ishigami.toml"] == ISHIGAMI.read_text(encoding="utf-8")
        with xr.open_datatree("again/results.nc") as again:
            identical(tree, again)
    assert main(["run", str(ISHIGAMI), "--out", "again"]) == 2
    assert "again/results.nc: exists already" in capsys.readouterr().err


@pytest.mark.parametrize(("futures", "points"), [("1", 16), ("65536", 512), ("65_537", 1024)])
def test_a_number_of_futures_is_rounded_up_to_points(futures: str, points: int) -> None:
    assert main(["run", str(ISHIGAMI), "--futures", futures, "--out", "out", "--quiet"]) == 0
    with xr.open_datatree("out/results.nc") as tree:
        assert tree.attrs["points"] == points
        assert tree.attrs["futures"] == points * 16 * 8


@pytest.mark.parametrize("futures", ["0", "-1", "many", "1.5", "9" * 30])
def test_numbers_of_futures_that_cannot_be_drawn(futures: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(ISHIGAMI), "--futures", futures, "--out", "out"]) == 2
    assert f"--futures {futures}" in capsys.readouterr().err
    assert not Path("out").exists()


def test_check_draws_nothing(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(elsewhere, COUNTING, model='outputs = ["Årsværk"]')
    assert main(["check", str(path)]) == 0
    assert "valid, 2 inputs. With every input in its middle: Årsværk 1.5." in capsys.readouterr().out
    assert evaluated(path).tolist() == [[0.5, 0.5]]
    broken = write(elsewhere, "def model(values):\n    return values[:, 0] * np.nan\n", name="broken")
    assert main(["check", str(broken)]) == 1
    assert "with every input in its middle, 'y' is nan" in capsys.readouterr().err


def test_progress_counts_all_evaluations(elsewhere: Path) -> None:
    told: list[tuple[str, int, int]] = []
    model = own_model.load(write(elsewhere))
    tree = model.run(lambda *given: told.append(given))
    assert {(stage, total) for stage, _, total in told} == {("futures", tree.attrs["futures"])}
    assert [done for _, done, _ in told][-1] == tree.attrs["futures"]
    told.clear()
    model.extend(tree, points=256, progress=lambda *given: told.append(given))
    assert told[-1] == ("futures", 4 * 256 * 4, 4 * 256 * 4)
    told.clear()
    own_model.load(write(elsewhere, name="precise"), ["run.precision=1e9"]).run(lambda *given: told.append(given))
    assert {stage for stage, _, _ in told} == {f"futures, up to {points} points" for points in (16, 32, 64)}


# Other methods


def test_methods_by_name() -> None:
    assert {"sobol", "rank", "shapley", "morris", "delta", "rbd-fast", "dgsm", "pawn"} <= set(METHODS)


@pytest.mark.parametrize("method", [name for name in METHODS if name != "delta"])  # which takes half a minute
def test_every_method_has_a_table_and_a_file(method: str, capsys: pytest.CaptureFixture[str]) -> None:
    points = {"fast": "128", "morris": "16", "dgsm": "16"}.get(method, "256")
    assert (
        main(["sensitivity", str(ISHIGAMI), "--method", method, "--points", points, "--seed", "0", "--out", "out"]) == 0
    )
    said, errors = capsys.readouterr()
    assert errors == ""
    file = Path("out") / f"sensitivity_{method.replace('-', '_')}.nc"
    assert f"Written: {file}" in said
    assert all(f" {name} " in said for name in ("x1", "x2", "x3"))
    with xr.open_datatree(file) as tree:
        assert tree["sensitivity"]["input"].values.tolist() == ["x1", "x2", "x3"]
        assert tree["sensitivity"]["output"].values.tolist() == ["y"]
        assert tree["inputs"]["input"].values.tolist() == ["x1", "x2", "x3"]
        assert (tree.attrs["seed"], tree.attrs["points"]) == (0, int(points))
        assert {"config", "config_hash", "function_hash", "versions", "started"} <= set(tree.attrs)
        assert tree.attrs["evaluations"] > 0
    assert files("out") == [file.name]
    assert main(["sensitivity", str(ISHIGAMI), "--method", method, "--out", "out"]) == 2
    assert f"{file}: exists already" in capsys.readouterr().err


def files(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


@pytest.mark.parametrize(
    ("method", "name"), [("sobol", "total_order"), ("shapley", "shapley"), ("rank", "first_order")]
)
def test_our_methods_come_to_the_exact_answers(method: str, name: str) -> None:
    exact = ishigami()
    shapley = np.array(exact.first_order) + exact.total_order[2] / 2 * np.array([1, 0, 1])  # one pair interacts
    truth = {"total_order": exact.total_order, "first_order": exact.first_order, "shapley": shapley}[name]
    assert main(["sensitivity", str(ISHIGAMI), "--method", method, "--points", "512", "--out", "out"]) == 0
    with xr.open_datatree(f"out/sensitivity_{method}.nc") as tree:
        assert (away(tree["sensitivity"].dataset, name, truth) < 7).all()


def test_methods_take_groups_and_dependence_as_far_as_they_can(capsys: pytest.CaptureFixture[str]) -> None:
    for method in ("sobol", "shapley", "rank"):
        assert main(["sensitivity", str(CHATBOT), "--method", method, "--points", "16", "--out", "out"]) == 0
    with xr.open_datatree("out/sensitivity_shapley.nc") as tree:
        assert set(tree["group_sensitivity"]["group"].values) == {
            "demand",
            "technology",
            "staff",
            "costs",
            "years_to_full_use",
        }
        assert tree["group_sensitivity"]["output"].values.tolist()[1] == "freed årsværk in year 5"
    with xr.open_datatree("out/sensitivity_rank.nc") as tree:
        assert "resolved" in tree["sensitivity"]["input"].values  # also where it depends on another
        assert "discount_rate" not in tree["sensitivity"]["input"].values
    with xr.open_datatree("out/sensitivity_sobol.nc") as tree:
        assert {"sensitivity", "group_sensitivity"} <= set(tree.children)
    capsys.readouterr()
    assert main(["sensitivity", str(CHATBOT), "--method", "morris", "--out", "out"]) == 2
    assert "method 'morris' takes inputs for independent, and some depend on each other" in capsys.readouterr().err


def test_inputs_that_depend_on_each_other_without_a_group_have_shapley_effects(elsewhere: Path) -> None:
    """y = a + b, standard normal with correlation r: both have one half, whatever r."""
    inputs = "[inputs]\n" + "".join(f'{name} = {{ kind = "normal", mean = 0, sd = 1 }}\n' for name in "ab")
    dependence = '[[dependence]]\ninputs = ["a", "b"]\nrank_correlation = 0.7\n'
    path = write(elsewhere, "def model(values):\n    return values.sum(axis=1)\n", inputs + dependence)
    assert main(["sensitivity", str(path), "--method", "shapley", "--set", "run.replicates=16", "--out", "out"]) == 0
    with xr.open_datatree("out/sensitivity_shapley.nc") as tree:
        assert (away(tree["sensitivity"].dataset, "shapley", [0.5, 0.5]) < 7).all()


def test_a_method_sees_only_what_is_uncertain(elsewhere: Path) -> None:
    code = (
        "seen = []\ndef model(values):\n    seen.append(values[:, 0].copy())\n    return values[:, 0] * values[:, 1]\n"
    )
    path = write(elsewhere, code, TWO, run="workers = 1")
    changes = ["--set", "inputs.a={kind='fixed', value=4}"]
    assert main(["sensitivity", str(path), *changes, "--method", "morris", "--points", "8", "--out", "out"]) == 0
    module = re.search(r'"(\w+):', path.read_text())[1]  # type: ignore[index]
    assert (np.concatenate(sys.modules[module].seen) == 4.0).all()
    with xr.open_datatree("out/sensitivity_morris.nc") as tree:
        assert tree["sensitivity"]["input"].values.tolist() == ["b"]
        assert float(tree["sensitivity"]["mu_star"].item()) == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--method", "sobl"],
            "--method sobl: there is no such method. Did you mean 'sobol'? The methods are: sobol, rank, ",
        ),
        (["--method", "x"], "there is no such method. Known are: 'sobol', 'rank', 'shapley', 'morris', 'delta'"),
        (["--method", "sobol", "--points", "100"], "--points: 100 is no power of two"),
        (["--method", "sobol", "--points", "8"], "--points: 8 points cannot be drawn. Give 16 or more"),
        (["--method", "morris", "--points", "0"], "--points: 0 points cannot be drawn. Give 1 or more"),
        (["--method", "rank", "--seed", "-1"], "--seed -1: is no seed"),
        (["--method", "rank", "--groups", "category"], "--groups category: a model of your own has no partitions"),
        ([], "the following arguments are required: --method"),
    ],
)
def test_mistakes_in_methods(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sensitivity", str(ISHIGAMI), *arguments, "--out", "out"]) == 2
    assert said in capsys.readouterr().err
    assert not Path("out").exists()


@pytest.mark.parametrize("method", ["rank", "shapley", "morris"])
def test_methods_refuse_what_is_not_finite(method: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(elsewhere, "def model(values):\n    return 1 / (values[:, 0] > 0.05)\n")
    assert main(["sensitivity", str(path), "--method", method, "--points", "64", "--out", "out"]) == 1
    assert "not finite" in capsys.readouterr().err
    assert files("out") == [] if Path("out").exists() else True


# The built-in model


@pytest.fixture(scope="module")
def built_in() -> simulator.Model:
    return simulator.load(CONFIGS / "base.toml")


def test_the_built_in_model_as_a_function(built_in: simulator.Model) -> None:
    study = built_in_study(built_in, "assumption")
    values = study.values(np.random.default_rng(5).random((64, len(study.problem.names))))
    expected = built_in.evaluate(values).sel(year=2040)
    np.testing.assert_allclose(
        study.function(values), np.stack([expected.freed_fte, expected.freed_wage], axis=1), rtol=1e-12
    )
    assert study.problem.outputs == OUTPUTS == ("freed_fte 2040", "freed_wage 2040")
    assert set(study.problem.groups) == {one.assumption for one in built_in.inputs}
    with pytest.raises(InputError, match="there is no such partition"):
        built_in_study(built_in, "assumptoin")


def test_methods_on_the_built_in_model(built_in: simulator.Model, capsys: pytest.CaptureFixture[str]) -> None:
    """Indices of groups against their closed form, within 7 standard errors."""
    base = str(CONFIGS / "base.toml")
    arguments = ["--method", "sobol", "--points", "32", "--groups", "assumption", "--out", "out"]
    assert main(["sensitivity", base, *arguments]) == 0
    assert " coefficient " in capsys.readouterr().out
    table = xr.load_dataset("out/sensitivity_sobol.nc", group="group_sensitivity").sel(output=["freed_fte 2040"])
    from simulator.sensitivity.exact import exact_indices

    groups = [[one.assumption == name for one in built_in.inputs] for name in table["group"].values]
    _, first, total = exact_indices(built_in.structure, built_in.moments, built_in.scope_lines, np.array(groups))
    at = built_in.years.index(2040)
    for name, exact in (("first_order", first), ("total_order", total)):
        assert (away(table, name, exact[:, at, 0]) < 7).all()
    assert main(["sensitivity", base, "--method", "rank", "--points", "16", "--out", "out"]) == 0
    tree = xr.open_datatree("out/sensitivity_rank.nc")
    assert {"data_hashes", "config_hash"} <= set(tree.attrs)
    tree.close()


# The package
