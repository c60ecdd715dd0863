"""Exceptions: a message for the person at the terminal, and the exit status of the command."""

from __future__ import annotations

from collections.abc import Iterable

REFUSED = 2
STOPPED = 3
NAMED, ITS = '"', "its "


class ExpandError(Exception):
    """An error that ends the command; `status` is its exit status."""

    def __init__(self, message: str, status: int = REFUSED) -> None:
        super().__init__(message)
        self.status = status


class SettingError(ExpandError):
    """A setting with a value that it cannot have.

    `key` is its name in a recipe file; `path` are the keys and numbers that lead to it where it is
    nested deeper.
    """

    def __init__(self, message: str, key: str = "", path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.key, self.path = key, path or ((key,) if key else ())


class BadImageError(ExpandError):
    """One image that cannot be used; the run records the reason and continues."""


def about(name: str, reason: object) -> str:
    """Say what is wrong with an image, whose `name` is its path.

    A reason is what follows the name ("is an animation"), or a sentence on its labels that begins
    with the name of their file, or with "its".
    """
    text = str(reason)
    return f'"{name}"{":" if text.startswith((NAMED, ITS)) else ""} {text}'


def shown(value: object) -> str:
    """Return a value for a message, cut to 100 characters."""
    if isinstance(value, int) and value.bit_length() > 400:
        # Python does not write numbers of more than 4,300 digits
        return f"a number of {value.bit_length()} bits"
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a list that holds such a number, or itself
        text = f"a {type(value).__name__}"
    return cut(text)


def cut(text: str) -> str:
    """Return a text for a message, cut to 100 characters."""
    return text if len(text) <= 100 else f"{text[:100]}…"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the one of some known names that is spelt most like a name; "" if none is near."""
    import difflib  # only for an error

    folded = {each.casefold(): each for each in known}
    return next(
        (folded[each] for each in difflib.get_close_matches(name.casefold(), folded, 1)), ""
    )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message on an unknown name: the known name that is spelt most like it."""
    near = nearest(name, known)
    return f'; did you mean "{cut(near)}"?' if near else ""
