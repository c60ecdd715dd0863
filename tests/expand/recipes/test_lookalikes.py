"""Names of classes that views may mix up."""

from __future__ import annotations

import pytest

from expand import Recipe
from expand.recipes.lookalikes import describe_lookalikes

FLIP = "techniques: [flip]"
ALL = "techniques: [flip: {factor: 4}, rotate90]"
TURN = "techniques: [rotate: {degrees: 180}]"


@pytest.mark.parametrize(
    ("names", "text", "words"),
    [
        (["left_hand", "fist"], FLIP, '"left_hand" (mirrored left-right)'),
        (["turnLeft", "stop"], FLIP, '"turnLeft" (mirrored left-right)'),
        (["keep right", "stop"], TURN, '"keep right" (turned by 180°)'),
        (["arrow ←", "x"], FLIP, '"arrow ←" (mirrored left-right)'),
        (["up", "down"], ALL, '"down" (mirrored top-bottom or turned by 180°)'),
        (["6", "9"], TURN, '"6" and "9" (turned by 180°)'),
        (["6", "9"], "techniques: [flip: {factor: 4}]", '"6" and "9" (turned by 180°)'),
        (["b", "d"], FLIP, '"b" and "d" (mirrored left-right)'),
        (["p", "b"], ALL, '"b" and "p" (mirrored top-bottom)'),
        (list("abcdef"), FLIP, "the classes seem to be characters (a, b, c, d, e, …)"),
    ],
)  # fmt: skip
def test_names_that_a_change_exchanges_are_named(names: list[str], text: str, words: str) -> None:
    assert words in " ".join(describe_lookalikes(names, Recipe.parse(text)))


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["cat", "dog"], ALL),
        (["upstairs", "leftover", "bright"], ALL),
        (["left", "right"], "techniques: [rotate]"),
        (["6", "9"], FLIP),
        (["6", "8"], TURN),
        (["b", "d"], "techniques: [noise]"),
        (["a1", "2b"], ALL),
        (["6", "9"], f"{ALL}\nclasses: {{'6': {{flip: never, rotate90: never}}, '9': {{flip: never, rotate90: never}}}}"),
        (["left"], "techniques: [flip, noise]\nclasses: {left: {flip: never}}"),
    ],
)  # fmt: skip
def test_nothing_is_said_of_names_that_stay_true(names: list[str], text: str) -> None:
    assert describe_lookalikes(names, Recipe.parse(text)) == []


def test_many_names_are_shown_in_part() -> None:
    names = [f"left {number}" for number in range(20)]
    (line,) = describe_lookalikes(names, Recipe.parse(FLIP))
    assert "and 15 more" in line
