"""What the nodes of a Ray cluster do, and what they answer."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from expand.engines.engine import Reply
from expand.errors import ExpandError

Versions = tuple[tuple[str, str], ...]


class Answer(NamedTuple):
    """What a task answers: a reply for each item, up to the first error."""

    replies: list[Reply]
    seconds: float
    """How long the items took."""
    node: str
    versions: Versions


class Job(NamedTuple):
    """The work of one `map`."""

    function: Callable[[Any], Any]
    folder: str
    """The folder that the command was started in."""


def versions() -> Versions:
    """Return the version of Python and of each library that decides the bytes of files."""
    import cv2
    import numpy as np

    from expand import __version__

    return (
        ("expand", __version__),
        ("numpy", np.__version__),
        ("OpenCV", cv2.__version__),
        ("machine", platform.machine()),
    )


def answer(job: Job, items: list[Any]) -> Answer:
    """Do some items on a node."""
    start, replies = perf_counter(), list[Reply]()
    try:
        os.chdir(job.folder)  # paths can be relative to that of the command
        for item in items:
            replies.append(Reply(job.function(item)))  # those before an error count
    except (ExpandError, OSError) as error:  # anything else is told by Ray
        replies.append(Reply(error=error))
    return Answer(replies, perf_counter() - start, platform.node(), versions())


def look(files: Mapping[str, str]) -> Answer:
    """Return the first of some files that a node does not see as they are."""
    lacking = ""
    for path, digest in files.items():
        try:
            data = Path(path).read_bytes()
        except OSError:
            data = b""
        if sha256(data).hexdigest() != digest:
            lacking = path
            break
    return Answer([Reply(lacking)], 0.0, platform.node(), versions())
