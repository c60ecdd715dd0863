"""An annotation: the file of one image, with its size, its objects and their parts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from expand.errors import BadImageError
from expand.geometry import Size
from expand.layouts.labelled.voc.annotations.corners import Corners
from expand.layouts.labelled.voc.annotations.document import Document
from expand.layouts.labelled.voc.annotations.elements import Element
from expand.layouts.labelled.voc.annotations.numbers import NUMBER, read_number
from expand.layouts.labelled.voc.annotations.places import Box, OrientedBox, Place

PLACES = re.compile(r"[xy](\d+f?|_?min|_?max)?|c[xy]", re.IGNORECASE)
"""Elements that hold places: those that are not understood would be wrong in a view."""
ANGLES = ("angle", "theta", "rotation")
"""Elements and attributes that turn a box, if they are not 0."""
SINGLE = ("bndbox", "robndbox", "point")
POLYGONS = ("polygon", "points")
KINDS = ("boxes", "oriented boxes", "polygons", "points", "masks")
TRUE = ("1", "true", "yes")


@dataclass(frozen=True, eq=False)
class Labelled:
    """An object, or a part of one (head, hand, foot), and what is said of its place."""

    element: Element
    name: str
    number: int
    """Of the object in its file, counted from 1; that of its object for a part."""
    is_part: bool
    box: Box | None
    oriented: OrientedBox | None
    polygons: tuple[Corners, ...]
    point: Place | None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of places that it tells, of `KINDS`."""
        places = (self.box, self.oriented, self.polygons, self.point)
        return tuple(kind for kind, place in zip(KINDS, places, strict=False) if place)

    @property
    def difficult(self) -> bool:
        """Whether it does not count in an evaluation."""
        found = self.element.find("difficult")
        return found is not None and found.value.lower() in TRUE


@dataclass(frozen=True, eq=False)
class Annotation:
    """What an annotation says; `labelled` has each object, followed by its parts."""

    document: Document
    size: Size | None
    """The size of the image that it was drawn on; None if it does not say."""
    sides: tuple[Element, ...]
    """The elements for width and height, if it has them."""
    labelled: tuple[Labelled, ...]

    @classmethod
    def parse(cls, name: str, data: bytes) -> Annotation:
        """Read a file; raise BadImageError, with its name and the line, for what is wrong."""
        document = Document.parse(name, data)
        root = document.root
        if root.tag != "annotation":
            raise BadImageError(f'"{name}", line {root.line}: is <{root.tag}>, not <annotation>')
        labelled = tuple(
            each
            for number, element in enumerate(root.all("object"), 1)
            for each in _read_object(element, number, name)
        )
        _check_places(root, labelled, name)
        sides = _sides(root)
        return cls(document, _size(sides, name), sides, labelled)

    @property
    def duplicates(self) -> int:
        """How many objects are the same as one before, with the same box."""
        keys = Counter(
            (each.name, each.box.edges)
            for each in self.labelled
            if each.box and not (each.is_part or each.oriented or each.polygons)
        )
        return keys.total() - len(keys)


def _read_object(element: Element, number: int, name: str) -> Iterator[Labelled]:
    """Yield an object and its parts."""
    found = _read(element, number, name, is_part=False)
    yield found
    for part in element.all("part"):
        yield _read(part, number, name, is_part=True)


def _read(element: Element, number: int, name: str, *, is_part: bool) -> Labelled:
    named = element.named()
    label = named["name"][0].value if "name" in named else ""
    if not label:
        raise BadImageError(f'"{name}", line {element.line}: {element.tag} {number} has no name')
    what = f'"{label}"'
    for tag in SINGLE:
        if len(named.get(tag, ())) > 1:
            raise BadImageError(f'"{name}", line {element.line}: {what} has more than one {tag}')
    box, oriented, point = (named[tag][0] if tag in named else None for tag in SINGLE)
    polygons = [each for tag in POLYGONS for each in named.get(tag, ()) if each.children]
    if not (box or oriented or point or polygons):
        raise BadImageError(f'"{name}", line {element.line}: {what} has no bndbox')
    return Labelled(
        element,
        label,
        number,
        is_part,
        Box.read(box, name, what) if box else None,
        OrientedBox.read(oriented, name, what) if oriented else None,
        tuple(Corners.read(each, name, what) for each in polygons),
        Place.read(point, name, what) if point else None,
    )


def _check_places(root: Element, labelled: tuple[Labelled, ...], name: str) -> None:
    """Refuse places and angles that are not understood."""
    known = {id(leaf) for each in labelled for leaf in _leaves(each)}
    remaining = [root]
    while remaining:
        element = remaining.pop()
        remaining += element.children
        if id(element) not in known and _is_place(element):
            raise BadImageError(
                f'"{name}", line {element.line}: {element.tag} is a place that is not supported '
                "here; bndbox, robndbox, polygon and point of an object or of its parts are"
            )


def _is_place(element: Element) -> bool:
    """Tell whether an element holds a number that changes with a view, by its name."""
    tag, value = element.tag, element.value
    if tag == "attribute" and (title := element.find("name")) and (said := element.find("value")):
        tag, value = title.value, said.value
    elif element.children:
        return False
    place, angle = PLACES.fullmatch(tag), tag.lower() in ANGLES
    if not (place or angle) or not NUMBER.fullmatch(value):
        return False
    return bool(place) or float(value) != 0


def _leaves(labelled: Labelled) -> Iterator[Element]:
    for place in (labelled.box, labelled.oriented, labelled.point):
        if place:
            yield from place.leaves
    for polygon in labelled.polygons:
        for pair in polygon.leaves:
            yield from pair


def _sides(root: Element) -> tuple[Element, ...]:
    """Return the elements for width and height; LabelMe calls them otherwise."""
    for tag, names in (("size", ("width", "height")), ("imagesize", ("ncols", "nrows"))):
        if (size := root.find(tag)) and all(found := [size.find(name) for name in names]):
            return tuple(side for side in found if side)
    return ()


def _size(sides: tuple[Element, ...], name: str) -> Size | None:
    """Return the size; None if it is 0 or empty, as tools write it that do not know it."""
    if not sides or not all(side.value for side in sides):
        return None
    width, height = (read_number(side, name) for side in sides)
    return Size(width, height) if width > 0 and height > 0 else None
