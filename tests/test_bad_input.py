"""Bad input, one small file a case: each is refused in one line that says where, what is wrong and what would be right."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.config import COMMAND_LINE, load_config
from simulator.errors import InputError
from simulator.evidence import read_evidence
from simulator.feasibility import check_bounds
from simulator.inputs import build_inputs

ROOT = Path(__file__).parents[1]
BAD = Path(__file__).parent / "bad_input"
BASE = ROOT / "configs" / "base.toml"
DATA = ROOT / "data"
KEYS = {
    "time_shares": ("category", "task", "area"),
    "coefficients": ("category", "task"),
    "barriers": ("category", "barrier"),
    "categories": ("category",),
    "themes": ("theme",),
    "published_workforce": ("figure", "dimension", "label", "quantity"),
    "published_potential": ("figure", "dimension", "label", "quantity"),
    "derived/workforce": ("area", "category", "level"),
    "derived/wages": ("area", "category"),
    "derived/potentials": ("area", "category"),
    "derived/growth": ("area", "driver"),
    "derived/growth_path": ("year",),
}


@dataclass(frozen=True)
class Toml:
    """A configuration (``<name>.toml``), and parts of the three parts of its message."""

    name: str
    place: str
    problem: str
    remedy: str


@dataclass(frozen=True)
class Csv:
    """What is done with ``<name>.csv`` to a table, and parts of the three parts of the message.

    The rows of the file replace those with the same key, are appended, or are removed by their key; or the file takes
    the place of the table. Of rows that are replaced or appended the place holds the line of the first.
    """

    name: str
    table: str
    what: str
    problem: str
    remedy: str
    place: str = ""


def load(path: Path, changes: Sequence[str] = ()) -> None:
    config = load_config(path, changes)
    evidence = read_evidence(config.data)
    check_bounds(config, evidence, build_inputs(config, evidence))


def refused(path: Path, changes: Sequence[str] = ()) -> InputError:
    with pytest.raises(InputError) as caught:
        load(path, changes)
    error = caught.value
    assert str(error) == f"{error.place}: {error.problem}. {error.remedy}"
    assert len(str(error).splitlines()) == 1
    return error


def ids(cases: Sequence[Toml | Csv]) -> list[str]:
    return [case.name for case in cases]


# --- configurations ----------------------------------------------------------------------------------------------

CONFIGS = [
    Toml("unknown_key", "key 'yeers'", "unknown key 'yeers'", "Did you mean 'years'?"),
    Toml("unknown_section", "key 'runs'", "unknown key 'runs'", "Did you mean 'run'?"),
    Toml("unknown_nested_key", "key 'run.futres'", "unknown key 'run.futres'", "Did you mean 'futures'"),
    Toml("unknown_input", "key 'inputs.technolgy'", "there is no input 'technolgy'", "Did you mean 'technology'"),
    Toml("unknown_input_under_star", "key 'inputs.coefficient.*.Gen", "there is no input", "Generelle administrative"),
    Toml("input_is_a_number", "key 'inputs.technology'", "is not a distribution", "{ kind ="),
    Toml("text_for_int", "key 'run.futures'", "'many' cannot be used", "a whole number, without quotes"),
    Toml("fraction_for_int", "key 'run.replicates'", "2.5 cannot be used", "a whole number"),
    Toml("bool_for_float", "key 'phase_in.common'", "True cannot be used", "a number such as 0.35"),
    Toml("text_for_bool", "key 'technology.common'", "'no' cannot be used", "true or false"),
    Toml("list_for_text", "key 'title'", "cannot be used", "a text in quotes"),
    Toml("number_for_list", "key 'years'", "2040 cannot be used", "a list, such as [2030, 2040]"),
    Toml("text_for_table", "key 'run'", "'fast' cannot be used", "a table with keys of its own"),
    Toml("text_in_list", "key 'run.quantiles.1'", "'0.9' cannot be used", "a number such as 0.35, without quotes"),
    Toml("unknown_method", "key 'run.method'", "'sobl' cannot be used", "'sobol' or 'monte-carlo'"),
    Toml("nan", "key 'phase_in.common'", "nan cannot be used", "a finite number"),
    Toml("inf", "key 'time_share.relative'", "inf cannot be used", "a finite number"),
    Toml("nan_in_distribution", "key 'inputs.technology', parameter 'p05'", "nan is not finite", "a finite number"),
    Toml("inf_in_distribution", "key 'inputs.technology', parameter 'high'", "inf is not finite", "a finite number"),
    Toml("circle", "key 'extends'", "circle.toml -> circle_back.toml -> circle.toml", "Let one of them extend nothing"),
    Toml("circle_back", "key 'extends'", "goes in a circle", "Let one of them extend nothing"),
    Toml("circle_of_one", "key 'extends'", "circle_of_one.toml -> circle_of_one.toml", "extend nothing"),
    Toml("extends_nothing", "key 'extends'", "bse.toml: there is no such file", "Check the spelling"),
    Toml("extends_a_number", "key 'extends'", "is not a text", 'extends = "base.toml"'),
    Toml("no_author", "key 'author'", "is missing", "An overlay says who made it, from what, and why: author ="),
    Toml("blank_reason", "key 'reason'", "is missing", "reason ="),
    Toml("futures_zero", "key 'run.futures'", "0 cannot be used", "greater than or equal to 1"),
    Toml("futures_negative", "key 'run.futures'", "-1024 cannot be used", "greater than or equal to 1"),
    Toml(
        "futures_absurd", "key 'run.futures'", "1000000000000000 cannot be used", "less than or equal to 1099511627776"
    ),
    Toml("futures_fewer_than_replicates", "key 'run.futures'", "8 cannot fill 16 replicates", "Give 16 or more"),
    Toml(
        "base_points_fewer_than_replicates", "key 'run.base_points'", "8 cannot fill 16 replicates", "Give 16 or more"
    ),
    Toml("seed_negative", "key 'run.seed'", "-1 cannot be used", "greater than or equal to 0"),
    Toml("quantile_above_1", "key 'run.quantiles.1'", "1.5 cannot be used", "less than or equal to 1"),
    Toml("quantile_negative", "key 'run.quantiles.0'", "-0.05 cannot be used", "greater than or equal to 0"),
    Toml("quantiles_not_rising", "key 'run.quantiles'", "is not in rising order", "Write each value once, rising"),
    Toml("quantiles_empty", "key 'run.quantiles'", "is empty", "Write at least one"),
    Toml("years_not_rising", "key 'years'", "is not in rising order", "Write each value once, rising"),
    Toml("year_twice", "key 'years'", "is not in rising order", "Write each value once, rising"),
    Toml("years_without_2040", "key 'years'", "2040 is missing", "keep it in the list"),
    Toml("years_beyond_2040", "key 'years.1'", "2041 cannot be used", "less than or equal to 2040"),
    Toml("years_before_2023", "key 'years.0'", "2022 cannot be used", "greater than or equal to 2023"),
    Toml("unknown_kind", "'inputs.technology', parameter 'kind'", "there is no kind 'trianglar'", "mean 'triangular'"),
    Toml("p05_above_p95", "'inputs.technology', parameter 'p05'", "1.1 is above p95, 0.9", "Give p05 below p95"),
    Toml("probabilities_do_not_sum", "parameter 'probabilities'", "they sum to 0.9", "numbers that sum to 1"),
    Toml("parameter_missing", "key 'inputs.technology', parameter 'high'", "it is missing", "needs: low, high"),
    Toml("distribution_file_missing", "parameter 'file'", "draws.csv: there is no such file", "Check the spelling"),
    Toml("input_missing", "key 'inputs.extrapolation'", "'extrapolation' has no distribution", "State one in [inputs]"),
    Toml("section_missing", "key 'time_share'", "is missing", "Add it; the keys are: title"),
    Toml("empty", "key 'title'", "is missing", "Add it; the keys are: title"),
    Toml(
        "common_too_high", "key 'phase_in.common'", "by more than its printed range", "phase_in.common to 0.582 or less"
    ),
    Toml("syntax_error", "syntax_error.toml", "is not TOML: Expected ']'", "(at line 5"),
    Toml("key_twice", "key_twice.toml", "is not TOML: Cannot overwrite a value", "Mend the line named"),
    Toml("windows_1252", "windows_1252.toml, row 5", "is not UTF-8 (byte 0xd8)", "Save it as UTF-8"),
    Toml("no_data_folder", "key 'data'", "there is no folder 'dta'", "Give the folder of the tables"),
    # What interval arithmetic over the bounds of the distributions finds
    Toml(
        "share_can_pass_1", "key 'time_share.relative'", "Direkte sagsbehandling' reaches 1.12", "at or below 1: change"
    ),
    Toml(
        "shares_can_pass_1_together", "key 'inputs.time_share.Sygeplejersker.Dokumentation'", "the sum of", "Let it end"
    ),
    Toml(
        "coefficient_can_pass_1", "key 'inputs.coefficient.*.Dokumentation'", "reaches 1.2, above 1", "at or below 1."
    ),
    Toml("coefficient_can_be_negative", "key 'coefficient.relative'", "below 0", "at or above 0: change this key"),
    Toml("factor_can_be_negative", "key 'inputs.theme.Driftsoptimering'", "falls to -0.645", "at or above 0."),
    Toml(
        "phase_in_can_pass_1", "key 'phase_in.shift'", "the phase-in of 'SOSU-medarbejdere' in 2040", "at or below 0.1"
    ),
    Toml(
        "phase_in_can_be_negative", "key 'inputs.phase_in.Pædagoger'", "'Pædagoger' in 2040 falls to", "at or above 0.1"
    ),
    Toml("use_can_pass_1", "key 'inputs.residual.Sekretærer'", "'Sekretærer' saves reaches 1.5", "at or below 0.49"),
    Toml("other_use_can_pass_1", "key 'inputs.extrapolation'", "'Øvrige' saves reaches 1.09", "at or below 2.74"),
    Toml(
        "growth_can_be_negative", "'inputs.demography.longevity'", "'Ældre' in 2030 as a multiple", "Let it begin above"
    ),
    Toml(
        "growth_can_be_negative_by_a_rise",
        "key 'inputs.demography.healthy_ageing'",
        "'Ældre' in 2035",
        "at or below 4.48",
    ),
    Toml("speed_can_be_zero", "key 'inputs.speed'", "'speed' falls to 0, not above 0", "Let it begin above 0."),
    Toml("speed_can_be_negative", "key 'inputs.speed'", "'speed' falls to -12.9053, not above 0", "begin above 0."),
]


@pytest.mark.parametrize("case", CONFIGS, ids=ids(CONFIGS))
def test_configuration_is_refused(case: Toml) -> None:
    path = BAD / f"{case.name}.toml"
    error = refused(path)
    assert path.name in error.place or case.name == "circle_back"
    assert case.place in error.place
    assert case.problem in error.problem
    assert case.remedy in f"{error.problem} {error.remedy}"


def test_a_file_that_does_not_exist_is_named() -> None:
    assert str(refused(BAD / "nowhere.toml")) == (
        f"{BAD / 'nowhere.toml'}: there is no such file. Check the spelling of the path."
    )


def test_a_folder_is_not_a_configuration() -> None:
    error = refused(BAD)
    assert (error.place, error.problem) == (str(BAD), "cannot be read (Is a directory)")


@pytest.mark.parametrize("name", ["null\0.toml", "x" * 5000])
def test_a_name_that_no_file_can_have(name: str) -> None:
    assert refused(BAD / name).problem.startswith("cannot be read")
    assert "there is no folder" in refused(BASE, [f'data="{name}"'.replace("\0", "\\u0000")]).problem


@pytest.mark.parametrize(
    "text", ["seed = " + "9" * 5000, "seed = " + "[" * 5000, "seed = 1\n\n\a"], ids=["digits", "nesting", "bell"]
)
def test_text_that_no_parser_takes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "strange.toml"
    path.write_text(text, encoding="utf-8")
    error = refused(path)
    assert error.place == str(path)
    assert error.problem.startswith("is not TOML: ")


SETS = [
    ("run.seed", "is not of the form key=value", "Write for instance --set run.seed=7"),
    ("=7", "is not of the form key=value", "Write for instance --set run.seed=7"),
    ("run.seed=7\nrun.futures=64", "is not of the form key=value", "run.seed=7"),
    ("run.sed=7", "unknown key 'run.sed'", "Did you mean 'seed'?"),
    ("extends=base.toml", "unknown key 'extends'", "Known are: 'title'"),
    ("run.=7", "'run.' is not a key", "double quotes"),
    ('inputs.residual.Sekretærer.kind="fixed"', "'inputs.residual.Sekretærer.kind' is not a key", "double quotes"),
    ("run.seed=seven", "'seven' cannot be used", "a whole number, without quotes"),
    ("run.seed=1e3", "1000.0 cannot be used", "a whole number"),
    ("run.futures=1" + "0" * 30, "cannot be used", "less than or equal to 1099511627776"),
    ("run.futures=" + "9" * 5000, "cannot be used", "a whole number"),
    ("phase_in.shift=nan", "nan cannot be used", "a finite number"),
    ("years=2040", "2040 cannot be used", "a list"),
    ("inputs=3", "3 cannot be used", "a table with keys of its own"),
    ("inputs.technolgy.p95=1.2", "is not a distribution", "Check the name"),
    ("inputs.technology.p95=0.5", "0.9 is above p95, 0.5", "Give p05 below p95"),
    ("inputs.technology.sd=0.5", "has no such parameter", "p05"),
    ("inputs.technology.kind=normal", "it is missing", "Kind 'normal' needs: mean, sd"),
    (
        'inputs.demography.longevitet={kind="fixed", value=0.0}',
        "no input 'demography.longevitet'",
        "demography.longevity",
    ),
    ("data=nowhere", "there is no folder 'nowhere'", "Give the folder of the tables"),
    ("technology.common=1", "1 cannot be used", "true or false"),
    ("phase_in.common=0.9", "by more than its printed range", "to 0.582 or less, or raise phase_in.national"),
    ("residual.relative=0.7", "falls to", "Let it begin at or above 0"),
]


@pytest.mark.parametrize(("change", "problem", "remedy"), SETS, ids=[change[:30] for change, _, _ in SETS])
def test_change_on_the_command_line_is_refused(change: str, problem: str, remedy: str) -> None:
    error = refused(BASE, ["title=First", change])
    assert error.place.startswith(f"{COMMAND_LINE} {' '.join(change.split())[:70]}")
    assert problem in error.problem
    assert remedy in error.remedy
    assert len(str(error)) < 500


def test_the_common_part_may_be_as_large_as_the_message_says() -> None:
    load(BASE, ["phase_in.common=0.582"])
    assert "to 0.582 or less" in refused(BASE, ["phase_in.common=0.583"]).remedy


def test_what_the_message_about_bounds_allows_is_allowed() -> None:
    error = refused(BAD / "use_can_pass_1.toml")
    allowed = error.remedy.removeprefix("Let it end at or below ").removesuffix(".")
    change = 'inputs.residual."Sekretærer".value='
    load(BAD / "use_can_pass_1.toml", [change + allowed])
    assert "above 1" in refused(BAD / "use_can_pass_1.toml", [f"{change}{float(allowed) + 1e-4}"]).problem


# --- tables ------------------------------------------------------------------------------------------------------

TABLES = [
    Csv("low_above_high", "time_shares", "replace", "low 0.12 is above high 0.11", "Exchange them"),
    Csv("central_outside", "time_shares", "replace", "central 0.115 is not from 0.12 to 0.13", "Mend one"),
    Csv("one_end_of_a_range", "time_shares", "replace", "has one end of a range only", "Give both of low and high"),
    Csv("share_over_1", "time_shares", "replace", "1.15 lies outside 0 to 1", "Check the number", "column 'central'"),
    Csv("share_not_finite", "time_shares", "replace", "'inf' is not a finite number", "finite", "column 'central'"),
    Csv("share_nan", "time_shares", "replace", "'nan' is not a finite number", "finite", "column 'central'"),
    Csv("share_is_a_text", "time_shares", "replace", "'ca. 11 %' is not a number", "such as 0.35", "column 'central'"),
    Csv(
        "share_with_a_decimal_comma", "time_shares", "replace", "'0,115' is not a number", "Write a number such as 0.35"
    ),
    Csv(
        "share_with_an_underscore", "time_shares", "replace", "'0.1_15' is not a number", "Write a number such as 0.35"
    ),
    Csv("share_empty", "time_shares", "replace", "the cell is empty", "Fill it in", "column 'central'"),
    Csv("theme_unknown", "time_shares", "replace", "there is no theme 9", "The themes are 1, 2, 3, 4, 5, 6, 7."),
    Csv("theme_not_whole", "time_shares", "replace", "'1.5' is not a whole number", "Write a whole number"),
    Csv("kind_unknown", "time_shares", "replace", "'guessed' is not among the choices", "'published', 'derived'"),
    Csv("group_over_its_category", "time_shares", "replace", "the group is larger than its category", "thousand FTE"),
    Csv("group_said_twice", "time_shares", "replace", "gives both group_fte and group_part", "Leave one of them empty"),
    Csv("area_unknown", "time_shares", "append", "unknown name 'Sundhet'", "Did you mean 'Sundhed'?"),
    Csv("area_without_staff", "time_shares", "append", "'Dokumentation' has no row in coefficients.csv", "Add one"),
    Csv("area_left_out", "time_shares", "append", "unknown name ''", "Known are: 'Sundhed'"),
    Csv(
        "rows_of_a_task_differ", "time_shares", "replace", "differs from row 2 of the same task in 'theme'", "the same"
    ),
    Csv(
        "some_rows_with_a_range",
        "time_shares",
        "replace",
        "only some rows of the task have a range",
        "Give all",
        "row 2",
    ),
    Csv("category_unknown", "time_shares", "append", "unknown name 'Sygeplejerske'", "Did you mean 'Sygeplejersker'"),
    Csv("task_without_coefficient", "time_shares", "append", "has no row in coefficients.csv", "with the same names"),
    Csv(
        "tasks_above_the_potential",
        "time_shares",
        "replace",
        "'Sygeplejersker' explain 0.4",
        "Lower",
        "time_shares.csv",
    ),
    Csv(
        "coefficient_without_share",
        "coefficients",
        "append",
        "'Pædagoger', 'Dokumentation' has no row in time_sh",
        "Add",
    ),
    Csv("coefficient_over_1", "coefficients", "replace", "1.5 lies outside 0 to 1", "Check", "column 'central'"),
    Csv("row_twice", "coefficients", "append", "repeats ('Sygeplejersker', 'Dokumentation') of row 3", "Keep one row"),
    Csv(
        "coefficient_missing",
        "coefficients",
        "remove",
        "'Dokumentation' has no row in coeff",
        "Add",
        "time_shares.csv, row 11",
    ),
    Csv("too_few_cells", "coefficients", "append", "has 3 cells, the header has 8", "Put a text that contains the sep"),
    Csv("extra_column", "coefficients", "whole", "unknown column 'comment'", "Known are: 'category'", "row 1"),
    Csv("column_missing", "coefficients", "whole", "column 'note' is missing", "The columns are: category", "row 1"),
    Csv("column_twice", "coefficients", "whole", "column 'note' stands twice", "Keep one of them", "row 1"),
    Csv(
        "header_only", "coefficients", "whole", "has no rows", "Give at least one row below the header", "coefficients"
    ),
    Csv("no_text", "coefficients", "whole", "column 'category' is missing", "The columns are: category", "row 1"),
    Csv("quote_left_open", "coefficients", "append", "has 2 cells, the header has 8", "double quotes"),
    Csv("null_character", "coefficients", "whole", "is not UTF-8 (byte 0x00)", "Save it as UTF-8", "row 2"),
    Csv("phase_in_over_1", "categories", "replace", "1.05 lies outside 0 to 1", "Check", "column 'phase_in_high'"),
    Csv("phase_in_turned_round", "categories", "replace", "phase_in_low 0.75 is above phase_in_high 0.65", "Exchange"),
    Csv("phase_in_empty", "categories", "replace", "has no phase-in", "Give phase_in_low and phase_in_high"),
    Csv("phase_in_zero", "categories", "replace", "the phase-in is 0", "Give a range that ends above 0"),
    Csv("residual_theme_empty", "categories", "replace", "the theme is empty", "The themes are 1, 2"),
    Csv("residual_theme_not_whole", "categories", "replace", "there is no theme 1.5", "The themes are 1, 2"),
    Csv(
        "category_after_the_last", "categories", "append", "does not end with 'Øvrige' and 'Ekskl", "last", "categories"
    ),
    Csv("score_over_5", "barriers", "replace", "6 lies outside 1 to 5", "Check", "column 'score'"),
    Csv(
        "score_missing", "barriers", "remove", "'Jurister' has no score for 'Teknologi'", "Add the row", "barriers.csv"
    ),
    Csv("score_of_nobody", "barriers", "append", "unknown name 'Juristerne'", "Did you mean 'Jurister'"),
    Csv("theme_name_twice", "themes", "append", "repeats the theme 'Driftsoptimering'", "a name of its own"),
    Csv(
        "printed_fte_missing",
        "published_workforce",
        "remove",
        "'Gymnasielærere' has no FTE",
        "Add",
        "categories.csv, row",
    ),
    Csv(
        "category_without_fte", "derived/workforce", "remove", "'Gymnasielærere' has no FTE", "Derive", "workforce.csv"
    ),
    Csv("workforce_of_no_area", "derived/workforce", "append", "unknown name 'Sundhet'", "Did you mean 'Sundhed'"),
    Csv("workforce_of_no_category", "derived/workforce", "append", "unknown name 'Sygeplejerske'", "'Sygeplejersker'"),
    Csv("workforce_of_no_level", "derived/workforce", "append", "unknown name 'Region'", "Did you mean 'Regioner'"),
    Csv("wage_missing", "derived/wages", "remove", "has no row for 'Jurister'", "Derive the workforce", "wages.csv"),
    Csv(
        "potential_missing",
        "derived/potentials",
        "remove",
        "no row for 'Øvrige' in 'Forsvar'",
        "Derive",
        "potentials.csv",
    ),
    Csv(
        "growth_missing", "derived/growth", "remove", "nothing is stated for (Forsvar, longevity)", "Add", "growth.csv"
    ),
    Csv("growth_of_no_area", "derived/growth", "append", "unknown name 'Sundhet'", "Did you mean 'Sundhed'"),
    Csv(
        "year_of_the_path_missing", "derived/growth_path", "remove", "not 2023 to 2040", "Give each", "growth_path.csv"
    ),
    Csv("windows_1252", "levels", "whole", "the text is not UTF-8 (byte 0xd8)", "Save it as UTF-8; in Excel", "row 3"),
]


def key_of(line: str, header: str, table: str) -> tuple[str, ...]:
    names, cells = next(csv.reader([header])), next(csv.reader([line]))
    return tuple(cell for name, cell in zip(names, cells, strict=False) if name in KEYS[table])


def spoiled(case: Csv, data: Path) -> str:
    """Do to the table what the case says; the place that the error must name."""
    path = data / f"{case.table}.csv"
    small = BAD / f"{case.name}.csv"
    if case.what == "whole":
        shutil.copy(small, path)
        return path.name
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    _, *new = small.read_text(encoding="utf-8").splitlines()
    if case.what == "append":
        at, lines = len(lines), [*lines, *new]
    else:
        keys = {key_of(line, header, case.table): line for line in new}
        hit = [number for number, line in enumerate(lines) if key_of(line, header, case.table) in keys]
        assert hit, "the table has no such row"
        at = hit[0]
        changed = {
            number: [] if case.what == "remove" else [keys[key_of(lines[number], header, case.table)]] for number in hit
        }
        lines = [one for number, line in enumerate(lines) for one in changed.get(number, [line])]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return "" if case.place else f"{path.name}, row {at + 2}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the tables that a run reads."""
    return Path(shutil.copytree(DATA, tmp_path / "data", ignore=shutil.ignore_patterns("population*", "age*", "*.md")))


@pytest.mark.parametrize("case", TABLES, ids=ids(TABLES))
def test_table_is_refused(case: Csv, data: Path) -> None:
    place = spoiled(case, data)
    error = refused(BASE, [f'data="{data}"'])
    assert place in error.place
    assert case.place in error.place
    assert error.place.startswith(str(data))
    assert case.problem in error.problem
    assert case.remedy in error.remedy


@pytest.mark.parametrize("name", ["areas", "barriers", "coefficients", "derived/growth", "derived/wages", "themes"])
def test_a_table_that_is_missing_is_named(name: str, data: Path) -> None:
    (data / f"{name}.csv").unlink()
    error = refused(BASE, [f'data="{data}"'])
    assert (error.place, error.problem) == (str(data / f"{name}.csv"), "there is no such file")


def test_a_folder_of_tables_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape(f"{tmp_path / 'none' / 'areas.csv'}: there is no such file")):
        read_evidence(tmp_path / "none")


def test_a_task_where_nobody_works(data: Path) -> None:
    for name in ("area_without_staff", "coefficient_without_share"):
        case = next(case for case in TABLES if case.name == name)
        spoiled(case, data)
    error = refused(BASE, [f'data="{data}"'])
    assert "time_shares.csv, row" in error.place
    assert error.problem == "nobody of the category works in the areas named"


def test_every_small_file_has_its_case() -> None:
    named = {f"{case.name}.toml" for case in CONFIGS} | {f"{case.name}.csv" for case in TABLES}
    assert {path.name for path in BAD.iterdir()} == named


# --- and good input ----------------------------------------------------------------------------------------------

NUMBERS = {
    "theme", "group_fte", "group_part", "low", "central", "high", "phase_in_low", "phase_in_high", "residual_theme",
    "score", "value", "rounding", "fte", "wage", "potential", "loading", "reference", "year", "path",
}  # fmt: skip


def as_danish_excel(path: Path) -> None:
    """Semicolons, decimal commas, a byte-order mark, CRLF."""
    header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(
            cell.replace(".", ",") if name in NUMBERS else cell for name, cell in zip(header, row, strict=True)
        )
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def same(one: Any, other: Any) -> bool:
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(np.array_equal(one, other, equal_nan=isinstance(one, float | np.ndarray)))


def test_tables_saved_by_a_danish_excel_read_the_same(data: Path) -> None:
    for path in data.rglob("*.csv"):
        as_danish_excel(path)
    assert (data / "coefficients.csv").read_bytes().startswith(b"\xef\xbb\xbfcategory;task;")
    assert b";0,35;" in (data / "coefficients.csv").read_bytes()
    assert same(read_evidence(data), read_evidence(DATA))


def test_a_difference_would_be_seen(data: Path) -> None:
    path = data / "coefficients.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("0.55", "0.56", 1), encoding="utf-8")
    assert not same(read_evidence(data), read_evidence(DATA))
