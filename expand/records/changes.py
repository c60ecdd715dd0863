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
        f"{_option(key)} was {_typed(was)}, is {_typed(new)}"
        for key, was, new in _single(earlier, now, keys)
    )


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
    """Return the value of a setting as text; of a recipe, its name and techniques."""
    if value is None or value == "":
        return NOT_GIVEN
    if isinstance(value, dict) and "techniques" in value:
        rules = f", classes {value['classes']}" if value.get("classes") else ""
        return f'"{value.get("name")}" ({value["techniques"]}{rules})'
    if isinstance(value, dict) and "layout" in value:
        return str(value["layout"])
    if isinstance(value, dict):
        return cut(",".join(f"{name}={each}" for name, each in value.items()))
    return cut(str(value))
