"""The hub: what a repository holds, and its bytes.

Where the hub is, huggingface_hub knows (`HF_ENDPOINT` changes it), unless a mirror is named. A mirror must speak the
hub's API: `api/models/NAME/revision/REVISION?blobs=True` and `NAME/resolve/REVISION/FILE`. Who is signed in at the hub
is not told to a mirror.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from dropdub.engines.catalogue import Source
from dropdub.errors import DownloadFailed, DownloadRefused, EngineMissing, UsageError

_PASSING = {408, 425, 429, 500, 502, 503, 504}
_REFUSALS = {
    401: "wants to know who asks, or has no such model",
    403: "does not let this account have it",
    404: "does not have it",
}


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository. `sha256` is known of large files; `blob` is git's name for the content of small ones."""

    repository: str
    revision: str
    name: str
    size: int
    sha256: str | None
    blob: str | None


class Hub:
    """One hub or mirror. `timeout_s` is how long it may be silent."""

    def __init__(self, mirror: str | None = None, *, timeout_s: float = 30.0) -> None:
        _need_package()
        # Else the library tells the hub about this machine, and asks it more than it is asked to; also with a mirror.
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from huggingface_hub import constants  # noqa: PLC0415

        self.endpoint = (_checked(mirror) if mirror else constants.ENDPOINT).rstrip("/")
        self.timeout_s = timeout_s
        self._token = False if mirror else None

    def files(self, source: Source, revision: str) -> list[RemoteFile]:
        """Return the files of a source that a model is made of, at a revision.

        Raises DownloadRefused, and DownloadFailed for what may pass.
        """
        from huggingface_hub import HfApi  # noqa: PLC0415

        api = HfApi(endpoint=self.endpoint, token=self._token)
        with self._told(source.repository), self._understood(source.repository):
            info = api.model_info(
                source.repository, revision=revision, files_metadata=True, timeout=self.timeout_s, token=self._token
            )
        there = {sibling.rfilename: sibling for sibling in info.siblings or ()}
        names = [self._first(source, choice, there) for choice in source.files]
        names += [name for name in source.optional if name in there]
        return [self._file(source, info.sha or revision, there[name]) for name in names]

    @contextmanager
    def opened(self, file: RemoteFile, *, start: int) -> Iterator[Any]:
        """Give the answer of the hub to the wish for a file from byte `start` on. Raises as `files` does."""
        from huggingface_hub import hf_hub_url  # noqa: PLC0415
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status  # noqa: PLC0415

        url = hf_hub_url(file.repository, file.name, revision=file.revision, endpoint=self.endpoint)
        headers = {**build_hf_headers(token=self._token), "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        ask = get_session().stream("GET", url, headers=headers, timeout=self.timeout_s, follow_redirects=True)
        with self._told(f"{file.repository}, {file.name}"), ask as answer:
            if answer.status_code >= 400:
                answer.read()
            hf_raise_for_status(answer)
            yield answer

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn what the hub's library raises into errors with sentences."""
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled  # noqa: PLC0415

        # The library has changed from one HTTP package to its successor: what its own error derives from is the one.
        transport_error: type[Exception] = HfHubHTTPError.__bases__[0]
        try:
            yield
        except HfHubHTTPError as error:
            raise self._refusal(what, error.response.status_code) from error
        except OfflineModeIsEnabled as error:
            message = "HF_HUB_OFFLINE is set: nothing is downloaded."
            raise DownloadRefused(message, remedy="Unset it, or copy the model's folder into models.dir.") from error
        except transport_error as error:
            raise DownloadFailed(f"{self._place()} cannot be reached, or went silent ({_why(error)}).") from error

    @contextmanager
    def _understood(self, what: str) -> Iterator[None]:
        """Turn what the hub's library stumbles over into an error: somebody else's page, on a network that asks to
        sign in, is an answer too.
        """
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DownloadRefused(f"{self._place()} does not answer as a hub does: {what}.") from error

    def _refusal(self, what: str, status: int) -> DownloadFailed | DownloadRefused:
        if status in _PASSING:
            return DownloadFailed(f"{self._place()} is busy or out of order (status {status}).")
        says = _REFUSALS.get(status, "refuses it")
        return DownloadRefused(f"{what}: {self._place()} {says} (status {status}).")

    def _place(self) -> str:
        return urlsplit(self.endpoint).netloc

    def _first(self, source: Source, choice: str, there: Mapping[str, Any]) -> str:
        for name in choice.split("|"):
            if name in there:
                return name
        raise DownloadRefused(f"{source.repository} has no {choice.replace('|', ' or ')} at {self._place()}.")

    def _file(self, source: Source, revision: str, sibling: Any) -> RemoteFile:
        if not isinstance(sibling.size, int):
            raise DownloadRefused(f"{self._place()} does not say how large {sibling.rfilename} is.")
        sha256 = sibling.lfs.sha256 if sibling.lfs else None
        return RemoteFile(source.repository, revision, sibling.rfilename, sibling.size, sha256, sibling.blob_id)


def _checked(mirror: str) -> str:
    parts = urlsplit(mirror)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(
            f"'{mirror}' is not an address of a mirror.", remedy="Write it as https://HOST or http://HOST."
        )
    return mirror


def _need_package() -> None:
    if find_spec("huggingface_hub") is None:
        raise EngineMissing(
            "Pulling models needs the Python package huggingface_hub, which is not installed.",
            remedy="Install it with: pip install 'dropdub[quality]'",
        )


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
