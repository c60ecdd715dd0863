"""Counterparts: two folders with the same images before and after, or with their masks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from expand.layouts.directory import Directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.names import split_suffix
from expand.layouts.recognition.masks import (
    LEAST,
    OPENED,
    Pair,
    is_blank,
    is_masked,
    is_scene,
    size_of,
)
from expand.layouts.recognition.pairs import SEVERAL
from expand.layouts.recognition.splits import look_into
from expand.layouts.recognition.words import IMAGES, LABELS, pair_key, words

BEFORE_AND_AFTER = (
    ("lr", "hr"),
    ("low", "high"),
    ("noisy", "clean"),
    ("noise", "clean"),
    ("rainy", "clean"),
    ("rain", "norain"),
    ("degraded", "clean"),
    ("blur", "sharp"),
    ("blurred", "sharp"),
    ("blurry", "sharp"),
    ("haze", "clear"),
    ("hazy", "clear"),
    ("input", "output"),
    ("before", "after"),
)
"""Words in the names of two folders, one of which holds what a model is to make of the other."""


SOME, NEARLY = 0.5, 0.9
"""The shares of some files that must have a counterpart."""
MOST = 8
"""The most folders that are compared; so many classes are more likely."""
PROBED = 16
"""Names of a folder that are looked for in another one."""


class _Folder(NamedTuple):
    """A folder of images, and the first names in it by their stems."""

    name: str
    """Its path in the directory."""
    stems: Mapping[str, str]

    def probes(self) -> list[str]:
        """Return some of its stems, from the first to the last."""
        stems = sorted(self.stems)
        return stems[:: max(1, len(stems) // PROBED)][:PROBED]

    def find(self, directory: Directory, stem: str) -> str:
        """Return the path of the image with a stem, in the directory; "" if there is none."""
        suffixes = {split_suffix(name)[1] for name in self.stems.values()}
        for name in (self.stems.get(stem), *(f"{stem}{suffix}" for suffix in sorted(suffixes))):
            if name and Path(directory.path, self.name, name).exists():
                return f"{self.name}/{name}"
        return ""


def find_counterparts(directory: Directory) -> Layout | None:
    """Return the layout of a directory with two folders of the same images, before and after.

    Masks of images count, too. A copy of one would be moved otherwise than that of the other.
    """
    if len(directory.folders) != 2:
        return None
    return _find_restored(directory, *directory.folders) or find_unnamed(directory)


@dataclass
class FirstImages:
    """The first images of each class, noted while class folders are listed."""

    classes: dict[str, list[str]] = field(default_factory=dict)
    """The paths of the images in each class folder, relative to it."""

    def note(self, label: str, path: str) -> None:
        """Note an image of a class; images come in order, and only the first ones are kept."""
        if len(self.classes) > MOST or len(known := self.classes.setdefault(label, [])) >= PROBED:
            return
        known.append(path)

    def differ(self, root: str) -> bool:
        """Tell whether images of one name are a scene in one class folder, and none in another."""
        if not 2 < len(self.classes) <= MOST:
            return False
        stems = [{split_suffix(path)[0]: path for path in paths} for paths in self.classes.values()]
        if not (same := set[str].intersection(*map(set, stems))):
            return False
        paths = (each[min(same)] for each in stems)
        shown = (
            is_scene(os.path.join(root, *each)) for each in zip(self.classes, paths, strict=True)
        )
        return len({*shown} - {None}) == 2


def _find_restored(directory: Directory, first: str, second: str) -> Layout | None:
    """Return the layout of two folders whose names say what is made of what.

    At least half of the names in the smaller folder must be in the other one too, whatever words
    tell the folders apart.
    """
    for before, after in BEFORE_AND_AFTER:
        for one, other in ((first, second), (second, first)):
            if before in words(one) and after in words(other):
                ones, others = (_stems(directory, name, {before, after}) for name in (one, other))
                smaller = min(len(ones), len(others))
                if smaller and 2 * len(ones & others) >= smaller:
                    return Layout(Kind.COUNTERPARTS, (f"{one}/", f"{other}/"))
    return None


def find_unnamed(directory: Directory) -> Layout | None:
    """Return the layout of a folder of images and folders of masks that no word tells from classes.

    The first few pairs show scenes and masks, of which one has something drawn: a class may consist
    of blank images. Where several folders show scenes, these can be classes with numbered images,
    and a class of drawings.
    """
    folders = _folders(directory) if len(directory.folders) <= MOST else []
    for images in folders:
        others = [folder for folder in folders if folder is not images]
        pairs = [_pairs(directory, images, folder, two=len(folders) == 2) for folder in others]
        if not pairs or not all(pairs):
            continue
        shown = [_are_masks(directory, each) for each in pairs]
        masks = [folder.name for folder, is_mask in zip(others, shown, strict=True) if is_mask]
        evidence = tuple(f"{name}/" for name in (images.name.partition("/")[0], *_above(masks)))
        if masks and len(masks) == len(others):
            return Layout(Kind.MASKS, evidence)
        if masks and not _are_numbered(directory, pairs[0]):
            return Layout(Kind.COUNTERPARTS, evidence, advice=SEVERAL)
    return None


def _above(folders: Iterable[str]) -> Iterator[str]:
    return (name.partition("/")[0] for name in folders)


def _folders(directory: Directory) -> list[_Folder]:
    """Return the folders of images in a directory, or one level down if they have the same folders.

    Return none if a folder has folders beside those with images.
    """
    inner = {name: look_into(directory, name) for name in directory.folders}
    held = {name: each for name, each in inner.items() if each and (each.images or each.folders)}
    if not any(each.images for each in held.values()):
        same = set[str].intersection(*(set(each.folders) for each in held.values())) if held else ()
        paths = [f"{name}/{min(same)}" for name in held] if same else []
        held = {path: each for path in paths if (each := look_into(directory, path))}
    if not all(each.images for each in held.values()):
        return []
    return [
        _Folder(name, {split_suffix(image)[0]: image for image in each.images})
        for name, each in held.items()
    ]


def _pairs(directory: Directory, images: _Folder, masks: _Folder, *, two: bool) -> list[Pair]:
    """Return the first images and files of the same names in another folder, if most have one.

    Nearly all must have one, or half of them where there are `two` folders. There, the names in the
    other folder can have an ending more, such as "_L", or other words for labels and images.
    """
    probes = masks.probes()
    found = {stem: path for stem in probes if (path := images.find(directory, stem))}
    if two and not found:
        found = _ended(directory, images, probes) or _worded(images, probes)
    if len(found) < LEAST or len(found) < (SOME if two else NEARLY) * len(probes):
        return []
    pairs = (Pair(path, f"{masks.name}/{masks.stems[stem]}") for stem, path in found.items())
    return list(islice(pairs, OPENED))


def _ended(directory: Directory, images: _Folder, stems: Iterable[str]) -> dict[str, str]:
    """Return the image of each stem of a mask, if all have one ending more: "x_L"."""
    endings = set[str]()
    found = {}
    for stem in stems:
        bases = (stem.rpartition(mark)[0] for mark in "_-.")
        tried = ((base, images.find(directory, base)) for base in bases if base)
        base, path = next((each for each in tried if each[1]), ("", ""))
        if path:
            found[stem] = path
            endings.add(stem[len(base) :])
    return found if len(endings) == 1 and not next(iter(endings))[1:].isdigit() else {}


def _worded(images: _Folder, stems: Iterable[str]) -> dict[str, str]:
    """Return the image of each stem of a mask that has the same other words: "x_rgb", "x_label"."""
    dropped = frozenset(LABELS | IMAGES)
    named = images.stems.items()
    paths = {pair_key(stem, dropped): f"{images.name}/{name}" for stem, name in named}
    return {stem: paths[key] for stem in stems if (key := pair_key(stem, dropped)) in paths}


def _are_masks(directory: Directory, pairs: list[Pair]) -> bool:
    """Tell whether some pairs of files show scenes and masks, and one mask more than one colour."""
    return all(is_masked(directory.path, pair) for pair in pairs) and not all(
        is_blank(directory.path, pair.mask) for pair in pairs
    )


def _are_numbered(directory: Directory, pairs: list[Pair]) -> bool:
    """Tell whether images have names that other classes can have too: numbers, and all one size."""
    named = {
        tuple(word for word in words(split_suffix(pair.image)[0]) if not word.isdigit())
        for pair in pairs
    }
    sizes = {size_of(os.path.join(directory.path, pair.image)) for pair in pairs}
    return len(named) == 1 and len(sizes) == 1


def _stems(directory: Directory, folder: str, told: set[str]) -> set[tuple[str, ...]]:
    """Return the words of the names of images in a folder, without those that tell it apart."""
    inner = look_into(directory, folder)
    stems = (split_suffix(name)[0] for name in (inner.images if inner else ()))
    return {tuple(word for word in words(stem) if word not in told) for stem in stems}
