"""Outcomes: accuracies over some of the test images, overall and for one class."""

from __future__ import annotations

import numpy as np

from tests.train.ablate.ablations import CLASSES, IMAGES, LABELS, result_for
from train.ablate.findings.outcomes import Outcomes


def test_only_the_images_of_its_part_count() -> None:
    right = np.zeros(2 * IMAGES, bool)
    part = np.arange(2 * IMAGES) % 4 == 0
    right[part & (np.arange(2 * IMAGES) < 100)] = True
    outcomes = Outcomes([result_for("none", 3, right)], LABELS, CLASSES, part)
    assert outcomes.seeds == [3]
    assert outcomes.accuracies("none").tolist() == [25.0]
    assert [outcomes.accuracies("none", number).tolist() for number in (0, 1)] == [[50.0], [0.0]]
    assert outcomes.right("none").tolist() == [[1] * 25 + [0] * 75]
    only_cats = Outcomes([result_for("none", 0, right)], LABELS, CLASSES, LABELS == 0)
    assert (outcomes.shown_classes, only_cats.shown_classes) == ([0, 1], [0])
