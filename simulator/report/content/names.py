"""What things of the results are called: Danish names stay Danish, with the English one beside them in English."""

from __future__ import annotations

from .reading import Source, settings

QUANTITIES = ("freed_fte", "freed_wage")
FORMS = {"freed_fte": "thousand_fte", "freed_wage": "bn_dkk"}
DIMENSIONS = ("area", "category", "level")
HEADLINE_YEAR = 2040  # of the published ranges


def headline_year(source: Source) -> int:
    """The year of the published ranges; the last one of a run without it."""
    years = [int(year) for year in settings(source)["years"]]
    return HEADLINE_YEAR if HEADLINE_YEAR in years else years[-1]


def output(source: Source, quantity: str) -> str:
    """Label of a total in the tables of sensitivity."""
    return f"{quantity} {headline_year(source)}"


def danish(source: Source, dimension: str, label: str) -> str:
    """A Danish label; in English with its translation, where the results have one."""
    if dimension not in DIMENSIONS or source.words.language == "da":
        return source.words.label(dimension, label)
    workforce = source.tree["workforce"].dataset
    english = dict(zip(workforce[dimension].values.tolist(), workforce[f"{dimension}_en"].values.tolist(), strict=True))
    if source.words.has(f"{dimension}.{label}"):
        return source.words.label(dimension, label)
    return f"{label} ({english[label]})" if english.get(label, label) != label else label


def group(source: Source, partition: str, label: str) -> str:
    """Name of a group of inputs."""
    if partition == "category":
        return danish(source, "category", label)
    return of_input(source, label) if partition == "factor" else source.words.label(partition, label)


def of_input(source: Source, name: str) -> str:
    """Name of an input or a common factor: its kind in the language, and the Danish names in it."""
    words = source.words
    if words.has(f"factor.{name}"):
        return words.text(f"factor.{name}")
    kind, _, rest = name.partition(".")
    if words.has(f"input_kind.{kind}") and rest:
        return words.text(f"input_kind.{kind}", rest=rest.replace(".", ": ", 1))
    return name


def titled(name: str) -> str:
    """A name with a capital, as it begins a row."""
    return name[:1].upper() + name[1:]
