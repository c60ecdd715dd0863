"""The fuzzers find nothing; what they found once stays mended."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from expand.errors import ExpandError
from expand.recipes.recipe import Recipe
from tests.odd.fuzz.pool import Finding, run_inputs
from tests.odd.fuzz.targets import TARGETS


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_fifteen_seconds_of_mutated_inputs_break_no_law(target: str, tmp_path: Path) -> None:
    count, findings = run_inputs(TARGETS[target](tmp_path), 0, time.monotonic() + 15)
    assert count > 50
    assert findings == []


@pytest.mark.parametrize("value", ['!!int ""', '!!float ""', "!!int '_'", "!!float '_'"])
def test_a_number_without_digits_in_a_recipe_is_refused(value: str) -> None:
    with pytest.raises(ExpandError):
        Recipe.parse(f"name: x\ntechniques:\n  - noise:\n      factor: {value}\n")


def crash(number: int) -> None:
    """Behave in the ways that the pool must notice: input 1 is right, the others are not."""
    import os

    if number == 0:
        raise ValueError("wrong")
    if number == 2:
        os.write(2, b"noise")
    if number == 3:
        os.abort()
    if number == 4:
        bytearray(4 << 30)
    if number == 5:
        raise ExpandError("refused")


def test_the_pool_notices_errors_noise_crashes_and_memory() -> None:
    findings = list[Finding]()
    for seconds in (2, 60):  # a busy machine may not come as far as the fourth in two seconds
        if len(findings) < 4:
            _, findings = run_inputs(crash, 0, time.monotonic() + seconds)
    assert [finding.number for finding in findings] == [0, 2, 3, 4]
    assert [word in finding.what for word, finding in zip(("wrong", "noise", "status", "MemoryError"), findings, strict=True)] == [True] * 4  # fmt: skip
