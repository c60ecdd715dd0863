"""The readings of `--as`: each has an opener, and recognition leads to no other."""

from __future__ import annotations

from importlib import import_module

from expand.layouts.labelled.open import OPENERS, READINGS
from expand.layouts.layout import LABELLED


def test_as_offers_the_readings_that_have_an_opener() -> None:
    assert tuple(OPENERS) == LABELLED
    assert set(READINGS.values()) <= set(OPENERS)


def test_every_opener_exists() -> None:
    for place in OPENERS.values():
        module, _, function = place.partition(":")
        assert callable(getattr(import_module(f"expand.layouts.labelled.{module}"), function))
