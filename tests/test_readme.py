"""README: its commands and examples do what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from expand import Recipe
from expand.cli import command

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def block(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)[0]


def test_the_library_example_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    example = tmp_path / "example.py"
    example.write_text(block("python"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train").symlink_to(ROOT / "data/train")
    done = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.strip() == "1600 [] 0"


def test_the_yaml_example_is_a_recipe() -> None:
    recipe = Recipe.parse(block("yaml"))
    assert recipe.name == "mine"
    assert len(recipe.techniques) == 10


def test_every_command_and_option_in_it_exists() -> None:
    shown = {option for name in command.commands for parameter in command.commands[name].params for option in parameter.opts}
    shown |= {option for parameter in command.commands["run"].params for option in parameter.secondary_opts}
    for line in re.findall(r"^(?:\$ )?expand .*$", README, re.MULTILINE):
        words = line.removeprefix("$ ").split("#")[0].split()
        if not words[1].startswith("-") and words[1] not in ("photos",):
            assert words[1] in command.commands, line
    for option in set(re.findall(r"`?(--[a-z][a-z-]+)", README)) - {"--help", "--extra-index"}:
        assert option in shown, option


def test_the_sample_expands_by_default(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        command, [str(ROOT / "data/train"), str(tmp_path / "out"), "--workers", "1"], standalone_mode=False
    )
    assert done.exception is None
    assert "200 sources in 8 classes × 4 = 800 files" in done.output
