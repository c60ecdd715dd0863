"""A trial: the same seeds give the same bits, the same views the same weights, and rows are true."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from expand import expand
from tests.train.commands import draw_set
from tests.train.compare.studies import context_of, study_for, trial_of
from tests.train.samples import pictures, write_set
from train.compare.arms import Arm
from train.compare.codec import Codec
from train.data.cache import Cache
from train.data.shape import Shape
from train.errors import TrainError
from train.trials.context import new_context, trial_context
from train.trials.results import TrialResult
from train.trials.study import Seeds, TrialContext
from train.trials.trial import FRESH_VIEW, evaluate_trained, hash_weights, measure, train

TIMES = (
    "wait_seconds",
    "augment_seconds",
    "compute_seconds",
    "evaluate_seconds",
    "training_seconds",
)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Return a small set and one to measure on."""
    return draw_set(tmp_path / "src"), draw_set(tmp_path / "test", 5, seed=1)


def staged(folders: tuple[Path, Path], arms: str, **changes: Any) -> TrialContext[Any]:
    return context_of(study_for(*folders, arms, **changes))


def results_of(
    context: TrialContext[Any], epochs: int, replicate: int = 0
) -> dict[str, TrialResult]:
    """Train every arm for so many epochs; return their results."""
    trials = {arm.name: trial_of(arm, epochs, replicate) for arm in context.study.arms}
    return {name: measure(context, trial, train(context, trial)) for name, trial in trials.items()}


def weights(context: TrialContext[Any], epochs: int) -> dict[str, str]:
    return {name: row.weights for name, row in results_of(context, epochs).items()}


def test_while_no_view_repeats_fly_and_the_largest_folder_end_in_the_same_weights(
    folders: tuple[Path, Path],
) -> None:
    context = staged(folders, "none,fly,disk", factors=(2, 3), model="cnn")
    # pass 3 shows the untouched image again, in a folder of 3 and on the fly; pass 4 is the first in which they differ
    for epochs, same in (
        (2, {"fly", "disk ×2", "disk ×3"}),
        (3, {"fly", "disk ×3"}),
        (4, {"fly", "disk ×3"}),
        (5, {"fly"}),
    ):
        found = weights(context, epochs)
        assert {name for name in found if found[name] == found["fly"]} == same
        assert len(set(found.values())) == 5 - len(same)


def test_resized_copies_and_views_of_resized_files_give_the_same_weights_too(
    folders: tuple[Path, Path],
) -> None:
    found = weights(staged(folders, "fly,disk", factors=(2,), shape=Shape(12)), 2)
    assert found["fly"] == found["disk ×2"]


def test_copies_that_lose_something_do_not_give_the_weights_of_the_views(
    folders: tuple[Path, Path],
) -> None:
    found = weights(staged(folders, "none,fly,disk", codec=Codec("jpg", 50)), 2)
    assert len(set(found.values())) == 3


def test_every_kind_of_arm_teaches_something_else(folders: tuple[Path, Path]) -> None:
    found = weights(staged(folders, "none,fly,disk,disk-random,disk-all,hybrid"), 4)
    assert len(set(found.values())) == 6


def test_the_same_seeds_give_the_same_row_and_others_another(folders: tuple[Path, Path]) -> None:
    context = staged(folders, "fly,disk")
    one, again, other = (
        {name: {key: value for key, value in row.to_dict().items() if key not in TIMES} for name, row in results_of(context, 2, replicate).items()}
        for replicate in (0, 0, 1)
    )  # fmt: skip
    assert one == again
    for name in one:
        assert one[name]["weights"] != other[name]["weights"]
        assert (one[name]["replicate"], other[name]["replicate"]) == (0, 1)


def test_a_row_says_what_was_right_and_what_was_done(folders: tuple[Path, Path]) -> None:
    context = staged(folders, "none,fly", lr=0.001)
    trial = trial_of(Arm("fly"), 2, 5)
    trained = train(context, trial)
    result = measure(context, trial, trained)
    test = context.data.test
    assert test is not None
    found = evaluate_trained(context, trained.setup, test.pixels(), test.folder.labels)
    right = result.right(15)
    np.testing.assert_array_equal(right, found.predicted == test.folder.labels)
    assert 0 < right.mean() < 1
    assert result.accuracy == right.mean() == found.accuracy
    assert result.per_class == {
        name: right[5 * place : 5 * place + 5].mean()
        for place, name in enumerate(("ant", "bee", "cat"))
    }
    assert (result.arm, result.replicate, result.epochs_trained, result.steps, result.images) == (
        "fly",
        5,
        2,
        4,
        48,
    )
    assert (result.precision, result.renderer, result.loss) == ("fp32", "exact", found.loss)
    assert (result.train_accuracy, result.train_loss) == (trained.last.accuracy, trained.last.loss)
    assert result.seconds.augment > 0
    assert result.seconds.evaluate > 0
    seconds = result.seconds
    parts = seconds.wait + seconds.augment + seconds.compute
    assert seconds.training == pytest.approx(parts, abs=2e-4)


@pytest.mark.parametrize("name", ["disk", "disk-random"])
def test_the_memory_gap_is_measured_on_views_that_were_seen_and_on_fresh_ones(
    name: str, folders: tuple[Path, Path]
) -> None:
    context = staged(folders, f"none,{name}", lr=0.002)
    arm = context.study.arms[1]
    trial = trial_of(arm, 3)
    trained = train(context, trial)
    gap = measure(context, trial, trained).gap
    assert gap is not None
    views, side = context.study.memorised_views(arm, Seeds.of(0, 0).views), context.data.train
    for what, k in (("stored", 1), ("fresh", FRESH_VIEW)):
        images = [
            views.render(p, views.params(s, k)).pixels
            for s, p in zip(side.folder.sources, side.decoded.pixels, strict=True)
        ]
        assert (
            getattr(gap, what)
            == evaluate_trained(
                context, trained.setup, np.stack(images), side.folder.labels
            ).accuracy
        )
    np.testing.assert_array_equal(trained.data.train.decoded.pixels[1::2], np.stack(
        [views.render(p, views.params(s, 1)).pixels for s, p in zip(side.folder.sources, side.decoded.pixels, strict=True)]
    ))  # fmt: skip


def test_where_the_first_view_is_not_all_that_an_arm_shows_there_is_no_gap(
    folders: tuple[Path, Path],
) -> None:
    rows = results_of(staged(folders, "none,hybrid"), 1)
    assert [row.gap for row in rows.values()] == [None, None]
    assert results_of(staged(folders, "none,disk", shape=Shape(12)), 1)["disk ×2"].gap is None


def test_an_arm_that_stores_no_copies_has_no_gap(folders: tuple[Path, Path]) -> None:
    assert [row.gap for row in results_of(staged(folders, "none,fly"), 1).values()] == [None, None]


def test_a_hash_knows_every_bit_of_the_weights_and_nothing_of_their_order() -> None:
    state = {"a": torch.arange(4.0), "b": torch.zeros(2, 3), "n": torch.tensor(7)}
    turned = dict(reversed(state.items()))
    changed = {
        **state,
        "b": state["b"].clone().index_put_((torch.tensor(1), torch.tensor(2)), torch.tensor(1e-45)),
    }
    assert (
        hash_weights(state)
        == hash_weights(turned)
        == hash_weights({**state, "a": torch.arange(8.0)[:4]})
    )
    assert (
        len(
            {
                hash_weights(other)
                for other in (state, changed, {**state, "n": torch.tensor(8)}, {"a": state["a"]})
            }
        )
        == 4
    )


def test_no_run_is_trained_where_the_data_do_not_allow_a_comparison(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    src, test = folders
    expand(src, tmp_path / "out", 2, workers=1)
    leaky = draw_set(tmp_path / "leaky", 2, seed=1)
    cases = {
        f'"{tmp_path / "out"}" was written by expand; give the folder that it was made from': (
            tmp_path / "out",
            test,
        ),
        '6 images are in both splits: test "ant/000.png" is, or was made from, the file of training "ant/000.png"; '
        'test "ant/001.png" is, or was made from, the file of training "ant/001.png"; test "bee/000.png" is, or was made from, '
        'the file of training "bee/000.png"; and 3 more. Results on images that the model has seen do not carry over to '
        "new images; --allow-leak trains anyway and records the leaks": (leaky, test),
        f'"{tmp_path / "nowhere"}" does not exist': (tmp_path / "nowhere", test),
    }
    for words, (data, measured) in cases.items():
        with pytest.raises(TrainError) as refused:
            context_of(study_for(data, measured))
        assert (str(refused.value), refused.value.status) == (words, 2)
    assert len(context_of(study_for(leaky, test, allow_leak=True)).data.leaks) == 6


def test_images_that_are_not_held_in_memory_are_refused(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(TrainError) as refused:
        trial_context(study_for(*folders), Cache().root, 15_000)
    assert (
        str(refused.value)
        == f'"{folders[0]}" takes 20,832 bytes when decoded, --cache-size is 15,000; '
        "the trials need all decoded images: use --image-size 12 or smaller, a larger --cache-size "
        "or fewer --sources, or --arms none,fly alone"
    )
    tuned = replace(study_for(*folders), lengths=(2,), tune=2)
    with pytest.raises(TrainError, match=r"or fewer --sources$"):
        trial_context(tuned, Cache().root, 15_000)
    streamed = replace(study_for(*folders), arms=(Arm("none"), Arm("fly")))
    with pytest.raises(TrainError, match=r"All test images are decoded: use a larger --cache-size"):
        trial_context(streamed, tmp_path / "packs", 1_000)


@pytest.mark.parametrize(
    "device",
    [
        "tpu",
        pytest.param(
            "cuda", marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
        ),
    ],
)
def test_a_device_that_is_not_there_is_refused(device: str, folders: tuple[Path, Path]) -> None:
    with pytest.raises(TrainError, match=f"^--device {device} is not available on this machine$"):
        staged(folders, "none,fly", device=device)


def test_a_context_is_made_once_and_sets_the_threads(folders: tuple[Path, Path]) -> None:
    torch.set_num_threads(1)
    context = staged(folders, "none,fly", threads=2)
    assert torch.get_num_threads() == 2
    assert context_of(context.study) is context


def test_images_replaced_between_two_studies_of_one_process_are_read_again(tmp_path: Path) -> None:
    src = write_set(tmp_path / "src")
    study = study_for(src, write_set(tmp_path / "test", pictures(1, seed=50)))
    before = new_context(study, Cache().root, Cache().limit).data.train.pixels()
    write_set(src, pictures(seed=70))
    after = new_context(study, Cache().root, Cache().limit).data.train.pixels()
    assert (before != after).any()
    assert trial_context(study, Cache().root, Cache().limit).data.train.pixels() is not None
