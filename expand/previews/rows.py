"""The rows of a contact sheet: a source and its views, with their labels drawn on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from expand.geometry import Size
from expand.images.decoder import ImageFile, open_image
from expand.images.pixels import Pixels
from expand.job.settings import Settings
from expand.job.tasks.exchanging import IN_FOLDERS, class_in_view
from expand.job.tasks.labels import OpenLabels, classes_of, load_labels
from expand.job.tasks.placing import place_views
from expand.layouts.labelled.dataset import Dataset, Labels, Named, Renaming
from expand.layouts.names import compose
from expand.layouts.source import Source, check_name, read_stored
from expand.previews.overlay import draw
from expand.previews.sheet import CELL, Row
from expand.recipes.recipe import Recipe
from expand.storage.stores.url import Place
from expand.views.drawn import DrawnView
from expand.views.views import Rendered

LABELLED_CELL = 360
"""Pixels of the longer side of an image with labels: their names need room."""


@dataclass
class Rows:
    """Draws the rows of a dataset; a class has the same colour in all of them."""

    src: Place
    dataset: Dataset
    settings: Settings
    numbers: dict[str, int] = field(default_factory=dict)
    """The colour of each class that was drawn or that the dataset lists."""

    def __post_init__(self) -> None:
        for name in self.dataset.classes:
            self.numbers.setdefault(name, len(self.numbers))

    @property
    def cell(self) -> int:
        """The longer side of each image in pixels."""
        return CELL if self.dataset.labels is None else LABELLED_CELL

    def draw(self, source: Source) -> Row:
        """Draw a source and its views; raise BadImageError if it or its labels cannot be used."""
        check_name(source.id)
        image = open_image(read_stored(self.src, source.id))
        reader = self.dataset.labels
        labels = self._read(reader, source, image) if reader else None
        classes = classes_of(self.settings, source, labels)
        views = self._render(source.id, image.decode().pixels, classes)
        row: Row = []
        for k, (text, view) in enumerate(views):
            pixels, count = self._labelled(labels, k, view) if labels else (view.pixels, "")
            said = (text, count if k else "", self._class_line(source, k, view, image))
            row.append(("\n".join(filter(None, said)), pixels))
        return row

    def _class_line(self, source: Source, k: int, view: Rendered, image: ImageFile) -> str:
        """Name the class that a table gives an image, and the one that a view has instead."""
        label, settings = source.label, self.settings
        if k == 0:
            in_path = self.dataset.layout in IN_FOLDERS
            return f"class: {label}" if label and not in_path else ""
        if not label or not settings.recipe.exchanges:
            return ""
        placement = settings.views.placement(view.params, Size(*map(float, image.size)))
        new = class_in_view(settings, label, placement)
        return f"class: {new}" if new != label else ""

    def _render(
        self, source_id: str, pixels: Pixels, classes: Sequence[str]
    ) -> Iterator[tuple[str, Rendered]]:
        """Yield the source itself and its views, with their captions."""
        views, recipe = self.settings.views, self.settings.recipe
        yield source_id, Rendered(pixels, views.params(source_id, 0))
        for k in range(1, self.settings.previewed):
            view = views.render(pixels, views.params(source_id, k, classes))
            yield caption(view.params, recipe), view

    def _read(self, reader: Labels, source: Source, image: ImageFile) -> OpenLabels:
        loaded = load_labels(reader, str(self.src), source)
        return OpenLabels.parse(reader, source, loaded, image)

    def _labelled(self, labels: OpenLabels, k: int, view: Rendered) -> tuple[Pixels, str]:
        """Return a view with its labels, and how many objects of its source it shows."""
        drawn = labels.unplaced({k: DrawnView(view.params, None)})
        (placed,) = place_views(self.settings, drawn)
        carried, count = placed.carried, len(labels.labels.targets)
        rows = carried.kept.tolist()
        forward = placed.placement.source.inverse()
        new = self.settings.recipe.exchanges.names(forward)
        read, targets = labels.labels, carried.targets
        names = list(read.classes) if count and isinstance(read, Named) else [""] * count
        if isinstance(read, Renaming):
            targets = read.rename(targets, new)
        shown = draw(
            view.pixels,
            targets,
            [new.get(compose(names[row]), names[row]) for row in rows],
            [self._number(new.get(compose(names[row]), names[row]), row) for row in rows],
            LABELLED_CELL,
        )
        return shown, f"objects: {len(rows)} of {count}" if count else ""

    def _number(self, name: str, row: int) -> int:
        """Return the colour of an object: that of its class, or its own if it has none."""
        if name:
            return self.numbers.setdefault(name, len(self.numbers))
        return len(self.numbers) + row


def caption(params: dict[str, Any], recipe: Recipe) -> str:
    """Describe the parameters of a view in a few short lines; skip what changes nothing."""
    steps = zip(recipe.keys, recipe.techniques, strict=True)
    lines = [technique.caption(params[key]) for key, technique in steps]
    return "\n".join(filter(None, lines)) or "nothing changed"
