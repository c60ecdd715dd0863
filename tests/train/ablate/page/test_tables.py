"""The numbers of an ablation in rows: each of them stands in what was found."""

from __future__ import annotations

from tests.train.ablate.page.example import ablation
from tests.train.compare.page.test_tables import stray
from train.ablate.page import tables


def test_every_number_of_a_table_stands_in_the_entry_that_its_row_shows() -> None:
    found = ablation()
    shown = tables.ordered(found)
    screens = [
        row | {"fell": row["accuracy"] - row["plain"]}
        for rows in tables.screens(found).values()
        for row in rows
    ]
    cases = [
        (tables.effects(found), shown),
        (tables.every_effect(found), shown),
        (tables.screen(found), screens),
        (tables.cells(found["check"]), found["check"]["cells"]),
        (tables.pairs(found["check"]), found["check"]["pairs"]),
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


def test_the_technique_that_gains_most_comes_first_everywhere() -> None:
    found = ablation()
    names = [
        row["technique"].replace(" ×", "\u00a0×").replace("× ", "×\u00a0").replace(" %", "\u00a0%")
        for row in tables.ordered(found)
    ]
    assert [row["mean"] for row in tables.ordered(found)] == sorted(
        (row["mean"] for row in found["techniques"]), reverse=True
    )
    for table in (tables.effects(found), tables.every_effect(found)):
        assert [row[0] for row in table.rows] == names
    assert list(dict.fromkeys(row[0] for row in tables.screen(found).rows)) == names


def test_seeds_are_still_needed_only_where_it_is_undecided() -> None:
    found = ablation()
    undecided = [row for row in found["techniques"] if row["says"] == "undecided"]
    assert [row["technique"] for row in undecided] == ["scale × 0.9 … 1.1"]
    assert [row[-1] for row in tables.effects(found).rows] == ["–", "–", "–", "about 7", "–", "–"]
    undecided[0]["more_seeds"] = None
    assert tables.effects(found).rows[3][-1] == "more than 1,000"


def test_without_intervals_there_are_no_p_values_either() -> None:
    row = tables.effects(ablation(seeds=1)).rows[0]
    assert row[3:6] == ("–", "–", "–")
    assert tables.every_effect(ablation(seeds=1)).rows[0][-2:] == ("–", "–")
    assert {row[2] for row in tables.cells(ablation(seeds=1)["check"]).rows} == {"–"}


def test_the_most_harmed_classes_come_first() -> None:
    entries = tables.class_entries(ablation())
    lowest = min(entries, key=lambda entry: entry["mean"])
    assert entries[0]["class"] == lowest["class"]
    assert len(entries) == 60
    assert {entry["against"] for entry in entries} == {"the runs without it"}
    assert {entry["against"] for entry in tables.class_entries(ablation(design="single"))} == {
        "none"
    }


def test_of_many_flagged_classes_three_are_named() -> None:
    flag = {"class": "Sneaker", "before": 92.4, "after": 0.7, "taken_for": "Bag"}
    assert tables.flags([]) == ""
    assert tables.flags([flag]).replace("\u00a0", " ") == '"Sneaker" 92 → 1 %, taken for "Bag"'
    assert tables.flags([flag] * 5).count("Sneaker") == 3
    assert tables.flags([flag] * 5).endswith("; and 2 more")


def test_the_design_says_what_is_on_in_which_run() -> None:
    found = ablation(("a", "b"))
    table = tables.design(found)
    assert table.columns == ("run", "a", "b")
    assert table.rows[0] == ("run 1", "on", "on")
    assert table.rows[-1] == ("run 12", "–", "–")
    assert sum(row[1] == "on" for row in table.rows) == 6
    assert tables.alike(found)
    assert not tables.alike(ablation())


def test_an_effect_without_a_verdict_counts_as_undecided() -> None:
    assert [tables.mark({"says": says}) for says in ("changes nothing", "new")] == [
        "identical",
        "undecided",
    ]
