"""Pair images with their masks: in folders side by side, or in one folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from expand.layouts.labelled.masks.files import File, Files, Key, MaskOf, Pairing
from expand.layouts.labelled.masks.pairs.leftovers import pair_samples, pair_twins, sample_of
from expand.layouts.labelled.masks.pairs.stems import (
    CHANNEL,
    Try,
    has_mark,
    heads,
    image_words,
    tries,
)
from expand.layouts.labelled.masks.places import place_of
from expand.layouts.names import split_suffix
from expand.layouts.recognition.words import words
from expand.layouts.source import is_utf8
from expand.layouts.spooled.sets import TextLists

NAMES: dict[str, Callable[[str], Iterable[str]]] = {
    "stem": lambda stem: (stem,),
    "words": lambda stem: (image_words(stem),),
    "head": heads,
}
"""What images are found by: the names that each gives to a stem."""


class Images:
    """Images by their names, in each place; an index is made when it is needed."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._indices: dict[tuple[str, bool], TextLists] = {}
        self._places = {place_of(names).key for names in files.folders()}

    def of(self, mask: File, *, elsewhere: bool) -> tuple[Try, list[File]] | None:
        """Return the images that a mask may belong to, and how their names tell; None if none do.

        Where no image is in its place, those of its part are looked through.
        """
        key = mask.place.key
        by_part = key not in self._places and elsewhere
        for each in tries(mask.stem, elsewhere=elsewhere):
            index = self._index(each.by, by_part)
            if found := [*map(File.of, index.of(_in_index(key, each.name, by_part)))]:
                return each, found
        return None

    def _index(self, by: str, by_part: bool) -> TextLists:
        if (by, by_part) not in self._indices:
            self._indices[by, by_part] = TextLists(
                (_in_index(file.place.key, name, by_part), file.path)
                for file in self._files
                for name in NAMES[by](file.stem)
            )
        return self._indices[by, by_part]


def _in_index(key: Key, name: str, by_part: bool) -> str:
    """Return a name in a place as one text; neither words nor names of files have a slash."""
    return "/".join((*key[: 1 if by_part else None], name))


def pair(files: Iterable[File]) -> Pairing:
    """Pair the images among files with those that are masks."""
    pairing, folders = Pairing(), _by_folder(files)
    images, inside_labels = Files(), Files()
    for inside in _each(folders, labels=False):
        images.paths.extend(_pair_beside(inside, pairing).paths)
    index = Images(images)
    for inside in _each(folders, labels=True):
        inside_labels.paths.extend(_pair_labels(inside, index, pairing).paths)
    both = chain(images.paths, inside_labels.paths)
    pairing.bare = Files(path for path in both if not pairing.knows(path))
    pair_twins(pairing)
    pair_samples(pairing, chain(images, inside_labels))
    _check(pairing)
    return pairing


def _by_folder(files: Iterable[File]) -> TextLists:
    """Return files by the number of their folder: folders are numbered as they come."""
    numbers: dict[Key, int] = {}
    return TextLists(
        (f"{numbers.setdefault(file.folders, len(numbers)):012d}", file.path) for file in files
    )


def _each(folders: TextLists, *, labels: bool) -> Iterator[Files]:
    """Yield the files of each folder of labels, or of each other one."""
    for _, paths in folders.lists():
        first = next(paths)
        if File.of(first).place.labels == labels:
            yield Files(chain((first,), paths))


def _pair_labels(files: Files, index: Images, pairing: Pairing) -> Files:
    """Pair the masks of a folder of labels; return the images in it.

    It has images if none of its files is a mask of an image elsewhere, and most have one beside.
    """
    orphans = Files()
    for mask in files:
        if found := index.of(mask, elsewhere=True):
            _add(pairing, mask, *found)
        else:
            orphans.paths.append(mask.path)
    if len(orphans) < len(files):
        pairing.orphans.paths.extend(orphans.paths)
        return Files()
    beside = Pairing()
    images = _pair_beside(files, beside)
    if 2 * sum(map(beside.knows, images.paths)) > len(images):
        for image, masks in beside.found.items():
            for each in masks:
                pairing.found.add(image, each)
        pairing.doubtful |= beside.doubtful
        return images
    pairing.orphans.paths.extend(files.paths)
    return Files()


def _pair_beside(files: Files, pairing: Pairing) -> Files:
    """Pair masks with the images beside them; return the files that are images."""
    said = {word for name in next(iter(files)).folders for word in words(name)}
    marked, images = Files(), Files()
    for file in files:
        (marked if has_mark(file.stem, said) else images).paths.append(file.path)
    if not len(marked):
        return files
    index, masks = Images(images), Files()
    for mask in marked:
        if found := index.of(mask, elsewhere=False):
            _add(pairing, mask, *found)
            masks.paths.append(mask.path)
    return Files(_without(files.paths, masks.paths))


def _without(files: Iterable[str], some: Iterable[str]) -> Iterator[str]:
    """Yield files without some of them, which come in the same order."""
    remaining = iter(some)
    left_out = next(remaining, None)
    for file in files:
        if file == left_out:
            left_out = next(remaining, None)
        else:
            yield file


def _add(pairing: Pairing, mask: File, how: Try, images: list[File]) -> None:
    """Note the mask of an image; of several images, that in the folders of the same names."""
    if len(images) > 1:
        images = _nearest(mask, images)
    if len(images) > 1:
        others = (images[1], *(images[0] for _ in images[1:]))
        pairing.doubtful |= {
            image.path: f'and "{other.path}" have the same mask, "{mask.path}"{_channels(images)}'
            for image, other in zip(images, others, strict=True)
        }
        return
    (image,) = images
    tail = image.stem[len(how.name) :] if how.by == "head" else ""
    sample = "" if how.name else sample_of(image, mask)  # "s1/image.png", "s1/mask.png"
    pairing.found.add(image.path, MaskOf(mask.path, how.at, tail, sample))


def _channels(images: list[File]) -> str:
    """Say that images are channels of one image in nnU-Net, if their names say so."""
    if not all(CHANNEL.search(image.stem) for image in images):
        return ""
    return ": channels of one image would have to move together, which is not supported"


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
    for image, masks in pairing.found.items():
        stems: dict[str, str] = {}
        for mask in masks:
            stem = split_suffix(mask.path)[0]
            if (other := stems.setdefault(stem, mask.path)) != mask.path:
                pairing.doubtful[image] = f'has two masks of one name, "{other}" and "{mask.path}"'
        if not all(is_utf8(mask.path) for mask in masks):
            pairing.doubtful[image] = "has a mask with a name that is not UTF-8"
