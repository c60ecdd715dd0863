"""Pair what names alone do not tell: files of one name in one folder, and folders of one image."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import takewhile

from expand.layouts.labelled.masks.files import File, Key, MaskOf, Pairing
from expand.layouts.labelled.masks.places import Place, place_of
from expand.layouts.recognition.masks import LOSSY
from expand.layouts.recognition.words import words


def pair_twins(pairing: Pairing) -> None:
    """Pair a JPEG with the other file of its name beside it, if most JPEGs of a folder have one."""
    if not pairing.bare:
        return
    folders: dict[tuple[str, ...], dict[str, list[File]]] = defaultdict(lambda: defaultdict(list))
    for file in pairing.bare:
        folders[file.folders][file.stem].append(file)
    for stems in folders.values():
        twins = [sorted(files, key=_is_lossless) for files in stems.values()]
        photos = [files for files in twins if not _is_lossless(files[0])]
        pairs = [files for files in photos if len(files) == 2 and _is_lossless(files[1])]
        if 2 * len(pairs) >= len(photos):
            for image, mask in pairs:
                pairing.masks[image.path].append(MaskOf(mask.path, len(mask.stem)))
    taken = {mask.path for masks in pairing.masks.values() for mask in masks}
    taken |= pairing.masks.keys()
    pairing.bare = [file for file in pairing.bare if file.path not in taken]


def _is_lossless(file: File) -> bool:
    return file.suffix.lower() not in LOSSY


def pair_samples(pairing: Pairing, images: Counter[Key]) -> None:
    """Pair masks of any name with the only image in their place, in a folder of their own."""
    alone = {file.place.key: file for file in pairing.bare if images[file.place.key] == 1}
    left = list[File]()
    for mask in pairing.orphans:
        image = alone.get(mask.place.key)
        if image and (sample := sample_of(image, mask)):
            pairing.masks[image.path].append(MaskOf(mask.path, len(mask.stem), sample=sample))
        else:
            left.append(mask)
    pairing.orphans = left
    pairing.bare = [file for file in pairing.bare if file.path not in pairing.masks]


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
