"""Numbers that make no sense are refused in words, by the option that they were given to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.commands import call, draw_set, refusal

LARGE = 10**12
SHARED = [
    ("--lr", "nan"), ("--lr", "inf"), ("--lr", -1), ("--lr", 0), ("--momentum", 2), ("--momentum", "nan"),
    ("--weight-decay", -1), ("--weight-decay", "inf"), ("--smoothing", 1), ("--smoothing", "nan"), ("--average", -1),
    ("--average", "nan"), ("--bias-lr", -1), ("--bias-lr", "inf"), ("--batch-size", 0), ("--dropout", 1), ("--dropout", "nan"),
    ("--epochs", 0), ("--epochs", -1), ("--epochs", LARGE), ("--epochs", 2**70), ("--seed", -1), ("--seed", 2**70),
    ("--threads", 0), ("--threads", LARGE), ("--sources", 0), ("--sources", LARGE),
]  # fmt: skip
STUDIES = [
    ("--seeds", 0), ("--seeds", 10**9), ("--jobs", 0), ("--jobs", 10**6), ("--margin", 0), ("--margin", "nan"), ("--margin", "inf"),
]  # fmt: skip
RUNS = [
    ("--workers", -1), ("--workers", LARGE), ("--image-size", 0), ("--image-size", LARGE), ("--validation", -1),
    ("--validation", 1), ("--validation", "nan"),
]  # fmt: skip
COMPARISONS = [
    ("--factor", 1), ("--factor", 10**9), ("--factor", ""), ("--factor", ","), ("--factor", "2,x"), ("--arms", ""),
    ("--arms", "none"), ("--arms", "none,none"), ("--arms", "none,,fly"), ("--arms", "none,abc"), ("--arms", "fly=2,none"),
    ("--arms", "none,disk=1000000000"), ("--epochs", ","), ("--epochs", "1.5"), ("--image-size", LARGE), ("--fly", "abc"),
    ("--factor", ",".join(map(str, range(2, 3000)))), ("--arms", "none," * 2000 + "fly"), ("--epochs", "9" * 5000),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        *(((), *each) for each in [*SHARED, *RUNS]),
        *((("compare",), *each) for each in [*SHARED, *STUDIES, *COMPARISONS]),
        *((("ablate",), *each) for each in [*SHARED, *STUDIES, ("--epochs", 1)]),
    ],
)
def test_a_number_out_of_bounds_is_refused(
    command: tuple[str, ...], option: str, value: object, tmp_path: Path
) -> None:
    src = draw_set(tmp_path / "src", 3, size=8)
    out = tmp_path / "out"
    line = (*command, src, "--test", src, "--allow-leak", "--model", "linear", "--quiet")
    message = refusal(*line, "--precision", "fp32", "--out", out, f"{option}={value}")
    assert len(message) < 15_000
    assert not out.exists() or not any(out.iterdir())


def test_a_batch_larger_than_the_data_is_all_of_it(tmp_path: Path) -> None:
    src = draw_set(tmp_path / "src", 3, size=8)
    line = (src, "--epochs", 1, "--model", "linear", "--out", tmp_path / "out", "--quiet")
    assert call(*line, "--batch-size", LARGE).exception is None
