"""The protocol and its bench: every run once, kept as it ends; what was stopped goes on and ends alike."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.train.commands import draw_set
from tests.train.compare.questions import bench_at, kept, question_for, stage_of, weights_of
from train.compare.arms import Arm, Speed
from train.compare.command import compare
from train.compare.protocol import costs, missing_cells, probe, read_rows, run_all, speeds, wait_for
from train.compare.question import Cell, Question
from train.errors import TrainError
from train.trials.folder import open_bench, read_json

HOW = {"seeds": 2, "margin": 0.25, "command": "train compare"}
TIMED = (
    "created", "seconds", "images_per_second", "wait", "augment", "compute", "evaluate", "a", "w", "r", "h", "passes", "runs",
    "words", "headline",
)  # fmt: skip
"""What differs from run to run: times, and what follows from them."""


@pytest.fixture
def question(tmp_path: Path) -> Question:
    """Return a question whose runs take a few hundredths of a second."""
    return question_for(draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1), lengths=(1, 4), lr=0.002)


def run(
    question: Question, out: Path, seeds: int, *, jobs: int = 1, speed: dict[str, Speed] | None = None
) -> list[dict[str, Any]]:
    """Run what is missing; return the rows of all."""
    bench = bench_at(out, jobs=jobs)
    open_bench(question, bench)
    run_all(question, bench, seeds, speed or {}, lambda _runs: None)
    return read_rows(question, bench, seeds)


def without_times(found: Any) -> Any:
    """Return plain data less all that another run of the same would have otherwise."""
    if isinstance(found, dict):
        return {key: without_times(value) for key, value in found.items() if key not in TIMED and not key.endswith("_seconds")}
    return [without_times(value) for value in found] if isinstance(found, list) else found


def test_a_new_bench_says_what_it_is_for(question: Question, tmp_path: Path) -> None:
    bench = bench_at(tmp_path / "deep" / "out")
    open_bench(question, bench)
    assert sorted(path.name for path in bench.out.iterdir()) == ["question.json", "runs"]
    assert read_json(bench.out / "question.json") == json.loads(json.dumps(question.to_dict()))
    open_bench(question, bench)


def test_a_folder_of_something_else_is_left_alone(question: Question, tmp_path: Path) -> None:
    out = tmp_path / "letters"
    out.mkdir()
    (out / "letter.txt").write_text("dear")
    for overwrite in (False, True):
        with pytest.raises(TrainError) as refused:
            open_bench(question, bench_at(out, overwrite=overwrite))
        assert str(refused.value) == f'"{out}" is not empty and has no question.json: it is none of ours; give another --out'
    assert [path.name for path in out.iterdir()] == ["letter.txt"]


def test_a_bench_that_was_killed_while_it_was_set_up_is_set_up_again(question: Question, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".question.json.part").write_text('{"da')
    open_bench(question, bench_at(out))
    assert (out / "question.json").is_file()


def test_other_settings_are_refused_with_what_differs_unless_all_is_to_start_afresh(question: Question, tmp_path: Path) -> None:
    bench = bench_at(tmp_path / "out")
    open_bench(question, bench)
    (bench.out / "runs/none_k1_s0.json").write_text("{}")
    other = replace(question, lengths=(1, 6), seed=3)
    with pytest.raises(TrainError) as refused:
        open_bench(other, bench)
    assert str(refused.value) == (
        f'"{bench.out}" holds runs with other settings: seed was 0, is 3; lengths was [1, 4], is [1, 6]; --overwrite starts afresh'
    )
    assert len(kept(bench.out)) == 1
    open_bench(other, replace(bench, overwrite=True))
    assert kept(bench.out) == {}
    assert read_json(bench.out / "question.json")["seed"] == 3


@pytest.mark.parametrize("damaged", ["", '{"accuracy": 0.', "\x00\x00"])
def test_a_damaged_file_says_so_and_is_made_anew_once_it_is_gone(damaged: str, question: Question, tmp_path: Path) -> None:
    whole, path = run(question, tmp_path / "out", 1), tmp_path / "out/runs/fly_k4_s0.json"
    path.write_text(damaged)
    with pytest.raises(TrainError, match=rf'^"{path}" is damaged \(.+\); remove it, and start again to make it anew$'):
        run(question, tmp_path / "out", 1)
    path.unlink()
    assert without_times(run(question, tmp_path / "out", 1)) == without_times(whole)


def test_costs_are_measured_once_and_kept(question: Question, tmp_path: Path) -> None:
    bench, stage = bench_at(tmp_path / "out"), stage_of(question)
    open_bench(question, bench)
    (found,) = costs(stage, bench)
    assert (found["arm"], found["files"]) == ("disk ×2", 48)
    path = bench.out / "costs.json"
    path.write_text(json.dumps({"disk ×2": {**found, "expansion_seconds": 1234.5}}))
    assert costs(stage, bench) == [{**found, "expansion_seconds": 1234.5}]
    assert sorted(entry.name for entry in bench.out.iterdir()) == ["costs.json", "question.json", "runs"]


def test_everything_is_expanded_where_a_sample_was_before(question: Question, tmp_path: Path) -> None:
    stage, bench = stage_of(question), bench_at(tmp_path / "out")
    open_bench(question, bench)
    (sampled,) = costs(stage, bench)
    whole = replace(bench, materialize=True)
    (found,) = costs(stage, whole)
    assert (sampled["everything"], found["everything"]) == (False, True)
    assert len(list((bench.out / found["arm"].replace(" ×", "-x")).rglob("*.png"))) == found["files"]
    assert costs(stage, bench) == costs(stage, whole) == [found]


def test_where_nothing_is_stored_nothing_is_expanded(question: Question, tmp_path: Path) -> None:
    none_stored = replace(question, arms=(Arm("none"), Arm("fly")))
    bench = bench_at(tmp_path / "out")
    open_bench(none_stored, bench)
    assert costs(stage_of(none_stored), bench) == []
    assert not (bench.out / "costs.json").exists()


def test_speeds_are_probed_once_and_kept(question: Question, tmp_path: Path) -> None:
    bench, stage = bench_at(tmp_path / "out"), stage_of(question)
    open_bench(question, bench)
    found = speeds(stage, bench, [{"arm": "disk ×2", "expansion_seconds": 7.0}])
    assert list(found) == ["none", "fly", "disk ×2"]
    assert all(speed.pass_seconds > 0 for speed in found.values())
    assert [speed.expansion_seconds for speed in found.values()] == [0.0, 0.0, 7.0]
    (bench.out / "speeds.json").write_text('{"none": 1.0, "fly": 2.0, "disk ×2": 3.0}')
    assert [speed.pass_seconds for speed in speeds(stage, bench, []).values()] == [1.0, 2.0, 3.0]


def test_a_probe_takes_as_long_as_its_steps(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(float(n) for n in range(1000))
    stage = stage_of(question)  # two steps a pass
    monkeypatch.setattr("train.compare.protocol.time", type("Clock", (), {"perf_counter": lambda: next(now)}))
    assert probe(stage, Cell(Arm("none"), 4, 0)) == 2.0


def test_what_is_there_is_not_run_again(question: Question, tmp_path: Path) -> None:
    bench = bench_at(tmp_path / "out")
    open_bench(question, bench)
    speed = speeds(stage_of(question), bench, [])
    counted: list[int] = []
    run_all(question, bench, 1, speed, counted.append)
    before = kept(bench.out)
    assert set(before) == {f"{arm}_k{length}_s0" for arm in ("none", "fly", "disk-x2") for length in (1, 4)}
    for name in ("fly_k1_s0", "none_k4_s0"):
        (bench.out / f"runs/{name}.json").unlink()
    assert {cell.name for cell in missing_cells(question, bench, 1)} == {"fly_k1_s0", "none_k4_s0"}
    run_all(question, bench, 1, speed, counted.append)
    after = kept(bench.out)
    assert counted == [1] * 8
    assert {name for name in after if after[name] != before[name]} == {"fly_k1_s0", "none_k4_s0"}
    run_all(question, bench, 1, speed, counted.append)
    assert (kept(bench.out), len(counted)) == (after, 8)


def test_a_comparison_that_was_stopped_goes_on_and_finds_the_same(question: Question, tmp_path: Path) -> None:
    out, asked = tmp_path / "out", replace(question, lengths=(4,))
    compare(asked, bench_at(out), HOW, plan=False, quiet=True)
    whole, everything = read_json(out / "comparison.json"), kept(out)
    for name in ("runs/fly_k4_s0", "runs/disk-x2_k4_s1", "comparison"):
        (out / f"{name}.json").unlink()
    before = kept(out)
    compare(asked, bench_at(out), HOW, plan=False, quiet=True)
    found, after = read_json(out / "comparison.json"), kept(out)
    assert {name for name in after if after[name] != everything[name]} == {"fly_k4_s0", "disk-x2_k4_s1"}
    assert {name: after[name] for name in before} == before
    assert without_times(found) == without_times(whole)
    assert {"cells", "pairs", "classes", "worst", "seeds", "settings"} < set(without_times(found))
    assert [len(cell["accuracies"]) for cell in without_times(found)["cells"]] == [2, 2, 2]


def test_more_seeds_repeat_none_that_were_there_and_fewer_are_those_that_were_asked_for(
    question: Question, tmp_path: Path
) -> None:
    two = run(question, tmp_path / "out", 2)
    before = kept(tmp_path / "out")
    three = run(question, tmp_path / "out", 3)
    after = kept(tmp_path / "out")
    assert (len(before), len(after)) == (12, 18)
    assert {name: after[name] for name in before} == before
    assert [row for row in three if row["replicate"] < 2] == two
    assert run(question, tmp_path / "out", 1) == [row for row in two if row["replicate"] < 1]
    assert kept(tmp_path / "out") == after


def test_rows_come_by_length_then_arm_then_replicate(question: Question, tmp_path: Path) -> None:
    rows = run(question, tmp_path / "out", 2)
    assert [(row["length"], row["arm"], row["replicate"]) for row in rows] == [
        (length, arm, replicate) for length in (1, 4) for arm in ("none", "fly", "disk ×2") for replicate in (0, 1)
    ]
    assert all(row["seconds"] >= row["training_seconds"] > 0 for row in rows)


def test_jobs_side_by_side_give_what_one_alone_gives(question: Question, tmp_path: Path) -> None:
    one, two = run(question, tmp_path / "one", 2), run(question, tmp_path / "two", 2, jobs=2)
    assert without_times(one) == without_times(two)
    assert weights_of(tmp_path / "one") == weights_of(tmp_path / "two")
    assert len({row["accuracy"] for row in one}) > 1


@pytest.mark.parametrize(("budget", "passes"), [("steps", 2), ("files", 4), ("wall", 5), ("wall-expansion", 3)])
def test_a_budget_decides_how_long_each_arm_trains(budget: str, passes: int, question: Question, tmp_path: Path) -> None:
    asked = replace(question, budget=budget, lengths=(2,), arms=(Arm("none"), Arm("disk", 2)))
    rows = run(asked, tmp_path / "out", 1, speed={"none": Speed(1.0), "disk ×2": Speed(0.4, 0.8)})
    assert [(row["arm"], row["length"], row["epochs"], row["steps"]) for row in rows] == [
        ("none", 2, 2, 4),
        ("disk ×2", 2, passes, 2 * passes),
    ]


def test_the_first_process_waits_for_what_others_run(question: Question, tmp_path: Path) -> None:
    run(question, tmp_path / "out", 1)
    bench, path = bench_at(tmp_path / "out"), tmp_path / "out/runs/fly_k4_s0.json"
    data = path.read_bytes()
    path.unlink()
    others = threading.Timer(0.3, lambda: path.write_bytes(data))
    started = time.monotonic()
    others.start()
    wait_for(question, bench, 1)
    assert time.monotonic() - started > 0.3
    assert path.read_bytes() == data
    wait_for(question, bench, 1)
