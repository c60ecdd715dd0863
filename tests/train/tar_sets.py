"""Sets of tars, made from what `expand` wrote into class folders."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from zlib import crc32

from expand.archives.index import Tar, make_index
from expand.archives.members import end
from expand.archives.names import INDEX, Key, tar_name
from expand.archives.samples import Sample
from expand.records.manifest import Row, read_rows


def write_tars(expanded: Path, to: Path, blocks: int = 3) -> Path:
    """Write an expanded folder as tars, one for each block and view; return where they lie."""
    rows = list(read_rows(expanded))
    classes = sorted({row["label"] for row in rows})
    by_tar: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        block = crc32(row["source"].encode()) % blocks
        by_tar.setdefault((block, row["view"]), []).append(row)
    to.mkdir(parents=True, exist_ok=True)
    tars = []
    for (block, view), those in by_tar.items():
        samples = [
            Sample(
                Key(block, number, view),
                row["file_name"].rpartition(".")[2],
                (expanded / row["file_name"]).read_bytes(),
                classes.index(row["label"]),
                row,
            )
            for number, row in enumerate(those)
        ]
        data = b"".join(sample.to_members() for sample in samples)
        data += end(len(data))
        name = tar_name(block, view)
        (to / name).write_bytes(data)
        tars.append(Tar(name, block, view, len(those), len(data), sha256(data).hexdigest()))
    factor = 1 + max(row["view"] for row in rows)
    extension = rows[0]["file_name"].rpartition(".")[2]
    (to / INDEX).write_bytes(make_index(classes, blocks, factor, extension, tars).to_json())
    card = json.loads((expanded / "expand.json").read_text())
    (to / "expand.json").write_text(json.dumps(card))
    return to
