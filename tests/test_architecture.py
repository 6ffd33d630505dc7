"""The direction of imports, and the rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "simulator"
FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

# What each room may import, in the order in which a future flows: only rooms above it. A room is a module, or a package
# with all its modules; `kernels.structure` is the one module of the kernels that others may know the arrays by.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "tables": {"errors"},
    "phase_in": set(),
    "dependence": {"errors"},
    "intervals": set(),
    "sections": set(),
    "config": {"errors", "sections", "tables"},
    "distributions": {"errors", "tables"},
    "sources": {"errors", "tables"},
    "demography": {"errors", "tables"},
    "population": {"demography", "errors", "sources", "tables"},
    "workforce": {"errors", "sources", "tables"},
    "printed_numbers": {"demography", "errors", "sources", "tables", "workforce"},
    "printed_bounds": {"printed_numbers", "sources"},
    "ensemble": {"errors", "sources", "tables", "workforce"},
    "evidence": {"demography", "ensemble", "errors", "phase_in", "sources", "tables", "workforce"},
    "technology": {"config", "distributions", "evidence"},
    "reconciliation": {"errors", "evidence", "printed_bounds", "sources", "workforce"},
    "hit_and_run": {"errors"},
    "reconstruction": {
        "ensemble", "errors", "hit_and_run", "printed_bounds", "printed_numbers", "sources", "workforce",
    },
    "inputs": {"config", "distributions", "errors", "evidence", "sources", "tables", "technology"},
    "feasibility": {"config", "distributions", "errors", "evidence", "inputs", "sources"},
    "kernels": set(),
    "potential": {"config", "evidence", "phase_in", "sources"},
    "packing": {"config", "evidence", "kernels.structure", "sources"},
    "outputs": {"evidence", "kernels.structure", "potential", "sources"},
    "quantile_tables": {"distributions", "kernels"},
    "design": {"errors", "kernels"},
    "executor": set(),
    "sampling": {"dependence", "design", "distributions", "kernels", "quantile_tables"},
    "simulation": {"design", "executor", "kernels", "sampling"},
    "distribution": {"outputs", "potential", "simulation"},
    "demand": {"evidence", "potential", "sources"},
    "single_inputs": {"design", "executor", "kernels", "sampling"},
    "all_outputs": {"design", "executor", "kernels", "sampling", "simulation"},
    "results": {
        "distributions", "errors", "evidence", "inputs", "intervals", "outputs", "potential", "simulation", "sources",
    },
    "sensitivity": {
        "all_outputs", "dependence", "design", "distributions", "errors", "executor", "inputs", "intervals",
        "kernels.structure", "outputs", "phase_in", "potential", "results", "simulation", "single_inputs",
    },
    "terminal": {"errors", "evidence", "outputs", "potential", "results", "sensitivity"},
    "reading": {"errors", "results"},
    "report": {"errors", "intervals", "outputs", "potential", "reading", "results", "sources", "tables"},
    "prepared": {
        "config", "dependence", "design", "distributions", "errors", "evidence", "inputs", "kernels.structure",
        "outputs", "packing", "potential", "sensitivity", "simulation",
    },
    "use_cases": {"design", "distributions", "errors", "intervals", "sources", "tables"},
    "published": {"design", "evidence", "intervals", "potential", "prepared", "printed_numbers", "results", "sources"},
    "ladder": {
        "dependence", "design", "distributions", "errors", "executor", "feasibility", "inputs", "intervals",
        "kernels.structure", "outputs", "potential", "prepared", "results", "sampling", "sensitivity", "simulation",
    },
    "continuing": {"design", "errors", "prepared", "simulation", "single_inputs"},
    "stages": {
        "config", "design", "outputs", "packing", "prepared", "sections", "sensitivity", "simulation", "single_inputs",
        "sources",
    },
    "views": {
        "distributions", "kernels.structure", "outputs", "phase_in", "potential", "prepared", "results", "sensitivity",
    },
    "first_run": {"design", "executor", "kernels.compiling", "ladder", "outputs", "prepared", "simulation", "stages"},
    "run": {
        "all_outputs", "config", "continuing", "demand", "design", "distribution", "errors", "executor", "first_run",
        "ladder", "outputs", "potential", "prepared", "published", "results", "sensitivity", "simulation", "stages",
        "use_cases", "views",
    },
    "own_model": {
        "config", "dependence", "design", "distributions", "errors", "executor", "inputs", "intervals", "phase_in",
        "potential", "prepared", "results", "sections", "sensitivity", "simulation", "sources", "tables", "views",
    },
    "model": {"config", "errors", "evidence", "feasibility", "inputs", "prepared", "run"},
    "extension": {"errors", "model", "own_model", "reading", "results"},
    "__init__": {"errors", "model"},
    "arguments": {"errors"},
    "cli": {
        "arguments", "config", "demography", "errors", "extension", "model", "own_model", "population", "published",
        "reconciliation", "reconstruction", "report", "results", "terminal", "use_cases",
    },
    "__main__": {"cli"},
}  # fmt: skip

# Which rooms may import a package that is not Python's own; those not named here, none.
OUTSIDE: dict[str, set[str]] = {
    "numpy": set(ALLOWED)
    - {"errors", "config", "sections", "reading", "arguments", "cli", "extension", "__init__", "__main__"},
    "scipy": {"dependence", "distributions", "design", "hit_and_run", "intervals", "sensitivity"},
    "numba": {"kernels"},
    "llvmlite": {"kernels"},
    "pydantic": {"config", "own_model", "sections"},
    "xarray": {
        "continuing", "demand", "distribution", "ensemble", "extension", "ladder", "model", "own_model", "potential",
        "prepared", "published", "reading", "reconstruction", "report", "results", "run", "sensitivity", "stages",
        "terminal", "use_cases", "views",
    },
    "SALib": {"sensitivity"},
    "rich": {"cli", "terminal"},
    "altair": {"report"},
    "vl_convert": {"report"},
    "typst": {"report"},
    "docx": {"report"},
    "markdown_it": {"report"},
    "jinja2": {"report"},
    "markupsafe": {"report"},
    "pandas": {"sensitivity"},
    "ema_workbench": {"sensitivity"},
}  # fmt: skip


def name_of(path: Path) -> str:
    """Dotted name inside the package: ``kernels.sums``, ``kernels`` for its ``__init__``, ``__init__`` at the top."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


MODULES = {name_of(path): path for path in FILES}


def imported(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Line and name of each import, wherever it stands, and whether it is the project's own."""
    package = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            for alias in node.names:
                own = alias.name.split(".")[0] == "simulator"
                yield node.lineno, alias.name.removeprefix("simulator.") if own else alias.name, own
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level == 0 and module.split(".")[0] != "simulator":
                yield node.lineno, module, False
                continue
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([module.removeprefix("simulator").lstrip(".")] if module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}".lstrip(".")
                yield node.lineno, inner if inner in MODULES else base or inner, True


def may_import(room: str, target: str) -> bool:
    if room_of(target) == room or target == "__version__":
        return True
    return any(target == one or target.startswith(f"{one}.") for one in ALLOWED.get(room, ()))


def wrong_imports() -> list[str]:
    wrong = []
    for module, path in MODULES.items():
        for line, target, own in imported(path):
            if own and not may_import(room_of(module), target):
                wrong.append(f"simulator/{path.relative_to(PACKAGE)}:{line} imports {target}")
    return wrong


def test_every_module_has_a_place_in_the_table() -> None:
    unknown = sorted({room_of(module) for module in MODULES} - set(ALLOWED))
    assert not unknown, f"new modules {unknown}: give each a line in ALLOWED, below all that it imports"


def test_the_table_points_one_way() -> None:
    rooms = list(ALLOWED)
    for place, (room, targets) in enumerate(ALLOWED.items()):
        later = {target for target in targets if room_of(target) not in rooms[:place]}
        assert not later, f"{room} may import {later}, which stand below it"


def test_imports_keep_the_direction() -> None:
    wrong = wrong_imports()
    assert not wrong, "\n".join(["against the table ALLOWED of this file:", *wrong])


def test_a_wrong_import_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    path, before = MODULES["kernels.sums"], wrong_imports()
    for line, target in (
        ("from ..config import Config", "config"),
        ("from .. import inputs", "inputs"),
        ("import simulator.terminal.summary", "terminal.summary"),
        ("from simulator import cli", "cli"),
        ("def f():\n    from ..potential import evaluate", "potential"),
    ):
        monkeypatch.setitem(TREES, path, ast.parse(line))
        assert [wrong.split()[-1] for wrong in wrong_imports() if wrong not in before] == [target]


def test_other_packages_stay_in_their_rooms() -> None:
    wrong = []
    for module, path in MODULES.items():
        for line, target, own in imported(path):
            package = target.split(".")[0]
            if own or package in sys.stdlib_module_names or room_of(module) in OUTSIDE.get(package, ()):
                continue
            wrong.append(f"simulator/{path.relative_to(PACKAGE)}:{line} imports {package}")
    assert not wrong, "\n".join(["against the table OUTSIDE of this file:", *wrong])


IMPORT = "import simulator"
VERSION = """
import contextlib, io, runpy
sys.argv = ["simulator", "--version"]
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as said:
    runpy.run_module("simulator", run_name="__main__")
assert "0." in said.getvalue(), said.getvalue()
"""


@pytest.mark.parametrize("code", [IMPORT, VERSION], ids=["import", "version"])
def test_help_is_light(code: str) -> None:
    show = "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{show}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "simulator" in loaded
    assert not loaded & set(OUTSIDE), "these take long to import: import them where they are used"


def test_only_the_command_line_prints() -> None:
    wrong = []
    for module, path in MODULES.items():
        for node in ast.walk(TREES[path]):
            prints = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            writes = isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr")
            if module != "cli" and (prints or writes):
                wrong.append(f"simulator/{path.relative_to(PACKAGE)}:{node.lineno}")
    assert not wrong, f"only simulator/cli.py prints: {wrong}"


def test_modules_are_short() -> None:
    lengths = {path.relative_to(ROOT): path.read_text(encoding="utf-8").count("\n") for path in FILES}
    wrong = [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > 400]
    assert not wrong, "\n".join(["over 400 lines, split them:", *wrong])


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in FILES:
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring, which may be as long as the reader needs."""
    first = function.body[0]
    docstring = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function) else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_functions_are_short() -> None:
    lengths = {name: code_lines(node) for name, node in functions()}
    wrong = [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > 50]
    assert not wrong, "\n".join(["over 50 lines, split them:", *wrong])


def test_what_is_public_is_documented() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)} {getattr(node, 'name', 'module')}"
        for path in FILES
        for node in (TREES[path], *TREES[path].body)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not getattr(node, "name", "module").startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not wrong, "\n".join(["without a docstring:", *wrong])


UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK|NotImplemented" + r"Error)\b")
ABSOLUTE = re.compile(r"(?<![\w.:/<>)}$~-])/(?!usr|etc|dev|proc|bin|sys|opt)[a-z]+/[\w-]+|\b[A-Z]:\\\\?\w")


def test_nothing_is_unfinished_or_bound_to_one_machine() -> None:
    wrong = []
    for path in (*FILES, *(ROOT / "configs").glob("*.toml")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if UNFINISHED.search(line) or ABSOLUTE.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not wrong, "\n".join(wrong)


def test_a_machine_path_is_seen() -> None:
    assert ABSOLUTE.search("read('/home/someone/data')")
    assert ABSOLUTE.search(r"read('C:\\data')")
    assert not ABSOLUTE.search("https://doi.org/10.1287/opre and a/b, configs/base.toml, (x - 1)/4")
