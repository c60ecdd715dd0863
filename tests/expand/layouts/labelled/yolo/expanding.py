"""Expands a labelled dataset with the functions of its layout alone: no job, no processes."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2

from expand.errors import BadImageError
from expand.geometry import Size
from expand.images.decoder import decode
from expand.layouts.labelled.dataset import Dataset, Derived, Frame, LabelledView, Request
from expand.layouts.labelled.open import Opening, open_labelled
from expand.layouts.names import copy_name
from expand.layouts.recognition.recognise import recognise
from expand.recipes.recipe import Recipe
from expand.views.carried import carry_view
from expand.views.views import Views


def opened(root: Path, layout: str = "auto", split: str = "", factor: int = 2) -> Dataset:
    """Open a dataset as the command does."""
    return open_labelled(Opening(root, Request(layout, split), factor, "keep", recognise(root)))


def expanded(
    root: Path, out: Path, recipe: Recipe, factor: int = 2, layout: str = "auto", split: str = ""
) -> dict[str, str]:
    """Write an expanded dataset; return why each bad image is bad."""
    views, bad, rows = Views(recipe), dict[str, str](), list[Derived]()
    with opened(root, layout, split, factor) as dataset:
        for source in dataset.listing.files():
            target = out / source.id
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.kept:
                shutil.copyfile(root / source.id, target)
                continue
            try:
                rows += _expand(dataset, root, out, source, views, factor)
            except BadImageError as error:
                bad[source.id] = str(error)
        for name, data in dataset.derive(lambda: iter(rows)):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(data)
    return bad


def _expand(dataset, root, out, source, views, factor):  # type: ignore[no-untyped-def]
    data = (root / source.id).read_bytes()
    pixels = decode(data).pixels
    size = Size(float(pixels.shape[1]), float(pixels.shape[0]))
    labels = dataset.labels.parse(source, dataset.labels.load(str(root), source), Frame(size, size))
    for k in range(factor):
        params = views.params(source.id, k)
        carried = carry_view(views, labels.targets, params, pixels.shape)
        image = pixels if k == 0 else views.render(pixels, params).pixels
        name = source.id if k == 0 else copy_name(source.id, k, "keep")
        shape = Size(float(image.shape[1]), float(image.shape[0]))
        written = labels.write(LabelledView(k, name, shape, carried, params))
        for label in written.files:
            (out / label.name).parent.mkdir(parents=True, exist_ok=True)
            (out / label.name).write_bytes(label.data)
        if k == 0:
            (out / name).write_bytes(data)
        else:
            assert cv2.imwrite(str(out / name), image[..., ::-1])
        yield Derived(name, source.id, k, image.shape[1], image.shape[0], "", written.annotation)
