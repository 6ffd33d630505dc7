"""The published tables as transcribed, and the workforce table reconciled from them."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator import reconciliation
from simulator.demography import central_growth
from simulator.errors import InputError
from simulator.evidence import explained_potential
from simulator.printed_bounds import potential_bounds, read_frame, workforce_bounds
from simulator.reconciliation import Reconciliation, reconcile, write
from simulator.workforce import FILES, Workforce, read, structural_zeros

DATA = Path(__file__).parent.parent / "data"
SHARES = ("fte_share", "wage_share")


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


AREAS = [row["area"] for row in rows("areas.csv")]
CATEGORIES = [row["category"] for row in rows("categories.csv")]
LEVELS = [row["level"] for row in rows("levels.csv")]
WORKFORCE = rows("published_workforce.csv")
POTENTIAL = rows("published_potential.csv")
FOCUS = CATEGORIES[:20]


@pytest.fixture(scope="module")
def stored() -> Workforce:
    return read(DATA / "derived", AREAS, CATEGORIES, LEVELS)


@pytest.fixture(scope="module")
def fresh() -> Reconciliation:
    return reconcile(DATA)


# Transcription: what the report prints twice, or prints with its sum


def printed(figure: str, dimension: str, quantity: str) -> dict[str, tuple[float, float]]:
    return {
        row["label"]: (float(row["low"]), float(row["high"]))
        for row in WORKFORCE
        if (row["figure"], row["dimension"], row["quantity"]) == (figure, dimension, quantity)
    }


def test_the_labels_are_complete() -> None:
    assert (len(AREAS), len(CATEGORIES), len(LEVELS)) == (12, 22, 4)
    assert CATEGORIES[20:] == ["Øvrige", "Ekskluderede"]
    assert (
        set(printed("7.2", "area", "fte_2023")) == {row["area"] for row in rows("published_growth.csv")} == set(AREAS)
    )
    assert list(printed("7.3", "category", "fte_2023")) == FOCUS


def test_every_interval_is_the_rounding_of_its_print() -> None:
    for row in WORKFORCE + rows("published_growth.csv"):
        low, high = float(row["low"]), float(row["high"])
        text = row["printed"].removesuffix("%").replace(",", ".")
        if text.startswith("<"):
            assert (row["value"], low, high) == ("", 0.0, 0.01)
        elif row["kind"] == "published":
            scale = 0.01 if row["printed"].endswith("%") else 1.0
            half = (0.05 if "," in row["printed"] else 0.5) * scale
            assert float(row["value"]) == pytest.approx(float(text) * scale)
            assert (low, high) == pytest.approx((float(row["value"]) - half, float(row["value"]) + half))


def test_every_potential_is_its_print() -> None:
    for row in POTENTIAL:
        text = row["printed"].removeprefix("op imod ").removeprefix("ca. ").removesuffix("%")
        scale = 0.01 if row["printed"].endswith("%") else 0.001 if "." in text or text == "900-1.100" else 1.0
        ends = ("0", "1") if text.startswith("<") else (text.split("-")[0], text.split("-")[-1])
        expected = [float(end.replace(".", "")) * scale for end in ends]
        assert [float(row["low"]), float(row["high"])] == pytest.approx(expected), row


# The printed rows need not sum to the printed total, only their intervals must reach it.
@pytest.mark.parametrize(
    ("figure", "dimension", "total", "quantity", "difference"),
    [
        ("7.2", "area", "Total", "fte_2023", 0),
        ("7.2", "area", "Total", "wage_bill_2023", 3),  # 404 against 401
        ("7.3", "category", "Total 20 stillingskategorier i fokus", "fte_2023", 1),  # 522 against 521
        ("7.3", "category", "Total 20 stillingskategorier i fokus", "wage_bill_2023", -1),  # 277 against 278
        ("7.4", "excluded", "Ekskluderede", "fte_2023", 0),
        ("7.4", "excluded", "Ekskluderede", "wage_bill_2023", -0.6),  # 28.4 against 29
    ],
)
def test_rows_sum_to_their_total_within_rounding(
    figure: str, dimension: str, total: str, quantity: str, difference: float
) -> None:
    parts = np.array(list(printed(figure, dimension, quantity).values()))
    whole = printed(figure, "total", quantity)[total]
    assert parts.mean(axis=1).sum() - np.mean(whole) == pytest.approx(difference)
    assert parts[:, 0].sum() <= whole[1]
    assert parts[:, 1].sum() >= whole[0]


def test_percentages_are_the_shares_of_their_numbers_within_rounding() -> None:
    whole = {"fte": (763.5, 764.5), "wage": (400.5, 401.5)}
    contradictions = set()
    for row in WORKFORCE:
        if row["quantity"] not in SHARES or row["dimension"] == "level":
            continue
        kind = row["quantity"].removesuffix("_share")
        source = "7.4" if row["label"] == "Ekskluderede" else row["figure"]
        amount = {"fte": "fte_2023", "wage": "wage_bill_2023"}[kind]
        low, high = printed(source, row["dimension"], amount)[row["label"]]
        if low / whole[kind][1] > float(row["high"]) or high / whole[kind][0] < float(row["low"]):
            contradictions.add((row["figure"], row["label"], row["quantity"], row["printed"]))
    assert contradictions == {("text", "Ekskluderede", "fte_share", "8%")}


def test_what_is_printed_twice_agrees() -> None:
    seen: dict[tuple[str, ...], tuple[str, str]] = {}
    totals = {"4.1": "", "3.3": "", "3.4": ""}
    for row in POTENTIAL:
        if row["figure"] in totals and row["dimension"] in ("area", "total") and row["quantity"].startswith("freed"):
            scope = row["scope"] if row["dimension"] == "total" else ""
            key = (scope, row["dimension"], "" if scope else row["label"], row["quantity"])
            assert seen.setdefault(key, (row["low"], row["high"])) == (row["low"], row["high"])
    assert len(seen) == 12 * 3 + 4 * 3


def test_named_tasks_leave_a_residual(stored: Workforce) -> None:
    coefficient = {(row["category"], row["task"]): float(row["central"]) for row in rows("coefficients.csv")}
    fte = {label: sum(ends) / 2 for label, ends in printed("7.3", "category", "fte_2023").items()}
    largest: dict[tuple[str, str], float] = {}
    for row in rows("time_shares.csv"):
        part = float(row["group_fte"]) / fte[row["category"]] if row["group_fte"] else float(row["group_part"] or 1)
        key = (row["category"], row["task"])
        largest[key] = max(largest.get(key, 0.0), part * float(row["central"]))
    assert set(largest) == set(coefficient)
    for category, full in zip(FOCUS, stored.potential, strict=True):
        tasks = [key for key in largest if key[0] == category]
        assert sum(largest[key] for key in tasks) <= 1
        assert sum(largest[key] * coefficient[key] for key in tasks) < full, category


def test_barrier_scores_fall_with_the_phase_in() -> None:
    score = dict.fromkeys(FOCUS, 0)
    for row in rows("barriers.csv"):
        assert row["kind"] == "assumed"
        score[row["category"]] += int(row["score"])
    middle = {r["category"]: float(r["phase_in_low"]) + float(r["phase_in_high"]) for r in rows("categories.csv")[:20]}
    for category in FOCUS:
        assert score[category] == pytest.approx(6 + (1.6 - middle[category]) / 2 / 0.05 * 2)


# The reconciled table


def marginal_misses(tables: Workforce) -> list[str]:
    """Printed marginals of figures 7.1-7.4 that the table breaks, computed straight from the file."""
    fte = tables.fte
    bill = fte * tables.wage[:, :, None]
    misses = []
    for row in WORKFORCE:
        if row["dimension"] == "excluded" or row["figure"] == "text":
            continue
        table = bill if row["quantity"].startswith("wage") else fte
        label, dimension = row["label"], row["dimension"]
        if dimension == "area":
            value = table[AREAS.index(label)].sum()
        elif dimension == "level":
            value = table[:, :, LEVELS.index(label)].sum()
        elif dimension == "category" or label == "Ekskluderede":
            value = table[:, CATEGORIES.index(label)].sum()
        else:
            value = table.sum() if label == "Total" else table[:, :20].sum()
        if row["quantity"] in SHARES:
            value = value / table.sum()
        if not float(row["low"]) <= value <= float(row["high"]):
            misses.append(f"{label} {row['quantity']} {value}")
    return misses


def test_every_marginal_holds_to_its_rounding(stored: Workforce) -> None:
    assert marginal_misses(stored) == []


def test_the_check_of_marginals_sees_a_thousand_too_many(stored: Workforce) -> None:
    for a, c, level in ((0, 0, 0), (2, 11, 1), (6, 20, 0)):
        fte = stored.fte.copy()
        fte[a, c, level] += 1.5
        assert marginal_misses(replace(stored, fte=fte))
    assert marginal_misses(replace(stored, wage=stored.wage * 1.01))


def test_structural_zeros_hold(stored: Workforce) -> None:
    zero = structural_zeros(DATA, AREAS, CATEGORIES, LEVELS)
    assert np.all(stored.fte[zero] == 0)
    assert np.all(stored.fte >= 0)
    teachers = stored.fte[:, CATEGORIES.index("Folkeskolelærere")]
    assert teachers[AREAS.index("Undervisning"), LEVELS.index("Kommuner")] == pytest.approx(teachers.sum())
    assert stored.fte[AREAS.index("Forsvar"), :, LEVELS.index("Staten")].sum() > 25
    assert stored.fte[AREAS.index("Forsvar"), :, LEVELS.index("Kommuner")].sum() == 0
    # 14 thousand military positions of figure 7.4, with rounding, can only be in Forsvar
    assert stored.fte[AREAS.index("Forsvar"), CATEGORIES.index("Ekskluderede")].sum() >= 13


def test_wages_and_potentials_are_sensible(stored: Workforce) -> None:
    other = CATEGORIES.index("Øvrige")
    assert np.all(np.delete(stored.wage, other, axis=1) == np.delete(stored.wage[:1], other, axis=1))
    assert np.all((stored.wage > 0.3) & (stored.wage < 1.0))
    assert stored.potential.shape == (20,)
    assert stored.potential_other.shape == (12,)
    assert np.all((stored.potential > 0.02) & (stored.potential < 0.5))
    assert np.all((stored.potential_other > 0.05) & (stored.potential_other < 0.5))


def freed(tables: Workforce, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Freed FTE and wages by area and category with all phase-in moved by `shift`, straight from the files."""
    change = {(r["area"], r["quantity"]): float(r["value"]) for r in rows("published_growth.csv")}
    fte_area = printed("7.2", "area", "fte_2023")
    growth = np.array(
        [
            1 + central_growth(np.mean(fte_area[a]), change[a, "fte_change"], 100 * change[a, "percent_change"])
            for a in AREAS
        ]
    )
    ends = [(float(r["phase_in_low"]), float(r["phase_in_high"])) for r in rows("categories.csv")[:20]]
    middle = np.mean(ends, axis=1)
    rate = np.zeros((12, 22))
    rate[:, :20] = tables.potential * (middle + shift)
    weights = [np.mean(ends) for ends in printed("7.3", "category", "fte_2023").values()]
    rate[:, 20] = tables.potential_other * (np.average(middle, weights=weights) + shift)
    fte = tables.fte.sum(axis=2) * growth[:, None] * rate
    return fte, fte * tables.wage


def test_the_totals_are_the_printed_ones(stored: Workforce) -> None:
    fte, wage = freed(stored, 0.0)
    assert fte.sum() == pytest.approx(90, abs=0.5)
    assert wage.sum() == pytest.approx(51.5, abs=0.5)
    low, high = freed(stored, -0.05), freed(stored, 0.05)
    assert (round(low[0].sum()), round(high[0].sum())) == (84, 96)
    assert (round(low[1].sum()), round(high[1].sum())) == (48, 55)


def test_each_potential_gives_its_printed_percentage(stored: Workforce) -> None:
    ends = {r["category"]: (float(r["phase_in_low"]), float(r["phase_in_high"])) for r in rows("categories.csv")[:20]}
    seen = []
    for row in POTENTIAL:
        if row["label"] in FOCUS and row["quantity"] == "freed_wage_share":
            full, (start, end) = stored.potential[FOCUS.index(row["label"])], ends[row["label"]]
            low, high, half = (float(row[column]) for column in ("low", "high", "rounding"))
            if low == high:
                assert full * (start + end) / 2 == pytest.approx(low, abs=half), row
            else:  # where both ends round to one number, the report prints a range of one unit
                unit = high - low < 3 * half
                assert low - half <= full * start <= (high if unit else low + half), row
                assert (low if unit else high - half) <= full * end <= high + half, row
            seen.append(row["label"])
    assert sorted(seen) == sorted(FOCUS)


def test_areas_and_categories_lie_in_their_printed_ranges(stored: Workforce) -> None:
    fte, wage = freed(stored, 0.0)
    scopes = {"all": [True] * 12, "administration": [True] * 12}
    for scope in ("health", "education"):
        scopes[scope] = [row["focus_area"] == scope for row in rows("areas.csv")]
    outside = set()
    for row in POTENTIAL:
        single = 0.5 if row["low"] == row["high"] else 0.0
        table = {"freed_fte": fte, "freed_wage": wage}.get(row["quantity"])
        if table is None or row["scope"] not in scopes or row["label"] == "Øvrige ansatte":
            continue
        if row["dimension"] == "area":
            value = table[AREAS.index(row["label"])].sum()
        elif row["dimension"] == "category":
            value = table[scopes[row["scope"]], CATEGORIES.index(row["label"])].sum()
        else:
            continue
        if not float(row["low"]) - single <= value <= float(row["high"]) + single:
            outside.add((row["label"], row["quantity"]))
    assert outside == set()


def test_the_stored_files_are_the_reconciliation(stored: Workforce, fresh: Reconciliation) -> None:
    # The steps stop where the last one moves wages and potentials by 1e-4. From other starting points they end within
    # 1.5e-4 of these, and in single cells, in which the objective is flat, within 0.035 thousand FTE.
    tables = fresh.tables
    np.testing.assert_allclose(tables.fte, stored.fte, rtol=1e-4, atol=0.05)
    np.testing.assert_allclose(tables.wage, stored.wage, rtol=1e-3)
    np.testing.assert_allclose(tables.potential, stored.potential, rtol=1e-3)
    np.testing.assert_allclose(tables.potential_other, stored.potential_other, rtol=1e-3)
    np.testing.assert_allclose(tables.fte.sum(axis=(1, 2)), stored.fte.sum(axis=(1, 2)), rtol=1e-3)
    np.testing.assert_allclose(tables.fte.sum(axis=(0, 2)), stored.fte.sum(axis=(0, 2)), rtol=1e-3)


def test_only_the_known_contradictions_are_missed(fresh: Reconciliation) -> None:
    assert fresh.asked > 480
    (miss,) = (miss for miss in fresh.misses if miss.figure != "text")
    assert (miss.label, miss.quantity, miss.end) == ("SOSU-medarbejdere", "freed_fte", "low")
    # 4-6 holds from 4.5 to 5.5 at least, and a phase-in of 65-75 % gives no wider range than 75/65. What cannot hold is
    # missed by no more than it must be, but for the margin, here 1 % of 0.5 thousand FTE.
    least = 5.5 * 0.65 / 0.75
    assert miss.high == 4.5 < least
    assert least <= miss.value <= least + 0.01
    claims = {(miss.label, miss.quantity) for miss in fresh.misses if miss.figure == "text"}
    assert claims == {("Øvrige", "fte_2023"), ("Øvrige", "fte_share"), ("Ekskluderede", "fte_share")}
    listed = {(row["label"], row["quantity"], row["end"]) for row in rows("derived/reconciliation_misses.csv")}
    assert listed == {(miss.label, miss.quantity, miss.end) for miss in fresh.misses}


def test_writing_and_reading_gives_the_same_tables(fresh: Reconciliation, tmp_path: Path) -> None:
    write(fresh, tmp_path)
    again = read(tmp_path, AREAS, CATEGORIES, LEVELS)
    np.testing.assert_allclose(again.fte, fresh.tables.fte, rtol=1e-7)
    np.testing.assert_allclose(again.wage, fresh.tables.wage, rtol=1e-7)
    np.testing.assert_allclose(again.potential, fresh.tables.potential, rtol=1e-7)
    np.testing.assert_allclose(again.potential_other, fresh.tables.potential_other, rtol=1e-7)
    for name in ("workforce", "wages", "potentials", "calibration", "reconciliation_misses"):
        for row in csv.DictReader((tmp_path / f"{name}.csv").read_text(encoding="utf-8").splitlines()):
            assert row["kind"] == "derived"
            assert row["source"]


def test_the_calibration_lists_every_target_once(fresh: Reconciliation) -> None:
    listed = rows("derived/calibration.csv")
    keys = [(row["figure"], row["label"], row["quantity"], row["end"]) for row in listed]
    assert len(keys) == len(set(keys)) == len(fresh.bounds)
    soft = [row for row in listed if row["asked"] == "soft"]
    assert {row["asked"] for row in listed} == {"hard", "soft", "left out"}
    for row in listed:
        inside = float(row["low"]) <= float(row["value"]) <= float(row["high"])
        assert row["met"] == ("yes" if inside else "no"), row
        assert row["met"] == "yes" or row["asked"] != "hard"
    assert sum(row["met"] == "yes" for row in soft) >= 0.98 * len(soft)
    values = [float(row["value"]) for row in listed]
    np.testing.assert_allclose(fresh.values, values, rtol=2e-3, atol=1e-3)


def test_the_headline_is_not_met_on_the_edge(fresh: Reconciliation) -> None:
    total = {
        (b.quantity, b.end): min(value - b.low, b.high - value)
        for b, value in zip(fresh.bounds, fresh.values, strict=True)
        if (b.figure, b.label) == ("3.3", "Total") and not b.quantity.endswith("share")
    }
    assert len(total) == 6
    assert min(total.values()) == pytest.approx(reconciliation.MARGIN * 0.5, rel=1e-3)


# The programme with other tables


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data", ignore=shutil.ignore_patterns("derived", "population*")))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_no_potential_is_less_than_its_tasks_explain(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Administrative tasks of It-medarbejdere, with 35 % saved: 98 % of the time instead of 25 % explain 34.3 %, and the
    # printed 24-27 % allows no more than 33 %.
    text = (copy / "time_shares.csv").read_text(encoding="utf-8")
    (old,) = (line for line in text.splitlines() if line.startswith("It-medarbejdere"))
    change(copy / "time_shares.csv", old, old.replace(",0.25,,", ",0.98,,"))
    monkeypatch.setattr(reconciliation, "SETTLED", 0.01)  # a few steps show it
    found = reconcile(copy)
    explained = explained_potential(copy, FOCUS, AREAS, found.tables.fte)
    assert explained[FOCUS.index("It-medarbejdere")] == pytest.approx(0.343)
    assert np.all(found.tables.potential > explained)
    assert "It-medarbejdere" in {miss.label for miss in found.misses if miss.quantity == "freed_wage_share"}


def test_a_category_without_a_percentage_is_named(copy: Path) -> None:
    path = copy / "published_potential.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if "Gymnasielærere" not in line or "freed_wage_share" not in line]
    assert len(kept) == len(lines) - 1
    path.write_text("".join(kept), encoding="utf-8")
    with pytest.raises(InputError, match=r"categories\.csv, row 11: 'Gymnasielærere' has no percentage"):
        reconcile(copy)


def test_steps_that_do_not_settle_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciliation, "STEPS", 1)
    with pytest.raises(RuntimeError, match="does not settle: after 1 steps"):
        reconcile(DATA)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("7.1,total,Total,Total,fte_2023,thousand FTE,764,764,763.5,764.5",
         "7.1,total,Total,Total,fte_2023,thousand FTE,794,794,793.5,794.5", "no workforce was found that meets all"),
        ("7.1,total,Total,Total,fte_2023,thousand FTE,764,764,763.5,764.5",
         "7.1,total,Total,Total,fte_2023,thousand FTE,564,564,563.5,564.5", "leaves for Øvrige, is not above 0"),
        ("7.3,category,Jurister,Lawyers,fte_2023,", "7.3b,category,Jurister,Lawyers,fte_2023,", "no fte_2023 of 'Jurister'"),
    ],
)  # fmt: skip
def test_marginals_that_cannot_hold_are_named(copy: Path, old: str, new: str, message: str) -> None:
    change(copy / "published_workforce.csv", old, new)
    with pytest.raises(InputError, match=message) as caught:
        reconcile(copy)
    assert "published_workforce.csv" in str(caught.value)


# Bounds and errors


def test_bounds_of_printed_ranges() -> None:
    bounds = {(b.figure, b.label, b.quantity, b.end): (b.low, b.high) for b in potential_bounds(read_frame(DATA), DATA)}
    assert bounds["3.3", "Total", "freed_fte", "low"] == (83.5, 84.5)
    assert bounds["3.3", "Total", "freed_fte", "middle"] == (89.5, 90.5)
    assert bounds["3.3", "Social", "freed_fte", "low"] == (2.5, 4.0)
    assert bounds["3.3", "Social", "freed_fte", "high"] == (3.0, 4.5)
    assert bounds["4.2.1", "Folkeskolelærere", "freed_fte", "middle"] == (8.5, 9.5)
    assert bounds["4.1.3", "Fysioterapeuter", "freed_fte", "high"] == (0.0, 1.0)
    assert ("4.2.1", "Folkeskolelærere", "freed_fte", "low") not in bounds


def test_what_cannot_hold_is_no_bound() -> None:
    hard, claims = workforce_bounds(read_frame(DATA), DATA)
    assert all(bound.hard for bound in hard)
    assert {bound.label for bound in claims} == {"Øvrige", "Ekskluderede"}
    assert all("ontradiction" in bound.reason for bound in claims)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("workforce.csv", "Sundhed,Sygeplejersker", "Sundhed,Sygeplejerske", "Did you mean 'Sygeplejersker'"),
        ("wages.csv", "*,Jurister,", "*,Sygeplejersker,", "repeats"),
        ("wages.csv", "*,Jurister,", "Social,Jurister,", "'Jurister' has a row for the area 'Social'"),
        ("potentials.csv", "Social,Øvrige,0", "Social,Øvrige,-0", "outside"),
        ("potentials.csv", "*,Jurister,0", "*,Jurister,1", "outside"),
        ("potentials.csv", "Social,Øvrige,", "*,Øvrige,", "'Øvrige' has a row for the area"),
        ("potentials.csv", "Social,Øvrige,", "Socialt,Øvrige,", "Did you mean 'Social'"),
        ("potentials.csv", "*,Jurister,", "*,Ekskluderede,", "unknown name 'Ekskluderede'"),
    ],
)
def test_faults_in_the_files_are_named(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    for name in FILES:
        text = (DATA / "derived" / name).read_text(encoding="utf-8")
        assert name != file or old in text
        (tmp_path / name).write_text(text.replace(old, new, 1) if name == file else text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, AREAS, CATEGORIES, LEVELS)
    assert file in str(caught.value)


@pytest.mark.parametrize(
    ("file", "row", "message"),
    [
        ("wages.csv", "*,Jurister", "no row for 'Jurister'$"),
        ("potentials.csv", "*,Jurister", "no row for 'Jurister'$"),
        ("potentials.csv", "Forsvar,Øvrige", "no row for 'Øvrige' in 'Forsvar'$"),
    ],
)
def test_a_missing_wage_or_potential_is_named(tmp_path: Path, file: str, row: str, message: str) -> None:
    for name in FILES:
        lines = (DATA / "derived" / name).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if name != file or not line.startswith(row)]
        assert len(kept) == len(lines) - (name == file)
        (tmp_path / name).write_text("".join(kept), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(tmp_path, AREAS, CATEGORIES, LEVELS)
    assert re.search(message, caught.value.problem)
