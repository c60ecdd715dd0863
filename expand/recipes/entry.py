"""A node of a YAML file that knows its line, so that messages can name it."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml

from expand.errors import ExpandError, SettingError

T = TypeVar("T")


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
        return Entry(
            self.where,
            yaml.MappingNode(
                "tag:yaml.org,2002:map", [], self.node.start_mark if self.node else None
            ),
        )

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
        """Return what `build` builds; an error gets the line of its setting, or of this entry."""
        try:
            return build()
        except SettingError as error:
            entries = self.items() if isinstance(self.node, yaml.MappingNode) else {}
            raise entries.get(error.key, self).error(str(error)) from error
        except ExpandError as error:
            raise self.error(str(error)) from error

    def check_keys(self, known: tuple[str, ...], owner: str) -> None:
        """Refuse a key that is not among the known ones."""
        for key, entry in self.items().items():
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f'; did you mean "{near[0]}"?' if near else ""
                raise entry.error(
                    f'{owner} has no setting "{key}"; it has {", ".join(known)}{hint}'
                )
