"""Pair images with their masks: in folders side by side, or in one folder."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from expand.layouts.labelled.masks.files import File, Key, MaskOf, Pairing
from expand.layouts.labelled.masks.pairs.leftovers import pair_samples, pair_twins, sample_of
from expand.layouts.labelled.masks.pairs.stems import (
    Try,
    has_mark,
    heads,
    image_words,
    tries,
)
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import words
from expand.layouts.source import is_utf8

Index = dict[Key, dict[str, list[File]]]
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
            if found := self._index(each.by, by_part).get(_cut(key, by_part), {}).get(each.name):
                return each, found
        return None

    def _index(self, by: str, by_part: bool) -> Index:
        if (by, by_part) not in self._indices:
            index: Index = defaultdict(lambda: defaultdict(list))
            for file in self._files:
                for name in NAMES[by](file.stem):
                    index[_cut(file.place.key, by_part)][name].append(file)
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
    pair_twins(pairing)
    pair_samples(pairing, Counter(file.place.key for file in images))
    _check(pairing)
    return pairing


def _pair_labels(files: list[File], index: Images, pairing: Pairing) -> list[File]:
    """Pair the masks of a folder of labels; return the images in it.

    It has images if none of its files is a mask of an image elsewhere, and most have one beside.
    """
    orphans = list[File]()
    for mask in files:
        if found := index.of(mask, elsewhere=True):
            _add(pairing, mask, *found)
        else:
            orphans.append(mask)
    if len(orphans) < len(files):
        pairing.orphans += orphans
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
