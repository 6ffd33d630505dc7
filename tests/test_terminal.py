"""The summary on the terminal: whole numbers at any width, and the numbers of the tree."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from rich.console import Console

import simulator
from simulator.distributions import quantile
from simulator.terminal.summary import DRIVERS, driver_label, terminal_summary

CONFIGS = Path(__file__).parent.parent / "configs"
WIDTHS = (80, 120)
WRITTEN = "/a/rather/long/path/of/a/user/" + "x" * 80 + "/results.nc"


def rendered(tree: xr.DataTree, width: int) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, highlight=False, markup=False, emoji=False)
    console.print(terminal_summary(tree, WRITTEN), crop=False)  # as the command line does
    return file.getvalue()


def run(changes: tuple[str, ...] = (), config: Path = CONFIGS / "base.toml", futures: int = 2**12) -> xr.DataTree:
    return simulator.load(config, ["run.sample=16", "reconstruction.ensemble=false", *changes]).run(
        futures=futures, seed=5
    )


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    return run()


@pytest.fixture(scope="module")
def noisy(tree: xr.DataTree) -> xr.DataTree:
    """With intervals as wide on paper as they can come from few futures."""
    noise = tree.copy(deep=True)
    noise["sensitivity"]["total_order_ci"][:] = [-0.123, -0.045]
    return noise


def drivers(text: str) -> list[str]:
    lines = text.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("What drives"))
    last = next(place for place, line in enumerate(lines) if line.startswith("By kind of assumption"))
    return lines[first + 1 : last]


def areas(text: str) -> list[list[str]]:
    lines = text.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("By area in"))
    return [re.split(r"\s{2,}", line.strip()) for line in lines[first + 2 : first + 14]]


def plain(text: str) -> str:
    """As one line: where a line breaks depends on the width."""
    return " ".join(text.split())


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cropped_but_labels(tree: xr.DataTree, noisy: xr.DataTree, width: int) -> None:
    for one in (tree, noisy):
        text = rendered(one, width)
        for line in text.splitlines():
            assert len(line) <= width or line == f"Written: {WRITTEN}", line
        for line in drivers(text):
            label, rest = line[:35], line[35:]
            # An index, its interval, and a bar.
            assert re.fullmatch(r"\s*-?\d\.\d{3}\s+\[-?\d\.\d{3}, -?\d\.\d{3}\]\s*█*\s*", rest), line
            assert "…" not in rest
            assert label.strip()
        for cells in areas(text):
            numbers = " ".join(cells[1:])
            assert re.fullmatch(r"(\d+\.\d ){3}\d+-\d+ \d+%", numbers), numbers
        elsewhere = [line for line in text.splitlines() if line not in drivers(text)]
        assert not any("…" in line for line in elsewhere)
    assert all("[-0.123, -0.045]" in line for line in drivers(rendered(noisy, width)))


def test_the_path_of_the_file_stays_on_one_line(tree: xr.DataTree) -> None:
    assert f"Written: {WRITTEN}\n" in rendered(tree, 80)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_ten_strongest_drivers_come_first(tree: xr.DataTree, width: int) -> None:
    indices = tree["sensitivity"].to_dataset().sel(output="freed_fte 2040")
    groups = {
        str(name): float(total)
        for name, total in zip(indices["group"].values, indices["total_order"].values, strict=True)
        if (name.startswith("factor: ") and name not in ("factor: own", "factor: extrapolation"))
        or (name.startswith("category: ") and name != "category: Fælles")
    }
    expected = sorted(groups, key=lambda name: -groups[name])[:DRIVERS]
    lines = drivers(rendered(tree, width))
    assert len(lines) == DRIVERS == 10
    for name, line in zip(expected, lines, strict=True):
        label = driver_label(name.partition(": ")[2])
        shown = line[:35].strip()
        assert label.startswith(shown.removesuffix("…")), line
        assert shown == label or len(label) > 34
        lower, upper = indices["total_order_ci"].sel(group=name).values
        assert plain(line[35:]).startswith(f"{groups[name]:.3f} [{lower:.3f}, {upper:.3f}]")
    bars = [line.count("█") for line in lines]
    assert bars == sorted(bars, reverse=True)
    assert bars[0] == 16
    assert bars[1] == round(16 * groups[expected[1]] / groups[expected[0]])


def test_drivers_hold_every_varying_input_once() -> None:
    """Common factors, and categories without them, Øvrige's own factors included."""
    for config in ("base", "independent"):
        path = CONFIGS / f"{config}.toml"
        model = simulator.load(path)
        members = dict(zip(model.groups.names, model.groups.members, strict=True))
        shown = [
            member
            for name, member in members.items()
            if (name.startswith("factor: ") and name not in ("factor: own", "factor: extrapolation"))
            or (name.startswith("category: ") and name != "category: Fælles")
        ]
        assert (np.sum(shown, axis=0) == 1).all()


def test_independent_categories_have_the_others_among_their_drivers() -> None:
    tree = run(config=CONFIGS / "independent.toml", futures=2**10)
    text, indices = rendered(tree, 80), tree["sensitivity"].sel(output="freed_fte 2040")
    others = float(indices["total_order"].sel(group="category: Øvrige"))
    assert others > float(indices["total_order"].sel(group="factor: extrapolation")) + 0.01
    assert any(
        line.strip().startswith("Extrapolation to Øvrige") and f" {others:.3f} " in line for line in drivers(text)
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_the_headline_is_that_of_the_tree(tree: xr.DataTree, width: int) -> None:
    text = plain(rendered(tree, width))
    summary = tree["summary"].sel(year=2040)
    for quantity, what, unit, published in (
        ("freed_fte", "Freed FTE", "thousand", "84-96"),
        ("freed_wage", "Freed wages", "bn DKK", "48-55"),
    ):
        low, middle, high = (float(summary[quantity].sel(quantile=level)) for level in (0.05, 0.5, 0.95))
        below, inside, above = summary[f"probability_{quantity}"].values
        assert (
            f"{what} in 2040: {middle:.1f} {unit}, 90 % interval {low:.1f} to {high:.1f} published {published}" in text
        )
        assert f"holds in {inside:.0%} of futures; {below:.0%} lie below it and {above:.0%} above." in text
    assert "4,096 futures in 16 replicates, seed 5" in text
    assert str(tree.attrs["title"]) in text


@pytest.mark.parametrize("width", WIDTHS)
def test_areas_are_those_of_the_tree(tree: xr.DataTree, width: int) -> None:
    summary = tree["summary"].sel(year=2040)
    middle = summary["freed_fte_by_area"].sel(quantile=0.5)
    expected = []
    for name in middle["area"].values[np.argsort(-middle.values)]:
        numbers = [f"{float(summary['freed_fte_by_area'].sel(area=name, quantile=q)):.1f}" for q in (0.05, 0.5, 0.95)]
        low, high = summary["published_freed_fte_by_area"].sel(area=name).values
        inside = float(summary["probability_freed_fte_by_area"].sel(area=name, position="in"))
        expected.append([str(name), *numbers, f"{low:.0f}-{high:.0f}", f"{inside:.0%}"])
    assert areas(rendered(tree, width)) == expected
    assert len(expected) == 12


@pytest.mark.parametrize("width", WIDTHS)
def test_shares_of_the_variance_are_those_of_the_tree(tree: xr.DataTree, width: int) -> None:
    text = plain(rendered(tree, width))
    indices = tree["sensitivity"].to_dataset().sel(output="freed_fte 2040")
    for partition in ("assumption", "evidence"):
        chosen = (indices["partition"].values == partition) & (indices["total_order_exact"].values > 0)
        part = indices["first_order"].isel(group=np.flatnonzero(chosen))
        order = np.argsort(-part.values, kind="stable")
        said = ", ".join(f"{part['label'].values[i]} {round(float(part.values[i]), 2) + 0.0:.0%}" for i in order)
        assert f"By kind of {partition} (first order): {said}" in text
    assert "-0%" not in text
    allocation = indices["allocation"]
    strongest = [str(allocation["category"].values[i]) for i in np.argsort(-allocation.values)[:5]]
    said = ", ".join(f"{name} {float(allocation.sel(category=name)):.0%}" for name in strongest)
    assert f"Categories that carry the range (allocation of the variance): {said}" in text


def test_no_sign_before_0(tree: xr.DataTree) -> None:
    noise = tree.copy(deep=True)
    noise["sensitivity"]["first_order"].loc[{"group": "assumption: speed"}] = -0.001
    assert "speed 0%" in rendered(noise, 120)


def test_the_closed_form_is_that_of_the_tree(tree: xr.DataTree) -> None:
    text = plain(rendered(tree, 120))
    at = tree["sensitivity"].sel(output="freed_fte 2040")
    assert f"Closed form: mean {float(at['mean_exact']):.3f} (simulated " in text
    assert f"sd {float(np.sqrt(at['variance_exact'])):.3f} (" in text
    indices = tree["sensitivity"].to_dataset()
    farthest = max(float(np.abs(indices[n] - indices[f"{n}_exact"]).max()) for n in ("first_order", "total_order"))
    assert f"indices agree to {farthest:.1e}" in text


def test_rounded_futures_are_said() -> None:
    text = rendered(run(("run.outputs=total", "run.base_points=64"), futures=1000), 80)
    assert "1,024 futures (1,000 asked for) in 16 replicates" in plain(text)


def test_a_total_alone_has_no_table_of_areas() -> None:
    text = rendered(run(("run.outputs=total", "run.base_points=64"), futures=64), 80)
    assert "By area" not in text
    assert len(drivers(text)) == 10


def test_one_replicate_has_no_intervals() -> None:
    for line in drivers(rendered(run(("run.replicates=1", "run.base_points=256"), futures=256), 80)):
        assert re.fullmatch(r"\s*\d\.\d{3}\s*█*\s*", line[35:]), line


def test_other_quantiles_leave_the_headline_as_it_is(tree: xr.DataTree) -> None:
    text = rendered(run(("run.quantiles=[0.2, 0.8]",)), 120)
    assert [line for line in text.splitlines() if "90 % interval" in line] == [
        line for line in rendered(tree, 120).splitlines() if "90 % interval" in line
    ]


def test_nothing_that_varies(tmp_path: Path) -> None:
    lines = [
        f"extends = {json.dumps(str(CONFIGS / 'base.toml'))}",
        'author = "a"',
        'reference = "b"',
        'reason = "c"',
        "[inputs]",
    ]
    for one in simulator.load(CONFIGS / "base.toml").inputs[:-1]:  # all but the workforce table
        key = ".".join(json.dumps(part, ensure_ascii=False) for part in one.name.split("."))
        lines.append(f'{key} = {{ kind = "fixed", value = {float(quantile(one.distribution, [0.5])[0])!r} }}')
    (tmp_path / "still.toml").write_text("\n".join(lines), encoding="utf-8")
    text = rendered(run(config=tmp_path / "still.toml", futures=64), 80)
    assert "Freed FTE in 2040: 90.0 thousand, 90 % interval 90.0 to 90.0" in text
    assert "Freed FTE in 2040 do not vary: every input that they depend on is fixed." in text
    assert "nan" not in text


def test_labels_in_words() -> None:
    assert driver_label("technology") == "Technology, all coefficients"
    assert driver_label("Øvrige") == "Extrapolation to Øvrige"
    assert driver_label("barrier.Økonomi") == "Barrier: Økonomi"
    assert driver_label("Læger og speciallæger") == "Læger og speciallæger"


def test_markup_in_a_title_is_text() -> None:
    model = simulator.load(
        CONFIGS / "base.toml", ['title="[bold]:smile: [/bold]"', "run.sample=16", "run.base_points=64"]
    )
    assert "[bold]:smile: [/bold]\n" in rendered(model.run(futures=64), 80)
