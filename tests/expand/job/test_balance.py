"""Balance: counts of classes as promised, views that stay what they were, and what is refused."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from expand import ExpandError, Recipe, expand
from expand.cli.command import command
from expand.job.balance import Balance
from expand.job.checks.verify import verify
from expand.records.manifest import read_rows
from tests.conftest import Folder, noise_image, tree
from tests.expand.layouts.labelled.yolo.drawn import draw_detect

LONG = {"a": 100, "b": 40, "c": 30, "d": 1}


@pytest.mark.parametrize(
    ("rule", "factor", "most", "views"),
    [
        ("max", 1, None, {"a": 1, "b": 3, "c": 3, "d": 100}),
        ("max", 4, None, {"a": 4, "b": 10, "c": 13, "d": 400}),
        ("max", 4, 12, {"a": 4, "b": 10, "c": 12, "d": 12}),
        ("median", 2, None, {"a": 1, "b": 2, "c": 2, "d": 70}),
        ("120", 1, None, {"a": 1, "b": 3, "c": 4, "d": 120}),
        ("10", 1, None, {"a": 1, "b": 1, "c": 1, "d": 10}),
        ("repeat=0.5", 1, None, {"a": 1, "b": 2, "c": 2, "d": 10}),
        ("repeat=0.5", 3, None, {"a": 3, "b": 5, "c": 6, "d": 28}),
    ],
)  # fmt: skip
def test_each_class_gets_as_near_as_whole_views_allow(
    rule: str, factor: int, most: int | None, views: dict[str, int]
) -> None:
    assert Balance(rule, most).complete(factor, LONG).by_label == views


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 5000), min_size=1), st.integers(1, 8))
def test_a_class_is_at_most_half_of_its_images_from_what_it_should_have(
    counts: dict[str, int], factor: int
) -> None:
    views = Balance("max").complete(factor, counts).by_label
    goal = factor * max(counts.values())
    for label, count in counts.items():
        assert abs(count * views[label] - goal) <= count / 2


def test_a_long_tail_of_100_to_1_becomes_level() -> None:
    counts = {f"c{n}": round(5000 * 0.01 ** (n / 9)) for n in range(10)}
    views = Balance("max").complete(1, counts).by_label
    assert (views["c0"], views["c9"]) == (1, 100)
    files = [counts[label] * views[label] for label in counts]
    assert min(files) / max(files) > 0.7


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("min", "--balance must be max, median, a number of files or repeat=SHARE, got 'min'"),
        ("0", "must be 1 … 1,000,000,000,000 files in each class, got '0'"),
        ("-3", "files in each class, got '-3'"),
        ("9" * 30, "files in each class, got '9999"),
        ("9" * 5000, "--balance must be max"),
        ("١٢", "--balance must be max"),
        ("1.5", "--balance must be max"),
        ("repeat=2", "must be above 0 and at most 1, got '2'"),
        ("repeat=nan", "must be above 0 and at most 1, got 'nan'"),
        ("repeat=x", "--balance must be max"),
    ],
)
def test_other_rules_are_refused(rule: str, words: str) -> None:
    with pytest.raises(ExpandError) as refused:
        Balance(rule)
    assert words in str(refused.value)
    with pytest.raises(ExpandError, match="--most must be at least 1, got 0"):
        Balance("max", 0)


def unequal(class_folder: Folder, counts: dict[str, int], first: int = 0) -> Path:
    return class_folder(
        {
            f"{label}/{n}.png": noise_image(8, 9, 3, seed=100 * number + n)
            for number, (label, count) in enumerate(counts.items())
            for n in range(first, count)
        }
    )


def counts_of(out: Path) -> dict[str, int]:
    return dict(Counter(row["label"] for row in read_rows(out)))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)), standalone_mode=False)


def test_classes_have_the_counts_and_copies_the_bytes_of_an_expansion_without_balance(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out, plain = unequal(class_folder, {"a": 9, "b": 3}), tmp_path / "out", tmp_path / "plain"
    report = expand(src, out, 2, balance="max", workers=1)
    expand(src, plain, 6, workers=1)
    assert counts_of(out) == {"a": 18, "b": 18}
    assert report.summary.labels == {"a": 18, "b": 18}
    files, others = tree(out), tree(plain)
    assert all(files[name] == others[name] for name in files if name.endswith(".png"))
    card = json.loads((out / "expand.json").read_text())
    assert card["settings"]["balance"] == {"rule": "max", "most": None, "factors": {"a": 2, "b": 6}}
    assert verify(out).problems == []


def test_a_kill_and_workers_change_nothing(
    class_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from expand.job import run as job_run

    src = unequal(class_folder, {"a": 9, "b": 3, "c": 4})
    whole, out = tmp_path / "whole", tmp_path / "out"
    expand(src, whole, 2, balance="max", workers=2)
    monkeypatch.setattr(job_run, "CHUNK_SOURCES", 3)

    def stop(_files: int, seen: list[int] = []) -> None:  # noqa: B006
        seen.append(1)
        if len(seen) == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        expand(src, out, 2, balance="max", workers=1, progress=stop)
    (out / "b").mkdir(exist_ok=True)
    report = expand(src, out, 2, balance="max", workers=1)
    assert 0 < report.summary.made < report.summary.files
    assert tree(out) == tree(whole)


def test_a_folder_grows_by_a_balance_and_never_shrinks(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = unequal(class_folder, {"a": 9, "b": 3}), tmp_path / "out"
    expand(src, out, 2, workers=1)
    report = expand(src, out, 2, balance="max", workers=1)
    assert (report.summary.made, report.summary.files) == (12, 36)
    assert "the folder grows by another balance of the classes" in report.notes
    before = tree(out)
    with pytest.raises(ExpandError, match='6 files of each image of class "b", and would get 4'):
        expand(src, out, 2, balance=Balance("max", 4), workers=1)
    with pytest.raises(ExpandError, match='class "b", and would get 2 now'):
        expand(src, out, 2, workers=1)
    with pytest.raises(ExpandError, match="--seed was 0, is 1"):
        expand(src, out, 2, balance="max", seed=1, workers=1)
    assert tree(out) == before
    expand(src, out, 3, balance="max", workers=1)
    assert counts_of(out) == {"a": 27, "b": 27}
    expand(src, out, 2, balance="max", overwrite=True, workers=1)
    assert tree(out) == before


def test_a_class_that_cannot_have_so_many_views_is_refused_with_the_cap(
    class_folder: Folder, tmp_path: Path
) -> None:
    src, out = unequal(class_folder, {"a": 9, "b": 1}), tmp_path / "out"
    recipe = Recipe.parse("techniques: [flip, noise]")
    words = 'class "b" 18 views, more than recipe "recipe" can give it: 4 distinct views.'
    with pytest.raises(ExpandError, match=f"{words} Cap them with --most 4"):
        expand(src, out, 2, recipe, balance="max", workers=1)
    expand(src, out, 2, recipe, balance=Balance("max", 4), workers=1)
    assert counts_of(out) == {"a": 18, "b": 4}


def test_what_a_balance_cannot_do_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    src, out = unequal(class_folder, {"a": 4, "b": 2}), tmp_path / "out"
    labelled = draw_detect(tmp_path / "yolo")
    for arguments, words in (
        ((src, out, "--balance", "max", "--originals", "none"), "leave out --originals none"),
        ((src, out, "--most", 4), "--most caps the views of --balance; give both"),
        ((src, out, "--balance", 9, "--factor", 3), "leave out --factor"),
        ((src, out, "--balance", "sum"), "--balance must be max, median"),
        ((labelled, out, "--balance", "max"), "an image of this dataset (yolo-detect) has no"),
    ):
        refused = run(*arguments)
        assert getattr(refused.exception, "status", 0) == 2, words
        assert words in str(refused.exception)
    assert not out.exists()


def test_the_plan_and_the_summary_show_the_counts(class_folder: Folder, tmp_path: Path) -> None:
    src, out = unequal(class_folder, {"a": 4, "b": 2}), tmp_path / "out"
    shown = run("plan", src, out, "--balance", "12").output
    assert "a      4       3              12" in shown
    assert "b      2       6              12" in shown
    assert "Requested: 3 … 6 per image." in shown
    assert "24 files" in shown
    assert (
        "6 sources in 2 classes, balanced by 12, = 24 files"
        in run(src, out, "--balance", "12").output
    )


def test_a_name_like_that_of_a_copy_is_refused(class_folder: Folder, tmp_path: Path) -> None:
    src = class_folder(
        {f"a/{n}.png": noise_image(8, 8, seed=n) for n in range(8)}
        | {f"b/{name}.png": noise_image(8, 8, seed=ord(name[-1])) for name in ("x", "x_v7")}
    )
    with pytest.raises(ExpandError, match="would give files of one name"):
        expand(src, tmp_path / "out", 2, balance="max", workers=1)


@pytest.mark.parametrize(
    "data",
    [None, {}, {"factors": {}}, {"rule": "max", "factors": {"a": 0}}, {"rule": "max", "factors": {"a": "x"}},
     {"rule": 1, "factors": {}}, {"rule": "max", "most": "3", "factors": {}}, {"rule": "max", "factors": {"a": 10**30}}],
)  # fmt: skip
def test_a_balance_of_a_strange_run_card_is_refused(data: object) -> None:
    with pytest.raises(ExpandError):
        Balance.from_dict(data)
