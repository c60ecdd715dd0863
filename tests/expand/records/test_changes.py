"""Changes: messages name the options that differ, as they are typed."""

from __future__ import annotations

from expand.records.changes import describe_changes


def test_options_are_named_as_they_are_typed() -> None:
    earlier = {"seed": 0, "shard_size": 100, "group_by": None, "factor": 4}
    now = {"seed": 0, "shard_size": 200, "group_by": "x", "factor": 2}
    assert describe_changes(earlier, now, now) == (
        "--tar-size was 100, is 200; --group-by was not given, is x; --factor was 4, is 2"
    )


def test_of_the_reading_of_a_dataset_each_option_is_named() -> None:
    earlier = {"layout": "masks", "split": "", "visible": 0.1}
    now = {"layout": "voc", "split": "val", "visible": 0.1}
    assert describe_changes({"dataset": earlier}, {"dataset": now}, ["dataset"]) == (
        "--as was masks, is voc; --split was not given, is val"
    )
    assert describe_changes({"dataset": None}, {"dataset": now}, ["dataset"]) == (
        "the reading of the input (--as) was not given, is voc"
    )
