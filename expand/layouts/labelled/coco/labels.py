"""Parse the annotations of one image in a worker; `image.py` writes those of its views."""

from __future__ import annotations

import os
from ast import literal_eval
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from expand.errors import BadImageError, shown
from expand.geometry import IDENTITY, Size
from expand.layouts.labelled.coco.files.find import clean_name
from expand.layouts.labelled.coco.image import CocoImage
from expand.layouts.labelled.coco.objects.drawn import Drawn
from expand.layouts.labelled.coco.objects.panoptic import Segments, png_of_view
from expand.layouts.labelled.coco.objects.shapes import Shape, read_shape
from expand.layouts.labelled.coco.objects.skeletons import Skeletons
from expand.layouts.labelled.dataset import Frame, Labels
from expand.layouts.names import compose
from expand.layouts.source import Source, is_utf8
from expand.storage.json import decode
from expand.storage.reading import read_image


@dataclass(frozen=True)
class CocoLabels(Labels):
    """Reads what the COCO files of a dataset say of an image; that is in `Source.annotation`."""

    skeletons: Mapping[str, Skeletons] = field(default_factory=dict)
    """Those of each file that has keypoints, by its path."""
    classes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The names of the categories of each file, by their ids as Python writes them."""

    panoptic: bool = False
    """Whether there are panoptic annotations: an image has a PNG of its own for each of them."""

    @property
    def renames(self) -> bool:
        """The category of an annotation can become another; segments of a PNG keep theirs."""
        return not self.panoptic

    def names(self, source: Source, image: str) -> tuple[str, ...]:
        """Return the paths of the PNG files of a view."""
        pngs = self._pngs(source).values() if self.panoptic else ()
        return tuple(dict.fromkeys(png_of_view(png, source.id, image) for png in pngs))

    def count_classes(self, root: str, source: Source) -> Mapping[str, int]:
        """Return how many annotations of each category an image has; panoptic ones: segments."""
        said = decode(source.annotation, constants=True)
        counts = Counter[str]()
        entries, listed = ((), ()) if isinstance(said, str) else said
        for number, given in zip(listed[::2], listed[1::2], strict=True):
            names = self.classes.get(entries[number][0], {})
            found = given.get("segments_info", [given])
            ids = (each.get("category_id") for each in found if isinstance(each, Mapping))
            counts.update(names.get(repr(each), "") for each in ids)
        return counts

    def load(self, root: str, source: Source) -> Mapping[str, bytes]:
        """Return the PNG files of panoptic annotations; others have no label file of their own."""
        files: dict[str, bytes] = {}
        for png in self._pngs(source).values() if self.panoptic else ():
            if not is_utf8(png):
                raise BadImageError(f'its mask "{png}" has a name that is not UTF-8')
            try:
                files[png] = read_image(os.path.join(root, png))
            except BadImageError as error:
                raise BadImageError(f'its mask "{png}" {error}') from error
        return files

    def parse(self, source: Source, files: Mapping[str, bytes], frame: Frame) -> CocoImage:
        """Read the annotations; raise BadImageError, with file and id, if one cannot be used."""
        said = decode(source.annotation, constants=True)
        if isinstance(said, str):
            raise BadImageError(said)
        entries, listed = said
        upright = frame.upright if _is_stored(entries, listed, frame) else IDENTITY
        size = frame.stored if upright != IDENTITY else frame.size
        paths = [entries[number][0] for number in listed[::2]]
        shapes = [
            self._read(path, given, place, size)
            for place, (path, given) in enumerate(zip(paths, listed[1::2], strict=True))
        ]
        segments = [
            Segments.read(shapes[place].given, place, png, files[png], size)
            for place, png in (self._pngs(source) if self.panoptic else {}).items()
        ]
        skeletons = [self.skeletons.get(path, {}) for path in paths]
        drawn = Drawn.of(shapes, skeletons, size, segments)
        id_of = partial(self._id_of, paths)
        return CocoImage.place(source, shapes, drawn, upright, frame.size, id_of)

    def _id_of(self, paths: Sequence[str], place: int, name: str) -> Any:
        """Return the id of a category in the file of an annotation; raise BadImageError if none."""
        path = paths[place]
        for written, known in self.classes.get(path, {}).items():
            if compose(known) == name:
                return literal_eval(written)
        raise BadImageError(f'"{path}" has no category "{name}", which a mirrored object becomes')

    def _pngs(self, source: Source) -> dict[int, str]:
        """Return the path of the PNG of each panoptic annotation, by its place."""
        said = decode(source.annotation, constants=True)
        if isinstance(said, str):
            return {}
        entries, listed = said
        given = enumerate(zip(listed[::2], listed[1::2], strict=True))
        return {
            place: entries[number][3] + clean_name(annotation["file_name"])
            for place, (number, annotation) in given
            if "segments_info" in annotation
        }

    def _read(self, path: str, given: Any, place: int, size: Size) -> Shape:
        name = self.classes.get(path, {}).get(repr(given.get("category_id")), "")
        try:
            return read_shape(given, place, size, name)
        except BadImageError as error:
            where = f'"{path}", annotation {shown(given.get("id"))}'
            raise BadImageError(f"{where}: {error}") from error


def _is_stored(entries: Sequence[Any], listed: Sequence[Any], frame: Frame) -> bool:
    """Tell whether labels were drawn on the stored pixels, before the EXIF orientation.

    The size that a file has for the image tells, or that of an RLE mask. Where both frames have the
    same size, labels are taken as drawn on the upright image, which most programs show.
    """
    said = [(path, (width, height)) for path, width, height, _ in entries if width is not None]
    for number, given in zip(listed[::2], listed[1::2], strict=True):
        segmentation = given.get("segmentation")
        if not said and isinstance(segmentation, Mapping):
            size = segmentation.get("size")
            if isinstance(size, list) and len(size) == 2:
                said = [(entries[number][0], (size[1], size[0]))]
    stored = {size == frame.stored and size != frame.size for _, size in said}
    for path, size in said:
        if size not in (frame.size, frame.stored):
            raise BadImageError(
                f'"{path}" says that it has {size[0]}×{size[1]} pixels, and it has '
                f"{int(frame.size.width)}×{int(frame.size.height)}"
            )
    if len(stored) > 1:
        raise BadImageError(f'"{said[0][0]}" and "{said[1][0]}" say that it is of different sizes')
    return True in stored
