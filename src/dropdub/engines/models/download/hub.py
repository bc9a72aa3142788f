"""The hub: what a repository holds, and its bytes.

Where the hub is, huggingface_hub knows (`HF_ENDPOINT` changes it), unless a mirror is named. A mirror must speak the
hub's way: `NAME/resolve/REVISION/FILE`, and for what is not pinned `api/models/NAME/revision/REVISION?blobs=true`.
The token of who is signed in at the hub is sent to no mirror, and to another `HF_ENDPOINT` only if it stands beside it
in the environment, as `HF_TOKEN`. Of what is pinned, nothing is asked but the bytes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote, urlsplit

from dropdub.engines.models.catalogue import Source
from dropdub.engines.models.download.exchange import Answer, answered, host_of, read_bounded
from dropdub.errors import DownloadFailed, DownloadRefused, EngineMissing, UsageError

_PASSING = {408, 425, 429, 500, 502, 503, 504}
_REFUSALS = {
    401: "wants to know who asks, or has no such model",
    403: "does not let this account have it",
    404: "does not have it",
}
_OWN_HOSTS = {"huggingface.co", "hf.co"}
_LONGEST_LIST = 4_000_000
_LIST_TIMES = 4
"""The list of a repository's files may take this many times as long as a server may be silent."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository, at a commit.

    `sha256` is known of large files, and of all that are pinned or remembered; `blob` is git's name for the content of
    small ones. `is_known`: the content was known before the server was asked.
    """

    repository: str
    revision: str
    name: str
    size: int
    sha256: str | None
    blob: str | None = None
    is_known: bool = False


class Hub:
    """One hub or mirror. `timeout_s` is how long it may be silent."""

    def __init__(self, mirror: str | None = None, *, timeout_s: float = 30.0) -> None:
        _need_package()
        # Else the library tells the hub about this machine, and asks it more than it is asked to; also with a mirror.
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from huggingface_hub import constants  # noqa: PLC0415

        self.endpoint = (_checked(mirror) if mirror else constants.ENDPOINT).rstrip("/")
        self.timeout_s = timeout_s
        self._token = _token(self.endpoint, is_mirror=mirror is not None)

    @property
    def place(self) -> str:
        return host_of(self.endpoint)

    def files(self, source: Source) -> list[RemoteFile]:
        """Return the files of a source that a model is made of; the server is asked for what is not pinned.

        Raises DownloadRefused, and DownloadFailed for what may pass.
        """
        if source.is_pinned:
            return [_pinned(source, source.revision, name) for name in source.pinned_names()]
        commit, there = _understood(self._listed(source), self.place, wanted=source.names())
        if _COMMIT.fullmatch(source.revision) and commit != source.revision:
            raise DownloadRefused(f"{self.place} gives another commit of {source.repository} than was asked for.")
        names = [self._first(source, choice, there) for choice in source.files]
        names += [name for name in source.optional if name in there]
        return [_pinned(source, commit, one) if one in source.pins else there[one].at(source, commit) for one in names]

    @contextmanager
    def opened(self, file: RemoteFile, *, start: int) -> Iterator[Answer]:
        """Give the hub's answer with a file from byte `start` on. Raises as `files` does."""
        url = f"{self.endpoint}/{file.repository}/resolve/{quote(file.revision, safe='')}/{quote(file.name)}"
        with self._answered(url, f"{file.repository}, {file.name}", start=start) as answer:
            given = answer.first_head.get("X-Repo-Commit")
            if given is not None and given != file.revision:
                raise DownloadRefused(f"{self.place} gives another commit of {file.repository} than was asked for.")
            yield answer

    def _listed(self, source: Source) -> bytes:
        url = f"{self.endpoint}/api/models/{source.repository}/revision/{quote(source.revision, safe='')}?blobs=true"
        with self._answered(url, source.repository) as answer:
            return read_bounded(answer, most=_LONGEST_LIST, within_s=_LIST_TIMES * self.timeout_s, place=self.place)

    @contextmanager
    def _answered(self, url: str, what: str, *, start: int = 0) -> Iterator[Answer]:
        from huggingface_hub.utils import build_hf_headers  # noqa: PLC0415

        headers = build_hf_headers(token=self._token) | ({"Range": f"bytes={start}-"} if start else {})
        with self._in_sentences(), answered(url, headers, timeout_s=self.timeout_s) as answer:
            status = answer.response.status_code
            if not 200 <= status < 300:
                raise self._refusal(what, status)
            yield answer

    @contextmanager
    def _in_sentences(self) -> Iterator[None]:
        """Turn what the hub's library and the HTTP package raise into errors with sentences."""
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled  # noqa: PLC0415

        # The library has changed from one HTTP package to its successor: what its own error derives from is the one.
        transport_error: type[Exception] = HfHubHTTPError.__bases__[0]
        no_address = import_module(transport_error.__module__.partition(".")[0]).InvalidURL
        try:
            yield
        except OfflineModeIsEnabled as error:
            message = "HF_HUB_OFFLINE is set: nothing is downloaded."
            raise DownloadRefused(message, remedy="Unset it, or copy the model's folder into models.dir.") from error
        except (UnicodeError, no_address) as error:
            raise DownloadRefused(f"{self.place} is no address of a server, or redirects to none.") from error
        except transport_error as error:
            raise DownloadFailed(f"{self.place} cannot be reached, or went silent ({_why(error)}).") from error

    def _refusal(self, what: str, status: int) -> DownloadFailed | DownloadRefused:
        if status in _PASSING:
            return DownloadFailed(f"{self.place} is busy or out of order (status {status}).")
        says = _REFUSALS.get(status, "refuses it")
        return DownloadRefused(f"{what}: {self.place} {says} (status {status}).")

    def _first(self, source: Source, choice: str, there: Mapping[str, _Listed]) -> str:
        """Return which file of a choice to fetch: one that is pinned, whatever else a server says that it has."""
        names = choice.split("|")
        for name in [name for name in names if name in source.pins] or names:
            if name in source.pins or name in there:
                return name
        raise DownloadRefused(f"{source.repository} has no {choice.replace('|', ' or ')} at {self.place}.")


@dataclass(frozen=True)
class _Listed:
    """What a server says of a file that a model is made of."""

    name: str
    size: int
    sha256: str | None
    blob: str | None

    def at(self, source: Source, commit: str) -> RemoteFile:
        return RemoteFile(source.repository, commit, self.name, self.size, self.sha256, self.blob)


def _pinned(source: Source, commit: str, name: str) -> RemoteFile:
    pin = source.pins[name]
    return RemoteFile(source.repository, commit, name, pin.size, pin.sha256, is_known=True)


def _understood(body: bytes, place: str, *, wanted: Collection[str]) -> tuple[str, dict[str, _Listed]]:
    """Return the commit, and what a server says of the files that are wanted; other names are not looked at.

    Somebody else's page, on a network that asks to sign in, is an answer too. Raises DownloadRefused.
    """
    try:
        data = json.loads(body)
        commit = str(data["sha"])
        listed = [_one(sibling) for sibling in data["siblings"] if sibling["rfilename"] in wanted]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DownloadRefused(f"{place} does not answer as a hub does.") from error
    if not _COMMIT.fullmatch(commit):
        raise DownloadRefused(f"{place} does not answer as a hub does: it does not say which commit it has.")
    return commit, {one.name: one for one in listed}


def _one(sibling: Mapping[str, Any]) -> _Listed:
    size, sha256, blob = sibling.get("size"), (sibling.get("lfs") or {}).get("sha256"), sibling.get("blobId")
    if type(size) is not int or size < 0:
        raise ValueError("a file without its size")
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise ValueError("a file with a wrong sum")
    small = blob if sha256 is None and isinstance(blob, str) and _COMMIT.fullmatch(blob) else None
    return _Listed(str(sibling["rfilename"]), size, sha256, small)


def _token(endpoint: str, *, is_mirror: bool) -> str | bool | None:
    """Return what to sign in with: None for what the library knows, False for nothing."""
    if is_mirror:
        return False
    is_own = urlsplit(endpoint).hostname in _OWN_HOSTS and endpoint.startswith("https:")
    return None if is_own else os.environ.get("HF_TOKEN") or False


def _checked(mirror: str) -> str:
    try:
        parts = urlsplit(mirror)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        where = mirror.rpartition("@")[2]  # what may be a password stands before it
        raise UsageError(f"'{where}' is not an address of a mirror.", remedy="Write it as https://HOST or http://HOST.")
    return mirror


def _need_package() -> None:
    if find_spec("huggingface_hub") is None:
        raise EngineMissing(
            "Pulling models needs the Python package huggingface_hub, which is not installed.",
            remedy="Install it with: pip install 'dropdub[quality]'",
        )


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
