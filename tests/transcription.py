"""What the report's tables say more than once, as claims that a transcription can break.

A printed number stands for a span: half a unit of its last place to either side. Sums, products and ratios of printed
numbers are spans too, and where the report prints the result as well, the two must meet.

Letter for shapes: S transcriptions. Claims are of numbers or of arrays, so that many transcriptions are tried at once.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from simulator.workforce import structural_zeros

DATA = Path(__file__).parent.parent / "data"

Row = dict[str, str]
Tables = dict[str, list[Row]]
Key = tuple[str, str, str]  # figure, label, quantity
Bound = float | np.ndarray  # (S,)
Span = tuple[Bound, Bound]  # the lowest and the highest that a number can be
Ends = tuple[Span, Span]  # low and high end of what is printed; twice the same where it is one number
Spans = dict[Key, Ends]
Claim = tuple[str, Span, Span]  # what is claimed, and two spans that must meet


def rows(name: str) -> list[Row]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TABLES: Tables = {name: rows(f"published_{name}") for name in ("workforce", "potential", "growth")}
AREAS, LEVELS = {row["area"]: row for row in rows("areas")}, {row["level"]: row for row in rows("levels")}
CATEGORIES = {row["category"]: row for row in rows("categories")}
FOCUS = [category for category, row in CATEGORIES.items() if row["phase_in_low"]]
OPEN = ~structural_zeros(DATA, list(AREAS), list(CATEGORIES), list(LEVELS))  # (area, category, level)
AREAS_OF = {
    c: [a for a, can in zip(AREAS, OPEN[:, i].any(axis=1), strict=True) if can] for i, c in enumerate(CATEGORIES)
}
LEVELS_OF = {a: [n for n, can in zip(LEVELS, OPEN[i].any(axis=0), strict=True) if can] for i, a in enumerate(AREAS)}

REST, EXCLUDED, OTHER_AREAS = "Øvrige ansatte", "Ekskluderede", "Øvrige sektorområder"
HEALTH, EDUCATION = "Total sundhed og ældre", "Total børn, undervisning og uddannelse"
IN_FOCUS, FUNDS = "Total 20 stillingskategorier i fokus", "Sociale kasser og fonde"
AMOUNTS, AMOUNT_SHARES = ("fte_2023", "wage_bill_2023"), ("fte_share", "wage_share")
FREED, FREED_SHARE = ("freed_fte", "freed_wage"), "freed_wage_share"
CATEGORY_FIGURES = {"4.1.3": "health", "4.2.1": "education", "4.3.2": "administration"}
NUMERIC = ("value", "low", "high", "rounding")

# What the running text repeats of a figure, as it stands there
REPEATED = [
    ("3.3", "Total", "freed_fte", "84.000-96.000", "chapters 1 and 3"),
    ("3.3", "Total", "freed_wage", "48-55", "chapters 1 and 3"),
    ("3.3", "Total", "freed_wage_share", "11-13%", "chapter 3"),
    ("3.3", "Forvaltning og administration", "freed_fte", "20.000-23.000", "chapter 3"),
    ("3.3", "Forvaltning og administration", "freed_wage", "12-13", "chapter 3"),
    ("3.3", "Forvaltning og administration", "freed_wage_share", "20-23%", "chapter 3"),
    ("3.3", "Sundhed", "freed_fte", "15.000-17.000", "chapter 3"),
    ("3.3", "Sundhed", "freed_wage", "9-10", "chapter 3"),
    ("3.3", "Sundhed", "freed_wage_share", "11-12%", "chapter 3"),
    ("3.3", "Uddannelse og forskning", "freed_fte", "13.000-15.000", "chapter 3"),
    ("3.3", "Uddannelse og forskning", "freed_wage", "8-9", "chapter 3"),
    ("3.3", "Uddannelse og forskning", "freed_wage_share", "19-22%", "chapter 3"),
    ("3.4", "Kommuner", "freed_fte", "38.000-44.000", "chapter 3"),
    ("3.4", "Kommuner", "freed_wage", "20-23", "chapter 3"),
    ("3.4", "Kommuner", "freed_wage_share", "9-10%", "chapter 3"),
    ("3.4", "Staten", "freed_fte", "30.000-35.000", "chapter 3"),
    ("3.4", "Staten", "freed_wage", "18-21", "chapter 3"),
    ("3.4", "Staten", "freed_wage_share", "17-19%", "chapter 3"),
    ("3.4", "Regioner", "freed_fte", "15.000-17.000", "chapter 3"),
    ("3.4", "Regioner", "freed_wage", "9-11", "chapter 3"),
    ("3.4", "Regioner", "freed_wage_share", "11-13%", "chapter 3"),
    ("4.1.3", "Total", "freed_fte", "21.000-24.000", "chapter 1 and section 4.1"),
    ("4.1.3", "Total", "freed_wage", "12-14", "chapter 1 and section 4.1"),
    ("4.1", "Total børn, undervisning og uddannelse", "freed_fte", "27.000-32.000", "chapter 1 and section 4.2"),
    ("4.1", "Total børn, undervisning og uddannelse", "freed_wage", "16-18", "chapter 1 and section 4.2"),
    ("4.3.2", "Total", "freed_fte", "38.000-43.000", "chapter 1 and section 4.3"),
    ("4.3.2", "Total", "freed_wage", "21-24", "chapter 1 and section 4.3"),
    ("4.3.2", "Almene kontormedarbejdere", "freed_wage_share", "29-34%", "section 4.3"),
    ("4.3.2", "Sekretærer", "freed_wage_share", "29-33%", "section 4.3"),
    ("4.1.4", "Dokumentation", "freed_fte", "9.000 og 11.000", "section 4.1, below the heading"),
    ("4.1.5", "Digital fordør", "freed_fte", "900-1.100", "section 4.1, below the heading"),
    ("4.2.2", "Forberedelse og evaluering", "freed_fte", "5.000 og 6.000", "section 4.2, below the heading"),
    ("4.3.3", "Generelle administrative opgaver", "freed_fte", "12.000 og 15.000", "section 4.3, below the heading"),
    ("4.3.4", "Sagsbehandling", "freed_fte", "4.000 og 5.000", "section 4.3, below the heading"),
    ("text", "Total", "freed_fte_share", "10-12%", "chapter 1"),
    ("7.4", EXCLUDED, "fte_2023", "68.000", "section 7.1 step 2"),
    ("7.4", EXCLUDED, "fte_share", "9%", "section 7.1 step 2"),
    ("7.4", EXCLUDED, "wage_bill_2023", "29", "section 7.1 step 2"),
    ("7.4", EXCLUDED, "wage_share", "7%", "section 7.1 step 2"),
    ("7.7", "Ældre", "fte_change", "35.000", "section 7.1 step 6"),
    ("7.7", "Ældre", "percent_change", "36%", "section 7.1 step 6"),
    ("7.7", "Sundhed", "fte_change", "11.000", "section 7.1 step 6"),
    ("7.7", "Sundhed", "percent_change", "8%", "section 7.1 step 6"),
]
NOT_IN_FOCUS = (0.25, 0.35)  # "ca. 30%" are not among the 20 categories (section 7.1, beside "ca. 70%" for 68%)


# What is printed


class Number(NamedTuple):
    """A number of a printed text: where it stands, and how many units of its last meaningful place it is."""

    start: int
    end: int
    count: int
    unit: Decimal


def numbers(text: str) -> list[Number]:
    """The numbers of a printed text, in Danish; `-` is a sign at the start and a range elsewhere."""
    found = list(re.finditer(r"(?:^-)?\d[\d.]*(?:,\d+)?", text))
    digits = [match.group().replace(".", "") for match in found]
    scale, place = Decimal("0.01") if "%" in text else Decimal(1), -max(len(d.partition(",")[2]) for d in digits)
    if any("." in match.group() for match in found):  # in FTE: rounded as far as all end with zeros, to 1,000 at most
        scale, place = Decimal("0.001"), min(3, *(len(d) - len(d.rstrip("0")) for d in digits))
    unit = Decimal(10) ** place
    counts = [int(Decimal(d.replace(",", ".")) / unit) for d in digits]
    return [Number(*match.span(), count, unit * scale) for match, count in zip(found, counts, strict=True)]


def columns_of(table: str, text: str) -> Row:
    """The numeric columns of a row in which `text` is printed."""
    found = numbers(text)
    first, last, half = found[0].count * found[0].unit, found[-1].count * found[-1].unit, found[0].unit / 2
    below = text.startswith("<")
    if table == "potential":
        columns = {"low": Decimal(0) if below else first, "high": last, "rounding": half}
    elif below:
        columns = {"low": Decimal(0), "high": last}
    else:
        columns = {"value": first, "low": first - half, "high": first + half}
    return {name: str(number) for name, number in columns.items()}


def is_printed(row: Row) -> bool:
    """Whether the row holds a printed number; the fourth level is printed without one."""
    return any(map(str.isdigit, row["printed"]))


def is_misread(table: str, row: Row) -> bool:
    """Whether the numbers of a row are not those of its printed text."""
    right = columns_of(table, row["printed"])
    try:
        return {c: Decimal(row[c]) for c in NUMERIC if row.get(c)} != {c: Decimal(text) for c, text in right.items()}
    except InvalidOperation:
        return True


def key_of(row: Row) -> Key:
    return row.get("figure", "7.7"), row.get("label") or row["area"], row["quantity"]


def ends_of(columns: Row, text: str) -> Ends:
    """Both ends with their rounding; below a bound they may be anywhere, and a potential is not negative."""
    low, high, half = float(columns["low"]), float(columns["high"]), float(columns.get("rounding", "0"))
    if text.startswith("<") or not half:
        return (low, high), (low, high)
    return (max(low - half, 0.0), low + half), (high - half, high + half)


def read(tables: Tables) -> Spans:
    return {key_of(row): ends_of(row, row["printed"]) for table in tables.values() for row in table}


# Spans; none in a product or below a ratio reaches below zero


def point(number: Bound) -> Span:
    return number, number


def middle(span: Span) -> Bound:
    return (span[0] + span[1]) / 2


def total(spans: Iterable[Span]) -> Span:
    return reduce(lambda a, b: (a[0] + b[0], a[1] + b[1]), spans)


def product(*spans: Span) -> Span:
    return reduce(lambda a, b: (a[0] * b[0], a[1] * b[1]), spans)


def ratio(top: Span, bottom: Span) -> Span:
    least, most = np.maximum(bottom[0], 1e-12), np.maximum(bottom[1], 1e-12)  # a slip may have made it zero
    return np.minimum(top[0] / least, top[0] / most), np.maximum(top[1] / least, top[1] / most)


def both(a: Span, b: Span) -> Span:
    """What two spans share, or, where they do not meet, what lies between them."""
    one, other = np.maximum(a[0], b[0]), np.minimum(a[1], b[1])
    return np.minimum(one, other), np.maximum(one, other)


def either(a: Span, b: Span) -> Span:
    return np.minimum(a[0], b[0]), np.maximum(a[1], b[1])


# Checks of the printed numbers against each other


def labels(figure: str, *dimensions: str, scope: str = "") -> list[str]:
    """Labels of a figure, in its order."""
    chosen = (
        row["label"]
        for row in TABLES["workforce"] + TABLES["potential"]
        if row["figure"] == figure and row["dimension"] in dimensions and (not scope or row["scope"] == scope)
    )
    return list(dict.fromkeys(chosen))


def ends(quantity: str) -> list[tuple[int, str]]:
    """Number and name of the ends of a quantity; only potentials are printed as ranges."""
    return [(0, " low"), (1, " high")] if quantity.startswith("freed") else [(0, "")]


def printed_twice(spans: Spans) -> Iterator[Claim]:
    """The same number in two figures, or in a figure and the text."""
    pairs = [("3.3", area, "4.1", area) for area in labels("4.1", "area")]
    pairs += [("3.3", "Total", "3.4", "Total"), ("3.3", "Total", "4.1", "Total"), ("4.1", HEALTH, "4.1.3", "Total")]
    twice = [((a, label, q), (b, other, q)) for a, label, b, other in pairs for q in (*FREED, FREED_SHARE)]
    twice += [(("7.1", "Total", q), ("7.2", "Total", q)) for q in AMOUNTS]
    twice += [(("7.7", area, "fte_change"), ("text", area, "need_fte")) for area in ("Sundhed", "Ældre")]
    twice += [(("3.3", "Total", FREED_SHARE), ("text", "Total", FREED_SHARE))]
    same = [(f"{' '.join(one)} in {other[0]}", one, spans[other]) for one, other in twice]
    for figure, label, quantity, text, place in REPEATED:
        again = ends_of(columns_of("potential", text), text)
        same.append((f"{figure} {label} {quantity} in {place}", (figure, label, quantity), again))
    for name, one, other in same:
        for end, which in ends(one[2]):
            yield name + which, point(middle(spans[one][end])), point(middle(other[end]))
    for quantity in (*FREED, FREED_SHARE):  # figure 4.2.1 prints the middle
        low, high = spans["4.1", EDUCATION, quantity]
        between = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
        yield f"4.1 {EDUCATION} {quantity} in 4.2.1", spans["4.2.1", "Total", quantity][0], between


# Total (none: all, 1), and the figure and labels of its parts
SUMS: list[tuple[str, str, str, list[str], tuple[str, ...]]] = [
    ("7.1", "", "7.1", labels("7.1", "level"), ("fte_share",)),
    ("7.2", "", "7.2", labels("7.2", "area"), AMOUNT_SHARES),
    ("7.2", "Total", "7.2", labels("7.2", "area"), AMOUNTS),
    ("7.3", IN_FOCUS, "7.3", labels("7.3", "category"), (*AMOUNTS, *AMOUNT_SHARES)),
    ("7.4", EXCLUDED, "7.4", labels("7.4", "excluded"), (*AMOUNTS, *AMOUNT_SHARES)),
    ("3.3", "Total", "3.3", labels("3.3", "area"), FREED),
    ("3.4", "Total", "3.4", labels("3.4", "level"), FREED),
    ("4.1", HEALTH, "4.1", labels("4.1", "area", scope="health"), FREED),
    ("4.1", EDUCATION, "4.1", labels("4.1", "area", scope="education"), FREED),
    ("4.1", OTHER_AREAS, "3.3", [area for area in AREAS if AREAS[area]["focus_area"] == "none"], FREED),
    ("4.1", "Total", "4.1", [HEALTH, EDUCATION, OTHER_AREAS], FREED),
    *((figure, "Total", figure, labels(figure, "category"), FREED) for figure in CATEGORY_FIGURES),
    ("text", HEALTH, "text", ["Sundhed", "Ældre"], ("need_fte",)),
]
LIKELY = float(ndtri(0.995))  # standard deviations: 99 % of a normal variable, and more of a sum of uniform ones


def sums(spans: Spans) -> Iterator[Claim]:
    """Parts make their total, as far as roundings can reach, and as far as independent ones reach in 99 of 100 sums."""
    for figure, label, source, parts, quantities in SUMS:
        for quantity in quantities:
            whole = spans[figure, label, quantity] if label else (point(1.0), point(1.0))
            for end, name in ends(quantity):
                terms = [spans[source, part, quantity][end] for part in parts]
                claim = f"sum {figure} {label or 'all'} {quantity}{name}"
                yield claim, total(terms), whole[end]
                reach = LIKELY * np.sqrt(sum((high - low) ** 2 / 12 for low, high in (*terms, whole[end])))
                yield f"likely {claim}", point(middle(total(terms)) - middle(whole[end])), (-reach, reach)


def percentages(spans: Spans) -> Iterator[Claim]:
    """Percentages of 2023 are the amounts beside them by the whole, and so is what the text says of the rest."""
    whole = {amount: spans["7.2", "Total", amount][0] for amount in AMOUNTS}
    for figure, label, quantity in spans:
        amount = dict(zip(AMOUNT_SHARES, AMOUNTS, strict=True)).get(quantity)
        if amount and (figure, label, amount) in spans:
            share = ratio(spans[figure, label, amount][0], whole[amount])
            yield f"{figure} {label} {quantity}", spans[figure, label, quantity][0], share
    # Of the fourth level the report says only that it is small; the tables hold what the other three leave
    named = total(spans["7.1", level, "fte_share"][0] for level in LEVELS if level != FUNDS)
    yield f"7.1 {FUNDS} is the rest", point(spans["7.1", FUNDS, "fte_share"][0][1]), point(1 - named[0])
    everyone, excluded = whole["fte_2023"], spans["7.4", EXCLUDED, "fte_2023"][0]
    known = total([spans["7.3", IN_FOCUS, "fte_2023"][0], excluded])
    rest = everyone[0] - known[1], everyone[1] - known[0]
    texts = [spans["text", label, "fte_share"][0] for label in ("Øvrige", EXCLUDED)]
    yield "text Øvrige is the rest", spans["text", "Øvrige", "fte_2023"][0], rest
    yield "text Øvrige is the rest, in percent", texts[0], ratio(rest, everyone)
    yield "text Ekskluderede is that of figure 7.4", texts[1], ratio(excluded, everyone)
    yield "text Øvrige and Ekskluderede are ca. 30%", total(texts), NOT_IN_FOCUS


def growth_factors(spans: Spans, area: str) -> tuple[Span, Span]:
    """Work of an area in 2040 over that in 2023, by the percentage and by the change of figure 7.7."""
    percent = spans["7.7", area, "percent_change"][0]
    change = ratio(spans["7.7", area, "fte_change"][0], spans["7.2", area, "fte_2023"][0])
    return (1 + percent[0], 1 + percent[1]), (1 + change[0], 1 + change[1])


def growth(spans: Spans) -> Iterator[Claim]:
    """Both columns of figure 7.7 agree; what municipalities run grows from their share of 2023 to that of 2040."""
    factors = {area: growth_factors(spans, area) for area in AREAS}
    fte = {area: product(spans["7.2", area, "fte_2023"][0], both(*factors[area])) for area in AREAS}
    staff = [product(spans["7.1", "Kommuner", "fte_share"][0], spans["7.2", "Total", "fte_2023"][0])]
    for area in AREAS:
        yield f"7.7 {area}", *factors[area]
        change = spans["7.7", area, "fte_change"][0]
        if "Kommuner" in LEVELS_OF[area]:
            staff.append(change if len(LEVELS_OF[area]) == 1 else either(change, point(0.0)))
    everyone = total(fte.values())
    yield "text Kommuner fte_share_2040", spans["text", "Kommuner", "fte_share_2040"][0], ratio(total(staff), everyone)
    for end, name in ends("freed_fte"):
        part = product(spans["text", "Total", "freed_fte_share"][end], everyone)
        yield f"text Total freed_fte_share{name}", spans["3.3", "Total", "freed_fte"][end], part


def bills_of_areas(spans: Spans) -> dict[str, Span]:
    """Wages of 2040 by area, at the prices of 2023."""
    return {a: product(spans["7.2", a, "wage_bill_2023"][0], both(*growth_factors(spans, a))) for a in AREAS}


def grown(spans: Spans, figure: str, category: str) -> tuple[Span, Span]:
    """FTE and wages of 2040 of a category in the figure's focus area: those of figure 7.3, grown as where it works.

    Where it can also work outside the focus area, all of it is only the upper bound.
    """
    scope = CATEGORY_FIGURES[figure]
    inside = [area for area in AREAS_OF[category] if scope in ("administration", AREAS[area]["focus_area"])]
    factor = reduce(either, (both(*growth_factors(spans, area)) for area in inside))
    if len(inside) < len(AREAS_OF[category]):
        factor = 0.0, factor[1]
    fte, bill = (product(spans["7.3", category, amount][0], factor) for amount in AMOUNTS)
    return fte, bill


def categories(spans: Spans) -> Iterator[Claim]:
    """A category's potential is its percentage of its FTE and of its wages, and freed FTE cost what its others do."""
    for figure in CATEGORY_FIGURES:
        for label in (one for one in labels(figure, "category") if one != REST):
            fte, bill = (spans["7.3", label, amount][0] for amount in AMOUNTS)
            wholes = grown(spans, figure, label)
            for end, name in ends(FREED_SHARE):
                share = spans[figure, label, FREED_SHARE][end]
                freed = [spans[figure, label, quantity][end] for quantity in FREED]
                for quantity, potential, whole in zip(FREED, freed, wholes, strict=True):
                    yield f"{figure} {label} {quantity}{name}", potential, product(share, whole)
                yield f"{figure} {label} price{name}", freed[1], product(freed[0], ratio(bill, fte))


def bases(spans: Spans) -> Iterator[Claim]:
    """Potentials are their percentage of the wages of 2040, and the wages that they are a percentage of add up."""
    bill = bills_of_areas(spans)
    focus = {area: row["focus_area"] for area, row in AREAS.items()}
    scope = {name: total(bill[area] for area in AREAS if focus[area] == name) for name in focus.values()}
    everything = total(bill.values())
    wholes: dict[tuple[str, str], Span] = {("3.3", area): bill[area] for area in AREAS}
    wholes |= {("3.3", "Total"): everything, ("4.1", OTHER_AREAS): scope["none"], ("4.1", HEALTH): scope["health"]}
    wholes |= {("4.1", EDUCATION): scope["education"], ("4.2.1", "Total"): scope["education"]}
    named = {(f, c): grown(spans, f, c)[1] for f in CATEGORY_FIGURES for c in labels(f, "category") if c != REST}
    for end, name in ends(FREED_SHARE):
        for (figure, label), whole in wholes.items():
            part = product(spans[figure, label, FREED_SHARE][end], whole)
            yield f"{figure} {label} {FREED_SHARE}{name}", spans[figure, label, "freed_wage"][end], part
        base = {
            (figure, label): ratio(spans[figure, label, "freed_wage"][end], spans[figure, label, FREED_SHARE][end])
            for figure in ("3.4", *CATEGORY_FIGURES)
            for label in labels(figure, "level", "category", "total")
        }
        totals = {"3.4": everything, "4.1.3": scope["health"], "4.2.1": scope["education"]}
        for figure, whole in (totals | {"4.3.2": base["4.3.2", "Total"]}).items():
            lines = [(figure, label) for label in labels(figure, "level", "category")]
            added = total(both(base[line], named.get(line, (0.0, np.inf))) for line in lines)
            yield f"{figure} wages of 2040{name}", added, whole


PHASE_IN = {c: float(CATEGORIES[c]["phase_in_high"]) / float(CATEGORIES[c]["phase_in_low"]) for c in FOCUS}
MIXED = min(PHASE_IN.values()), max(PHASE_IN.values())


def bands(spans: Spans) -> Iterator[Claim]:
    """The ends of a range stand to each other as those of the phase-in (sections 4.1-4.3)."""
    for row in TABLES["potential"]:
        if len(numbers(row["printed"])) == 2 and row["dimension"] != "use_case":
            low, high = spans[key_of(row)]
            own = PHASE_IN.get(row["label"])
            yield f"band of {' '.join(key_of(row))}", high, product(low, point(own) if own else MIXED)


BLOCKS = [[c for c in FOCUS if CATEGORIES[c]["focus_area"] == block] for block in CATEGORY_FIGURES.values()]
ORDERED: list[tuple[str, list[str], str]] = [
    ("7.1", labels("7.1", "level"), "fte_share"),
    ("7.2", labels("7.2", "area"), "fte_2023"),
    *(("7.3", block, "fte_2023") for block in BLOCKS),
    ("7.4", labels("7.4", "excluded"), "fte_2023"),
    ("7.7", [row["area"] for row in TABLES["growth"] if row["quantity"] == "fte_change"], "fte_change"),
    ("3.3", labels("3.3", "area"), "freed_fte"),
    ("3.4", labels("3.4", "level"), "freed_fte"),
    *((figure, labels(figure, "category"), "freed_fte") for figure in CATEGORY_FIGURES),
]


def order(spans: Spans) -> Iterator[Claim]:
    """Every figure lists its rows by falling FTE, the rest last; no range runs backwards."""
    for figure, lines, quantity in ORDERED:
        for above, below in pairwise(line for line in lines if not line.startswith("Øvrige")):
            upper, lower = spans[figure, above, quantity], spans[figure, below, quantity]
            for end, name in ends(quantity):
                yield f"{figure} {above} above {below}{name}", point(middle(lower[end])), (-np.inf, middle(upper[end]))
    for key, (low, high) in spans.items():
        yield f"{' '.join(key)} forwards", point(middle(low)), (-np.inf, middle(high))


CHECKS = (printed_twice, sums, percentages, growth, categories, bases, bands, order)
TOLERANCE = 1e-9  # of floating point


def broken(spans: Spans) -> dict[str, np.ndarray]:
    """Which claims do not hold: bool, () or (S,)."""
    claims = [claim for check in CHECKS for claim in check(spans)]
    return {name: np.asarray((a[0] > b[1] + TOLERANCE) | (b[0] > a[1] + TOLERANCE)) for name, a, b in claims}


def violations(tables: Tables) -> set[str]:
    """Claims that do not hold for the tables."""
    return {name for name, one in broken(read(tables)).items() if one}
