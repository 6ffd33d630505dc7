"""Sobol' indices of a model that runs elsewhere: a design to evaluate, and the analysis of what came back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from .accumulated import index_table, output_names
from .black_box import Block, NonFiniteOutputError, accumulate
from .estimators import ESTIMATORS
from .hybrids import Plan, block_values, hybrid_values, make_plan, nets
from .problem import Problem, partition, stated

if TYPE_CHECKING:
    import xarray as xr

REMEDY = "Make the design again with the same arguments, and the outputs from it."


@dataclass(frozen=True)
class Outputs:
    """What came back.

    Attributes
    ----------
    values : (rows, outputs) float64
    points : sequence of str, or None
        Label of each row, where there are labels.
    names : sequence of str, or None
        Of the outputs, where there are names.
    """

    values: np.ndarray
    points: Sequence[str] | None
    names: Sequence[str] | None


def design(
    inputs: Mapping[str, Any],
    points: int = 2**12,
    replicates: int = 16,
    seed: int = 0,
    groups: Mapping[str, Sequence[str]] | Sequence[str] | None = None,
    second_order: bool = False,
    estimator: str | None = None,
) -> xr.Dataset:
    """All values at which `simulator.sensitivity.sobol` would evaluate a function.

    Parameters
    ----------
    inputs, points, replicates, seed, groups, second_order, estimator
        See `simulator.sensitivity.sobol`.

    Returns
    -------
    xarray.Dataset
        value (point, input), in memory at once. The label of a point is its replicate, matrix, number, and a checksum of the
        row's values and of the names of the inputs; outputs that carry it cannot be taken for those of another row. As
        netCDF it keeps all that `analyse` needs. For a CSV, ``design.value.to_pandas().to_csv(path)``: a model needs no
        more, and the design itself can be made again with the same arguments.

    Raises
    ------
    InputError, ValueError
        As `simulator.sensitivity.sobol`.

    Examples
    --------
    >>> rows = design({"a": (0, 1), "b": (0, 1)}, points=2, replicates=1)
    >>> rows.value.shape
    (8, 2)
    >>> str(rows.point.values[4])
    '0:AB[a]:0:2d8bf453'
    """
    import xarray as xr

    plan = make_plan(inputs, points, replicates, seed, groups, second_order, estimator)
    problem, matrices = plan.problem, plan.matrices
    values = np.empty((len(problem.names), plan.replicates, len(matrices), plan.points))
    for replicate, net in enumerate(nets(plan, plan.log2_points)):
        drawn = block_values(problem, plan.sides, net, 0, plan.points)
        values[:, replicate] = hybrid_values(plan, drawn, range(len(matrices)))
    value = values.reshape(len(problem.names), -1).T
    attributes = {
        "points": plan.points,
        "replicates": plan.replicates,
        "seed": plan.seed,
        "second_order": int(plan.second_order),
        "estimator": plan.estimator.name,
        "inputs": json.dumps(
            {name: stated(one) for name, one in zip(problem.names, problem.distributions, strict=True)}
        ),
        "groups": json.dumps(
            [problem.groups[place] for place in problem.members.argmax(axis=0)] if problem.grouped else None
        ),
        "outputs": json.dumps(problem.outputs),
    }
    coordinates = {"point": _labels(plan, value), "input": list(problem.names)}
    data = {"value": (("point", "input"), value, {"long_name": "Value of the input"})}
    return xr.Dataset(data, coordinates, attributes)


def analyse(design: xr.Dataset, outputs: Any, *, in_order: bool = False) -> xr.Dataset:
    """Indices from the outputs of a design: what `simulator.sensitivity.sobol` gives.

    To the last bit, if the outputs of a row do not depend on the rows that are evaluated beside it.

    Parameters
    ----------
    design : xarray.Dataset
        From `simulator.sensitivity.design`, or read again from netCDF.
    outputs : DataArray, Dataset, pandas Series or DataFrame, dict, or array
        With the labels of the design as coordinate, index or key `point`; then rows may come in any order. Plain arrays,
        (rows,) or (rows, outputs), or tables without the labels, only where `in_order` is said.
    in_order : bool
        That rows are in the order of the design, which nothing can check.

    Returns
    -------
    xarray.Dataset
        See `simulator.sensitivity.sobol`.

    Raises
    ------
    InputError
        If rows are missing, stand twice, belong to other values or to no row, or have no labels; if the design is not one.
    NonFiniteOutputError
        If an output is not finite.

    Examples
    --------
    >>> rows = design({"a": (0, 1), "b": (0, 1)}, points=2**8)
    >>> outputs = rows.value.sel(input="a") + 2 * rows.value.sel(input="b")  # an external model
    >>> analyse(rows, outputs).total_order.sel(input="b").round(3).values
    array([0.8])
    """
    plan, labels = _plan_of(design), design["point"].values.tolist()
    given = _read(outputs)
    place = np.arange(len(labels)) if given.points is None and in_order else _places(labels, given.points)
    if len(given.values) != len(labels):
        raise InputError(
            "outputs", f"{len(given.values)} rows, beside {len(labels)} of the design", "Give one for each."
        )
    values, names = _named(plan, given)
    _check_finite(plan, design, values[place], names)
    shape = (plan.replicates, len(plan.matrices), plan.points, len(names))
    table = values[place].reshape(shape)

    def source(block: Block) -> np.ndarray:
        return np.asarray(table[block.replicate, :, block.first : block.first + block.points])

    return index_table(plan, accumulate(plan, source, repeat(None, plan.replicates), None), names)


def _labels(plan: Plan, value: np.ndarray) -> list[str]:
    start = zlib.crc32(json.dumps(plan.problem.names).encode())
    checks = (zlib.crc32(row.tobytes(), start) for row in np.asarray(value, dtype="<f8"))
    return [f"{row}:{check:08x}" for row, check in zip(_rows(plan), checks, strict=True)]


def _rows(plan: Plan) -> Iterator[str]:
    for replicate in range(plan.replicates):
        for matrix in plan.matrices:
            for number in range(plan.points):
                yield f"{replicate}:{matrix}:{number}"


def _plan_of(design: xr.Dataset) -> Plan:
    """The plan in the attributes of a design, whose labels still belong to its values."""
    try:
        a, value = design.attrs, design["value"].transpose("point", "input")
        inputs, groups, outputs = (json.loads(a[name]) for name in ("inputs", "groups", "outputs"))
        names, outputs = tuple(inputs), None if outputs is None else tuple(outputs)
        problem = Problem(names, (), *partition(names if groups is None else groups), groups is not None, outputs)
        bits, replicates, seed = int(a["points"]).bit_length() - 1, int(a["replicates"]), int(a["seed"])
        plan = Plan(problem, bits, replicates, seed, ESTIMATORS[a["estimator"]], bool(a["second_order"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        remedy = "Give what simulator.sensitivity.design gives, or its netCDF."
        raise InputError("design", f"it is not one ({type(error).__name__}: {error})", remedy) from None
    if value.shape != (plan.evaluations, len(names)) or value["input"].values.tolist() != list(names):
        raise InputError("design", "its rows or columns are not those that its attributes say", REMEDY)
    for row, (found, expected) in enumerate(
        zip(value["point"].values.tolist(), _labels(plan, value.values), strict=True)
    ):
        if found != expected:
            raise InputError(f"design, row {row}, point '{found}'", "its values are not those of its label", REMEDY)
    return plan


def _read(outputs: Any) -> Outputs:
    """Values, labels and names, whatever they came as."""
    if isinstance(outputs, Mapping) and not hasattr(outputs, "data_vars"):
        labels = outputs.get("point")
    elif hasattr(outputs, "data_vars"):
        labels = outputs["point"].values if "point" in outputs.coords else None
        outputs = {name: outputs[name].values for name in outputs.data_vars}
    elif hasattr(outputs, "columns"):
        labels = outputs.index if outputs.index.name == "point" else None
        labels = outputs["point"] if "point" in outputs.columns else labels
        outputs = {name: outputs[name] for name in outputs.columns}
    else:
        return _read_array(outputs)
    columns = {str(name): np.asarray(column) for name, column in outputs.items() if name != "point"}
    if len({column.shape for column in columns.values()}) != 1 or next(iter(columns.values())).ndim != 1:
        raise InputError("outputs", "its columns are not lists of one length", "Give one number for each point.")
    return Outputs(_real(np.stack(list(columns.values()), axis=1)), _texts(labels), list(columns))


def _read_array(outputs: Any) -> Outputs:
    """A DataArray, a Series or a plain array; one output has no name then."""
    labels, names = None, None
    if hasattr(outputs, "dims") and "point" in outputs.dims:
        outputs = outputs.transpose("point", ...)
        labels = outputs["point"].values if "point" in outputs.coords else None
        if outputs.ndim == 2 and outputs.dims[1] in outputs.coords:
            names = [str(name) for name in outputs[outputs.dims[1]].values]
    elif hasattr(outputs, "index") and getattr(outputs.index, "name", None) == "point":
        labels = outputs.index
    values = np.asarray(outputs)
    if values.ndim not in (1, 2):
        raise InputError("outputs", f"it has the shape {values.shape}", "Give (rows,) or (rows, outputs).")
    return Outputs(_real(values.reshape(len(values), -1)), _texts(labels), names)


def _real(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind not in "biuf" or not values.size:
        raise InputError("outputs", f"they are {values.size} values of {values.dtype}", "Give real numbers.")
    return values.astype(np.float64, copy=False)


def _texts(labels: Any) -> list[str] | None:
    return None if labels is None else [str(label) for label in np.asarray(labels).tolist()]


def _places(labels: list[str], given: Sequence[str] | None) -> np.ndarray:
    """Where the row of each label is among those given."""
    if given is None:
        remedy = "Give each row its label as `point`, or say in_order=True if rows are in the order of the design."
        raise InputError("outputs", "they have no labels", remedy)
    found = {label: row for row, label in enumerate(given)}
    if len(found) < len(given):
        twice = next(label for row, label in enumerate(given) if found[label] != row)
        raise InputError(f"outputs, point '{twice}'", "it stands twice", "Give each point once.")
    if unknown := found.keys() - set(labels):
        one = min(unknown, key=found.__getitem__)
        stale = one.rpartition(":")[0] in {label.rpartition(":")[0] for label in labels}
        problem = (
            "it was evaluated at other values than the design has there" if stale else "the design has no such point"
        )
        raise InputError(f"outputs, point '{one}' and {len(unknown) - 1} others", problem, "Evaluate this design.")
    if missing := [label for label in labels if label not in found]:
        problem = f"it is missing, as are {len(missing) - 1} others"
        raise InputError(f"outputs, point '{missing[0]}'", problem, "Evaluate all points of the design.")
    return np.array([found[label] for label in labels])


def _named(plan: Plan, given: Outputs) -> tuple[np.ndarray, list[str]]:
    """Outputs in the order of the names that the problem states, if both have names."""
    stated_names = plan.problem.outputs
    if stated_names is None or given.names is None:
        return given.values, output_names(plan, given.values.shape[1], given.names)
    if set(stated_names) != set(given.names):
        problem = f"they are named {', '.join(given.names)}, in the problem {', '.join(stated_names)}"
        raise InputError("outputs", problem, "Give all outputs that the problem names, and no other.")
    return given.values[:, [list(given.names).index(name) for name in stated_names]], list(stated_names)


def _check_finite(plan: Plan, design: xr.Dataset, values: np.ndarray, names: Sequence[str]) -> None:
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, output = wrong[0].tolist()
        at = design["value"].isel(point=row).values.tolist()
        problem = f"{len(wrong)} of {values.size} outputs are not finite ({values[row, output]})"
        place = f"point '{design['point'].values[row]}', output '{names[output]}'"
        raise NonFiniteOutputError(problem, place, dict(zip(plan.problem.names, at, strict=True)))
