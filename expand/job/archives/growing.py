"""A tar that grows: it gets its name when it is whole, and not before."""

from __future__ import annotations

from hashlib import sha256

from expand.archives.index import Tar
from expand.archives.members import end
from expand.archives.names import tar_name
from expand.storage.appending import AppendedFile, publish


class GrowingTar:
    """A tar of which the samples are not all there yet."""

    def __init__(self, file: AppendedFile, block: int, view: int) -> None:
        self.file, self.block, self.view = file, block, view
        self.count, self.bytes, self._hash = 0, 0, sha256()

    def add(self, samples: list[bytes]) -> None:
        """Append samples, each the bytes of its members."""
        self.count += len(samples)
        self._append(b"".join(samples))

    def publish(self, *, sync: bool) -> Tar:
        """End the tar and give it its name; with `sync`, its bytes are on the disk before."""
        self._append(end(self.bytes))
        name = tar_name(self.block, self.view)
        publish(self.file, name, sync=sync)
        digest = self._hash.hexdigest()
        return Tar(name, self.block, self.view, self.count, self.bytes, digest)

    def _append(self, data: bytes) -> None:
        self.file.append(data)
        self._hash.update(data)
        self.bytes += len(data)
