"""Option groups and shell completion."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from expand.cli.command import command
from expand.techniques import NATIVE


def complete(*words: str) -> dict[str, str]:
    """Return what completes the last word: each value with its type."""
    *before, last = words
    shell = ShellComplete(command, {}, "expand", "_EXPAND_COMPLETE")
    return {item.value: item.type for item in shell.get_completions(before, last)}


def test_help_has_titled_groups_with_the_five_most_used_options_first() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "expand", "--help"], capture_output=True, text=True, check=True
    ).stdout
    titles = re.findall(r"^(\w[\w ]*):$", shown, re.MULTILINE)
    assert titles == [
        "Common options",
        "Data",
        "Augmentation",
        "Output",
        "Execution",
        "Other options",
        "Commands",
    ]
    common = shown.partition("Common options:\n")[2].partition("\n\n")[0]
    assert re.findall(r"^  (--[a-z-]+)", common, re.MULTILINE) == [
        "--factor",
        "--recipe",
        "--techniques",
        "--seed",
        "--dry-run",
    ]


def test_the_first_word_completes_to_subcommands_and_folders() -> None:
    first = complete("")
    assert {"fetch", "plan", "preview", "replay", "verify"} <= set(first)
    assert first[""] == "dir"
    assert set(complete("ver")) == {"verify", "ver"}


def test_options_of_the_default_command_complete_with_and_without_a_folder() -> None:
    assert "--factor" in complete("--f")
    assert "--factor" in complete("photos", "--f")
    assert "--factor" in complete("plan", "--f")
    assert complete("photos", "") == {"": "dir"}


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("photos", "--originals", ""), {"copy", "link", "none"}),
        (("--format", "p"), {"png"}),
        (("plan", "--sampling", "r"), {"random"}),
        (("photos", "--techniques", "flip=4,ro"), {"flip=4,rotate90=", "flip=4,rotate="}),
        (("fetch", "CI"), {"CIFAR10", "CIFAR100"}),
    ],
)
def test_the_values_of_an_option_complete(words: tuple[str, ...], values: set[str]) -> None:
    assert set(complete(*words)) == values


def test_every_technique_completes() -> None:
    assert list(complete("photos", "--techniques", "")) == [f"{name}=" for name in NATIVE]


def test_a_recipe_completes_to_names_and_files() -> None:
    assert complete("--recipe", "cl") == {"classic": "plain", "cl": "file"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("name", ["expand", "expand-dataset", "train", "train-dataset"])
def test_every_name_prints_a_completion_script(shell: str, name: str, tmp_path: Path) -> None:
    script = tmp_path / name
    script.write_text(f"from {name.partition('-')[0]}.cli import main; main()")
    variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, variable: f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert variable in done.stdout
    assert name in done.stdout


def test_an_empty_path_is_refused() -> None:
    for line in (["", "out"], ["src", ""], ["plan", ""], ["verify", ""], ["preview", ".", ""]):
        result = CliRunner().invoke(command, line)
        assert result.exit_code == 2
        assert "a path cannot be empty." in result.output
