"""Parse recipes: names and files to techniques; error messages have the key and the line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from expand.errors import ExpandError, cut, did_you_mean, shown
from expand.recipes.entry import Entry
from expand.recipes.fill import DEFAULT_FILL, Fill
from expand.recipes.reading import compose, read_text
from expand.recipes.rules import ClassRules, compose_label, read_rule
from expand.techniques import NATIVE, GeometricTechnique, Technique
from expand.techniques.catalogue import PIPELINE

if TYPE_CHECKING:
    from expand.techniques.catalogue.transform import Catalogue

NAMED = ("classic", "blog", "detect")
KEYS = ("name", "fill", "techniques", "classes")
MOST_TECHNIQUES, MOST_CLASSES = 100, 2000


class Parsed(NamedTuple):
    """The content of a recipe file, each technique checked on its own."""

    name: str
    techniques: tuple[Technique, ...]
    fill: Fill
    entry: Entry
    notes: tuple[str, ...] = ()
    classes: tuple[ClassRules, ...] = ()


def read_recipe(name: str | Path) -> Parsed:
    """Read a recipe by its name, or from a YAML or JSON file.

    A pipeline saved by albumentations is a recipe with one technique. Raises `ExpandError` with the
    file, the line and the key.
    """
    if name in NAMED:
        return _read_named(str(name))
    path = Path(name)
    try:
        exists = os.path.lexists(path)
    except (OSError, ValueError):  # a name that no file can have
        exists = False
    if not exists:
        raise ExpandError(f'"{cut(str(name))}" is neither a recipe ({", ".join(NAMED)}) nor a file')
    return parse_recipe(read_text(path), str(path))


@cache
def _read_named(name: str) -> Parsed:
    text = resources.files("expand").joinpath(f"recipes/{name}.yaml").read_text("utf-8")
    return parse_recipe(text, f"{name}.yaml")


def parse_recipe(text: str, where: str) -> Parsed:
    """Read a recipe from YAML or JSON text; `where` names the text in error messages."""
    entry = compose(text, where)
    data = entry.value
    if data is None:
        raise ExpandError(f'"{where}" is empty: expected settings (key: value)')
    if isinstance(data, Mapping) and "transform" in data and "__version__" in data:
        pipeline, note = entry.within(partial(_saved_pipeline, data))
        return Parsed(_name_of(where), (pipeline,), DEFAULT_FILL, entry, _notes(where, note))
    return _read(entry)


def _read(entry: Entry) -> Parsed:
    items = entry.items()
    entry.check_keys(KEYS, "a recipe")
    if "techniques" not in items:
        raise entry.error('a recipe needs "techniques"')
    listed = items["techniques"]
    if isinstance(listed.node, yaml.SequenceNode):
        check_count(len(listed.node.value), listed)
    else:
        raise listed.error(
            '"techniques" must be a list, one technique a line ("- flip: {}"), '
            f"got {shown(listed.value)}"
        )
    read = [_read_technique(Entry(entry.where, node)) for node in listed.node.value]
    fills = [items.get("fill"), *(one.fill for one in read)]
    fill = _common_fill([entry for entry in fills if entry])
    name = _read_name(items["name"]) if "name" in items else _name_of(entry.where)
    notes = _notes(entry.where, *(one.note for one in read))
    techniques = tuple(one.technique for one in read)
    classes = _read_classes(items["classes"], techniques) if "classes" in items else ()
    return Parsed(name, techniques, fill, entry, notes, classes)


def _read_classes(entry: Entry, techniques: Sequence[Technique]) -> tuple[ClassRules, ...]:
    """Return the rules for classes, by the names of classes."""
    if isinstance(entry.node, yaml.MappingNode) and len(entry.node.value) > MOST_CLASSES:
        raise entry.error(f"a recipe can have rules for {MOST_CLASSES:,} classes")
    rules = []
    for label, own in entry.items().items():
        read = [
            item.within(partial(read_rule, name, item.value, techniques))
            for name, item in own.items().items()
        ]
        if not read:
            raise own.error(f'class "{cut(label)}" has no rules; leave it out')
        rules.append(ClassRules(compose_label(label), tuple(read)))
    names = [each.label for each in rules]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise entry.error(f'"{cut(twice)}" is set twice')
    return tuple(rules)


def check_count(count: int, entry: Entry) -> None:
    """Refuse a list of more techniques than a recipe can have."""
    if count > MOST_TECHNIQUES:
        raise entry.error(f"a recipe can have {MOST_TECHNIQUES} techniques, this has {count:,}")


def _read_name(entry: Entry) -> str:
    """Return the name of a recipe: one line of text, or a number or a date."""
    value = entry.value
    if isinstance(value, bool) or not isinstance(value, str | int | float | date):
        raise entry.error(f'"name" must be a text, got {shown(value)}')
    return str(value)


def _name_of(where: str) -> str:
    """Return the name of a recipe that has none: that of its file, as one line of text."""
    stem = Path(where).stem or "recipe"
    return "".join(letter if letter.isprintable() else "?" for letter in stem)


def _notes(where: str, *notes: str) -> tuple[str, ...]:
    return tuple(f'"{where}": {note}.' for note in notes if note)


def _common_fill(entries: list[Entry]) -> Fill:
    """Return the fill that all entries agree on, since a view is resampled once."""
    fills = [entry.within(partial(Fill, entry.value)) for entry in entries]
    for entry, fill in zip(entries, fills, strict=True):
        if fill != fills[0]:
            raise entry.error(
                f'"fill" is {fill.value!r} here, {fills[0].value!r} before; '
                "a view is resampled once, with one fill"
            )
    return fills[0] if fills else DEFAULT_FILL


class _Read(NamedTuple):
    """One technique of the list, with its fill if it has one, and a note."""

    technique: Technique
    fill: Entry | None = None
    note: str = ""


def _read_technique(entry: Entry) -> _Read:
    name, settings = _name_and_settings(entry)
    values = {key: item.value for key, item in settings.items().items()}
    if name == PIPELINE:
        pipeline, note = settings.within(partial(_saved_pipeline, values))
        return _Read(pipeline, note=note)
    if name not in NATIVE:
        return _Read(settings.within(lambda: _from_catalogue(name, values)))
    kind = NATIVE[name]
    geometric = issubclass(kind, GeometricTechnique)
    known = tuple(item.name for item in fields(kind))  # type: ignore[arg-type]
    settings.check_keys((*known, "fill") if geometric else known, name)
    fill = settings.items().get("fill")
    values.pop("fill", None)
    return _Read(settings.within(lambda: kind(**values)), fill)


def _name_and_settings(entry: Entry) -> tuple[str, Entry]:
    if isinstance(entry.node, yaml.ScalarNode):
        return str(entry.value), entry.without_settings()
    items = entry.items()
    if len(items) != 1:
        raise entry.error(
            f'each technique is one entry of the list ("- flip: {{}}"), got {cut(", ".join(items))}'
        )
    name, settings = next(iter(items.items()))
    return name, settings if settings.value is not None else settings.without_settings()


def _saved_pipeline(data: Mapping[str, Any]) -> tuple[Catalogue, str]:
    # recipes of native techniques do not need the catalogue
    from expand.techniques.catalogue.transform import Catalogue

    return Catalogue.pipeline(data)


def _from_catalogue(name: str, values: dict[str, Any]) -> Catalogue:
    if not name[:1].isupper():
        raise ExpandError(
            f'"{cut(name)}" is not a technique; there are {", ".join(NATIVE)}, '
            f"and albumentations transforms{did_you_mean(name, NATIVE)}"
        )
    from expand.techniques.catalogue.transform import Catalogue

    factor = values.pop("factor", None)
    return Catalogue.named(name, values, factor)
