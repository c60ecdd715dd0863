"""A transform of albumentations, or a pipeline that it saved, as a technique."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from expand.errors import BadImageError, ExpandError, SettingError
from expand.geometry import Number
from expand.images.pixels import Pixels
from expand.techniques.catalogue import PIPELINE, probe
from expand.techniques.catalogue.build import build, run
from expand.techniques.catalogue.library import (
    VERSION,
    changes_values_only,
    in_one_line,
    load_library,
    parameters,
    silent,
    transform_class,
)
from expand.techniques.catalogue.saved import (
    CLASS,
    check_arguments,
    check_usable,
    leaves,
    without_training,
)
from expand.techniques.ranges import check_factor, switch, whole
from expand.techniques.technique import Choice, PixelTechnique

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
        check_usable(name)
        library, kind = load_library(), transform_class(name)
        check_arguments(name, parameters(kind), arguments)
        try:
            with silent():
                transform = library.to_dict(kind(**arguments))["transform"]
        except Exception as error:  # pydantic and the classes themselves raise anything
            raise ExpandError(
                f"{name} does not take these arguments: {in_one_line(error)}"
            ) from error
        if lost := sorted(set(arguments) - set(transform) - {"always_apply"}):
            raise SettingError(
                f'albumentations {VERSION} does not save "{lost[0]}" of {name}', lost[0]
            )
        probe.check_transform(transform)
        return cls(name, json.dumps(transform, sort_keys=True), factor)

    @classmethod
    def pipeline(cls, saved: object) -> tuple[Catalogue, str]:
        """Return the pipeline in what `albumentations.save` wrote, and a note.

        The note names the transforms for training that were left out at its end; else it is empty.
        Raises `ExpandError` if this version cannot rebuild it, or if it cannot make copies.
        """
        whole_pipeline = saved.get("transform") if isinstance(saved, Mapping) else None
        if not isinstance(whole_pipeline, Mapping):
            raise ExpandError('a pipeline has one setting, "transform"')
        kept, left_out = without_training(whole_pipeline)
        if left_out and not kept["transforms"]:
            raise ExpandError(f"it only has {' and '.join(left_out)}: for training, not for copies")
        probe.check_transform(kept, ("transform",))
        transform = json.dumps(kept, sort_keys=True)
        build(transform)
        note = f"{' and '.join(left_out)} left out at the end: for training, not for copies"
        return cls(PIPELINE, transform), note if left_out else ""

    def settings(self) -> dict[str, Any]:
        """Return what a recipe file holds: the transform's arguments, or the saved pipeline."""
        transform = json.loads(self.transform)
        if self.name != PIPELINE:
            transform.pop(CLASS)
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
        if broken := self.broken(pixels):
            raise BadImageError(broken)
        try:
            result = run(build(self.transform), pixels, seed)
        except BadImageError as error:
            raise BadImageError(f"{self.name} failed on it: {error}") from error
        drawn = [[name, _readable(params)] for name, params in result["applied_transforms"]]
        image = result["image"]
        return np.ascontiguousarray(image) if isinstance(image, np.ndarray) else image, {
            "seed": seed,
            "drawn": json.dumps(drawn, sort_keys=True, ensure_ascii=False),
        }

    def movers(self) -> tuple[str, ...]:
        """Return the transforms that may move or cover pixels, by the library's own classes."""
        return _movers(self.transform)

    @property
    def changes_size(self) -> bool:  # type: ignore[override]
        """Whether its views have another size than the source, as tried on a small image."""
        return probe.changes_size(self.transform)

    def broken(self, pixels: Pixels) -> str | None:
        """Return why this spoils images of this kind; None if it does not."""
        channels = 1 if pixels.ndim == 2 else pixels.shape[2]
        return probe.broken_kind(self.transform, pixels.dtype.name, channels)


@lru_cache(maxsize=256)
def _movers(transform: str) -> tuple[str, ...]:
    names = (leaf.name for leaf in leaves(json.loads(transform)))
    return tuple(name for name in names if not changes_values_only(name))


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
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)  # JSON has no such number
    return value if isinstance(value, str | int | float | bool | None) else repr(value)
