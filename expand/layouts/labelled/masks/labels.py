"""The masks of one image: read, turned upright with it, and written for each view."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from expand.errors import BadImageError
from expand.images.masks import MaskFile, open_mask
from expand.layouts.labelled.dataset import (
    Frame,
    LabelFile,
    LabelledView,
    Labels,
    ViewLabels,
)
from expand.layouts.labelled.masks.annotation import image_name, mask_names, read_masks
from expand.layouts.labelled.masks.polygons import ENDING, ReadPolygons, read_polygons
from expand.layouts.labelled.masks.values import check_values, exchange, values_of
from expand.layouts.labelled.upright import upright_mask
from expand.layouts.source import Source
from expand.storage.reading import read_image
from expand.targets import Mask, Targets


@dataclass(frozen=True)
class MaskLabels(Labels):
    """Reads the masks that the parent found for an image."""

    fill: int = 0
    """The value of a mask where a view shows nothing of its image."""
    why_no_classes: str = ""
    """Why the values of masks name no classes; empty if they do."""

    @property
    def renames(self) -> bool:
        """Values of pixels are classes, and can be exchanged: `check_renames` has the limits."""
        return True

    def check_renames(self, names: Collection[str]) -> None:
        """Refuse classes that masks cannot exchange."""
        check_values(names, self.fill, self.why_no_classes)

    def image_name(self, source: Source, k: int, format_: str) -> str:
        """Return the path of the image of a copy."""
        return image_name(source, k, format_)

    def names(self, source: Source, image: str) -> tuple[str, ...]:
        """Return the paths of the masks of a view."""
        return mask_names(source, image)

    def load(self, root: str, source: Source) -> Mapping[str, bytes]:
        """Return the bytes of the masks."""
        files = {}
        for path, _ in read_masks(source).masks:
            try:
                files[path] = read_image(os.path.join(root, path))
            except BadImageError as error:
                raise _about(path, error) from error
        return files

    def parse(self, source: Source, files: Mapping[str, bytes], frame: Frame) -> ImageMasks:
        """Decode the masks, and read the polygons beside them."""
        return ImageMasks(
            source,
            tuple(_read(path, data, self.fill, frame) for path, data in files.items()),
            tuple(files),
            self.why_no_classes,
        )


@dataclass(frozen=True, eq=False)
class ReadMask:
    """A mask that was read."""

    data: bytes
    file: MaskFile
    mask: Mask
    """Upright, of the size of the upright image."""
    changed: bool
    """Whether it was turned, so that its file says it differently."""

    def encode(self, moved: Mask, k: int) -> bytes:
        """Return the file of a view."""
        return self.data if k == 0 and not self.changed else self.file.write(moved.pixels)


@dataclass(frozen=True, eq=False)
class ImageMasks:
    """The masks of an image."""

    source: Source
    masks: tuple[ReadMask | ReadPolygons, ...]
    paths: tuple[str, ...] = ()
    why_no_classes: str = ""

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The values in its mask, which are its classes unless its folder is its class.

        Raise BadImageError if they are not classes.
        """
        if self.source.label:
            return ()
        if self.why_no_classes:
            raise BadImageError(
                f"has no class, and the recipe has rules for classes: {self.why_no_classes}"
            )
        for path, each in zip(self.paths, self.masks, strict=True):
            if isinstance(each, ReadMask):
                try:
                    return values_of(each.file)
                except BadImageError as error:
                    raise _about(path, error) from error
        return ()

    @cached_property
    def targets(self) -> Targets:
        """The masks as targets: they are of no objects. Polygons say what the masks say."""
        return Targets(masks=tuple(each.mask for each in self.masks if isinstance(each, ReadMask)))

    @property
    def notes(self) -> Mapping[str, int]:
        """Nothing is mended in masks."""
        return {}

    def write(self, view: LabelledView) -> ViewLabels:
        """Return the masks of a view: those of view 0 as they are."""
        names = mask_names(self.source, view.name)
        moved = iter(self.rename(view.carried.targets, view.renames).masks)
        files = tuple(
            LabelFile(
                name,
                each.encode(next(moved), view.k)
                if isinstance(each, ReadMask)
                else each.encode(view),
            )
            for name, each in zip(names, self.masks, strict=True)
        )
        return ViewLabels(files, {"masks": list(names)})

    def rename(self, targets: Targets, renames: Mapping[str, str]) -> Targets:
        """Return masks in which values are exchanged, as they are classes."""
        if not renames:
            return targets
        read = [each.file for each in self.masks if isinstance(each, ReadMask)]
        try:
            masks = tuple(
                replace(mask, pixels=exchange(file, mask.pixels, renames))
                for file, mask in zip(read, targets.masks, strict=True)
            )
        except BadImageError as error:
            raise _about(self.paths[0], error) from error
        return replace(targets, masks=masks)


def _read(path: str, data: bytes, fill: int, frame: Frame) -> ReadMask | ReadPolygons:
    try:
        if path.endswith(ENDING):
            return read_polygons(data, frame)
        file = open_mask(data, fill)
        return ReadMask(data, file, *upright_mask(file, frame))
    except BadImageError as error:
        raise _about(path, error) from error


def _about(path: str, error: BadImageError) -> BadImageError:
    return BadImageError(f'its mask "{path}" {error}')
