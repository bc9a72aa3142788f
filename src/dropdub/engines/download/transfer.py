"""One file of a model: resumed where it stopped, tried again when the line breaks or is silent, and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from dropdub.engines.download.hub import Hub, RemoteFile
from dropdub.errors import DownloadFailed
from dropdub.files import blocks, flush
from dropdub.removal import remove

Advance = Callable[[int], None]
"""Is told how many bytes came; a negative number where some are thrown away."""


@dataclass(frozen=True)
class Patience:
    """How often in a row a transfer may fail with nothing gained, and the pauses between."""

    attempts: int = 5
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0

    def retrying(self, *, stop: Callable[[RetryCallState], bool] | None = None) -> Retrying:
        """Return what tries again whatever may pass; `stop` says when to give up, if not after `attempts`."""
        return Retrying(
            retry=retry_if_exception_type(DownloadFailed),
            wait=wait_random_exponential(multiplier=self.first_wait_s, max=self.longest_wait_s),
            stop=stop or stop_after_attempt(self.attempts),
            reraise=True,
        )


def fetch(hub: Hub, file: RemoteFile, path: Path, *, patience: Patience, advance: Advance) -> str:
    """Bring a file to `path`, go on with what is there of it, and return its SHA-256 in hex.

    What was put together of several answers and is wrong is thrown away and fetched once more, in one go. Raises
    DownloadFailed, also where the content is not the one that the hub's own list names; nothing is left of it then.
    """
    part = _Part(file, path, advance)
    _complete(hub, part, patience)
    if not part.is_right() and part.is_patched:
        part.restart()
        _complete(hub, part, patience)
    if not part.is_right():
        part.restart()
        raise DownloadFailed(
            f"{file.name} came with another content than the list of {file.repository} names.",
            remedy="Nothing of it was kept. Try again later, or name another mirror: jobs models pull --mirror URL.",
        )
    return part.sha256


class _Part:
    """What is there of a file. Its hashes go along with what is written."""

    def __init__(self, file: RemoteFile, path: Path, advance: Advance) -> None:
        self.file, self.path = file, path
        self._advance = advance
        self._clear()
        self._take_up()
        self.is_patched = self.size > 0

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    @property
    def is_complete(self) -> bool:
        return self.size >= self.file.size and self.path.is_file()

    def is_right(self) -> bool:
        if self.file.sha256 is not None:
            known = self.sha256 == self.file.sha256
        else:
            known = self.file.blob in (None, self._blob.hexdigest())
        return known and self.size == self.file.size

    def restart(self) -> None:
        """Throw away what is there."""
        self._advance(-self.size)
        remove(self.path)
        self._clear()

    def take(self, answer: Any) -> None:
        """Write down what an answer of the hub brings, from where this part ends on."""
        if self.size and not _goes_on(answer, self.size):
            self.restart()
        self.is_patched = self.size > 0
        with self.path.open("ab") as writer:
            for block in answer.iter_raw():
                writer.write(block)
                self._count(block)
                if self.size > self.file.size:
                    break
            flush(writer)

    def _take_up(self) -> None:
        if self.path.is_file() and self.path.stat().st_size > self.file.size:
            remove(self.path)
        if self.path.is_file():
            with self.path.open("rb") as reader:
                for block in blocks(reader):
                    self._count(block)

    def _count(self, block: bytes) -> None:
        self._sha256.update(block)
        self._blob.update(block)
        self.size += len(block)
        self._advance(len(block))

    def _clear(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        # Git's name for a content: the only checksum that the hub gives for small files.
        self._blob = hashlib.sha1(f"blob {self.file.size}\0".encode(), usedforsecurity=False)


class _NothingGained:
    """Says when to give up: after so many attempts in a row that brought the file no further than ever before."""

    def __init__(self, part: _Part, attempts: int) -> None:
        self._part, self._attempts = part, attempts
        self._furthest, self._vain = part.size, 0

    def __call__(self, _: RetryCallState) -> bool:
        gained = self._part.size > self._furthest
        self._furthest = max(self._furthest, self._part.size)
        self._vain = 0 if gained else self._vain + 1
        return self._vain >= self._attempts


def _complete(hub: Hub, part: _Part, patience: Patience) -> None:
    """Bring a part to its full length. Raises DownloadFailed where that cannot be had, DownloadRefused."""
    retrying = patience.retrying(stop=_NothingGained(part, patience.attempts))
    retrying(_go_on, hub, part)


def _go_on(hub: Hub, part: _Part) -> None:
    if part.is_complete:
        return
    with hub.opened(part.file, start=part.size) as answer:
        part.take(answer)
    if not part.is_complete:
        raise DownloadFailed(f"{part.file.name} broke off after {part.size} of {part.file.size} bytes.")


def _goes_on(answer: Any, start: int) -> bool:
    """Return whether an answer begins where it was asked to: a server may send all from the beginning instead."""
    given = str(answer.headers.get("Content-Range", ""))
    return answer.status_code == 206 and given.startswith(f"bytes {start}-")
