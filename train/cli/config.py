"""Options from a file: YAML, or the record of an earlier run or study."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import click

from expand.errors import did_you_mean
from train.cli.settings import PLAIN
from train.errors import TrainError

LARGEST, MOST_ENTRIES, MOST_LEVELS = 2**20, 20_000, 60
"""Bytes, entries and levels of a YAML file of options; a saved pipeline as a recipe nests deepest."""
WRONG_VALUES = (ValueError, TypeError, ArithmeticError, AttributeError, LookupError)
"""What tags of YAML raise that do not fit their values."""
STUDY_FILES = ("study.json", "question.json")
RECORDS = {
    "run": ("a run", "run.json"),
    "compare": ("a comparison", "study.json or comparison.json"),
    "ablate": ("an ablation", "study.json or ablation.json"),
    "worth": ("a study of worth", "study.json or worth.json"),
    "expand": ("an expansion", "expand.json"),
}
RECORDED = ("data", "test", *PLAIN, "device", "threads", "budget", "design")
"""Settings that have the same name in a record and as an option."""
NOT_DECIMAL = re.compile(r"[-+]?0[0-9_bx]")
STRATEGY = ("view_seed", "sampling", "factor", "clean_every")


def load_config(ctx: click.Context, _param: click.Parameter, path: Path | None) -> None:
    """Make what a file says the defaults of a command, so that typed options win."""
    if path is not None and not ctx.resilient_parsing:
        values = read_config(path, ctx.command)
        params = {str(param.name): param for param in ctx.command.params}
        ctx.default_map = {name: _as_typed(params[name], value) for name, value in values.items()}


def read_config(path: Path, command: click.Command) -> dict[str, Any]:
    """Return the values of a command's options that a file gives, by the names of parameters."""
    import yaml

    try:
        data = _load(path)
    except RecursionError as error:
        raise TrainError(f'"{path}" cannot be read: nested too deeply') from error
    except (yaml.YAMLError, OSError, *WRONG_VALUES) as error:
        raise TrainError(f'"{path}" cannot be read: {error!s:.300}') from error
    if not isinstance(data, dict):
        raise TrainError(f'"{path}" must hold option names with their values')
    kind = _kind(data)
    if kind is None:
        return _from_options(path, data, command)
    if kind != command.name:
        raise TrainError(_wrong_record(path, kind, str(command.name)))
    try:
        return _known(command, _from_record(path, kind, data))
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise TrainError(f'"{path}" is damaged ({error!r:.300})') from error


def _load(path: Path) -> Any:
    """Read JSON or YAML from a regular file of a bounded size, without aliases."""
    import yaml

    from expand.storage.json import read_json

    if path.suffix == ".json":
        with suppress(ValueError):
            return read_json(path)
    if not path.is_file():
        raise ValueError("it is not a regular file")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    text = path.read_text("utf-8")
    _check_events(text)
    _check_nodes(yaml.compose(text, yaml.SafeLoader))
    return yaml.safe_load(text)


def _check_events(text: str) -> None:
    """Raise ValueError for aliases, and for more entries or levels than options have.

    The time that YAML takes grows with the square of the levels.
    """
    import yaml

    entries = level = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it holds an alias (*name); write the value out")
        entries += isinstance(event, yaml.NodeEvent)
        level += isinstance(event, yaml.CollectionStartEvent)
        level -= isinstance(event, yaml.CollectionEndEvent)
        if level > MOST_LEVELS:
            raise ValueError(f"it is nested more than {MOST_LEVELS} levels deep")
        if entries > MOST_ENTRIES:
            raise ValueError(f"it has more than {MOST_ENTRIES:,} entries")


def _check_nodes(node: Any) -> None:
    """Raise ValueError where YAML would silently take another value than the text seems to say.

    That is a key that is set twice, and a number that is not decimal: 1:30 is 90, 010 is 8.
    """
    if node is None or isinstance(node.value, str):
        numeric = node is not None and node.tag.endswith((":int", ":float"))
        if numeric and (":" in node.value or NOT_DECIMAL.match(node.value)):
            raise ValueError(f"{node.value:.40} is not a decimal number")
        return
    pairs = [each if isinstance(each, tuple) else (each,) for each in node.value]
    keys = [pair[0].value for pair in pairs if len(pair) == 2]
    if twice := [key for number, key in enumerate(keys) if key in keys[:number]]:
        raise ValueError(f'"{twice[0]!s:.100}" is set twice')
    for each in chain.from_iterable(pairs):
        _check_nodes(each)


def _kind(data: dict[str, Any]) -> str | None:
    """Return the command that wrote a record; None for a file of options."""
    if "state" in data and "settings" in data:
        return "expand" if "expand" in data else "run"
    if {"sizes", "arms", "training"} <= data.keys() or {"headline", "sizes"} <= data.keys():
        return "worth"
    if {"views", "arms", "training"} <= data.keys() or {"headline", "arms"} <= data.keys():
        return "compare"
    if {"design", "training"} <= data.keys() or {"headline", "design"} <= data.keys():
        return "ablate"
    return None


def _wrong_record(path: Path, kind: str, name: str) -> str:
    called = "train" if name == "run" else f"train {name}"
    what, file = RECORDS[name]
    return (
        f'"{path}" is the record of {RECORDS[kind][0]}; '
        f"{called} --config takes a YAML file or the record of {what} ({file})"
    )


def _from_options(path: Path, data: dict[str, Any], command: click.Command) -> dict[str, Any]:
    """Return the values of a file of options; refuse an unknown key."""
    names = {"recipe-train": "preset"}
    for param in command.params:
        written = param.opts if isinstance(param, click.Option) else [str(param.name)]
        names |= {option.lstrip("-"): str(param.name) for option in written if len(option) > 2}
    names.pop("config", None)
    values = {}
    for key, value in data.items():
        name = str(key).replace("_", "-")
        if name not in names:
            hint = did_you_mean(name, names)
            raise TrainError(f'"{path}": "{key}" is not an option of this command{hint}')
        if isinstance(value, set | bytes) or (isinstance(value, dict) and name != "recipe"):
            raise TrainError(f'"{path}": "{key}" must be a single value or a list')
        values[names[name]] = _as_text(value) if isinstance(value, list) else value
    return {name: value for name, value in values.items() if value is not None}


def _from_record(path: Path, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the options that lead to the settings of a record."""
    if kind == "run":
        return _from_run(data["settings"])
    extra = {}
    if "headline" in data:  # the results; the settings are in a file beside them
        shown = data.get("settings") or data["setup"]["settings"]
        extra = {"seeds": shown.get("seeds"), "margin": shown.get("margin in points")}
        data = _study_beside(path)
    if kind == "worth":
        return {**extra, **_from_comparison(data), "sizes": _as_text(data["sizes"])}
    return {**extra, **(_from_comparison(data) if kind == "compare" else _from_ablation(data))}


def _study_beside(path: Path) -> dict[str, Any]:
    from expand.storage.json import read_json

    for name in STUDY_FILES:
        beside = path.parent / name
        if beside.is_file():
            try:
                study = read_json(beside)
            except ValueError as error:
                raise TrainError(f'"{beside}" cannot be read: {error}') from error
            if not isinstance(study, dict):
                raise TrainError(f'"{beside}" is not the record of a study')
            return study
    raise TrainError(f'"{path}" holds results only; its settings, {STUDY_FILES[0]}, are missing')


def _from_run(settings: dict[str, Any]) -> dict[str, Any]:
    strategy = settings["strategy"]
    return {
        **_shared(settings, settings["recipe"]),
        **_all_there({"epochs": settings["recipe"]["epochs"], "strategy": strategy["name"]}),
        **{key: strategy.get(key) for key in STRATEGY},
        "recipe": _recorded(strategy.get("recipe")),
        "visit": "all" if strategy.get("visit_all") else "sources",
    }


def _from_comparison(study: dict[str, Any]) -> dict[str, Any]:
    codec = study["codec"]
    quality = f":{codec['quality']}" if codec.get("quality") else ""
    arms = [name.replace(" ×", "=") for name in study["arms"]]
    own = {
        "arms": _as_text(arms),
        "lengths": _as_text(study["lengths"]),
        "recipe": _recorded(study["views"]),
    }
    return {
        **_shared(study, study["training"]),
        **_all_there(own),
        "fly_techniques": _as_text(study.get("fly_techniques") or []) or None,
        "codec": codec["format"] + quality,
        "balance": study.get("balance"),
        "most": study.get("most"),
        "draws": study.get("draws"),
    }


def _from_ablation(study: dict[str, Any]) -> dict[str, Any]:
    shared = _shared(study, study["training"])
    own = {"recipe": _recorded(study["recipe"]), "epochs": study["epochs"]}
    return {**shared, **_all_there(own)}


def _recorded(recipe: Any) -> Any:
    """Return a recorded recipe with its versions, so that those of earlier versions are refused."""
    from expand.recipes.recorded import as_recorded  # loads numpy

    return as_recorded(recipe)


def _shared(settings: dict[str, Any], training: dict[str, Any]) -> dict[str, Any]:
    """Return the options that runs and studies share: data, model and training."""
    shape = settings.get("shape") or {}
    return {
        **{key: settings[key] for key in RECORDED if key in settings},
        **_all_there({key: value for key, value in training.items() if key != "epochs"}),
        "tune": settings.get("tune") or None,
        "weights": (settings.get("weights") or {}).get("file"),
        "image_size": shape.get("side"),
        "colour": shape.get("colour"),
    }


def _all_there(values: dict[str, Any]) -> dict[str, Any]:
    """Return values that a record always has; without one, the option's default would be used."""
    for key, value in values.items():
        if value is None:
            raise ValueError(f'"{key}" has no value')
    return values


def _known(command: click.Command, values: dict[str, Any]) -> dict[str, Any]:
    """Keep the values that a command has parameters for; None is the default."""
    names = {param.name for param in command.params}
    return {key: value for key, value in values.items() if key in names and value is not None}


def _as_typed(param: click.Parameter, value: Any) -> Any:
    """Return a value as it would be typed: click checks text, but makes 1 of 1.5 and of true."""
    is_switch = isinstance(param, click.Option) and param.is_flag and isinstance(value, bool)
    is_recipe = param.name == "recipe" and isinstance(value, dict)
    return value if is_switch or is_recipe else str(value)


def _as_text(values: list[Any]) -> str:
    return ",".join(map(str, values))
