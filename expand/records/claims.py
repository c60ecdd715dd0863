"""Claims: the files that a run may have written without a row in the manifest.

A run that is killed leaves some, and so does a run that finds a source bad which an earlier one
could use. All other files without a row are not expand's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expand.layouts.names import COPY, copy_name, exchanged_from
from expand.records.card import FINISHED, derived_names
from expand.records.manifest import BEGUN, PART, Record, begun_names, find_parts, read_records
from expand.records.rows import NotJsonError
from expand.storage.reading import open_record, read_lines


@dataclass(frozen=True)
class Claims:
    """The sources that may have files without a row, and how such files are named."""

    factor: int
    format: str
    begun: Callable[[str], bool]
    """Whether a run may have begun to write files of a source."""
    labelled: bool = False
    """Whether a source can lie at the top of the folder."""
    others: frozenset[str] = frozenset()
    """Label files of such sources, and set-wide files."""

    def has(self, name: str) -> bool:
        """Tell whether a file without a row may be one that a run wrote."""
        return name in self.others or any(
            k < self.factor and ("/" in source or self.labelled) and self.begun(source)
            for source, k in self._made_from(name)
        )

    def has_temporary(self, name: str) -> bool:
        """Tell whether a name is the temporary one of such a file in earlier versions."""
        folder, _, base = name.rpartition("/")
        if not (base.startswith(".") and base.endswith(".part")):
            return False
        final = base[1 : -len(".part")]
        return self.has(f"{folder}/{final}") if folder else final == "expand.json"

    def _made_from(self, name: str) -> Iterator[tuple[str, int]]:
        """Yield the source and the view that a file of this name would be."""
        yield name, 0
        if match := COPY.match(name):
            stem, k = match["stem"], int(match["view"])
            for source in (stem + match["suffix"], stem):
                if copy_name(source, k, self.format) == name:
                    yield source, k
                    yield from ((other, k) for other in exchanged_from(source))


def read_claims(folder: Path, card: dict[str, Any], src: Path) -> Claims:
    """Return the claims of the runs that a run card and the parts beside it tell of."""
    settings = card["settings"]
    factor, format_ = largest_factor(settings), settings["format"]
    if card["state"] != FINISHED and has_old_parts(folder):
        return Claims(factor, format_, lambda source: (src / source).is_file())
    begun = {bad["source"] for bad in card.get("bad", ())}
    for record in read_records(folder, ordered=False):
        if record.begun and len(record.views) < _views_of(record, settings):
            begun.add(record.source)
    others = frozenset([*_begun_files(folder, begun), *derived_names(card)])
    return Claims(factor, format_, begun.__contains__, "dataset" in settings, others)


def largest_factor(settings: dict[str, Any]) -> int:
    """Return the largest number of views of an image."""
    return max([int(settings["factor"]), *_factors(settings).values()])


def _factors(settings: dict[str, Any]) -> dict[str, int]:
    """Return the views of each class, if the settings have a balance; a card may be anyone's."""
    balance = settings.get("balance")
    factors = balance.get("factors") if isinstance(balance, dict) else None
    known = factors.items() if isinstance(factors, dict) else ()
    return {label: views for label, views in known if isinstance(views, int)}


def _views_of(record: Record, settings: dict[str, Any]) -> int:
    """Return how many files a source has when all of them are written."""
    label = json.loads(record.lines[0])["label"] if record.lines else ""
    # the classes of its objects, and so its views, are not known here
    views = (
        int(_factors(settings).get(label, settings["factor"]))
        if label
        else largest_factor(settings)
    )
    return views - int(settings.get("originals") == "none")


def _begun_files(folder: Path, begun: Container[str]) -> Iterator[str]:
    """Yield the label files that runs may have begun to write; rows name those of the others."""
    first = BEGUN.partition("{}")[0]
    for path in find_parts(folder):
        file = open_record(path) if path.name.startswith(first) else None
        if file is None:
            continue
        with file, suppress(NotJsonError):  # the last line may be cut off
            for line in read_lines(file, path):
                source, *names = begun_names(line)
                yield from names if source in begun else ()


def has_old_parts(folder: Path) -> bool:
    """Tell whether a run of an earlier version ended here: it did not note what it began."""
    names = {path.name for path in find_parts(folder)}
    first, last = PART.split("{}")
    return any(
        name.startswith(first) and BEGUN.format(name[len(first) : -len(last)]) not in names
        for name in names
    )
