"""Make an image dataset F times larger on disk: exact, reproducible, resumable.

    from expand import Recipe, expand, view

`expand` is the command as a function, `view` computes the k-th view of an array, and `Recipe` holds
techniques with their ranges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "Boxes",
    "Carried",
    "ExpandError",
    "Mask",
    "OrientedBoxes",
    "Points",
    "Polygons",
    "Recipe",
    "Report",
    "Settings",
    "Targets",
    "Views",
    "__version__",
    "expand",
    "preview",
    "view",
]

if TYPE_CHECKING:
    from expand.errors import ExpandError
    from expand.job.job import Report, expand
    from expand.job.settings import Settings
    from expand.previews.preview import preview
    from expand.recipes.recipe import Recipe
    from expand.targets import Boxes, Carried, Mask, OrientedBoxes, Points, Polygons, Targets
    from expand.views.in_memory import view
    from expand.views.views import Views

_HOMES = {
    "Boxes": "targets",
    "Carried": "targets",
    "ExpandError": "errors",
    "Mask": "targets",
    "OrientedBoxes": "targets",
    "Points": "targets",
    "Polygons": "targets",
    "Recipe": "recipes.recipe",
    "Report": "job.job",
    "Settings": "job.settings",
    "Targets": "targets",
    "Views": "views.views",
    "expand": "job.job",
    "preview": "previews.preview",
    "view": "views.in_memory",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that `expand --help` loads neither numpy nor OpenCV."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
