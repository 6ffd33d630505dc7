"""All parts of the appendix, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..author import Author
from ..document import Document, Section
from ..figures import make_figures
from ..words import Words, read_words
from .alternatives import alternatives_section, reproduction_section, robustness_section, switching_section
from .drivers import learning_section, sensitivity_section
from .inputs import assumptions_section, inputs_section
from .interactions import interactions_section
from .model import author_section, design_section, model_section
from .own_model import own_sections, own_summary
from .reading import Source
from .results import demand_section, precision_section, results_section
from .summary import summary_section
from .validation import validation_section

if TYPE_CHECKING:
    import xarray as xr

OWN_MODEL = "own model"


def make_document(tree: xr.DataTree, language: str, author: Author) -> Document:
    """The appendix of a run.

    Parameters
    ----------
    tree : xarray.DataTree
        As made by `simulator.Model.run` or `simulator.own_model.OwnModel.run`, or read from its file.
    language : str
        ``da`` or ``en``.
    author : Author
        See `simulator.report.author.read_author`; ``Author()`` for none.

    Returns
    -------
    Document
        Parts whose results are not there are left out.

    Raises
    ------
    InputError
        If there is no such language.
    """
    words = read_words(language)
    own = tree.attrs.get("kind") == OWN_MODEL
    source = Source(tree, words, author, make_figures(tree, words))
    title = author.title or str(tree.attrs["title"])
    subtitle = words.text("title.own" if own else "title.subtitle", date=_date(words, str(tree.attrs["started"])))
    return Document(
        language,
        words.text("title.title", title=title),
        subtitle,
        own_summary(source) if own else summary_section(source),
        tuple(own_sections(source) if own else _sections(source)),
        words.group("label"),
    )


def _date(words: Words, moment: str) -> str:
    year, month, day = moment[:10].split("-")
    return words.text("title.date", day=str(int(day)), month=words.text(f"month.{int(month)}"), year=year)


def _sections(source: Source) -> list[Section]:
    made: list[Section | None] = [
        author_section(source, "question"),
        model_section(source),
        assumptions_section(source),
        author_section(source, "unquantified"),
        design_section(source),
        results_section(source),
        demand_section(source),
        precision_section(source),
        sensitivity_section(source),
        interactions_section(source),
        learning_section(source),
        alternatives_section(source),
        author_section(source, "optimism"),
        switching_section(source),
        robustness_section(source),
        author_section(source, "outside"),
        validation_section(source),
        author_section(source, "auditing"),
        author_section(source, "assurance"),
        reproduction_section(source),
        inputs_section(source),
    ]
    return [section for section in made if section is not None]
