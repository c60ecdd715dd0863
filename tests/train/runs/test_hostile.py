"""Files of a stranger: whatever a record, a checkpoint or a model holds, it is a sentence."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from expand.storage.json import read_json
from tests.train.commands import draw_set, settings_for, train
from tests.train.runs.test_run import Stop, StopAfter
from train.cli.messages import format_run
from train.errors import REFUSED, TrainError
from train.runs.checkpoints import CHECKPOINT, MODEL
from train.runs.predict import classify
from train.runs.records import METRICS, RUN

CPU = torch.device("cpu")
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 10**40, 1e400, math.nan, -0.5, 2**63, "", "x" * 1000, "../x", "\x1b[31m", "/",
    [], {}, [[]], {"a": 1},
)  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Return a data set, the folder of a stopped run, and that of a finished one."""
    root = tmp_path_factory.mktemp("runs")
    src = draw_set(root / "src")
    with pytest.raises(Stop):
        train(settings_for(src, epochs=3), root / "stopped", observer=StopAfter(4))
    train(settings_for(src, epochs=3), root / "finished")
    return src, root / "stopped", root / "finished"


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where every value of plain data is."""
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if _is_list(data) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def _is_list(data: Any) -> bool:
    return isinstance(data, list)


def changed(text: str, rng: random.Random) -> str:
    """Change one value of some JSON, remove it, or add another beside it."""
    data = json.loads(text)
    *above, key = rng.choice([place for place in places(data) if place])
    holder = data
    for each in above:
        holder = holder[each]
    draw = rng.random()
    if draw < 0.2 and isinstance(holder, dict):
        del holder[key]
    else:
        name = "another" if draw < 0.3 and isinstance(holder, dict) else key
        holder[name] = rng.choice(VALUES)
    return json.dumps(data)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut, change or lengthen a file, or change how long its header is said to be."""
    draw = rng.random()
    if draw < 0.4:
        return data[: rng.randrange(len(data))]
    if draw < 0.7:
        place = rng.randrange(min(len(data), 2000))
        return data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]
    if draw < 0.9:
        length = rng.choice([0, 1, len(data), 10**8, 2**40, 2**63])
        return struct.pack("<Q", length) + data[8:]
    return data + bytes(100)


def tampered(data: bytes, rng: random.Random) -> bytes:
    """Change the header of a safetensors file: a tensor, or a value of its metadata."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    note = header["__metadata__"]
    key = rng.choice(list(note))
    if rng.random() < 0.5:
        try:
            note[key] = changed(note[key], rng)
        except (ValueError, TypeError, IndexError):
            note[key] = rng.choice(["", "nan", "-1", "1e9", "9" * 5000, "[]", "{}", "null"])
        text = json.dumps(header)
    else:
        text = changed(json.dumps(header), rng)
    return struct.pack("<Q", len(text.encode())) + text.encode() + data[8 + length :]


def use(src: Path, out: Path, name: str) -> None:
    """Use a run's folder: resume or show the run, or predict with it."""
    if name == MODEL:
        list(classify(out, [src / "ant/000.png"], CPU))
    else:
        format_run(train(settings_for(src, epochs=3), out), out)


def attack(folders: tuple[Path, Path, Path], out: Path, seed: int) -> None:
    """Damage one file of a run, and use the run: it works, or is refused in a sentence."""
    src, stopped, finished = folders
    rng = random.Random(seed)
    name = rng.choice([RUN, RUN, CHECKPOINT, CHECKPOINT, MODEL, MODEL, METRICS])
    start = finished if name == MODEL or (name == RUN and rng.random() < 0.5) else stopped
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(start, out)
    data = (out / name).read_bytes()
    if name == RUN and rng.random() < 0.8:
        data = changed(data.decode(), rng).encode()
    elif name in (CHECKPOINT, MODEL) and rng.random() < 0.6:
        data = tampered(data, rng)
    else:
        data = damaged(data, rng)
    (out / name).write_bytes(data)
    try:
        use(src, out, name)
        message = str(out)
    except TrainError as error:
        message = str(error)
    except Exception as error:
        raise AssertionError(f"seed {seed}: {name}") from error
    assert str(out) in message, (seed, message)
    assert len(message) < 3000, (seed, len(message))


@pytest.mark.parametrize("part", range(4))
def test_a_damaged_file_of_a_run_is_used_or_refused_in_a_sentence(
    part: int, folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    for seed in range(12 * part, 12 * part + 12):
        attack(folders, tmp_path / "run", seed)


@pytest.mark.slow
def test_damaged_files_for_a_minute(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    seed, end = random.randrange(10**9), time.monotonic() + 60
    while time.monotonic() < end:
        seed += 1
        attack(folders, tmp_path / "run", seed)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("precision",), "fp)2"),
        (("precision",), "auto"),
        (("model", "dropout"), 9),
        (("model", "classes"), 1),
        (("pixels", "rules"), 99),
        (("pixels", "bits"), 12),
    ],
)
def test_a_value_that_no_run_has_names_the_record(
    keys: tuple[str, ...], value: Any, folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    src, stopped, _ = folders
    out = tmp_path / "run"
    shutil.copytree(stopped, out)
    record = holder = json.loads((out / RUN).read_text())
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value
    (out / RUN).write_text(json.dumps(record))
    with pytest.raises(TrainError, match=f'^"{out / RUN}" is damaged') as refused:
        use(src, out, RUN)
    assert refused.value.status == REFUSED


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("kind", ["folder", "pipe", "link to nothing", "link to itself"])
def test_what_is_no_file_is_not_taken_for_no_checkpoint(
    kind: str, folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    src, stopped, _ = folders
    out = tmp_path / "run"
    shutil.copytree(stopped, out)
    path = out / CHECKPOINT
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path if kind == "link to itself" else tmp_path / "nothing")
    with pytest.raises(TrainError, match=f'^"{path}" is not a file; remove it') as refused:
        use(src, out, CHECKPOINT)
    assert refused.value.status == REFUSED


@pytest.mark.parametrize("key", ["classes", "normaliser", "shape", "model"])
def test_a_card_that_does_not_fit_its_weights_is_refused(
    key: str, folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    src, _, finished = folders
    out = tmp_path / "run"
    shutil.copytree(finished, out)
    data = (out / MODEL).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    card = json.loads(header["__metadata__"]["card"])
    card[key] = {
        "classes": ["ant", "bee"],
        "normaliser": {"mean": [0.0], "deviation": [1.0]},
        "shape": {"side": 10**12, "colour": "keep"},
        "model": {**card["model"], "name": "linear", "height": 8000, "width": 8000},
    }[key]
    header["__metadata__"]["card"] = json.dumps(card)
    text = json.dumps(header).encode()
    (out / MODEL).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    with pytest.raises(TrainError, match="is damaged"):
        use(src, out, MODEL)


def test_json_is_read_from_regular_files_of_a_bounded_size(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "deep").write_text("[" * 100_000)
    (tmp_path / "digits").write_text("9" * 100_000)
    (tmp_path / "latin").write_bytes(b'"\xe9"')
    with open(tmp_path / "large", "wb") as file:
        file.truncate(2**40)
    for name in ("pipe", "deep", "digits", "latin", "large", "missing", "."):
        with pytest.raises(ValueError, match=r"."):
            read_json(tmp_path / name)
    (tmp_path / "good").write_text('{"a": [1.5]}')
    assert read_json(tmp_path / "good") == {"a": [1.5]}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("clock", '{"wait": 1e999}'),
        ("clock", '{"wait": NaN}'),
        ("clock", '{"compute": -1}'),
        ("images", "-5"),
        ("metrics", "NaN"),
        ("metrics", "5"),
    ],
)
def test_numbers_that_no_checkpoint_has_are_refused(
    key: str, value: str, folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    src, stopped, _ = folders
    out = tmp_path / "run"
    shutil.copytree(stopped, out)
    data = (out / CHECKPOINT).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    note = header["__metadata__"]
    if key == "metrics":
        lines = json.loads(note["metrics"])
        lines[0]["accuracy"] = float(value)
        value = json.dumps(lines)
    note[key] = value
    text = json.dumps(header).encode()
    (out / CHECKPOINT).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    with pytest.raises(TrainError, match="is damaged"):
        use(src, out, CHECKPOINT)


def test_a_checkpoint_that_lacks_a_momentum_is_refused(
    folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    src, stopped, _ = folders
    out = tmp_path / "run"
    shutil.copytree(stopped, out)
    data = (out / CHECKPOINT).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["another"] = header.pop("momentum/1")
    text = json.dumps(header).encode()
    (out / CHECKPOINT).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    with pytest.raises(TrainError, match="is damaged .the momentum of"):
        use(src, out, CHECKPOINT)
