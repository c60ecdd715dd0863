"""Masks beside their images in one folder: told by their names, and by what they show."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING, NamedTuple

from expand.errors import ExpandError
from expand.layouts.directory import Directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.recognition.words import IMAGES, MARKS, SHOWN, pair_key, words
from expand.layouts.spooled.lists import Sorter, Texts
from expand.layouts.spooled.sets import TextLists, TextSet

if TYPE_CHECKING:
    from expand.images.pixels import Pixels

OTHER_MASKS = (".mat", ".npy", ".npz", ".csv", ".geojson", ".gif")
"""Suffixes of files that are not images here, but can be masks."""
LOSSY = (".jpg", ".jpeg")
STARTS = ("anno", "gt", "label", "mask", "matte", "seg", "trimap", "truth")
"""Each word for labels in the name of a file contains one of these."""
TOGETHER = 4096
"""Names that are searched at a time."""
OPENED = 8
"""Pairs of a directory that are opened."""
LEAST = 3
"""Pairs without a word for labels that are needed, and opened."""
COLOURS, COVERED = 32, 0.8
"""The most colours that cover this share of a mask; a photograph has more. Measured: a mask of six
colours in JPEG 0.86 to 0.88, photographs 0.03 to 0.5."""


class Pair(NamedTuple):
    """An image, and a file whose name says that it may be its mask."""

    image: str
    mask: str


def find_masks(directory: Directory, names: tuple[str, ...]) -> Layout | None:
    """Return the layout of a directory in which an image has its mask beside it.

    Their names differ in one word, such as "mask". That must not be in the name of a folder that
    leads to the directory: then it is what the images show. `names` are those folders. Two
    photographs, such as those of a bottle and of its label, are not such a pair.
    """
    marks = MARKS - {word for name in names for word in words(name)}
    others = (name for name in directory.others if name.lower().endswith(OTHER_MASKS))
    files = chain(_with_marks(directory.images), others)
    masks = Texts(name for name in files if _is_marked(name, marks))
    if not len(masks):
        return _find_twins(directory)
    pairs = Texts("\0".join(pair) for pair in _pairs(masks, directory, marks))
    images = TextSet(pair.partition("\0")[0] for pair in pairs)
    usual = 2 * sum(1 for _ in groupby(images)) >= _count(directory, marks)
    step = max(1, len(pairs) // OPENED)
    for image, mask in (pair.split("\0") for pair in islice(pairs, 0, OPENED * step, step)):
        pair = Pair(image, mask)
        if not _are_photographs(directory.path, pair, usual=usual):
            return Layout(Kind.MASKS, pair)
    return None


def _find_twins(directory: Directory) -> Layout | None:
    """Return the layout of a directory in which JPEG photographs have masks of the same names."""
    first = list(islice(directory.images, 2 * OPENED))
    stems: dict[str, list[str]] = {}
    for name in first:
        stems.setdefault(_stem(name), []).append(name)
    pairs = [
        Pair(*sorted(names, key=lambda name: not name.lower().endswith(LOSSY)))
        for names in stems.values()
        if len(names) == 2 and sum(name.lower().endswith(LOSSY) for name in names) == 1
    ]
    if 2 * len(pairs) >= len(stems) and pairs:
        image, mask = (is_scene(os.path.join(directory.path, name)) for name in pairs[0])
        return Layout(Kind.MASKS, pairs[0]) if image and mask is False else None
    return _find_ended(directory, first)


def _find_ended(directory: Directory, names: list[str]) -> Layout | None:
    """Return the layout of images with masks whose names have an ending more: "x.jpg", "x_L.png".

    At least half of some names, and three, are in such pairs; no word says what the endings mean,
    so the first few are opened.
    """
    stems = {_stem(name): name for name in names}
    pairs: dict[str, list[Pair]] = {}
    for stem, name in stems.items():
        for mark in "_-.":
            base, found, ending = stem.rpartition(mark)
            if found and ending and not ending.isdigit() and base in stems:
                pairs.setdefault(mark + ending, []).append(Pair(stems[base], name))
    most = max(pairs.values(), key=len, default=[])
    if len(most) < LEAST or 4 * len(most) < len(names):
        return None
    if not all(is_masked(directory.path, pair) for pair in most[:LEAST]):
        return None
    return Layout(Kind.MASKS, most[0])


def is_masked(folder: str, pair: Pair) -> bool:
    """Tell whether a pair of files in a folder shows a scene, and a mask of its size."""
    image, mask = _read(folder, pair.image), _read(folder, pair.mask)
    if image is None or mask is None or image.shape[:2] != mask.shape[:2]:
        return False
    return _is_scene(image) and not _is_scene(mask)


def _with_marks(names: Iterable[str]) -> Iterator[str]:
    """Yield the names that hold a word for labels; quickly, as there are none in most folders."""
    remaining = iter(names)
    while some := list(islice(remaining, TOGETHER)):
        together = "\n".join(some).lower()
        if any(start in together for start in STARTS):
            yield from (name for name in some if any(start in name.lower() for start in STARTS))


def _is_marked(name: str, marks: frozenset[str]) -> bool:
    """Tell whether a name has one of the words `marks`."""
    return not marks.isdisjoint(words(_stem(name)))


def _plain(directory: Directory, marks: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the images that are not masks by their names, each after its words."""
    for name in directory.images:
        lower = name.lower()
        if not (any(start in lower for start in STARTS) and _is_marked(name, marks)):
            yield " ".join(pair_key(_stem(name), IMAGES)), name


def _count(directory: Directory, marks: frozenset[str]) -> int:
    """Count the images that are not masks; those of the same words count as one."""
    return sum(1 for _ in groupby(Sorter(key for key, _ in _plain(directory, marks))))


def _pairs(masks: Texts, directory: Directory, marks: frozenset[str]) -> Iterator[Pair]:
    """Yield each mask with the image whose words it has: with the last one, if several have."""
    wanted = TextSet(key for mask in masks for key in _keys(mask, marks))
    plain = TextLists(each for each in _plain(directory, marks) if each[0] in wanted)
    last = TextLists((key, deque(names, 1).pop()) for key, names in plain.lists())
    for mask in masks:
        image = next((name for key in _keys(mask, marks) for name in last.of(key)), None)
        if image:
            yield Pair(image, mask)


def _keys(mask: str, marks: frozenset[str]) -> Iterator[str]:
    """Yield the words that the image of a mask may have: without the mark, or those before it."""
    named = words(_stem(mask))
    first = next(index for index, word in enumerate(named) if word in marks)
    if named[first + 1 :][:1] in (("on",), ("off",)):
        return  # a mask that somebody wears
    dropped = frozenset(marks | IMAGES)
    yield " ".join(word for word in named if word not in dropped)
    if first:
        yield " ".join(word for word in named[:first] if word not in IMAGES)


def _are_photographs(folder: str, pair: Pair, *, usual: bool) -> bool:
    """Tell whether both files show a scene, so that the second is not a mask of the first.

    Two photographs of one size in lossless files are still an image and its mask by their names, if
    most images of the folder have a `usual` one: a mask can be drawn over its image.
    """
    named = words(_stem(pair.mask))
    if not SHOWN & set(named):
        return False
    image, mask = _read(folder, pair.image), _read(folder, pair.mask)
    if image is None or mask is None:
        return False
    if not (_is_scene(mask) and _is_scene(image) and _is_coloured(mask) == _is_coloured(image)):
        return False
    last = next((word for word in reversed(named) if not word.isdigit()), "")
    drawn = usual and last in ("mask", "masks") and not pair.mask.lower().endswith(LOSSY)
    return not drawn or image.shape[:2] != mask.shape[:2]


def is_blank(folder: str, name: str) -> bool:
    """Tell whether a file has one colour."""
    pixels = _read(folder, name)
    return pixels is not None and bool((pixels == pixels[0, 0]).all())


def size_of(path: str) -> tuple[int, ...]:
    """Return the height and width of an image; () if it cannot be read."""
    pixels = _read(*os.path.split(path))
    return () if pixels is None else pixels.shape[:2]


def is_scene(path: str) -> bool | None:
    """Tell whether a file shows a scene, and no mask; None if it cannot be read."""
    pixels = _read(*os.path.split(path))
    return None if pixels is None else _is_scene(pixels)


def is_coloured(path: str) -> bool | None:
    """Tell whether a file has colours; None if it cannot be read."""
    pixels = _read(*os.path.split(path))
    return None if pixels is None else _is_coloured(pixels)


def _read(folder: str, name: str) -> Pixels | None:
    from expand.images.decoder import decode
    from expand.storage.reading import read_image

    try:
        return decode(read_image(os.path.join(folder, name))).pixels
    except ExpandError:
        return None


def _is_scene(pixels: Pixels) -> bool:
    """Tell whether pixels have more colours than a mask, also one that JPEG has blurred."""
    import numpy as np

    levels = (pixels >> (8 * pixels.dtype.itemsize - 8)).astype(np.int32)
    if _is_coloured(pixels):
        levels = levels[..., :3] >> 3  # noise and blur are smaller than a step
        levels = (levels[..., 0] << 10) + (levels[..., 1] << 5) + levels[..., 2]
    elif levels.ndim > 2:
        levels = levels[..., 0]
    counts = np.sort(np.bincount(levels.ravel()))[::-1]
    most = max(1, min(COLOURS, levels.size // 8))
    return bool(counts[:most].sum() < COVERED * levels.size)


def _is_coloured(pixels: Pixels) -> bool:
    if pixels.ndim < 3 or pixels.shape[2] < 3:
        return False
    return bool(
        (pixels[..., 0] != pixels[..., 1]).any() or (pixels[..., 1] != pixels[..., 2]).any()
    )


def _stem(name: str) -> str:
    return name.rpartition(".")[0]
