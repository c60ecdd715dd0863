"""The benchmark of expanding: it runs, and its tables say what its results say."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.expanding.__main__ import RESULTS
from benchmarks.expanding.arms import EXPAND, FLOOR, make_arms
from benchmarks.expanding.environments import PEERS
from benchmarks.expanding.measuring import REPOSITORY
from benchmarks.expanding.plot import draw
from benchmarks.expanding.results import ArmResult, Results, SetResult, Timing, ratios
from benchmarks.expanding.tables import BEGIN, END, PAGES, markdown_of, publish, section_of, text_of

ALBUMENTATIONS = "albumentations 2.0.8"


def results_with(rates: dict[tuple[str, int], list[float]], name: str = "photographs") -> Results:
    arms = [
        ArmResult(
            label,
            f"{workers} workers",
            workers,
            "",
            "noise",
            [],
            [Timing(1000, 1000 / r, 1, 0.1) for r in each],
        )
        for (label, workers), each in rates.items()
    ]
    machine = {"cores": 2, "processor": "AMD", "system": "Linux", "python": "3.11"}
    sets = [SetResult(name, name, 500, "real images", arms)]
    return Results("2026-01-01", machine, "on a disk", 3, "Each arm writes copies.", sets)


SOME = {
    (ALBUMENTATIONS, 1): [100.0, 110.0, 90.0],
    (ALBUMENTATIONS, 2): [200.0, 220.0, 180.0],
    (EXPAND, 1): [400.0, 440.0, 360.0],
    (EXPAND, 2): [800.0, 660.0, 720.0],
    (FLOOR, 2): [1000.0, 1000.0, 1000.0],
}


def test_the_command_measures_and_its_results_give_the_same_table(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.expanding"]
    options = ["--no-peers", "--rounds", "1", "--count", "3", "--workers", "1", "--set", "jpeg32"]
    more = ["--floor-seconds", "0.05", "--scratch", tmp_path, "--out", tmp_path / "r.json"]
    done = subprocess.run(
        [*command, *options, *more], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    results = Results.load(tmp_path / "r.json")
    assert [arm.label for arm in results.sets[0].ran] == [
        "expand, 1 worker",
        "codecs alone, 1 process",
        "expand's decode and encode alone, 1 process",
    ]
    timing = results.sets[0].arms[0].timings[0]
    assert timing.files == 9
    assert timing.start > 0
    assert timing.cpu > 0
    assert text_of(results.sets[0]) in done.stdout
    shown = subprocess.run(
        [*command, "--table", tmp_path / "r.json"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=True,
    )
    assert shown.stdout == markdown_of(results)


def test_ratios_compare_round_by_round_with_the_fastest_variant() -> None:
    results = results_with(SOME)
    found = {r.title: r.summary(lambda timing: timing.rate) for r in ratios(results.sets[0])}
    assert found["expand ÷ the fastest albumentations"] == pytest.approx((4, 3, 4))
    assert found["expand ÷ codecs alone"] == pytest.approx((0.72, 0.66, 0.8))
    assert found["expand, more workers ÷ 1 worker"] == pytest.approx((2, 1.5, 2))


def test_the_table_has_every_arm_and_names_those_that_did_not_run() -> None:
    results = results_with(SOME)
    missing = ArmResult("imgaug", "2 processes", 2, "", "", [], [], "cannot be installed")
    results = replace(
        results, sets=[replace(results.sets[0], arms=[*results.sets[0].arms, missing])]
    )
    table = markdown_of(results)
    assert "| **expand, 2 workers** | 720 (660 … 800) |" in table
    assert "- imgaug did not run: cannot be installed" in table
    assert "leaves out noise" in table
    short = markdown_of(results, short=True)
    assert f"| {ALBUMENTATIONS}, 1 workers |" in table
    assert f"| {ALBUMENTATIONS}, 1 workers |" not in short
    assert f"| {ALBUMENTATIONS}, 2 workers |" in short


def test_a_rate_without_start_needs_enough_work() -> None:
    assert Timing(100, 2.0, 1.0, 1.0).work_rate == 100
    assert str(Timing(100, 2.0, 1.0, 1.9).work_rate) == "nan"


def test_the_plot_is_svg_with_every_arm(tmp_path: Path) -> None:
    draw(results_with(SOME), tmp_path / "speed.svg")
    text = (tmp_path / "speed.svg").read_text("utf-8")
    ElementTree.fromstring(text)
    for name, workers in SOME:
        assert f"{name}, {workers} workers" in text


def test_publishing_replaces_what_is_between_the_marks(tmp_path: Path) -> None:
    mark = "<!-- begin: python -m benchmarks.expanding --publish -->\n"
    for name in PAGES:
        page = tmp_path / name
        page.parent.mkdir(exist_ok=True)
        page.write_text(f"before\n{mark}old\n{END}after\n" if "docs" in name else "none\n", "utf-8")
    results = results_with(SOME)
    assert publish(results, tmp_path) == [tmp_path / "docs/findings.md"]
    text = (tmp_path / "docs/findings.md").read_text("utf-8")
    picture = "![Files per second of each program, as a plot](speed.svg)"
    assert text == f"before\n{mark}\n{markdown_of(results)}\n{picture}\n\n{END}after\n"
    publish(results, tmp_path)
    assert (tmp_path / "docs/findings.md").read_text("utf-8") == text


def test_the_pages_show_the_results_that_are_kept() -> None:
    if not RESULTS.exists():
        pytest.skip("no results are kept: python -m benchmarks.expanding --publish FILE")
    results = Results.load(RESULTS)
    for name in PAGES:
        text = (REPOSITORY / name).read_text("utf-8")
        if found := BEGIN.search(text):
            between = text[found.end() : text.index(END, found.end())]
            assert between == section_of(results, name, short=bool(found[1])), name


def test_every_arm_has_its_script_and_its_environment() -> None:
    for arm in make_arms(2):
        assert not arm.environment or arm.environment in PEERS
        script = REPOSITORY / "benchmarks/expanding/peers" / f"{arm.script}.py"
        assert not arm.script or script.exists()
        assert arm.name == EXPAND or arm.leaves_out
