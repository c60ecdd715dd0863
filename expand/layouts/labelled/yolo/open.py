"""Open a YOLO dataset: detection, segmentation, pose or oriented boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from expand.errors import BadImageError, ExpandError
from expand.geometry import Size
from expand.images.decoder import open_image
from expand.layouts.labelled.dataset import Dataset, SetWideFile
from expand.layouts.labelled.files import read_label
from expand.layouts.labelled.opening import Opening
from expand.layouts.labelled.scan import list_dataset
from expand.layouts.labelled.yolo.checks import check_form, check_named
from expand.layouts.labelled.yolo.derive import SetFiles
from expand.layouts.labelled.yolo.folder.datafile import DataFile
from expand.layouts.labelled.yolo.folder.lists import has_absolute
from expand.layouts.labelled.yolo.folder.parts import Part, find_parts, growing
from expand.layouts.labelled.yolo.folder.place import Place, find_place
from expand.layouts.labelled.yolo.folder.rewrite import rewritten
from expand.layouts.labelled.yolo.folder.survey import (
    Survey,
    class_names,
    data_files,
    survey,
)
from expand.layouts.labelled.yolo.notes import note_of_place, notes_of, title_of
from expand.layouts.labelled.yolo.roles import Roles
from expand.layouts.labelled.yolo.rows.labels import YoloLabels
from expand.layouts.labelled.yolo.rows.task import Task
from expand.layouts.labelled.yolo.rows.tell import Question, Sample, look, tell
from expand.layouts.labelled.yolo.rows.text import MOST_BYTES, read_rows
from expand.layouts.listing import Listing
from expand.layouts.source import Source
from expand.storage.reading import read_image

SAMPLED, OPENED = 1000, 100
"""Label files that are read to tell the task, and images that are opened for it."""


def open_yolo(opening: Opening) -> Dataset:
    """Open a YOLO dataset; see `Opener`."""
    root, request = opening.root, opening.request
    found = survey(root)
    described = data_files(root, found)
    data = described[0] if described else None
    parts = find_parts(root, found, data)
    part = growing(root, parts, request.split)
    others = [each for each in parts if each is not part]
    place = _place(root, found, part)
    files = _set_files(root, described, part, others)
    roles = Roles(root, part, others, place, files.names | found.caches(), opening.factor)
    listing = list_dataset(root, roles, opening.folders)
    try:
        if not len(listing):
            raise ExpandError(f'"{root}" has no images{f" of {part.name}" if part.name else ""}')
        check_named(root, place, roles.faults, len(listing))
        names = data.names if data else ()
        names = names or class_names(root, found)
        task = _task(opening, listing, place, data, names)
    except BaseException:
        listing.close()
        raise
    notes, problems = notes_of(task, data, part, others, roles.faults)
    return Dataset(
        layout=f"yolo-{task.name}",
        title=title_of(task, part, others, len(listing)),
        listing=listing,
        split=part.name,
        labels=YoloLabels(task, place),
        derive=files.derive,
        detects=task.name == "detect",
        classes=names,
        notes=(*notes, *note_of_place(place, [*filter(part.holds, found.images)])),
        problems=problems,
    )


def _place(root: Path, found: Survey, part: Part) -> Place:
    """Return where the label files of a part are; raise ExpandError if there are none."""
    images = {path[: path.rfind("/") + 1] for path in part.images}
    folders = [each for each in found.images if each in images or part.holds(each)]
    if place := find_place(found, folders):
        return place
    if not folders:
        raise ExpandError(f'"{root}" has no images{f" of {part.name}" if part.name else ""}')
    wanted = Place().label_folder(folders[0])
    raise ExpandError(
        f'the images in "{folders[0]}" have no label files; these are expected in "{wanted}", with '
        "the names of the images and the suffix .txt"
    )


def _set_files(
    root: Path, described: Sequence[DataFile], part: Part, others: Sequence[Part]
) -> SetFiles:
    lists = {name: False for each in others for name in each.lists if has_absolute(root, name)}
    lists |= dict.fromkeys(part.lists, True)
    texts = {file.name: rewritten(root, file) for file in described}
    changed = (
        SetWideFile.of(name, text) for name, text in sorted(texts.items()) if text is not None
    )
    return SetFiles(root, tuple(changed), lists)


def _task(
    opening: Opening, listing: Listing, place: Place, data: DataFile | None, names: tuple[str, ...]
) -> Task:
    asked = opening.request.layout.partition("yolo-")[2]
    points, dims = data.shape if data and data.shape else (0, 0)
    task = Task(
        "pose",
        (data.count if data else 0) or len(names),
        points,
        dims,
        data.flip_idx if data else None,
        data.point_names if data else (),
        names,
    )
    question = Question(opening.root, asked, task.columns if points else 0)
    samples = _Samples(opening.root, listing, place)
    seen = look(samples)
    if samples.wrong and not samples.read:
        check_form(opening.root, *samples.wrong[0])
    name = tell(question, seen)
    return task if name == "pose" else Task(name, task.classes, class_names=names)


class _Samples:
    """Yields label files of images evenly; those that cannot be read are reported by workers."""

    def __init__(self, root: Path, listing: Listing, place: Place) -> None:
        self._root, self._listing, self._place = root, listing, place
        self.read = 0
        """Files with rows that were read."""
        self.wrong: list[tuple[str, BadImageError]] = []
        """The first file that could not be read, and why."""

    def __iter__(self) -> Iterator[Sample]:
        size_of = _Sizes(self._root)
        step = max(1, len(self._listing) // SAMPLED)
        for index, source in enumerate(self._listing):
            if index % step:
                continue
            name = self._place.label(source.id)
            data: bytes | None = None
            try:
                data = read_label(str(self._root), name, MOST_BYTES)
                rows = read_rows(name, data) if data else None
            except BadImageError as error:
                if data and not self.wrong:
                    self.wrong.append((name, error))
                continue
            if rows:
                self.read += bool(rows.rows)
                yield Sample(rows, partial(size_of, source))


class _Sizes:
    """Reads the sizes of the first images that are asked for."""

    def __init__(self, root: Path) -> None:
        self._root, self._left = root, OPENED
        self._last: tuple[str, Size | None] = ("", None)

    def __call__(self, source: Source) -> Size | None:
        """Return width and height of an image; None if it cannot be read, or after many."""
        if source.id != self._last[0]:
            self._last = source.id, self._read(source) if self._left else None
            self._left = max(0, self._left - 1)
        return self._last[1]

    def _read(self, source: Source) -> Size | None:
        try:
            width, height = open_image(read_image(self._root / source.id)).size
        except BadImageError:
            return None
        return Size(float(width), float(height))
