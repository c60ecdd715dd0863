"""Views: view k of an image is a pure function of (seed, image id, k, recipe).

`Views` draws and renders one view. `ViewBatches` gives the same numbers and pixels for many images
of one size, as arrays. `DrawnViews` uses it for images of any sizes that are not decoded yet.
"""

from __future__ import annotations

from expand.views.batches import ViewBatches
from expand.views.in_memory import view
from expand.views.views import Rendered, Views

__all__ = ["Rendered", "ViewBatches", "Views", "view"]
