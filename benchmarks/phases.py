"""The two phases that every case goes through: untimed, as in CI, and timed."""

from __future__ import annotations

import gc
import statistics
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import Any

from .case import Case, Ratio, Work
from .installed import missing

Say = Callable[[str], None]


@dataclass
class Measurement:
    """What came of one case.

    Attributes
    ----------
    case : Case
    amount : float
        Units of work in one run.
    seconds : list of float
        One a repeat.
    values : list of float
        What is reported, one a repeat.
    details : dict
    note : str
        A few words that belong to what is reported.
    missing : str or None
        Why nothing was measured: a library that is not there.
    error : Exception or None
        Why there is nothing to report.
    """

    case: Case
    amount: float = 0.0
    seconds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    missing: str | None = None
    error: Exception | None = None

    @property
    def best(self) -> float:
        """The best of the repeats; NaN after an error."""
        if self.error is not None or not self.values:
            return float("nan")
        return max(self.values) if self.case.reported == "rate" else min(self.values)

    @property
    def median(self) -> float:
        """The median of the repeats; NaN after an error."""
        return statistics.median(self.values) if self.error is None and self.values else float("nan")

    @property
    def pace(self) -> tuple[float, float]:
        """What ratios divide, best and median: units of work a second, or what is reported where that is not a time."""
        if self.case.reported == "value" or self.error is not None or not self.seconds:
            return self.best, self.median
        return self.amount / min(self.seconds), self.amount / statistics.median(self.seconds)

    @property
    def met(self) -> bool | None:
        """Whether the median reaches the bar; None where there is none."""
        return None if self.case.bar is None else self.case.bar.met(self.median)


def untimed(cases: Iterable[Case], say: Say) -> list[Measurement]:
    """Each case once at its small size, for what it gives and not for how fast.

    Parameters
    ----------
    cases : iterable of Case
    say : callable
        Told what is going on.

    Returns
    -------
    list of Measurement
        Without values; with an error where a case raised or gave something not finite or not of the right shape.
    """
    done = []
    for case in cases:
        measurement = Measurement(case, missing=missing(case.needs))
        started = time.perf_counter()
        if measurement.missing is None:
            _guarded(measurement, partial(_once, case, measurement))
        said = measurement.missing or ("ok" if measurement.error is None else f"FAILED: {told(measurement.error)}")
        say(f"{case.name}: {said} ({time.perf_counter() - started:.1f} s)")
        done.append(measurement)
    return done


def timed(cases: Sequence[Case], say: Say, *, quick: bool = False) -> list[Measurement]:
    """Each case after a warm-up, `repeats` times. The cases of a subject take turns, so that what else the machine does
    falls on all of them alike.

    Parameters
    ----------
    cases : sequence of Case
    say : callable
    quick : bool
        Each case once, at its small size: to see the tables, not to believe them.

    Returns
    -------
    list of Measurement
    """
    done = []
    for _, subject in groupby(cases, key=lambda case: case.subject):
        done += _take_turns([replace(case, repeats=1, bar=None) if quick else case for case in subject], say, quick)
    return done


def ratios(measurements: Iterable[Measurement], wanted: Iterable[Ratio]) -> dict[Ratio, tuple[float, float]]:
    """Best by best and median by median, where both cases were measured."""
    known = {one.case.name: one for one in measurements}
    found = {}
    for ratio in wanted:
        if ratio.above in known and ratio.below in known:
            above, below = known[ratio.above], known[ratio.below]
            paces = _common_step(above, below) if ratio.steps else (above.pace, below.pace)
            found[ratio] = (paces[0][0] / paces[1][0], paces[0][1] / paces[1][1])
    return found


def _common_step(above: Measurement, below: Measurement) -> tuple[tuple[float, float], tuple[float, float]]:
    """Best and median of both at the largest step that both reached; NaN where there is none."""
    steps = [{step["points"]: step for step in one.details.get("steps", ())} for one in (above, below)]
    common = steps[0].keys() & steps[1].keys()
    if not common:
        return (float("nan"), float("nan")), (float("nan"), float("nan"))
    pair = [one[max(common)] for one in steps]
    return (pair[0]["best"], pair[0]["median"]), (pair[1]["best"], pair[1]["median"])


def _take_turns(cases: Sequence[Case], say: Say, quick: bool) -> list[Measurement]:
    measurements = [Measurement(case, missing=missing(case.needs)) for case in cases]
    work: dict[str, Work[Any]] = {}
    present = [one for one in measurements if one.missing is None]
    for one in present:
        say(f"{one.case.name}: making ready")
        _guarded(one, partial(_make_ready, one.case, work, quick))
    for turn in range(max(case.repeats for case in cases)):
        for one in present:
            if one.error is None and turn < one.case.repeats:
                _guarded(one, partial(_time, one, work[one.case.name]))
                last = f"{one.seconds[-1]:.2f} s" if one.error is None else f"FAILED: {told(one.error)}"
                say(f"{one.case.name}: {turn + 1} of {one.case.repeats}, {last}")
    for one in measurements:
        if one.missing is not None:
            say(f"{one.case.name}: {one.missing}")
        elif one.error is not None and not one.seconds:
            say(f"{one.case.name}: FAILED: {told(one.error)}")
    return measurements


def _make_ready(case: Case, into: dict[str, Work[Any]], quick: bool) -> None:
    if case.warm_up:
        small = case.ready(small=True)
        small.check(small.run())
    into[case.name] = case.ready(small=quick)


def _time(into: Measurement, work: Work[Any]) -> None:
    gc.collect()
    started = time.perf_counter()
    result = work.run()
    elapsed = time.perf_counter() - started
    _note(into, work, result)
    into.seconds.append(elapsed)
    value = _value(into.case, work, result, elapsed)
    into.values += [] if value is None else [value]


def _once(case: Case, into: Measurement) -> None:
    work = case.ready(small=True)
    result = work.run()
    _note(into, work, result)
    value = work.value(result) if work.value is not None else None
    if value is not None and not _finite(value):
        raise AssertionError(f"the value is {value}")


def _note(into: Measurement, work: Work[Any], result: Any) -> None:
    work.check(result)
    into.amount = work.amount
    details: Mapping[str, Any] = work.details(result) if work.details is not None else {}
    into.details.update(details)
    into.note = work.note(result) if work.note is not None else ""


def _value(case: Case, work: Work[Any], result: Any, elapsed: float) -> float | None:
    if case.reported == "seconds":
        return elapsed
    if case.reported == "rate":
        return work.amount / elapsed
    if work.value is None:
        raise AssertionError("a case that reports a value has to say which")
    return work.value(result)


def _guarded(into: Measurement, action: Callable[[], None]) -> None:
    """Errors are kept with the case, so that one of them does not end the whole run."""
    try:
        action()
    except Exception as error:
        into.error = error


def told(error: Exception) -> str:
    """What went wrong, with the line that raised it."""
    line = traceback.extract_tb(error.__traceback__)[-1].line
    return f"{type(error).__name__}: {error} ({line})"


def _finite(value: float) -> bool:
    return value - value == 0.0
