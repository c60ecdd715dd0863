"""Files of a block that grow: they get their name when they are whole, and not before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from expand.archives.index import Tar
from expand.archives.members import end
from expand.archives.names import tar_name
from expand.storage.appending import AppendedFile
from expand.storage.folder import OutputFolder
from expand.storage.names import temporary_name


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


@contextmanager
def growing_file(folder: OutputFolder) -> Iterator[AppendedFile]:
    """Open a temporary file at the top of a folder; it is removed if it was not published."""
    file = AppendedFile(folder, temporary_name())
    try:
        yield file
    finally:
        file.close()
        folder.remove(file.name)


def publish(file: AppendedFile, name: str, *, sync: bool) -> None:
    """Give a file its name, in the place of an earlier one."""
    if sync:
        file.sync()
    file.check()
    file.close()
    file.folder.rename(file.name, name)
