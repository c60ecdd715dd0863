"""Compose one COCO file from its text and the rows that `derive.py` gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from expand.layouts.labelled.coco.files.document import ANNOTATIONS, IMAGES, CocoFile
from expand.layouts.labelled.coco.files.entries import Id
from expand.layouts.labelled.coco.files.text import Entries
from expand.layouts.labelled.coco.objects.patches import apply
from expand.layouts.labelled.dataset import Derived
from expand.layouts.spooled.bytes import BLOCK, SpooledBytes
from expand.storage.json import decode, encode


class Place(NamedTuple):
    """Where a COCO file has an annotation of a source: its image, and the annotation itself."""

    image: int
    annotation: int


@dataclass
class Writing:
    """A COCO file that is written anew."""

    coco: CocoFile
    present: set[int] = field(default_factory=set)
    """The images that are in the expanded dataset, of those that grow."""
    changed: dict[str, dict[int, bytes]] = field(
        default_factory=lambda: {IMAGES: {}, ANNOTATIONS: {}}
    )
    """Entries of originals that are not what they were."""
    added: dict[str, SpooledBytes] = field(init=False)
    """Entries of copies, each after a separator."""
    annotations: int = 0
    """Annotations of copies."""
    source: str = ""
    known: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The annotations of a source."""

    def __post_init__(self) -> None:
        what = f'"{self.coco.path}" with its copies'
        self.added = {IMAGES: SpooledBytes(what), ANNOTATIONS: SpooledBytes(what)}

    def add(
        self, row: Derived, images: Sequence[int], places: Sequence[Place | None], last: int
    ) -> None:
        """Add a row of the expanded dataset."""
        if row.view == 0:
            self._keep(row, images, places)
            return
        ids: dict[int, Id] = {}
        for number, image in enumerate(images, last + 1):
            old = self.coco.ids[image]
            ids[image] = f"{old}_v{row.view}" if isinstance(old, str) else number
            self._append(IMAGES, {**self._image(row, image), "id": ids[image]})
        for index, patch in row.annotation[1]:
            if place := places[index]:
                given = apply(patch, self._given(row.source, place))
                if "id" in given:
                    self.annotations += 1
                    given["id"] = self._next_id(given["id"], row.view)
                given["image_id"] = ids[place.image]
                self._append(ANNOTATIONS, given)

    def pieces(self, grows: Sequence[int]) -> Iterator[bytes]:
        """Yield the file; images that grow and have no row are left out, with all they have."""
        left_out = np.zeros(len(self.coco.ids) + 1, bool)
        left_out[grows] = True
        left_out[list(self.present)] = False
        text, at = self.coco.json.text, 0
        out = {IMAGES: left_out[:-1], ANNOTATIONS: left_out[self.coco.owners]}
        for name, entries in sorted(self.coco.json.lists.items(), key=lambda item: item[1].begin):
            yield from _encoded(text, at, entries.begin)
            yield from self._list(name, np.flatnonzero(out[name]).tolist())
            at = entries.end
        yield from _encoded(text, at, len(text))

    def _keep(self, row: Derived, images: Sequence[int], places: Sequence[Place | None]) -> None:
        """Keep an original; if it was turned upright, its entries change."""
        self.present.update(images)
        for image in images:
            size = self.coco.sizes[image]
            if row.width and size and size != (row.width, row.height):
                self.changed[IMAGES][image] = self._written(self._image(row, image))
        if row.annotation is not None:
            patches = dict(row.annotation[1])
            for index, place in enumerate(places):
                if place:
                    written = b""
                    if index in patches:
                        given = self._given(row.source, place)
                        written = self._written(apply(patches[index], given))
                    self.changed[ANNOTATIONS][place.annotation] = written

    def _list(self, name: str, left_out: Sequence[int]) -> Iterator[bytes]:
        """Yield what is between the brackets of a list."""
        text, entries = self.coco.json.text, self.coco.json.lists[name]
        changed = self.changed[name] | dict.fromkeys(left_out, b"")
        separator, some = self.separators[name], False
        begin, end = entries.begin, entries.end
        if len(entries):
            begin, end = entries.begins[0], entries.ends[-1]
        yield from _encoded(text, entries.begin, begin)
        for run in _runs(text, entries, changed):
            yield separator if some else b""
            yield from run
            some = True
        yield from self.added[name].blocks(0 if some else len(separator))
        yield from _encoded(text, end, entries.end)

    def _image(self, row: Derived, image: int) -> dict[str, Any]:
        """Return the entry of an image with the name and the size of a row."""
        given: dict[str, Any] = decode(self.coco.json.entry(IMAGES, image), constants=True)
        key = "file_name" if given.get("file_name") is not None else "coco_url"
        name, new = given[key], row.file_name.rpartition("/")[2]
        folder = name[: max(name.rfind("/"), name.rfind("\\")) + 1]
        if row.view:
            given[key] = folder + new
        if self.coco.sizes[image]:
            given |= {"width": row.width, "height": row.height}
        return given

    def _given(self, source: str, place: Place) -> dict[str, Any]:
        """Return an annotation; those of the last source are kept, as its copies come together."""
        if source != self.source:
            self.source, self.known = source, {}
        if place.annotation not in self.known:
            text = self.coco.json.entry(ANNOTATIONS, place.annotation)
            self.known[place.annotation] = decode(text, constants=True)
        return self.known[place.annotation]

    def _next_id(self, given: Any, view: int) -> Id:
        last = self.coco.last_id
        return f"{given}_v{view}" if isinstance(last, str) else (last or 0) + self.annotations

    def _append(self, name: str, value: dict[str, Any]) -> None:
        self.added[name].write(self.separators[name] + self._written(value))

    @cached_property
    def separators(self) -> Mapping[str, bytes]:
        """What is between the entries of each list."""
        given = self.coco.json
        return {name: given.separator(name).encode() for name in given.lists}

    def _written(self, value: dict[str, Any]) -> bytes:
        """Return an entry in the style of the file."""
        compact, ascii_only = self.style
        try:
            return encode(value, compact=compact, ascii_only=ascii_only).encode()
        except UnicodeEncodeError:  # half of a character that takes two escapes
            return encode(value, ascii_only=True).encode()

    @cached_property
    def style(self) -> tuple[bool, bool]:
        """How the file is written: without blanks, and in ASCII."""
        text = self.coco.json.text
        return '": ' not in text[:4096], text.isascii()


def _runs(text: str, entries: Entries, changed: Mapping[int, bytes]) -> Iterator[Iterable[bytes]]:
    """Yield the entries of a list as they are, or changed; what became empty is left out."""
    start = 0
    for index in (*sorted(changed), len(entries)):
        if index > start:
            yield _encoded(text, entries.begins[start], entries.ends[index - 1])
        if changed.get(index):
            yield (changed[index],)
        start = index + 1


def _encoded(text: str, begin: int, end: int) -> Iterator[bytes]:
    """Yield a part of a text in blocks."""
    for start in range(begin, end, BLOCK):
        yield text[start : min(start + BLOCK, end)].encode()
