"""Classes that a mirrored view exchanges: a mirrored "left" is a "right".

    classes:
      left: {flip.horizontal: {becomes: right}}
      right: {flip.horizontal: {becomes: left}}

`flip.horizontal` and `flip.vertical` are about directions, such as those of arrows: an object
becomes the other class where the view exchanges left and right, or top and bottom. `flip` is about
what a mirror shows whichever way it is held, such as hands and shoes: a half turn changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from expand.errors import ExpandError
from expand.geometry import Affine
from expand.recipes.rules import NEVER, ClassRules, narrow
from expand.techniques import Technique
from expand.techniques.geometric.flip import Flip
from expand.techniques.geometric.rotate import Rotate
from expand.techniques.geometric.rotate90 import Rotate90

MIRROR, HORIZONTAL, VERTICAL = Flip.name, f"{Flip.name}.horizontal", f"{Flip.name}.vertical"
QUARTER = 90.0
"""Degrees from which a direction is no longer nearest to itself."""
NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Exchanges:
    """What objects of some classes become in views that are mirrored."""

    pairs: tuple[tuple[str, str, str], ...]
    """The part of flip, the class, and the class that it becomes."""

    def __bool__(self) -> bool:
        return bool(self.pairs)

    @classmethod
    def of(cls, classes: Sequence[ClassRules], techniques: Sequence[Technique]) -> Exchanges:
        """Return the exchanges that rules ask for; raise ExpandError for those that cannot be."""
        for rules in classes:
            _check(rules, classes, techniques)
        return cls(
            tuple(
                (rule.technique, each.label, rule.becomes)
                for each in classes
                for rule in each.rules
                if rule.becomes
            )
        )

    @property
    def targets(self) -> tuple[str, ...]:
        """The classes that objects become, each once."""
        return tuple(dict.fromkeys(new for _, _, new in self.pairs))

    @property
    def every(self) -> tuple[str, ...]:
        """All classes that take part, each once."""
        return tuple(dict.fromkeys(name for _, *both in self.pairs for name in both))

    def names(self, forward: Affine) -> Mapping[str, str]:
        """Return the new names of classes in a view; `forward` maps points of the image to it."""
        if not self.pairs:
            return NONE
        made = (
            (MIRROR, float(forward.determinant) < 0),
            (HORIZONTAL, float(forward.a) < 0),
            (VERTICAL, float(forward.e) < 0),
        )
        parts = tuple(part for part, is_made in made if is_made)
        if parts not in self._names:
            self._names[parts] = self._compose(parts)
        return self._names[parts]

    @cached_property
    def _names(self) -> dict[tuple[str, ...], Mapping[str, str]]:
        return {}

    def _compose(self, parts: Sequence[str]) -> Mapping[str, str]:
        """Return the names after one part of flip after the other: top left, top right, bottom."""
        after = {old: old for _, old, _ in self.pairs}
        for part in parts:
            step = {old: new for of, old, new in self.pairs if of == part}
            after = {old: step.get(now, now) for old, now in after.items()}
        return {old: new for old, new in after.items() if old != new}


def _check(
    rules: ClassRules, classes: Sequence[ClassRules], techniques: Sequence[Technique]
) -> None:
    """Refuse what would give wrong classes."""
    own = {rule.technique: rule.becomes for rule in rules.rules if rule.becomes}
    where = f'class "{rules.label}"'
    if MIRROR in own and len(own) > 1:
        raise ExpandError(f"{where} has becomes for flip and for one of its axes; use one of them")
    left = narrow(techniques, [rule for rule in rules.rules if not rule.becomes])
    if MIRROR not in own and own and (turning := next(filter(_turns, left), None)):
        raise ExpandError(
            f"{where} has becomes for one axis of flip, and {turning.name} turns directions too. "
            f"Add {turning.name}: {NEVER} to its rules, or use flip: {{becomes: …}} if turning it "
            "does not change its class"
        )
    for part, new in own.items():
        _check_return(rules.label, part, new, classes)


def _check_return(old: str, part: str, new: str, classes: Sequence[ClassRules]) -> None:
    """Refuse an exchange without its opposite: a mirrored mirror image is the image again."""
    other = next((each.rules for each in classes if each.label == new), ())
    if any(rule.technique == part and rule.becomes == old for rule in other):
        return
    if any(rule.technique in (part, MIRROR) and rule.is_never for rule in other):
        return
    raise ExpandError(
        f'class "{old}" becomes "{new}" by {part}, and "{new}" does not become "{old}". Add '
        f"{new}: {{{part}: {{becomes: {old}}}}}, or {new}: {{{part}: {NEVER}}}"
    )


def _turns(technique: Technique) -> bool:
    """Tell whether a technique can turn a direction into another."""
    if isinstance(technique, Rotate):
        return max(map(abs, technique.degrees)) >= QUARTER
    return isinstance(technique, Rotate90)
