"""All files of a job as one ZIP file, written while it is sent: nothing is put on the disk for it."""

from __future__ import annotations

import contextlib
import os
import time
import zipfile
from collections.abc import AsyncIterator, Generator, Iterator
from typing import BinaryIO

from dropdub.files.durable import blocks
from dropdub.files.held import HeldFolder
from dropdub.root import Root
from dropdub.store.views import JobView
from dropdub.web.answering.downloads import BLOCK_BYTES
from dropdub.web.answering.outgoing import Outgoing
from dropdub.web.jobs.outputs import opened_outputs
from dropdub.web.site import Site


async def archive_of(site: Site, job: JobView) -> AsyncIterator[bytes]:
    """Yield the ZIP file piece by piece. Raises ApiError 404 before the first one if the job has no outputs."""
    pieces = _pieces(job, site.place.root)
    try:
        while (piece := await site.run(next, pieces, None)) is not None:
            yield piece
    finally:
        with contextlib.suppress(ValueError):  # a thread is still in it, and it ends when that one does
            pieces.close()


def _pieces(job: JobView, root: Root) -> Generator[bytes]:
    outgoing = Outgoing()
    with (
        opened_outputs(job, root) as (folder, names),
        zipfile.ZipFile(outgoing, "w", zipfile.ZIP_STORED) as archive,
    ):
        for name in names:
            yield from _file(archive, outgoing, folder, name)
    yield outgoing.taken()


def _file(archive: zipfile.ZipFile, outgoing: Outgoing, folder: HeldFolder, name: str) -> Iterator[bytes]:
    with folder.read(name) as reader, _entry(archive, name, os.fstat(reader.fileno()).st_mtime) as entry:
        for block in blocks(reader, BLOCK_BYTES):
            entry.write(block)
            yield outgoing.taken()


def _entry(archive: zipfile.ZipFile, name: str, modified: float) -> BinaryIO:
    at = time.localtime(modified)
    year = min(max(at.tm_year, 1980), 2107)  # the years that the format knows
    entry = zipfile.ZipInfo(name, (year, at.tm_mon, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec))
    # Larger than 4 GB or not: that is known only at its end.
    return archive.open(entry, "w", force_zip64=True)  # type: ignore[return-value]  # a writer
