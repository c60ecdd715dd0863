"""Arms that had not converged are named, and every verdict on them says so."""

from __future__ import annotations

from tests.train.compare.studies import ask, grouped, row_of
from train.compare.arms import Arm
from train.compare.findings.pairs import compare_pairs
from train.compare.findings.unfinished import label_unfinished, list_unfinished, list_unread

RIGHT = [1, 0, 1, 1, 0, 1]
GUESSING = 0.6931471805599453


def test_an_arm_whose_loss_is_far_from_the_lowest_is_unfinished_and_its_verdicts_say_so() -> None:
    study = ask("none,fly,disk=4", (4,))
    losses = {"none": 0.25, "fly": GUESSING, "disk ×4": 0.3}
    rows = [
        row_of(name, 4, n, RIGHT, train_loss=loss) for name, loss in losses.items() for n in (0, 1)
    ]
    results = grouped(study, rows, 6)
    (found,) = list_unfinished(results, 2)
    assert (found.arm, found.epochs, found.epochs_to_try) == (Arm("fly"), 4, 16)
    assert found.sentence.startswith("fly: probably too short: the training loss")
    pairs = label_unfinished(compare_pairs(results, 0.25), [found])
    labelled = {
        (pair.arm.name, pair.against.name): pair.verdict.sentence.endswith("; fly not converged")
        for pair in pairs
    }
    assert labelled == {
        ("fly", "none"): True,
        ("disk ×4", "none"): False,
        ("disk ×4", "fly"): True,
    }
    assert [pair.left_out for pair in pairs if pair.left_out] == ["fly not converged"] * 2


def test_an_arm_that_chose_fewer_epochs_than_it_could_have_is_not_unfinished() -> None:
    study = ask("none,fly", (8,), tune=2)
    for epochs, found in ((2, 0), (8, 2)):
        tuned = {"epochs": epochs, "lr": 0.1, "weight_decay": 0.0, "smoothing": 0.0, "dropout": 0.0}
        rows = [
            row_of(arm.name, 8, 0, RIGHT, epochs=epochs, train_loss=GUESSING, tuned=tuned)
            for arm in study.arms
        ]
        assert len(list_unfinished(grouped(study, rows, 6), 2)) == found


def test_copies_that_no_epoch_read_are_named() -> None:
    study = ask("none,disk=2,disk=8,disk-all=8", (4,))
    rows = [row_of(arm.name, 4, 0, RIGHT) for arm in study.arms]
    assert list_unread(grouped(study, rows, 6)) == (
        "disk ×8 after 4 epochs has read 4 of the 8 files of each source",
    )
