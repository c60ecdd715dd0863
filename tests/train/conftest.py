"""What every test of training needs: no decoded dataset in the home folder, one thread, torch as it was before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch


@pytest.fixture(autouse=True)
def quiet_machine(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Keep decoded datasets in a folder of the test's own; return it."""
    cache = tmp_path_factory.mktemp("packs")
    monkeypatch.setenv("TRAIN_CACHE", str(cache))
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    yield cache
    torch.set_num_threads(1)
    if torch.are_deterministic_algorithms_enabled() != deterministic:
        torch.use_deterministic_algorithms(deterministic)
