"""Freed FTE of each use case as a plain function of its quantities, vectorised over futures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Values = float | NDArray[np.float64]
Formula = Callable[..., Values]


def documentation(
    *,
    sosu_fte: Values,
    sosu_elder_part: Values,
    sosu_elder_share: Values,
    sosu_health_share: Values,
    nurses_fte: Values,
    nurses_elder_part: Values,
    nurses_share: Values,
    secretaries_fte: Values,
    secretaries_share: Values,
    doctors_therapists_fte: Values,
    others_fte: Values,
    unprinted_share: Values,
    growth_elder: Values,
    growth_health: Values,
    coefficient: Values,
    phase_in: Values = 1.0,
) -> Values:
    """Dokumentation, section 4.1 and figure 4.1.4, p. 26 on: 9-11 thousand FTE in 2040.

    freed = Σ_g fte[g] · (1 + growth[g]) · share[g] · coefficient · phase_in, over the groups g with a printed share (SOSU and
    nurses in elder care and in health, medical secretaries) and those without (doctors, therapists, others), which have
    one `unprinted_share` together; `others_fte` is that of 2040.

    Returns
    -------
    float or ndarray
        Thousand FTE, as all that is called fte.
    """
    elder, health = 1 + growth_elder, 1 + growth_health
    sosu = sosu_elder_part * elder * sosu_elder_share + (1 - sosu_elder_part) * health * sosu_health_share
    nurses = (nurses_elder_part * elder + (1 - nurses_elder_part) * health) * nurses_share
    unprinted = (doctors_therapists_fte * health + others_fte) * unprinted_share
    time = sosu_fte * sosu + nurses_fte * nurses + secretaries_fte * health * secretaries_share + unprinted
    return time * coefficient * phase_in


def digital_front_door(
    *, contacts: Values, avoided: Values, saved: Values, minutes: Values, hours: Values, phase_in: Values = 1.0
) -> Values:
    """Digital fordør, section 4.1 and figure 4.1.5, p. 29 on: 0.9-1.1 thousand FTE in 2040.

    freed = contacts · (avoided + (1 - avoided) · saved) · minutes / 60 / hours · phase_in: contacts that are avoided, and time
    saved on those that remain. With `contacts` in millions a year the result is in millions, hence the factor 1000.

    Returns
    -------
    float or ndarray
        Thousand FTE.
    """
    return 1000 * contacts * (avoided + (1 - avoided) * saved) * minutes / 60 / hours * phase_in


def preparation(
    *,
    teachers_fte: Values,
    school_part: Values,
    gymnasium_share: Values,
    older_part: Values,
    older_share: Values,
    younger_share: Values,
    growth: Values,
    coefficient: Values,
    phase_in: Values = 1.0,
) -> Values:
    """Forberedelse og evaluering, section 4.2 and figure 4.2.2, p. 36 on: 5-6 thousand FTE.

    freed = teachers · (1 + growth) · (school_part · school_share + (1 - school_part) · gymnasium_share) · coefficient
    · phase_in, where school_share = older_part · older_share + (1 - older_part) · younger_share.

    Returns
    -------
    float or ndarray
        Thousand FTE.
    """
    school_share = older_part * older_share + (1 - older_part) * younger_share
    share = school_part * school_share + (1 - school_part) * gymnasium_share
    return teachers_fte * (1 + growth) * share * coefficient * phase_in


def general_administration(
    *, administration_fte: Values, admin_share: Values, growth: Values, coefficient: Values, phase_in: Values = 1.0
) -> Values:
    """Generelle administrative opgaver, section 4.3 and figure 4.3.3, p. 43 on: 12-15 thousand FTE.

    freed = administration_fte · (1 + growth) · admin_share · coefficient · phase_in

    Returns
    -------
    float or ndarray
        Thousand FTE.
    """
    return administration_fte * (1 + growth) * admin_share * coefficient * phase_in


def casework(
    *,
    devices_fte: Values,
    assessors_fte: Values,
    social_workers_fte: Values,
    building_fte: Values,
    job_centres_fte: Values,
    lawyers_fte: Values,
    casework_share: Values,
    growth: Values,
    coefficient: Values,
    phase_in: Values = 1.0,
) -> Values:
    """Sagsbehandling, section 4.3 and figure 4.3.4, p. 46 on: 4-5 thousand FTE in 2040.

    freed = (sum of the six groups) · (1 + growth) · casework_share · coefficient · phase_in

    Returns
    -------
    float or ndarray
        Thousand FTE.
    """
    workers = devices_fte + assessors_fte + social_workers_fte + building_fte + job_centres_fte + lawyers_fte
    return workers * (1 + growth) * casework_share * coefficient * phase_in


FORMULAS: dict[str, Formula] = {
    "Dokumentation": documentation,
    "Digital fordør": digital_front_door,
    "Forberedelse og evaluering": preparation,
    "Generelle administrative opgaver": general_administration,
    "Sagsbehandling": casework,
}
