"""The commands report and compare: from files of results to the files of an appendix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..errors import InputError, nearest
from ..reading import read_run, results_file
from .author import Author, author_file, missing_parts, read_author
from .document import Document
from .words import LANGUAGES

if TYPE_CHECKING:
    import xarray as xr

FORMATS: Mapping[str, str] = MappingProxyType({"page": ".html", "pdf": ".pdf", "word": ".docx", "tables": ""})
NAME, TABLES = "appendix", "tables"


@dataclass(frozen=True)
class Written:
    """What was written for one language.

    Attributes
    ----------
    language : str
    files : tuple of Path
        A folder, for the tables.
    empty : tuple of str
        Keys of the parts that still want the author's words.
    """

    language: str
    files: tuple[Path, ...]
    empty: tuple[str, ...]


def write_report(
    run: Path,
    folder: Path | None,
    languages: Sequence[str],
    formats: Sequence[str],
    author: Path | None,
    *,
    strict: bool,
) -> list[Written]:
    """The appendix of a run.

    Parameters
    ----------
    run : Path
        Folder of its results, or their file.
    folder : Path, optional
        Where the appendix goes; the folder ``report`` beside the results by default.
    languages : sequence of str
    formats : sequence of str
        Of `FORMATS`.
    author : Path, optional
        The author's words. By default a file beside the configuration, see `simulator.report.author.author_file`.
    strict : bool
        Refuse parts that the author has left empty.

    Returns
    -------
    list of Written
        By language.

    Raises
    ------
    InputError
        If the results or the author's words cannot be read, or a part is empty that must not be: then nothing is written.
    """
    from .content import make_document

    _known(languages, LANGUAGES, "--language")
    _known(formats, FORMATS, "--format")
    tree = read_run(run)
    documents = []
    for language in languages:
        file = author or _beside_config(tree, language)
        document = make_document(tree, language, Author() if file is None else read_author(file))
        if strict:
            _require_filled(document, file, tree)
        documents.append(document)
    where = folder or results_file(run).parent / "report"
    made = datetime.fromisoformat(str(tree.attrs["started"]))
    return [_written(document, where, NAME, formats, made) for document in documents]


def write_comparison(
    runs: Sequence[Path], folder: Path, languages: Sequence[str], formats: Sequence[str]
) -> list[Written]:
    """Two runs or more side by side.

    Parameters
    ----------
    runs : sequence of Path
    folder : Path
    languages, formats : sequence of str

    Returns
    -------
    list of Written

    Raises
    ------
    InputError
        If results cannot be read, or have nothing in common.
    """
    from .compare import compare_document, read_runs

    _known(languages, LANGUAGES, "--language")
    _known(formats, FORMATS, "--format")
    trees = read_runs(runs)
    documents = [compare_document(trees, language) for language in languages]
    made = max(datetime.fromisoformat(str(tree.attrs["started"])) for _, tree in trees)
    return [_written(document, folder, "comparison", formats, made) for document in documents]


def _known(asked: Iterable[str], known: Iterable[str], option: str) -> None:
    names = list(known)
    for one in asked:
        if one not in names:
            raise InputError(f"{option} {one}", "is not known", nearest(one, names))


def _beside_config(tree: xr.DataTree, language: str) -> Path | None:
    config = tree.attrs.get("config_path")
    return None if config is None else author_file(Path(str(config)), language)


def _require_filled(document: Document, file: Path | None, tree: xr.DataTree) -> None:
    empty = [part.key for part in missing_parts(document)]
    if not empty:
        return
    stem = Path(str(tree.attrs.get("config_path", "configs/base.toml")))
    place = str(file or stem.with_name(f"{stem.stem}.author.{document.language}.md"))
    problem = f"the author has not written: {', '.join(empty)}"
    raise InputError(place, problem, f"Write each below a heading such as '# {empty[0]}', or leave --strict out.")


def _written(document: Document, folder: Path, name: str, formats: Sequence[str], made: datetime) -> Written:
    """All formats of one document."""
    from .page import write_page
    from .pdf import write_pdf
    from .tables import write_tables
    from .word import write_word

    writers: Mapping[str, Callable[[Path], object]] = {
        "page": lambda path: write_page(document, path),
        "pdf": lambda path: write_pdf(document, path, made),
        "word": lambda path: write_word(document, path),
        "tables": lambda path: write_tables(document, path),
    }
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in FORMATS:
            if one in formats:
                stem = f"{TABLES if one == 'tables' else name}.{document.language}"
                writers[one](folder / f"{stem}{FORMATS[one]}")
                files.append(folder / f"{stem}{FORMATS[one]}")
    except OSError as error:
        place, problem = error.filename2 or error.filename or folder, f"cannot be written to ({error.strerror})"
        raise InputError(str(place), problem, "Name a folder that you may write to with --out.") from None
    return Written(document.language, tuple(files), tuple(part.key for part in missing_parts(document)))
