"""README and docs: their commands and examples do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from expand import Recipe
from expand.cli.command import command
from train.cli.command import command as train_command

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
}
ALL = "\n".join(PAGES.values())


def block(page: str, language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], re.DOTALL)[0]


def test_the_library_example_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    example = tmp_path / "example.py"
    example.write_text(block("docs/quickstart.md", "python"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train").symlink_to(ROOT / "data/train")
    done = subprocess.run(
        [sys.executable, str(example)], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.strip() == "1600 [] 0"


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
            if not first.startswith(("-", "data/", "photos", "bigger")):
                assert first in group.commands, line
    shown = options_of(command) | options_of(train_command) | {"--help", "--nproc-per-node"}
    for option in set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", ALL)):
        assert option in shown, option


def shown_output(example: str) -> list[str]:
    """The lines that README shows below a command, those that stand for others left out."""
    text = PAGES["README.md"].partition(f"$ {example}")[2].partition("```")[0]
    lines = text.splitlines()[1:]
    assert lines
    return [line for line in lines if line.strip() != "…"]


def test_the_output_of_expand_is_the_one_shown(tmp_path: Path) -> None:
    (tmp_path / "photos").symlink_to(ROOT / "data/train")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        done = CliRunner().invoke(
            command, ["photos", "bigger", "--factor", "4", "--workers", "1"], standalone_mode=False
        )
    assert done.exception is None
    shown = shown_output("expand photos bigger --factor 4")
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
    shown = shown_output("train bigger --test data/test --epochs 30")
    for line in (line.replace("disk", "none") for line in shown):
        assert shape(line) in printed, line
