"""Counterparts: two folders with the same images before and after, or with their masks."""

from __future__ import annotations

from collections.abc import Mapping

from expand.layouts.directory import Directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.names import split_suffix
from expand.layouts.recognition.masks import LEAST, OPENED, Pair, is_blank, is_masked
from expand.layouts.recognition.splits import look_into
from expand.layouts.recognition.words import words

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


def find_counterparts(directory: Directory) -> Layout | None:
    """Return the layout of a directory with two folders of the same images, before and after.

    Masks of images count, too. A copy of one would be moved otherwise than that of the other.
    """
    if len(directory.folders) != 2:
        return None
    first, second = directory.folders
    return (
        _find_restored(directory, first, second)
        or _find_masks(directory, first, second)
        or _find_masks(directory, second, first)
    )


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


def _find_masks(directory: Directory, images: str, masks: str) -> Layout | None:
    """Return the layout of a folder of images and one of masks that no word tells from classes.

    At least half of the masks have the names of images, or these with an ending such as "_L", and
    the first few show scenes and masks, of which one has something drawn: a class may consist of
    blank images.
    """
    inner = [look_into(directory, name) for name in (images, masks)]
    named = [
        {split_suffix(name)[0]: name for name in each.images} if each else {} for each in inner
    ]
    both = {stem: stem for stem in named[0].keys() & named[1].keys()} or _ended(*named)
    if len(both) < LEAST or 2 * len(both) < len(named[1]):
        return None
    pairs = [
        Pair(f"{images}/{named[0][stem]}", f"{masks}/{named[1][both[stem]]}")
        for stem in sorted(both)[:OPENED]
    ]
    if not all(is_masked(directory.path, pair) for pair in pairs):
        return None
    if all(is_blank(directory.path, pair.mask) for pair in pairs):
        return None
    return Layout(Kind.MASKS, (f"{images}/", f"{masks}/"))


def _ended(images: Mapping[str, str], masks: Mapping[str, str]) -> dict[str, str]:
    """Return the stem of the mask of each image, if all masks have one ending more: "x_L"."""
    endings = set[str]()
    found = {}
    for stem in masks:
        base = next((base for mark in "_-." if (base := stem.rpartition(mark)[0]) in images), "")
        if base:
            found[base] = stem
            endings.add(stem[len(base) :])
    return found if len(endings) == 1 and not next(iter(endings))[1:].isdigit() else {}


def _stems(directory: Directory, folder: str, told: set[str]) -> set[tuple[str, ...]]:
    """Return the words of the names of images in a folder, without those that tell it apart."""
    inner = look_into(directory, folder)
    stems = (split_suffix(name)[0] for name in (inner.images if inner else ()))
    return {tuple(word for word in words(stem) if word not in told) for stem in stems}
