"""The copies that `expand` would write, rendered in memory, through the same lossy encoders."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from expand.engines.choose import available_cores, make_engine
from expand.images.decoder import decode
from expand.images.pixels import Pixels
from expand.job.settings import Settings as Expansion
from expand.job.tasks.copies import make_files, open_source
from expand.views.batches import ViewBatches
from train.data.decoding import Item, name_file, read_checked, stack
from train.data.folders.folder import Folder
from train.data.pack import Pack
from train.data.shape import Shape, resize_crop
from train.data.split import Split
from train.errors import STOPPED, TrainError
from train.feed.exact import render

CHUNK = 64
MEMORY_SHARE = 0.5
"""Of the memory that is free, what copies may take."""


def render_copies(side: Split, expansion: Expansion, shape: Shape, *, encoded: bool) -> Split:
    """Render every view that `expansion` writes of a split, sorted by source and view.

    `side` has the untouched sources. If copies lose something (`encoded`), or if images do on their
    way to the model, each file is encoded and decoded as `expand` does it; otherwise rendering the
    pixels gives the same result.
    """
    factor, count = expansion.factor, len(side.folder)
    needed = factor * count * side.pack.pixels[0].nbytes
    if needed > MEMORY_SHARE * free_memory():
        raise TrainError(
            f"{factor} views of {count:,} sources take {needed:,} bytes, but {free_memory():,} are "
            "free; use a smaller --factor, fewer --sources or smaller images"
        )
    through_files = encoded or _changed_by_reading(side, shape)
    pixels = _from_files(side, expansion, shape) if through_files else _rendered(side, expansion)
    return Split(
        side.name,
        _copies(side.folder, factor),
        Pack(pixels, [""] * len(pixels), [""] * len(pixels), has_files=False),
    )


def _changed_by_reading(side: Split, shape: Shape) -> bool:
    """Whether reading changes pixels, so that views of files and of pixels differ."""
    if shape.side is not None or shape.colour == "grey" or side.pack.composited:
        return True
    path = side.folder.root / side.folder.files[0]
    with name_file(path, STOPPED):
        first = decode(read_checked(path, side.file_hashes()[0])).pixels
    return first.dtype != side.pack.pixels.dtype


def _rendered(side: Split, expansion: Expansion) -> Pixels:
    sources = side.pixels()
    batches = ViewBatches(expansion.views, side.folder.sources)
    everyone = np.arange(len(sources))
    views = [render(batches, sources, everyone, k, None) for k in range(1, expansion.factor)]
    return np.stack([sources, *views], axis=1).reshape(-1, *sources.shape[1:])


def _from_files(side: Split, expansion: Expansion, shape: Shape) -> Pixels:
    items = list(map(Item, side.folder.files, side.file_hashes()))
    work = [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
    workers = min(available_cores(), 1 + len(side.folder) // (4 * CHUNK))
    through = partial(_through_files, side.folder.root, expansion, shape)
    return stack(list(chain.from_iterable(make_engine(workers).map(through, work))))


def _through_files(
    root: Path, expansion: Expansion, shape: Shape, items: list[Item]
) -> list[Pixels]:
    """Return every view of some sources as read from an expanded folder; runs in a worker."""
    views, images = range(expansion.factor), []
    for name, expected in items:
        with name_file(root / name, STOPPED):
            data = read_checked(root / name, expected)
            files = make_files(open_source(name, data, views), expansion)
            images += [resize_crop(decode(file.data).pixels, shape) for file in files]
    return images


def _copies(folder: Folder, factor: int) -> Folder:
    """List the files that an expanded folder of these sources would have."""
    again = np.repeat(np.arange(len(folder)), factor)
    repeated = folder.only(again)
    return replace(
        repeated, views=np.tile(np.arange(factor), len(folder)), pack_rows=np.arange(len(again))
    )


def free_memory() -> int:
    """Return how many bytes of memory are free; very many where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(
            int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")
        )
    except (OSError, StopIteration):
        return 2**62
