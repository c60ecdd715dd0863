"""README: its commands and examples do what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
from click.testing import CliRunner

from expand import Recipe
from expand.cli.command import command
from train.cli.command import command as train_command

ROOT = Path(__file__).parent.parent
PAGES = {
    name: (ROOT / name).read_text("utf-8")
    for name in ("README.md", "expand/README.md", "train/README.md")
}
README = "\n".join(PAGES.values())


def block(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)[0]


def test_the_library_example_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    example = tmp_path / "example.py"
    example.write_text(block("python"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train").symlink_to(ROOT / "data/train")
    done = subprocess.run(
        [sys.executable, str(example)], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.strip() == "1600 [] 0"


def test_the_yaml_example_is_a_recipe() -> None:
    recipe = Recipe.parse(block("yaml"))
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
    shell = "\n".join(re.findall(r"```\n(.*?)```", README, re.DOTALL))
    for name, group in (("expand", command), ("train", train_command)):
        for line in re.findall(rf"^(?:\$ )?{name} .*$", shell, re.MULTILINE):
            words = line.removeprefix("$ ").split("#")[0].split()
            if (
                not words[1].startswith("-")
                and words[1] != "photos"
                and not words[1].startswith("data/")
            ):
                assert words[1] in group.commands, line
    shown = options_of(command) | options_of(train_command) | {"--help", "--nproc-per-node"}
    for option in set(re.findall(r"`?(--[a-z][a-z-]+)", README)):
        assert option in shown, option


def test_every_link_to_a_file_leads_somewhere() -> None:
    for name, text in PAGES.items():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (ROOT / name).parent.joinpath(target).exists(), (name, target)


def test_the_sample_expands_by_default(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        command,
        [str(ROOT / "data/train"), str(tmp_path / "out"), "--workers", "1"],
        standalone_mode=False,
    )
    assert done.exception is None
    assert "200 sources in 8 classes × 4 = 800 files" in done.output
