"""The long tail that the benchmark of balances draws, and the table that it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.balance import draw_classes, groups_of, lines_of, long_tail, read_accuracies

COUNTS = {"ant": 9, "bee": 3, "cat": 1}


def fill(root: Path, count: int = 12) -> Path:
    for label in COUNTS:
        (root / label).mkdir(parents=True)
        for number in range(count):
            (root / label / f"{number}.png").write_text(f"{label} {number}")
    return root


def drawn(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.glob("*/*")}


def test_images_fall_exponentially_from_the_first_class_to_the_last() -> None:
    counts = long_tail([f"c{number}" for number in range(10)], 500, 100)
    assert list(counts.values()) == [500, 300, 180, 108, 65, 39, 23, 14, 8, 5]
    assert long_tail(["only"], 7, 100) == {"only": 7}


def test_the_draw_depends_on_the_seed_and_can_be_repeated(tmp_path: Path) -> None:
    source = fill(tmp_path / "source")
    for out, seed in (("a", 0), ("b", 0), ("c", 1)):
        draw_classes(source, tmp_path / out, COUNTS, seed)
    draw_classes(source, tmp_path / "a", COUNTS, 0)
    assert drawn(tmp_path / "a") == drawn(tmp_path / "b") != drawn(tmp_path / "c")
    assert [len(list((tmp_path / "a" / label).iterdir())) for label in COUNTS] == [9, 3, 1]
    more = {label: count + 1 for label, count in COUNTS.items()}
    draw_classes(source, tmp_path / "more", more, 0)
    assert drawn(tmp_path / "a") < drawn(tmp_path / "more")


def test_a_folder_with_other_images_is_refused_and_stays(tmp_path: Path) -> None:
    source = fill(tmp_path / "source")
    with pytest.raises(SystemExit, match="holds other images"):
        draw_classes(source, source, COUNTS, 0)
    assert len(drawn(source)) == 36
    with pytest.raises(SystemExit, match="has 12 images, 13 are needed"):
        draw_classes(source, tmp_path / "out", {"ant": 13}, 0)


def test_the_table_pairs_differences_by_seed(tmp_path: Path) -> None:
    columns = "arm,replicate," + ",".join(f"accuracy of {label}" for label in COUNTS)
    rows = [
        "disk,0,0.9,0.5,0.1", "disk,1,0.8,0.4,0.0", "disk-balanced,0,0.8,0.5,0.3",
        "disk-balanced,1,0.7,0.4,0.2",
    ]  # fmt: skip
    (tmp_path / "runs.csv").write_text("\n".join([columns, *rows]))
    lines = list(lines_of(COUNTS, read_accuracies(tmp_path / "runs.csv")))
    assert lines[0].startswith("n = 2 seeds")
    assert lines[3] == "| all | 9, 3, 1 | 45.0 | 48.3 | +3.3 (+3.3 … +3.3) |"
    assert lines[4] == "| frequent | 9 | 85.0 | 75.0 | -10.0 (-10.0 … -10.0) |"
    assert lines[6] == "| rare | 1 | 5.0 | 25.0 | +20.0 (+20.0 … +20.0) |"
    assert len(lines) == 3 + 4 + 3
    assert list(groups_of({"a": 2, "b": 1})) == ["all", "frequent", "rare"]
