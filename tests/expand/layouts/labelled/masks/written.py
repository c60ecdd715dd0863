"""Expand a dataset in memory, as a run does."""

from __future__ import annotations

from pathlib import Path

from expand import Recipe, view
from expand.errors import BadImageError
from expand.geometry import Size
from expand.images.decoder import decode
from expand.images.encoder import encode
from expand.layouts.labelled.dataset import Dataset, Frame, LabelledView, Request
from expand.layouts.labelled.opening import Opening, open_labelled
from expand.layouts.recognition.recognise import recognise
from expand.layouts.source import Source
from expand.views.views import Views


def expanded(
    root: Path, out: Path, recipe: str = "classic", factor: int = 3, **asked: object
) -> tuple[Dataset, dict[str, str]]:
    """Write the expanded dataset; return it, and the reason of each bad source."""
    request = Request(**{"layout": "masks", **asked})  # type: ignore[arg-type]
    dataset = open_labelled(Opening(root, request, factor, "keep", recognise(root)))
    loaded = Recipe.parse(recipe) if "techniques" in recipe else Recipe.load(recipe)
    bad = {}
    with dataset:
        for source in dataset.listing.files():
            if source.kept:
                put(out, source.id, (root / source.id).read_bytes())
                continue
            try:
                expand_one(dataset, loaded, root, out, source, factor)
            except BadImageError as error:
                bad[source.id] = str(error)
    return dataset, bad


def put(out: Path, name: str, data: bytes) -> None:
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    assert not (out / name).exists(), name
    (out / name).write_bytes(data)


def expand_one(
    dataset: Dataset, recipe: Recipe, root: Path, out: Path, source: Source, factor: int
) -> None:
    decoded = decode((root / source.id).read_bytes())
    height, width = decoded.pixels.shape[:2]
    labels = dataset.labels
    assert labels
    files = labels.load(str(root), source)
    read = labels.parse(source, files, Frame(Size(width, height), Size(width, height)))
    for k in range(factor):
        name = labels.image_name(source, k, "keep") if k else source.id
        pixels, carried = view(decoded.pixels, source.id, k, recipe, targets=read.targets)
        size = Size(pixels.shape[1], pixels.shape[0])
        params = Views(recipe).params(source.id, k)
        forward = Views(recipe).placement(params, Size(width, height)).source.inverse()
        written = read.write(LabelledView(k, name, size, carried, params, forward))
        assert tuple(file.name for file in written.files) == labels.names(source, name)
        for file in written.files:
            put(out, file.name, file.data)
        put(out, name, encode(pixels, decoded.encoding))
