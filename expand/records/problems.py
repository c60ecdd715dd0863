"""Problems: what can be wrong with an output folder, and what the user can do about each."""

from __future__ import annotations

from typing import Literal, NamedTuple

from expand.records.card import CARD
from expand.records.manifest import MANIFESTS

Kind = Literal[
    "missing",
    "unreadable",
    "changed",
    "extra",
    "leftover",
    "unsorted",
    "misnamed",
    "unfinished",
    "removed",
    "miscounted",
    "lost",
    "damaged",
]


class Problem(NamedTuple):
    """One thing that is wrong with an output folder."""

    kind: Kind
    file: str
    detail: str

    def __str__(self) -> str:
        return f'"{self.file}" {self.detail}'

    @property
    def remedy(self) -> str:
        """What the user can do about it."""
        if self.file in (CARD, *MANIFESTS):
            return REMEDIES_OF_RECORDS.get(self.kind, RERUN)
        return REMEDIES.get(self.kind, RERUN)


RERUN = "Run expand again with the same options."
ANEW = "Run expand again with --overwrite."
NO_CARD = (
    f"Without {CARD}, expand neither resumes nor repairs the folder: put that file back, or expand "
    "into another folder."
)
REPAIR = "`expand verify OUT --repair` makes missing and changed files again."
EXTRA = (
    "Files that are not in the manifest are left alone; `expand verify OUT --move-unknown DIR` "
    "moves them."
)
REMEDIES: dict[Kind, str] = {
    "missing": REPAIR,
    "unreadable": REPAIR,
    "changed": REPAIR,
    "extra": EXTRA,
    "leftover": EXTRA,
    "damaged": REPAIR,
    "misnamed": "The manifest was changed; use --overwrite to start again.",
}
"""A run trusts a file of the right size, and never deletes what it did not write."""
REMEDIES_OF_RECORDS: dict[Kind, str] = {
    "missing": NO_CARD,
    "removed": ANEW,
    "unsorted": ANEW,
}
LEFTOVER = "is of a source that could not be used later, and is not in the manifest"
UNKNOWN: tuple[Kind, ...] = ("extra", "leftover")
