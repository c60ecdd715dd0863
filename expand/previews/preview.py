"""Preview: a few sources of a folder and all their views, as a contact sheet."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from typing import Any

from expand.errors import BadImageError, ExpandError, about
from expand.job.planning.dataset_settings import SettingsFor, suited
from expand.job.planning.opening import open_place
from expand.job.settings import Settings
from expand.layouts.labelled.dataset import AS_IT_LOOKS, VISIBLE, Dataset, Request
from expand.layouts.layout import AUTO, FOLDERS
from expand.previews.rows import Rows
from expand.previews.sheet import CELL, Row, draw_sheet
from expand.recipes.recipe import Recipe
from expand.storage.stores.url import Place, parse_place

MOST_VIEWS = 10_000
"""Views on a contact sheet: more would take gigabytes."""


@dataclass(frozen=True)
class Preview:
    """Sources and their views, one row per source; a notebook shows it as a picture."""

    rows: tuple[Row, ...]
    settings: Settings
    cell: int = CELL
    """Pixels of the longer side of each image."""
    found: str = ""
    """What the folder is, if it is not class folders."""
    notes: tuple[str, ...] = ()
    """What there is to say: images that were passed over, for example."""

    @classmethod
    def of(
        cls,
        src: Place,
        settings: Settings | SettingsFor,
        sources: int,
        request: Request = AS_IT_LOOKS,
    ) -> Preview:
        """Render `sources` sources, spread over the classes, and all views; skip bad images.

        Labels that say something of places are drawn on each.
        """
        with open_place(src, request) as dataset:
            settings = suited(settings, dataset, request, src)
            drawn = Rows(src, dataset, settings)
            _check_count(sources, settings.previewed, drawn.cell)
            rows, problems = _some(drawn, dataset, sources)
            if not rows:
                first = f"; the first: {problems[0]}" if problems else ""
                raise ExpandError(f'no image of "{src}" can be used{first}')
            found = "" if dataset.layout == FOLDERS else dataset.title
            notes = (*_passed_over(problems), *dataset.notes, *settings.recipe.notes)
            return cls(tuple(rows), settings, drawn.cell, found, notes)

    @property
    def title(self) -> str:
        """What is written above the images."""
        settings = self.settings
        return f"recipe {settings.recipe.name}, seed {settings.seed}, {settings.sampling} views"

    def png(self) -> bytes:
        """Draw the contact sheet; return a PNG file."""
        return draw_sheet(self.rows, self.title, self.cell)

    def _repr_png_(self) -> bytes:
        """Draw the contact sheet in a notebook."""
        return self.png()


def _check_count(sources: int, factor: int, cell: int) -> None:
    most = MOST_VIEWS * CELL**2 // cell**2
    if sources * factor > most:
        raise ExpandError(
            f"a contact sheet holds at most {most:,} views, not {sources} sources × "
            f"{factor:,}; preview with a smaller --factor"
        )


def _some(drawn: Rows, dataset: Dataset, sources: int) -> tuple[list[Row], list[str]]:
    """Return the rows of some sources, and why others could not be used."""
    rows: list[Row] = []
    problems: list[str] = []
    step = max(1, len(dataset.listing) // sources)
    for source in islice(dataset.listing, step // 2, None, step):
        try:
            rows.append(drawn.draw(source))
        except BadImageError as error:
            problems.append(about(source.id, error))
        if len(rows) == sources:
            break
    return rows, problems


def _passed_over(problems: list[str]) -> list[str]:
    if not problems:
        return []
    count = "1 image" if len(problems) == 1 else f"{len(problems):,} images"
    return [f"{count} passed over; the first: {problems[0]}"]


def preview(
    src: str | os.PathLike[str] = "data/train",
    recipe: Recipe | str = AUTO,
    factor: int = 4,
    *,
    sources: int = 8,
    layout: str = AUTO,
    split: str = "",
    visible: float = VISIBLE,
    mask_fill: int | None = None,
    columns: str = "",
    **settings: Any,
) -> Preview:
    """Preview what `expand` would write for a few sources of `src`; raise ExpandError if none can.

    `settings` are those of the command: seed and sampling. The others are those of `expand()`.
    """
    request = Request(layout, split, visible, mask_fill, columns)

    def settings_for(name: str) -> Settings:
        """Return the settings with a recipe; its name is used if the recipe is to be chosen."""
        chosen = name if recipe == AUTO else recipe
        loaded = chosen if isinstance(chosen, Recipe) else Recipe.load(chosen)
        return Settings(loaded, factor, **settings)

    wanted = settings_for if recipe == AUTO else settings_for("")
    return Preview.of(parse_place(src), wanted, sources, request)
