"""A configuration with its tables, and all that follows from them before the first draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .config import Config
from .dependence import Copula, correlate, groups_split, read_dependence, without
from .design import Design
from .distributions import bounds, mean, quantile, variance
from .errors import InputError
from .evidence import Evidence
from .inputs import Input
from .kernels.structure import Structure
from .outputs import OutputRow, base_places, line_coefficients, output_rows, row_weights, scope_rows, table_weights
from .packing import pack
from .potential import RECONCILED, evaluate
from .sensitivity.exact import (
    Lines,
    Moments,
    make_lines,
    output_means,
    output_products,
    speed_moments,
)
from .sensitivity.indices import Groups, all_groups
from .simulation import Bins, Sampler, make_bins, make_sampler, pilot_bins

if TYPE_CHECKING:
    import xarray as xr

PILOT_BITS = 13


@dataclass(frozen=True)
class Prepared:
    """The potential model with a distribution on every input.

    Attributes
    ----------
    config : Config
    evidence : Evidence
    inputs : tuple of Input
    """

    config: Config
    evidence: Evidence
    inputs: tuple[Input, ...]

    @property
    def names(self) -> list[str]:
        """Names of the inputs, in order."""
        return [one.name for one in self.inputs]

    @property
    def years(self) -> tuple[int, ...]:
        """Years of the results."""
        return self.config.settings.years

    def values(self, levels: np.ndarray) -> np.ndarray:
        """Values of the inputs, joined by the copula, at independent quantile levels.

        Parameters
        ----------
        levels : (n, inputs) float64
            From 0 to 1, both included; of inputs that depend on each other, without the ends.

        Returns
        -------
        (n, inputs) float64

        Raises
        ------
        ValueError
            If the shape does not fit, or a level is NaN or outside 0 to 1.
        """
        levels = np.atleast_2d(np.asarray(levels, dtype=np.float64))
        if levels.ndim != 2 or levels.shape[1] != len(self.inputs):
            raise ValueError(
                f"levels have shape {levels.shape}; {len(self.inputs)} inputs make it (n, {len(self.inputs)})"
            )
        levels = correlate(levels, self.copula) if self.copula.blocks else levels
        return np.column_stack([quantile(one.distribution, levels[:, i]) for i, one in enumerate(self.inputs)])

    def central(self) -> np.ndarray:
        """Values of the inputs in the middle of their distributions, and the reconciled workforce, (1, inputs) float64."""
        values = self.values(np.full((1, len(self.inputs)), 0.5))
        values[:, self.names.index("reconstruction")] = RECONCILED
        return values

    def evaluate(self, values: np.ndarray) -> xr.Dataset:
        """Outputs at given values of the inputs, by the plain formula; see `simulator.potential.evaluate`.

        Parameters
        ----------
        values : (n, inputs) float64

        Returns
        -------
        xarray.Dataset
            On a dimension `future` of length n.
        """
        return evaluate(self.evidence, self.names, self.years, self.config.settings.phase_in.start, values)

    @cached_property
    def structure(self) -> Structure:
        """The tables as plain arrays."""
        return pack(self.evidence, self.names, self.years, self.config.settings.phase_in.start)

    @cached_property
    def rows(self) -> tuple[OutputRow, ...]:
        """Rows of the outputs: all, or the totals alone."""
        rows = output_rows(self.evidence)
        return (
            tuple(row for row in rows if row.dimension == "") if self.config.settings.run.outputs == "total" else rows
        )

    @cached_property
    def weights(self) -> np.ndarray:
        """Weights of the terms in each row and area, (rows, A, P) float64."""
        return row_weights(self.structure, self.rows, self.evidence)

    @cached_property
    def lines(self) -> Lines:
        """The rows as lines in the drivers of growth, (years, rows, P) float64, over all workforce tables."""
        return self._lines(self.rows)

    @cached_property
    def scope_lines(self) -> Lines:
        """The same of the rows whose sensitivity is analysed."""
        return self._lines([self.rows[scope] for scope in scope_rows(self.rows)])

    @cached_property
    def scope_coefficients(self) -> np.ndarray:
        """Weights of the categories in their lines for each workforce table, (E, S, 2 + D, C) float64."""
        rows = [self.rows[scope] for scope in scope_rows(self.rows)]
        batches = table_weights(self.structure, rows, self.evidence)
        return np.concatenate([line_coefficients(self.structure, weights) for weights in batches])

    def _lines(self, rows: Sequence[OutputRow]) -> Lines:
        one = len(self.evidence.ensemble) == 1
        weights = row_weights if one else table_weights
        return make_lines(self.structure, self.moments, weights(self.structure, rows, self.evidence))

    @cached_property
    def sampler(self) -> Sampler:
        """Tabulated quantile functions."""
        return make_sampler((one.distribution for one in self.inputs), self.copula)

    @cached_property
    def copula(self) -> Copula:
        """Dependence between inputs that are not fixed.

        Raises
        ------
        InputError
            If what is stated cannot hold, or names the workforce table.
        """
        place = self.config.place("dependence")
        stated = read_dependence(self.config.settings.dependence, self.names, place)
        if self.names.index("reconstruction") in stated.dependent:
            problem = "'reconstruction' is a number of a table, without an order: nothing can be correlated with it"
            raise InputError(place, problem, "Leave it out.")
        ends = [bounds(one.distribution) for one in self.inputs]
        return without(stated, [i for i, (low, high) in enumerate(ends) if low == high])

    @property
    def closed_form(self) -> bool:
        """Whether moments and indices have a closed form: where no input depends on another."""
        return not self.copula.blocks

    def has_index(self, members: np.ndarray) -> np.ndarray:
        """Which groups have Sobol' indices: those that hold inputs which depend on each other together, or none of them.

        Parameters
        ----------
        members : (G, inputs) bool

        Returns
        -------
        (G,) bool
        """
        return np.asarray(~groups_split(self.copula, members).any(axis=1))

    @cached_property
    def groups(self) -> Groups:
        """Groups of all partitions, and of the inputs that depend on each other."""
        return all_groups(self.inputs, self.copula.blocks)

    @cached_property
    def moments(self) -> Moments:
        """Means and variances of the inputs."""
        speed = next(one.distribution for one in self.inputs if one.name == "speed")
        return Moments(
            np.array([mean(one.distribution) for one in self.inputs]),
            np.array([variance(one.distribution) for one in self.inputs]),
            *speed_moments(speed, self.years, self.config.settings.phase_in.start),
        )

    @cached_property
    def exact_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of all rows if inputs were independent, in closed form, each (years, rows) float64."""
        everything = np.ones(len(self.inputs), dtype=bool)
        means = output_means(self.structure, self.moments, self.lines)
        squares = output_products(self.structure, self.moments, self.lines, everything)
        return means, np.maximum(squares - means**2, 0.0)

    @cached_property
    def bins(self) -> Bins:
        """Bins of the histograms, from the closed form; where inputs depend on each other, from a pilot beside it."""
        means, variances = self.exact_moments
        places = base_places(self.evidence, self.rows)
        base = _mean_bases(self.structure, self.moments.mean)[:, places]
        # A share varies with its base as well; half as much again as the amount alone leaves room for that.
        deviations = np.sqrt(variances)
        bins = make_bins(
            np.stack([means, means / base], axis=-1), np.stack([deviations, 1.5 * deviations / base], axis=-1)
        )
        if self.closed_form:
            return bins
        pilot = Design(len(self.inputs), 1, PILOT_BITS, self.config.settings.run.seed)
        return pilot_bins(pilot, self.sampler, self.structure, bins, places)


def _mean_bases(s: Structure, mean: np.ndarray) -> np.ndarray:
    """What shares are shares of, at the means of the inputs: (years, bases) float64, as `Structure.base_level`."""
    drivers = np.append(1.0, mean[s.driver] - s.driver_reference)
    growing = s.base_growth @ drivers / s.base_level[: len(s.base_growth)]
    areas, categories = s.area_growth @ drivers, s.category_growth[:-2] @ drivers / s.category_level[0, :-1]
    relative = np.concatenate([growing, areas, areas, categories])
    return np.asarray(s.base_level * (1 + s.year_path[:, None] * relative))
