"""The examples in the docstrings run, and what is public has one."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import simulator.sensitivity

PACKAGE = Path(simulator.__file__).parent
EXAMPLES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("module", EXAMPLES)
def test_examples_run(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("name", [name for name in simulator.sensitivity.__all__ if not name.endswith("Error")])
def test_what_is_public_has_an_example(name: str) -> None:
    assert ">>> " in (getattr(simulator.sensitivity, name).__doc__ or "")
