"""Append bytes to an upload's file: hashed, flushed at intervals, never more than announced or than fit on the disk."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import BinaryIO, Protocol

from dropdub.errors import TooLarge
from dropdub.failpoints import reach
from dropdub.files.durable import flush
from dropdub.units import format_size
from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads.digest import Bytes, Digest
from dropdub.web.uploads.limits import room_for
from dropdub.web.uploads.upload import Upload

KEEP_EVERY = 32 << 20
"""Bytes after which a long request is flushed: what is sent again if the program is killed. As much as pages send in
one request."""
LOOK_EVERY = 256_000_000
"""Bytes after which the free space is looked at again."""


class Check(Protocol):
    """A checksum of a request's body, which its sender has announced."""

    def add(self, block: Bytes) -> None: ...

    def verify(self) -> None:
        """Raise ApiError if the body that was added has another checksum."""


class Writing:
    """The open file of an upload. All methods block: call them in a thread, one at a time.

    `keep` records how far the upload is, durably; without it, `close` returns to the last recorded offset. With a
    `check`, nothing is recorded before the whole body has passed it.
    """

    def __init__(
        self,
        upload: Upload,
        file: BinaryIO,
        digest: Digest,
        *,
        most: int,
        save: Callable[[Upload, Digest], None],
        look: Callable[[Upload], None],
        check: Check | None = None,
    ) -> None:
        self.upload = upload
        self._file, self._digest = file, digest.copy()
        self._most, self._save, self._look, self._check = most, save, look, check
        self.offset = upload.received
        self._next_look = upload.received + LOOK_EVERY

    def write(self, parts: Sequence[Bytes]) -> None:
        """Append bytes. Raises ApiError: 413 beyond what is allowed, 507 if the disk is full."""
        with room_for(self.upload.name):
            for part in parts:
                self._append(part)
            if self._check is None and self.offset - self.upload.received >= KEEP_EVERY:
                self._keep()

    def _append(self, part: Bytes) -> None:
        if self.offset + len(part) > self._most:
            raise self._too_large()
        if self.offset >= self._next_look:
            self._look(replace(self.upload, received=self.offset))
            self._next_look += LOOK_EVERY
        self._write(memoryview(part))
        self._digest.add(part, self.offset)
        if self._check:
            self._check.add(part)
        self.offset += len(part)

    def _write(self, rest: memoryview) -> None:
        reach("upload.write")
        while rest:
            rest = rest[os.write(self._file.fileno(), rest) :]

    def _too_large(self) -> ApiError:
        name, most = self.upload.name, format_size(self._most)
        if self.upload.size is not None:
            return ApiError(413, f"More bytes of {name} were sent than the {most} that were announced.", "TooLarge")
        remedy = "Make it smaller, or raise limits.max_size in config.yaml."
        return ApiError(413, f"{name} is too large: at most {most} is allowed.", TooLarge.__name__, remedy=remedy)

    def verify(self) -> None:
        """Confirm that the whole body has come. Raises ApiError if it does not have the announced checksum."""
        if self._check is not None:
            self._check.verify()
            self._check = None

    def close(self) -> Upload:
        """Flush and record what was written, or remove it if it was not verified; return the upload.

        Raises ApiError 507 if the disk has no room for the record.
        """
        with self._file:
            self._settle()
        return self.upload

    def _settle(self) -> None:
        """Record what was written; whatever cannot be recorded is cut off."""
        try:
            with room_for(self.upload.name):
                if self._check is None and self.offset > self.upload.received:
                    self._keep()
        finally:
            os.ftruncate(self._file.fileno(), self.upload.received)

    def _keep(self) -> None:
        reach("upload.written")
        flush(self._file)
        reach("upload.flushed")
        kept = replace(self.upload, received=self.offset, changed=time.time())
        self._save(kept, self._digest.copy())
        self.upload = kept
