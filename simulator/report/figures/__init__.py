"""The figures of the appendix, each from one definition for page, PDF and Word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..document import Figure
from ..words import Words
from .comparisons import compared, demand
from .drivers import carriers, drivers
from .fan import fan
from .headline import cumulative, headline
from .heatmap import heatmap
from .inputs import convergence, tornado
from .ladder import ladder
from .own_model import make_own_figures
from .reading import quantities

if TYPE_CHECKING:
    import xarray as xr

OWN_MODEL = "own model"
_MAKERS = (headline, cumulative, ladder, drivers, carriers, heatmap, fan, compared, tornado, convergence, demand)


def make_figures(tree: xr.DataTree, words: Words) -> dict[str, Figure]:
    """All figures that the results have numbers for.

    Parameters
    ----------
    tree : xarray.DataTree
        As made by `simulator.Model.run` or `simulator.own_model.OwnModel.run`.
    words : Words

    Returns
    -------
    dict of str to Figure
        By key, in the order of an appendix. Without those whose numbers the results lack: a range that nobody published,
        the years of a run with one year, the indices of an output that does not vary.
    """
    if tree.attrs.get("kind") == OWN_MODEL:
        return make_own_figures(tree, words)
    if "summary" not in tree.children or not quantities(tree["summary"].to_dataset()):
        return {}
    made = (make(tree, words) for make in _MAKERS)
    return {figure.key: figure for figure in made if figure is not None}
