"""Configurations: overlays, changes on the command line, and those that come with the simulator."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from conftest import CONFIGS, Prepared, prepare
from pydantic import ValidationError

from simulator.config import Config, Settings, load_config
from simulator.distributions import mean, quantile, variance
from simulator.errors import InputError
from simulator.feasibility import check_bounds
from simulator.sensitivity.exact import output_means, output_products, pair_products
from simulator.sources import OTHER

BASE = CONFIGS / "base.toml"
SHIPPED = sorted(path.stem for path in CONFIGS.glob("*.toml") if "[model]" not in path.read_text(encoding="utf-8"))
OVERLAY = """extends = "{base}"
author = "A test"
reference = "None"
reason = "To be read"
"""


def overlay(folder: Path, body: str, base: Path = BASE, name: str = "overlay.toml") -> Path:
    path = folder / name
    path.write_text(OVERLAY.format(base=base.as_posix()) + body, encoding="utf-8")
    return path


def changed(one: Settings, other: Settings) -> dict[str, object]:
    """Keys in which two settings differ, with the value of the second."""

    def flat(content: dict[str, object], above: str) -> dict[str, object]:
        rows: dict[str, object] = {}
        for key, value in content.items():
            rows |= flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
        return rows

    before, after = flat(one.model_dump(), ""), flat(other.model_dump(), "")
    return {key: after.get(key) for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


# --- reading -----------------------------------------------------------------------------------------------------


def test_base_is_what_the_documents_say(config: Config) -> None:
    settings = config.settings
    assert config.name == "base"
    assert config.data == (CONFIGS.parent / "data").resolve()
    assert [path for path, _ in config.texts] == [config.path]
    assert (settings.run.futures, settings.run.replicates, settings.run.method) == (2**22, 16, "sobol")
    assert (settings.phase_in.common, settings.phase_in.national) == (0.5, 2 / 3)
    assert (settings.time_share.relative, settings.coefficient.relative, settings.residual.relative) == (
        0.15,
        0.11,
        0.2,
    )
    assert settings.years[-1] == 2040


def test_settings_are_frozen(config: Config) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        config.settings.run.seed = 1  # type: ignore[misc]


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    data = (CONFIGS.parent / "data").as_posix()
    sections = "".join(f"[{name}]\nrelative = 0.1\n" for name in ("time_share", "coefficient", "residual"))
    path.write_text(f'title = "Short"\ndata = "{data}"\n{sections}', encoding="utf-8")
    settings = load_config(path).settings
    assert settings.run == Settings.model_fields["run"].default
    assert settings.run.seed == 0
    assert settings.technology.common


def test_an_overlay_changes_what_it_names_and_inherits_the_rest(tmp_path: Path, config: Config) -> None:
    path = overlay(tmp_path, "[run]\nseed = 7\n[phase_in]\nshift = 0.05\n")
    found = load_config(path)
    assert changed(config.settings, found.settings) == {
        "author": "A test",
        "reference": "None",
        "reason": "To be read",
        "run.seed": 7,
        "phase_in.shift": 0.05,
    }
    assert found.name == "overlay"
    assert found.data == config.data  # relative to the file that names it, not to the overlay
    assert [file.name for file, _ in found.texts] == ["base.toml", "overlay.toml"]
    assert all(text == file.read_text(encoding="utf-8") for file, text in found.texts)


def test_overlays_lie_on_each_other_in_order(tmp_path: Path) -> None:
    first = overlay(tmp_path, "[run]\nseed = 1\nreplicates = 4\n", name="first.toml")
    second = overlay(tmp_path, "[run]\nseed = 2\n", base=first, name="second.toml")
    found = load_config(second, ["run.sample=5", "run.sample=6"])
    assert (found.settings.run.seed, found.settings.run.replicates, found.settings.run.sample) == (2, 4, 6)
    assert [file.name for file, _ in found.texts] == ["base.toml", "first.toml", "second.toml"]
    assert found.changes == ("run.sample=5", "run.sample=6")
    assert found.place("run.seed") == f"{second}, key 'run.seed'"
    assert found.place("run.replicates") == f"{first}, key 'run.replicates'"
    assert found.place("run.sample") == "--set run.sample=6"
    assert found.place("run.quantiles.3").endswith("base.toml, key 'run.quantiles.3'")
    assert found.place("nothing.of.this") == f"{second}, key 'nothing.of.this'"


def test_two_overlays_may_share_a_base(tmp_path: Path) -> None:
    first = overlay(tmp_path, "", name="first.toml")
    assert load_config(overlay(tmp_path, "", base=first, name="second.toml")).settings == load_config(first).settings


def test_a_distribution_replaces_the_whole_one_below(tmp_path: Path) -> None:
    body = '[inputs]\ntechnology = { kind = "uniform", low = 0.8, high = 1.2 }\nspeed.p95 = 40.0\n'
    path = overlay(tmp_path, body)
    found = load_config(path)
    assert found.settings.inputs["technology"] == {"kind": "uniform", "low": 0.8, "high": 1.2}
    assert found.settings.inputs["speed"] == {"kind": "interval", "p05": 15.0, "p95": 40.0, "family": "lognormal"}
    for name in ("technology", "speed"):  # also where one parameter alone was changed
        assert found.place(f"inputs.{name}") == f"{path}, key 'inputs.{name}'"
    assert found.place("inputs.extrapolation").startswith(str(BASE.parent))


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("run.seed=7", "run.seed", 7),
        ("run.seed = 7", "run.seed", 7),
        ("run.futures=1_024", "run.futures", 1024),
        ("run.method=monte-carlo", "run.method", "monte-carlo"),
        ('run.method="monte-carlo"', "run.method", "monte-carlo"),
        ("title=Two words, and = more", "title", "Two words, and = more"),
        ('title=A "quoted" one', "title", 'A "quoted" one'),
        ("phase_in.shift=-0.05", "phase_in.shift", -0.05),
        ("phase_in.start=2025", "phase_in.start", 2025.0),
        ("technology.common=false", "technology.common", False),
        ("years=[2030, 2040]", "years", (2030, 2040)),
        ("run.quantiles=[0.05, 0.95]", "run.quantiles", (0.05, 0.95)),
        ("run={seed = 3}", "run.seed", 3),
        ("inputs.technology.p95=1.2", "inputs.technology.p95", 1.2),
        ('inputs.theme."*".p95=1.2', "inputs.theme.*.p95", 1.2),
    ],
)
def test_a_change_on_the_command_line(change: str, key: str, value: object, config: Config) -> None:
    found = load_config(BASE, [change])
    assert changed(config.settings, found.settings) == {key: value}
    assert found.place(key).startswith("--set ")


def test_a_folder_on_the_command_line_starts_where_one_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_config(BASE, ["data=tables"]).data == (tmp_path / "tables").resolve()
    with pytest.raises(InputError, match="there is no folder 'tables'"):
        load_config(overlay(tmp_path / "tables", 'data = "tables"\n'))


# --- the configurations that come with the simulator ---------------------------------------------------------------


@pytest.fixture(scope="module")
def independent() -> Prepared:
    return prepare(CONFIGS / "independent.toml")


@pytest.fixture(scope="module")
def field() -> Prepared:
    return prepare(CONFIGS / "field_evidence.toml")


@pytest.mark.parametrize("name", SHIPPED)
def test_no_draw_leaves_what_is_possible(name: str) -> None:
    model = prepare(CONFIGS / f"{name}.toml")
    check_bounds(model.config, model.evidence, model.inputs)
    ends = np.array([quantile(one.distribution, [0.0, 1.0]) for one in model.inputs])
    corners = np.random.default_rng(2040).integers(0, 2, (100, len(ends)))
    values = np.where(corners, ends[:, 1], ends[:, 0])
    shares = model.reference(values)[..., 1]
    assert shares.min() >= 0
    assert shares.max() < 1


def test_all_shipped_are_tested() -> None:
    assert {"base", "independent", "field_evidence"} <= set(SHIPPED)


def of_categories(model: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of freed FTE of each category in 2040, in closed form."""
    places = [p for p, row in enumerate(model.rows) if (row.quantity, row.dimension) == ("freed_fte", "category")]
    weights, everything = model.weights[places], np.ones(len(model.inputs), dtype=bool)
    assert {model.rows[p].label for p in places} == set(model.categories)
    means = output_means(model.structure, model.moments, weights)[-1]
    return means, output_products(model.structure, model.moments, weights, everything)[-1] - means**2


def of_terms(model: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of what each category's terms free of a full-time equivalent, demography apart."""
    everything = np.ones(len(model.inputs), dtype=bool)
    starts = model.structure.term_start[:-1]

    def blocks(products: np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.add.reduceat(products, starts, axis=0), starts, axis=1).diagonal()

    square = blocks(pair_products(model.structure, model.moments, ~everything))
    return np.sqrt(square), blocks(pair_products(model.structure, model.moments, everything)) - square


@pytest.mark.parametrize("measure", [of_categories, of_terms])
def test_independent_keeps_mean_and_variance_of_each_category(
    measure: object, base: Prepared, independent: Prepared
) -> None:
    assert callable(measure)
    means, variances = measure(base)
    own_means, own_variances = measure(independent)
    assert len(means) == 21
    assert (variances > 0).all()
    np.testing.assert_allclose(own_means, means, rtol=1e-9)
    np.testing.assert_allclose(own_variances, variances, rtol=1e-6)


def test_independent_keeps_them_at_other_spreads_too() -> None:
    changes = [
        'inputs.theme."*".p95=1.15',
        "inputs.technology.p05=0.8",
        "coefficient.relative=0.3",
        "phase_in.shift=0.02",
    ]
    means, variances = of_terms(prepare(BASE, changes))
    own_means, own_variances = of_terms(prepare(CONFIGS / "independent.toml", changes))
    np.testing.assert_allclose(own_means, means, rtol=1e-9)
    np.testing.assert_allclose(own_variances[:-1], variances[:-1], rtol=1e-6)


def test_independent_has_nothing_in_common_but_demography_and_speed(base: Prepared, independent: Prepared) -> None:
    for one, before in zip(independent.inputs, base.inputs, strict=True):
        if one.name.startswith(("technology.", "theme.", "national", "barrier.")) or one.name == "technology":
            assert variance(before.distribution) > 0
            assert variance(one.distribution) == 0
            assert mean(one.distribution) == pytest.approx(mean(before.distribution), abs=1e-12)
        elif one.name.startswith(("technology_own.", "phase_in.")):
            assert variance(one.distribution) > variance(before.distribution)
        else:
            assert one == before
    total = next(place for place, row in enumerate(base.rows) if row.dimension == "")
    spread = []
    for model in (base, independent):
        weights, everything = model.weights[[total]], np.ones(len(model.inputs), dtype=bool)
        centre = output_means(model.structure, model.moments, weights)[-1, 0]
        spread.append(output_products(model.structure, model.moments, weights, everything)[-1, 0] - centre**2)
    assert spread[1] < 0.6 * spread[0]


def test_the_number_of_independent_is_made_as_its_comment_says(base: Prepared, independent: Prepared) -> None:
    spread = {one.name: variance(one.distribution) for one in base.inputs}
    national = spread["national"]
    weights = base.evidence.barrier_weight[-1]
    barriers = sum(w**2 * spread[f"barrier.{b}"] for w, b in zip(weights, base.evidence.barriers, strict=True))
    other = next(one.distribution for one in independent.inputs if one.name == f"phase_in.{OTHER}")
    assert variance(other) == pytest.approx(national + barriers, rel=1e-9)
    assert mean(other) == pytest.approx(base.evidence.phase_in[-1].central, rel=1e-12)
    text = (CONFIGS / "independent.toml").read_text(encoding="utf-8")
    sd = float(text.split("sd = ")[1].split()[0])
    for number in (national, barriers, national + barriers, math.sqrt(national + barriers)):
        assert f"{number:.11f}" in text or f"{number:.8f}" in text
    assert f"{math.sqrt(national + barriers) / sd:.8f}" in text


GENERAL, CASEWORK = "Generelle administrative opgaver", "Direkte sagsbehandling"


def test_field_evidence_changes_two_kinds_of_coefficients(base: Prepared, field: Prepared) -> None:
    differ = {a.name for a, b in zip(field.inputs, base.inputs, strict=True) if a != b}
    tasks = {
        f"coefficient.{task.category}.{task.name}" for task in base.evidence.tasks if task.name in (GENERAL, CASEWORK)
    }
    assert differ == tasks
    assert len(tasks) == 11
    for one in field.inputs:
        if one.name in differ:
            ends = (0.20, 0.45) if one.name.endswith(GENERAL) else (0.10, 0.32)
            assert quantile(one.distribution, [0.05, 0.95]) == pytest.approx(ends, abs=1e-12)
            assert mean(one.distribution) == pytest.approx(sum(ends) / 2, abs=1e-12)


def test_field_evidence_rests_on_studies_of_task_time(base: Prepared) -> None:
    with (base.config.data / "productivity_evidence.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["key"]: row for row in csv.DictReader(file)}
    text = (CONFIGS / "field_evidence.toml").read_text(encoding="utf-8")
    saved = {
        group: [
            -float(row["effect_percent"]) / 100 for row in rows.values() if row["task_group"] == group and usable(row)
        ]
        for group in ("general administration", "casework and legal", "documentation", "preparation and evaluation")
    }
    assert saved["general administration"] == [0.40, 0.251]
    assert sum(saved["general administration"]) / 2 == pytest.approx(0.325, abs=0.001)
    assert (min(saved["casework and legal"]), max(saved["casework and legal"])) == pytest.approx((0.10, 0.32), abs=0.02)
    assert saved["documentation"] == saved["preparation and evaluation"] == []  # base is kept
    for key, row in rows.items():
        if usable(row) or row["estimand"] == "intention to treat":
            assert key in text, f"{key} is neither used nor said to be left out"
    assert "coding" not in " ".join(task.name_en.lower() for task in base.evidence.tasks)


def usable(row: dict[str, str]) -> bool:
    return row["estimand"] == "task time" and row["use"] == "coefficient"


def test_a_replicate_has_at_most_as_many_points_as_32_bits_tell_apart() -> None:
    changes = ["run.replicates=1", "run.base_points=16"]
    assert load_config(CONFIGS / "base.toml", [*changes, f"run.futures={2**32}"]).settings.run.futures == 2**32
    with pytest.raises(InputError, match="more than 1 replicates of 2\\^32 points"):
        load_config(CONFIGS / "base.toml", [*changes, f"run.futures={2**32 + 1}"])
