"""What a benchmark is: a frozen case, its bar, what is run, and ratios between cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

Result = TypeVar("Result")
Reported = Literal["rate", "seconds", "value"]


@dataclass(frozen=True)
class Bar:
    """What a case has to reach.

    Attributes
    ----------
    direction : str
        ``at least`` or ``at most``.
    value : float
        In the unit of the case.
    aim : float, optional
        What we would like it to reach.
    """

    direction: Literal["at least", "at most"]
    value: float
    aim: float | None = None

    def met(self, value: float) -> bool:
        """Whether a value reaches the bar; NaN does not."""
        return value >= self.value if self.direction == "at least" else value <= self.value


@dataclass(frozen=True)
class Work(Generic[Result]):
    """A case made ready at one size: all that is not timed is done.

    Attributes
    ----------
    amount : float
        Units of work in one run.
    run : callable
        What is timed; may be called again and again.
    check : callable
        Told the result of a run; raises where it is not finite or not of the right shape.
    value : callable, optional
        Told the result: what is reported, where that is not a time; None where there is nothing to report.
    details : callable, optional
        Told the result: what else is saved.
    note : callable, optional
        Told the result: a few words that belong to what is reported.
    """

    amount: float
    run: Callable[[], Result]
    check: Callable[[Result], None]
    value: Callable[[Result], float | None] | None = None
    details: Callable[[Result], Mapping[str, Any]] | None = None
    note: Callable[[Result], str] | None = None


@dataclass(frozen=True)
class Case:
    """A benchmark. Once published it is not changed: a new question is a new case.

    Attributes
    ----------
    name : str
        Unique; subject and parts joined by points.
    measures : str
        What it measures, one line.
    prepare : callable
        Told a size, gives the work.
    size, small : int
        Size in the timed phase; in the warm-up and the untimed phase.
    work : str
        Unit of work, as in ``futures``.
    reported : str
        Work a second, seconds of a run, or the value of the result.
    unit : str
        Of what is reported.
    bar : Bar, optional
        Held against the median.
    repeats : int
    warm_up : bool
        Whether a run at the small size goes before the first timed one, so that compiled kernels are loaded.
    needs : str, optional
        Library without which there is nothing to measure.
    limit : float, optional
        Seconds, for a case that goes on until something takes longer; `prepare` is then told the size and the limit.
    """

    name: str
    measures: str
    prepare: Callable[..., Work[Any]]
    size: int
    small: int
    work: str
    reported: Reported
    unit: str
    bar: Bar | None = None
    repeats: int = 5
    warm_up: bool = True
    needs: str | None = None
    limit: float | None = None

    @property
    def subject(self) -> str:
        """First part of the name."""
        return self.name.split(".")[0]

    def ready(self, *, small: bool = False) -> Work[Any]:
        """The work at the full size, or at the small one; there what has a limit does everything once."""
        size = self.small if small else self.size
        return self.prepare(size) if self.limit is None else self.prepare(size, 0.0 if small else self.limit)


@dataclass(frozen=True)
class Ratio:
    """How many times as fast as another a case is, or as large, both measured in the same run.

    Attributes
    ----------
    name : str
        Unique.
    measures : str
    above, below : str
        Names of the cases whose work a second, or values, are divided.
    steps : bool
        Whether that is at the largest step that both cases reached, where they have steps; else each at its own largest.
    bar : Bar, optional
        Held against the ratio of the medians.
    """

    name: str
    measures: str
    above: str
    below: str
    steps: bool = False
    bar: Bar | None = None


def rate(name: str, measures: str, prepare: Callable[[int], Work[Any]], sizes: tuple[int, int], work: str,
         **more: Any) -> Case:  # fmt: skip
    """A case that reports units of work a second; `sizes`: timed, small."""
    return Case(name, measures, prepare, *sizes, work, "rate", f"{work}/s", **more)


def seconds(name: str, measures: str, prepare: Callable[[int], Work[Any]], sizes: tuple[int, int], work: str,
            **more: Any) -> Case:  # fmt: skip
    """A case that reports the seconds of a run."""
    return Case(name, measures, prepare, *sizes, work, "seconds", "s", **more)
