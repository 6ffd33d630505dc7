"""Benefits and costs of a chatbot that answers a municipality's citizens: the model behind chatbot.toml.

A model of your own is a function like this one. With `call = "names"` it is given each input by its name, as an array with
one value for each future; with arithmetic on whole arrays it is fast enough for millions of them.
"""

from __future__ import annotations

import numpy as np

YEARS = 5  # over which benefits and costs are counted
MILLION = 1e6


def net_benefit(
    enquiries: np.ndarray,
    digital_share: np.ndarray,
    resolved: np.ndarray,
    minutes: np.ndarray,
    follow_up_minutes: np.ndarray,
    hours_per_fte: np.ndarray,
    hourly_cost: np.ndarray,
    realised: np.ndarray,
    years_to_full_use: np.ndarray,
    set_up: np.ndarray,
    licence: np.ndarray,
    cost_per_chat: np.ndarray,
    upkeep_fte: np.ndarray,
    wrong_answers: np.ndarray,
    cost_of_wrong_answer: np.ndarray,
    discount_rate: np.ndarray,
) -> np.ndarray:
    """Net present value (mio. DKK), freed FTE in the last year, and benefit-cost ratio, (n, 3).

    Every input is an (n,) array; units are in chatbot.toml.
    """
    benefits, costs = np.zeros_like(enquiries), set_up * MILLION
    freed_fte = np.zeros_like(enquiries)
    for year in range(1, YEARS + 1):
        chats = enquiries * digital_share * np.minimum(year / years_to_full_use, 1.0)
        solved = chats * resolved
        hours = (solved * minutes - (chats - solved) * follow_up_minutes) / 60
        freed_fte = hours / hours_per_fte
        running = (
            licence * MILLION
            + chats * cost_per_chat
            + upkeep_fte * hours_per_fte * hourly_cost
            + solved * wrong_answers * cost_of_wrong_answer
        )
        discount = (1 + discount_rate) ** -year
        benefits = benefits + discount * realised * hours * hourly_cost
        costs = costs + discount * running
    return np.column_stack([(benefits - costs) / MILLION, freed_fte, benefits / costs])
