"""The hub that models come from, or a mirror that speaks as it does: what a repository holds, file by file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from http.client import HTTPException
from pathlib import PurePosixPath
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from dropdub.engines.catalogue import Source
from dropdub.errors import DownloadFailed, EngineMissing

BLOCK_BYTES = 1 << 20
TROUBLE = (OSError, HTTPException)
"""What a connection that breaks, stalls or never comes about raises; HTTPError is one of OSError."""


@dataclass(frozen=True)
class RemoteFile:
    """One file of a repository. One of the digests is known: `sha256` of the content, or git's `sha1` of it."""

    repository: str
    revision: str
    path: str
    size: int
    sha256: str | None
    sha1: str | None


class Hub:
    """A hub at `endpoint`; None is the one that the library huggingface-hub knows. `timeout_s` bounds each silence."""

    def __init__(self, endpoint: str | None, *, timeout_s: float) -> None:
        self._endpoint = (endpoint or _usual_endpoint()).rstrip("/")
        self._token = None if endpoint else os.environ.get("HF_TOKEN")  # a mirror is somebody else
        self._timeout_s = timeout_s

    def files(self, source: Source) -> list[RemoteFile]:
        """Return the files of a source. Raises DownloadFailed, and what is in `TROUBLE`."""
        url = f"{self._endpoint}/api/models/{source.repository}/revision/{quote(source.revision)}?blobs=true"
        with self._opened(Request(url)) as answer:
            try:
                listing = json.loads(answer.read())
                found = [_remote(source, listing["sha"], item) for item in listing["siblings"]]
            except (ValueError, KeyError, TypeError) as error:
                raise DownloadFailed(f"{self._endpoint} does not answer as a hub of models does.") from error
        wanted = [file for file in found if any(fnmatch(file.path, pattern) for pattern in source.files)]
        if not wanted:
            raise DownloadFailed(f"{self._endpoint} has no files of {source.repository} that are needed.")
        return wanted

    def content(self, file: RemoteFile, *, start: int) -> Iterator[bytes]:
        """Yield a file's content from byte `start` on. Raises as `files` does, and where the rest cannot be had."""
        place = f"{self._endpoint}/{file.repository}/resolve/{quote(file.revision)}/{quote(file.path)}"
        request = Request(place, headers={"Range": f"bytes={start}-"} if start else {})
        with self._opened(request) as answer:
            skipped = start if answer.status == 200 else 0  # a server that knows no ranges begins anew
            while block := answer.read(BLOCK_BYTES):
                yield block[skipped:]
                skipped = max(skipped - len(block), 0)

    def _opened(self, request: Request) -> Any:
        if self._token:  # for the hub itself, not for the server that it may send us on to
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            return urlopen(request, timeout=self._timeout_s)
        except HTTPError as error:
            error.close()
            if error.code >= 500 or error.code in (408, 429):
                raise
            raise _refused(error, request.full_url) from error


def _usual_endpoint() -> str:
    try:
        from huggingface_hub.constants import ENDPOINT  # noqa: PLC0415  (part of an extra)
    except ImportError as error:
        raise EngineMissing(
            "Where models come from is known to the extra 'quality', which is not installed.",
            remedy="Install it with: pip install 'dropdub[quality]'. Or name a mirror with --mirror.",
        ) from error
    return str(ENDPOINT)


def _remote(source: Source, revision: str, item: dict[str, Any]) -> RemoteFile:
    path = PurePosixPath(item["rfilename"])
    if path.is_absolute() or ".." in path.parts or "\\" in str(path) or ":" in str(path):
        raise DownloadFailed(f"The hub names a file that no model has: {path}.")
    large = item.get("lfs") or {}
    return RemoteFile(
        source.repository, revision, str(path), int(item["size"]), large.get("sha256"), item.get("blobId")
    )


def _refused(error: HTTPError, url: str) -> DownloadFailed:
    if error.code in (401, 403):
        remedy = "Accept its terms on the hub, set HF_TOKEN to your token, and pull again; or copy its folder here."
        return DownloadFailed(f"{url} is not given to everybody ({error.code}).", remedy=remedy)
    return DownloadFailed(f"{url} is not there ({error.code}).", remedy="Is the mirror's address right?")
