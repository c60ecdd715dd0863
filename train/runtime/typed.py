"""Types: check that the fields of a value that was read from a file hold what they declare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
LARGEST = 2**64


def checked(value: T) -> T:
    """Return a dataclass whose fields hold what they declare; raise TypeError for any other."""
    hints = get_type_hints(type(value))
    for field in fields(value):  # type: ignore[arg-type]  # any dataclass
        own = getattr(value, field.name)
        if not fits(own, hints[field.name]):
            raise TypeError(f'"{field.name}" cannot be {_short(own)}')
    return value


def fits(value: Any, hint: Any) -> bool:
    """Return whether a value is of a type as it is written in an annotation."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if hint in (int, float):
        return _is_number(value) and (hint is float or isinstance(value, int))
    if origin in (Union, UnionType):
        return any(fits(value, each) for each in inner)
    if origin is Literal:
        return value in inner
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            fits(key, inner[0]) and fits(each, inner[1]) for key, each in value.items()
        )
    if origin in (list, tuple):
        return isinstance(value, list | tuple) and all(fits(each, inner[0]) for each in value)
    return isinstance(value, NoneType if hint is None else origin or hint)


def _is_number(value: Any) -> bool:
    """Return whether a value is a number that a float can hold; a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or -LARGEST < value < LARGEST


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str | int | float | NoneType) else type(value).__name__
    return text if len(text) <= 40 else f"{text[:40]}…"
