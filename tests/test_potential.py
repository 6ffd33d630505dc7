"""The plain formula: against the printed tables, a scalar loop, and the identities that its form implies."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import simulator
from simulator.model import Model
from simulator.potential import NO_THEME, QUANTITIES

ROOT = Path(__file__).parent.parent
BASE = ROOT / "configs" / "base.toml"
OTHER, EXCLUDED = "Øvrige", "Ekskluderede"
YEARS = (2025, 2030, 2035, 2040)
DIMENSIONS = ("area", "category", "level", "theme")
AMOUNTS = [
    f"{quantity}{by}" for quantity in QUANTITIES for by in ("", *(f"_by_{d}" for d in (*DIMENSIONS, "focus_area")))
]


def rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def model() -> Model:
    return simulator.load(BASE, ["reconstruction.ensemble=false"])


@pytest.fixture(scope="module")
def central(model: Model) -> xr.Dataset:
    """All inputs in their middle, in 2040."""
    return model.evaluate(model.central()).isel(future=0).sel(year=2040)


# The formula of design/model.md once more, as loops over single cells and tasks


@dataclass(frozen=True)
class Cell:
    """FTE of 2023 times growth, its price, and what is freed of it by theme."""

    area: str
    category: str
    level: str
    fte: float
    wage: float
    freed: dict[str, float]

    def amount(self, quantity: str, freed: bool = True) -> float:
        price = 1.0 if quantity == "freed_fte" else self.wage
        return price * (sum(self.freed.values()) if freed else self.fte)


@cache
def growth_path() -> dict[int, float]:
    return {int(row["year"]): float(row["path"]) for row in rows("derived/growth_path.csv")}


def by_hand(model: Model, values: np.ndarray, year: int) -> list[Cell]:
    evidence = model.evidence
    x = dict(zip(model.names, map(float, values), strict=True))

    def share_in_use(y: int) -> float:
        return 1 / (1 + 9 * math.exp(-(math.log(81) / x["speed"]) * (y - 2024)))

    cells = []
    for a, area in enumerate(evidence.areas):
        deviation = evidence.growth.central[a]
        for d, driver in enumerate(evidence.growth.drivers):
            deviation += evidence.growth.loading[a, d] * (x[f"demography.{driver}"] - evidence.growth.reference[d])
        growth = 1 + growth_path()[year] * deviation
        for c, category in enumerate(evidence.categories):
            freed = dict.fromkeys((*evidence.themes, NO_THEME), 0.0)
            if category != EXCLUDED:
                adopt = x[f"phase_in.{category}"] + x["national"]
                for b, barrier in enumerate(evidence.barriers):
                    adopt += evidence.barrier_weight[c, b] * x[f"barrier.{barrier}"]
                adopt *= share_in_use(year) / share_in_use(2040) * x["technology"] * x[f"technology_own.{category}"]
            if category == OTHER:
                freed[NO_THEME] = evidence.workforce.potential_other[a] * x["extrapolation"] * adopt
            elif category != EXCLUDED:
                for task in evidence.tasks:
                    if task.category == category:
                        key = f"{category}.{task.name}"
                        use = task.part * x[f"time_share.{key}"] * x[f"coefficient.{key}"]
                        freed[task.theme] += use * x[f"theme.{task.theme}"] * adopt
                theme = evidence.residual_theme[c]
                freed[theme] += x[f"residual.{category}"] * x[f"theme.{theme}"] * adopt
            for place, level in enumerate(evidence.levels):
                fte = evidence.workforce.fte[a, c, place] * growth
                parts = {theme: fte * part for theme, part in freed.items()}
                cells.append(Cell(area, category, level, fte, evidence.workforce.wage[a, c], parts))
    return cells


def in_focus(model: Model, name: str) -> Callable[[Cell], bool]:
    """Whether a cell belongs to a focus area."""
    evidence = model.evidence
    if name == "administration":
        everywhere = {c for c, yes in zip(evidence.categories, evidence.administration_category, strict=True) if yes}
        others = {a for a, yes in zip(evidence.areas, evidence.administration_area, strict=True) if yes}
        return lambda cell: cell.category in everywhere or (cell.category == OTHER and cell.area in others)
    areas = {a for a, focus in zip(evidence.areas, evidence.area_focus, strict=True) if focus == name}
    return lambda cell: cell.area in areas


def total(cells: list[Cell], quantity: str, belongs: Callable[[Cell], bool], freed: bool = True) -> float:
    return math.fsum(cell.amount(quantity, freed) for cell in cells if belongs(cell))


def expected(model: Model, cells: list[Cell], quantity: str, dimension: str, label: str) -> tuple[float, float]:
    """What is freed, and what that is a share of."""
    if dimension == "theme":
        freed = math.fsum(cell.freed[label] * (cell.wage if quantity == "freed_wage" else 1.0) for cell in cells)
        return freed, total(cells, quantity, lambda _: True, freed=False)
    if dimension == "focus_area":
        belongs = in_focus(model, label)
    else:

        def belongs(cell: Cell) -> bool:
            return not dimension or bool(getattr(cell, dimension) == label)

    return total(cells, quantity, belongs), total(cells, quantity, belongs, freed=False)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize(("seed", "year"), [(3, 2040), (4, 2030)])
def test_the_formula_is_the_scalar_loop(model: Model, seed: int, year: int, quantity: str) -> None:
    values = model.values(np.random.default_rng(seed).random((1, len(model.inputs))))
    data = model.evaluate(values).isel(future=0).sel(year=year)
    cells = by_hand(model, values[0], year)
    for dimension in ("", *DIMENSIONS, "focus_area"):
        by = f"_by_{dimension}" if dimension else ""
        for label in data[dimension].values if dimension else [""]:
            at = {dimension: label} if dimension else {}
            freed, base = expected(model, cells, quantity, dimension, label)
            # The same sums of at most 1 056 cells in another order: they differ by N·2^-53 = 1e-13 at most, relatively.
            assert float(data[quantity + by].sel(at)) == pytest.approx(freed, rel=1e-12, abs=0)
            assert float(data[f"{quantity}_share{by}"].sel(at)) == pytest.approx(freed / base, rel=1e-12, abs=0)


# The report


def test_the_middle_is_the_middle_of_the_published_range(central: xr.Dataset) -> None:
    assert float(central.freed_fte) == pytest.approx(90, abs=0.5)
    assert float(central.freed_wage) == pytest.approx(51.5, abs=0.5)


@pytest.mark.parametrize(("shift", "fte", "wage"), [(-0.05, 84, 48), (0.05, 96, 55)])
def test_all_phase_in_moved_by_five_points_is_the_published_range(
    model: Model, shift: float, fte: int, wage: int
) -> None:
    values = model.central()
    values[0, model.names.index("national")] += shift
    moved = model.evaluate(values).isel(future=0).sel(year=2040)
    assert (round(float(moved.freed_fte)), round(float(moved.freed_wage))) == (fte, wage)


@pytest.mark.parametrize("shift", [-0.05, 0.05])
def test_the_key_shift_moves_the_national_part(model: Model, shift: float) -> None:
    values = model.central()
    values[0, model.names.index("national")] += shift
    stated = simulator.load(BASE, [f"phase_in.shift={shift}"])
    # The quantile function rounds in the last places of values near 0.05.
    xr.testing.assert_allclose(stated.evaluate(stated.central()), model.evaluate(values), rtol=1e-12)


def printed() -> list[dict[str, str]]:
    """Rows that say what is freed, in all, by area, by level, and by category within a focus area."""
    return [
        row
        for row in rows("published_potential.csv")
        if row["quantity"].startswith("freed") and row["scope"] != "use_case"
    ]


def counted(model: Model, row: dict[str, str]) -> Callable[[Cell], bool]:
    """The cells that a printed row sums over."""
    if row["dimension"] in ("area", "level"):
        return lambda cell: bool(getattr(cell, row["dimension"]) == row["label"])
    scope = {"other_areas": "none"}.get(row["scope"], row["scope"])
    inside = (lambda _: True) if scope == "all" else in_focus(model, scope)
    if row["dimension"] == "total":
        return inside
    if row["label"] != "Øvrige ansatte":
        return lambda cell: inside(cell) and cell.category == row["label"]
    named = {
        other["label"] for other in printed() if (other["scope"], other["dimension"]) == (row["scope"], "category")
    }
    return lambda cell: inside(cell) and cell.category not in named


def test_the_middle_lies_inside_every_printed_range(model: Model) -> None:
    cells = by_hand(model, model.central()[0], 2040)
    missed, seen = set(), set()
    for row in printed():
        quantity = row["quantity"].removesuffix("_share")
        value = total(cells, quantity, counted(model, row))
        if row["quantity"].endswith("_share"):
            value /= total(cells, quantity, counted(model, row), freed=False)
        # A range holds the middle between its ends; a single value is the middle itself, rounded.
        low, high, rounding = (float(row[key]) for key in ("low", "high", "rounding"))
        slack = rounding if low == high else 0.0
        seen.add(row["figure"])
        if not low - slack <= value <= high + slack:
            missed.add((row["figure"], row["label"], row["quantity"]))
    assert seen == {"3.3", "3.4", "4.1", "4.1.3", "4.2.1", "4.3.2", "text"}
    assert missed == set()


def test_employment_in_2040_is_as_the_report_says(model: Model, central: xr.Dataset) -> None:
    cells = by_hand(model, model.central()[0], 2040)

    def fte(belongs: Callable[[Cell], bool]) -> float:
        return total(cells, "freed_fte", belongs, freed=False)

    def regional(cell: Cell) -> bool:
        return cell.level == "Regioner"

    health = in_focus(model, "health")
    assert fte(lambda cell: cell.level == "Kommuner") / fte(lambda _: True) == pytest.approx(0.59, abs=0.005)
    assert fte(lambda cell: regional(cell) and health(cell)) / fte(regional) == pytest.approx(0.87, abs=0.005)
    # The same employment stands below the shares of the outputs.
    employed = central.freed_fte_by_level / central.freed_fte_share_by_level
    assert float(employed.sel(level="Kommuner") / employed.sum()) == pytest.approx(0.59, abs=0.005)


# What follows from the form


@pytest.fixture(scope="module")
def drawn(model: Model) -> xr.Dataset:
    return model.evaluate(model.values(np.random.default_rng(0).random((64, len(model.inputs)))))


def test_outputs_are_labelled(model: Model, drawn: xr.Dataset) -> None:
    names = {name.replace(quantity, quantity + share) for quantity in QUANTITIES for share in ("", "_share")
             for name in AMOUNTS if name.startswith(quantity)}  # fmt: skip
    assert set(drawn.data_vars) == names
    for name, output in drawn.data_vars.items():
        dimension = str(name).partition("_by_")[2]
        assert output.dims == ("future", "year", *([dimension] if dimension else []))
        assert output.attrs["long_name"]
        kind = "share" if "share" in str(name) else "fte" if "fte" in str(name) else "wage"
        wanted = {"share": "fraction of", "fte": "thousand FTE", "wage": "bn DKK a year, 2023 prices"}[kind]
        assert output.attrs["units"].startswith(wanted)
    assert drawn.sizes == {
        "future": 64, "year": 4, "area": 12, "category": 22, "level": 4, "theme": 8, "focus_area": 3,
    }  # fmt: skip
    assert tuple(drawn.year.values) == model.years == YEARS
    assert list(drawn.category.values) == list(model.evidence.categories)
    assert list(drawn.theme.values) == [*model.evidence.themes, NO_THEME]


def test_nothing_is_freed_of_the_excluded(drawn: xr.Dataset) -> None:
    for name in drawn.data_vars:
        if str(name).endswith("_by_category"):
            assert (drawn[name].sel(category=EXCLUDED).values == 0).all()
            assert (drawn[name].drop_sel(category=EXCLUDED).values > 0).all()


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_parts_sum_to_the_total(drawn: xr.Dataset, quantity: str, dimension: str) -> None:
    # At most 22 parts, each rounded by 2^-53 or a few times that.
    parts = drawn[f"{quantity}_by_{dimension}"].sum(dimension)
    np.testing.assert_allclose(parts.values, drawn[quantity].values, rtol=1e-13)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_focus_areas_are_sums_of_their_areas(drawn: xr.Dataset, quantity: str) -> None:
    areas = {
        "health": ["Sundhed", "Ældre"],
        "education": ["Undervisning", "Uddannelse og forskning", "Daginstitutioner og fritidsordninger"],
    }
    for name, inside in areas.items():
        parts = drawn[f"{quantity}_by_area"].sel(area=inside).sum("area")
        focus = drawn[f"{quantity}_by_focus_area"].sel(focus_area=name)
        np.testing.assert_allclose(focus.values, parts.values, rtol=1e-13)
    # Administration goes across areas: not the sum of any, and with the other two more than the whole in places.
    assert (drawn[f"{quantity}_by_focus_area"].sel(focus_area="administration") < drawn[quantity]).all()


def test_amounts_are_affine_in_every_input_but_speed(model: Model) -> None:
    inputs = len(model.inputs)
    start = model.values(np.random.default_rng(1).random((1, inputs)))
    values = np.repeat(start, 3 * inputs, axis=0).reshape(3, inputs, inputs)
    for step in (1, 2):
        values[step, np.arange(inputs), np.arange(inputs)] += 0.1 * step
    data = model.evaluate(values.reshape(-1, inputs))
    speed = model.names.index("speed")
    still = [i for i in range(inputs) if i != speed]
    for name in AMOUNTS:
        low, middle, high = data[name].values.reshape(3, inputs, *data[name].shape[1:])
        # Each output carries a rounding of about 1e-15 of its size; a curvature would be 1e-4 or more (see speed).
        bend = np.abs(low + high - 2 * middle) / np.maximum(np.abs(middle), 1e-12)
        assert bend[still].max() < 1e-12, name
    low, middle, high = data["freed_fte"].values.reshape(3, inputs, len(YEARS))[:, speed]
    assert (np.abs(low + high - 2 * middle)[:-1] > 1e-5 * middle[:-1]).all()
    assert low[-1] == middle[-1] == high[-1]  # the phase-in of 2040 does not depend on the speed


def test_every_varying_input_moves_the_total(model: Model) -> None:
    varying = [i for i, one in enumerate(model.inputs) if one.distribution.kind != "fixed"]
    levels = np.full((1 + len(varying), len(model.inputs)), 0.5)
    levels[np.arange(1, len(levels)), varying] = 0.9
    outputs = model.evaluate(model.values(levels))["freed_fte"].sel(year=2030).values
    assert (outputs[1:] != outputs[0]).all()


# Refusals


@pytest.mark.parametrize("name", ["technology", "speed", "demography.longevity", "extrapolation", "national"])
def test_values_that_are_not_finite_are_refused(model: Model, name: str) -> None:
    values = np.repeat(model.central(), 5, axis=0)
    values[[2, 4], model.names.index(name)] = np.nan, np.inf
    with pytest.raises(FloatingPointError, match=r"not finite in 2 futures, the first of them 2"):
        model.evaluate(values)


def test_an_output_that_is_not_finite_is_refused(model: Model) -> None:
    values = np.repeat(model.central(), 3, axis=0)
    values[1, [model.names.index("technology"), model.names.index("extrapolation")]] = 1e200
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(FloatingPointError, match="in 1 futures, the first of them 1"),
    ):
        model.evaluate(values)


@pytest.mark.parametrize("shape", [(128,), (3, 131), (2, 130, 1), (2, 3, 130), (130, 3)])
def test_a_wrong_shape_is_refused(model: Model, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="130 inputs make it"):
        model.evaluate(np.ones(shape))
    with pytest.raises(ValueError, match="130 inputs make it"):
        model.values(np.full(shape, 0.5))


def test_one_future_may_come_as_a_vector(model: Model) -> None:
    xr.testing.assert_identical(model.evaluate(model.central()[0]), model.evaluate(model.central()))


def test_no_futures_are_no_mistake(model: Model) -> None:
    assert model.evaluate(np.empty((0, len(model.inputs)))).sizes["future"] == 0


def test_futures_do_not_depend_on_their_neighbours(model: Model) -> None:
    # More futures than are evaluated at a time; what a block holds may be summed in another order.
    values = model.values(np.random.default_rng(2).random((2100, len(model.inputs))))
    whole = model.evaluate(values).isel(future=[0, 2047, 2048, 2099])
    apart = model.evaluate(values[[0, 2047, 2048, 2099]])
    for name in whole.data_vars:
        np.testing.assert_allclose(whole[name].values, apart[name].values, rtol=1e-13)


@pytest.mark.parametrize("level", [-1e-9, 1 + 1e-9, np.nan])
def test_levels_outside_the_unit_interval_are_refused(model: Model, level: float) -> None:
    levels = np.full((2, len(model.inputs)), 0.5)
    levels[1, 7] = level
    with pytest.raises(ValueError, match="levels"):
        model.values(levels)


def test_levels_0_and_1_are_the_bounds(model: Model) -> None:
    from simulator.distributions import bounds

    ends = np.array([bounds(one.distribution) for one in model.inputs])
    unit = np.repeat([[0.0], [1.0]], len(model.inputs), axis=1)
    np.testing.assert_array_equal(model.values(unit), ends.T)
