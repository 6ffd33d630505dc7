"""The benchmarks measure what they say: subjects, methods, rules of stopping, ratios, and tables that can be read."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from problems import ishigami, sobol_g
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks import chart, climb, errors, phases, side_by_side
from benchmarks.case import Bar, Case, Ratio, Work
from benchmarks.coverage import summary
from benchmarks.installed import missing
from benchmarks.peers.all import METHODS
from benchmarks.registry import CASES, RATIOS, chosen, registered
from benchmarks.subjects import SUBJECTS, subject
from benchmarks.table import details_of, print_rows, rows_of, shown

POINTS = 2**10


def test_names_are_unique_and_ratios_divide_what_is_there() -> None:
    with pytest.raises(ValueError, match="two cases"):
        registered([*CASES.values(), next(iter(CASES.values()))])
    names = [ratio.name for ratio in RATIOS]
    assert len(set(names)) == len(names)
    assert {name for ratio in RATIOS for name in (ratio.above, ratio.below)} <= set(CASES)


def test_cases_are_chosen_by_name_and_by_beginning() -> None:
    assert [case.name for case in chosen(["speed.ishigami.ours"])] == ["speed.ishigami.ours"]
    assert {case.subject for case in chosen(["speed", "error"])} == {"speed", "error"}
    with pytest.raises(ValueError, match=r"did you mean 'speed\.ishigami\.ours'"):
        chosen(["speed.ishigami.our"])


@pytest.mark.parametrize(
    ("name", "known"),
    [("ishigami", ishigami()), ("g6", sobol_g((0.0, 0.5, 3.0, 9.0, 99.0, 99.0))), ("g3", sobol_g((0.0, 0.5, 1.0)))],
)
def test_subjects_have_the_known_function_and_indices(name: str, known) -> None:  # type: ignore[no-untyped-def]
    of = subject(name)
    levels = np.random.default_rng(1).random((50, of.inputs))
    x = of.low + (of.high - of.low) * levels
    np.testing.assert_allclose(of.function(x), known.at_levels(levels), rtol=1e-12)
    np.testing.assert_allclose(of.first_order, [known.first_order], atol=1e-12)
    np.testing.assert_allclose(of.total_order, [known.total_order], atol=1e-12)


@pytest.mark.parametrize("name", SUBJECTS)
def test_subjects_give_an_output_a_row(name: str) -> None:
    of = subject(name)
    x = np.random.default_rng(2).uniform(of.low, of.high, (3, of.inputs))
    outputs = of.function(x)
    assert outputs.shape == ((3,) if of.outputs == 1 else (3, of.outputs))
    if of.first_order is not None:
        assert of.total_order is not None
        assert of.first_order.shape == of.total_order.shape == (of.outputs, of.inputs)
        assert (of.first_order <= of.total_order + 1e-12).all()
    one = of.function(x[1:2])
    np.testing.assert_allclose(one[0], outputs[1], rtol=1e-12)  # a row does not depend on its neighbours


def test_the_model_as_a_black_box_is_the_model() -> None:
    all_outputs, total = subject("model-all"), subject("model")
    middle = np.full((1, total.inputs), 0.5)
    from benchmarks.prepared import base_model

    model = base_model(tables="one")
    rows, year = [row.dimension == "" and row.quantity == "freed_fte" for row in model.rows], model.years.index(2040)
    place = year * len(rows) + rows.index(True)
    np.testing.assert_allclose(all_outputs.function(middle)[0, place], total.function(middle)[0], rtol=1e-12)


def test_eight_outputs_are_those_of_the_plain_formula() -> None:
    """Of matrices made from the tables; 1e-12 is some hundred roundings."""
    from benchmarks.baseline import baseline_of, draw, eight_outputs, total_fte
    from benchmarks.prepared import base_model, reference
    from simulator.outputs import scope_rows

    model = base_model(tables="one")
    baseline = baseline_of(model)
    x = draw(baseline, np.random.default_rng(1), 20)
    expected = reference(x.T)[:, model.years.index(2040), scope_rows(model.rows), 0]
    np.testing.assert_allclose(eight_outputs(baseline, x).T, expected, rtol=1e-12)
    np.testing.assert_allclose(total_fte(baseline, x), expected[:, 0], rtol=1e-12)
    levels = np.random.default_rng(2).random((1500, subject("model-8").inputs))  # more than one block
    outputs = subject("model-8").function(levels)
    assert outputs.shape == (1500, 8)
    np.testing.assert_allclose(outputs[:, 0], subject("model").function(levels), rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in METHODS if not METHODS[name].only])
def test_methods_find_the_indices(name: str) -> None:
    method = METHODS[name]
    if missing(method.library):
        pytest.skip(f"{method.library} is {missing(method.library)}")
    for of in (subject("ishigami"), subject("g6")):
        found = method.indices(of, POINTS, 1)
        assert errors.error_of(of, found) < 0.06
        assert (found.first_interval is not None) or not method.intervals
        again, other = method.indices(of, POINTS, 1), method.indices(of, POINTS, 2)
        np.testing.assert_array_equal(found.first_order, again.first_order)
        assert (found.first_order != other.first_order).any()
        if method.intervals:
            assert found.first_interval is not None
            assert found.total_interval is not None
            assert (found.first_interval[..., 0] <= found.first_interval[..., 1]).all()
            held = (found.total_interval[..., 0] <= of.total_order) & (of.total_order <= found.total_interval[..., 1])
            assert held.mean() >= 0.5


@pytest.mark.parametrize("name", ["ours", "salib", "openturns", "openturns-points", "jaxgsa", "qmcpy", "qmcpy-net"])
def test_methods_keep_outputs_apart(name: str) -> None:
    method = METHODS[name]
    if missing(method.library):
        pytest.skip(f"{method.library} is {missing(method.library)}")
    of = subject("ishigami-300")
    of = replace(of, outputs=2, function=lambda x: subject("ishigami-300").function(x)[:, [0, 299]])
    found = method.indices(of, POINTS, 1)
    assert of.first_order is not None
    assert of.total_order is not None
    assert found.first_order.shape == (2, 3)
    np.testing.assert_allclose(found.first_order, of.first_order[[0, 299]], atol=0.12)
    np.testing.assert_allclose(found.total_order, of.total_order[[0, 299]], atol=0.12)
    # Those of x2, 0.69 and 0.24, tell the outputs apart.
    assert found.first_order[0, 1] - found.first_order[1, 1] > 0.25


def test_the_structure_of_the_model_gives_its_indices() -> None:
    of, method = subject("model"), METHODS["ours-structured"]
    found = method.indices(of, 2**12, 1)
    assert found.first_order.shape == (8, of.inputs)
    assert errors.error_of(of, found) < 2e-3
    assert errors.error_of(of, replace(found, first_order=found.first_order[::-1])) > 2e-3  # output 0 is the total


def test_the_structure_of_the_model_gives_the_indices_of_all_eight_outputs() -> None:
    of, method = subject("model-8"), METHODS["ours-structured"]
    found = method.indices(of, 2**12, 1)
    assert errors.error_of(of, found) < 2e-3
    assert errors.error_of(of, replace(found, total_order=found.total_order[::-1])) > 2e-3  # in the subject's order


def _climbing(
    monkeypatch: pytest.MonkeyPatch, seconds_a_point: float, limit: float, held: float = 0.0
) -> climb.Climbed:
    """A climb of a function that takes so long, without waiting for it."""
    asked: list[int] = []
    monkeypatch.setattr(climb, "_seconds", lambda run: run() or seconds_a_point * asked[-1])
    monkeypatch.setattr(climb, "no_room", lambda size: size > 1e9)
    return climb.climb(asked.append, 5, held, (2**8, 2**20), limit)


def test_a_climb_ends_before_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _climbing(monkeypatch, 1e-4, limit=4.0)
    assert [step.points for step in found.steps] == [2**8, 2**11, 2**14]
    assert found.stopped == "the next over 4 s"
    assert found.note == "N = 2^14; the next over 4 s"
    assert found.steps[-1].median == pytest.approx(5 / 1e-4)
    assert _climbing(monkeypatch, 1e-9, limit=4.0).stopped == ""
    assert _climbing(monkeypatch, 1e-9, limit=4.0, held=1e5).stopped == "no memory for the next"


def test_a_climb_repeats_what_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _climbing(monkeypatch, 1e-4, limit=4.0)
    assert [len(step.seconds) for step in found.steps] == [climb.REPEATS, 4, 1]
    assert [len(step.seconds) for step in _climbing(monkeypatch, 0.1, limit=4.0).steps] == [1]


def test_equal_time_takes_the_most_points_that_fit() -> None:
    terms = errors.Terms(points=2**10, seconds=0.1, seeds=5)
    steps = tuple(
        {"points": points, "seconds": seconds, "median": error, "seeds": 5}
        for points, seconds, error in ((2**8, 0.01, 1e-2), (2**10, 0.04, 3e-3), (2**11, 0.09, 1e-3), (2**12, 0.2, 1e-4))
    )
    assert errors.at_cost(steps, terms) == (3e-3, "N = 2^10, 5 seeds")
    assert errors.at_time(steps, terms) == (1e-3, "N = 2^11, 5 seeds")
    late, said = errors.at_time(steps[3:], terms)
    assert (late, said.startswith(errors.OVER)) == (1e-4, True)


def test_time_to_an_error_is_the_least_that_was_measured() -> None:
    terms = errors.Terms(points=2**9, seconds=3.0, seeds=5)
    steps = tuple(
        {"points": points, "seconds": seconds, "median": error, "seeds": 5}
        for points, seconds, error in ((2**8, 0.1, 8e-3), (2**9, 0.3, 4e-3), (2**11, 0.2, 1e-3))
    )
    assert errors.to_error(steps, terms) == (0.2, "N = 2^11, error 1.0e-03, 5 seeds")
    assert errors.to_error(steps[:1], terms) == (None, "not within the limit")


def test_errors_are_root_mean_squares() -> None:
    of = subject("ishigami")
    assert of.first_order is not None
    assert of.total_order is not None
    found = METHODS["ours"].indices(of, 2**8, 1)
    exact = replace(found, first_order=of.first_order, total_order=of.total_order)
    assert errors.error_of(of, exact) == 0
    assert errors.error_of(of, replace(exact, total_order=of.total_order + 0.02)) == pytest.approx(0.02 / 2**0.5)


def test_coverage_counts_what_is_held() -> None:
    exact = np.array([[0.5, 0.0], [0.6, 0.4]])
    estimates = exact + np.array([-0.01, 0.01, -0.01, 0.01])[:, None, None]
    half = np.array([0.005, 0.02, 0.02, 0.02])[:, None, None]  # the first is too narrow
    found = summary(estimates, np.stack([estimates - half, estimates + half], axis=-1), exact)
    assert found["first_order"] == [0.75, 0.75]
    assert found["mean"] == found["least"] == 0.75
    assert found["near_zero"] == 0.75
    assert found["width"] == pytest.approx(2.0)


def _case(name: str, value: float, steps: dict[int, float] | None = None, needs: str | None = None) -> Case:
    """A case that reports a value, with steps."""
    told = [{"points": points, "best": one, "median": one} for points, one in (steps or {}).items()]

    def prepare(size: int) -> Work[float]:
        return Work(size, lambda: value, lambda _: None, value=lambda found: found, details=lambda _: {"steps": told})

    return Case(name, "", prepare, 1, 1, "", "value", "", repeats=1, needs=needs)


def test_ratios_are_of_the_largest_common_step() -> None:
    cases = [
        _case("a.one", 9.0, {8: 1.0, 64: 6.0, 512: 9.0}),
        _case("a.two", 3.0, {8: 2.0, 64: 3.0}),
        _case("a.no", 1.0),
    ]
    done = phases.timed(cases, lambda _: None)
    wanted = [Ratio("r", "", "a.one", "a.two", steps=True), Ratio("n", "", "a.one", "a.no", steps=True)]
    found = phases.ratios(done, [*wanted, Ratio("v", "", "a.one", "a.two")])
    assert found[wanted[0]] == (2.0, 2.0)
    assert all(np.isnan(found[wanted[1]]))
    assert list(found.values())[2] == (3.0, 3.0)


def test_ratios_are_held_against_their_bars() -> None:
    done = phases.timed(
        [_case("a.one", 9.0), _case("a.two", 3.0), _case("a.no", 1.0, needs="no_such_library")], lambda _: None
    )
    bars = {"met": 3.0, "missed": 3.1}
    wanted = [Ratio(name, "", "a.one", "a.two", bar=Bar("at least", bar)) for name, bar in bars.items()]
    absent = Ratio("absent", "", "a.one", "a.no", bar=Bar("at least", 1.0))
    rows = {row["name"]: row for row in rows_of(done, phases.ratios(done, [*wanted, absent]))}
    assert [rows[name]["met"] for name in (*bars, "absent")] == [True, False, None]
    assert rows["missed"]["bar"] == 3.1


def test_nothing_to_report_is_no_error() -> None:
    case = replace(_case("a.one", 1.0), prepare=lambda _: Work(1, lambda: None, lambda _: None, value=lambda _: None,
                                                               note=lambda _: "not within the limit"))  # fmt: skip
    for done in (phases.timed([case], lambda _: None), phases.untimed([case], lambda _: None)):
        assert done[0].error is None
        row = rows_of(done, {})[0]
        assert (row["median"], row["note"]) == (None, "not within the limit")


def test_a_library_that_is_missing_is_a_row_and_no_error() -> None:
    cases = [_case("speed.ishigami.ours", 9.0, {8: 9.0}), _case("speed.ishigami.salib", 9.0, needs="no_such_library")]
    for done in (phases.timed(cases, lambda _: None), phases.untimed(cases, lambda _: None)):
        assert [one.missing for one in done] == [None, "not installed"]
        assert all(one.error is None for one in done)
    rows = rows_of(phases.timed(cases, lambda _: None), {})
    assert [row["note"] for row in rows] == ["", "not installed"]
    assert [row["median"] for row in rows] == [9.0, None]


def test_why_jaxgsa_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr("sys.version_info", (3, 11, 9))
    assert missing("jaxgsa") == "not installed (needs Python 3.12)"
    assert missing("qmcpy") == "not installed"
    assert missing(None) is None
    monkeypatch.setattr("sys.version_info", (3, 12, 0))
    assert missing("jaxgsa") == "not installed"


def test_numbers_are_short() -> None:
    told = [shown(value) for value in (None, 0.0, 2.11e-7, 0.0123, 12.2, 999.7, 33_812.0, 1_166_270.0, -2e9)]
    assert told == ["", "0", "2.1e-07", "0.0123", "12.2", "1k", "33.8k", "1.17M", "-2G"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command at its small sizes, on a few cases of each kind of table."""
    folder = tmp_path_factory.mktemp("results")
    wanted = (
        "speed.ishigami",
        "coverage.ishigami.ours",
        "error.ishigami.ours",
        "limits.copy",
        "propagation.total.sobol",
    )
    assert command.main(["--quick", "--out", str(folder), *(word for name in wanted for word in ("--only", name))]) == 0
    return folder


def test_the_command_writes_what_it_measured(small: Path) -> None:
    content = json.loads((small / "quick.json").read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in content["results"]}
    ours = rows["speed.ishigami.ours"]
    assert ours["details"]["steps"][0]["evaluations"] == 2**8 * 5
    assert ours["median"] == ours["details"]["steps"][0]["median"] > 0
    assert rows["coverage.ishigami.ours"]["details"]["repetitions"] == 4
    assert len((small / "quick.csv").read_text(encoding="utf-8").splitlines()) == 1 + len(rows)
    for name, row in rows.items():
        absent = row["median"] is None and name in CASES
        assert absent == (str(row["note"]).startswith("not installed")), name


def test_tables_fit_in_100_columns(small: Path) -> None:
    content = json.loads((small / "quick.json").read_text(encoding="utf-8"))
    written = io.StringIO()
    console = Console(file=written, width=100, highlight=False)
    side_by_side.print_tables({row["name"]: row for row in content["results"]}, console)
    print_rows([row for row in content["results"] if not side_by_side.is_side_by_side(row["name"])], console)
    text = written.getvalue()
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    assert re.search(r"^ishigami +\S+ 2\^8", text, re.MULTILINE)
    assert "limits.copy.workers-1" in text
    assert "limits.copy.workers-1" not in text[: text.index("Settings")]


def test_the_chart_is_drawn_from_the_results(small: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    content = json.loads((small / "quick.json").read_text(encoding="utf-8"))
    results = {row["name"]: row for row in content["results"]}
    first, second = (chart.save(tmp_path, name, results)[0].read_bytes() for name in ("first", "second"))
    assert first == second
    assert b"<svg" in first
    assert not chart.save(tmp_path, "none", {})


def test_a_missing_matplotlib_means_no_chart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(chart, "missing", lambda _: "not installed")
    assert chart.save(tmp_path, "none", {"a": {"details": {"steps": [1]}}}) == []


def test_the_command_says_what_it_cannot_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--only", "sped"]) == command.WRONG_USE
    assert "there is no case 'sped'" in capsys.readouterr().err
    assert command.main(["--list", "--only", "speed.g10.ours"]) == 0
    assert capsys.readouterr().out.startswith("speed.g10.ours\n")
    with pytest.raises(SystemExit):
        command.main(["--limit", "0"])


def test_details_are_by_name() -> None:
    done = phases.timed([_case("a.one", 2.0, {8: 2.0})], lambda _: None)
    assert details_of(done)["a.one"]["values"] == [2.0]
