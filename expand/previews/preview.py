"""Preview: a few sources of a folder and all their views, as a contact sheet."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from expand.errors import BadImageError, ExpandError
from expand.images.decoder import decode
from expand.images.pixels import Pixels
from expand.job.settings import Settings
from expand.layouts.class_folders import list_sources
from expand.layouts.layout import AUTO
from expand.layouts.source import check_name, read_source
from expand.previews.sheet import Row, draw_sheet
from expand.recipes.recipe import Recipe

MOST_VIEWS = 10_000
"""Views on a contact sheet: more would take gigabytes."""


@dataclass(frozen=True)
class Preview:
    """Sources and their views, one row per source; a notebook shows it as a picture."""

    rows: tuple[Row, ...]
    title: str

    @classmethod
    def of(cls, src: Path, settings: Settings, sources: int, layout: str = AUTO) -> Preview:
        """Render `sources` sources, spread over the classes, and all views; skip bad images."""
        if sources * settings.factor > MOST_VIEWS:
            raise ExpandError(
                f"a contact sheet holds at most {MOST_VIEWS:,} views, not {sources} sources × "
                f"{settings.factor:,}; preview with a smaller --factor"
            )
        rows: list[Row] = []
        with list_sources(src, layout=layout) as listing:
            step = max(1, len(listing) // sources)
            for source in islice(listing, step // 2, None, step):
                try:
                    check_name(source.id)
                    pixels = decode(read_source(src / source.id)).pixels
                    rows.append([(source.id, pixels), *_views(source.id, pixels, settings)])
                except BadImageError:
                    continue
                if len(rows) == sources:
                    break
        if not rows:
            raise ExpandError(f'no image of "{src}" can be used')
        recipe = settings.recipe.name
        title = f"recipe {recipe}, seed {settings.seed}, {settings.sampling} views"
        return cls(tuple(rows), title)

    def png(self) -> bytes:
        """Draw the contact sheet; return a PNG file."""
        return draw_sheet(self.rows, self.title)

    def _repr_png_(self) -> bytes:
        """Draw the contact sheet in a notebook."""
        return self.png()


def preview(
    src: str | os.PathLike[str] = "data/train",
    recipe: Recipe | str = "classic",
    factor: int = 4,
    *,
    sources: int = 8,
    layout: str = AUTO,
    **settings: Any,
) -> Preview:
    """Preview what `expand` would write for a few sources of `src`; raise ExpandError if none can.

    `settings` are those of the command: seed and sampling. With the layout "folders" each folder is
    a class, whatever it looks like.
    """
    recipe = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe)
    return Preview.of(Path(src), Settings(recipe, factor, **settings), sources, layout)


def _views(source_id: str, pixels: Pixels, settings: Settings) -> Row:
    views = settings.views
    rendered = [views.render(pixels, views.params(source_id, k)) for k in range(1, settings.factor)]
    return [(caption(view.params, settings.recipe), view.pixels) for view in rendered]


def caption(params: dict[str, Any], recipe: Recipe) -> str:
    """Describe the parameters of a view in a few short lines; skip what changes nothing."""
    steps = zip(recipe.keys, recipe.techniques, strict=True)
    lines = [technique.caption(params[key]) for key, technique in steps]
    return "\n".join(filter(None, lines)) or "nothing changed"
