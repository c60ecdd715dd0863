"""The real expansion: what it costs, and that its files are what is trained on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from expand.storage.lock import Lock
from tests.conftest import tree
from tests.train.commands import draw_set
from tests.train.compare.studies import context_of, study_for
from tests.train.samples import pictures, write_set
from train.compare import expansion
from train.compare.codec import Codec
from train.compare.expansion import _copy_sources, measure_expansion
from train.compare.study import ComparisonStudy
from train.data.decoding import hash_files
from train.data.folders.listing import list_folder
from train.errors import STOPPED, TrainError
from train.trials.study import Seeds, TrialContext


@pytest.fixture
def context(tmp_path: Path) -> TrialContext[ComparisonStudy]:
    """Return the stage of a comparison on 24 sources."""
    return context_of(
        study_for(
            draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 3, seed=1), "none,disk=2,disk=3"
        )
    )


def test_expanding_everything_leaves_the_folder_and_says_what_it_took(
    context: TrialContext[ComparisonStudy], tmp_path: Path
) -> None:
    before, out = tree(tmp_path / "src"), tmp_path / "bench" / "disk-x3"
    found = measure_expansion(context, context.study.arms[2], out, everything=True)
    files = [path.stat() for path in out.rglob("*") if path.is_file()]
    assert (found.arm, found.files, found.checked_files, found.format) == (
        "disk ×3",
        72,
        72,
        "png",
    )
    assert found.how == "everything was expanded, 1 worker"
    assert found.bytes == sum(stat.st_size for stat in files)
    assert found.allocated == sum(stat.st_blocks * 512 for stat in files) >= found.bytes
    assert all(
        getattr(found, f"{name}_seconds") > 0 for name in ("expansion", "expansion_cpu", "read")
    )
    assert list_folder(out).card["settings"]["seed"] == Seeds.of(0, 0).views  # type: ignore[index]
    assert [path.name for path in (tmp_path / "bench").iterdir()] == ["disk-x3"]
    assert tree(tmp_path / "src") == before


def test_the_costs_of_a_sample_are_scaled_up_and_its_files_are_not_kept(
    context: TrialContext[ComparisonStudy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = measure_expansion(
        context, context.study.arms[1], tmp_path / "bench" / "whole", everything=True
    )
    monkeypatch.setattr(expansion, "SAMPLE", 6)
    found = measure_expansion(
        context, context.study.arms[1], tmp_path / "bench" / "part", everything=False
    )
    assert found.how == "from a timed expansion of 6 sources, 1 worker"
    assert (found.files, found.checked_files) == (48, 12)
    assert found.bytes % 4 == 0
    assert found.bytes == pytest.approx(
        whole.bytes, rel=0.2
    )  # the run card weighs four times as much
    assert [path.name for path in (tmp_path / "bench").iterdir()] == ["whole"]


def test_a_sample_is_spread_over_all_sources() -> None:
    assert expansion._spread(10, 4).tolist() == [0, 3, 6, 9]
    assert expansion._spread(3, 2000).tolist() == [0, 1, 2]
    assert len(set(expansion._spread(9_999, 2000).tolist())) == 2000


def test_lossy_files_are_held_against_lossy_copies(tmp_path: Path) -> None:
    src = write_set(tmp_path / "src", pictures(3, suffix=".jpg"))
    test = write_set(tmp_path / "test", pictures(1, suffix=".jpg", seed=50))
    context = context_of(study_for(src, test, "none,disk=2,hybrid=2", codec=Codec("keep")))
    for arm in context.study.arms[1:]:
        found = measure_expansion(context, arm, tmp_path / "bench" / arm.strategy, everything=True)
        assert (found.checked_files, found.format) == (12, "keep")
        assert (
            sorted(path.suffix for path in (tmp_path / "bench" / arm.strategy / "cat").iterdir())
            == [".jpg"] * 6
        )


def test_files_that_are_not_what_is_trained_on_are_found_and_named(
    context: TrialContext[ComparisonStudy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = expansion.stored
    monkeypatch.setattr(
        expansion, "stored", lambda context, arm, _seeds: honest(context, arm, Seeds.of(1, 0))
    )
    with pytest.raises(TrainError) as stopped:
        measure_expansion(
            context, context.study.arms[2], tmp_path / "bench" / "disk-x3", everything=False
        )
    assert stopped.value.status == 3
    assert str(stopped.value) == (
        "48 of 72 files written for disk ×3 differ from the views used in training "
        '(first: "ant/000_v1.png"). The comparison would be invalid.'
    )
    assert list((tmp_path / "bench").iterdir()) == []


def test_one_wrong_file_is_enough(
    context: TrialContext[ComparisonStudy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expand = expansion.expand

    def spoil(source: Path, out: Path, *rest: object, **settings: object) -> object:
        report = expand(source, out, *rest, **settings)  # type: ignore[arg-type]
        (out / "bee/003_v1.png").write_bytes((out / "bee/003.png").read_bytes())
        return report

    monkeypatch.setattr(expansion, "expand", spoil)
    with pytest.raises(
        TrainError,
        match='^1 of 48 files written for disk ×2 differ .*first: "bee/003_v1.png"',
    ):
        measure_expansion(
            context, context.study.arms[1], tmp_path / "bench" / "disk-x2", everything=False
        )


def test_a_file_that_is_missing_is_noticed(
    context: TrialContext[ComparisonStudy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = expansion._copy_sources
    monkeypatch.setattr(
        expansion,
        "_copy_sources",
        lambda sample, hashes, to: honest(sample.only(np.arange(20)), hashes[:20], to),
    )
    with pytest.raises(
        TrainError, match=r'^0 of 40 files written for disk ×2 differ .*first: "\?"'
    ):
        measure_expansion(
            context, context.study.arms[1], tmp_path / "bench" / "disk-x2", everything=False
        )


def test_what_expand_refuses_is_refused_in_its_words(
    context: TrialContext[ComparisonStudy], tmp_path: Path
) -> None:
    out = tmp_path / "bench" / "disk-x2"
    out.mkdir(parents=True)
    with Lock(out), pytest.raises(TrainError) as refused:
        measure_expansion(context, context.study.arms[1], out, everything=True)
    assert (str(refused.value), refused.value.status) == (f'another run is writing to "{out}"', 2)
    assert [path.name for path in out.parent.iterdir()] == ["disk-x2"]


@pytest.mark.parametrize("change", ["no room", "vanishes", "another image", "a folder"])
def test_a_sample_that_cannot_be_copied_names_the_file_at_fault(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = list_folder(draw_set(tmp_path / "src", 2))
    hashes = hash_files(folder.root, folder.files)
    path, words = folder.root / folder.files[1], "src.*cannot be read"
    if change == "no room":

        def fail(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Path, "write_bytes", fail)
        words = "out.*cannot be written: No space"
    elif change == "another image":
        path.write_bytes((folder.root / folder.files[0]).read_bytes())
        words = f'"{path}" has changed since the run began'
    else:
        path.unlink()
        if change == "a folder":
            path.mkdir()
            words = "src.*is not a"
    with pytest.raises(TrainError, match=words) as stopped:
        _copy_sources(folder, hashes, tmp_path / "out")
    assert stopped.value.status == STOPPED
