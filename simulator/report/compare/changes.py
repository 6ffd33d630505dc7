"""What was changed from one run to another: settings, data, versions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from .runs import Runs, attribute

_BARE = re.compile(r"[A-Za-z0-9_-]+")
SAID_ELSEWHERE = ("title", "author", "reference", "reason")
HASH = 12  # characters that are shown of a hash
Row = tuple[str, tuple[str | None, ...]]


def settings_changed(runs: Runs) -> tuple[Row, ...]:
    """Keys of the configurations whose values differ, with the value in each run as TOML; None where it has none.

    The settings of a run are its configuration with all that it extends, the changes of the command line, and the defaults.
    """
    rows = _different(runs, "settings", lambda held: _flat(held, ""))
    return tuple(row for row in rows if row[0] not in SAID_ELSEWHERE)


def data_changed(runs: Runs) -> tuple[Row, ...]:
    """Tables whose SHA-256 differs, with its beginning in each run."""
    return _different(runs, "data_hashes", lambda held: {name: text[:HASH] for name, text in held.items()})


def versions_changed(runs: Runs) -> tuple[Row, ...]:
    """Packages whose versions differ."""
    return _different(runs, "versions", dict)


def _different(runs: Runs, name: str, texts: Callable[[Any], Mapping[str, str]]) -> tuple[Row, ...]:
    held = [texts(attribute(runs, run, name)) for run in range(len(runs.names))]
    keys = dict.fromkeys(key for one in held for key in one)
    rows = ((key, tuple(one.get(key) for one in held)) for key in keys)
    return tuple(row for row in rows if len(set(row[1])) > 1)


def _flat(table: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """Values by dotted key; a distribution (a table with `kind`) is one value."""
    result: dict[str, str] = {}
    for key, value in table.items():
        name = prefix + _quoted(key)
        if isinstance(value, Mapping) and "kind" not in value:
            result |= _flat(value, f"{name}.")
        else:
            result[name] = _toml(value)
    return result


def _quoted(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _toml(value: Any) -> str:
    """A value as TOML writes it; null, which TOML does not have, for a setting without a value."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_quoted(key)} = {_toml(one)}' for key, one in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
