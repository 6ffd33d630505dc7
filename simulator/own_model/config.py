"""The configuration of a model of the user's own: function, run, inputs, groups, dependence and decision."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from ..config import Merged, read_merged, validated
from ..errors import InputError
from ..sections import Fraction, Section

FIRST_POINTS = 16  # of each replicate: fewer tell nothing of the spread of an output
MOST_POINTS = 2**32  # that a net of 32-bit digits tells apart
Method = Literal["sobol", "latin-hypercube", "monte-carlo"]


class ModelSection(Section):
    """Which function is the model, how it takes its inputs, and what its outputs are called."""

    function: str
    call: Literal["values", "names"] = "values"
    outputs: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    units: tuple[str, ...] = ()


class OwnRunSection(Section):
    """How many points are drawn, and how; when to stop."""

    points: int = Field(default=2**12, ge=FIRST_POINTS, le=MOST_POINTS)
    replicates: int = Field(default=16, ge=1, le=1024)
    seed: int = Field(default=0, ge=0, lt=2**63)
    method: Method = "sobol"
    indices: Literal["all", "groups"] = "all"
    second_order: bool = False
    precision: float | None = Field(default=None, gt=0)
    max_futures: int | None = Field(default=None, ge=1)
    max_seconds: float | None = Field(default=None, gt=0)
    sample: int = Field(default=1000, ge=0, le=1_000_000)
    quantiles: tuple[Fraction, ...] = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
    workers: int | None = Field(default=None, ge=1, le=1024)


class OwnDecisionSection(Section):
    """Whether to act if an output exceeds a threshold: what it is worth to know more first, and what keeps it below."""

    output: str = ""
    threshold: float | None = None


class OwnSettings(Section):
    """All keys of the configuration of a model of the user's own."""

    title: str
    author: str = ""
    reference: str = ""
    reason: str = ""
    model: ModelSection
    run: OwnRunSection = OwnRunSection()
    inputs: dict[str, Any]
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    dependence: tuple[dict[str, Any], ...] = ()
    decision: OwnDecisionSection = OwnDecisionSection()


@dataclass(frozen=True)
class OwnConfig(Merged):
    """A checked configuration of a model of the user's own.

    Attributes
    ----------
    settings : OwnSettings
    """

    settings: OwnSettings


def load_own_config(path: Path | str, changes: Sequence[str] = ()) -> OwnConfig:
    """Read a configuration with all that it extends.

    Parameters
    ----------
    path : Path or str
    changes : sequence of str
        ``key=value`` as on the command line.

    Returns
    -------
    OwnConfig

    Raises
    ------
    InputError
        As `simulator.config.load_config`.
    """
    merged = read_merged(path, changes)
    if "model" not in merged.content:
        remedy = 'State one, as in [model] function = "package.module:name"; or use simulator.load.'
        raise InputError(merged.place("model"), "there is no model of your own", remedy)
    config = OwnConfig(**vars(merged), settings=validated(merged, OwnSettings))
    _check(config)
    return config


def require_power_of_two(points: int, place: str) -> None:
    """Refuse a number of points that no net has.

    Raises
    ------
    InputError
        Names the two nearest that would do.
    """
    if points & (points - 1):
        below = 1 << (points.bit_length() - 1)
        problem = f"{points} is no power of two, of which the points of a net are even"
        raise InputError(place, problem, f"Give {below} or {2 * below}.")


def _check(config: OwnConfig) -> None:
    """What no single key shows."""
    run, model = config.settings.run, config.settings.model
    require_power_of_two(run.points, config.place("run.points"))
    if not run.quantiles:
        raise InputError(config.place("run.quantiles"), "is empty", "Write at least one, such as [0.5].")
    if any(later <= earlier for earlier, later in itertools.pairwise(run.quantiles)):
        raise InputError(config.place("run.quantiles"), "is not in rising order", "Write each value once, rising.")
    if run.precision is not None and run.replicates == 1:
        problem = "the width of intervals, which one replicate does not give"
        raise InputError(config.place("run.precision"), problem, "Set run.replicates to 2 or more, such as 16.")
    if run.indices == "groups" and not config.settings.groups:
        raise InputError(config.place("run.indices"), "there are no groups", 'State them in [groups], or write "all".')
    for name in model.outputs:
        if model.outputs.count(name) > 1:
            raise InputError(config.place("model.outputs"), f"'{name}' stands twice", "Give each output its own name.")
    if model.units and len(model.units) != len(model.outputs):
        problem = f"{len(model.units)} units, beside {len(model.outputs)} names in model.outputs"
        raise InputError(config.place("model.units"), problem, "Give one for each output, in the same order.")
