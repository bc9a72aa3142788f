"""The SHA-256 of a file while it is received.

It is computed as the bytes arrive, so that nothing has to be read again. The state of a hash cannot be saved: after a
restart of the process the digest has seen nothing, and what it has missed is read from the file once, when the last
byte is there. Doing that when an upload is resumed would cost a reading of all its bytes for each restart, while its
sender waits.
"""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from dropdub.files.durable import blocks

Bytes = bytes | memoryview


class Digest:
    """The hash of the first `position` bytes of a file."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.position = 0

    def add(self, block: Bytes, at: int) -> None:
        """Add bytes that stand at an offset of the file. Bytes that do not follow those seen so far are skipped."""
        if at == self.position:
            self._hash.update(block)
            self.position += len(block)

    def copy(self) -> Digest:
        """Return a digest that is not affected by what is added to this one."""
        copy = Digest()
        copy._hash, copy.position = self._hash.copy(), self.position
        return copy

    def of_all(self, reader: BinaryIO) -> str:
        """Return the SHA-256 of a whole file in hex, after reading what was not seen."""
        reader.seek(self.position)
        for block in blocks(reader):
            self.add(block, self.position)
        return self._hash.hexdigest()
