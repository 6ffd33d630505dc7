"""The user's function: found, called, and its answers looked at, so that every mistake names the config and the future."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import InputError, nearest
from .config import OwnConfig

SHOWN = 20  # inputs whose values a message gives


class FunctionError(InputError):
    """The function raised.

    Attributes
    ----------
    row : int or None
        Which of the values given makes it raise; None if none does by itself.
    """

    def __init__(self, place: str, problem: str, remedy: str, row: int | None) -> None:
        super().__init__(place, problem, remedy)
        self.row = row


@dataclass(frozen=True)
class Function:
    """A function of named inputs that gives real numbers, of one shape, or an error that says why not.

    Attributes
    ----------
    call : callable
        From values (n, inputs) to (n,) or (n, outputs).
    inputs : tuple of str
    outputs : tuple of str
        Names, where the user gave them.
    place : str
        For messages.
    """

    call: Callable[[np.ndarray], Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    place: str

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Outputs at values of the inputs.

        Parameters
        ----------
        values : (n, inputs) float64

        Returns
        -------
        (n, outputs) float64
            Which need not be finite.

        Raises
        ------
        FunctionError
            If the function raises.
        InputError
            If it gives another shape, or no real numbers.
        """
        try:
            result = self._quietly(values)
        except Exception as error:
            raise self._explained(error, values) from error
        outputs = np.asarray(result.filled(np.nan) if isinstance(result, np.ma.MaskedArray) else result)
        given = f"for values of shape {values.shape} it gave "
        if outputs.dtype.kind not in "biuf":
            problem = f"{given}{type(result).__name__} of {outputs.dtype}, which are no real numbers"
            raise InputError(self.place, problem, f"Give an array of shape {self._wanted(len(values))}.")
        outputs = outputs[:, None] if outputs.ndim == 1 else outputs
        number = outputs.shape[1] if outputs.ndim == 2 else 0
        if not number or len(outputs) != len(values) or number != (len(self.outputs) or number):
            raise InputError(self.place, f"{given}the shape {np.shape(result)}", f"Give {self._wanted(len(values))}.")
        return outputs.astype(np.float64, copy=False)

    def _quietly(self, values: np.ndarray) -> Any:
        """What is not finite is found and named; numpy need not warn of it as well."""
        with np.errstate(all="ignore"):
            return self.call(values)

    def _wanted(self, rows: int) -> str:
        if not self.outputs:
            return f"({rows},), or ({rows}, outputs)"
        names = ", ".join(self.outputs)
        one = f"({rows},), or " if len(self.outputs) == 1 else ""
        return f"{one}({rows}, {len(self.outputs)}), a column for each of model.outputs: {names}"

    def _explained(self, error: Exception, values: np.ndarray) -> FunctionError:
        row = self._first_raising(values)
        said = " ".join(str(error).split())
        problem = f"it raised {type(error).__name__}{f': {said}' if said else ''}"
        if row is None:
            problem += f", for {len(values)} futures together, though not for single ones"
        else:
            problem += f", in the future {shown_values(self.inputs, values[row])}"
        remedy = "Mend the function, or keep the inputs where it is defined."
        return FunctionError(self.place, problem, remedy, row)

    def _first_raising(self, values: np.ndarray) -> int | None:
        """A row that raises by itself, found by halving."""
        first, stop = 0, len(values)
        while stop - first > 1:
            middle = (first + stop) // 2
            if self._raises(values[first:middle]):
                stop = middle
            elif self._raises(values[middle:stop]):
                first = middle
            else:
                return None
        return first if len(values) == 1 or self._raises(values[first:stop]) else None

    def _raises(self, values: np.ndarray) -> bool:
        try:
            self._quietly(values)
        except Exception:
            return True
        return False


def shown_values(names: Sequence[str], values: np.ndarray) -> str:
    """Values of inputs for a message.

    Examples
    --------
    >>> shown_values(["a", "b"], np.array([0.5, 2.0]))
    'a = 0.5, b = 2'
    """
    shown = ", ".join(f"{name} = {value:.17g}" for name, value in list(zip(names, values, strict=True))[:SHOWN])
    return f"{shown}, ..." if len(names) > SHOWN else shown


def load_function(config: OwnConfig, inputs: Sequence[str]) -> Function:
    """The function that a configuration names.

    Its module is looked for in the folder of the file that names it, then in the working folder, then among what is
    installed. As for a script, the two folders stay on the path of Python.

    Parameters
    ----------
    config : OwnConfig
    inputs : sequence of str
        Names, in the order of the columns of values.

    Returns
    -------
    Function

    Raises
    ------
    InputError
        If there is no such module or function, the module cannot be imported, or the function does not take the inputs.
    """
    model, place = config.settings.model, config.place("model.function")
    module_name, colon, name = model.function.partition(":")
    if not colon or not all(part.isidentifier() for part in (*module_name.split("."), name)):
        problem, remedy = (
            f"'{model.function}' is not of the form module:name",
            'Write for instance "package.module:name".',
        )
        raise InputError(place, problem, remedy)
    module = _import(module_name, config.folder("model.function"), place)
    if not hasattr(module, name):
        known = [one for one, value in vars(module).items() if callable(value) and not one.startswith("_")]
        raise InputError(place, f"module '{module_name}' has no '{name}'", nearest(name, known))
    function = getattr(module, name)
    if not callable(function):
        problem = f"'{name}' of module '{module_name}' is {type(function).__name__}, which cannot be called"
        raise InputError(place, problem, "Name a function.")
    call = function if model.call == "values" else _by_name(function, tuple(inputs), place)
    return Function(call, tuple(inputs), model.outputs, place)


def source_hash(config: OwnConfig) -> str:
    """SHA-256 of the files in which the function and its module are written, after `load_function`; '' if there are none.

    Parameters
    ----------
    config : OwnConfig

    Returns
    -------
    str
    """
    module_name, _, name = config.settings.model.function.partition(":")
    module = sys.modules[module_name]
    function = inspect.unwrap(getattr(module, name))
    home = sys.modules.get(getattr(getattr(function, "py_func", function), "__module__", None) or "", module)
    files = [getattr(one, "__file__", None) for one in dict.fromkeys((module, home))]
    texts = [Path(file).read_bytes() for file in files if file and file.endswith(".py")]
    return hashlib.sha256(b"\0".join(texts)).hexdigest() if texts else ""


def _import(name: str, folder: Path, place: str) -> ModuleType:
    folders = list(dict.fromkeys(str(one.resolve()) for one in (folder, Path.cwd())))
    sys.path[:] = [*folders, *(one for one in sys.path if one not in folders)]
    _require_the_one_found(name.split(".", maxsplit=1)[0], folders, place)
    try:
        importlib.invalidate_caches()
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise _not_imported(name, error, place) from error
        looked = "' and '".join(folders)
        remedy = f"Looked in '{looked}', and among what is installed."
        raise InputError(place, f"there is no module '{error.name}'", remedy) from None
    except Exception as error:
        raise _not_imported(name, error, place) from error


def _not_imported(name: str, error: Exception, place: str) -> InputError:
    said = " ".join(str(error).split())
    return InputError(place, f"module '{name}' cannot be imported ({type(error).__name__}: {said})", "Mend the module.")


def _require_the_one_found(name: str, folders: Sequence[str], place: str) -> None:
    """Refuse a module whose name another one, already imported, has: Python would give that one."""
    known, found = sys.modules.get(name), PathFinder.find_spec(name, list(folders))
    if known is None or found is None or found.origin is None:
        return
    file = getattr(known, "__file__", None)
    if file is None or Path(file).resolve() != Path(found.origin).resolve():
        problem = f"'{found.origin}' has the name of another module, which is in use ({file or 'built in'})"
        raise InputError(place, problem, "Give the module another name.")


def _by_name(function: Callable[..., Any], inputs: tuple[str, ...], place: str) -> Callable[[np.ndarray], Any]:
    """The function called with one array (n,) for each input, by its name."""
    try:
        signature = inspect.signature(getattr(function, "py_func", function))
    except ValueError as error:
        raise InputError(place, f"its parameters are not known ({error})", 'Set model.call = "values".') from None
    parameters = signature.parameters.values()
    named = {one.name for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
    needed = [one.name for one in parameters if one.name in named and one.default is one.empty]
    takes_any = any(one.kind == one.VAR_KEYWORD for one in parameters)
    for name in inputs:
        if name not in named and not takes_any:
            remedy = f"{nearest(name, named)} Inputs and parameters need the same names."
            raise InputError(place, f"it has no parameter for the input '{name}'", remedy)
    for name in needed:
        if name not in inputs:
            problem = f"its parameter '{name}' is no input"
            raise InputError(place, problem, f"State a distribution in [inputs]. {nearest(name, inputs)}")
    return lambda values: function(**dict(zip(inputs, values.T, strict=True)))
