"""The server on which Mozilla publishes the models of Firefox Translations: the only module that knows its address.

The files are served as they are, under the names that Mozilla's records give them; a record never changes. No account
is needed, and no name, token or cookie is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from dropdub.engines.models.download.exchange import content_of, host_of, open_file, range_from
from dropdub.engines.models.download.origin import Content, Meter, RemoteFile, Supply, pinned_files, total_size
from dropdub.engines.models.known import Source
from dropdub.engines.models.places import Place

ADDRESS = "https://firefox-settings-attachments.cdn.mozilla.net"
_FOLDER = "main-workspace/translations-models"


class Publisher:
    """Mozilla's server. `timeout_s` is how long it may be silent."""

    kind = Place.PUBLISHER

    def __init__(self, address: str = ADDRESS, *, timeout_s: float = 30.0) -> None:
        self._address = address.rstrip("/")
        self._timeout_s = timeout_s

    @property
    def place(self) -> str:
        """The host name, for messages."""
        return host_of(self._address)

    def files(self, source: Source) -> list[RemoteFile]:
        return pinned_files(source)

    @contextmanager
    def supply(
        self, sources: Sequence[Source], files: Sequence[RemoteFile], *, scratch: Path, meter: Meter
    ) -> Iterator[Supply]:
        paths = {name: path for source in sources for name, path in source.published.items()}
        yield Supply(self.place, total_size(files), partial(self._opened, paths), meter.advance)

    @contextmanager
    def _opened(self, paths: Mapping[str, str], file: RemoteFile, start: int) -> Iterator[Content]:
        url = f"{self._address}/{_FOLDER}/{paths[file.name]}"
        with open_file(url, range_from(start), what=file.name, timeout_s=self._timeout_s) as answer:
            yield content_of(answer, start)
