"""Saved transforms and pipelines of albumentations: what is in them, and which are refused.

Nothing is built or run here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from expand.errors import ExpandError, SettingError, cut, shown
from expand.techniques.catalogue.library import (
    load_library,
    parameters,
    saved_parameters,
    transform_class,
    transform_classes,
)
from expand.techniques.ranges import is_whole

CLASS = "__class_fullname__"
TRAINING = ("Normalize", "ToFloat", "ToTensorV2")
"""What the end of a training pipeline turns images into numbers with."""
COMPOSITIONS = ("Compose", "Sequential", "OneOf", "SomeOf", "OneOrOther", "RandomOrder")
UNUSABLE = {
    "Lambda": "it runs code that a file cannot hold",
    **dict.fromkeys(("BBoxSafeRandomCrop", "RandomSizedBBoxSafeCrop"), "it needs boxes"),
    "RandomCropNearBBox": "it needs a box",
    **dict.fromkeys(("CropNonEmptyMaskIfExists", "MaskDropout"), "it needs masks"),
    "ConstrainedCoarseDropout": "it needs masks or boxes",
    **dict.fromkeys(("FDA", "HistogramMatching"), "it reads other images"),
    "PixelDistributionAdaptation": "it reads other images",
    **dict.fromkeys(("Mosaic", "OverlayElements"), "it needs other images"),
    "ToTensor3D": "it is for volumes",
    "TextImage": "it reads a font file and needs texts",
    "ReplayCompose": "it repeats recorded values; use Compose",
    "SelectiveChannelTransform": "albumentations does not save its channels; use OneOf or Compose",
}
"""Transforms that one image alone cannot be changed by, with the reason."""
MOST_TRANSFORMS, MOST_LEVELS, MOST_TEXT = 100, 20, 1000
MOST = 1_000_000
LIMITS = {
    **dict.fromkeys(("blur_limit", "kernel_size", "blur_value"), 501),
    **dict.fromkeys(("radius", "sigma_limit", "gauss_sigma"), 250),
    **dict.fromkeys(("sigma", "sigma_x_limit", "sigma_y_limit", "alias_blur", "max_delta"), 100),
    **dict.fromkeys(("num_steps", "grid", "tile_grid_size"), 100),
    **dict.fromkeys(("holes_number_xy", "n", "num_shadows_limit", "shadow_dimension"), 100),
    **dict.fromkeys(("drop_length", "drop_width", "num_flare_circles_range"), 100),
    **dict.fromkeys(("num_masks_x", "num_masks_y", "number_of_patches", "n_segments"), 1000),
    **dict.fromkeys(("num_holes_range", "src_radius", "plasma_size"), 10_000),
    **dict.fromkeys(("fill", "drop_value", "drop_color", "src_color"), 255),
    **dict.fromkeys(("nb_rows", "nb_cols", "num_grid_xy"), 20),
    **dict.fromkeys(("iterations", "max_factor"), 10),
    "num_control_points": 10,
    "Morphological.scale": 100,
}
"""The largest number in an argument, where a larger one would take minutes or all memory.

A key with a dot is for one transform."""
LEAST = {"step_factor": 0.001}


class Leaf(NamedTuple):
    """A transform of a pipeline: its name, where it is in the file, and its saved form."""

    name: str
    path: tuple[str | int, ...]
    saved: dict[str, Any]


def leaves(saved: object, path: tuple[str | int, ...] = ()) -> Iterator[Leaf]:
    """Yield the transforms of a saved transform or pipeline, in order.

    Raises `ExpandError` for whatever cannot be part of one.
    """
    if not isinstance(saved, Mapping) or not isinstance(saved.get(CLASS), str):
        raise SettingError(f'a transform has settings and "{CLASS}", got {shown(saved)}', path=path)
    name, here = short_name(saved[CLASS]), (*path, CLASS)
    check_usable(name, here)
    if len(path) > 2 * MOST_LEVELS:
        raise SettingError(f"a pipeline can be nested {MOST_LEVELS} levels deep", path=path)
    if name in COMPOSITIONS:
        kind = getattr(load_library(), name)
        check_arguments(name, parameters(kind), saved, path)
        _check_chances(name, saved, path)
        inner = saved.get("transforms")
        if not isinstance(inner, list) or not inner:
            raise SettingError(f'{name} needs a list of "transforms"', path=here)
        for index, child in enumerate(inner):
            yield from leaves(child, (*path, "transforms", index))
        return
    try:
        kind = transform_class(name)
    except ExpandError as error:
        raise SettingError(str(error), path=here) from error
    check_arguments(name, saved_parameters(kind), saved, path)
    yield Leaf(name, path, dict(saved))


def _check_chances(name: str, saved: Mapping[str, Any], path: tuple[str | int, ...]) -> None:
    """Refuse a probability or a number of transforms of a composition that it cannot have.

    albumentations checks those of transforms only.
    """
    p, n = saved.get("p", 1.0), saved.get("n", 1)
    if isinstance(p, bool) or not isinstance(p, int | float) or not 0 <= p <= 1:
        raise SettingError(f'"p" of {name} must be 0 … 1, got {shown(p)}', "p", (*path, "p"))
    if not is_whole(n) or n < 1:
        message = f'"n" of {name} must be a whole number, at least 1, got {shown(n)}'
        raise SettingError(message, "n", (*path, "n"))


def without_training(saved: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a pipeline without the transforms for training at its end, and their names.

    Only the end of what is always applied in order is looked at.
    """
    kept, names = dict(saved), []
    while _is_sequence(kept) and (inner := kept["transforms"]):
        last = inner[-1] if isinstance(inner[-1], Mapping) else {}
        if (name := short_name(str(last.get(CLASS)))) in TRAINING:
            names.append(name)
            end: list[Any] = []
        else:
            shorter, more = without_training(last)
            if not more:
                break
            names += reversed(more)
            end = [shorter] if shorter["transforms"] else []
        kept["transforms"] = [*inner[:-1], *end]
        if end:
            break
    return kept, tuple(reversed(names))


def _is_sequence(saved: Mapping[str, Any]) -> bool:
    """Return whether this is a composition that always applies its transforms in order."""
    name = short_name(str(saved.get(CLASS)))
    p = saved.get("p", 1.0 if name == "Compose" else None)
    return (
        name in ("Compose", "Sequential") and p == 1 and isinstance(saved.get("transforms"), list)
    )


def check_usable(name: str, path: tuple[str | int, ...] = ()) -> None:
    """Refuse a transform that one image alone cannot be changed by, with the reason."""
    if name in TRAINING:
        raise SettingError(
            f"{name} cannot make copies: it turns an image into what a network is trained on. "
            "Remove it, or move it to the end of a saved pipeline, where it is left out",
            path=path,
        )
    kind, volumes = transform_classes().get(name), load_library().Transform3D
    reason = UNUSABLE.get(name)
    if reason or (kind and issubclass(kind, volumes)):
        raise SettingError(f"{name} cannot be used: {reason or 'it is for volumes'}", path=path)


def short_name(full: str) -> str:
    """Return the name of a class of albumentations without its modules; any other name as it is."""
    return full.rsplit(".", 1)[-1] if full.startswith("albumentations.") else full


def check_arguments(
    name: str, known: set[str], arguments: Mapping[str, Any], path: tuple[str | int, ...] = ()
) -> None:
    """Refuse an argument that is not one of `known`, and one that is too large.

    albumentations ignores an unknown argument, and tries any number.
    """
    for key, value in arguments.items():
        if key == CLASS or (key == "always_apply" and not value):
            continue
        here = (*path, str(key))
        if key not in known:
            raise SettingError(
                f'{name} has no argument "{cut(str(key))}"; it has {", ".join(sorted(known))}',
                str(key),
                here,
            )
        if key != "transforms":
            _check_value(name, str(key), value, here)


def _check_value(name: str, key: str, value: object, path: tuple[str | int, ...]) -> None:
    """Refuse a number of an argument that is too large, and a text that is too long."""
    most = LIMITS.get(f"{name}.{key}") or LIMITS.get(key, MOST)
    least = LEAST.get(key, -math.inf)
    for item in _plain_values(value, name, key, path):
        if isinstance(item, str) and len(item) > MOST_TEXT:
            raise SettingError(f'"{key}" of {name} is a text of {len(item)} characters', key, path)
        if isinstance(item, str):
            item = _number_in(item)  # pydantic takes it for one
        if item is None or isinstance(item, bool):
            continue
        if not -most <= item <= most or item < least:
            between = f"{least:g} … {most:g}" if key in LEAST else f"-{most:g} … {most:g}"
            raise SettingError(f'"{key}" of {name} must be {between}, got {shown(item)}', key, path)


def _number_in(text: str) -> float | None:
    """Return the number that a text is; None if it is not one."""
    try:
        return float(text)
    except ValueError:
        return None


def _plain_values(
    value: object, name: str, key: str, path: tuple[str | int, ...], level: int = 0
) -> Iterator[str | float | None]:
    """Yield the numbers and texts of an argument; refuse what a JSON file cannot hold."""
    if level > 6:
        raise SettingError(f'"{key}" of {name} is nested too deeply', key, path)
    if isinstance(value, Mapping):
        for part in value.items():
            yield from _plain_values(part, name, key, path, level + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _plain_values(item, name, key, path, level + 1)
    elif value is None or isinstance(value, str | int | float):
        yield value
    else:
        raise SettingError(f'"{key}" of {name} cannot be {shown(value)}', key, path)
