"""Expand a dataset in the test's own process, without the job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import cv2

from expand.errors import BadImageError
from expand.geometry import IDENTITY, Placement, Size
from expand.layouts.labelled.dataset import (
    Dataset,
    Derived,
    Frame,
    ImageLabels,
    LabelledView,
    Request,
)
from expand.layouts.labelled.open import open_labelled
from expand.layouts.labelled.opening import Opening
from expand.layouts.source import Source
from expand.recipes.recipe import Recipe
from expand.targets import carry
from expand.views.carried import carry_view
from expand.views.views import Views

RECIPE = (
    "techniques: [flip, rotate: {degrees: [-15, 15]}, translate: {x: [-0.1, 0.1], y: [-0.1, 0.1]}]"
)


class Grown(NamedTuple):
    title: str
    notes: tuple[str, ...]
    problems: int
    bad: dict[str, str]
    """Why sources cannot be used."""
    dataset: Dataset


def grow(
    root: Path,
    out: Path,
    factor: int = 2,
    recipe: str = RECIPE,
    split: str = "",
    frames: Mapping[str, Frame] | None = None,
) -> Grown:
    """Write `factor` views of each image, and everything else."""
    growing = _Growing(root, out, factor, Views(Recipe.parse(recipe), 0), frames or {})
    opening = Opening(root, Request("coco", split), factor, "keep")
    with open_labelled(opening) as dataset:
        for source in dataset.listing.files():
            if source.kept:
                growing.put(source.id, (root / source.id).read_bytes())
            else:
                growing.source(dataset, source)
        for file in dataset.derive(lambda: iter(growing.rows)):
            growing.put(file.name, file.data)
    return Grown(dataset.title, dataset.notes, dataset.problems, growing.bad, dataset)


class _Growing:
    def __init__(
        self, root: Path, out: Path, factor: int, views: Views, frames: Mapping[str, Frame]
    ) -> None:
        self.root, self.out, self.factor, self.views, self.frames = root, out, factor, views, frames
        self.rows: list[Derived] = []
        self.bad: dict[str, str] = {}

    def put(self, name: str, data: bytes) -> None:
        target = self.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def source(self, dataset: Dataset, source: Source) -> None:
        pixels = cv2.imread(str(self.root / source.id), cv2.IMREAD_UNCHANGED)
        size = Size(float(pixels.shape[1]), float(pixels.shape[0]))
        frame = self.frames.get(source.id, Frame(size, size))
        assert dataset.labels
        try:
            read = dataset.labels.load(str(self.root), source)
            labels = dataset.labels.parse(source, read, frame)
        except BadImageError as error:
            self.bad[source.id] = str(error)
            return
        for k in range(self.factor):
            name = dataset.labels.image_name(source, k, "keep") if k else source.id
            row, image = self.view(source, labels, k, name, pixels)
            self.rows.append(row)
            self.put(name, cv2.imencode(Path(name).suffix, image)[1].tobytes())

    def view(self, source: Source, labels: ImageLabels, k: int, name: str, pixels):
        params, shape = self.views.params(source.id, k), pixels.shape
        placement = Placement(IDENTITY, Size(float(shape[1]), float(shape[0])))
        carried, image = carry(labels.targets, placement, visible=0), pixels
        if k:
            placement = self.views.placement(params, placement.size)
            carried = carry_view(self.views, labels.targets, params, shape)
            image = self.views.render(pixels, params).pixels
        view = LabelledView(k, name, placement.size, carried, params, placement.source.inverse())
        width, height = map(int, placement.size)
        annotation = json.loads(json.dumps(labels.write(view).annotation))
        return Derived(name, source.id, k, width, height, "", annotation), image
