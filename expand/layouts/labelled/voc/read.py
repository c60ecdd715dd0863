"""What was read of the labels of one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from expand.geometry import IDENTITY, Affine
from expand.images.masks import MaskFile
from expand.layouts.labelled.voc.annotations.annotation import Annotation, Labelled
from expand.targets import Carried, Mask, Targets

IGNORED = 255
"""VOC's value of pixels that belong to no object for certain."""


@dataclass(frozen=True, eq=False)
class ReadAnnotation:
    """An annotation with the places that are in its image."""

    name: str
    data: bytes
    annotation: Annotation
    labelled: tuple[Labelled, ...]
    """The objects and parts that are in the image, in the order of the targets."""
    targets: Targets
    notes: Mapping[str, int]
    upright: Affine
    """The map from the image that it was drawn on to the upright one."""

    def objects(self, carried: Carried) -> list[Labelled]:
        """Return the objects that a view shows, without parts."""
        rows = (self.labelled[row] for row in carried.kept.tolist())
        return [each for each in rows if not each.is_part]

    @property
    def is_mended(self) -> bool:
        """Whether the annotation of view 0 differs from the file."""
        return self.upright != IDENTITY or bool(self.notes.keys() - {"duplicate"})


@dataclass(frozen=True, eq=False)
class ReadMask:
    """A mask, upright, with its file."""

    name: str
    data: bytes
    file: MaskFile
    mask: Mask
    turned: bool
    """Whether it is stored otherwise: it has a tag that turns it, or was drawn on an image that
    has one."""

    extents: Mask | None = None
    """Where it has borders of ignored pixels: the instances with these, linked to the objects."""
    numbered: bool = False
    """Whether its values are the numbers of the objects in the annotation."""

    @property
    def shows_instances(self) -> bool:
        """Whether its folder is that of instances: SegmentationObject."""
        return "object" in self.name.rpartition("/")[0].lower()
