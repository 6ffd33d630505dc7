"""The real model, read and packed once for all tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from simulator.config import Config, load_config
from simulator.distributions import mean, variance
from simulator.evidence import Evidence, read_evidence
from simulator.inputs import PARTITIONS, Input, build_inputs, partition
from simulator.kernels.structure import Structure
from simulator.outputs import OutputRow, output_rows, row_weights
from simulator.packing import pack
from simulator.potential import evaluate
from simulator.sensitivity.exact import Moments, speed_moments
from simulator.simulation import Sampler, make_sampler
from simulator.sources import OTHER

CONFIGS = Path(__file__).parent.parent / "configs"

settings.register_profile("same each time", derandomize=True, deadline=None)
settings.load_profile("same each time")


@dataclass(frozen=True)
class Prepared:
    """A configuration with all that is made of it; Y years, A areas, P terms.

    Attributes
    ----------
    config : Config
    evidence : Evidence
    inputs : tuple of Input
    structure : Structure
    rows : tuple of OutputRow
    weights : (rows, A, P) float64
    moments : Moments
    sampler : Sampler
    """

    config: Config
    evidence: Evidence
    inputs: tuple[Input, ...]
    structure: Structure
    rows: tuple[OutputRow, ...]
    weights: np.ndarray
    moments: Moments
    sampler: Sampler

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.inputs]

    @property
    def years(self) -> tuple[int, ...]:
        return self.config.settings.years

    @property
    def start(self) -> float:
        return self.config.settings.phase_in.start

    def at(self, *names: str) -> list[int]:
        """Positions of inputs."""
        return [self.names.index(name) for name in names]

    def group(self, *names: str) -> np.ndarray:
        """Members of a group, (inputs,) bool."""
        members = np.zeros(len(self.inputs), dtype=bool)
        members[self.at(*names)] = True
        return members

    def partition_groups(self, *partitions: str) -> np.ndarray:
        """Groups of all given partitions (by default of each), (G, inputs) bool."""
        places = [p for name in partitions or PARTITIONS for p in partition(self.inputs, name).values()]
        return np.array([[i in place for i in range(len(self.inputs))] for place in map(set, places)])

    @property
    def categories(self) -> list[str]:
        """Categories with a potential, `Øvrige` last."""
        return [*self.evidence.categories[:-2], OTHER]

    def reference(self, values: np.ndarray) -> np.ndarray:
        """All outputs by the plain formula.

        Parameters
        ----------
        values : (n, inputs) float64

        Returns
        -------
        (n, Y, rows, 2) float64
            Amounts and their shares.
        """
        data = evaluate(self.evidence, self.names, self.years, self.start, values)
        result = np.empty((len(values), len(self.years), len(self.rows), 2))
        for place, row in enumerate(self.rows):
            for kind, word in enumerate(("", "_share")):
                name = row.quantity + word + (f"_by_{row.dimension}" if row.dimension else "")
                chosen = data[name].sel({row.dimension: row.label}) if row.dimension else data[name]
                result[:, :, place, kind] = chosen.transpose("future", "year").values
        return result

    def contributions(self, values: np.ndarray) -> np.ndarray:
        """What each category contributes to all amounts: the own technology factors of all others are set to zero.

        Parameters
        ----------
        values : (n, inputs) float64

        Returns
        -------
        (n, Y, rows, categories) float64
        """
        own = np.array(self.at(*(f"technology_own.{name}" for name in self.categories)))
        alone = np.tile(values, (len(own), 1, 1))
        for category in range(len(own)):
            alone[category][:, np.delete(own, category)] = 0.0
        amounts = self.reference(alone.reshape(-1, values.shape[1]))[..., 0]
        return np.moveaxis(amounts.reshape(len(own), len(values), *amounts.shape[1:]), 0, -1)


def prepare(path: Path, changes: Sequence[str] = ()) -> Prepared:
    """Read a configuration, with `changes` as on the command line, and pack its model, with the one reconciled table.

    An ensemble of tables has tests of its own, which are quicker with few tables (see `with_tables`).
    """
    config = load_config(path, changes)
    evidence = read_evidence(config.data)
    return pack_model(config, evidence)


def pack_model(config: Config, evidence: Evidence) -> Prepared:
    """The model of a configuration with tables that need not be those of its folder."""
    inputs = build_inputs(config, evidence)
    names, years, start = [one.name for one in inputs], config.settings.years, config.settings.phase_in.start
    structure = pack(evidence, names, years, start)
    rows = output_rows(evidence)
    distributions = [one.distribution for one in inputs]
    moments = Moments(
        np.array([mean(one) for one in distributions]),
        np.array([variance(one) for one in distributions]),
        *speed_moments(distributions[names.index("speed")], years, start),
    )
    weights = row_weights(structure, rows, evidence)
    return Prepared(config, evidence, inputs, structure, rows, weights, moments, make_sampler(distributions))


def with_tables(evidence: Evidence, tables: int) -> Evidence:
    """With an ensemble of workforce tables, far apart; one of them without some cells, which no other lacks."""
    random = np.random.default_rng(11)
    fte = evidence.workforce.fte * np.exp(0.3 * random.normal(size=(tables, *evidence.workforce.fte.shape)))
    fte[1, 2, 11] = 0.0
    return replace(evidence, ensemble=fte)


def with_rows(model: Prepared, places: Sequence[int]) -> Prepared:
    """The same model with some of its output rows."""
    rows = tuple(model.rows[place] for place in places)
    return replace(model, rows=rows, weights=model.weights[list(places)])


@pytest.fixture(scope="session")
def base() -> Prepared:
    return prepare(CONFIGS / "base.toml")


@pytest.fixture(scope="session", params=["base", "independent"])
def prepared(request: pytest.FixtureRequest) -> Prepared:
    """Each configuration whose closed form is tested."""
    path = CONFIGS / f"{request.param}.toml"
    if not path.exists():
        pytest.skip(f"{path.name} is not there")
    return prepare(path)


@pytest.fixture(scope="session")
def config(base: Prepared) -> Config:
    return base.config


@pytest.fixture(scope="session")
def evidence(base: Prepared) -> Evidence:
    return base.evidence


@pytest.fixture(scope="session")
def inputs(base: Prepared) -> tuple[Input, ...]:
    return base.inputs


@pytest.fixture(scope="session")
def structure(base: Prepared) -> Structure:
    return base.structure
