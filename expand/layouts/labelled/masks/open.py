"""Open a dataset of images with masks."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

from expand.errors import ExpandError
from expand.layouts.directory import IMAGE
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.labelled.masks.annotation import write_masks, write_reason
from expand.layouts.labelled.masks.derived.files import SetFiles
from expand.layouts.labelled.masks.derived.listed import read_parts
from expand.layouts.labelled.masks.files import File, Files, Grown, Pairing
from expand.layouts.labelled.masks.labels import MaskLabels
from expand.layouts.labelled.masks.missing import UNREAD, no_pair, unread
from expand.layouts.labelled.masks.notes import notes, say_outside, title
from expand.layouts.labelled.masks.pairs.pairing import Images, pair
from expand.layouts.labelled.masks.parts import Parts
from expand.layouts.labelled.masks.places import MASK_WORDS
from expand.layouts.labelled.masks.polygons import ENDING
from expand.layouts.labelled.masks.values import why_no_classes
from expand.layouts.labelled.opening import Opening
from expand.layouts.labelled.scan import KEPT, MADE, Decide, Role, Use, list_dataset
from expand.layouts.listing import Listing
from expand.layouts.names import fold
from expand.layouts.recognition.words import words
from expand.layouts.spooled.sets import TextSet
from expand.layouts.walk import walk

TAG = re.compile(r"_v([1-9]\d*)(?![0-9])")


def open_masks(opening: Opening) -> Dataset:
    """Open a dataset whose images have masks: in folders side by side, or in one folder.

    The images of the training part that have a mask grow, with all their masks. All other files are
    kept as they are. Raise ExpandError if no image has a mask that can be read.
    """
    images, others = _files(opening.root)
    pairing = pair(images)
    known = Files(filter(pairing.knows, images.paths))
    if not len(known):
        raise no_pair(opening, images, others)
    parts = Parts.of(known)
    if not parts.parts:
        parts = read_parts(opening.root, images, others, pairing)
    growing = parts.choose(opening.root, opening.request.split)
    grown = Grown(pairing, TextSet(file.path for file in known if growing.holds(file)))
    _check_usable(opening.root, grown)
    _refuse_unread(opening.root, images, others, grown)
    _refuse_taken(opening, pairing, images, others)
    derived = SetFiles.find(opening.root, others, grown, growing)
    made = TextSet(chain((mask.path for mask in grown.masks()), derived.names))
    rest = Files(path for path in others.paths if path not in made and path not in grown)
    listing = list_dataset(opening.root, _decide(grown, made), opening.folders)
    said, problems = notes(rest, grown, growing)
    return Dataset(
        layout="masks",
        title=title(grown, growing, parts),
        listing=listing,
        split=growing.shown,
        labels=MaskLabels(opening.request.mask_fill or 0, _why_no_classes(listing, grown)),
        derive=derived.derive,
        notes=(*said, *say_outside(parts.outside(known)), *derived.notes),
        problems=problems,
    )


def _why_no_classes(listing: Listing, grown: Grown) -> str:
    """Return why the values of masks name no classes; "" if they can."""
    if any(listing.summary.labels):
        return "the class of an image is its folder"
    return why_no_classes(masks for _, masks in grown.items())


def _check_usable(root: Path, grown: Grown) -> None:
    """Refuse a part without an image that can grow."""
    first = next(iter(grown), None)
    if first is None:
        raise ExpandError(f'no image of the part of "{root}" that is to grow has a mask')
    doubtful = grown.pairing.doubtful
    if all(path in doubtful for path in grown):
        raise ExpandError(f'no image of "{root}" can be used: "{first}" {doubtful[first]}')


def _files(root: Path) -> tuple[Files, Files]:
    """Return the images of a folder, masks and polygons among them, and its other files."""
    images, others = Files(), Files()
    for frame, name, kind in walk(str(root), lambda _: None):
        if name is not None:
            file = File.of(f"{frame.prefix}{name}")
            used = kind == IMAGE or (name.endswith(ENDING) and file.place.labels) or _is_gif(file)
            (images if used else others).paths.append(file.path)
    return images, others


def _is_gif(file: File) -> bool:
    """Tell whether a file is a mask in GIF: images in this format are not read."""
    named = file.place.labels or MASK_WORDS & {*words(file.stem)}
    return bool(named) and file.suffix.lower() == ".gif"


def _decide(grown: Grown, made: TextSet) -> Decide:
    """Return what tells the use of a file; all files but those that grow or are made are kept."""
    pairing = grown.pairing
    several = len({_label(path, pairing) for path in grown}) > 1

    def decide(path: str, _: bool) -> Use:
        """Return the use of a file."""
        if path in made:
            return MADE
        if path not in grown:
            return KEPT
        reason = pairing.doubtful.get(path)
        said = write_reason(reason) if reason else write_masks(pairing.masks(path))
        return Use(Role.GROWS, _label(path, pairing) if several else "", said)

    return decide


def _label(path: str, pairing: Pairing) -> str:
    """Return the folder that an image has as its class, if it is not of the image alone."""
    folder = File.of(path).place.folder
    masks = pairing.masks(path) if folder else []
    return "" if masks and masks[0].sample.rpartition("/")[2] == folder else folder


def _refuse_unread(root: Path, images: Files, others: Files, grown: Grown) -> None:
    """Refuse masks of formats that are not read: copies would have none."""
    found = Files.of(file for file in others if file.suffix.lower() in UNREAD)
    if not len(found):
        return
    index = Images(Files(path for path in images.paths if path in grown))
    for file in found:
        if file.place.labels and index.of(file, elsewhere=True):
            raise unread(root, file)
        if index.of(file, elsewhere=False):
            raise unread(root, file)


def _refuse_taken(opening: Opening, pairing: Pairing, images: Files, others: Files) -> None:
    """Refuse what is called as a copy would be: a file, or a folder with an image and its masks.

    The scan refuses files that end with the number; here it can be in front of "_mask".
    """
    tagged = Files(filter(TAG.search, chain(images.paths, others.paths)))
    if not len(tagged):
        return
    samples = TextSet(fold(mask.sample) for _, masks in pairing.items() for mask in masks)
    names = TextSet(map(fold, chain(images.paths, others.paths)))
    for file in tagged:
        start = "".join(f"{name}/" for name in file.folders)
        for tag in TAG.finditer(file.stem):
            taken = f"{start}{file.stem[: tag.start()]}{file.stem[tag.end() :]}{file.suffix}"
            if int(tag[1]) < opening.factor and fold(taken) in names:
                raise _is_taken(opening.root, file.path, taken)
        for tag in TAG.finditer(start):
            taken = start[: tag.start()]
            if int(tag[1]) < opening.factor and start[tag.end()] == "/" and fold(taken) in samples:
                raise _is_taken(opening.root, start[: tag.end()], taken)


def _is_taken(root: Path, path: str, other: str) -> ExpandError:
    return ExpandError(
        f'"{root}/{path}" is called as a copy of "{other}" would be; rename it, or expand the '
        "dataset that it was made from"
    )
