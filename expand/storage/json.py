"""JSON text, which holds finite numbers only: `NaN` and `Infinity` are not JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def to_json(data: Any, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """Format plain data as JSON; a number that is not finite becomes null."""
    try:
        return json.dumps(data, indent=indent, ensure_ascii=ascii_only, allow_nan=False)
    except ValueError:
        known = _finite(data)
        return json.dumps(known, indent=indent, ensure_ascii=ascii_only, allow_nan=False)


def _finite(data: Any) -> Any:
    """Replace every number that is not finite by None."""
    if isinstance(data, Mapping):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
