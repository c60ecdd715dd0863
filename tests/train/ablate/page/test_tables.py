"""Tables: every number of a row is a number of the result that it shows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.train.ablate.page.example import ablation
from tests.train.compare.page.test_tables import stray
from train.ablate.export.json import to_plain
from train.ablate.page import tables


def spaced(name: str) -> str:
    return name.replace(" ×", "\u00a0×").replace("× ", "×\u00a0").replace(" %", "\u00a0%")


def test_every_number_of_a_table_is_in_the_entry_of_its_row() -> None:
    result = ablation()
    plain = json.loads(json.dumps(to_plain(result)))
    assert result.check is not None
    names = [each.name for each in tables.ordered(result.techniques)]
    techniques = sorted(plain["techniques"], key=lambda row: names.index(row["technique"]))
    screens: list[dict[str, Any]] = sorted(
        (row | {"fell": row["accuracy"] - row["plain"]} for row in plain["screen"]),
        key=lambda row: names.index(row["technique"]),
    )
    cases = [
        (tables.effects(result.techniques), techniques),
        (tables.every_effect(result.techniques), techniques),
        (tables.screen(result), screens),
        (tables.accuracies(result.check), plain["check"]["cells"]),
        (tables.pairs(result.check), plain["check"]["pairs"]),
    ]
    for table, entries in cases:
        assert len(table.rows) == len(entries) > 0
        for row, entry in zip(table.rows, entries, strict=True):
            assert len(row) == len(table.columns)
            for head, cell in list(zip(table.columns, row, strict=True))[1:]:
                if head not in ("strength", "flagged classes", "verdict") and not cell.startswith(
                    "<"
                ):
                    assert not stray(cell.replace("\u00a0%", ""), entry), (table.caption, head, row)


def test_the_technique_with_the_largest_gain_comes_first() -> None:
    result = ablation()
    shown = tables.ordered(result.techniques)
    names = [spaced(each.name) for each in shown]
    assert [each.mean for each in shown] == sorted(
        (each.mean for each in result.techniques), reverse=True
    )
    for table in (tables.effects(result.techniques), tables.every_effect(result.techniques)):
        assert [row[0] for row in table.rows] == names
    assert list(dict.fromkeys(row[0] for row in tables.screen(result).rows)) == names


def test_more_seeds_are_needed_only_for_undecided_techniques() -> None:
    techniques = ablation().techniques
    undecided = [each for each in techniques if each.effect == "undecided"]
    assert [each.name for each in undecided] == ["scale × 0.9 … 1.1"]
    rows = tables.effects(techniques).rows
    assert [row[-1] for row in rows] == ["–", "–", "–", "about 7", "–", "–"]
    many = replace(undecided[0], verdict=replace(undecided[0].verdict, more_seeds=None))
    assert tables.effects([many]).rows[0][-1] == "more than 1,000"


def test_without_intervals_there_are_no_p_values_either() -> None:
    result = ablation(seeds=1)
    assert result.check is not None
    assert tables.effects(result.techniques).rows[0][3:6] == ("–", "–", "–")
    assert tables.every_effect(result.techniques).rows[0][-2:] == ("–", "–")
    assert {row[2] for row in tables.accuracies(result.check).rows} == {"–"}


def test_the_most_harmed_classes_come_first() -> None:
    entries = tables.class_differences(ablation())
    lowest = min(entries, key=lambda entry: entry.mean)
    assert entries[0].name == lowest.name
    assert len(entries) == 60
    assert {entry.against for entry in entries} == {"the runs without it"}
    single = tables.class_differences(ablation(design="single"))
    assert {entry.against for entry in single} == {"none"}


def test_the_design_shows_what_is_on_in_which_run() -> None:
    result = ablation(("a", "b"))
    table = tables.design(result)
    assert table.columns == ("run", "a", "b")
    assert table.rows[0] == ("run 1", "on", "on")
    assert table.rows[-1] == ("run 12", "–", "–")
    assert sum(row[1] == "on" for row in table.rows) == 6
    assert tables.has_equal_runs(result)
    assert not tables.has_equal_runs(ablation())


def test_a_technique_is_marked_with_its_verdict() -> None:
    technique = ablation().techniques[0]
    identical = replace(technique, verdict=replace(technique.verdict, verdict="identical"))
    table = tables.effects([identical])
    assert (table.rows[0][1], table.marks) == ("changes nothing", ("identical",))
