"""README and docs: their commands and examples do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest
from click.testing import CliRunner

from expand import Recipe
from expand.cli.command import command
from tests.train.verdicts import verdict_of
from train.cli.command import command as train_command
from train.compare.arms import Arm
from train.compare.findings.draws import which_sources
from train.compare.findings.sentences import headline
from train.compare.results import BreakEven, PairVerdict
from train.compare.study import ComparisonStudy
from train.compare.terminal import format_summary
from train.statistics.intervals import Interval
from train.statistics.sentences import Name

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
}
ALL = "\n".join(PAGES.values())


def block(page: str, language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], re.DOTALL)[0]


@pytest.fixture
def beside_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with the sample in `data`."""
    (tmp_path / "data").mkdir()
    for part in ("train", "test"):
        (tmp_path / "data" / part).symlink_to(ROOT / "data" / part)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        ("docs/quickstart.md", "1600 [] 0"),
        ("docs/targets.md", "[1] [0. 1.] [[32. 20. 60. 40.]]"),
        ("README.md", "800"),
    ],
)
def test_the_library_example_runs_and_prints_what_it_says(
    page: str, printed: str, beside_data: Path
) -> None:
    shell = ["data/train", "data/expanded", "--factor", "4", "--workers", "1", "--quiet"]
    CliRunner().invoke(command, shell, standalone_mode=False)  # the page runs this first
    example = beside_data / "example.py"
    example.write_text(block(page, "python"))
    done = subprocess.run(
        [sys.executable, str(example)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == printed
    assert block(page, "python").rstrip().endswith(f"# {printed}")


def test_the_yaml_example_is_a_recipe() -> None:
    recipe = Recipe.parse(block("docs/recipes.md", "yaml"))
    assert recipe.name == "mine"
    assert len(recipe.techniques) == 11


def options_of(group: click.Group) -> set[str]:
    parameters = [parameter for name in group.commands for parameter in group.commands[name].params]
    return {
        option
        for parameter in parameters
        for option in (*parameter.opts, *parameter.secondary_opts)
    }


def test_every_command_and_option_in_them_exists() -> None:
    shell = "\n".join(re.findall(r"```\n(.*?)```", ALL, re.DOTALL))
    for name, group in (("expand", command), ("train", train_command)):
        for line in re.findall(rf"^(?:\$ )?{name} .*$", shell, re.MULTILINE):
            first = line.removeprefix("$ ").split("#")[0].split()[1]
            if not first.startswith(("-", "data/", "photos")):
                assert first in group.commands, line
    shown = options_of(command) | options_of(train_command) | {"--help", "--nproc-per-node"}
    ours = re.sub(r"(python -m benchmarks|ray start|#SBATCH|labelme2yolo)[^`\n]*", "", ALL)
    for option in set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", ours)):
        assert option in shown, option


def shown_output(example: str) -> list[str]:
    """The lines that README shows below a command, those that stand for others left out."""
    text = PAGES["README.md"].partition(f"$ {example}")[2].partition("```")[0]
    lines = text.splitlines()[1:]
    assert lines
    return [line for line in lines if line.strip() != "…"]


@pytest.mark.usefixtures("beside_data")
def test_the_output_of_expand_is_the_one_shown() -> None:
    arguments = ["data/train", "data/expanded", "--factor", "4"]
    done = CliRunner().invoke(command, [*arguments, "--workers", "1"], standalone_mode=False)
    assert done.exception is None
    shown = shown_output(f"expand {' '.join(arguments)}")
    assert [line for line in shown if "CPU" not in line] == [
        line for line in done.output.splitlines() if "CPU" not in line
    ]
    assert "200 sources in 8 classes × 4 = 800 files" in done.output


def shape(line: str) -> str:
    """Return a line of output with numbers, and names of classes, left out."""
    return re.sub(
        r"(boat|cup|fish|house|key|lamp|mushroom|tree)", "·", re.sub(r"[\d.,]+", "#", line)
    )


def test_the_output_of_train_has_the_lines_shown(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setenv("TRAIN_CACHE", str(tmp_path / "cache"))
        arguments = [str(ROOT / "data/train"), "--test", str(ROOT / "data/test"), "--epochs", "1"]
        arguments += ["--precision", "fp32"]
        done = CliRunner().invoke(train_command, arguments, standalone_mode=False)
    assert done.exception is None
    printed = {shape(line) for line in done.output.splitlines()}
    shown = shown_output("train data/expanded --test data/test --epochs 30")
    for line in (line.replace("disk", "none") for line in shown):
        assert shape(line) in printed, line


NONE, FLY, TWICE, FOURFOLD = Arm("none"), Arm("fly"), Arm("disk", 2), Arm("disk", 4)
SHOWN = {
    NONE: (41.75, 39.52, 43.98, 953),
    FLY: (74.42, 67.94, 80.89, 924),
    TWICE: (68.00, 65.28, 70.72, 941),
    FOURFOLD: (73.04, 68.56, 77.52, 942),
}
"""Accuracies in percent with their intervals, and images per second, after 20 epochs."""


def judged(
    arm: Arm, against: Arm, name: Name, mean: float, ends: Interval, more: int | None = None
) -> PairVerdict:
    """Return a verdict after 20 epochs; differences are in points."""
    found = verdict_of(arm.name, against.name, name, mean, ends, images=400, more_seeds=more)
    return PairVerdict(20, arm, against, found)


def test_the_output_of_train_compare_is_worded_as_shown() -> None:
    pairs = [
        judged(TWICE, FLY, "undecided", -6.42, Interval(-13.20, 1.00), 6),
        judged(FOURFOLD, FLY, "undecided", -1.37, Interval(-11.55, 8.80)),
        judged(FLY, NONE, "better", 32.67, Interval(21.25, 43.43)),
    ]
    costs = [
        BreakEven(arm, 20, 0, 0, 0, 0, "never", None, None, sentence="")
        for arm in (TWICE, FOURFOLD)
    ]
    summaries = [
        SimpleNamespace(
            arm=arm,
            epochs_trained=20,
            mean=mean / 100,
            interval=Interval(low / 100, high / 100),
            images_per_second=speed,
        )
        for arm, (mean, low, high, speed) in SHOWN.items()
    ]
    comparison: Any = SimpleNamespace(
        arms=tuple(SHOWN),
        headline=(
            *headline(
                cast(ComparisonStudy, SimpleNamespace(lengths=(4, 20), tune=0, draws=None)),
                pairs,
                costs,
            ),
            which_sources(200, None),
        ),
        summaries=summaries,
        pairs=(),
        looks=None,
        search=None,
        without_verdict=(),
        unfinished=(),
        diverged=(),
        smallest_gains=(),
        check=SimpleNamespace(sentence=""),
    )
    printed = format_summary(comparison, Path("comparison/index.html"))
    shown = shown_output("train compare data/train --test data/test --factor 2,4 --jobs 2")
    table = [line for line in shown if line.startswith("  ")]
    assert len(table) == len(SHOWN)
    assert set(table) <= set(printed.splitlines())
    assert " ".join(" ".join(shown).split()) == " ".join(printed.split())
