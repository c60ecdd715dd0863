"""The library albumentations: its import, its transform classes, and its errors in one line."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import metadata
from typing import Any

from expand.errors import ExpandError, cut, did_you_mean

VERSION = "2.0.8"


@lru_cache(maxsize=1)
def load_library() -> Any:
    """Import albumentations (2 s; it imports torch where torch is installed).

    Raises `ExpandError` if it is missing, has another version, or its name is taken.
    """
    for wrong in ("albumentationsx", "AlbumentationsX"):
        if _version(wrong):
            raise ExpandError(
                f'"{wrong}" (AGPL) is installed and has the import name of albumentations; '
                f"pip uninstall {wrong}; pip install albumentations=={VERSION}"
            )
    if (installed := _version("albumentations")) != VERSION:
        raise ExpandError(
            f"this needs albumentations {VERSION} (MIT), found {installed}; "
            f"pip install albumentations=={VERSION}"
        )
    # without this, the import asks the network for the newest version
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    with silent():
        import albumentations

    return albumentations


@lru_cache(maxsize=1)
def transform_classes() -> dict[str, type]:
    """Return the transforms of albumentations by name, without its abstract classes."""
    library = load_library()
    abstract = ("BasicTransform", "ImageOnlyTransform", "DualTransform", "Transform3D")
    return {
        name: kind
        for name, kind in vars(library).items()
        if isinstance(kind, type)
        and issubclass(kind, library.BasicTransform)
        and name not in abstract
    }


def transform_class(name: str) -> type:
    """Return a transform class of albumentations; refuse an unknown name with the nearest one."""
    kinds = transform_classes()
    if name in kinds:
        return kinds[name]
    raise ExpandError(
        f'"{cut(name)}" is neither a technique nor a transform of albumentations {VERSION}'
        f"{did_you_mean(name, kinds)}"
    )


def changes_values_only(name: str) -> bool:
    """Return whether a transform leaves masks, boxes and keypoints as they are."""
    return issubclass(transform_class(name), load_library().ImageOnlyTransform)


def parameters(kind: type) -> set[str]:
    """Return the names of the arguments that a transform or a composition takes."""
    import inspect

    return set(inspect.signature(kind).parameters) - {"always_apply", "self", "args", "kwargs"}


def saved_parameters(kind: type) -> set[str]:
    """Return the names that the saved form of a transform has: those of its parents as well."""
    return {name for parent in kind.__mro__[:-1] for name in parameters(parent)}


@contextmanager
def silent() -> Iterator[None]:
    """Keep warnings of the library, which name its own files, off the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def in_one_line(error: Exception) -> str:
    """Return an error message on one line, without the web links that pydantic adds."""
    lines = [
        line.strip() for line in str(error).splitlines() if line.strip() and "http" not in line
    ]
    return "; ".join(map(cut, lines[:4])) or type(error).__name__


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
