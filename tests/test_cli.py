"""The commands, called in this process; a few in one of their own, where the terminal, pipes or the locale matter."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import xarray as xr

import simulator
from simulator.cli import main
from simulator.distributions import quantile
from simulator.model import Model
from simulator.simulation import NonFiniteError

ROOT = Path(__file__).parent.parent
BASE = ROOT / "configs" / "base.toml"
SMALL = ("--set", "run.sample=16", "--set", "run.base_points=64", "--set", "run.outputs=total")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test works in an empty folder of its own."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "250")  # long names on one line
    return folder


def run(*arguments: str, futures: int = 256) -> int:
    return main(["run", str(BASE), *SMALL, "--futures", str(futures), *arguments])


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs give a small tree at once: what matters is where it goes, and what it would have been drawn with."""

    def tell(model: Model, **_: object) -> xr.DataTree:
        settings = model.config.settings.run
        return xr.DataTree(xr.Dataset({"futures": settings.futures, "seed": settings.seed}))

    monkeypatch.setattr(Model, "run", tell)


def drawn_with(folder: str) -> tuple[int, int]:
    """Futures and seed of an undrawn run."""
    with xr.open_datatree(Path(folder) / "results.nc") as tree:
        return int(tree["futures"]), int(tree["seed"])


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# run


def test_run_writes_where_it_is_told_and_prints_a_summary(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", str(BASE), "--futures", "2000", "--seed", "3", "--out", "here/and there"]
    assert main([*arguments, "--set", "run.base_points=256", "--set", "run.sample=16"]) == 0
    assert files(elsewhere) == ["here", "here/and there", "here/and there/results.nc"]
    said, errors = capsys.readouterr()
    assert errors == ""  # no progress where there is no terminal
    for text in (
        "2,048 futures (2,000 asked for) in 16 replicates, seed 3",
        "Freed FTE in 2040: ",
        "published 84-96",
        "published 48-55",
        "The published range holds in ",
        "What drives the spread of freed FTE in 2040",
        "Technology, all coefficients",
        "Extrapolation to Øvrige",
        "By kind of assumption (first order): coefficient ",
        "Ældre ",
        "Beskæftigelse ",
        "Closed form: mean 90.0",
        "Written: here/and there/results.nc",
    ):
        assert text in said, text


def test_quiet_prints_nothing(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--quiet", "--out", "out") == 0
    assert capsys.readouterr() == ("", "")
    assert files(elsewhere) == ["out", "out/results.nc"]


@pytest.mark.usefixtures("undrawn")
def test_the_default_folder_has_the_name_of_the_config(elsewhere: Path) -> None:
    overlay = elsewhere.parent / "slow.toml"
    overlay.write_text(f'extends = "{BASE}"\nauthor = "a"\nreference = "b"\nreason = "c"\n[phase_in]\nshift = -0.05\n')
    assert main(["run", str(overlay), "--quiet"]) == 0
    assert run("--quiet") == 0
    assert files(elsewhere) == ["runs", "runs/base", "runs/base/results.nc", "runs/slow", "runs/slow/results.nc"]


def test_the_file_holds_what_python_gets(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--seed", "7", "--out", "out") == 0
    capsys.readouterr()
    changes = [part for part in SMALL if part != "--set"]
    ours = simulator.load(BASE, changes).run(futures=256, seed=7)
    with xr.open_datatree("out/results.nc") as written:
        assert set(written.children) == set(ours.children)
        for node in ours.children:
            xr.testing.assert_identical(written[node].to_dataset().load(), ours[node].to_dataset())
        differing = {key for key in ours.attrs if written.attrs[key] != ours.attrs[key]}
        assert set(written.attrs) == set(ours.attrs)
    # The command line states futures and seed as changes of the config.
    assert differing <= {"command", "config_changes", "config_hash", "settings", "started", "duration_seconds"}


def test_the_command_can_be_given_again(elsewhere: Path) -> None:
    change = 'inputs.technology={ kind = "interval", p05 = 0.8, p95 = 1.2 }'
    assert run("--seed", "7", "--set", change, "--out", "first", "--quiet") == 0
    with xr.open_datatree("first/results.nc") as first:
        command = shlex.split(first.attrs["command"])
        assert command[:4] == ["python", "-m", "simulator", "run"]
        assert change in command
        assert main([*command[3:], "--out", "again", "--quiet"]) == 0
        with xr.open_datatree("again/results.nc") as again:
            for node in first.children:
                xr.testing.assert_identical(first[node].to_dataset(), again[node].to_dataset())
    assert files(elsewhere) == ["again", "again/results.nc", "first", "first/results.nc"]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), (4_194_304, 2040)),
        (("--futures", "1_000", "--seed", "0"), (1000, 0)),
        (("--set", "run.seed=1", "--set", "run.futures=64"), (64, 1)),
        (("--set", "run.seed=1", "--seed", "2", "--set", "run.seed=3"), (4_194_304, 2)),  # options go over --set
        (("--set", "run.seed=1", "--set", "run.seed=3"), (4_194_304, 3)),
    ],
)
def test_futures_and_seed(arguments: tuple[str, ...], expected: tuple[int, int]) -> None:
    assert main(["run", str(BASE), *arguments, "--out", "out", "--quiet"]) == 0
    assert drawn_with("out") == expected


@pytest.mark.usefixtures("undrawn")
def test_earlier_results_are_replaced_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--seed", "1", "--out", "out", "--quiet") == 0
    assert run("--seed", "2", "--out", "out", "--quiet") == 2
    assert capsys.readouterr().err.startswith("error: out/results.nc: exists already.")
    assert drawn_with("out") == (256, 1)
    assert run("--seed", "3", "--out", "out", "--quiet", "--overwrite") == 0
    assert drawn_with("out") == (256, 3)


# check and help


def test_check_lists_every_input_and_draws_and_writes_nothing(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("futures were drawn")

    for name in ("run.propagate", "stages.pick_freeze_stages", "prepared.make_sampler"):
        monkeypatch.setattr(f"simulator.{name}", refuse)
    assert main(["check", str(BASE)]) == 0
    said, errors = capsys.readouterr()
    assert errors == ""
    assert files(elsewhere) == []
    lines = said.splitlines()
    for one in simulator.load(BASE).inputs:
        assert any(line.strip().startswith(f"{one.name} ") and one.evidence in line for line in lines), one.name
    assert "valid, 130 inputs. With every input in its middle, 90.0 thousand FTE and 51.3 bn DKK in 2040." in said


def test_check_takes_changes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(BASE), "--set", "phase_in.shift=-0.05"]) == 0
    assert "83.5 thousand FTE and 47.6 bn DKK" in capsys.readouterr().out


def test_check_shows_whole_numbers_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["check", str(BASE)]) == 0
    said = capsys.readouterr().out
    assert "…" not in said
    numbers = {word for line in said.splitlines() for word in line.split()}
    for one in simulator.load(BASE).inputs:
        for value in quantile(one.distribution, [0.05, 0.5, 0.95]):
            assert f"{value:.4g}" in numbers, one.name


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr() == (f"simulator {simulator.__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["check", "--help"], ["derive", "--help"]])
def test_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: python -m simulator")
    for option in {"run": ("--out", "--futures", "--seed", "--set", "--overwrite", "--quiet")}.get(arguments[0], ()):
        assert option in said


# Mistakes


def told(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """What is said about a mistake: one line, and nothing is written."""
    before = files(Path())
    assert main(arguments) == 2
    said, errors = capsys.readouterr()
    assert said == ""
    assert errors.startswith("error: ")
    assert errors.endswith("\n")
    assert len(errors.splitlines()) == 1
    assert "Traceback" not in errors
    assert files(Path()) == before
    return errors


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--futures", "0"], "--set run.futures=0"),
        (["--futures", "-5"], "--set run.futures=-5"),
        (["--futures", "abc"], "'abc' cannot be used. It should be a whole number"),
        (["--futures", "1e30"], "1e+30 cannot be used. It should be a whole number"),
        (["--futures", "nan"], "nan cannot be used"),
        (["--futures", "1.5"], "1.5 cannot be used"),
        (["--futures", "9" * 30], "cannot be used"),
        (["--futures", ""], "cannot be used"),
        (["--futures"], "argument --futures: expected one argument"),
        (["--seed", "-1"], "--set run.seed=-1"),
        (["--seed", "abc"], "'abc' cannot be used"),
        (["--seed", str(2**63)], "cannot be used"),
        (["--set", "run"], "is not of the form key=value"),
        (["--set", "=3"], "is not of the form key=value"),
        (["--set", ""], "is not of the form key=value"),
        (["--set", "run.futurs=3"], "Did you mean 'futures'"),
        (["--set", "runs.futures=3"], "unknown key 'runs'"),
        (["--set", "run.method=random"], "'random' cannot be used"),
        (["--set", "run.outputs=none"], "'none' cannot be used"),
        (["--set", "years=[2030]"], "2040 is missing"),
        (["--set", "years=2040"], "2040 cannot be used"),
        (["--set", "run.replicates=0"], "0 cannot be used"),
        (["--set", "inputs.nothing={kind='fixed',value=1}"], "there is no input 'nothing'"),
        (["--set", "inputs.technology=1.0"], "is not a distribution"),
        (["--set", "inputs.technology={kind='none'}"], "there is no kind 'none'"),
        (["--set", "inputs.technology={kind='uniform',low=2,high=1}"], "parameter"),
        (["--set", "inputs.technology={kind='uniform',low=0.5,high=9}"], "above 1"),
        (["--set", "data=nowhere"], "there is no folder 'nowhere'"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["--set", "a\nb=1"], "error: "),
    ],
)
def test_mistakes_in_options(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert expected in told(capsys, ["run", str(BASE), "--out", "out", *arguments])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "the following arguments are required: COMMAND. See python -m simulator --help."),
        (["run"], "the following arguments are required: CONFIG. See python -m simulator run --help."),
        (["simulate"], "invalid choice: 'simulate'"),
        (["run", "nowhere.toml"], "nowhere.toml: there is no such file."),
        (["check", "nowhere.toml"], "nowhere.toml: there is no such file."),
        (["run", "."], ".: cannot be read (Is a directory)."),
        (["derive", "everything"], "invalid choice: 'everything'"),
        (["derive", "workforce", "--data", "nowhere"], "nowhere: there is no such folder."),
    ],
)
def test_mistakes_in_commands(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert expected in told(capsys, arguments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[run]\nfutures = 64\nforever = true\n", "wrong.toml, key 'run.forever': unknown key 'run.forever'."),
        ("[run]\nfutures = '64'\n", "wrong.toml, key 'run.futures': '64' cannot be used."),
        ("[run\n", "wrong.toml: is not TOML"),
        ("[inputs]\nspeed = { kind = 'fixed', value = 0.0 }\n", "speed"),
    ],
)
def test_mistakes_in_the_config(tmp_path: Path, text: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(f'extends = "{BASE}"\nauthor = "a"\nreference = "b"\nreason = "c"\n{text}', encoding="utf-8")
    for command in (["run", str(path), "--out", "out"], ["check", str(path)]):
        assert expected in told(capsys, command)


@pytest.mark.parametrize("folder", ["a file", "a file/below", "/dev/null/below", "x" * 300])
def test_a_folder_that_cannot_be_written(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a file").write_text("text", encoding="utf-8")
    assert "cannot be written to" in told(capsys, ["run", str(BASE), "--out", folder])


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_a_folder_that_nobody_may_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be written to" in told(capsys, ["run", str(BASE), "--out", "/proc/results"])


def test_a_folder_without_permission(capsys: pytest.CaptureFixture[str]) -> None:
    locked = Path("locked")
    locked.mkdir(mode=0o555)
    if os.access(locked, os.W_OK):
        pytest.skip("root may write everywhere")
    assert "cannot be written to (Permission denied)" in told(capsys, ["run", str(BASE), "--out", "locked/out"])


def test_mistakes_show_before_anything_is_drawn(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("futures were drawn")

    monkeypatch.setattr("simulator.run.propagate", refuse)
    Path("out").mkdir()
    Path("out/results.nc").write_bytes(b"earlier")
    assert "exists already" in told(capsys, ["run", str(BASE), "--out", "out"])
    assert Path("out/results.nc").read_bytes() == b"earlier"


# Interruption, progress


@pytest.mark.parametrize(
    "stage", ["simulator.run.propagate", "simulator.stages.pick_freeze_stages", "simulator.run._sample"]
)
def test_an_interrupted_run_leaves_nothing(
    stage: str, elsewhere: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stage, interrupt)
    assert run("--out", "some/where") == 130
    said, errors = capsys.readouterr()
    assert (said, errors) == ("", "interrupted: nothing was written\n")
    assert files(elsewhere) == []


def test_an_interruption_while_threads_work_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    from simulator import simulation

    work: Callable[..., object] = simulation._propagate_chunk

    def interrupt(*arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return work(*arguments, **options)

    monkeypatch.setattr(simulation, "_propagate_chunk", interrupt)
    assert run("--out", "out", "--quiet") == 130
    assert calls < 16  # what had not begun never did
    assert files(Path()) == []


@pytest.mark.usefixtures("undrawn")
def test_an_interruption_while_writing_leaves_the_earlier_results(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("--out", "out", "--quiet") == 0
    earlier = Path("out/results.nc").read_bytes()

    def interrupt(_: xr.DataTree, path: Path, **__: object) -> None:
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(xr.DataTree, "to_netcdf", interrupt)
    assert run("--out", "out", "--quiet", "--overwrite") == 130
    assert files(Path()) == ["out", "out/results.nc"]
    assert Path("out/results.nc").read_bytes() == earlier


def test_progress_shows_on_a_terminal_only(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for quiet in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        assert run("--out", f"out {quiet}", *(["--quiet"] if quiet else [])) == 0
        errors = capsys.readouterr().err
        assert ("futures" in errors and "256 of 256" in errors) == (not quiet)


# In a process of its own


def process(command: str, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """A shell command in which `simulator` stands for `python -m simulator`."""
    python = f"{shlex.quote(sys.executable)} -W error -m simulator"
    done = subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {command.replace('simulator', python, 1)}"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        check=False,
        timeout=600,  # a first run compiles the kernels
    )
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def test_danish_letters_come_out_whatever_the_locale() -> None:
    plain = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "120"}
    code, said, errors = process(f"simulator check {shlex.quote(str(BASE))}", plain)
    assert (code, errors) == (0, "")
    assert "residual.Læger og speciallæger" in said
    assert "phase_in.Øvrige" in said


def test_danish_letters_in_an_error() -> None:
    code, said, errors = process("simulator run Ærø.toml", {"LANG": "C", "LC_ALL": "C"})
    assert (code, said) == (2, "")
    assert errors == "error: Ærø.toml: there is no such file. Check the spelling of the path.\n"


@pytest.mark.parametrize("reader", ["head -n 1", "true"])
def test_a_reader_that_has_gone_is_no_mistake(reader: str) -> None:
    _, _, errors = process(f"simulator check {shlex.quote(str(BASE))} | {reader}")
    assert errors == ""


def test_a_module_and_its_summary_in_a_pipe(elsewhere: Path) -> None:
    arguments = " ".join(map(shlex.quote, (str(BASE), *SMALL, "--futures", "64", "--out", "out")))
    code, said, errors = process(f"simulator run {arguments} | cat")
    assert (code, errors) == (0, "")
    assert "Freed FTE in 2040" in said
    assert "\x1b" not in said  # no colours in a pipe
    assert files(elsewhere) == ["out", "out/results.nc"]


def test_the_version_and_mistakes_need_no_heavy_imports() -> None:
    script = """
import sys
from simulator.cli import main
try:
    main(["--version"])
except SystemExit:
    pass
heavy = {"numba", "xarray", "scipy", "netCDF4", "rich", "pandas", "pydantic"} & set(sys.modules)
main(["run", "nowhere.toml"])
print(sorted(heavy), sorted({"numba", "xarray", "scipy.stats", "netCDF4", "pandas"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT)},
                          capture_output=True, check=True, text=True)  # fmt: skip
    assert done.stdout == f"simulator {simulator.__version__}\n[] []\n"


def test_an_output_that_is_not_finite_ends_in_one_line(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NonFiniteError("an output is not finite in replicate 3, futures 0 to 15")

    monkeypatch.setattr("simulator.run.propagate", refuse)
    assert main(["run", str(BASE), "--futures", "256", "--out", "bad"]) == 1
    assert capsys.readouterr().err == "error: an output is not finite in replicate 3, futures 0 to 15\n"
    assert not (elsewhere / "bad" / "results.nc").exists()
