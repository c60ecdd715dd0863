"""Pair images with their masks: in folders side by side, or in one folder."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

from expand.layouts.labelled.masks.places import Place, place_of
from expand.layouts.labelled.masks.stems import (
    Try,
    has_mark,
    heads,
    image_words,
    tries,
)
from expand.layouts.names import split_suffix
from expand.layouts.recognition.masks import LOSSY
from expand.layouts.recognition.words import words
from expand.layouts.source import is_utf8

Key = tuple[str, ...]


class File(NamedTuple):
    """A file of the dataset."""

    path: str
    folders: tuple[str, ...]
    stem: str
    suffix: str

    @classmethod
    def of(cls, path: str) -> File:
        """Split the path of a file, POSIX style."""
        *folders, name = path.split("/")
        return cls(path, tuple(folders), *split_suffix(name))

    @property
    def place(self) -> Place:
        """What its folders say."""
        return place_of(self.folders)


class MaskOf(NamedTuple):
    """A mask of an image."""

    path: str
    at: int
    """Where the number of a copy belongs in its stem."""
    tail: str = ""
    """What the stem of its image ends with, behind what they have in common: "_leftImg8bit"."""
    sample: str = ""
    """The folder that holds nothing but the image and its masks, if their names tell nothing."""


@dataclass
class Pairing:
    """Which masks belong to which image."""

    masks: dict[str, list[MaskOf]] = field(default_factory=lambda: defaultdict(list))
    """The masks of each image that has some."""
    doubtful: dict[str, str] = field(default_factory=dict)
    """Images that cannot be used, each with the reason."""
    bare: list[File] = field(default_factory=list)
    """Images without a mask."""
    orphans: list[File] = field(default_factory=list)
    """Masks without an image."""


Index = dict[tuple[Key, str], list[File]]
NAMES: dict[str, Callable[[str], Iterable[str]]] = {
    "stem": lambda stem: (stem,),
    "words": lambda stem: (image_words(stem),),
    "head": heads,
}
"""What images are found by: the names that each gives to a stem."""


class Images:
    """Images by their names, in each place; an index is made when it is needed."""

    def __init__(self, files: Iterable[File]) -> None:
        self._files = tuple(files)
        self._indices: dict[tuple[str, bool], Index] = {}
        self._places = {file.place.key for file in self._files}

    def of(self, mask: File, *, elsewhere: bool) -> tuple[Try, list[File]] | None:
        """Return the images that a mask may belong to, and how their names tell; None if none do.

        Where no image is in its place, those of its part are looked through.
        """
        key = mask.place.key
        by_part = key not in self._places and elsewhere
        for each in tries(mask.stem, elsewhere=elsewhere):
            if found := self._index(each.by, by_part).get((_cut(key, by_part), each.name)):
                return each, found
        return None

    def _index(self, by: str, by_part: bool) -> Index:
        if (by, by_part) not in self._indices:
            index: Index = defaultdict(list)
            for file in self._files:
                for name in NAMES[by](file.stem):
                    index[_cut(file.place.key, by_part), name].append(file)
            self._indices[by, by_part] = index
        return self._indices[by, by_part]


def _cut(key: Key, by_part: bool) -> Key:
    return key[:1] if by_part else key


def pair(files: Iterable[File]) -> Pairing:
    """Pair the images among files with those that are masks."""
    pairing, folders = Pairing(), defaultdict[tuple[str, ...], list[File]](list)
    for file in files:
        folders[file.folders].append(file)
    images = list[File]()
    for inside in folders.values():
        if not inside[0].place.labels:
            images += _pair_beside(inside, pairing)
    index = Images(images)
    for inside in folders.values():
        if inside[0].place.labels:
            images += _pair_labels(inside, index, pairing)
    known = pairing.masks.keys() | pairing.doubtful.keys()
    pairing.bare = [file for file in images if file.path not in known]
    _pair_twins(pairing)
    _pair_samples(pairing, Counter(file.place.key for file in images))
    _check(pairing)
    return pairing


def _pair_labels(files: list[File], index: Images, pairing: Pairing) -> list[File]:
    """Pair the masks of a folder of labels; return the images in it.

    It has images if none of its files is a mask of an image elsewhere, and most have one beside.
    """
    found = [(mask, index.of(mask, elsewhere=True)) for mask in files]
    if any(each for _, each in found):
        for mask, each in found:
            if each:
                _add(pairing, mask, *each)
            else:
                pairing.orphans.append(mask)
        return []
    beside = Pairing()
    images = _pair_beside(files, beside)
    if 2 * len(beside.masks.keys() | beside.doubtful.keys()) > len(images):
        pairing.masks |= beside.masks
        pairing.doubtful |= beside.doubtful
        return images
    pairing.orphans += files
    return []


def _pair_beside(files: list[File], pairing: Pairing) -> list[File]:
    """Pair masks with the images beside them; return the files that are images."""
    said = {word for name in files[0].folders for word in words(name)}
    marked = [file for file in files if has_mark(file.stem, said)]
    if not marked:
        return files
    taken = {file.path for file in marked}
    images = Images(file for file in files if file.path not in taken)
    masks = set[str]()
    for mask in marked:
        if found := images.of(mask, elsewhere=False):
            _add(pairing, mask, *found)
            masks.add(mask.path)
    return [file for file in files if file.path not in masks]


def _pair_twins(pairing: Pairing) -> None:
    """Pair a JPEG with the other file of its name beside it, if most JPEGs of a folder have one."""
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


def _pair_samples(pairing: Pairing, images: Counter[Key]) -> None:
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


def _add(pairing: Pairing, mask: File, how: Try, images: list[File]) -> None:
    """Note the mask of an image; of several images, that in the folders of the same names."""
    if len(images) > 1:
        images = _nearest(mask, images)
    if len(images) > 1:
        reason = f'"{images[0].path}" and "{images[1].path}" have the same mask, "{mask.path}"'
        pairing.doubtful |= {image.path: reason for image in images}
        return
    (image,) = images
    tail = image.stem[len(how.name) :] if how.by == "head" else ""
    sample = "" if how.name else sample_of(image, mask)  # "s1/image.png", "s1/mask.png"
    pairing.masks[image.path].append(MaskOf(mask.path, how.at, tail, sample))


def _nearest(mask: File, images: list[File]) -> list[File]:
    """Return those of some images whose folders have most names and numbers of the mask's."""
    wanted = {*mask.folders} | {word for name in mask.folders for word in words(name)}

    def common(image: File) -> int:
        found = {*image.folders} | {word for name in image.folders for word in words(name)}
        return len(found & wanted)

    most = max(map(common, images))
    return [image for image in images if common(image) == most]


def _check(pairing: Pairing) -> None:
    """Note the images with two masks of one name in one folder: it is unknown which one counts."""
    for image, masks in pairing.masks.items():
        stems: dict[str, str] = {}
        for mask in masks:
            stem = split_suffix(mask.path)[0]
            if (other := stems.setdefault(stem, mask.path)) != mask.path:
                pairing.doubtful[image] = f'has two masks of one name, "{other}" and "{mask.path}"'
        if not all(is_utf8(mask.path) for mask in masks):
            pairing.doubtful[image] = "has a mask with a name that is not UTF-8"
    for image in pairing.doubtful:
        pairing.masks.pop(image, None)
