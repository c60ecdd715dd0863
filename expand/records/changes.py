"""Changes: which settings of a command are not those of the record of an earlier one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from expand.errors import cut

OPTIONS = {"shard_size": "--tar-size", "layout": "--as"}
"""What a setting is called on the command line, where that is not its own name."""
NOT_GIVEN = "not given"


def describe_changes(
    earlier: Mapping[str, Any], now: Mapping[str, Any], keys: Iterable[str]
) -> str:
    """Say what options were and are: "--seed was 0, is 1; --quality was not given, is 50"."""
    return "; ".join(
        _recipe_change(was, new)
        if _is_recipe(was) and _is_recipe(new)
        else f"{_option(key)} was {_typed(was)}, is {_typed(new)}"
        for key, was, new in _single(earlier, now, keys)
    )


def _is_recipe(value: Any) -> bool:
    return isinstance(value, dict) and "techniques" in value


def _recipe_change(was: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Name two recipes, or say what changed in a recipe that kept its name."""
    if was.get("name") != new.get("name"):
        return f"--recipe was {_typed(was)}, is {_typed(new)}"
    before, after = _parts(was), _parts(new)
    parts = [
        part for part in dict.fromkeys((*before, *after)) if before.get(part) != after.get(part)
    ]
    changes = [
        f"{part} was {before.get(part, 'absent')}, is {after.get(part, 'absent')}" for part in parts
    ]
    order = "its techniques have another order"
    return f"--recipe {_typed(new)} was changed: {', and '.join(changes) or order}"


def _parts(recipe: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings of each technique, the fill and the rules of each class, as text."""
    parts: dict[str, str] = {}
    for entry in recipe["techniques"]:
        for name, settings in entry.items():
            parts[name] = (
                f"{parts[name]} and {_plain(settings)}" if name in parts else _plain(settings)
            )
    rules = recipe.get("classes", {})
    return {
        **parts,
        "fill": _plain(recipe.get("fill")),
        **{f'class "{label}"': _plain(rule) for label, rule in rules.items()},
    }


def _plain(value: Any) -> str:
    """Return settings as a recipe file has them, on one line: {degrees: [-15, 15]}."""
    if isinstance(value, Mapping):
        given = [f"{key}: {_plain(each)}" for key, each in value.items() if each is not None]
        return f"{{{', '.join(given)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_plain, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _single(
    earlier: Mapping[str, Any], now: Mapping[str, Any], keys: Iterable[str]
) -> Iterable[tuple[str, Any, Any]]:
    """Yield each setting that differs; of the reading of a labelled dataset, its options."""
    for key in keys:
        was, new = earlier.get(key), now.get(key)
        if key == "dataset" and was and new:
            yield from _single(was, new, dict.fromkeys((*was, *new)))
        elif was != new:
            yield key, was, new


def _option(key: str) -> str:
    if key == "dataset":
        return "the reading of the input (--as)"
    return OPTIONS.get(key, f"--{key.replace('_', '-')}")


def _typed(value: Any) -> str:
    """Return the value of a setting as text; of a recipe, its name."""
    if value is None or value == "":
        return NOT_GIVEN
    if _is_recipe(value):
        return f'"{value.get("name")}"'
    if isinstance(value, dict) and "layout" in value:
        return str(value["layout"])
    if isinstance(value, dict):
        return cut(",".join(f"{name}={each}" for name, each in value.items()))
    return cut(str(value))
