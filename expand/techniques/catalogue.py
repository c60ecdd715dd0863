"""albumentations as a catalogue: any of its transforms by name, and any saved pipeline. The only file that knows it."""

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
    """An albumentations transform, or a whole pipeline, drawn anew in every view; its own `p` is honoured.

    `transform` is the transform's serialised form, as `albumentations.to_dict` writes it.
    """

    seeds: ClassVar[int] = 1
    name: str  # type: ignore[misc]  # the name of a catalogue technique is the transform's, not the class's
    transform: str = field(repr=False)
    factor: int | None = None

    def __post_init__(self) -> None:
        check_factor(self.name, self.factor)

    @classmethod
    def named(cls, name: str, arguments: Mapping[str, Any], factor: int | None = None) -> Catalogue:
        """Return the transform `name` with these keyword arguments; refuse names and arguments it does not know."""
        library = load_library()
        kind = getattr(library, name, None)
        if not (isinstance(kind, type) and issubclass(kind, library.BasicTransform)):
            known = [
                n
                for n, c in vars(library).items()
                if isinstance(c, type) and issubclass(c, library.BasicTransform)
            ]
            near = difflib.get_close_matches(name, known, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise ExpandError(
                f'"{name}" is neither a technique nor a transform of albumentations {VERSION}{hint}'
            )
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
        """Return a pipeline from what `albumentations.save` wrote; refuse what cannot be built again."""
        transform = json.dumps(saved["transform"], sort_keys=True)
        try:
            _build(transform)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise ExpandError(
                f"albumentations {VERSION} cannot rebuild this pipeline: {_first_lines(error)}"
            ) from error
        return cls(PIPELINE, transform)

    def settings(self) -> dict[str, Any]:
        """Return the settings as a recipe file holds them."""
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
        """Turn a number into the seed that the transform draws from; 0 leaves the image alone."""
        seed = switch(variant, self.factor, 1 + numbers[0] * (2.0**SEED_BITS - 2), off=0.0)
        return {"seed": whole(seed), "drawn": ""}

    def apply(self, pixels: Pixels, choice: Choice) -> tuple[Pixels, Choice]:
        """Return the transformed pixels, and with the choice what the transform drew, as JSON text."""
        seed = choice["seed"]
        if not seed:
            return pixels, choice
        compose = _build(self.transform)
        # set_random_seed would give every child the same stream (three transforms at p = 0.5 then fire all or none)
        compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        try:
            result = compose(image=pixels)
        except Exception as error:  # whatever a foreign transform raises concerns this one image
            raise BadImageError(f"{self.name} failed on it: {_first_lines(error)}") from error
        drawn = [[name, _readable(params)] for name, params in result["applied_transforms"]]
        return np.ascontiguousarray(result["image"]), {
            "seed": seed,
            "drawn": json.dumps(drawn, sort_keys=True, ensure_ascii=False),
        }


@lru_cache(maxsize=1)
def load_library() -> Any:
    """Import albumentations (2 s, and torch with it where there is one), or say why not."""
    for wrong in ("albumentationsx", "AlbumentationsX"):
        if _version(wrong):
            raise ExpandError(
                f'"{wrong}" is installed and takes the import name of albumentations, under the AGPL; '
                f"pip uninstall {wrong}; pip install albumentations=={VERSION}"
            )
    if (found := _version("albumentations")) != VERSION:
        raise ExpandError(
            f"this needs albumentations {VERSION} (MIT), found {found}; pip install albumentations=={VERSION}"
        )
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = (
        "1"  # or it asks the network for its newest version at import
    )
    import albumentations

    return albumentations


@lru_cache(maxsize=64)
def _build(transform: str) -> Any:
    """Return a Compose around a serialised transform; one a process, since each call sets its random state anew."""
    library = load_library()
    inner = library.from_dict({"transform": json.loads(transform)})
    return library.Compose([inner], save_applied_params=True)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _parameters(kind: type) -> set[str]:
    import inspect

    return set(inspect.signature(kind).parameters) - {"always_apply"}


def _readable(value: Any) -> Any:
    """Return drawn parameters as JSON can hold them; arrays (noise maps, displacement fields) by shape and type."""
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
    """Return an error's message on one line, without the web links that validators add."""
    lines = [
        line.strip() for line in str(error).splitlines() if line.strip() and "http" not in line
    ]
    return "; ".join(lines[:4]) or type(error).__name__
