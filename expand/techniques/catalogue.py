"""Transforms of albumentations by name, and its saved pipelines, as techniques.

The only file that imports albumentations.
"""

from __future__ import annotations

import difflib
import json
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from typing import Any, ClassVar

import numpy as np

from expand.errors import BadImageError, ExpandError, SettingError
from expand.geometry import Number
from expand.images.pixels import Pixels
from expand.techniques.ranges import check_factor, switch, whole
from expand.techniques.technique import Choice, PixelTechnique

VERSION = "2.0.8"
PIPELINE = "pipeline"
SEED_BITS = 52


@dataclass(frozen=True)
class Catalogue(PixelTechnique):
    """A transform or pipeline of albumentations, drawn again for every view with its own `p`.

    `transform` is its serialised form, as `albumentations.to_dict` writes it.
    """

    seeds: ClassVar[int] = 1
    name: str  # type: ignore[misc]  # the name of a catalogue technique is the transform's, not the class's
    transform: str = field(repr=False)
    factor: int | None = None

    def __post_init__(self) -> None:
        check_factor(self.name, self.factor)

    @classmethod
    def named(cls, name: str, arguments: Mapping[str, Any], factor: int | None = None) -> Catalogue:
        """Return the transform `name` with these keyword arguments.

        Raises `ExpandError` for an unknown transform, and for arguments that it does not take.
        """
        library = load_library()
        kind = _transform_class(name)
        unknown = sorted(set(arguments) - _parameters(kind))
        if unknown:
            raise SettingError(
                f'{name} has no argument "{unknown[0]}"; '
                f"it has {', '.join(sorted(_parameters(kind)))}",
                unknown[0],
            )
        try:
            transform = library.to_dict(kind(**arguments))["transform"]
        except (TypeError, ValueError) as error:
            raise ExpandError(
                f"{name} does not take these arguments: {_first_lines(error)}"
            ) from error
        return cls(name, json.dumps(transform, sort_keys=True), factor)

    @classmethod
    def pipeline(cls, saved: Mapping[str, Any]) -> Catalogue:
        """Return a pipeline from the content of a file that `albumentations.save` wrote.

        Raises `ExpandError` if this version cannot rebuild it.
        """
        transform = json.dumps(saved["transform"], sort_keys=True)
        try:
            _build(transform)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise ExpandError(
                f"albumentations {VERSION} cannot rebuild this pipeline: {_first_lines(error)}"
            ) from error
        return cls(PIPELINE, transform)

    def settings(self) -> dict[str, Any]:
        """Return what a recipe file holds: the transform's arguments, or the saved pipeline."""
        transform = json.loads(self.transform)
        if self.name != PIPELINE:
            transform.pop("__class_fullname__")
            return {**transform, "factor": self.factor}
        return {"transform": transform}

    def caption(self, choice: Choice) -> str:
        """Name the transforms that were applied, one a line."""
        drawn = json.loads(choice["drawn"] or "[]")
        return "\n".join(str(applied) for applied, _ in drawn if applied != "Compose")

    def choose(self, variant: Number, numbers: Sequence[Number]) -> Choice:
        """Turn a number into the seed of the transform; 0 changes nothing."""
        seed = switch(variant, self.factor, 1 + numbers[0] * (2.0**SEED_BITS - 2), off=0.0)
        return {"seed": whole(seed), "drawn": ""}

    def apply(self, pixels: Pixels, choice: Choice) -> tuple[Pixels, Choice]:
        """Return the transformed pixels, and the choice with the drawn parameters as JSON."""
        seed = choice["seed"]
        if not seed:
            return pixels, choice
        compose = _build(self.transform)
        # set_random_seed would give every child the same stream: three transforms at p = 0.5 would
        # be applied all together or not at all (measured over 400 seeds)
        compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        try:
            result = compose(image=pixels)
        except Exception as error:  # a transform may raise anything; only this image is lost
            raise BadImageError(f"{self.name} failed on it: {_first_lines(error)}") from error
        drawn = [[name, _readable(params)] for name, params in result["applied_transforms"]]
        return np.ascontiguousarray(result["image"]), {
            "seed": seed,
            "drawn": json.dumps(drawn, sort_keys=True, ensure_ascii=False),
        }


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
    import albumentations

    return albumentations


@lru_cache(maxsize=64)
def _build(transform: str) -> Any:
    """Return a Compose around a serialised transform.

    Cached, since building takes longer than applying; each call sets the random state again.
    """
    library = load_library()
    inner = library.from_dict({"transform": json.loads(transform)})
    return library.Compose([inner], save_applied_params=True)


def _transform_class(name: str) -> type:
    """Return a transform class of albumentations; refuse an unknown name with the nearest one."""
    library = load_library()
    kinds: dict[str, type] = {
        key: kind
        for key, kind in vars(library).items()
        if isinstance(kind, type) and issubclass(kind, library.BasicTransform)
    }
    if name in kinds:
        return kinds[name]
    near = difflib.get_close_matches(name, kinds, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    raise ExpandError(
        f'"{name}" is neither a technique nor a transform of albumentations {VERSION}{hint}'
    )


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _parameters(kind: type) -> set[str]:
    import inspect

    return set(inspect.signature(kind).parameters) - {"always_apply"}


def _readable(value: Any) -> Any:
    """Return drawn parameters as plain JSON values.

    Large arrays (noise maps, displacement fields) are given by their shape and type.
    """
    if isinstance(value, Mapping):
        return {str(key): _readable(item) for key, item in value.items() if key != "shape"}
    if isinstance(value, np.ndarray) and value.size > 16:
        return f"{value.dtype} array {'×'.join(map(str, value.shape))}"
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_readable(item) for item in value[:16]]
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def _first_lines(error: Exception) -> str:
    """Return an error message on one line, without the web links that pydantic adds."""
    lines = [
        line.strip() for line in str(error).splitlines() if line.strip() and "http" not in line
    ]
    return "; ".join(lines[:4]) or type(error).__name__
