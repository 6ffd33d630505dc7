"""The kernels of a first run are compiled in processes of their own, which leave them for this one and nothing else."""

from __future__ import annotations

import importlib
import pickle
import time
from functools import partial
from pathlib import Path
from threading import Event

import numba
import pytest

import simulator
from simulator import first_run
from simulator.errors import InputError
from simulator.executor import aside
from simulator.first_run import FUTURES, compiled_aside
from simulator.kernels import compiling

CONFIGS = Path(__file__).parent.parent / "configs"


def test_calls_leave_what_they_make_before_the_wait_ends(tmp_path: Path) -> None:
    names = ("one", "two", "three")
    one, two, three = ({name: partial(Path.touch, tmp_path / name)} for name in names)
    with aside([one, {**two, **three}], {}, workers=1) as wait_for:
        for name in names:
            wait_for(name)
            assert (tmp_path / name).exists()
        wait_for("a name without a call")


def test_calls_have_the_environment_and_the_modules_of_this_process(tmp_path: Path) -> None:
    written = tmp_path / "environment"
    code = f"import os, pathlib, simulator; pathlib.Path({str(written)!r}).write_text(os.environ['STATED'])"
    with aside([{"code": partial(exec, code)}], {"STATED": "here"}) as wait_for:
        wait_for("code")
    assert written.read_text() == "here"


@pytest.mark.parametrize("call", [partial(int, "no number"), lambda: "cannot be sent"])
def test_what_fails_aside_is_not_told(call: partial[object], capfd: pytest.CaptureFixture[str]) -> None:
    with aside([{"call": call, "next": call}], {}) as wait_for:
        wait_for("call")
        wait_for("next")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_no_call_outlives_an_error(error: type[BaseException], tmp_path: Path) -> None:
    begun, late = tmp_path / "begun", tmp_path / "late"
    code = f"import pathlib, time; pathlib.Path({str(begun)!r}).touch(); time.sleep(60); pathlib.Path({str(late)!r}).touch()"
    sleep, started = {"sleep": partial(exec, code)}, time.monotonic()
    with pytest.raises(error), aside([sleep, sleep], {}, workers=1):
        while not begun.exists():
            time.sleep(0.01)
        raise error
    assert time.monotonic() - started < 50
    assert not late.exists()


def test_nothing_is_started_where_all_is_compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = simulator.load(CONFIGS / "base.toml")
    folder = tmp_path / "genai-simulator" / "kernels" / "of_this_version"
    folder.mkdir(parents=True)
    monkeypatch.setattr(compiling, "_FOLDER", folder.parent)
    monkeypatch.setattr("simulator.executor.subprocess.Popen", None)  # whoever started a process would fail
    for name in (
        "propagation.propagate",
        "propagation.propagate_total",
        "gradients.single_inputs",
        "pick_freeze.pick_freeze",
    ):
        assert not compiling.is_cached(name)
        (folder / f"{name}-1.py311.nbi").touch()
        assert compiling.is_cached(name)
    with compiled_aside(model, None) as wait_for:
        wait_for(FUTURES)
    assert compiling.same_cache() == {"NUMBA_CACHE_DIR": str(tmp_path)}


def test_a_model_has_the_same_types_in_another_process() -> None:
    """Else a kernel would be compiled there for types that never come."""
    model = simulator.load(CONFIGS / "base.toml")
    other = pickle.loads(pickle.dumps((model, model.structure, model.sampler, model.bins, model.scope_coefficients)))
    for here, there in zip((model.structure, model.scope_coefficients), (other[1], other[4]), strict=True):
        assert numba.typeof(here) == numba.typeof(there)
    for here, there in ((model.bins, other[3]), (model.sampler.tables, other[2].tables)):
        assert [numba.typeof(one) for one in vars(here).values()] == [numba.typeof(one) for one in vars(there).values()]


def test_a_mistake_in_a_table_that_no_future_needs_ends_the_run_with_the_first_futures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mistake, told = InputError("numbers.csv", "a mistake", "Mend it."), list[str]()
    found = Event()

    def fails(*_: object) -> None:
        found.set()
        raise mistake

    def progress(stage: str, *_: int) -> None:
        told.append(stage)
        assert found.wait(60)
        time.sleep(0.1)

    monkeypatch.setattr("simulator.run.published_table", fails)
    with pytest.raises(InputError, match="a mistake"):
        simulator.load(CONFIGS / "base.toml").run(2**18, progress=progress)
    assert len(told) <= 2
    assert set(told) <= {"futures"}


def test_kernels_are_asked_for_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(first_run, "is_cached", lambda name: not asked.append(name))
    for outputs in ("all", "total"):
        with compiled_aside(simulator.load(CONFIGS / "base.toml", [f"run.outputs={outputs}"]), 1):
            pass
    assert len(set(asked)) == 4
    for name in asked:
        module, kernel = name.split(".")
        found = getattr(importlib.import_module(f"simulator.kernels.{module}"), kernel)
        assert isinstance(found, numba.core.registry.CPUDispatcher)
