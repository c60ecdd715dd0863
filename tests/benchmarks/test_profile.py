"""The profile of an expansion: every stage exists, and time goes to the innermost function."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner

from benchmarks.profile.__main__ import main
from benchmarks.profile.stages import OTHER, STAGES, Timed
from benchmarks.profile.timers import Timers, find, timed_functions
from expand.images import encoder
from expand.job.tasks import copies
from tests.conftest import Folder

OUTER, INNER = Timed("outer", "tests", "outer"), Timed("inner", "tests", "inner")


class Steps:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def seconds(timers: Timers, timed: Timed) -> float:
    return timers.clock().spent[timed].seconds


@pytest.mark.parametrize("timed", STAGES, ids=lambda timed: timed.label)
def test_every_function_of_the_list_exists(timed: Timed) -> None:
    assert callable(find(timed)[1])


def test_time_goes_to_the_innermost_function() -> None:
    steps = Steps()
    timers = Timers(steps)
    inner = timers.around(INNER, lambda: steps.wait(5))

    def work() -> None:
        steps.wait(1)
        inner()
        inner()
        steps.wait(2)

    timers.clock()
    timers.around(OUTER, work)()
    steps.wait(4)
    timers.clock().enter(OTHER)
    assert seconds(timers, OUTER) == 3
    assert seconds(timers, INNER) == 10
    assert seconds(timers, OTHER) == 4


def test_what_happens_between_the_items_of_a_generator_is_not_its_time() -> None:
    steps = Steps()
    timers = Timers(steps)

    def items() -> Iterator[int]:
        for number in range(3):
            steps.wait(1)
            yield number

    timers.clock()
    for _ in timers.around(OUTER, items)():
        steps.wait(10)
    assert seconds(timers, OUTER) == 3


def test_functions_in_a_whole_one_are_not_counted_apart() -> None:
    steps = Steps()
    timers = Timers(steps)
    inner = timers.around(INNER, lambda: steps.wait(5))
    timers.around(OUTER._replace(whole=True), inner)()
    assert seconds(timers, OUTER._replace(whole=True)) == 5
    assert INNER not in timers.clock().spent


def test_timers_are_taken_away_again() -> None:
    before = cv2.imencode, encoder.encode, copies.sha256
    with timed_functions(STAGES, Timers()):
        assert cv2.imencode is not before[0]
        assert copies.sha256 is not before[2]
    assert (cv2.imencode, encoder.encode, copies.sha256) == before


def test_the_command_names_the_stages(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(3)
    options = ["--rounds", "1", "--scratch", str(tmp_path), "--out", str(tmp_path / "p.json")]
    done = CliRunner().invoke(main, [str(src), *options])
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "p.json").read_text("utf-8"))
    assert record["files"] == 24
    calls = {each["function"]: each["calls"] for each in record["stages"]}
    assert calls["cv2.imencode"] == 18
    assert calls["layouts.source.read_source"] == 6
    for stage in ("scan", "read", "header", "decode", "draw", "warp", "encode", "hash", "write"):
        assert f"\n{stage} " in done.output
