"""--columns: what the user says of columns whose names do not tell whether they move."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from expand.errors import ExpandError

ROLES = (
    "x", "y", "left", "top", "right", "bottom", "width", "height", "center_x", "center_y",
    "xywh", "xyxy", "angle", "mirror", "ignore",
)  # fmt: skip
OPTION = "--columns"


def parse_columns(text: str, columns: Sequence[str]) -> dict[str, str]:
    """Return the roles of columns from a text such as "x=left,y=top,conf*=ignore".

    A name can be a pattern, as in file names. Raise ExpandError for a role that is not known, and a
    name that no column has.
    """
    roles: dict[str, str] = {}
    for each in filter(None, (part.strip() for part in text.split(","))):
        name, equals, role = each.rpartition("=")
        if not equals or role not in ROLES:
            raise ExpandError(
                f"{OPTION} takes NAME=ROLE, separated by commas; the roles: {', '.join(ROLES)}; "
                f"got {each!r}"
            )
        named = [column for column in columns if column == name or fnmatchcase(column, name)]
        if not named:
            raise ExpandError(f"{OPTION}: no column is called {name!r}; {_known(columns)}")
        roles.update(dict.fromkeys(named, role))
    return roles


def _known(columns: Sequence[str]) -> str:
    return f"the columns: {', '.join(columns[:20])}{', …' if len(columns) > 20 else ''}"
