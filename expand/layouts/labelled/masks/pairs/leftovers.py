"""Pair what names alone do not tell: files of one name in one folder, and folders of one image."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby, islice, takewhile

from expand.layouts.labelled.masks.files import File, Files, MaskOf, Pairing
from expand.layouts.labelled.masks.places import Place, place_of
from expand.layouts.recognition.masks import LOSSY
from expand.layouts.recognition.words import words
from expand.layouts.spooled.lists import Texts
from expand.layouts.spooled.sets import TextLists, TextSet

FOLDER_END = "//"
"""Stands between a folder and a stem, so that those of one folder are sorted together."""


def pair_twins(pairing: Pairing) -> None:
    """Pair a JPEG with the other file of its name beside it, if most JPEGs of a folder have one."""
    twins = TextLists(
        (f"{'/'.join(file.folders)}{FOLDER_END}{file.stem}", file.path) for file in pairing.bare
    )
    masks = TextSet()
    for _, stems in groupby(twins.lists(), key=lambda each: each[0].rpartition(FOLDER_END)[0]):
        photos, pairs = 0, Texts()
        for _, paths in stems:
            files = sorted(map(File.of, paths), key=_is_lossless)
            if not _is_lossless(files[0]):
                photos += 1
                if len(files) == 2 and _is_lossless(files[1]):
                    pairs.extend(file.path for file in files)
        if 2 * (len(pairs) // 2) >= photos:
            both = iter(pairs)
            for image, mask in zip(both, both, strict=True):
                pairing.found.add(image, MaskOf(mask, len(File.of(mask).stem)))
                masks.add(mask)
    if len(masks):
        bare = (path for path in pairing.bare.paths if path not in masks)
        pairing.bare = Files(path for path in bare if path not in pairing.found)


def _is_lossless(file: File) -> bool:
    return file.suffix.lower() not in LOSSY


def pair_samples(pairing: Pairing, images: Iterable[File]) -> None:
    """Pair masks of any name with the only image in their place, in a folder of their own."""
    if not len(pairing.orphans) or not len(pairing.bare):
        return
    by_place = TextLists((_place(file), file.path) for file in images)
    bare = TextLists((_place(file), file.path) for file in pairing.bare)
    left = Files()
    for mask in pairing.orphans:
        alone = len([*islice(by_place.of(_place(mask)), 2)]) == 1
        image = next(map(File.of, bare.of(_place(mask))), None) if alone else None
        if image and (sample := sample_of(image, mask)):
            found = MaskOf(mask.path, len(mask.stem), sample=sample)
            pairing.found.add(image.path, found)
        else:
            left.paths.append(mask.path)
    pairing.orphans = left
    pairing.bare = Files(path for path in pairing.bare.paths if path not in pairing.found)


def _place(file: File) -> str:
    """Return the place of a file as one text."""
    return "/".join(file.place.key)


def sample_of(image: File, mask: File) -> str:
    """Return the folder of an image and its mask that tells which they are; "" if there is none."""
    common = tuple(
        takewhile(lambda pair: pair[0] == pair[1], zip(image.folders, mask.folders, strict=False))
    )
    folders = [name for name, _ in common]
    if not folders or place_of((folders[-1],)) != Place(
        rest=words(folders[-1]), folder=folders[-1]
    ):
        return ""
    return "/".join(folders)
