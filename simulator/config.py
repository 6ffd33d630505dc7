"""A run's configuration: TOML read, overlays laid over their base, everything checked, frozen."""

from __future__ import annotations

import itertools
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from .errors import InputError, nearest
from .sections import RunSection, Section, Settings
from .tables import read_text

FIRST_PAIRS = 9  # pairs of a replicate in the first stage of a run with a precision, as a power of two
COMMAND_LINE = "--set"
SEPARATOR = "."  # between the parts of a key, and of an input's name
Checked = TypeVar("Checked", bound="Section")


@dataclass(frozen=True)
class Merged:
    """A configuration with all that it extends, not yet checked.

    Attributes
    ----------
    path : Path
    content : dict
        Its keys and values, as TOML has them.
    texts : tuple of (Path, str)
        Each file that was read, the base first, with its text.
    changes : tuple of str
        What the command line changed, as given.
    origins : tuple of (key, place)
        Where each key was last stated: file, or the command line.
    """

    path: Path
    content: dict[str, Any]
    texts: tuple[tuple[Path, str], ...]
    changes: tuple[str, ...]
    origins: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Name of the file without its ending."""
        return self.path.stem

    def place(self, key: str) -> str:
        """Where `key` was stated, for a message."""
        origins, parts = dict(self.origins), key.split(SEPARATOR)
        for length in range(len(parts), 0, -1):
            place = origins.get(SEPARATOR.join(parts[:length]))
            if place is not None:
                return place if place.startswith(COMMAND_LINE) else f"{place}, key '{_shown(key)}'"
        return f"{self.path}, key '{_shown(key)}'"

    def folder(self, key: str) -> Path:
        """The folder of the file that states `key`; the command line's: the working folder."""
        place = dict(self.origins).get(key, "")
        if place.startswith(COMMAND_LINE):
            return Path.cwd()
        return next((file for file, _ in self.texts if str(file) == place), self.path).parent


@dataclass(frozen=True)
class Config(Merged):
    """A checked configuration.

    Attributes
    ----------
    settings : Settings
    data : Path
        Folder of the tables.
    """

    settings: Settings
    data: Path


def load_config(path: Path | str, changes: Sequence[str] = ()) -> Config:
    """Read a configuration with all that it extends.

    Parameters
    ----------
    path : Path or str
    changes : sequence of str
        ``key=value`` as on the command line; the value is TOML, or else a text.

    Returns
    -------
    Config

    Raises
    ------
    InputError
        A missing file, a text that is not TOML, `extends` in a circle, an unknown key, a wrong type, a value out of
        bounds, an overlay that does not say who made it, from what, and why.
    """
    merged = read_merged(path, changes)
    if "model" in merged.content:
        remedy = "Use run, check or sensitivity, or give a config of the built-in model, such as configs/base.toml."
        raise InputError(merged.place("model"), "states a model of its own, which is not taken here", remedy)
    settings = validated(merged, Settings)
    _check(settings, merged)
    data = merged.folder("data") / settings.data
    if not os.path.isdir(data):  # noqa: PTH112 (Path.is_dir fails on a name that is too long)
        raise InputError(
            merged.place("data"),
            f"there is no folder '{_shown(settings.data)}'",
            "Give the folder of the tables, relative to the file that names it.",
        )
    return Config(**vars(merged), settings=settings, data=data.resolve())


def read_merged(path: Path | str, changes: Sequence[str] = ()) -> Merged:
    """Read a configuration with all that it extends, and lay the changes of the command line on it.

    Parameters
    ----------
    path : Path or str
    changes : sequence of str
        As in `load_config`.

    Returns
    -------
    Merged

    Raises
    ------
    InputError
        A missing file, a text that is not TOML, `extends` in a circle, an overlay that does not say who made it, from what,
        and why.
    """
    path = Path(path)
    texts: list[tuple[Path, str]] = []
    origins: dict[str, str] = {}
    content = _read(path, (), texts, origins)
    for change in changes:
        _lay(content, _change(change), origins, f"{COMMAND_LINE} {_shown(change)}")
    return Merged(path, content, tuple(texts), tuple(changes), tuple(origins.items()))


def validated(merged: Merged, settings: type[Checked]) -> Checked:
    """The settings that a configuration states.

    Parameters
    ----------
    merged : Merged
    settings : type
        A `Section` that has all the keys.

    Returns
    -------
    Section
        Of this type.

    Raises
    ------
    InputError
        An unknown or missing key, a wrong type, a value out of bounds.
    """
    try:
        return settings.model_validate(_tuples(merged.content))
    except ValidationError as error:
        raise _explained(error, merged, settings) from None


def _read(
    path: Path, above: tuple[Path, ...], texts: list[tuple[Path, str]], origins: dict[str, str]
) -> dict[str, Any]:
    text = read_text(path)
    if path.resolve() in above:
        circle = " -> ".join(file.name for file in (*above, path))
        raise InputError(f"{path}, key 'extends'", f"goes in a circle: {circle}", "Let one of them extend nothing.")
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number or a nesting too long, beside errors of TOML
        raise InputError(
            str(path), f"is not TOML: {_shown(str(error))}", "Mend the line named; texts stand in quotes."
        ) from None
    base = content.pop("extends", None)
    if base is None:
        texts.append((path, text))
        _note(content, origins, str(path))
        return content
    if not isinstance(base, str):
        raise InputError(f"{path}, key 'extends'", "is not a text", 'Write the file, as in extends = "base.toml".')
    try:
        merged = _read(path.parent / base, (*above, path.resolve()), texts, origins)
    except InputError as error:
        if error.place != str(path.parent / base):
            raise
        raise InputError(f"{path}, key 'extends'", f"{error.place}: {error.problem}", error.remedy) from None
    for key in ("author", "reference", "reason"):
        if not str(content.get(key, "")).strip():
            raise InputError(
                f"{path}, key '{key}'", "is missing", f'An overlay says who made it, from what, and why: {key} = "…".'
            )
    texts.append((path, text))
    _lay(merged, content, origins, str(path))
    return merged


def _change(change: str) -> dict[str, Any]:
    key, equals, value = change.partition("=")
    place = f"{COMMAND_LINE} {_shown(change)}"
    if not equals or not key.strip() or len(change.splitlines()) > 1:
        raise InputError(place, "is not of the form key=value", f"Write for instance {COMMAND_LINE} run.seed=7.")
    for line in (f"{key} = {value}", f"{key} = {_quoted(value)}"):
        try:
            return tomllib.loads(line)
        except (ValueError, RecursionError):
            continue
    raise InputError(
        place, f"'{_shown(key)}' is not a key", "Put names with spaces or Danish letters in double quotes."
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _lay(base: dict[str, Any], over: Mapping[str, Any], origins: dict[str, str], place: str, prefix: str = "") -> None:
    """Lay `over` on `base`; a distribution (a table with `kind`) replaces the whole one below it."""
    for key, value in over.items():
        name = f"{prefix}{key}"
        below = base.get(key)
        if isinstance(value, Mapping) and isinstance(below, dict) and "kind" not in value:
            _lay(below, value, origins, place, f"{name}.")
            if "kind" in below:  # a parameter changed: the distribution is now stated here
                origins[name] = place
        else:
            base[key] = value
            _note({key: value}, origins, place, prefix)


def _note(content: Mapping[str, Any], origins: dict[str, str], place: str, prefix: str = "") -> None:
    for key, value in content.items():
        origins[f"{prefix}{key}"] = place
        if isinstance(value, Mapping):
            _note(value, origins, place, f"{prefix}{key}.")


def _tuples(value: Any) -> Any:
    """TOML's arrays as tuples, which the frozen settings hold; inside [inputs] they stay as they are."""
    if isinstance(value, dict):
        return {key: item if key == "inputs" else _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _explained(error: ValidationError, merged: Merged, settings: type[Section]) -> InputError:
    """The first thing pydantic found, in this project's words."""
    first = error.errors()[0]
    location = [str(part) for part in first["loc"]]
    key = ".".join(location)
    place = merged.place(key)
    if first["type"] == "extra_forbidden":
        return InputError(place, f"unknown key '{_shown(key)}'", nearest(location[-1], _known(settings, location[:-1])))
    if first["type"] == "missing":
        return InputError(place, "is missing", f"Add it; the keys are: {', '.join(_known(settings, location[:-1]))}.")
    wanted = first["msg"].removeprefix("Input should be ").removeprefix("Value should be ")
    given = f"'{first['input']}'" if isinstance(first["input"], str) else str(first["input"])
    return InputError(place, f"{_shown(given)} cannot be used", f"It should be {_WANTED.get(first['type'], wanted)}.")


_WANTED = {
    "int_type": "a whole number, without quotes",
    "float_type": "a number such as 0.35, without quotes",
    "string_type": "a text in quotes",
    "bool_type": "true or false, without quotes",
    "tuple_type": "a list, such as [2030, 2040]",
    "dict_type": "a table with keys of its own",
    "model_type": "a table with keys of its own",
    "model_attributes_type": "a table with keys of its own",
}


def _shown(text: str) -> str:
    """A text as it stands in a message: on one line, and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= 120 else f"{line[:120]}…"


def _known(settings: type[Section], location: Sequence[str]) -> list[str]:
    model: Any = settings
    for part in location:
        model = model.model_fields[part].annotation
    return list(model.model_fields)


def _check(settings: Settings, merged: Merged) -> None:
    """What no single key shows."""
    run = settings.run
    for key, values in (("years", settings.years), ("run.quantiles", run.quantiles)):
        if any(later <= earlier for earlier, later in itertools.pairwise(values)):
            raise InputError(merged.place(key), "is not in rising order", "Write each value once, rising.")
    if 2040 not in settings.years:
        raise InputError(
            merged.place("years"), "2040 is missing", "The published figures are of 2040; keep it in the list."
        )
    if not run.quantiles:
        raise InputError(merged.place("run.quantiles"), "is empty", "Write at least one, such as [0.5].")
    _check_precision(run, merged)
    if run.index_points and run.outputs != "all":
        problem = "indices of every output are asked for, and the run has the totals alone"
        raise InputError(merged.place("run.index_points"), problem, 'State run.outputs = "all", or leave this out.')
    for key, points in (("futures", run.futures), ("base_points", run.base_points)):
        if points < run.replicates:
            raise InputError(
                merged.place(f"run.{key}"),
                f"{points} cannot fill {run.replicates} replicates",
                f"Give {run.replicates} or more, or lower run.replicates.",
            )
        if points > run.replicates << 32:
            raise InputError(
                merged.place(f"run.{key}"),
                f"{points} are more than {run.replicates} replicates of 2^32 points, all that 32 bits tell apart",
                f"Give {run.replicates << 32} or fewer, or raise run.replicates.",
            )


def _check_precision(run: RunSection, merged: Merged) -> None:
    """A precision needs replicates; what limits a run needs a precision."""
    if run.precision is not None and run.replicates < 2:
        problem = "one replicate gives no intervals, by which a precision is judged"
        raise InputError(merged.place("run.precision"), problem, "Raise run.replicates to 2 or more, such as 16.")
    for key in ("max_futures", "max_seconds"):
        if getattr(run, key) is not None and run.precision is None:
            problem = "limits a run that goes on until it is precise enough, and there is no precision"
            raise InputError(merged.place(f"run.{key}"), problem, "State run.precision = 0.01, or leave this out.")
    least = 2 * run.replicates << FIRST_PAIRS
    if run.max_futures is not None and run.max_futures < least:
        problem = (
            f"{run.max_futures} are fewer than the futures of the first {1 << FIRST_PAIRS} pairs of each replicate"
        )
        raise InputError(merged.place("run.max_futures"), problem, f"Give {least} or more.")
