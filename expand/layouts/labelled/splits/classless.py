"""A part of a split without class folders: what it holds instead, and what to do."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from expand.images.formats import SUFFIXES
from expand.layouts.directory import read_directory
from expand.layouts.labelled.titles import counted
from expand.layouts.names import split_suffix
from expand.layouts.recognition.unread.packed import describe_packed

SEPARATORS = "._-"
LOOKED = 1000
"""Names that are looked at."""


def describe_part(
    root: Path, prefix: str, images: Sequence[str], folders: Sequence[str] = ()
) -> str:
    """Say why a part, the folder `root/prefix`, cannot grow.

    `images` lie in it without a class; `folders` are those with images that are not classes.
    """
    part = f"{root / prefix}"
    if folders:
        return (
            f'"{part}" has its images in "{folders[0]}", which is not a class, and no labels '
            "of them were found. Put each image into the folder of its class "
            f"({prefix}<class>/<image>), or the labels beside them. If it is a class: "
            f"expand {shlex.quote(part)} OUT --as folders; if they have no labels: "
            f"expand {shlex.quote(part)} OUT --as flat"
        )
    if not images:
        packed = describe_packed(root / prefix)
        expected = packed or f"images are expected as {prefix}<class>/<image>"
        return f'"{part}" has no class folders with images; {expected}'
    have = counted(len(images), "image", "images")
    if masks := _find_same(root, prefix, images[0]):
        rename = shlex.join(("mv", str(root / masks), str((root / masks).with_name("masks"))))
        return (
            f'"{part}" has no class folders, and "{root / masks}" has the same part with files of '
            f"the same names. If these are masks: {rename}. If they are other images, and none "
            f"have labels: expand {shlex.quote(part)} OUT --as flat"
        )
    return (
        f'"{part}" has no class folders: {have} ("{images[0]}") without a class. Put each into the '
        f"folder of its class ({prefix}<class>/<image>), or write the classes into a table beside "
        f'"{part}", with the columns file and label.{_sort(part, images)} If they have no labels: '
        f"expand {shlex.quote(part)} OUT --as flat"
    )


def _find_same(root: Path, prefix: str, image: str) -> str:
    """Return a folder beside a part that holds the same part, with files of the same names."""
    above, _, part = prefix.rstrip("/").rpartition("/")
    folder, stem = root / above, split_suffix(image)[0]
    for name in read_directory(str(folder)).folders[:LOOKED]:
        names = (f"{stem}{suffix}" for suffix in SUFFIXES)
        if any((folder / name / part / each).is_file() for each in names):
            return f"{above}/{name}".lstrip("/")
    return ""


def _sort(part: str, images: Sequence[str]) -> str:
    """Return the command that sorts images whose names can begin with their class."""
    stems = [split_suffix(name)[0] for name in images[:LOOKED]]
    for separator in SEPARATORS:
        starts = {stem.partition(separator)[0] for stem in stems if separator in stem}
        if starts and 2 * len(starts) <= len(stems):
            start = images[0].partition(separator)[0]
            cut = f"${{f%%{separator}*}}"
            return (
                f' If the classes are the beginnings of the names, as "{start}": '
                f"cd {shlex.quote(part)} && for f in *{separator}*.*; do "
                f'mkdir -p "{cut}" && mv "$f" "{cut}/"; done.'
            )
    return ""
