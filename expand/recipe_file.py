"""The door for recipes: names and files in, techniques out; messages name the key and the line."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml

from expand.errors import ExpandError
from expand.resample import DEFAULT_FILL, Fill
from expand.techniques import NATIVE, Technique
from expand.techniques.catalogue import PIPELINE, Catalogue

NAMED = ("classic", "blog")
KEYS = ("name", "fill", "techniques")
T = TypeVar("T")


class Parsed(NamedTuple):
    """What a recipe file says, read and checked technique by technique."""

    name: str
    techniques: tuple[Technique, ...]
    fill: Fill
    entry: Entry


def read_recipe(name: str | Path) -> Parsed:
    """Read a named recipe, or the one in a YAML or JSON file; a saved albumentations pipeline is one as well."""
    if name in NAMED:
        text = resources.files("expand").joinpath(f"recipes/{name}.yaml").read_text("utf-8")
        return parse_recipe(text, f"{name}.yaml")
    path = Path(name)
    if not path.is_file():
        raise ExpandError(f'"{name}" is neither a recipe ({", ".join(NAMED)}) nor a file')
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ExpandError(f'"{name}" cannot be read: {error}') from error
    return parse_recipe(text, str(path))


def parse_recipe(text: str, where: str) -> Parsed:
    """Read the recipe that a YAML (or JSON) text describes; `where` names the text in messages."""
    try:
        entry = Entry(where, yaml.compose(text, Loader=yaml.SafeLoader))
        data = entry.value
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ExpandError(f'"{where}"{line}: not valid YAML: {getattr(error, "problem", error)}') from error
    if isinstance(data, Mapping) and "transform" in data and "__version__" in data:
        pipeline = entry.within(lambda: Catalogue.pipeline(data))
        return Parsed(Path(where).stem, (pipeline,), DEFAULT_FILL, entry)
    return _read(entry)


@dataclass(frozen=True)
class Entry:
    """A piece of a recipe file that knows its line."""

    where: str
    node: yaml.Node | None

    @property
    def value(self) -> Any:
        """The piece as plain data."""
        if self.node is None:
            return None
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_document(self.node)
        finally:
            loader.dispose()

    @property
    def line(self) -> int:
        """Where the piece begins."""
        return self.node.start_mark.line + 1 if self.node else 1

    def without_settings(self) -> Entry:
        """Return an empty mapping in this entry's place."""
        return Entry(self.where, yaml.MappingNode("tag:yaml.org,2002:map", [], self.node.start_mark if self.node else None))

    def items(self) -> dict[str, Entry]:
        """The entries of a mapping, by key; refuse anything else, and a key that stands twice."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"expected settings (key: value), got {self.value!r}")
        found: dict[str, Entry] = {}
        for key, value in self.node.value:
            if str(key.value) in found:
                raise Entry(self.where, key).error(f'"{key.value}" stands twice')
            found[str(key.value)] = Entry(self.where, value)
        return found

    def error(self, message: str) -> ExpandError:
        """Return an error that says where it is."""
        return ExpandError(f'"{self.where}", line {self.line}: {message}')

    def within(self, build: Callable[[], T]) -> T:
        """Return what `build` builds; its complaint gets the line of the key that it quotes, or this entry's."""
        try:
            return build()
        except ExpandError as error:
            entries = self.items() if isinstance(self.node, yaml.MappingNode) else {}
            quoted = [entry for key, entry in entries.items() if f'"{key}"' in str(error)]
            raise (quoted or [self])[0].error(str(error)) from error

    def check_keys(self, known: tuple[str, ...], owner: str) -> None:
        """Refuse a key that is not among the known ones."""
        for key, entry in self.items().items():
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f'; did you mean "{near[0]}"?' if near else ""
                raise entry.error(f'{owner} has no setting "{key}"; it has {", ".join(known)}{hint}')


def _read(entry: Entry) -> Parsed:
    items = entry.items()
    entry.check_keys(KEYS, "a recipe")
    if "techniques" not in items:
        raise entry.error('a recipe needs "techniques"')
    listed = items["techniques"]
    if not isinstance(listed.node, yaml.SequenceNode):
        raise listed.error(f'"techniques" must be a list, one technique a line ("- flip: {{}}"), got {listed.value!r}')
    read = [_read_technique(Entry(entry.where, node)) for node in listed.node.value]
    fill = _common_fill([asked for asked in (items.get("fill"), *(fill for _, fill in read)) if asked])
    name = str(items["name"].value) if "name" in items else Path(entry.where).stem
    return Parsed(name, tuple(technique for technique, _ in read), fill, entry)


def _common_fill(asked: list[Entry]) -> Fill:
    """Return the one fill of the one resampling; refuse techniques that ask for different ones."""
    read = [entry.within(partial(Fill, _plain(entry.value))) for entry in asked]
    for entry, fill in zip(asked, read, strict=True):
        if fill != read[0]:
            raise entry.error(
                f'"fill" is {fill.value!r} here, {read[0].value!r} before; a view is resampled once, with one fill'
            )
    return read[0] if read else DEFAULT_FILL


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _read_technique(entry: Entry) -> tuple[Technique, Entry | None]:
    """Return one technique of the list, and its fill if it names one."""
    if isinstance(entry.node, yaml.ScalarNode):
        name, settings = str(entry.value), entry.without_settings()
    else:
        items = entry.items()
        if len(items) != 1:
            raise entry.error(f'each technique is one entry of the list ("- flip: {{}}"), got {", ".join(items)}')
        name, settings = next(iter(items.items()))
        settings = settings if settings.value is not None else settings.without_settings()
    values = {key: item.value for key, item in settings.items().items()}
    if name not in NATIVE:
        return settings.within(lambda: _from_catalogue(name, values)), None
    kind = NATIVE[name]
    geometric = hasattr(kind, "place")
    known = tuple(item.name for item in fields(kind))  # type: ignore[arg-type]
    settings.check_keys((*known, "fill") if geometric else known, name)
    fill = settings.items().get("fill")
    values.pop("fill", None)
    return settings.within(lambda: kind(**{key: _plain(value) for key, value in values.items()})), fill


def _from_catalogue(name: str, values: dict[str, Any]) -> Catalogue:
    if name == PIPELINE:
        return Catalogue.pipeline(values)
    if not name[:1].isupper():
        near = difflib.get_close_matches(name, NATIVE, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise ExpandError(f'"{name}" is not a technique; there are {", ".join(NATIVE)}, and albumentations transforms{hint}')
    factor = values.pop("factor", None)
    return Catalogue.named(name, values, factor)
