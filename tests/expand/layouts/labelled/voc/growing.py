"""Expand a dataset in one process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from expand.geometry import IDENTITY, Placement, Size
from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.layouts.labelled.dataset import Dataset, Derived, Frame, LabelledView, Request
from expand.layouts.labelled.open import Opening, open_labelled
from expand.recipes.recipe import Recipe
from expand.targets import carry
from expand.views.carried import carry_view
from expand.views.views import Views

FLIP = "techniques: [flip]"


def opened(src: Path, factor: int = 2, **request: object) -> Dataset:
    return open_labelled(Opening(src, Request(**{"layout": "voc", **request}), factor, "keep"))


def grow(src: Path, out: Path, recipe: str = FLIP, factor: int = 2, **request: object) -> list[str]:
    """Expand a dataset; return what is wrong with its sources."""
    views, problems, rows = (
        Views(Recipe.parse(recipe) if ":" in recipe else Recipe.load(recipe), 0, "stratified"),
        [],
        [],
    )
    with opened(src, factor, **request) as data:
        for source in data.listing.files():
            path = out / source.id
            if source.kept:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes((src / source.id).read_bytes())
                continue
            try:
                rows += list(_views(data, src, out, source, views, factor))
            except Exception as e:
                if type(e).__name__ != "BadImageError":
                    raise
                problems.append(f"{source.id} {e}")
        for file in data.derive(lambda: iter(rows)):
            (out / file.name).parent.mkdir(parents=True, exist_ok=True)
            (out / file.name).write_bytes(file.data)
    return problems


def _views(data, src, out, source, views, factor) -> Iterator[Derived]:
    raw = (src / source.id).read_bytes()
    image = decode(raw)
    h, w = image.pixels.shape[:2]
    im = Image.open(src / source.id)
    o = im.getexif().get(0x0112, 1)
    upright = IDENTITY
    from tests.expand.layouts.labelled.voc.upright import upright_map

    upright = upright_map(o, Size(w, h))
    frame = Frame(Size(float(im.width), float(im.height)), Size(float(w), float(h)), upright)
    files = data.labels.load(str(src), source)
    labels = data.labels.parse(source, files, frame)
    for k in range(factor):
        params = views.params(source.id, k)
        pixels = image.pixels if k == 0 else views.render(image.pixels, params).pixels
        name = source.id if k == 0 else data.labels.image_name(source, k, "keep")
        placement = views.placement(params, Size(float(w), float(h)))
        carried = (
            carry_view(views, labels.targets, params, (h, w))
            if k
            else carry(labels.targets, Placement(IDENTITY, frame.size), 0)
        )
        written = labels.write(
            LabelledView(k, name, placement.size, carried, params, placement.source.inverse())
        )
        assert {f.name for f in written.files} <= set(data.labels.names(source, name)), (
            written.files
        )
        bytes_ = (
            (encode(image.pixels, image.encoding) if image.turned else raw)
            if k == 0
            else encode(pixels, image.encoding)
        )
        for each, b in [*written.files, (name, bytes_)]:
            (out / each).parent.mkdir(parents=True, exist_ok=True)
            (out / each).write_bytes(b)
        yield Derived(name, source.id, k, pixels.shape[1], pixels.shape[0], "", written.annotation)
