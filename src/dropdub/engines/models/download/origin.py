"""A place that a model is downloaded from, its files, and their bytes as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dropdub.engines.models.known import Source
from dropdub.engines.models.places import Place

Advance = Callable[[int], None]
"""Takes how many bytes arrived; a negative number if some were discarded."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository at a commit; both are empty for a file that is identified by its content only.

    `name` is that in the model's folder, `path` the one in the repository.
    `sha256` is known for large files, and for all pinned or remembered files; `blob`, git's hash of the content, for
    small ones. `is_known`: the content was known before the server was asked.
    """

    repository: str
    revision: str
    name: str
    path: str
    size: int
    sha256: str | None
    blob: str | None = None
    is_known: bool = False


@dataclass(frozen=True)
class Content:
    """The content of a file as it arrives: from byte `start` on, in `blocks`.

    `length` is how many bytes were announced; None if that is not known. `extend` moves the time limit to that many
    seconds from now.
    """

    blocks: Iterator[bytes]
    start: int = 0
    length: int | None = None
    extend: Callable[[float], None] = lambda _seconds: None


class Meter(Protocol):
    """Shows the progress of a pull."""

    def begin(self, total: int) -> None:
        """Start, or start over with another place: `total` bytes. `advance` also gets those that are here already."""

    def advance(self, count: int) -> None:
        """Add bytes that have arrived; a negative number was discarded."""

    def say(self, line: str) -> None:
        """Show a line to a person."""


@dataclass(frozen=True)
class Supply:
    """Files that are about to be downloaded.

    `place` is where they come from, for people; `download_bytes` what has to be transferred, and `scratch_bytes` what
    needs disk space besides the files. `opened` gives the content of a file from a byte on. `advance` is called with
    what is written.
    """

    place: str
    download_bytes: int
    opened: Callable[[RemoteFile, int], AbstractContextManager[Content]]
    advance: Advance
    scratch_bytes: int = 0


class Origin(Protocol):
    """A place to download models from. Errors are DownloadRefused, and DownloadFailed if a retry may help."""

    @property
    def kind(self) -> Place: ...

    @property
    def place(self) -> str:
        """Its name, for messages."""

    def files(self, source: Source) -> list[RemoteFile]:
        """Return the files of a source that belong to a model."""

    def supply(
        self, sources: Sequence[Source], files: Sequence[RemoteFile], *, scratch: Path, meter: Meter
    ) -> AbstractContextManager[Supply]:
        """Make these files available during the block.

        `scratch` is a path for a temporary folder, on the disk of the models; it is removed at the end of the block.
        """


def pinned_files(source: Source) -> list[RemoteFile]:
    """Return the files of a source whose contents are all known."""
    return [pinned_file(source, source.revision, name) for name in source.pinned_names()]


def pinned_file(source: Source, commit: str, name: str) -> RemoteFile:
    """Return a file of known content."""
    pin = source.pins[name]
    revision = commit if source.repository else ""
    return RemoteFile(source.repository, revision, name, source.path(name), pin.size, pin.sha256, is_known=True)


def total_size(files: Sequence[RemoteFile]) -> int:
    return sum(file.size for file in files)
