"""What the plots show, in sentences."""

from __future__ import annotations

from tests.train.compare.page.example import TITLE, example, read
from train.compare.page import captions


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_one_sentence_says_what_was_compared() -> None:
    assert plain(captions.compared(read(example()))) == (
        f"Compared: none, fly, disk ×2, disk ×4, disk-random ×4 and hybrid ×4, trained on {TITLE} (2,000 sources, 10 classes) "
        "for 8 and 40 epochs with 6 seeds each and equal optimizer steps; tested on 10,000 images."
    )


def test_without_epochs_or_trials_neither_is_named() -> None:
    found = example(("none",), (8,), 1)
    start = f"Compared: none, trained on {TITLE} (2,000 sources, 10 classes)"
    end = " and equal optimizer steps; tested on 10,000 images."
    assert captions.compared(read(found)) == f"{start} for 8 epochs with 1 seed each{end}"
    found.update(lengths=[], cells=[])
    assert captions.compared(read(found)) == f"{start}{end}"


def test_the_ranking_begins_with_the_best() -> None:
    found = example(("none", "fly"), (8,))
    none, fly = found["cells"]
    none["mean"], fly["mean"] = 0.9, 0.8
    assert plain(captions.ranking(read(found), 8)) == "After 8 epochs: none 90.00 %, fly 80.00 %."
    assert captions.ranking(read(found), 9) == "After 9 epochs: nothing was measured."


def test_lengthening_names_who_gains_most_and_least() -> None:
    found = example(("none", "fly"))
    for cell, mean in zip(found["cells"], (0.80, 0.81, 0.82, 0.87), strict=True):
        cell["mean"] = mean
    assert (
        captions.more_epochs(read(found))
        == "From 8 to 40 epochs, accuracy changes for fly by +6.00 points, for none by +2.00."
    )
    assert captions.more_epochs(read(example(("fly",)))).count("by") == 1
    assert captions.more_epochs(read(example(("fly",), (8,)))).startswith("After 8 epochs: fly")


def test_timing_names_the_most_accurate_and_the_fastest() -> None:
    found = example(("fly", "disk ×4"), (8,))
    for cell, mean, seconds in zip(found["cells"], (0.9, 0.8), (3.0, 2.0), strict=True):
        cell.update(mean=mean, seconds=seconds)
    alone = "After 8 epochs, training alone: most accurate fly, 90.00 % in 3.00 s; fastest disk ×4, 80.00 % in 2.00 s."
    assert plain(captions.timing(read(found), whole=False)) == alone
    assert plain(captions.timing(read(found), whole=True)).endswith(
        ": most accurate and fastest fly, 90.00 % in 3.00 s."
    )
    found["cells"] = []
    assert captions.timing(read(found), whole=False).endswith("nothing was measured.")


def test_verdicts_are_counted_and_the_largest_difference_named() -> None:
    found = example(("none", "fly", "disk ×4"), (8,))
    kinds = (("better", 2.0), ("equivalent", 0.1), ("undecided", -5.0))
    for pair, (verdict, mean) in zip(found["pairs"], kinds, strict=True):
        pair.update(verdict=verdict, mean=mean)
    assert captions.verdicts(read(found), 8) == (
        "Of 3 pairs after 8 epochs, 1 differs, 1 is equivalent and 1 is undecided. The largest difference: fly − none, +2.00 points. "
        "Thin lines: intervals for images like these; thick ones: on these test images."
    )


def test_the_gap_is_that_of_the_longest_runs() -> None:
    assert plain(captions.gap(read(example(("disk ×4",))))).endswith(
        "after 40 epochs, in points: disk ×4 +2.10."
    )
