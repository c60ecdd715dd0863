"""A node of a YAML file that knows its line, so that messages can name it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml

from expand.errors import ExpandError, SettingError, cut, did_you_mean, shown

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """A part of a recipe file, with the name of the file and the line for error messages."""

    where: str
    node: yaml.Node | None

    @property
    def value(self) -> Any:
        """The entry as plain data."""
        if self.node is None:
            return None
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_document(self.node)
        finally:
            loader.dispose()

    @property
    def line(self) -> int:
        """The line at which the entry begins, counted from 1."""
        return self.node.start_mark.line + 1 if self.node else 1

    def without_settings(self) -> Entry:
        """Return an empty mapping at this entry's line."""
        mark = self.node.start_mark if self.node else None
        return Entry(self.where, yaml.MappingNode("tag:yaml.org,2002:map", [], mark))

    def items(self) -> dict[str, Entry]:
        """Return the entries of a mapping by key; refuse anything else, and a duplicate key."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"expected settings (key: value), got {shown(self.value)}")
        entries: dict[str, Entry] = {}
        for key, value in self.node.value:
            if str(key.value) in entries:
                raise Entry(self.where, key).error(f'"{cut(str(key.value))}" is set twice')
            entries[str(key.value)] = Entry(self.where, value)
        return entries

    def at(self, path: Sequence[str | int]) -> Entry:
        """Return the entry that keys and list positions lead to, as far as they are there."""
        node = self.node
        for step in path:
            found = None
            if isinstance(node, yaml.MappingNode):
                found = next((value for key, value in node.value if key.value == step), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                found = node.value[step] if step < len(node.value) else None
            if found is None:
                break
            node = found
        return Entry(self.where, node)

    def error(self, message: str) -> ExpandError:
        """Return an error with the file and the line in front of its message."""
        return ExpandError(f'"{self.where}", line {self.line}: {message}')

    def within(self, build: Callable[[], T]) -> T:
        """Return what `build` builds; an error gets the line of its setting, or of this entry."""
        try:
            return build()
        except SettingError as error:
            raise self.at(error.path).error(str(error)) from error
        except ExpandError as error:
            raise self.error(str(error)) from error
        except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
            # a value of a type that no check foresaw: a mapping, a date, a list of lists
            raise self.error(
                f"a setting has a value that it cannot have ({cut(str(error))})"
            ) from error

    def check_keys(self, known: tuple[str, ...], owner: str) -> None:
        """Refuse a key that is not one of `known`; `owner` names what the keys belong to."""
        for key, entry in self.items().items():
            if key not in known:
                raise entry.error(
                    f'{cut(owner)} has no setting "{cut(key)}"; it has {", ".join(known)}'
                    f"{did_you_mean(key, known)}"
                )
