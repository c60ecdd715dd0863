"""URLs of object stores: parsed once, and refused if they hold credentials."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from expand.errors import ExpandError

REMOTE = ("s3", "gs", "az")
SCHEMES = (*REMOTE, "memory", "file")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True)
class Url:
    """A place in an object store: `s3://bucket/photos/train`."""

    scheme: str
    bucket: str
    path: str = ""
    """Below the bucket, without a slash at either end."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}" + (f"/{self.path}" if self.path else "")

    def __truediv__(self, name: str) -> Url:
        return Url(self.scheme, self.bucket, f"{self.path}/{name}" if self.path else name)

    @property
    def name(self) -> str:
        """The last part."""
        return self.path.rpartition("/")[2] or self.bucket

    def holds(self, other: Url) -> bool:
        """Tell whether another place is this one, or lies below it."""
        inside = f"{other.path}/".startswith(f"{self.path}/" if self.path else "")
        return (self.scheme, self.bucket) == (other.scheme, other.bucket) and inside


Place = Path | Url
"""Where a dataset lies: a local folder, or a URL."""


def is_url(text: str) -> bool:
    """Tell whether a text is a URL and not a path."""
    return _URL.match(text) is not None


def parse_place(place: str | os.PathLike[str] | Url) -> Place:
    """Return a path or a URL; `file://` becomes a path.

    Raise ExpandError for a scheme that is not known and for a URL that holds a password or a
    signature: it would get into records and messages.
    """
    if isinstance(place, Url):
        return place
    text = os.fspath(place)
    found = _URL.match(text)
    if not found:
        return Path(text)
    scheme, rest = found[1].lower(), text[found.end() :]
    if scheme not in SCHEMES:
        raise ExpandError(
            f'a URL must start with {", ".join(f"{each}://" for each in SCHEMES)}; got "{scheme}://"'
        )
    if scheme == "file":
        return _local(rest)
    _check_secrets(scheme, rest)
    bucket, _, path = rest.partition("/")
    parts = [part for part in path.strip("/").split("/") if part]
    if not bucket:
        raise ExpandError(f'"{scheme}://{rest}" names no bucket: {scheme}://BUCKET/FOLDER')
    if any(part in (".", "..") for part in parts) or "//" in f"/{path}":
        raise ExpandError(f'"{scheme}://{rest}" has an empty part, "." or ".." in its path')
    return Url(scheme, bucket, "/".join(parts))


def _check_secrets(scheme: str, rest: str) -> None:
    """Refuse credentials in a URL, without repeating them."""
    if "@" in rest.partition("/")[0]:
        what, where = "a user or a password", rest.partition("/")[0].rpartition("@")[2]
    elif "?" in rest:
        what, where = "a query, which may be a signature", rest.partition("?")[0]
    else:
        return
    raise ExpandError(
        f'"{scheme}://{where}…" was given with {what}. Leave it out: credentials come from the '
        "environment, as the provider's own tools take them"
    )


def _local(rest: str) -> Path:
    host, slash, path = rest.partition("/")
    if host not in ("", "localhost") or not slash:
        raise ExpandError('a file URL must name a path of this machine: "file:///data/photos"')
    return Path(unquote(f"/{path}"))


def place_text(place: Place) -> str:
    """Return the text that `parse_place` takes; a path becomes absolute."""
    return str(place) if isinstance(place, Url) else str(place.absolute())
