"""The pool of trials that verdicts are checked with: trained once, and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.verdicts import trained


@pytest.mark.slow
def test_an_interrupted_pool_resumes_with_the_same_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trained, "KEPT_AT_ONCE", 2)
    monkeypatch.setattr(trained, "POOL", 5)
    counted: list[int] = []
    whole = trained.train_pools({"none": 5, "fly": 1}, None, lambda _count: None)
    kept = tmp_path / "pool.npz"
    trained.train_pools({"none": 3, "fly": 0}, kept, counted.append)
    assert sum(counted) == 3
    again = trained.train_pools({"none": 5, "fly": 1}, kept, counted.append)
    assert sum(counted) == 3 + 6
    for arm, rows in whole.items():
        assert rows.shape == ({"none": 5, "fly": 1}[arm], 15)
        np.testing.assert_array_equal(again[arm], rows)
