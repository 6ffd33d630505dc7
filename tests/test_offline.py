"""A design that leaves the program, and outputs that come back: the same indices, or a refusal that says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from problems import ishigami

from simulator.errors import InputError
from simulator.sensitivity import NonFiniteOutputError, analyse, design, sobol

INPUTS: dict[str, Any] = {
    "x1": (-3.0, 3.0),
    "x2": {"kind": "normal", "mean": 0, "sd": 1},
    "x3": {"kind": "fixed", "value": 2},
}
ARGUMENTS: dict[str, Any] = {"points": 32, "replicates": 3, "seed": 4}


def model(x: np.ndarray) -> np.ndarray:
    """Two outputs, row by row the same whatever stands beside the row."""
    return np.stack([ishigami().function(x), x[:, 0] - x[:, 1]], axis=1)


@pytest.fixture(scope="module")
def rows() -> xr.Dataset:
    return design(INPUTS, **ARGUMENTS)


@pytest.fixture(scope="module")
def outputs(rows: xr.Dataset) -> pd.DataFrame:
    return pd.DataFrame(model(rows.value.values), index=rows.point.to_index(), columns=["y0", "y1"])


@pytest.fixture(scope="module")
def indices() -> xr.Dataset:
    return sobol(model, INPUTS, **ARGUMENTS)


# What comes back is what `sobol` gives, to the last bit


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"second_order": True},
        {"groups": {"u": ["x1", "x3"]}},
        {"estimator": "owen"},
        {"points": 2**13, "replicates": 1},
    ],
    ids=str,
)
def test_analysed_outputs_give_the_indices_of_the_function(more: dict[str, Any]) -> None:
    made = design(INPUTS, **(ARGUMENTS | more))
    result = analyse(made, model(made.value.values), in_order=True)
    xr.testing.assert_identical(result, sobol(model, INPUTS, **(ARGUMENTS | more)))
    assert made.sizes["point"] == result.attrs["evaluations"]


FORMS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "frame": lambda frame: frame,
    "frame with a column": lambda frame: frame.reset_index(),
    "dataset": lambda frame: frame.to_xarray(),
    "array": lambda frame: frame.to_xarray().to_dataarray("output"),
    "dict": lambda frame: {"point": frame.index.tolist(), **{name: frame[name].tolist() for name in frame}},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mixed", [False, True])
def test_labelled_outputs_may_come_in_any_form_and_order(
    form: str, mixed: bool, rows: xr.Dataset, outputs: pd.DataFrame, indices: xr.Dataset
) -> None:
    given = outputs.sample(frac=1, random_state=1) if mixed else outputs
    xr.testing.assert_identical(analyse(rows, FORMS[form](given)), indices)


@pytest.mark.parametrize("form", [lambda column: column, lambda column: column.to_xarray()], ids=["series", "array"])
def test_one_labelled_output(form: Callable[[pd.Series], Any], rows: xr.Dataset, outputs: pd.DataFrame) -> None:
    result = analyse(rows, form(outputs["y1"].sample(frac=1, random_state=2)))
    xr.testing.assert_identical(result, sobol(lambda x: x[:, 0] - x[:, 1], INPUTS, **ARGUMENTS))


def test_outputs_keep_their_names(rows: xr.Dataset, outputs: pd.DataFrame, indices: xr.Dataset) -> None:
    result = analyse(rows, outputs.rename(columns={"y0": "cost", "y1": "time"}))
    assert result.output.values.tolist() == ["cost", "time"]
    np.testing.assert_array_equal(result.total_order, indices.total_order)


def test_outputs_that_the_problem_names_are_put_in_its_order() -> None:
    problem = {"names": ["a", "b"], "bounds": [[0, 1], [0, 2]], "outputs": ["cost", "time"]}
    made = design(problem, points=8, replicates=2)
    frame = pd.DataFrame(made.value.values, index=made.point.to_index(), columns=["cost", "time"])
    expected = sobol(lambda x: x, problem, points=8, replicates=2)
    xr.testing.assert_identical(analyse(made, frame[["time", "cost"]]), expected)
    xr.testing.assert_identical(analyse(made, made.value.values, in_order=True), expected)
    with pytest.raises(InputError, match="they are named cost, hours, in the problem cost, time"):
        analyse(made, frame.rename(columns={"time": "hours"}))
    with pytest.raises(InputError, match="2 names, beside 1 outputs"):
        analyse(made, frame["cost"])


# There and back through files


def test_a_design_comes_back_from_netcdf(
    rows: xr.Dataset, outputs: pd.DataFrame, indices: xr.Dataset, tmp_path: Path
) -> None:
    rows.to_netcdf(tmp_path / "design.nc")
    again = xr.load_dataset(tmp_path / "design.nc")
    xr.testing.assert_identical(again, rows)
    outputs.to_xarray().to_netcdf(tmp_path / "outputs.nc")
    xr.testing.assert_identical(analyse(again, xr.load_dataset(tmp_path / "outputs.nc")), indices)


def test_a_model_can_read_a_csv_and_write_one(rows: xr.Dataset, indices: xr.Dataset, tmp_path: Path) -> None:
    """The labels come back as they went, and so do the values, to the last bit."""
    rows.value.to_pandas().to_csv(tmp_path / "design.csv")
    table = pd.read_csv(tmp_path / "design.csv", index_col="point")
    np.testing.assert_array_equal(table.to_numpy(), rows.value)
    pd.DataFrame(model(table.to_numpy()), index=table.index, columns=["y0", "y1"]).to_csv(tmp_path / "outputs.csv")
    result = analyse(design(INPUTS, **ARGUMENTS), pd.read_csv(tmp_path / "outputs.csv"))
    xr.testing.assert_identical(result, indices)


def test_a_design_states_all_that_it_takes_to_make_it_again(rows: xr.Dataset) -> None:
    a = rows.attrs
    more = {name: a[name] for name in ("points", "replicates", "seed", "estimator")}
    again = design(
        json.loads(a["inputs"]), groups=json.loads(a["groups"]), second_order=bool(a["second_order"]), **more
    )
    xr.testing.assert_identical(again, rows)


def test_labels_say_where_a_row_stands(rows: xr.Dataset) -> None:
    labels = [label.rpartition(":")[0] for label in rows.point.values.tolist()]
    matrices = ("A", "B", "AB[x1]", "AB[x2]", "AB[x3]")
    assert labels == [f"{r}:{matrix}:{n}" for r in range(3) for matrix in matrices for n in range(32)]
    table = rows.value.values.reshape(3, 5, 32, 3)
    np.testing.assert_array_equal(table[:, 2, :, 1:], table[:, 0, :, 1:])
    np.testing.assert_array_equal(table[:, 2, :, 0], table[:, 1, :, 0])
    assert (table[..., 2] == 2).all()
    assert len(set(rows.point.values.tolist())) == 480


# Refusals


def test_rows_that_are_missing(rows: xr.Dataset, outputs: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"outputs, point '0:B:3:\w{8}': it is missing, as are 1 others"):
        analyse(rows, outputs.drop(index=outputs.index[[35, 100]]))


def test_rows_that_stand_twice(rows: xr.Dataset, outputs: pd.DataFrame) -> None:
    twice = pd.concat([outputs, outputs.iloc[[35]]])
    with pytest.raises(InputError, match=r"point '0:B:3:\w{8}': it stands twice"):
        analyse(rows, twice)


def test_rows_of_another_design(outputs: pd.DataFrame) -> None:
    for change in ({"seed": 5}, {"inputs": INPUTS | {"x1": (-3.0, 3.5)}}):
        other = design(**({"inputs": INPUTS} | ARGUMENTS | change))
        with pytest.raises(InputError, match="it was evaluated at other values than the design has there"):
            analyse(other, outputs)
    renamed = design({"x1": INPUTS["x1"], "y2": INPUTS["x2"], "y3": INPUTS["x3"]}, **ARGUMENTS)
    with pytest.raises(InputError, match="it was evaluated at other values"):
        analyse(renamed, outputs)
    with pytest.raises(InputError, match="the design has no such point"):
        analyse(design(INPUTS, **(ARGUMENTS | {"replicates": 2})), outputs)


def test_rows_without_labels(rows: xr.Dataset, outputs: pd.DataFrame, indices: xr.Dataset) -> None:
    plain = outputs.to_numpy()
    for given in (plain, plain.tolist(), outputs.reset_index(drop=True), {"y0": plain[:, 0], "y1": plain[:, 1]}):
        with pytest.raises(
            InputError, match=r"they have no labels. Give each row its label as `point`, or say in_order"
        ):
            analyse(rows, given)
        xr.testing.assert_identical(analyse(rows, given, in_order=True), indices)
    with pytest.raises(InputError, match="479 rows, beside 480"):
        analyse(rows, plain[1:], in_order=True)


def test_labels_come_before_the_order(rows: xr.Dataset, outputs: pd.DataFrame, indices: xr.Dataset) -> None:
    xr.testing.assert_identical(analyse(rows, outputs.iloc[::-1], in_order=True), indices)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_outputs_that_are_not_finite_are_named(value: float, rows: xr.Dataset, outputs: pd.DataFrame) -> None:
    wrong = outputs.copy()
    wrong.iloc[[35, 100], 1] = value
    label = outputs.index[35]
    with pytest.raises(NonFiniteOutputError, match=rf"2 of 960 outputs are not finite \({value}\)") as caught:
        analyse(rows, wrong.sample(frac=1, random_state=3))
    assert caught.value.place == f"point '{label}', output 'y1'"
    assert caught.value.values == dict(zip(INPUTS, rows.value.sel(point=label).values.tolist(), strict=True))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["a"] * 480, "480 values of <U1. Give real numbers"),
        (np.zeros((480, 0)), "0 values of float64"),
        (np.zeros((480, 1, 1)), r"it has the shape \(480, 1, 1\)"),
        (3.0, r"it has the shape \(\)"),
        (np.zeros(480, dtype=complex), "complex128"),
        ({"a": np.zeros(480), "b": np.zeros(3)}, "columns are not lists of one length"),
        ({"a": np.zeros((480, 2))}, "columns are not lists of one length"),
        ({}, "columns are not lists of one length"),
    ],
)
def test_what_is_no_list_of_outputs(given: Any, said: str, rows: xr.Dataset) -> None:
    with pytest.raises(InputError, match=said):
        analyse(rows, given, in_order=True)


def test_a_design_that_was_changed(rows: xr.Dataset, outputs: pd.DataFrame) -> None:
    touched = rows.copy(deep=True)
    touched["value"][35, 0] += 1e-15
    with pytest.raises(InputError, match=r"design, row 35, point '0:B:3:\w{8}': its values are not those of its label"):
        analyse(touched, outputs)
    with pytest.raises(InputError, match="its rows or columns are not those that its attributes say"):
        analyse(rows.isel(point=slice(1, None)), outputs)
    with pytest.raises(InputError, match="its values are not those of its label"):
        analyse(rows.isel(point=slice(None, None, -1)), outputs)
    with pytest.raises(InputError, match="its rows or columns are not those"):
        analyse(rows.assign_attrs(points=64), outputs)
    xr.testing.assert_identical(analyse(rows.transpose("input", "point"), outputs), analyse(rows, outputs))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda rows: rows.value.values,
        lambda rows: rows.value,
        lambda rows: rows.drop_attrs(),
        lambda rows: rows.assign_attrs(groups="[1"),
        lambda rows: rows.assign_attrs(estimator="nonsense"),
        lambda rows: rows.rename(value="values"),
        lambda rows: rows.rename(point="row"),
    ],
)
def test_what_is_no_design(wrong: Callable[[xr.Dataset], Any], rows: xr.Dataset, outputs: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"design: it is not one .* Give what simulator.sensitivity.design gives"):
        analyse(wrong(rows), outputs)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="points is 3"):
        design(INPUTS, points=3)
    with pytest.raises(InputError, match="no input 'x9'"):
        design(INPUTS, groups={"u": ["x9"]})
