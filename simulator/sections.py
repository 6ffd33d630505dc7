"""The sections of a configuration: their keys, types, limits and defaults."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1)]
MAX_FUTURES = 2**40


class Section(BaseModel):
    """A table of a configuration: no other keys, no other types, nothing that is not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class RunSection(Section):
    """How many futures are drawn, and how."""

    futures: int = Field(default=2**22, ge=1, le=MAX_FUTURES)
    replicates: int = Field(default=16, ge=1, le=1024)
    seed: int = Field(default=0, ge=0, lt=2**63)
    method: Literal["sobol", "monte-carlo"] = "sobol"
    base_points: int = Field(default=2**20, ge=1, le=2**32)
    index_points: int = Field(default=0, ge=0, le=2**26)
    precision: float | None = Field(default=None, gt=0, lt=1)
    max_futures: int | None = Field(default=None, ge=1, le=MAX_FUTURES)
    max_seconds: float | None = Field(default=None, gt=0)
    sample: int = Field(default=10_000, ge=0, le=1_000_000)
    quantiles: tuple[Fraction, ...] = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
    outputs: Literal["all", "total"] = "all"
    continuable: bool = True


class PhaseInSection(Section):
    """Spread of the phase-in of each category, and its path over the years."""

    shift: float = Field(default=0.0, ge=-1, le=1)
    common: Fraction = 0.5
    national: Fraction = 2 / 3
    start: float = Field(default=2024.0, ge=1900, le=2100)


class TechnologySection(Section):
    """Whether the factors of technology and themes are common to all categories, or each category's own."""

    common: bool = True


class ReconstructionSection(Section):
    """Whether the workforce table itself is uncertain: an ensemble of tables, or the one that was reconciled."""

    ensemble: bool = False


class PublishedSection(Section):
    """How many printed bounds the model has to hit, for `published --strict`."""

    hits: int | None = Field(default=None, ge=0)


class DecisionSection(Section):
    """Whether to act on a total of 2040: what it is worth to know more first. Acting pays the total less the threshold."""

    quantity: Literal["freed_fte", "freed_wage"] = "freed_fte"
    threshold: float | None = None


class RelativeSection(Section):
    """Spread of quantities for which the report prints a point or nothing."""

    relative: float = Field(ge=0, lt=1)


class Settings(Section):
    """All keys of a configuration file."""

    title: str
    author: str = ""
    reference: str = ""
    reason: str = ""
    data: str
    years: tuple[Annotated[int, Field(ge=2023, le=2040)], ...] = (2025, 2030, 2035, 2040)
    run: RunSection = RunSection()
    phase_in: PhaseInSection = PhaseInSection()
    technology: TechnologySection = TechnologySection()
    time_share: RelativeSection
    coefficient: RelativeSection
    residual: RelativeSection
    reconstruction: ReconstructionSection = ReconstructionSection()
    published: PublishedSection = PublishedSection()
    dependence: tuple[dict[str, Any], ...] = ()
    decision: DecisionSection = DecisionSection()
    inputs: dict[str, Any] = Field(default_factory=dict)
