"""The labels of one source: read once, and written for each of its views. Writes no file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from expand.errors import BadImageError, ExpandError
from expand.geometry import Size
from expand.images.decoder import ImageFile, upright_map
from expand.job.settings import Settings
from expand.job.tasks.placing import PlacedView, Unplaced
from expand.layouts.labelled.dataset import (
    Frame,
    ImageLabels,
    LabelFile,
    LabelledView,
    Labels,
    Named,
)
from expand.layouts.source import Source
from expand.records.rows import LabelFileRow, RowLabels
from expand.views.drawn import DrawnView

if TYPE_CHECKING:
    from expand.targets import Carried

TABLES = ("table", "huggingface")


class LoadedLabels(NamedTuple):
    """The bytes of the labels of a source, and their hash."""

    files: Mapping[str, bytes]
    sha256: str


class WrittenLabels(NamedTuple):
    """The labels of a view: label files to write, and what its row says of them."""

    files: tuple[LabelFile, ...]
    row: RowLabels
    carried: Carried


class LabelCounts(NamedTuple):
    """What became of the labels of a source, counted over its files."""

    files: int
    """Label files."""
    bytes: int
    objects: int
    """Objects in all views."""
    dropped: Mapping[str, int]
    """Objects that views do not show, by reason."""
    mended: Mapping[str, int]
    """What was mended in the labels of the source."""


def count_labels(rows: Sequence[RowLabels]) -> LabelCounts:
    """Count the labels of all views of one source."""
    files = [file for row in rows for file in row["files"]]
    dropped = Counter[str]()
    for reasons in filter(None, [row["dropped"] for row in rows]):
        dropped.update(reasons)
    return LabelCounts(
        len(files),
        sum(file["bytes"] for file in files),
        sum(row["objects"] for row in rows),
        dropped,
        rows[0]["mended"],
    )


def load_labels(labels: Labels, root: str, source: Source) -> LoadedLabels:
    """Read the label files of a source; raise BadImageError if one cannot be read."""
    files = labels.load(root, source)
    digest = sha256(source.annotation.encode("utf-8", "backslashreplace"))
    for name in sorted(files):
        digest.update(f"\0{name}\0{len(files[name])}\0".encode("utf-8", "backslashreplace"))
        digest.update(files[name])
    return LoadedLabels(files, digest.hexdigest())


def frame_of(image: ImageFile) -> Frame:
    """Return the frames in which labels of an image can have been drawn."""
    width, height = image.size
    size = Size(float(width), float(height))
    upright = upright_map(image.orientation, size)
    turned = upright.a == 0
    stored = Size(size.height, size.width) if turned else size
    return Frame(stored, size, upright)


@dataclass(frozen=True)
class OpenLabels:
    """The labels of a source that was opened."""

    reader: Labels
    source: Source
    labels: ImageLabels
    sha256: str
    size: Size

    @classmethod
    def parse(
        cls, reader: Labels, source: Source, loaded: LoadedLabels, image: ImageFile
    ) -> OpenLabels:
        """Read labels; raise BadImageError, with file and line, if no rule can mend them."""
        frame = frame_of(image)
        labels = reader.parse(source, loaded.files, frame)
        return cls(reader, source, labels, loaded.sha256, frame.size)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of its objects, each once; empty if the labels do not name them."""
        named = self.labels.classes if isinstance(self.labels, Named) else ()
        return tuple(sorted(set(named)))

    def image_name(self, k: int, format_: str) -> str:
        """Return the name of the image of view `k`."""
        return self.reader.image_name(self.source, k, format_) if k else self.source.id

    def of_view(self, view: PlacedView, name: str, settings: Settings) -> WrittenLabels:
        """Return the labels of a view, whose image is called `name`."""
        k, params, carried, (source, size) = view
        forward = source.inverse()
        renames = settings.recipe.exchanges.names(forward)
        written = self.labels.write(LabelledView(k, name, size, carried, params, forward, renames))
        row = RowLabels(
            sha256=self.sha256,
            files=[_file_row(file) for file in written.files],
            objects=len(carried.kept),
            dropped=dict(Counter([each.reason for each in carried.dropped]))
            if carried.dropped
            else {},
            mended=dict(self.labels.notes),
        )
        if written.annotation is not None:
            row["annotation"] = written.annotation
        return WrittenLabels(written.files, row, carried)

    def unplaced(self, views: Mapping[int, DrawnView]) -> Unplaced:
        """Return the targets with some views, which they are to be moved into."""
        return Unplaced(self.labels.targets, self.size, views, self.reader.places)


def classes_of(settings: Settings, source: Source, labels: OpenLabels | None) -> tuple[str, ...]:
    """Return the classes of a source, if the recipe has rules for classes.

    Raise BadImageError if they are not known, or if their rules leave too few different views.
    """
    recipe = settings.recipe
    if not recipe.classes:
        return ()
    own = (source.label,) if source.label else ()
    classes = tuple(dict.fromkeys((*own, *(labels.classes if labels else ()))))
    if not classes and not _is_background(settings, labels):
        raise BadImageError("has no single class, and the recipe has rules for classes")
    try:
        settings.views.for_classes(classes)
    except ExpandError as error:  # rules of several classes leave more combinations than one's
        raise BadImageError(f"has classes whose rules cannot be followed: {error}") from error
    most = recipe.distinct_for(classes)
    views = settings.views_of(source)
    if most is not None and views > most:
        raise BadImageError(
            f"has the classes {', '.join(classes)}, whose rules leave {most} distinct views; "
            f"--factor is {views}"
        )
    return classes


def _is_background(settings: Settings, labels: OpenLabels | None) -> bool:
    """Tell whether an image without a class shows no object, as opposed to several classes.

    A table can list several classes of an image, which are not objects.
    """
    named = labels is not None and isinstance(labels.labels, Named)
    return named and settings.dataset is not None and settings.dataset.layout not in TABLES


def _file_row(file: LabelFile) -> LabelFileRow:
    return LabelFileRow(
        file_name=file.name, bytes=len(file.data), sha256=sha256(file.data).hexdigest()
    )
