"""A recipe: ordered techniques with their ranges and factors, and how many views they give."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from expand.errors import ExpandError, SettingError, cut, shown
from expand.recipes.exchanges import Exchanges
from expand.recipes.fill import DEFAULT_FILL, Fill
from expand.recipes.parse import MOST_TECHNIQUES, Parsed, parse_recipe, read_recipe
from expand.recipes.rules import ClassRules, Rule, compose_label, drop_absent, narrow
from expand.techniques import NATIVE, Choice, GeometricTechnique, PixelTechnique, Technique
from expand.techniques.geometric.flip import AXES, Flip
from expand.techniques.geometric.rotate90 import Rotate90
from expand.techniques.ranges import is_whole

MOST_NAME = 1000
MOST_COMBINATIONS = 10**12


@dataclass(frozen=True)
class Recipe:
    """Techniques in the order in which they are applied, and what fills the area they uncover.

    Geometric techniques must be listed next to each other: they are composed into one matrix, so
    that each view is resampled once. Raises `ExpandError` for an empty recipe, a technique listed
    twice, or geometric techniques with a pixel technique between them. `notes` say what was left
    out of the file that it was read from. `classes` are rules for images of single classes.
    """

    name: str
    techniques: tuple[Technique, ...]
    fill: Fill = DEFAULT_FILL
    notes: tuple[str, ...] = field(default=(), compare=False)
    classes: tuple[ClassRules, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "techniques", tuple(self.techniques))
        self._check_values()
        object.__setattr__(self, "classes", drop_absent(self.classes, self.techniques))
        if not self.techniques:
            raise ExpandError(f'recipe "{self.name}" has no techniques')
        self.exchanges  # noqa: B018  # checks them
        names = [technique.name for technique in self.techniques if technique.name in NATIVE]
        for name in names:
            if names.count(name) > 1:
                raise ExpandError(f'recipe "{self.name}" has {name} twice')
        if len(self._blocks) > 1:
            raise ExpandError(
                f'recipe "{self.name}" has {self._blocks[1][0].name} apart from '
                f"{self._blocks[0][-1].name}: techniques that move pixels must be listed next to "
                "each other, so that each view is resampled once"
            )

    def _check_values(self) -> None:
        """Refuse a name or techniques of a wrong type, and more of them than a recipe can have."""
        name = self.name
        if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name) <= MOST_NAME:
            raise SettingError(
                f'"name" must be one line of 1 … {MOST_NAME:,} characters, got {shown(name)}',
                "name",
            )
        if not all(isinstance(technique, Technique) for technique in self.techniques):
            raise ExpandError(f'recipe "{name}" has something that is not a technique')
        if not all(isinstance(rules, ClassRules) for rules in self.classes):
            raise ExpandError(f'recipe "{name}" has something that is not rules for a class')
        if len(self.techniques) > MOST_TECHNIQUES:
            raise ExpandError(
                f'recipe "{name}" has {len(self.techniques):,} techniques; '
                f"a recipe can have {MOST_TECHNIQUES}"
            )
        if self.combinations > MOST_COMBINATIONS:
            raise ExpandError(
                f'the factors of recipe "{name}" multiply to {shown(self.combinations)}; '
                f"they can multiply to {MOST_COMBINATIONS:,}"
            )

    @cached_property
    def _blocks(self) -> list[list[Technique]]:
        """The groups of geometric techniques that are listed next to each other."""
        blocks: list[list[Technique]] = []
        before: Technique | None = None
        for technique in self.techniques:
            if isinstance(technique, GeometricTechnique):
                if not isinstance(before, GeometricTechnique):
                    blocks.append([])
                blocks[-1].append(technique)
            before = technique
        return blocks

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of a view's parameters: technique names, numbered where one repeats."""
        names = [technique.name for technique in self.techniques]
        return tuple(
            name if names.count(name) == 1 else f"{name}_{names[: index + 1].count(name)}"
            for index, name in enumerate(names)
        )

    @cached_property
    def walked(self) -> tuple[Technique, ...]:
        """The techniques as views use them: beside quarter turns, one flip is enough.

        A vertical flip is a horizontal flip and a half turn: half of the variants coincide.
        """
        turns = any(isinstance(technique, Rotate90) for technique in self.techniques)
        return tuple(
            Flip((AXES[0],))
            if turns and isinstance(technique, Flip) and technique.factor == 4
            else technique
            for technique in self.techniques
        )

    @property
    def begins_with_geometry(self) -> bool:
        """Whether the resampling reads the image itself, before any pixel technique."""
        return isinstance(self.techniques[0], GeometricTechnique)

    @property
    def is_native(self) -> bool:
        """Whether it has techniques of this package only, none of albumentations.

        Those change state of the process, so that threads cannot make such views.
        """
        return all(type(technique) is NATIVE.get(technique.name) for technique in self.techniques)

    @property
    def nominal(self) -> int | None:
        """The product of the techniques' factors; None: unlimited."""
        return _product(self.techniques)

    @property
    def distinct(self) -> int | None:
        """How many different views there are; None: unlimited."""
        return _product(self.walked)

    @cached_property
    def combinations(self) -> int:
        """How many combinations of variants the techniques with factors have."""
        return math.prod(technique.factor or 1 for technique in self.walked)

    def rules_of(self, labels: Iterable[str]) -> tuple[Rule, ...]:
        """Return the rules for an image of these classes, each once; empty if there are none."""
        if not self.classes:
            return ()
        own = (self._rules.get(compose_label(label), ()) for label in labels)
        return tuple(dict.fromkeys(chain.from_iterable(own)))

    @cached_property
    def _rules(self) -> dict[str, tuple[Rule, ...]]:
        return {
            each.label: tuple(rule for rule in each.rules if not rule.becomes)
            for each in self.classes
        }

    @cached_property
    def exchanges(self) -> Exchanges:
        """What objects of some classes become in views that are mirrored."""
        return Exchanges.of(self.classes, self.techniques)

    def for_classes(self, labels: Iterable[str]) -> Recipe | None:
        """Return the recipe for an image of these classes; None if their rules leave no technique.

        It is this recipe if no rule is about them.
        """
        return self._under(self.rules_of(labels))

    def distinct_for(self, labels: Iterable[str]) -> int | None:
        """Return how many different views an image of these classes has; None: unlimited."""
        recipe = self.for_classes(labels)
        return recipe.distinct if recipe else 1

    def _under(self, rules: tuple[Rule, ...]) -> Recipe | None:
        if not rules:
            return self
        if rules not in self._derived:
            techniques = narrow(self.techniques, rules)
            self._derived[rules] = (
                replace(self, techniques=techniques, classes=()) if techniques else None
            )
        return self._derived[rules]

    @cached_property
    def _derived(self) -> dict[tuple[Rule, ...], Recipe | None]:
        """The recipes that rules gave so far."""
        return {}

    def neutral(self) -> dict[str, Any]:
        """Return the parameters of view 0, which changes nothing."""
        return {key: dict(choice) for key, choice in self._neutral.items()}

    @cached_property
    def _neutral(self) -> dict[str, Choice]:
        return {
            key: technique.neutral() for key, technique in zip(self.keys, self.walked, strict=True)
        }

    def with_factors(self, factors: Mapping[str, int]) -> Recipe:
        """Return a recipe of the named techniques only, in this order, with these factors.

        A technique keeps its ranges from this recipe; one that is not in it gets its defaults.
        Raises `ExpandError` for an unknown technique or a factor that it cannot have.
        """
        here = {technique.name: technique for technique in self.techniques}
        chosen = [_with_factor(here[name], factors[name]) for name in here if name in factors]
        for name in factors:
            if name not in here:
                _insert(chosen, _with_factor(_default(name), factors[name]))
        listed = ",".join(f"{technique.name}={technique.factor}" for technique in chosen)
        return replace(self, name=f"{self.name} {listed}"[:MOST_NAME], techniques=tuple(chosen))

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain data: a recipe file with every default written out."""
        techniques = [{technique.name: technique.settings()} for technique in self.techniques]
        fill = self.fill.value if isinstance(self.fill.value, str) else list(self.fill.value)
        rules = {
            each.label: {rule.technique: rule.to_plain() for rule in each.rules}
            for each in self.classes
        }
        classes = {"classes": rules} if rules else {}
        return {"name": self.name, "fill": fill, "techniques": techniques, **classes}

    @classmethod
    def load(cls, name: str | Path) -> Recipe:
        """Load a recipe by its name (classic, blog, detect) or from a YAML or JSON file."""
        return cls._from(read_recipe(name))

    @classmethod
    def parse(cls, text: str, where: str = "recipe") -> Recipe:
        """Parse a recipe from YAML text; `where` names the text in error messages."""
        return cls._from(parse_recipe(text, where))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        """Return the recipe that `to_dict` wrote."""
        if not isinstance(data, Mapping):
            raise ExpandError(f"a recipe must be settings (key: value), got {shown(data)}")
        try:
            text = json.dumps(data)
        except (TypeError, ValueError, RecursionError) as error:
            raise ExpandError(f"a recipe must be plain data: {error}") from error
        return cls.parse(text, cut(str(data.get("name", "recipe"))))

    def _repr_html_(self) -> str:
        """Show the recipe as a table in a notebook."""
        from expand.recipes.notebook import render_html  # notebooks only

        return render_html(self)

    @classmethod
    def _from(cls, parsed: Parsed) -> Recipe:
        return parsed.entry.within(lambda: cls(*parsed[:3], parsed.notes, parsed.classes))


def _product(techniques: tuple[Technique, ...]) -> int | None:
    factors = [technique.factor for technique in techniques]
    return None if None in factors else math.prod(factor or 1 for factor in factors)


def _default(name: str) -> Technique:
    if name not in NATIVE:
        raise ExpandError(f'"{cut(str(name))}" is not a technique; there are {", ".join(NATIVE)}')
    return NATIVE[name]()


def _insert(techniques: list[Technique], technique: Technique) -> None:
    """Add a technique: a geometric one before the first pixel technique, any other at the end."""
    pixel = (i for i, other in enumerate(techniques) if isinstance(other, PixelTechnique))
    end = len(techniques)
    geometric = isinstance(technique, GeometricTechnique)
    techniques.insert(next(pixel, end) if geometric else end, technique)


def _with_factor(technique: Technique, factor: int) -> Technique:
    if not is_whole(factor) or factor < 2:
        raise SettingError(
            f'"factor" of {technique.name} must be a whole number, at least 2 here, '
            f"got {shown(factor)}",
            "factor",
        )
    return technique.with_factor(factor)
