"""A shard: a fair share of the files of a dataset, which one of several jobs works on."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from expand.errors import ExpandError
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.listing import Listing
from expand.layouts.source import Source
from expand.records.manifest import SHARDS

MOST = 100_000


class Shard(NamedTuple):
    """Job `number` of as many as `of`, from 1."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read "2/8"; raise ExpandError for anything else."""
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
        shard = cls(int(match[1]), int(match[2])) if match else cls(0, 0)
        if not 1 <= shard.number <= shard.of <= MOST:
            raise ExpandError(
                f"--shard must be I/N with 1 ≤ I ≤ N ≤ {MOST:,}, for example 2/8; got {text!r}"
            )
        return shard

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def has(self, source_id: str) -> bool:
        """Tell whether a file is in this shard: that depends on nothing but its path."""
        digest = blake2b(source_id.encode("utf-8", "surrogateescape"), digest_size=8, key=b"shard")
        return int.from_bytes(digest.digest(), "big") % self.of == self.number - 1

    def records(self, out: Path) -> Path:
        """Return the folder of its records."""
        return out / SHARDS / f"{self.number}-of-{self.of}"

    def share(self, dataset: Dataset) -> Dataset:
        """Return a dataset with the files of this shard only, and close the whole one."""
        whole = dataset.listing
        summary = whole.summary.without_files()

        def mine(source: Source) -> bool:
            return self.has(source.id)

        try:
            listing = Listing(filter(mine, whole.files()), summary)
        finally:
            whole.close()
        return replace(dataset, listing=listing)
