"""A folder with models, on this machine or a share: what another machine pulled, or a person copied there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dropdub.engines.models.download.origin import Content, Meter, RemoteFile, Supply, pinned_files, total_size
from dropdub.engines.models.known import Source
from dropdub.engines.models.places import Place
from dropdub.errors import DownloadRefused
from dropdub.files.durable import blocks
from dropdub.files.held import read_regular


class Collection:
    """A folder that has the model `name` in a subfolder of that name, or is the model's folder itself."""

    kind = Place.FOLDER

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder if folder.name == name and not (folder / name).is_dir() else folder / name

    @property
    def place(self) -> str:
        return str(self._folder)

    def files(self, source: Source) -> list[RemoteFile]:
        if not self._folder.is_dir():
            raise DownloadRefused(
                f"There is no folder {self._folder}.", remedy="Check its path, or choose another source."
            )
        return pinned_files(source)

    @contextmanager
    def supply(
        self, sources: Sequence[Source], files: Sequence[RemoteFile], *, scratch: Path, meter: Meter
    ) -> Iterator[Supply]:
        yield Supply(self.place, total_size(files), self._opened, meter.advance)

    @contextmanager
    def _opened(self, file: RemoteFile, start: int) -> Iterator[Content]:
        path = self._folder / file.name
        try:
            reader = read_regular(path)
        except OSError as error:
            raise DownloadRefused(
                f"{path} cannot be read ({error.strerror or error}).", remedy="Copy the model there again."
            ) from error
        with reader:
            reader.seek(start)
            yield Content(blocks(reader), start)
