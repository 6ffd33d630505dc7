"""The ensemble of workforce tables: what each agrees with, how well its chains mixed, and the reader and the sampler."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm, rankdata

import simulator
from simulator import reconstruction
from simulator.ensemble import FILE, read_ensemble
from simulator.errors import InputError
from simulator.hit_and_run import Plan, ellipsoid, package, sample
from simulator.printed_bounds import Frame, Term, potential_bounds, read_frame, workforce_bounds
from simulator.reconstruction import DIAGNOSTICS, MEASURES, TOLERANCE, Measure, printed_polytope
from simulator.workforce import FILES, Workforce, read, structural_zeros

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


AREAS, CATEGORIES, LEVELS = (
    [row[label] for row in rows(DATA / f"{name}.csv")]
    for label, name in (("area", "areas"), ("category", "categories"), ("level", "levels"))
)
LABELS = (AREAS, CATEGORIES, LEVELS)
SUMMARIES = rows(DATA / "derived" / DIAGNOSTICS)


@pytest.fixture(scope="module")
def stored() -> xr.Dataset:
    return xr.load_dataset(DATA / "derived" / FILE, engine="netcdf4")


@pytest.fixture(scope="module")
def tables() -> np.ndarray:
    return read_ensemble(DATA / "derived", *LABELS)


@pytest.fixture(scope="module")
def reconciled() -> Workforce:
    return read(DATA / "derived", *LABELS)


@pytest.fixture(scope="module")
def frame() -> Frame:
    return read_frame(DATA)


# What every table agrees with


def test_every_table_has_every_printed_marginal(tables: np.ndarray, reconciled: Workforce) -> None:
    bill = tables * reconciled.wage[:, :, None]
    checked = 0
    for row in rows(DATA / "published_workforce.csv"):
        if row["figure"] == "text" or row["dimension"] == "excluded":  # contradictions; positions that no cell is
            continue
        amounts = bill if row["quantity"].startswith("wage") else tables
        label, chosen = row["label"], [slice(None)] * 3
        if row["dimension"] == "total":
            chosen[1] = {"Total": slice(None), "Ekskluderede": slice(21, 22)}.get(label, slice(20))
        else:
            axis = ("area", "category", "level").index(row["dimension"])
            at = LABELS[axis].index(label)
            chosen[axis] = slice(at, at + 1)
        value = amounts[:, *chosen].sum(axis=(1, 2, 3))
        if row["quantity"].endswith("share"):
            value = value / amounts.sum(axis=(1, 2, 3))
        assert value.min() >= float(row["low"]), row
        assert value.max() <= float(row["high"]), row
        checked += 1
    assert checked > 130


def test_nobody_works_where_nobody_can(tables: np.ndarray) -> None:
    assert not tables[:, structural_zeros(DATA, *LABELS)].any()
    least = {"Forsvar": 9.5 + 3.5, "Medier, kultur og religion": 1.5 + 0.5}  # military and religious positions, 7.4
    for area, fte in least.items():
        assert tables[:, AREAS.index(area), CATEGORIES.index("Ekskluderede")].sum(axis=1).min() >= fte


def value(term: Term, frame: Frame, reconciled: Workforce, tables: np.ndarray) -> np.ndarray:
    """A sum over cells for each table, step by step."""
    amounts = tables.copy()
    counted = np.zeros(tables.shape[1:], dtype=bool)
    counted[tuple(frame.cells[term.cells].T)] = True
    amounts *= counted
    if term.wage:
        amounts *= reconciled.wage[:, :, None]
    if term.grown:
        amounts *= frame.growth[:, None, None]
    if term.freed >= 0:
        amounts[:, :, :20] *= reconciled.potential[:, None]
        amounts[:, :, 20] *= reconciled.potential_other[:, None]
        amounts[:, :, 21] = 0
        amounts *= frame.adopt[term.freed][:, None]
    return amounts.sum(axis=(1, 2, 3))


def test_every_table_has_every_printed_potential_within_the_tolerance(
    tables: np.ndarray, reconciled: Workforce, frame: Frame, stored: xr.Dataset
) -> None:
    assert stored.attrs["tolerance"] == TOLERANCE
    limits = {
        (row["figure"], row["label"], row["quantity"])
        for row in rows(DATA / "published_potential.csv")
        if row["printed"].startswith("<")
    }
    seen = set()
    together = np.concatenate([tables, reconciled.fte[None]])
    for bound in potential_bounds(frame, DATA):
        found = value(bound.top, frame, reconciled, together)
        if bound.bottom is not None:
            found = found / value(bound.bottom, frame, reconciled, together)
        name = (bound.figure, bound.label, bound.quantity)
        more = 0.0 if name in limits else TOLERANCE * bound.rounding
        seen.add(name)
        assert found[:-1].min() >= min(bound.low - more, found[-1] - 1e-9), bound
        assert found[:-1].max() <= max(bound.high + more, found[-1] + 1e-9), bound
    assert limits <= seen


def test_measures_contain_each_other(frame: Frame, reconciled: Workforce) -> None:
    bounds = workforce_bounds(frame, DATA)[0] + potential_bounds(frame, DATA)
    fte = reconciled.fte[tuple(frame.cells.T)]
    reference, wide, near = (printed_polytope(frame, bounds, reconciled, measure) for measure in MEASURES)
    for polytope in (reference, wide, near):
        assert (polytope.matrix @ fte <= polytope.limits + 1e-9).all()
        assert (polytope.matrix @ (1.01 * fte) > polytope.limits).any()  # 1 % more of everything is not what is printed
        assert (polytope.margin >= 0).all()
    shared = len(reference.limits)
    assert np.array_equal(reference.matrix, near.matrix[:shared])
    assert len(near.limits) > shared
    assert wide.matrix.shape == reference.matrix.shape
    room, more = (polytope.limits - polytope.matrix @ fte for polytope in (reference, wide))
    assert (more >= room - 1e-9).all()
    assert (more > room + 1e-3).any()


# The stored file, and how well the chains mixed


def test_the_file_is_small_and_complete(stored: xr.Dataset, tables: np.ndarray) -> None:
    assert (DATA / "derived" / FILE).stat().st_size < 4_000_000
    assert tables.shape == (1024, 12, 22, 4)
    assert stored.attrs["kind"] == "derived"
    assert {"source", "seed", "measure", "sampler", "version", "thinning"} <= set(stored.attrs)
    pairs = set(zip(stored.chain.values.tolist(), stored.draw.values.tolist(), strict=True))
    assert pairs == {(c, d) for c in range(stored.attrs["chains"]) for d in range(stored.attrs["draws"])}
    assert len(pairs) == len(tables)


@pytest.fixture(scope="module")
def outputs(tables: np.ndarray, reconciled: Workforce, frame: Frame) -> dict[tuple[str, str, str], np.ndarray]:
    """Freed amounts of each stored table at central inputs, by (quantity, dimension, label)."""
    use = np.column_stack([np.tile(reconciled.potential, (12, 1)), reconciled.potential_other, np.zeros(12)])
    fte = tables * (use * frame.growth[:, None] * frame.adopt[1])[:, :, None]
    found = {}
    for quantity, freed in (("freed_fte", fte), ("freed_wage", fte * reconciled.wage[:, :, None])):
        found[quantity, "", ""] = freed.sum(axis=(1, 2, 3))
        found |= {(quantity, "area", name): freed[:, i].sum(axis=(1, 2)) for i, name in enumerate(AREAS)}
        found |= {(quantity, "level", name): freed[..., i].sum(axis=(1, 2)) for i, name in enumerate(LEVELS)}
        for scope in ("health", "education"):
            found[quantity, "focus_area", scope] = freed[:, np.array(frame.focus) == scope].sum(axis=(1, 2, 3))
        administration = freed[:, :, frame.administration].sum(axis=(1, 2, 3))
        administration += freed[:, frame.administration_others, 20].sum(axis=(1, 2))
        found[quantity, "focus_area", "administration"] = administration
    return found


def test_tables_are_in_the_order_of_the_total(outputs: dict[tuple[str, str, str], np.ndarray]) -> None:
    total = outputs["freed_fte", "", ""]
    assert (np.diff(total) >= -1e-9).all()
    assert total[-1] > total[0]


def bulk_ess(chains: np.ndarray) -> float:
    """Bulk effective sample size of (chains, draws): Vehtari et al. 2021, doi:10.1214/20-BA1221, equations 10-14."""
    half = chains.shape[1] // 2
    split = np.concatenate([chains[:, :half], chains[:, -half:]])
    z = norm.ppf((rankdata(split).reshape(split.shape) - 3 / 8) / (split.size + 1 / 4))
    m, n = z.shape
    centred = z - z.mean(axis=1, keepdims=True)
    covariance = np.array([(centred[:, : n - lag] * centred[:, lag:]).sum(axis=1) / n for lag in range(n)])
    within = covariance[0].mean() * n / (n - 1)
    pooled = within * (n - 1) / n + z.mean(axis=1).var(ddof=1)
    rho = 1 - (within - covariance.mean(axis=1)) / pooled
    rho[0] = 1.0
    time, least = -1.0, np.inf
    for lag in range(0, n - 3, 2):  # Geyer's initial monotone sequence, and half of the pair that ends it
        pair = rho[lag] + rho[lag + 1]
        if pair < 0:
            time += max(rho[lag], 0.0)
            break
        least = min(least, pair)
        time += 2 * least
    return m * n / max(time, 1 / np.log10(m * n))


def split_rhat(chains: np.ndarray) -> float:
    """Rank-normalised split R-hat: the larger of bulk and tails (the same source, section 4)."""
    half = chains.shape[1] // 2
    split = np.concatenate([chains[:, :half], chains[:, -half:]])
    found = []
    for values in (split, np.abs(split - np.median(split))):
        z = norm.ppf((rankdata(values).reshape(values.shape) - 3 / 8) / (values.size + 1 / 4))
        within, n = z.var(axis=1, ddof=1).mean(), z.shape[1]
        found.append(np.sqrt((n - 1) / n + z.mean(axis=1).var(ddof=1) / within))
    return max(found)


def test_the_referee_sees_chains_that_do_not_meet_or_hardly_move() -> None:
    rng = np.random.default_rng(0)
    free = rng.standard_normal((4, 256))
    assert bulk_ess(free) > 700
    assert split_rhat(free) < 1.02
    assert split_rhat(free + np.array([[0], [0], [0], [2]])) > 1.2
    assert bulk_ess(np.repeat(free[:, ::8], 8, axis=1)) < 250


def test_stored_diagnostics_are_those_of_the_stored_chains(
    stored: xr.Dataset, outputs: dict[tuple[str, str, str], np.ndarray]
) -> None:
    order = np.lexsort((stored.draw.values, stored.chain.values))
    kept = [row for row in SUMMARIES if row["measure"] == MEASURES[0].name]
    assert {(row["quantity"], row["dimension"], row["label"]) for row in kept} == set(outputs)
    for row in kept:
        values = outputs[row["quantity"], row["dimension"], row["label"]]
        chains = values[order].reshape(stored.attrs["chains"], -1)
        assert float(row["ess_bulk"]) == pytest.approx(bulk_ess(chains), rel=1e-3), row
        assert float(row["rhat"]) == pytest.approx(split_rhat(chains), abs=1e-4), row
        found = [values.mean(), values.std(ddof=1), *np.quantile(values, (0.05, 0.95))]
        assert [float(row[key]) for key in ("mean", "sd", "p05", "p95")] == pytest.approx(found, rel=1e-4), row


def test_the_chains_of_every_measure_are_long_enough() -> None:
    assert len(SUMMARIES) == 40 * len(MEASURES)
    for row in SUMMARIES:
        assert float(row["rhat"]) <= 1.02, row
        assert float(row["ess_bulk"]) >= 400, row


def test_central_outputs_of_the_reconciled_table_are_the_models() -> None:
    model = simulator.load(ROOT / "configs" / "base.toml")
    central = model.evaluate(model.central()).isel(future=0).sel(year=2040)
    for row in SUMMARIES:
        name = f"{row['quantity']}_by_{row['dimension']}" if row["dimension"] else row["quantity"]
        ours = central[name].sel({row["dimension"]: row["label"]}) if row["dimension"] else central[name]
        assert float(row["reconciled"]) == pytest.approx(float(ours), rel=2e-3), row


# The reader


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*FILES, FILE):
        shutil.copy(DATA / "derived" / name, tmp_path / name)
    return tmp_path


def changed(at: tuple[int, int], number: float) -> Callable[[xr.Dataset], xr.Dataset]:
    def change(stored: xr.Dataset) -> xr.Dataset:
        stored.fte.values[at] = number
        return stored

    return change


def renamed(label: str, old: str, new: str) -> Callable[[xr.Dataset], xr.Dataset]:
    def change(stored: xr.Dataset) -> xr.Dataset:
        names = stored[label].values.astype(object)
        names[names == old] = new
        return stored.assign({label: ("cell", names)})

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda stored: stored.drop_vars("fte"), "no variable 'fte' over"),
        (lambda stored: stored.drop_vars("level"), "no variable 'level' over"),
        (lambda stored: stored.transpose(), "no variable 'fte' over"),
        (lambda stored: stored.isel(table=[]), "no numbers in variable 'fte'"),
        (lambda stored: stored.assign(fte=stored.fte.astype(str)), "no numbers in variable 'fte'"),
        (changed((3, 7), -0.5), "table 3, cell 7: -0.5 is not a number of employees"),
        (changed((3, 7), np.nan), "table 3, cell 7: nan"),
        (changed((3, 7), np.inf), "table 3, cell 7: inf"),
        (changed((3, 7), 30.0), r"differ by \d+\.\d thousand FTE in"),
        (renamed("category", "Sygeplejersker", "Sygeplejerske"), "Did you mean 'Sygeplejersker'"),
        (renamed("area", "Sundhed", "Ældre"), "twice"),
    ],
)
def test_a_faulty_file_is_named(folder: Path, change: Callable[[xr.Dataset], xr.Dataset], message: str) -> None:
    faulty = change(xr.load_dataset(folder / FILE, engine="netcdf4").drop_encoding())
    faulty.to_netcdf(folder / FILE, engine="netcdf4")
    with pytest.raises(InputError, match=message) as caught:
        read_ensemble(folder, *LABELS)
    assert FILE in str(caught.value)


def test_a_missing_file_comes_with_both_remedies(folder: Path) -> None:
    (folder / FILE).unlink()
    with pytest.raises(InputError, match=r"no such file.*derive reconstruction.*ensemble = false"):
        read_ensemble(folder, *LABELS)


@pytest.mark.parametrize("content", [b"", b"area,category\n", b"\x89HDF\r\n\x1a\n" + bytes(200)])
def test_what_is_not_netcdf_is_named(folder: Path, content: bytes) -> None:
    (folder / FILE).write_bytes(content)
    with pytest.raises(InputError, match="is not a netCDF file"):
        read_ensemble(folder, *LABELS)


def test_an_ensemble_of_other_tables_is_refused(folder: Path, reconciled: Workforce) -> None:
    at = tuple(np.argwhere(reconciled.fte > 3)[0])
    name = ",".join(labels[i] for labels, i in zip(LABELS, at, strict=True))
    path = folder / FILES[0]
    text = path.read_text(encoding="utf-8").splitlines(keepends=True)
    number = next(i for i, line in enumerate(text) if line.startswith(name))
    cells = text[number].split(",")
    cells[3] = f"{float(cells[3]) + 2.5:g}"
    text[number] = ",".join(cells)
    path.write_text("".join(text), encoding="utf-8")
    with pytest.raises(InputError, match=f"differ by .* in '{LABELS[0][at[0]]}'.*derive reconstruction"):
        read_ensemble(folder, *LABELS)


# The sampler: hopsy is needed to derive, not to run


def test_a_missing_package_comes_with_its_remedy() -> None:
    with pytest.raises(InputError, match=r"no_such_package is missing.*pip install"):
        package("no_such_package")


@pytest.fixture(scope="module")
def hopsy() -> object:
    pytest.importorskip("PolyRound")  # comes with hopsy, whose own import warns
    return package("hopsy")


PLAN = Plan(chains=4, draws=1000, thinning=30, warm_up=20, seed=7)
SIMPLEX = (np.vstack([-np.eye(3), np.ones(3)]), np.array([0.0, 0.0, 0.0, 1.0]))
SQUARE = np.vstack([-np.eye(2), np.eye(2), np.ones(2)])  # less the corner where x + y is above 1.5
CUT = (SQUARE, np.array([0.0, 0.0, 1.0, 1.0, 1.5]))


@pytest.mark.usefixtures("hopsy")
def test_draws_from_a_simplex_are_dirichlet() -> None:
    found = sample(*SIMPLEX, *ellipsoid(*SIMPLEX), PLAN).reshape(-1, 3)
    error = np.sqrt(0.0375 / len(found))
    assert found.mean(axis=0) == pytest.approx([0.25] * 3, abs=5 * error)
    assert np.cov(found.T) == pytest.approx(np.full((3, 3), -0.0125) + 0.05 * np.eye(3), abs=0.004)
    assert (found @ SIMPLEX[0].T <= SIMPLEX[1]).all()


@pytest.mark.usefixtures("hopsy")
@pytest.mark.parametrize("thin", [1.0, 1e-4])
def test_draws_from_a_cut_square_have_its_mean(thin: float) -> None:
    turn = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]]) @ np.diag([1.0, thin])
    matrix, limits = CUT[0] @ np.linalg.inv(turn), CUT[1]
    scale = np.linalg.norm(matrix, axis=1)
    matrix, limits = matrix / scale[:, None], limits / scale
    found = np.linalg.solve(turn, sample(matrix, limits, *ellipsoid(matrix, limits), PLAN).reshape(-1, 2).T).T
    mean = (0.5 - 0.125 * 5 / 6) / 0.875  # the square less the triangle
    assert found.mean(axis=0) == pytest.approx([mean] * 2, abs=5 * np.sqrt(1 / 12 / len(found)))


@pytest.mark.usefixtures("hopsy")
def test_the_seed_decides() -> None:
    shape = ellipsoid(*CUT)
    plan = Plan(chains=2, draws=20, thinning=3, warm_up=2, seed=1)
    first, again = sample(*CUT, *shape, plan), sample(*CUT, *shape, plan)
    assert first.tobytes() == again.tobytes()
    assert first.shape == (2, 20, 2)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first, sample(*CUT, *shape, Plan(**{**vars(plan), "seed": 2})))


@pytest.fixture
def quick(hopsy: object, monkeypatch: pytest.MonkeyPatch, stored: xr.Dataset) -> tuple[Measure]:  # noqa: ARG001
    """The shape of the stored tables instead of the largest ellipsoid, which takes half a minute, and short chains."""
    fte = stored.fte.values.astype(np.float64)
    shape = np.linalg.cholesky(np.cov(fte.T))
    monkeypatch.setattr(reconstruction, "ellipsoid", lambda _matrix, _limits: (fte.mean(axis=0), shape))
    return (Measure("short", TOLERANCE, np.inf, Plan(chains=2, draws=16, thinning=50, warm_up=2, seed=3)),)


def test_chains_that_are_too_short_are_refused(quick: tuple[Measure]) -> None:
    with pytest.raises(RuntimeError, match=r"chains of 'short' are too short.*R-hat"):
        reconstruction.derive(DATA, quick)


def test_two_short_derivations_agree_and_are_read_as_written(
    quick: tuple[Measure], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(reconstruction, "LEAST_ESS", 0.0)
    monkeypatch.setattr(reconstruction, "MOST_RHAT", np.inf)
    first, second = (reconstruction.derive(DATA, quick) for _ in range(2))
    assert first.fte.tobytes() == second.fte.tobytes()
    assert first.summaries == second.summaries
    reconstruction.write(first, folder)
    again = read_ensemble(folder, *LABELS)
    assert np.array_equal(again[:, *first.frame.cells.T], first.fte)
    assert again.sum() == pytest.approx(first.fte.sum(dtype=np.float64))
    written = rows(folder / DIAGNOSTICS)
    assert [float(row["mean"]) for row in written] == pytest.approx([one.mean for one in first.summaries], rel=1e-5)


def test_a_table_that_misses_a_marginal_is_refused(quick: tuple[Measure], tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    path = data / "derived" / FILES[0]
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    dropped = float(next(csv.reader(lines[-1:]))[3])
    assert dropped > 0
    with pytest.raises(InputError, match=r"misses a number that it has to meet.*derive workforce"):
        reconstruction.derive(data, quick)
