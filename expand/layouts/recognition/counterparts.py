"""Counterparts: two folders with the same images before and after, as restoration has them."""

from __future__ import annotations

from expand.layouts.directory import Directory
from expand.layouts.layout import Kind, Layout
from expand.layouts.names import split_suffix
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

    A copy of one would be moved otherwise than that of the other. At least half of the names in the
    smaller folder must be in the other one too, whatever words tell the folders apart.
    """
    if len(directory.folders) != 2:
        return None
    first, second = directory.folders
    for before, after in BEFORE_AND_AFTER:
        for one, other in ((first, second), (second, first)):
            if before in words(one) and after in words(other):
                ones, others = (_stems(directory, name, {before, after}) for name in (one, other))
                smaller = min(len(ones), len(others))
                if smaller and 2 * len(ones & others) >= smaller:
                    return Layout(Kind.COUNTERPARTS, (f"{one}/", f"{other}/"))
    return None


def _stems(directory: Directory, folder: str, told: set[str]) -> set[tuple[str, ...]]:
    """Return the words of the names of images in a folder, without those that tell it apart."""
    inner = look_into(directory, folder)
    stems = (split_suffix(name)[0] for name in (inner.images if inner else ()))
    return {tuple(word for word in words(stem) if word not in told) for stem in stems}
