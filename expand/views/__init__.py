"""Views: view k of an image is a pure function of (seed, image id, k, recipe)."""

from __future__ import annotations

from expand.views.batches import ViewBatches
from expand.views.views import Rendered, Views, view

__all__ = ["Rendered", "ViewBatches", "Views", "view"]
