"""The appendix against the results it is made from: every number is read again, and every sentence holds at its numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import simulator
from simulator.own_model import load as load_own
from simulator.report.author import Author
from simulator.report.content import make_document
from simulator.report.document import (
    AuthorPart,
    Block,
    Bullets,
    Code,
    Document,
    Figure,
    Paragraph,
    Section,
    Span,
    Table,
    blocks_of,
    spans_of,
    walk,
)  # fmt: skip
from simulator.report.numbers import format_number
from simulator.report.words import LANGUAGES, read_words

CONFIGS = Path(__file__).parent.parent / "configs"
SMALL = ["run.sample=256", "run.base_points=1024", "reconstruction.ensemble=false"]
TOTAL = "freed_fte 2040"
LABEL = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,\]]+)')


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    return simulator.load(CONFIGS / "base.toml", SMALL).run(2048, seed=3)


@pytest.fixture(scope="module")
def narrow() -> xr.DataTree:
    """One replicate and one year."""
    return simulator.load(CONFIGS / "base.toml", [*SMALL, "run.replicates=1", "years=[2040]"]).run(256, seed=3)


@pytest.fixture(scope="module")
def own() -> xr.DataTree:
    return load_own(CONFIGS / "ishigami.toml", ["run.points=64"]).run()


@pytest.fixture(autouse=True)
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures have tests of their own, and take long."""
    monkeypatch.setattr("simulator.report.content.assemble.make_figures", lambda *_: {})


def value_at(tree: xr.DataTree, origin: str) -> float:
    """Read again what an origin names: see `simulator.report.content.reading`."""
    return Reader(tree)(origin)


class Reader:
    """Reads origins, each node of the results taken apart once."""

    def __init__(self, tree: xr.DataTree) -> None:
        self.attrs = {"": tree.attrs} | {name: node.attrs for name, node in tree.children.items()}
        self.nodes: dict[str, dict[str, tuple[tuple[str, ...], np.ndarray]]] = {
            name: {str(key): (one.dims, one.values) for key, one in node.to_dataset().variables.items()}
            for name, node in tree.children.items()
        }

    def __call__(self, origin: str) -> float:
        if wrapped := re.fullmatch(r"(sum|count)\((.*)\)", origin):
            array, wanted = self.selected(wrapped[2])
            if wrapped[1] == "sum":
                return float(array.sum())
            return float(
                array.size if wanted is None else sum(str(one) == str(wanted) for one in array.ravel().tolist())
            )
        if "@" in origin and "/" not in origin:
            node, _, path = origin.partition("@")
            name, *keys = path.split(".")
            held: Any = self.attrs[node][name]
            for key in keys:
                held = (json.loads(held) if isinstance(held, str) else held)[key]
            return float(held)
        array, _ = self.selected(origin)
        assert array.size == 1, origin
        return float(array.item())

    def selected(self, origin: str) -> tuple[np.ndarray, Any]:
        """Values that the labels leave, and the value that is counted."""
        reference, _, inside = origin.partition("[")
        node, _, variable = reference.partition("/")
        (dims, array), wanted = self.nodes[node][variable], None
        for name, text in LABEL.findall(inside.removesuffix("]")):
            label = json.loads(text) if text.startswith('"') else text
            if name == "value":
                wanted = label
                continue
            (dim,), names = self.nodes[node][name]
            places = [at for at, one in enumerate(names.tolist()) if str(one) == str(label)]
            assert places, f"{origin}: nothing is called {label}"
            array = np.take(array, places, axis=dims.index(dim))
        return array, wanted


def changed(tree: xr.DataTree, *without: str, **nodes: Callable[[xr.Dataset], xr.Dataset]) -> xr.DataTree:
    """A copy without some nodes and with others changed."""
    datasets = {
        name: child.to_dataset().copy(deep=True) for name, child in tree.children.items() if name not in without
    }
    made = xr.DataTree.from_dict({name: nodes.get(name, lambda one: one)(one) for name, one in datasets.items()})
    made.attrs = dict(tree.attrs)
    return made


def with_node(tree: xr.DataTree, **nodes: xr.Dataset) -> xr.DataTree:
    made = changed(tree, *nodes)
    for name, dataset in nodes.items():
        made[name] = xr.DataTree(dataset)
    return made


def text_of(block: Block) -> str:
    if isinstance(block, Paragraph):
        return "".join(span.text for span in block.spans)
    if isinstance(block, Bullets):
        return "\n".join("".join(span.text for span in item) for item in block.items)
    return ""


def text_in(section: Section) -> str:
    return "\n".join([*map(text_of, section.blocks), *map(text_in, section.sections)])


def section_of(document: Document, key: str) -> Section:
    return next(section for _, section in walk(document) if section.key == key)


def table_of(document: Document, key: str) -> Table:
    return next(one for one in blocks_of(document, Table) if one.key == key)


def check_numbers(document: Document, tree: xr.DataTree) -> int:
    """Read every number again; those that round to a false 0 or 100 % are said as a bound."""
    style, found, reader = read_words(document.language).style, 0, Reader(tree)
    for span in spans_of(document):
        if span.number is None:
            continue
        found += 1
        value = reader(span.number.origin)
        assert value == span.number.value or (math.isnan(value) and math.isnan(span.number.value)), span
        texts = {format_number(span.number, style, unit=unit) for unit in (True, False)}
        bound = (value < 0.001) or (value > 0.999)
        assert span.text in texts or (bound and span.text.startswith(("under ", "over "))), span
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("which", ["tree", "narrow", "own"])
def test_every_number_is_where_it_says(which: str, language: str, request: pytest.FixtureRequest) -> None:
    results = request.getfixturevalue(which)
    document = make_document(results, language, Author())
    assert check_numbers(document, results) > {"tree": 1500, "narrow": 1000, "own": 40}[which]


def test_a_wrong_number_is_seen(tree: xr.DataTree) -> None:
    document = make_document(tree, "da", Author())
    other = changed(tree, summary=lambda one: one.assign(freed_fte=one.freed_fte + 0.01))
    with pytest.raises(AssertionError):
        check_numbers(document, other)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("which", ["tree", "narrow", "own"])
def test_structure(which: str, language: str, request: pytest.FixtureRequest) -> None:
    document = make_document(request.getfixturevalue(which), language, Author())
    keys = [section.key for _, section in walk(document)]
    assert document.summary.key == "summary"
    assert len(set(keys)) == len(keys)
    tables = blocks_of(document, Table)
    assert len({one.key for one in tables}) == len(tables)
    for one in tables:
        assert re.fullmatch(r"[a-z0-9-]+", one.key)
        assert one.rows and {len(row) for row in one.rows} == {len(one.columns)}
        assert len({column.heading for column in one.columns}) == len(one.columns), one.key
    assert all(section.blocks or section.sections for _, section in walk(document))
    for span in spans_of(document):
        assert "{" not in span.text or span.code, span
    plain = "\n".join(text_in(section) for level, section in walk(document) if level == 1)
    assert ".." not in plain and "  " not in plain
    assert not re.search(r"\bnan\b|\bNone\b|\bsource\.", plain)


def demand(tree: xr.DataTree) -> xr.Dataset:
    years, levels = tree["summary"]["year"].values, [0.05, 0.5, 0.95]
    values = np.random.default_rng(4).random((2, 3, len(years), 3))
    return xr.Dataset(
        {"need": (("area", "year", "quantile"), values[0]), "freed": (("area", "year", "quantile"), values[1]),
         "probability": (("area", "year"), values[0, :, :, 0])},
        coords={"area": ["Sundhed", "Ældre", "health"], "year": years, "quantile": levels},
    )  # fmt: skip


FIGURES = (
    "headline", "cumulative", "ladder", "drivers", "carriers", "heatmap", "fan", "published", "tornado", "convergence",
    "demand",
)  # fmt: skip


def test_every_figure_has_its_place(tree: xr.DataTree, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {key: Figure(key, key, key, {}) for key in FIGURES}
    monkeypatch.setattr("simulator.report.content.assemble.make_figures", lambda *_: made)
    single = tree["single_inputs"].to_dataset()
    single = single.assign(conditional_low=single.first_order, conditional_high=single.total_order)
    document = make_document(with_node(tree, single_inputs=single, demand=demand(tree)), "da", Author())
    assert sorted(one.key for one in blocks_of(document, Figure)) == sorted(FIGURES)
    assert [one.key for one in document.summary.blocks if isinstance(one, Figure)] == ["headline"]


def test_danish_has_no_english_numbers(tree: xr.DataTree) -> None:
    document = make_document(tree, "da", Author())
    for _, section in walk(document):
        for block in section.blocks:
            for span in block.spans if isinstance(block, Paragraph) and section.key != "model" else ():
                assert not re.search(r"\d\.\d(?!\d\d)|\d,\d{3}\b|%|thousand|interval of", span.text), span


def test_it_comes_out_the_same(tree: xr.DataTree) -> None:
    assert make_document(tree, "en", Author()) == make_document(tree, "en", Author())


def test_in_memory_and_from_the_file_are_one(tree: xr.DataTree, tmp_path: Path) -> None:
    from simulator.results import save

    with xr.open_datatree(save(tree, tmp_path)) as opened:
        assert make_document(opened, "da", Author()) == make_document(tree, "da", Author())


def test_sentences_and_tables_agree(tree: xr.DataTree) -> None:
    document = make_document(tree, "da", Author())
    lead = next(block for block in document.summary.blocks if isinstance(block, Paragraph) and block.role == "lead")
    said = {span.number.origin: span.number.value for span in lead.spans if span.number}
    rows = {
        span.number.origin: span.number.value for row in table_of(document, "years").rows for span in row if span.number
    }
    assert len(said) == 3
    assert said == {origin: rows[origin] for origin in said}
    by_kind = table_of(document, "drivers-by-assumption")
    first = {row[0].text: row[1].number for row in by_kind.rows}
    added = next(span.number for span in spans_of(document) if span.number and span.number.origin.startswith("sum("))
    assert added.value == pytest.approx(sum(one.value for one in first.values() if one), abs=1e-12)


def moved(by: float, quantity: str = "freed_fte") -> Callable[[xr.Dataset], xr.Dataset]:
    return lambda one: one.assign({quantity: one[quantity] + by})


@pytest.mark.parametrize(
    ("by", "said"), [(0.0, "ligger i dette interval"), (-30.0, "ligger under dette"), (30.0, "ligger over dette")]
)
def test_where_the_median_lies(tree: xr.DataTree, by: float, said: str) -> None:
    text = text_in(make_document(changed(tree, summary=moved(by)), "da", Author()).summary)
    places = ["ligger i dette interval", "ligger under dette", "ligger over dette"]
    first = text.index("Rapporten angiver")
    assert [one for one in places if one in text[first : first + 120]] == [said]


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "none of the futures"), (1.0, "all futures"), (0.0004, "less than 0.1% of"), (0.9996, "more than 99.9% of"),
     (0.004, "0.4% of the futures"), (0.996, "99.6% of the futures"), (0.544, "54% of the futures"),
     (math.nan, "an undetermined part of the futures")],
)  # fmt: skip
def test_probabilities_are_never_rounded_to_certainty(tree: xr.DataTree, value: float, said: str) -> None:
    def put(one: xr.Dataset) -> xr.Dataset:
        held = one["probability_freed_fte"].copy()
        held.loc[{"position": "in"}] = value
        return one.assign(probability_freed_fte=held)

    results = changed(tree, summary=put)
    document = make_document(results, "en", Author())
    assert f"The published range holds in {said}" in text_in(document.summary)
    check_numbers(document, results)


def test_a_table_says_no_false_certainty(tree: xr.DataTree) -> None:
    def put(one: xr.Dataset) -> xr.Dataset:
        return one.assign(probability_freed_fte_by_area=one["probability_freed_fte_by_area"] * 0 + 0.9998)

    results = changed(tree, summary=put)
    held = table_of(make_document(results, "da", Author()), "freed-fte-by-area")
    assert {row[-1].text for row in held.rows} == {"over 99,9"}


@pytest.mark.parametrize(("ratio", "said"), [(2.2, "2.2 times as wide"), (0.4, "narrower"), (1.0, "about as wide")])
def test_width(tree: xr.DataTree, ratio: float, said: str) -> None:
    def put(one: xr.Dataset) -> xr.Dataset:
        return one.assign(freed_fte_width=one["freed_fte_width"] * 0 + ratio)

    document = make_document(changed(tree, ladder=put), "en", Author())
    text = text_of(document.summary.blocks[[text_of(one)[:10] for one in document.summary.blocks].index("The report")])
    assert said in text
    assert sum(word in text for word in ("times as wide as the", "narrower", "about as wide")) == 1


def test_ties_are_said(tree: xr.DataTree) -> None:
    def tied(one: xr.Dataset) -> xr.Dataset:
        wide = one["first_order_ci"].copy()
        wide.loc[{"ci_bound": "lower"}], wide.loc[{"ci_bound": "upper"}] = -1.0, 1.0
        return one.assign(first_order_ci=wide)

    def apart(one: xr.Dataset) -> xr.Dataset:
        exact = one["first_order_exact"]
        return one.assign(first_order=exact, first_order_ci=one["first_order_ci"] * 0 + exact)

    for change, said in ((tied, "cannot be told apart"), (apart, "followed by")):
        text = text_in(make_document(changed(tree, single_inputs=change, sensitivity=change), "en", Author()).summary)
        assert text.count(said) == 2


def test_nothing_varies(tree: xr.DataTree) -> None:
    def still(one: xr.Dataset) -> xr.Dataset:
        held = {name: one[name] * 0 + 90.0 for name in ("freed_fte", "freed_wage")}
        return one.assign(held)

    def without(one: xr.Dataset) -> xr.Dataset:
        return one.assign({name: one[name] * 0 for name in one.data_vars if one[name].dtype.kind == "f"})

    results = changed(tree, summary=still, sensitivity=without, single_inputs=without)
    for language, said in (("da", "Der er ingen spredning at forklare"), ("en", "There is no spread to explain")):
        document = make_document(results, language, Author())
        text = text_in(document.summary)
        assert said in text
        assert ("90 %-interval" not in text and "90,0" in text) or language == "en"
        assert not any(one.key.startswith("drivers-by") for one in blocks_of(document, Table))
        check_numbers(document, results)


def test_one_replicate_has_no_intervals(narrow: xr.DataTree) -> None:
    document = make_document(narrow, "en", Author())
    assert "only 1 replicate" in text_in(section_of(document, "precision"))
    assert "95% interval" not in text_in(document.summary)
    for key in ("drivers-by-assumption", "precision-freed-fte", "single-inputs"):
        headings = [column.heading for column in table_of(document, key).columns]
        assert not {"from", "to", "95% interval from"} & set(headings), key
    assert not any(one.text == "not determined" for one in spans_of(document))


def test_tables_without_published_numbers(tree: xr.DataTree) -> None:
    def none(one: xr.Dataset) -> xr.Dataset:
        names = [str(name) for name in one.data_vars if str(name).startswith(("published_", "probability_"))]
        return one.assign({name: one[name] * np.nan for name in names})

    def unknown(one: xr.Dataset) -> xr.Dataset:
        held = one["freed_fte"].copy()
        held.loc[{"rung": "published"}] = np.nan
        lost = {
            f"{q}_{what}": one[f"{q}_{what}"] * np.nan
            for q in ("freed_fte", "freed_wage")
            for what in ("width", "probability")
        }
        return one.assign(freed_fte=held, **lost)

    def empty(one: xr.Dataset) -> xr.Dataset:
        return one.isel(number=slice(0, 0)).assign_attrs(bounds=0, hits=0)

    results = changed(tree, "use_cases", summary=none, ladder=unknown, published=empty)
    for language, said, printed in (("da", "intet offentliggjort interval", "Rapporten angiver"),
                                    ("en", "no published range", "The report prints")):  # fmt: skip
        document = make_document(results, language, Author())
        text = text_in(document.summary)
        assert said in text and printed not in text
        assert not {"published", "use_cases", "switching"} & {section.key for _, section in walk(document)}
        headings = [column.heading for column in table_of(document, "freed-fte-by-area").columns]
        assert len(headings) == 4
        assert not any(span.text in ("ikke bestemt", "not determined") for span in spans_of(document))
        check_numbers(document, results)


@pytest.mark.parametrize("lost", ["ladder", "published", "use_cases", "single_inputs", "convergence"])
def test_what_is_not_there_is_not_said(tree: xr.DataTree, lost: str) -> None:
    if lost not in tree.children:
        pytest.skip(f"the results have no {lost}")
    results = changed(tree, lost)
    for language in LANGUAGES:
        document = make_document(results, language, Author())
        origins = [span.number.origin for span in spans_of(document) if span.number]
        assert not any(f"{lost}/" in origin or origin.startswith(f"{lost}@") for origin in origins)
        check_numbers(document, results)


HOSTILE = '<script>alert("1")</script> #let x = $y$ \\input{a} *b* _c_ @d [e=1,f="2"] & % ~ ^ | ' + 220 * "Å"


def renamed(node: xr.Dataset, old: str, new: str) -> xr.Dataset:
    """A label replaced wherever it stands."""
    held = {}
    for name in node.variables:
        values = node[name].values
        if values.dtype.kind in "UO":
            put = np.array([str(one).replace(old, new) for one in values.ravel()], dtype=object).reshape(values.shape)
            held[name] = (node[name].dims, put)
    coordinates = {name: value for name, value in held.items() if name in node.coords}
    rest = {name: value for name, value in held.items() if name not in node.coords}
    return node.assign_coords(coordinates).assign(rest)


def test_labels_of_any_kind(tree: xr.DataTree) -> None:
    change = {name: lambda one: renamed(one, "Jurister", HOSTILE) for name in tree.children}
    results = changed(tree, **change)
    results.attrs["title"] = HOSTILE
    for language in LANGUAGES:
        document = make_document(results, language, Author())
        assert HOSTILE in document.title
        assert any(HOSTILE in span.text for span in spans_of(document))
        check_numbers(document, results)


def test_names_are_those_of_the_language(tree: xr.DataTree) -> None:
    for language, expected in (("da", "Sygeplejersker"), ("en", "Sygeplejersker (Nurses)")):
        rows = table_of(make_document(tree, language, Author()), "freed-fte-by-category").rows
        assert expected in [row[0].text for row in rows]


def test_order_of_tables_is_by_size(tree: xr.DataTree) -> None:
    document = make_document(tree, "da", Author())
    for key, place in (("freed-fte-by-category", 2), ("carriers", 1), ("assumptions", -1)):
        values = [row[place].number.value for row in table_of(document, key).rows if row[place].number]
        assert values == sorted(values, reverse=True) and len(values) > 3


def test_every_input_is_in_the_last_section(tree: xr.DataTree) -> None:
    document = make_document(tree, "en", Author())
    inputs, rows = tree["inputs"].to_dataset(), table_of(document, "inputs").rows
    assert document.sections[-1].key == "inputs"
    assert len(rows) == inputs.sizes["input"] and table_of(document, "inputs").long
    headings = [column.heading for column in table_of(document, "inputs").columns]
    shares = [row[headings.index("Share of variance, %")] for row in rows]
    fixed = int((inputs["family"].values == "fixed").sum())
    assert [bool(one.text) for one in shares] == [True] * (len(rows) - fixed) + [False] * fixed
    values = [one.number.value for one in shares if one.number]
    assert values == sorted(values, reverse=True)
    assert f"{fixed} held fixed" in text_in(section_of(document, "assumptions"))


def test_every_source_is_told(tree: xr.DataTree) -> None:
    """The number behind each input leads to its source and its note."""
    document, inputs = make_document(tree, "en", Author()), tree["inputs"].to_dataset()
    told = {row[0].text: (row[1].text, row[2].text) for row in table_of(document, "sources").rows}
    place = [column.heading for column in table_of(document, "inputs").columns].index("Source")
    found = {told[row[place].text] for row in table_of(document, "inputs").rows}
    assert found == set(told.values())
    assert found == set(zip(inputs["source"].values.tolist(), inputs["note"].values.tolist(), strict=True))


def test_the_main_text_has_the_largest_assumptions(tree: xr.DataTree) -> None:
    document = make_document(tree, "da", Author())
    main, every = table_of(document, "assumptions").rows, table_of(document, "inputs").rows
    assert [row[0].text for row in main] == [row[0].text for row in every[:15]]
    assert not table_of(document, "assumptions").long


def test_an_input_without_an_index_is_not_among_the_small(tree: xr.DataTree) -> None:
    """It could be the largest of all."""

    def lose(one: xr.Dataset) -> xr.Dataset:
        return one.assign(first_order=one.first_order.where(one["input"] != "speed"))

    row = table_of(make_document(changed(tree, single_inputs=lose), "en", Author()), "assumptions").rows[0]
    assert row[0].text == "Speed of phase-in" and row[-1].text == "not determined"


def test_parameters_are_those_of_the_results(tree: xr.DataTree) -> None:
    """Each stands in the words of the distribution, or as the quantile beside them, but for those that change nothing."""
    document, inputs = make_document(tree, "da", Author()), tree["inputs"].to_dataset()
    rows = table_of(document, "inputs").rows
    order = [LABEL.findall(row[2].number.origin)[0][1].strip('"') for row in rows if row[2].number]
    assert len(order) == len(rows)
    for row, name in zip(rows, order, strict=True):
        held = json.loads(str(inputs["parameters"].sel(input=name).item()))
        numbers = {key: value for key, value in held.items() if isinstance(value, int | float)}
        beside = [one.number.value for one in row[2:5] if one.number]
        shown = [
            float(one.replace("−", "-").replace(".", "").replace(",", "."))
            for one in re.findall(r"(?<![\d,])−?\d[\d.,]*\d|(?<![\d,])−?\d", re.sub(r"\d+ pct\.:", "", row[1].text))
        ]
        for key, value in numbers.items():
            if (key, value) not in (("times", 1.0), ("plus", 0.0)):
                assert any(math.isclose(value, one, rel_tol=1e-3, abs_tol=1e-12) for one in [*shown, *beside]), (
                    name,
                    key,
                )
        assert len(shown) <= len(held)
        assert [len(value) for value in held.values() if isinstance(value, list)] == (shown if not numbers else [])


def test_misses_are_all_listed(tree: xr.DataTree) -> None:
    attrs = tree["published"].attrs
    rows = table_of(make_document(tree, "da", Author()), "misses").rows
    assert len(rows) == attrs["bounds"] - attrs["hits"] > 0


def made_up(tree: xr.DataTree) -> dict[str, xr.Dataset]:
    """What other views of the same futures hold."""
    inputs = tree["single_inputs"]["input"].values
    random = np.random.default_rng(2)
    outputs = [TOTAL, "freed_wage 2040"]
    groups = tree["sensitivity"]["group"].values
    put = lambda *dims: (dims, random.random([sizes[dim] for dim in dims]))  # noqa: E731
    sizes = {"output": 2, "input": len(inputs), "group": len(groups), "ci_bound": 2, "versus": 3, "bound": 2}
    common = {"output": outputs, "ci_bound": ["lower", "upper"]}
    switching = xr.Dataset(
        {"value": put("output", "input", "bound"), "probability_beyond": put("output", "input", "bound")},
        coords={"output": outputs, "input": inputs, "bound": ["low", "high"]},
    )
    switching["value"][:, 3:, 0], switching["value"][:, 5:, 1] = np.nan, np.nan
    return {
        "switching": switching,
        "rank": xr.Dataset(
            {"first_order": put("output", "input"), "first_order_ci": put("output", "input", "ci_bound")},
            coords={**common, "input": inputs},
        ),
        "separation": xr.Dataset(
            {"ks_distance": put("output", "input", "versus")},
            coords={"output": outputs, "input": inputs, "versus": ["below", "above", "outside"]},
        ),
        "information": xr.Dataset(
            {"group_variance_reduction": put("output", "group"), "group_sd_left": put("output", "group"),
             "evppi": put("group"), "evppi_ci": put("group", "ci_bound"), "evpi": 0.4, "evpi_ci": put("ci_bound"),
             "goes": 1.0, "threshold": 84.0},
            coords={**common, "group": groups, **{name: tree["sensitivity"][name].variable for name in ("partition", "label")}},
            attrs={"quantity": "freed_fte"},
        ),
    }  # fmt: skip


def test_other_views(tree: xr.DataTree) -> None:
    nodes = made_up(tree)
    single = tree["single_inputs"].to_dataset()
    nodes["single_inputs"] = single.assign(conditional_low=single.first_order, conditional_high=single.total_order)
    nodes["demand"] = demand(tree)
    results = with_node(tree, **nodes)
    for language in LANGUAGES:
        document = make_document(results, language, Author())
        check_numbers(document, results)
        tables = {one.key: one for one in blocks_of(document, Table)}
        made = {"rank", "demand", "separation", "conditional-means", "learning-assumption", "learning-factor"}
        assert made | {"switching-freed-fte", "switching-freed-wage"} <= set(tables)
        assert len(tables["switching-freed-fte"].rows) == 5
        text = text_in(section_of(document, "learning"))
        assert "84" in text
        assert ("choice is to go ahead" in text or "valget at gå videre" in text) and "ikke at gå" not in text


def test_no_switching_value(tree: xr.DataTree) -> None:
    switching = made_up(tree)["switching"]
    results = with_node(tree, switching=switching.assign(value=switching.value * np.nan))
    assert "No single input" in text_in(section_of(make_document(results, "en", Author()), "switching"))


def test_own_model(own: xr.DataTree) -> None:
    for language in LANGUAGES:
        document = make_document(own, language, Author())
        text = text_in(document.summary)
        assert "x1" in text and ("rapport" not in text and "report" not in text)
        assert {"output-1", "input-indices-1", "inputs", "design"} <= {one.key for one in blocks_of(document, Table)}
        assert any("ishigami" in block.text for block in blocks_of(document, Code))


def test_own_model_that_does_not_vary(own: xr.DataTree) -> None:
    def still(one: xr.Dataset) -> xr.Dataset:
        return one.assign({name: one[name] * 0 + 2.0 for name in ("value", "mean")})

    def nothing(one: xr.Dataset) -> xr.Dataset:
        return one.assign({name: one[name] * np.nan for name in one.data_vars})

    results = changed(own, summary=still, sensitivity=nothing)
    text = text_in(make_document(results, "en", Author()).summary)
    assert "y is 2.00 in every future" in text and "no spread" in text


def test_empty_and_filled_author_parts(tree: xr.DataTree) -> None:
    written = (Paragraph((Span("Mit forbehold."),)),)
    for author, expected in ((Author(), 0), (Author({"caveats": written, "question": written}), 2)):
        document = make_document(tree, "da", author)
        parts = blocks_of(document, AuthorPart)
        assert sum(bool(part.blocks) for part in parts) == expected
        assert ("caveats" in [part.key for part in parts]) == bool(expected)
        assert all(part.prompt for part in parts)
    register = make_document(tree, "da", Author({"unquantified": written}))
    assert "endnu ikke gjort op" in text_in(make_document(tree, "da", Author()).summary)
    assert "endnu ikke gjort op" not in text_in(register.summary)


def test_caveats_come_first(tree: xr.DataTree) -> None:
    roles = [block.role for block in make_document(tree, "da", Author()).summary.blocks if isinstance(block, Paragraph)]
    assert roles[0] == "caveat"
    assert roles.index("lead") == roles.count("caveat") == 3


def test_reproduction_holds_the_configuration_as_it_was(tree: xr.DataTree) -> None:
    document = make_document(tree, "en", Author())
    texts = [block.text for block in blocks_of(document, Code)]
    assert all(text in texts for text in json.loads(tree.attrs["config"]).values())
    assert "\n".join(SMALL) in texts
    hashes = table_of(document, "data-hashes")
    assert {row[0].text: row[1].text for row in hashes.rows} == json.loads(tree.attrs["data_hashes"])


def test_dependence_is_stated(tree: xr.DataTree) -> None:
    results = changed(tree)
    held = json.loads(results.attrs["settings"])
    held["dependence"] = [{"inputs": ["technology", "national"], "rank": 0.5}]
    results.attrs["settings"] = json.dumps(held)
    text = text_in(section_of(make_document(results, "en", Author()), "assumptions"))
    assert "independently" not in text and 'inputs = ["technology", "national"], rank = 0.5' in text


def test_what_has_no_index_is_named(tree: xr.DataTree) -> None:
    """The largest of those that are known is not called the largest of all."""

    def lose(one: xr.Dataset) -> xr.Dataset:
        dimension = "group" if "group" in one.dims else "input"
        lost = one[dimension].isin(["technology", "assumption: coefficient"])
        return one.assign({name: one[name].where(~lost) for name in ("first_order", "first_order_ci")})

    results = changed(tree, sensitivity=lose, single_inputs=lose)
    document = make_document(results, "en", Author())
    text = text_in(document.summary)
    assert text.count("what follows holds for the others") == 2
    assert text.index("no index for technology, common to all") < text.index("largest single source")
    assert "cannot be added up" in text_in(section_of(document, "sensitivity"))
    check_numbers(document, results)


def test_switching_that_is_not_known_is_not_denied(tree: xr.DataTree) -> None:
    switching = made_up(tree)["switching"]
    results = with_node(tree, switching=switching * np.nan)
    text = text_in(section_of(make_document(results, "en", Author()), "switching"))
    assert "not determined" in text and "No single input" not in text


def test_numbers_have_no_unit_twice(tree: xr.DataTree) -> None:
    for language in LANGUAGES:
        words = read_words(language)
        for _, section in walk(make_document(tree, language, Author())):
            for block in section.blocks:
                for unit in words.style.units.values():
                    assert f"{unit} {unit}" not in text_of(block)


def test_replace_keeps_the_origin(tree: xr.DataTree) -> None:
    """Decimals are chosen for a whole table: the number stays what it was."""
    rows = table_of(make_document(tree, "da", Author()), "precision-freed-fte").rows
    assert {row[1].number.digits for row in rows if row[1].number} == {3}
    assert all(
        replace(row[1].number, digits=1).value == value_at(tree, row[1].number.origin) for row in rows if row[1].number
    )


# The first page


def test_the_first_page_is_short(tree: xr.DataTree) -> None:
    """Shares without decimals and without intervals of shares; the figure below the headline, then one paragraph."""
    for language in LANGUAGES:
        summary = make_document(tree, language, Author()).summary
        shares = [span.number for block in summary.blocks if isinstance(block, Paragraph) for span in block.spans
                  if span.number and "first_order" in span.number.origin]  # fmt: skip
        assert len(shares) == 5 and all(one.digits == 0 for one in shares)
        assert len(text_in(summary)) < 1700


def test_amounts_in_sentences_are_whole_fte(tree: xr.DataTree) -> None:
    text = text_in(make_document(tree, "da", Author()).summary)
    median = float(tree["summary"]["freed_fte"].sel(year=2040, quantile=0.5))
    assert f"er {1000 * round(median, 1):,.0f}".replace(",", ".") in text
    assert "84.000-96.000\u00a0årsværk" in text and "tusind" not in text


def test_a_title_of_the_author(tree: xr.DataTree) -> None:
    assert make_document(tree, "da", Author(title="Mit bilag")).title == "Robusthedsbilag – Mit bilag"
    assert make_document(tree, "da", Author()).title == f"Robusthedsbilag – {tree.attrs['title']}"


def test_texts_of_the_run_are_no_column_of_numbers(tree: xr.DataTree) -> None:
    design = table_of(make_document(tree, "da", Author()), "design")
    assert [column.numeric for column in design.columns] == [False, False]
    assert any(row[1].number for row in design.rows)
    years = table_of(make_document(tree, "da", Author()), "years")
    assert [column.numeric for column in years.columns] == [False, False, True, True, True]


# The ladder


def test_a_ladder_without_its_published_rung(tree: xr.DataTree) -> None:
    def unpublished(one: xr.Dataset) -> xr.Dataset:
        return one.isel(rung=one["kind"].values != "published")

    def unknown(one: xr.Dataset) -> xr.Dataset:
        lost = [name for name in one.data_vars if str(name).startswith(("published", "probability"))]
        return one.assign({name: one[name] * np.nan for name in lost})

    results = changed(tree, ladder=unpublished, summary=unknown)
    document = make_document(results, "en", Author())
    assert (
        "published range" not in text_in(section_of(document, "alternatives")).split("All sources")[0].split("Each")[0]
    )
    assert "times as wide" not in text_in(document.summary)
    assert table_of(document, "ladder").rows[0][0].text == "Phase-in moved for all at once"
    check_numbers(document, results)


def test_why_a_rung_is_missing_names_no_file(tree: xr.DataTree) -> None:
    def dependent(one: xr.Dataset) -> xr.Dataset:
        names = [name for name in one.data_vars if "variant" in one[name].dims]
        kept = one.assign({name: one[name].where(one["variant"] == "common") for name in names})
        return kept.assign_attrs(left_out="/home/someone/dep.toml, key 'dependence': some inputs depend on each other.")

    results = changed(tree, ladder=dependent)
    document = make_document(results, "en", Author())
    ladder = table_of(document, "ladder")
    assert "depend on each other" in ladder.note and "/home" not in ladder.note
    assert not any("Separately" in column.heading for column in ladder.columns)
    assert "on its own" not in text_in(document.summary)


# All outputs


@pytest.fixture(scope="module")
def every() -> xr.DataTree:
    """With indices of every output."""
    return simulator.load(CONFIGS / "base.toml", [*SMALL, "run.index_points=256", "run.replicates=4"]).run(512, seed=3)


def test_interactions_and_every_output(every: xr.DataTree, tree: xr.DataTree) -> None:
    assert "interactions" not in [one.key for one in make_document(tree, "en", Author()).sections]
    document, node = make_document(every, "en", Author()), every["indices"].to_dataset()
    assert check_numbers(document, every) > 1500
    pairs = table_of(document, "interactions")
    assert len(pairs.rows) == 10
    exact = [row[-1].number.value for row in pairs.rows if row[-1].number]
    of_factors = node["second_order_exact"].sel(output=TOTAL).values[node["pair_partition"].values == "factor"]
    assert exact == sorted(of_factors.tolist(), reverse=True)[:10]
    for dimension, count in (("area", 12), ("category", 21)):
        rows = table_of(document, f"leading-by-{dimension}").rows
        assert len(rows) == count
        for row in rows:
            first, after = row[2].number, row[-1].number
            assert first is not None and after is not None
            assert first.value >= after.value and 'group="factor: ' in first.origin
            name = json.loads(dict(LABEL.findall(first.origin.partition("[")[2].removesuffix("]")))["output"])
            totals = node["total_order"].sel(output=name).values[node["group_partition"].values == "factor"]
            assert first.value == np.nanmax(totals)


def test_factors_without_an_index_are_named_beside_the_leading_ones(every: xr.DataTree) -> None:
    def lose(one: xr.Dataset) -> xr.Dataset:
        return one.assign(total_order=one.total_order.where(one["group"] != "factor: technology"))

    text = text_in(section_of(make_document(changed(every, indices=lose), "en", Author()), "interactions"))
    assert "no index for technology" in text
