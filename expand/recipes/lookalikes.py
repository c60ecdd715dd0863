"""Names of classes that a view may mix up: left and right, 6 and 9, b and d.

A recipe cannot know what images show. The names of classes tell of some cases where a mirrored or
turned image shows another class.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from expand.recipes.exchanges import HORIZONTAL, MIRROR, VERTICAL
from expand.recipes.recipe import Recipe
from expand.recipes.rules import OVER
from expand.techniques import Technique
from expand.techniques.geometric.flip import Flip
from expand.techniques.geometric.rotate import Rotate
from expand.techniques.geometric.rotate90 import Rotate90

MIRRORED, UPENDED, TURNED = "mirrored left-right", "mirrored top-bottom", "turned by 180°"
WORDS = {
    ("left", "right"): (MIRRORED, TURNED),
    ("east", "west"): (MIRRORED, TURNED),
    ("clockwise", "counterclockwise"): (MIRRORED, UPENDED),
    ("up", "down"): (UPENDED, TURNED),
    ("top", "bottom"): (UPENDED, TURNED),
    ("upper", "lower"): (UPENDED, TURNED),
    ("above", "below"): (UPENDED, TURNED),
    ("north", "south"): (UPENDED, TURNED),
    ("←", "→"): (MIRRORED, TURNED),
    ("↑", "↓"): (UPENDED, TURNED),
}
"""Words in names that a change exchanges."""
LETTERS = {
    ("6", "9"): (TURNED,),
    ("b", "d"): (MIRRORED,),
    ("p", "q"): (MIRRORED,),
    ("b", "p"): (UPENDED,),
    ("d", "q"): (UPENDED,),
    ("b", "q"): (TURNED,),
    ("d", "p"): (TURNED,),
    ("n", "u"): (TURNED,),
    ("M", "W"): (UPENDED, TURNED),
    ("2", "5"): (MIRRORED, UPENDED),
}
"""Whole names that a change exchanges."""
EXCHANGED = {
    MIRROR: {MIRRORED, UPENDED, TURNED},
    HORIZONTAL: {MIRRORED, TURNED},
    VERTICAL: {UPENDED, TURNED},
}
"""The changes that objects follow if a rule with `becomes` is about a part of flip."""
CHARACTERS = 5
"""Names of one character each, from which a set seems to be one of characters."""
SHOWN = 5
_WORD = re.compile(r"[^\W\d_]+|[^\w\s]|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def describe_lookalikes(names: Collection[str], recipe: Recipe) -> list[str]:
    """Return a sentence if views of some classes may show another class, by their names.

    A change that the recipe does not make, or that its rules leave out for the class, is not
    counted; nor is one by which the class becomes another.
    """
    moves = {name: changes_of(recipe.for_classes([name])) for name in names}
    for part, name, _ in recipe.exchanges.pairs:
        moves[name] = moves.get(name, frozenset()) - EXCHANGED[part]
    found = [*_pairs(names, moves), *_words(names, moves)]
    lines = []
    if found:
        more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
        lines.append(
            f"views may show another class, by the names of classes: {'; '.join(found[:SHOWN])}"
            f"{more}. Rules of a recipe (classes:) can leave a technique out for a class"
        )
    characters = [name for name in sorted(names) if len(name) == 1 and name.isalnum()]
    mirrored = [name for name in characters if moves[name] & {MIRRORED, UPENDED}]
    if len(characters) >= CHARACTERS and mirrored:
        listed = ", ".join(mirrored[:SHOWN]) + (", …" if len(mirrored) > SHOWN else "")
        lines.append(
            f"the classes seem to be characters ({listed}), and views are mirrored: hardly any "
            "character stays itself. Leave flip out of the recipe"
        )
    return lines


def changes_of(recipe: Recipe | None) -> frozenset[str]:
    """Return which of the three changes the views of a recipe can have."""
    changes: set[str] = set()
    for technique in recipe.techniques if recipe else ():
        changes |= _changes(technique)
    mirrors = changes & {MIRRORED, UPENDED}
    if len(mirrors) == 2:  # both together are a half turn
        changes.add(TURNED)
    elif mirrors and TURNED in changes:
        changes |= {MIRRORED, UPENDED}
    return frozenset(changes)


def _changes(technique: Technique) -> set[str]:
    if isinstance(technique, Flip):
        return {{"horizontal": MIRRORED, "vertical": UPENDED}[axis] for axis in technique.axes}
    if isinstance(technique, Rotate90):
        return {TURNED}
    if isinstance(technique, Rotate) and max(map(abs, technique.degrees)) > OVER:
        return {TURNED}
    return set()


def _pairs(names: Collection[str], moves: dict[str, frozenset[str]]) -> Iterator[str]:
    """Yield the pairs of whole names that changes of a recipe exchange."""
    for (one, other), by in LETTERS.items():
        if one in names and other in names:
            yield from _sentence(f'"{one}" and "{other}"', moves[one] | moves[other], by)


def _words(names: Collection[str], moves: dict[str, frozenset[str]]) -> Iterator[str]:
    """Yield the names with a word that changes of a recipe exchange for another."""
    for name in sorted(names):
        words = {word.lower() for word in _WORD.findall(_CAMEL.sub(" ", name))}
        for pair, by in WORDS.items():
            if len(words.intersection(pair)) == 1:
                yield from _sentence(f'"{name}"', moves[name], by)


def _sentence(what: str, changes: frozenset[str], by: Iterable[str]) -> Iterator[str]:
    if shared := [change for change in by if change in changes]:
        yield f"{what} ({' or '.join(shared)})"
