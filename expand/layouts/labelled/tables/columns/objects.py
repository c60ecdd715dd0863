"""Objects in JSON: lists of boxes beside their classes, as Hugging Face has for object detection.

{"bbox": [[x, y, width, height], …], "category": […], "area": […]}, or a list of such objects with
one box each. https://huggingface.co/docs/datasets/image_dataset
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from expand.errors import ExpandError
from expand.layouts.labelled.tables.columns.declared import BOXES, OPTION
from expand.layouts.labelled.tables.columns.moves import (
    Form,
    ObjectColumn,
    Values,
    numbers_in,
    style_of,
)
from expand.layouts.labelled.tables.columns.places import NewArea
from expand.layouts.labelled.tables.columns.vocabulary import MOVING_KEYS, SIZE_KEYS
from expand.layouts.labelled.tables.text.lines import Value, items, members
from expand.layouts.labelled.tables.text.record import RecordError, splice
from expand.layouts.recognition.words import words

CLASS_KEYS = ("category", "categories", "label", "labels", "class", "classes", "category_id")


class Item(NamedTuple):
    """An object that stays, in a view."""

    number: int
    """Its number in the source."""
    box: Sequence[str]
    area: NewArea
    new: str = ""
    """Its class, if that is another."""


def find_objects(values: Values, text: str, name: str) -> ObjectColumn | None:
    """Return the column of objects with boxes; None if there is none.

    The boxes are COCO's (x, y, width, height) unless --columns says "objects.bbox=xyxy". Raise
    ExpandError for objects with other things that move.
    """
    for column, counts in values.items():
        key = next((found for value in counts if (found := _key(value))), "")
        if key:
            _check_others(counts, f'"{name}": the objects in "{column}"')
            said = f"{column}.{key}=xyxy" in text.replace(" ", "")
            form = Form.EDGES if said else Form.SIZED
            return ObjectColumn(column, key, form, (style_of(chain(*map(_numbers, counts))),) * 4)
    return None


def _numbers(value: str) -> list[str]:
    """Return the numbers of all boxes of some objects; none if these are malformed."""
    try:
        return [each for box in read_boxes(value, _key(value)) for each in box]
    except RecordError:
        return []


def _key(value: str) -> str:
    """Return the key of the boxes of some objects; empty if these are none."""
    try:
        if value.startswith("{"):
            found = members(value)
            lists = [key for key in BOXES if key in found and isinstance(found[key].value, list)]
            return next((key for key in lists if _are_boxes(found[key].value)), "")
        if value.startswith("[") and (each := items(value)) and isinstance(each[0].value, dict):
            keys = [key for key in BOXES if _are_boxes([each[0].value.get(key)])]
            return keys[0] if keys else ""
    except RecordError:
        pass
    return ""


def _are_boxes(found: Sequence[object]) -> bool:
    return bool(found) and all(isinstance(box, list) and len(box) == 4 for box in found)


def _check_others(counts: Counter[str], what: str) -> None:
    for value in counts:
        found = members(value) if value.startswith("{") else {}
        for each in items(value) if value.startswith("[") else ():
            found |= members(value, each.begin) if isinstance(each.value, dict) else {}
        for key, part in found.items():
            if MOVING_KEYS & {*words(key)} and len(numbers_in(value[part.begin : part.end])) > 1:
                raise ExpandError(
                    f'{what} have "{key}", which moves with the image and is not supported; remove '
                    f"it, or use COCO's format. ({OPTION} is for columns alone.)"
                )


def read_boxes(text: str, key: str) -> list[list[str]]:
    """Return the four numbers of each box, as they are written; raise RecordError."""
    found = []
    for begin in _places(text, key):
        numbers = items(text, begin)
        if len(numbers) != 4 or not all(_is_number(each) for each in numbers):
            raise RecordError(f"a box in {key!r} must be four numbers")
        found.append([text[each.begin : each.end] for each in numbers])
    return found


def read_class(text: str, number: int) -> str:
    """Return the class of an object; empty if it says none."""
    if text.startswith("["):
        found = members(text, items(text)[number].begin)
        named = [found[key].value for key in CLASS_KEYS if key in found]
    else:
        found = members(text)
        lists = [found[key].value for key in CLASS_KEYS if key in found]
        named = [one[number] for one in lists if isinstance(one, list) and number < len(one)]
    return str(named[0]) if named else ""


def _is_number(each: Value) -> bool:
    return isinstance(each.value, int | float) and not isinstance(each.value, bool)


def _places(text: str, key: str) -> list[int]:
    """Return where each box is written."""
    if text.startswith("{"):
        found = members(text).get(key)
        return [each.begin for each in items(text, found.begin)] if found else []
    places = []
    for each in items(text):
        found = members(text, each.begin).get(key)
        if found is None:
            raise RecordError(f"an object has no {key!r}")
        places.append(found.begin)
    return places


def write_objects(text: str, key: str, kept: Sequence[Item]) -> str:
    """Return objects with those kept alone, and their new boxes; all else as it is written."""
    if text.startswith("["):
        each = items(text)
        inner = [_write_one(text, each[item.number], key, item) for item in kept]
        return _join(text, each, inner, 0, len(text))
    found, changes = members(text), []
    named = next((key for key in CLASS_KEYS if key in found), "")
    count = len(items(text, found[key].begin)) if key in found else 0
    for name, part in found.items():
        if (
            not isinstance(part.value, list)
            or len(part.value) != count
            or SIZE_KEYS & {*words(name)}
        ):
            continue
        each = items(text, part.begin)
        if name == key:
            inner = [_box(text, each[item.number], item) for item in kept]
        elif name == "area":
            inner = [_area(text, each[item.number], item) for item in kept]
        elif name == named:
            inner = [_class(text, each[item.number], item) for item in kept]
        else:
            inner = [text[each[item.number].begin : each[item.number].end] for item in kept]
        changes.append((part.begin, part.end, _join(text, each, inner, part.begin, part.end)))
    return splice(text, changes)


def _join(text: str, each: Sequence[Value], inner: Sequence[str], begin: int, end: int) -> str:
    """Return a list of other items, with the blanks and separators of the one in the text."""
    if not each or not inner:
        return "[]" if each else text[begin:end]
    between = text[each[0].end : each[1].begin] if len(each) > 1 else ", "
    return text[begin : each[0].begin] + between.join(inner) + text[each[-1].end : end]


def _write_one(text: str, one: Value, key: str, item: Item) -> str:
    found = members(text, one.begin)
    changes = [(found[key].begin, found[key].end, _box(text, found[key], item))]
    if "area" in found:
        changes.append((found["area"].begin, found["area"].end, _area(text, found["area"], item)))
    if item.new and (named := next((each for each in CLASS_KEYS if each in found), "")):
        part = found[named]
        changes.append((part.begin, part.end, _class(text, part, item)))
    inside = ((begin - one.begin, end - one.begin, new) for begin, end, new in changes)
    return splice(text[one.begin : one.end], inside)


def _box(text: str, box: Value, item: Item) -> str:
    numbers = items(text, box.begin)
    places = zip(numbers, item.box, strict=True)
    inside = ((each.begin - box.begin, each.end - box.begin, new) for each, new in places)
    return splice(text[box.begin : box.end], inside)


def _class(text: str, old: Value, item: Item) -> str:
    """Return the class of an object: a number stays one."""
    if not item.new:
        return text[old.begin : old.end]
    return json.dumps(item.new) if isinstance(old.value, str) else item.new


def _area(text: str, area: Value, item: Item) -> str:
    old = text[area.begin : area.end]
    return item.area.write(old) if _is_number(area) else old
