"""Tables: every number is a number of the comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.train.compare.page.example import ARMS, example, read
from train.compare.page import cost_tables, sentences, tables
from train.report.tables import Table, facts

NUMBER = re.compile(r"([−+]?\d[\d,]*(?:\.(\d+))?)\s?(%|µs|ms|s|min|h|[kMGT]?B)?")
SCALES = {
    "%": 100,
    "µs": 1e6,
    "ms": 1e3,
    "min": 1 / 60,
    "h": 1 / 3600,
    "kB": 1e-3,
    "MB": 1e-6,
    "GB": 1e-9,
}


def numbers(entry: Any) -> Iterator[float]:
    """Yield all numbers of an entry."""
    if isinstance(entry, dict):
        entry = list(entry.values())
    if isinstance(entry, list):
        for part in entry:
            yield from numbers(part)
    elif isinstance(entry, int | float):
        yield float(entry)


def stray(cell: str, entry: Any, scale: float = 1) -> list[str]:
    """Return the numbers in a cell that no number of its entry rounds to; the last one's unit is that of all."""
    found = NUMBER.findall(cell)
    scale = SCALES.get(found[-1][2], scale) if found else scale
    known = [scale * value for value in numbers(entry)]
    shown = [
        (text, float(text.replace("−", "-").replace(",", "")), 0.501 * 10 ** -len(decimals))
        for text, decimals, _ in found
    ]
    return [
        text for text, value, half in shown if not any(abs(each - value) <= half for each in known)
    ]


def test_every_number_of_a_table_stands_in_the_entry_that_its_row_shows() -> None:
    found = example()
    order = {arm: index for index, arm in enumerate(ARMS)}
    cells = sorted(found["cells"], key=lambda cell: (order[cell["arm"]], cell["epochs_asked"]))
    pairs = [pair for pair in found["pairs"] if pair["epochs"] == 40]
    cases: list[tuple[Table, list[Any]]] = [
        (tables.accuracy(read(found)), cells),
        (tables.every_trial(read(found)), cells),
        (tables.pairs(read(found), 40), pairs),
        (tables.tests(read(found), 40), pairs),
        (cost_tables.costs(read(found)), found["costs"]),
        (cost_tables.break_even(read(found)), found["break_even"]),
        (tables.gaps(read(found)), [cell for cell in cells if cell["gap"]]),
        (cost_tables.seeds(read(found)), found["seeds"]),
    ]
    for table, entries in cases:
        assert len(table.rows) == len(entries) > 0
        for row, entry in zip(table.rows, entries, strict=True):
            for head, cell in list(zip(table.columns, row, strict=True))[1:]:
                if head not in ("verdict", "p (Holm)", "measured how") and not head.startswith(
                    "p, "
                ):
                    assert not stray(cell, entry, 100 if head == "SD, points" else 1), (
                        table.caption,
                        head,
                        row,
                    )


def test_seconds_with_the_expansion_are_those_of_training_and_of_the_expansion() -> None:
    found = example(("none", "disk ×4"), (40,))
    none, disk = read(found).summaries
    expansion = read(found).expansion_seconds
    assert set(expansion) == {"disk ×4"}
    assert tables.total_seconds(none, expansion) == none.seconds
    assert (
        tables.total_seconds(disk, expansion)
        == disk.seconds + found["costs"][1]["expansion_seconds"]
    )


def test_cells_come_arm_by_arm_the_shortest_first() -> None:
    found = example()
    found["cells"].reverse()
    assert [(each.arm.name, each.epochs_asked) for each in read(found).summaries_after()] == [
        (arm, k) for arm in ARMS for k in (8, 40)
    ]


def test_epochs_have_a_column_only_where_the_budget_made_them_differ() -> None:
    found = example()
    assert "epochs trained" not in tables.accuracy(read(found)).columns
    found["cells"][0]["epochs_trained"] = 9
    assert tables.accuracy(read(found)).columns[-1] == "epochs trained"
    assert tables.accuracy(read(found)).rows[0][-1] == "9"


def test_runs_that_are_missing_leave_their_place_empty() -> None:
    found = example(("none", "fly"), (8,))
    found["cells"][0]["accuracies"] = found["cells"][0]["accuracies"][:4]
    none, fly = tables.every_trial(read(found)).rows
    assert none[-2:] == ("–", "–")
    assert "–" not in fly


def test_rows_are_as_wide_as_their_heads() -> None:
    found = example()
    shown = [
        tables.accuracy,
        tables.every_trial,
        tables.speed,
        cost_tables.costs,
        cost_tables.break_even,
        tables.gaps,
        cost_tables.arms,
    ]
    for table in [show(read(found)) for show in shown] + [facts("Settings", found["settings"])]:
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_seeds_keep_their_digits() -> None:
    found = example()
    assert cost_tables.seeds(read(found)).rows[0][1] == "4271339851"
    assert dict(facts("Settings", found["settings"]).rows)["seed"] == "20261122"


def test_words_that_do_not_name_their_arm_get_it() -> None:
    found = example(("none", "disk ×4"))
    assert sentences.break_even(read(found)) == [
        "disk ×4: breaks even after 121 epochs (4 trials of 40)"
    ]
    assert sentences.smallest_gains(read(found)) == [found["worst"][1]["words"]]


def test_pairs_are_marked_with_their_verdicts() -> None:
    found = example()
    table = tables.pairs(read(found), 40)
    assert table.marks == tuple(pair["verdict"] for pair in found["pairs"] if pair["epochs"] == 40)
    assert all(one != other for one, other in pairwise(row[0] for row in table.rows))
