"""The copies that `expand` would write, rendered in memory, through the same lossy encoders."""

from __future__ import annotations

import shutil
import weakref
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from expand.engines.choose import available_cores, make_engine
from expand.errors import ExpandError
from expand.images.decoder import decode
from expand.images.pixels import Pixels
from expand.job.settings import Settings as Expansion
from expand.job.tasks.copies import make_files
from expand.job.tasks.sources import open_source
from expand.storage.stores.url import Place
from expand.views.batches import ViewBatches
from expand.views.by_class import view_batches
from expand.views.views import Views
from train.data.cache import explain_cache, part_of
from train.data.decoded import DecodedDataset
from train.data.decoding import name_file, stack
from train.data.folders.files import read_file, read_row
from train.data.folders.folder import Folder
from train.data.shape import Shape, resize_crop
from train.data.split import Split
from train.errors import STOPPED, TrainError
from train.feed.exact import render

Factors = NDArray[np.int64]
CHUNK = 64
AT_ONCE = 8192
"""Sources whose views are rendered at a time."""
MEMORY_SHARE, DISK_SHARE = 0.5, 0.9
"""Of the memory and of the disk that are free, what copies may take."""


class _Item(NamedTuple):
    """A source to read, and how many views of it are made."""

    name: str
    hash: str
    label: str
    factor: int


def render_copies(
    side: Split, expansion: Expansion, shape: Shape, cache: Path | None = None, *, encoded: bool
) -> Split:
    """Render every view that `expansion` writes of a split, sorted by source and view.

    `side` has the untouched sources. If copies lose something (`encoded`), or if images do on their
    way to the model, each file is encoded and decoded as `expand` does it; otherwise rendering the
    pixels gives the same result. Copies that are too large for the memory are kept in a temporary
    file in the folder `cache`.
    """
    expansion = balanced_for(side.folder, expansion)
    factors = views_of(side.folder, expansion)
    pixels = _room(side.decoded.pixels, int(factors.sum()), cache)
    if encoded or _changed_by_reading(side, shape):
        _from_files(side, expansion, shape, factors, pixels)
    else:
        _rendered(side, expansion, factors, pixels)
    return Split(
        side.name,
        _copies(side.folder, factors, balanced=expansion.balance is not None),
        DecodedDataset(pixels, [""] * len(pixels), [""] * len(pixels), has_files=False),
    )


def balanced_for(folder: Folder, expansion: Expansion) -> Expansion:
    """Return the settings with the views of each class, if they balance classes."""
    if expansion.balance is None:
        return expansion
    counts = Counter(folder.names)
    try:
        return replace(expansion, balance=expansion.balance.complete(expansion.factor, counts))
    except ExpandError as error:
        raise TrainError(str(error)) from error


def views_of(folder: Folder, expansion: Expansion) -> Factors:
    """Return how many views each source has, the original counted."""
    return np.array([expansion.factor_of(name) for name in folder.names], dtype=np.int64)


def _changed_by_reading(side: Split, shape: Shape) -> bool:
    """Whether reading changes pixels, so that views of files and of pixels differ."""
    if shape.side is not None or shape.colour == "grey" or side.decoded.composited:
        return True
    folder = side.folder
    with name_file(folder.root / folder.files[0], STOPPED):
        first = decode(read_row(folder, 0, side.file_hashes()[0])).pixels
    return first.dtype != side.decoded.pixels.dtype


def _room(like: Pixels, count: int, cache: Path | None) -> Pixels:
    """Return room for so many images: in memory, or mapped from a temporary file in `cache`.

    Raise TrainError if they fit into neither.
    """
    shape, needed, free = (count, *like.shape[1:]), count * like[0].nbytes, free_memory()
    if needed <= MEMORY_SHARE * free:
        return np.empty(shape, like.dtype)
    on_disk = shutil.disk_usage(cache).free if cache else 0
    if cache is None or needed > DISK_SHARE * on_disk:
        raise TrainError(
            f"{count:,} copies take {needed:,} bytes, but {free:,} are free in memory and "
            f"{on_disk:,} on the disk of the cache; use a smaller --factor, fewer --sources or a "
            "smaller --image-size"
        )
    path = part_of(cache / "copies")
    with explain_cache(path):
        pixels: Pixels = open_memmap(path, "w+", like.dtype, shape)
    weakref.finalize(pixels, path.unlink, missing_ok=True)
    return pixels


def _rendered(side: Split, expansion: Expansion, factors: Factors, pixels: Pixels) -> None:
    """Render the views of all sources into `pixels`, some sources at a time."""
    batches = batches_of(side.folder, expansion.views)
    first = np.cumsum(factors) - factors
    for start in range(0, len(factors), AT_ONCE):
        chosen = np.arange(start, min(start + AT_ONCE, len(factors)))
        sources = side.pixels(chosen)
        pixels[first[chosen]] = sources
        for k in range(1, int(factors[chosen].max())):
            more = factors[chosen] > k
            some = chosen[more]
            pixels[first[some] + k] = render(batches, sources[more], some, k, None)


def batches_of(folder: Folder, views: Views) -> ViewBatches:
    """Return the views of all sources of a folder, by the rules for their classes."""
    return view_batches(views, folder.sources, [(name,) for name in folder.names])


def _from_files(
    side: Split, expansion: Expansion, shape: Shape, factors: Factors, pixels: Pixels
) -> None:
    """Put the views of all sources into `pixels`, each encoded and decoded again."""
    columns = (side.folder.files, side.file_hashes(), side.folder.names, factors.tolist())
    items = list(map(_Item, *columns))
    work = [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
    workers = min(available_cores(), 1 + len(side.folder) // (4 * CHUNK))
    through = partial(_through_files, side.folder.root, expansion, shape)
    end = 0
    for images in make_engine(workers).map(through, work):
        start, end = end, end + len(images)
        pixels[start:end] = stack(images)


def _through_files(
    root: Place, expansion: Expansion, shape: Shape, items: list[_Item]
) -> list[Pixels]:
    """Return every view of some sources as read from an expanded folder; runs in a worker."""
    images = []
    for name, expected, label, factor in items:
        with name_file(root / name, STOPPED):
            data = read_file(root, name, expected)
            files = make_files(open_source(name, data, range(factor), classes=(label,)), expansion)
            images += [resize_crop(decode(file.data).pixels, shape) for file in files]
    return images


def _copies(folder: Folder, factors: Factors, *, balanced: bool) -> Folder:
    """List the files that an expanded folder of these sources would have."""
    again = np.repeat(np.arange(len(folder)), factors)
    views = np.arange(len(again)) - np.repeat(np.cumsum(factors) - factors, factors)
    repeated = folder.only(again)
    return replace(repeated, views=views, decoded_rows=np.arange(len(again)), balanced=balanced)


def free_memory() -> int:
    """Return how many bytes of memory are free; very many where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(
            int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")
        )
    except (OSError, StopIteration):
        return 2**62
