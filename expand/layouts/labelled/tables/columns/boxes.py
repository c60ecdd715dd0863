"""Boxes in columns: the names that are known, and the text of a box in one column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from expand.errors import ExpandError
from expand.layouts.labelled.tables.columns.declared import OPTION, say_columns
from expand.layouts.labelled.tables.columns.moves import (
    BoxColumns,
    Form,
    Values,
    are_flags,
    are_numbers,
    numbers_in,
    style_of,
    styles_of,
)
from expand.layouts.recognition.words import words

FORMS = (
    (Form.EDGES, "xmin ymin xmax ymax"),
    (Form.EDGES, "minx miny maxx maxy"),
    (Form.EDGES, "x1 y1 x2 y2"),
    (Form.EDGES, "x0 y0 x1 y1"),
    (Form.EDGES, "left top right bottom"),
    (Form.EDGES, "xtl ytl xbr ybr"),
    (Form.EDGES, "tlx tly brx bry"),
    (Form.SIZED, "left top width height"),
    (Form.SIZED, "left top w h"),
    (Form.SIZED, "xmin ymin width height"),
    (Form.SIZED, "xmin ymin w h"),
    (Form.SIZED, "x1 y1 width height"),
    (Form.SIZED, "x1 y1 w h"),
    (Form.CENTRED, "xcenter ycenter width height"),
    (Form.CENTRED, "xcentre ycentre width height"),
    (Form.CENTRED, "centerx centery width height"),
    (Form.CENTRED, "xcenter ycenter w h"),
    (Form.CENTRED, "cx cy w h"),
    (Form.CENTRED, "cx cy width height"),
    (Form.CENTRED, "xc yc w h"),
)
UNCERTAIN = ("x y w h", "x y width height")
"""x and y can be the left top corner or the centre."""
DECLARED = {
    Form.EDGES: ("left", "top", "right", "bottom"),
    Form.SIZED: ("left", "top", "width", "height"),
    Form.CENTRED: ("center_x", "center_y", "width", "height"),
}
TEXTS = {"xywh": Form.SIZED, "xyxy": Form.EDGES}
NAMED_TEXT = ("bbox", "boundingbox", "box")
POINTS = ("x3", "x4")
"""With these, x1 and y1 are corners of a polygon, or points."""


def find_boxes(values: Values, roles: Mapping[str, str], name: str) -> BoxColumns | None:
    """Return the columns of a table that are a box; None if there are none.

    Raise ExpandError if there are several, or what four columns mean is uncertain.
    """
    if declared := _declared(values, roles):
        return declared
    joined = {
        column: "".join(words(column))
        for column, counts in values.items()
        if column not in roles and are_numbers(counts)
    }
    matches = (_match(joined, form, ends) for form, ends in FORMS)
    found = [each for each in matches if each and not _are_flags(values, each[1])]
    distinct = [each for n, each in enumerate(found) if not _overlaps(each, found[:n])]
    if len(distinct) > 1:
        first = chain(*(columns for _, columns in distinct[:2]))
        raise ExpandError(
            f'"{name}" has two boxes in a row ({", ".join(first)}), and one is supported'
        )
    if distinct:
        form, columns = distinct[0]
        return BoxColumns(columns, form, styles_of(values, columns))
    for ends in UNCERTAIN:
        uncertain = _match(joined, Form.SIZED, ends)
        if uncertain and not _are_flags(values, uncertain[1]):
            raise ExpandError(_which(name, uncertain[1]))
    return _text_box(values, roles, name)


def _are_flags(values: Values, columns: Sequence[str]) -> bool:
    """Tell whether columns called left, right … say yes or no: four classes."""
    return all(are_flags(values[each]) for each in columns)


def _overlaps(
    found: tuple[Form, tuple[str, ...]], earlier: Sequence[tuple[Form, tuple[str, ...]]]
) -> bool:
    return any(set(found[1]) & set(columns) for _, columns in earlier)


def _match(joined: Mapping[str, str], form: Form, ends: str) -> tuple[Form, tuple[str, ...]] | None:
    """Return four columns with such names, all with the same words before them."""
    names = ends.split()
    for column, text in joined.items():
        if not text.endswith(names[0]):
            continue
        prefix = text.removesuffix(names[0])
        by_text = {each: key for key, each in joined.items()}
        if any(prefix + each in by_text for each in POINTS) and "x1" in names:
            continue
        if names[0] == "x0" and prefix + "x2" in by_text:
            continue
        columns = [by_text.get(prefix + each, "") for each in names]
        if all(columns):
            return form, (column, *columns[1:])
    return None


def _which(name: str, columns: Sequence[str]) -> str:
    x, y, width, height = columns
    rest = {width: "width", height: "height"}
    corner = say_columns({x: "left", y: "top"} | rest)
    centre = say_columns({x: "center_x", y: "center_y"} | rest)
    return (
        f'"{name}" has the columns {x}, {y}, {width} and {height}. If "{x}" and "{y}" are the left '
        f"top corner of a box: {corner}. If they are its centre: {centre}. If they do not move "
        f"with the image: {say_columns(dict.fromkeys(columns, 'ignore'))}"
    )


def _declared(values: Values, roles: Mapping[str, str]) -> BoxColumns | None:
    by_role = {role: column for column, role in roles.items()}
    for role, form in TEXTS.items():
        if column := by_role.get(role):
            return BoxColumns((column,), form, (style_of(values[column]),) * 4)
    for form, wanted in DECLARED.items():
        if all(role in by_role for role in wanted):
            columns = tuple(by_role[role] for role in wanted)
            return BoxColumns(columns, form, styles_of(values, columns))
    boxes = sorted({*by_role} & {*chain(*DECLARED.values())} - {"width", "height"})
    if boxes:
        forms = "; ".join(", ".join(wanted) for wanted in DECLARED.values())
        raise ExpandError(f"{OPTION}: {', '.join(boxes)} are not a whole box; one has {forms}")
    return None


def _text_box(values: Values, roles: Mapping[str, str], name: str) -> BoxColumns | None:
    """Return the column with a box as text ("[x, y, w, h]"), if its numbers say which form."""
    for column, counts in values.items():
        if column in roles or "".join(words(column)) not in NAMED_TEXT:
            continue
        boxes = [found for value in counts if len(found := numbers_in(value)) == 4]
        if not boxes or len(boxes) < sum(1 for value in counts if numbers_in(value)):
            continue
        if any(right <= left or bottom <= top for left, top, right, bottom in boxes):
            return BoxColumns((column,), Form.SIZED, (style_of(counts),) * 4)
        raise ExpandError(
            f'"{name}": the boxes in "{column}" can be left, top, width, height or left, top, '
            f"right, bottom. Say which: {say_columns({column: 'xywh'})} or "
            f"{say_columns({column: 'xyxy'})}"
        )
    return None
