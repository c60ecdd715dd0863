"""A refusal to resume names the options by which a command differs from the earlier one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

from train.cli.ablate import read_ablation
from train.cli.command import command
from train.cli.compare import read_comparison
from train.cli.settings import read_settings
from train.cli.worth import read_worth
from train.runs.settings import changed_settings

READERS: dict[str, Callable[..., Any]] = {
    "compare": read_comparison,
    "worth": read_worth,
    "ablate": read_ablation,
    "run": read_settings,
}
NOT_IN_A_RECORD = {
    *("config", "out", "overwrite", "quiet", "cache", "cache_size", "max_pixels"),
    *("seeds", "planned_seeds", "margin", "jobs", "materialize", "plan", "workers", "tensorboard"),
}
"""Options with which a command resumes whatever they were before."""
OTHER = {
    "test": ("elsewhere", "--test was not given, is {}"),
    "layout": ("folders", "--layout was auto, is folders"),
    "group_by": ("(a)", "--group-by was not given, is (a)"),
    "sources": ("50", "--sources was not given, is 50"),
    "image_size": ("9", "--image-size was not given, is 9"),
    "colour": ("grey", "--colour was keep, is grey"),
    "allow_leak": (None, "--allow-leak was not given, is given"),
    "arms": ("none,disk", "--arms with --factor was none,fly,disk=4, is none,disk=4"),
    "factors": ("2,8", "--arms with --factor was none,fly,disk=4, is none,fly,disk=2,disk=8"),
    "recipe": ("detect", "--recipe was classic, is detect"),
    "balance": ("median", "--balance was max, is median"),
    "most": ("7", "--most was not given, is 7"),
    "codec": ("jpg:80", "--codec was png, is jpg:80"),
    "model": ("linear", "--model was cnn, is linear"),
    "dropout": ("0.5", "--dropout was 0.0, is 0.5"),
    "lengths": ("4,9", "--epochs was 4,12, is 4,9"),
    "epochs": ("9", "--epochs was 20, is 9"),
    "budget": ("files", "--budget was steps, is files"),
    "batch_size": ("64", "--batch-size was 128, is 64"),
    "lr": ("0.1", "--lr was 0.05, is 0.1"),
    "momentum": ("0.5", "--momentum was 0.9, is 0.5"),
    "weight_decay": ("0.1", "--weight-decay was 0.0005, is 0.1"),
    "schedule": ("cosine", "--schedule was one-cycle, is cosine"),
    "smoothing": ("0.2", "--smoothing was 0.1, is 0.2"),
    "average": ("0", "--average was 0.03, is 0.0"),
    "bias_lr": ("2", "--bias-lr was 1.0, is 2.0"),
    "seed": ("3", "--seed was 0, is 3"),
    "device": ("cpu", "--device was auto, is cpu"),
    "precision": ("fp32", "--precision was auto, is fp32"),
    "threads": ("3", "--threads was 1, is 3 (by default the cores divided by --jobs)"),
    "sizes": ("1/2,1", "--sizes was 1/8,1/4,1/2,1, is 1/2,1"),
    "design": ("single", "--design was plackett-burman, is single"),
    "strategy": ("fly", "--strategy was none, is fly"),
    "view_seed": ("3", "--view-seed was 0, is 3"),
    "sampling": ("random", "--sampling was stratified, is random"),
    "mirrored": (None, "--mirrored was not given, is given"),
    "pretrained": (None, "--pretrained was not given, is given"),
    "validation": ("0.1", "--validation was 0.0, is 0.1"),
}
"""Of each option another value, and what is said of it."""
MORE: dict[tuple[str, str], tuple[Any, ...]] = {
    ("compare", "renderer"): ("batched", "--renderer was exact, is batched"),
    ("worth", "renderer"): ("batched", "--renderer was exact, is batched"),
    ("ablate", "renderer"): ("exact", "--renderer was auto, is exact"),
    ("run", "renderer"): ("exact", "--renderer was auto, is exact"),
    ("ablate", "recipe"): ("classic", "--recipe was blog, is classic"),
    ("ablate", "tune"): ("8", "--tune was not given, is 8"),
    ("run", "epochs"): ("9", "--epochs was 10, is 9"),
    ("worth", "draws"): ("6", "--draws was not given, is 6"),
    ("compare", "tune"): ("8", "--tune was not given, is 8", "--epochs", "12"),
    ("worth", "tune"): ("8", "--tune was not given, is 8", "--epochs", "12"),
    ("compare", "draws"): ("6", "--draws was not given, is 6", "--sources", "90"),
    ("run", "recipe"): ("blog", "--recipe was classic, is blog", "--strategy", "fly"),
    ("run", "factor"): ("3", "--factor was not given, is 3", "--strategy", "fly"),
    ("run", "clean_every"): ("3", "--clean-every was not given, is 3", "--strategy", "fly"),
    ("run", "visit"): ("all", "--visit was sources, is all", "--strategy", "disk"),
}
"""The same for one command, and what both command lines need beside it."""
HYBRID = ("--arms", "none,hybrid")
MORE |= {
    (name, "fly_techniques"): ("flip", "--fly was not given, is flip", *HYBRID)
    for name in ("compare", "worth")
}
MORE |= {
    (name, option): (*OTHER[option], "--arms", "none,disk-balanced")
    for name in ("compare", "worth")
    for option in ("balance", "most")
}
ELSEWHERE = {
    *((name, option) for name in READERS for option in ("weights", "freeze", "preset")),
    ("run", "fly_techniques"),
}
"""Tested below, or with another option."""
NOT_IN_A_RUN = {("run", "device"), ("run", "threads")}


def study_of(name: str, *arguments: str) -> Any:
    """Return the settings that a command line asks for, as a command reads them."""
    threads = () if name == "run" else ("--threads", "1")
    lengths = ("--epochs", "4,12") if name in ("compare", "worth") else ()
    line = ["data", *threads, *lengths, *arguments]
    with command.commands[name].make_context(name, line) as context:
        return READERS[name](context.params["data"], dict(context.params))


def options_of(name: str) -> list[str]:
    """Return the options of a command that its record keeps."""
    params = [each for each in command.commands[name].params if isinstance(each, click.Option)]
    return sorted({str(each.name) for each in params} - NOT_IN_A_RECORD)


CASES = [
    (name, option)
    for name in READERS
    for option in options_of(name)
    if (name, option) not in ELSEWHERE | NOT_IN_A_RUN
]


@pytest.mark.parametrize(("name", "option"), CASES)
def test_each_option_that_differs_is_named_as_it_is_typed(name: str, option: str) -> None:
    value, words, *beside = MORE.get((name, option)) or OTHER[option]
    params = command.commands[name].params
    (typed,) = [each.opts[0] for each in params if each.name == option]
    before = json.loads(json.dumps(study_of(name, *beside).to_dict()))
    assert changed_settings(before, study_of(name, *beside)) == []
    now = study_of(name, *beside, *([typed] if value is None else [typed, value]))
    assert changed_settings(before, now) == [words.format(now.test)]


@pytest.mark.parametrize("name", sorted(READERS))
def test_other_weights_are_named_by_their_files(name: str, tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.pt").write_bytes(bytes([number]))
    first, second = (tmp_path / f"{number}.pt" for number in range(2))
    before = study_of(name, "--weights", str(first)).to_dict()
    assert changed_settings(before, study_of(name)) == [f"--weights was {first}, is not given"]
    assert changed_settings(before, study_of(name, "--weights", str(second))) == [
        f"--weights was {first}, is {second}"
    ]
    assert changed_settings(before, study_of(name, "--weights", str(first), "--freeze")) == [
        "--freeze was not given, is given"
    ]
    first.write_bytes(b"other")
    assert changed_settings(before, study_of(name, "--weights", str(first))) == [
        f"--weights was {first}, which has changed since"
    ]


def test_a_recipe_of_the_same_name_is_said_to_have_other_techniques() -> None:
    study = study_of("compare")
    views = replace(study.views, techniques=study.views.techniques[:2])
    assert changed_settings(replace(study, views=views).to_dict(), study) == [
        '--recipe "classic" has other techniques now'
    ]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("arms", None, "--arms with --factor was not given, is none,fly,disk=4"),
        ("arms", 3, "--arms with --factor was 3, is none,fly,disk=4"),
        ("lengths", "x", "--epochs was x, is 4,12"),
        ("codec", ["png"], "--codec was ['png'], is png"),
        ("views", "classic", "--recipe was classic, is {"),
    ],
)
def test_a_damaged_value_is_shown_as_it_is(key: str, value: Any, words: str) -> None:
    study = study_of("compare")
    (said,) = changed_settings({**study.to_dict(), key: value}, study)
    assert said.startswith(words)
