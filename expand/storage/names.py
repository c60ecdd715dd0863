"""Names of files in a folder: which ones stay inside it, and the temporary ones of this program."""

from __future__ import annotations

import os
import re
from itertools import count

from expand.errors import ExpandError

PARTIAL = ".part"
"""The suffix of files that are not finished."""
_TEMPORARY = re.compile(r"\.writing-[0-9a-f]{16}-\d+\.part")
_USUAL = re.compile(r"[0-9A-Za-z_][-0-9A-Za-z_. ]*(?:/[0-9A-Za-z_][-0-9A-Za-z_. ]*)*")
"""Names of nearly all files; others are looked at part by part, which takes five times as long."""
_SEPARATORS = re.compile(r"[\\/:]" if os.name == "nt" else "/")


class _Token:
    """What makes the temporary names of this process different from those of all others."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.prefix, self.numbers = f".writing-{os.urandom(8).hex()}-", count()


_token = _Token()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_token.renew)


def temporary_name() -> str:
    """Return a name for a file that is being written; no other call in any process returns it.

    It is short and does not depend on the final name, which may be as long as names can be.
    """
    return f"{_token.prefix}{next(_token.numbers)}{PARTIAL}"


def is_temporary(name: str) -> bool:
    """Tell whether `temporary_name` returned this name, in any process."""
    return _TEMPORARY.fullmatch(name) is not None


def check_inside(name: object) -> str:
    """Return a name that was read from a record, if it is that of a file inside its folder.

    Raise ExpandError for an absolute path, one with "..", and what no file can be called.
    """
    if not isinstance(name, str):
        raise ExpandError(f"a name must be text, got {type(name).__name__}")
    if _USUAL.fullmatch(name):
        return name
    parts = _SEPARATORS.split(name)
    if "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise ExpandError(f'"{_short(name)}" is not the name of a file inside the folder')
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise ExpandError(f"{_short(name)!a} is a name that is not UTF-8") from None
    return name


def _short(name: str) -> str:
    return name if len(name) <= 80 else f"{name[:80]}…"
