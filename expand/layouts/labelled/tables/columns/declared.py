"""--columns: what the user says of columns whose names do not tell whether they move."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from expand.errors import ExpandError

ROLES = (
    "x", "y", "left", "top", "right", "bottom", "width", "height", "center_x", "center_y",
    "xywh", "xyxy", "angle", "mirror", "ignore",
)  # fmt: skip
OPTION = "--columns"
BOXES = ("bbox", "bboxes", "boxes", "box")
"""Keys of the boxes of objects in JSON."""


def say_columns(roles: Mapping[str, str]) -> str:
    """Return the option that gives columns their roles, as it is typed in a shell."""
    text = ",".join(f"{column}={role}" for column, role in roles.items())
    return f"{OPTION} {shlex.quote(text)}"


def parse_columns(text: str, columns: Sequence[str]) -> dict[str, str]:
    """Return the roles of columns from a text such as "x=left,y=top,conf*=ignore".

    A name can be a pattern, as in file names. Raise ExpandError for a role that is not known.
    """
    roles: dict[str, str] = {}
    for name, role in _pairs(text):
        named = (column for column in columns if column == name or fnmatchcase(column, name))
        roles.update(dict.fromkeys(named, role))
    return roles


def check_columns(text: str, columns: Sequence[str]) -> None:
    """Raise ExpandError for a name that no column has, nor its boxes ("objects.bbox")."""
    for name, _ in _pairs(text):
        column, _, key = name.rpartition(".")
        boxes = column in columns and key in BOXES
        if not boxes and not any(each == name or fnmatchcase(each, name) for each in columns):
            raise ExpandError(f"{OPTION}: no column is called {name!r}; {_known(columns)}")


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for each in filter(None, (part.strip() for part in text.split(","))):
        name, equals, role = each.rpartition("=")
        if not equals or role not in ROLES:
            raise ExpandError(
                f"{OPTION} takes NAME=ROLE, separated by commas; the roles: {', '.join(ROLES)}; "
                f"got {each!r}"
            )
        yield name, role


def _known(columns: Sequence[str]) -> str:
    return f"the columns: {', '.join(columns[:20])}{', …' if len(columns) > 20 else ''}"
