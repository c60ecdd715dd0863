"""The labels of one image: its annotation and its masks, read in a worker."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from expand.errors import BadImageError, ExpandError
from expand.geometry import IDENTITY, Placement, Size
from expand.images.masks import open_mask
from expand.layouts.labelled.dataset import Frame, ImageLabels, Labels
from expand.layouts.labelled.files import read_label
from expand.layouts.labelled.upright import upright_mask
from expand.layouts.labelled.voc.annotations.annotation import Annotation
from expand.layouts.labelled.voc.annotations.document import LARGEST
from expand.layouts.labelled.voc.instances import link
from expand.layouts.labelled.voc.naming import check_clear, is_annotation, label_files, label_name
from expand.layouts.labelled.voc.places import are_outside, targets_of
from expand.layouts.labelled.voc.read import ReadAnnotation, ReadMask
from expand.layouts.labelled.voc.writer import VocImageLabels
from expand.layouts.source import Source
from expand.targets import Carried, Targets, carry


@dataclass(frozen=True)
class VocLabels(Labels):
    """Reads the annotation and the masks that `Source.annotation` names."""

    fill: int = 0
    """The value of a mask where a view shows nothing of its image."""
    listed: bool = False
    """Whether lists of images say which objects are in them."""
    masks: bool = False
    """Whether it has masks, in which the value of a pixel is a class."""

    @property
    def renames(self) -> bool:
        """The name of an object can become another, but in masks: see `check_renames`."""
        return True

    def check_renames(self, names: Collection[str]) -> None:
        """Refuse classes that masks show too: no file says which value is which class."""
        if self.masks:
            raise ExpandError(
                "rules with becomes exchange the names of objects, and this dataset has masks, in "
                "which values are classes too: no file says which value is which name. Use never, "
                "or move the folders of masks out of the dataset"
            )

    def names(self, source: Source, image: str) -> tuple[str, ...]:
        """Return the paths of the label files of a view, whose image is called `image`."""
        return tuple(label_name(name, image) for name in label_files(source))

    def count_classes(self, root: str, source: Source) -> Mapping[str, int]:
        """Return how many objects of each name the annotation of an image has, without parts."""
        counts = Counter[str]()
        for name in filter(is_annotation, label_files(source)):
            annotation = Annotation.parse(name, read_labels(root, name))
            counts.update(each.name for each in annotation.labelled if not each.is_part)
        return counts

    def load(self, root: str, source: Source) -> Mapping[str, bytes]:
        """Read the label files of an image; raise BadImageError if that is not possible."""
        check_clear(source)
        return {name: read_labels(root, name) for name in label_files(source)}

    def parse(self, source: Source, files: Mapping[str, bytes], frame: Frame) -> ImageLabels:
        """Read the labels; raise BadImageError for what no rule can mend."""
        masks = [
            _read_mask(name, data, self.fill, frame)
            for name, data in files.items()
            if not is_annotation(name)
        ]
        annotations = [
            _read_annotation(name, data, frame)
            for name, data in files.items()
            if is_annotation(name)
        ]
        read = annotations[0] if annotations else None
        rows, places = (read.labelled, read.targets) if read else ((), Targets())
        masks = [link(mask, rows, places) for mask in masks]
        # those that are written come first
        moving = *(each.mask for each in masks), *filter(None, (each.extents for each in masks))
        targets = Targets(places.boxes, places.oriented, places.polygons, places.points, moving)
        return VocImageLabels(source.id, read, tuple(masks), targets, self.listed)


def read_labels(root: str, name: str) -> bytes:
    """Read an annotation or a mask; raise BadImageError with its name."""
    data = read_label(root, name, LARGEST if is_annotation(name) else sys.maxsize)
    if data is None:
        raise BadImageError(f'"{name}" is missing')
    return data


def _read_mask(name: str, data: bytes, fill: int, frame: Frame) -> ReadMask:
    """Read a mask, and turn it upright if it was drawn on the stored image."""
    try:
        file = open_mask(data, fill)
        return ReadMask(name, data, file, *upright_mask(file, frame))
    except BadImageError as error:
        raise BadImageError(f'"{name}" {error}') from error


def _is_stored(size: Size | None, frame: Frame, what: str) -> bool:
    """Tell whether labels were drawn on the stored image: their size tells it from the upright one.

    Raise BadImageError for another size.
    """
    if size is None or size == frame.size:
        return False
    if size == frame.stored:
        return True
    raise BadImageError(
        f"{what} has {size.width:g}×{size.height:g} pixels, and the image "
        f"{frame.size.width:g}×{frame.size.height:g}"
    )


def _read_annotation(name: str, data: bytes, frame: Frame) -> ReadAnnotation:
    """Read an annotation; its places are moved to the upright image, and clipped to it."""
    annotation = Annotation.parse(name, data)
    line = annotation.sides[0].line if annotation.sides else 1
    turned = _is_stored(annotation.size, frame, f'"{name}", line {line}: its image')
    upright = frame.upright if turned else IDENTITY
    targets, kept = targets_of(annotation.labelled), annotation.labelled
    notes = {"duplicate": count} if (count := annotation.duplicates) else {}
    if turned or are_outside(targets, frame.size):
        carried = carry(targets, Placement(upright.inverse(), frame.size), visible=0)
        targets, kept = carried.targets, tuple(kept[row] for row in carried.kept.tolist())
        notes |= _mended(carried)
    return ReadAnnotation(name, data, annotation, kept, targets, notes, upright)


def _mended(carried: Carried) -> dict[str, int]:
    counts = {
        "clipped": int(carried.cut[carried.kept].sum()),
        "outside": len(carried.dropped),
    }
    return {reason: count for reason, count in counts.items() if count}
