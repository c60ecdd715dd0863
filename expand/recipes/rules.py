"""Rules for classes: what a recipe may do to images of a class, beside what it does to all.

    classes:
      "6": {flip: never, rotate90: never, rotate: {degrees: [-15, 15]}}
      arrow: {flip.horizontal: never}

A rule leaves a technique out, or keeps its ranges within others. An image takes what all its
classes allow. Rules with `becomes` leave the views as they are (expand/recipes/exchanges.py).
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from expand.errors import ExpandError, SettingError, cut, did_you_mean, nearest, shown
from expand.techniques import NATIVE, Technique
from expand.techniques.geometric.flip import AXES, Flip
from expand.techniques.geometric.rotate import Rotate
from expand.techniques.geometric.rotate90 import Rotate90
from expand.techniques.ranges import Range, parse_range

NEVER, BECOMES = "never", "becomes"
OVER = 90.0
"""Degrees from which a turn is nearer to a half turn than to none."""


class Rule(NamedTuple):
    """What one class allows of one technique."""

    technique: str
    """The name of the technique, or flip.horizontal and flip.vertical for one axis of flip."""
    ranges: tuple[tuple[str, Range], ...] = ()
    """The ranges that it may draw from, by setting; empty: it is left out."""
    becomes: str = ""
    """The class that an object becomes where a view is mirrored; empty: it stays the same."""

    @property
    def name(self) -> str:
        """The name of the technique."""
        return self.technique.partition(".")[0]

    @property
    def is_never(self) -> bool:
        """Whether it leaves the technique out."""
        return not self.ranges and not self.becomes

    def to_plain(self) -> Any:
        """Return what a recipe file holds for the rule."""
        if self.becomes:
            return {BECOMES: self.becomes}
        return {key: list(value) for key, value in self.ranges} if self.ranges else NEVER


@dataclass(frozen=True)
class ClassRules:
    """The rules of a class, by its name."""

    label: str
    rules: tuple[Rule, ...]

    def __str__(self) -> str:
        """Say what it forbids: without flip; rotate: degrees −15 … 15; flip: becomes right."""
        never = [rule.technique for rule in self.rules if rule.is_never]
        narrowed = [
            f"{rule.technique}: {', '.join(f'{key} {value}' for key, value in rule.ranges)}"
            for rule in self.rules
            if rule.ranges
        ]
        new = [f"{rule.technique}: {BECOMES} {rule.becomes}" for rule in self.rules if rule.becomes]
        return "; ".join([*([f"without {', '.join(never)}"] if never else []), *narrowed, *new])


def read_rule(name: str, value: object, techniques: Sequence[Technique]) -> Rule:
    """Read a rule of a recipe file: `never`, or settings with the ranges that a class allows.

    `techniques` are those of the recipe. Raises `ExpandError` for anything else.
    """
    base, _, axis = name.partition(".")
    here = next((each for each in techniques if each.name == base), None)
    if here is None and base not in NATIVE:
        known = [*dict.fromkeys([*(each.name for each in techniques), *NATIVE])]
        raise ExpandError(
            f'"{cut(name)}" is not a technique; there are {", ".join(known)}'
            f"{did_you_mean(base, known)}"
        )
    if axis and (base != Flip.name or axis not in AXES):
        axes = [f"{Flip.name}.{each}" for each in AXES]
        raise ExpandError(
            f'"{cut(name)}" is not a part of a technique; there are {" and ".join(axes)}'
            f"{did_you_mean(name, axes)}"
        )
    if value == NEVER:
        return Rule(name)
    if not isinstance(value, Mapping) or not value:
        raise ExpandError(
            f"a rule is {NEVER}, or ranges that a class allows, such as "
            f"rotate: {{degrees: [-15, 15]}}; got {name}: {shown(value)}"
        )
    if BECOMES in value:
        return Rule(name, becomes=_read_becomes(name, value))
    _check_keys(here or NATIVE[base](), name, value)
    if here:
        return Rule(name, _read_ranges(here, value))
    try:
        return Rule(name, _read_ranges(NATIVE[base](), value))
    except ExpandError:  # of a technique that --techniques left out: its unit is not known
        limits = (-math.inf, math.inf)
        return Rule(
            name, tuple((key, parse_range(value[key], key, within=limits)) for key in value)
        )


def _check_keys(technique: Technique, name: str, value: Mapping[Any, Any]) -> None:
    """Refuse settings that are not ranges of a technique."""
    known = ranges_of(technique)
    new = f"{BECOMES}: a class" if technique.name == Flip.name else ""
    for key in value:
        if key not in known:
            others = f" or {{{new}}}" if new else ""
            has = f"it has {', '.join(known)}" if known else f'it can only be "{NEVER}"{others}'
            near = did_you_mean(str(key), [*known, *([BECOMES] if new else [])])
            raise ExpandError(f'{cut(name)} has no range "{cut(str(key))}" to narrow; {has}{near}')


def _read_becomes(name: str, value: Mapping[Any, Any]) -> str:
    """Return the class that a mirrored object becomes."""
    new = value[BECOMES]
    if name.partition(".")[0] != Flip.name:
        raise ExpandError(f"{cut(name)} cannot have {BECOMES}: only flip and its axes can")
    if len(value) > 1:
        raise ExpandError(f"{cut(name)} has {BECOMES}, and cannot have anything beside it")
    if not isinstance(new, str) or not new:
        raise ExpandError(f'"{BECOMES}" must be the name of a class, in quotes, got {shown(new)}')
    return compose_label(new)


def _read_ranges(technique: Technique, value: Mapping[Any, Any]) -> tuple[tuple[str, Range], ...]:
    """Return the ranges of a rule, as the technique itself reads them."""
    own = {key: list(limits) for key, limits in ranges_of(technique).items()}
    unit = {"unit": technique.unit} if hasattr(technique, "unit") else {}
    try:
        # a factor of 1, so that a range may also be a point
        read = type(technique)(**{**own, **unit, **value, "factor": 1})
    except SettingError as error:
        raise ExpandError(str(error)) from error
    return tuple((str(key), getattr(read, key)) for key in value)


def ranges_of(technique: Technique) -> dict[str, Range]:
    """Return the ranges of a technique by setting; a transform of albumentations has none here."""
    if type(technique) is not NATIVE.get(technique.name):
        return {}
    values = {item.name: getattr(technique, item.name) for item in fields(technique)}  # type: ignore[arg-type]
    return {key: value for key, value in values.items() if isinstance(value, Range)}


def narrow(techniques: Iterable[Technique], rules: Sequence[Rule]) -> tuple[Technique, ...]:
    """Return the techniques that all of some rules allow, each as far as they allow it.

    Where views turn by a half turn, mirroring along one axis is the same as along the other: a rule
    against one of them leaves out both.
    """
    narrowed = tuple(left for each in techniques if (left := _allowed(each, rules)))
    one_axis = any(rule.name == Flip.name and rule.name != rule.technique for rule in rules)
    if one_axis and any(_turns_over(technique) for technique in narrowed):
        return tuple(technique for technique in narrowed if not isinstance(technique, Flip))
    return narrowed


def _allowed(technique: Technique, rules: Iterable[Rule]) -> Technique | None:
    left: Technique | None = technique
    for rule in rules:
        if left and rule.name == left.name:
            left = _apply(rule, left)
    return left


def _turns_over(technique: Technique) -> bool:
    """Tell whether a technique can turn an image by about a half turn."""
    if isinstance(technique, Rotate):
        return max(map(abs, technique.degrees)) > OVER
    return isinstance(technique, Rotate90)


def _apply(rule: Rule, technique: Technique) -> Technique | None:
    """Return what a rule leaves of a technique; None if nothing."""
    if rule.ranges:
        return _within(technique, dict(rule.ranges))
    _, _, axis = rule.technique.partition(".")
    if axis and isinstance(technique, Flip):
        axes = tuple(each for each in technique.axes if each != axis)
        return Flip(axes) if axes else None
    return None


def _within(technique: Technique, ranges: Mapping[str, Range]) -> Technique | None:
    """Return a technique with its ranges kept within others; None if they do not meet."""
    narrowed = {}
    for key, value in ranges_of(technique).items():
        limit = ranges.get(key, value)
        low, high = max(value.low, limit.low), min(value.high, limit.high)
        if low > high:
            return None
        narrowed[key] = Range(low, high)
    if narrowed == ranges_of(technique):
        return technique
    factor = technique.factor
    # a range of one strength has no other factor than 2; whole pixels have one of their own
    for fewer in dict.fromkeys(
        (factor, None if _counts(technique) else factor, 2 if factor else None)
    ):
        try:
            return replace(technique, **narrowed, factor=fewer)  # type: ignore[type-var]
        except SettingError:
            continue
    return None


def _counts(technique: Technique) -> bool:
    """Tell whether a technique's factor is at most the number of whole pixels in its ranges."""
    return getattr(technique, "unit", "") == "pixel"


def drop_absent(
    classes: Iterable[ClassRules], techniques: Iterable[Technique]
) -> tuple[ClassRules, ...]:
    """Return rules without those about transforms of albumentations that a recipe does not have.

    A recipe of fewer techniques than a file has can be made from it (--techniques), and its record
    must be readable. A technique of this package can be added to it, so rules about those stay.
    """
    names = {technique.name for technique in techniques} | set(NATIVE)
    kept = (
        ClassRules(each.label, tuple(rule for rule in each.rules if rule.name in names))
        for each in classes
    )
    return tuple(each for each in kept if each.rules)


def describe_unknown(classes: Iterable[ClassRules], names: Iterable[str]) -> list[str]:
    """Say for which classes there are rules and no images; `names` are those of the dataset.

    Nothing is said if the dataset names no classes.
    """
    known = [*dict.fromkeys(map(compose_label, names))]
    unknown = [rules.label for rules in classes if rules.label not in set(known)]
    if not known or not unknown:
        return []
    listed = ", ".join(_and_nearest(label, known) for label in unknown[:3])
    more = ", …" if unknown[3:] else ""
    what = f"the dataset has no class {listed}{more}, for which the recipe has rules"
    return [f"{what}; it has {name_classes(known)}"]


def _and_nearest(label: str, known: Sequence[str]) -> str:
    near = nearest(label, known)
    return f'"{label}"' + (f' (did you mean "{near}"?)' if near else "")


def name_classes(names: Sequence[str]) -> str:
    """Return the names of classes for a message, at most ten."""
    listed = ", ".join(f'"{cut(name)}"' for name in names[:10])
    return f"{listed}, …" if len(names) > 10 else listed


def compose_label(label: str) -> str:
    """Return the name of a class with composed accents, as names are compared."""
    return label if label.isascii() else unicodedata.normalize("NFC", label)
