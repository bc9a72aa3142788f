"""A hub's list of the files of a repository. It is untrusted, and checked before it is used."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dropdub.errors import DownloadRefused

COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ListedFile:
    """What a server says about a file that belongs to a model.

    `sha256` is given for large files, `blob` (git's hash of the content) for small ones.
    """

    name: str
    size: int
    sha256: str | None
    blob: str | None


def parsed(body: bytes, place: str, *, wanted: Mapping[str, str]) -> tuple[str, dict[str, ListedFile]]:
    """Return the commit and the wanted files of a list, by name; `wanted` are their names by path. Other files are
    ignored.

    Raises DownloadRefused if it is not such a list: it could be the sign-in page of a network, for example.
    """
    try:
        data = json.loads(body)
        commit = str(data["sha"])
        listed = [_file(sibling, wanted) for sibling in data["siblings"] if sibling["rfilename"] in wanted]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DownloadRefused(f"{place} does not answer as a hub does.") from error
    if not COMMIT.fullmatch(commit):
        raise DownloadRefused(f"{place} does not answer as a hub does: it does not say which commit it has.")
    return commit, {file.name: file for file in listed}


def _file(sibling: Mapping[str, Any], names: Mapping[str, str]) -> ListedFile:
    size, sha256, blob = sibling.get("size"), (sibling.get("lfs") or {}).get("sha256"), sibling.get("blobId")
    if type(size) is not int or size < 0:
        raise ValueError("a file without its size")
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise ValueError("a file with a malformed SHA-256")
    small = blob if sha256 is None and isinstance(blob, str) and COMMIT.fullmatch(blob) else None
    return ListedFile(names[sibling["rfilename"]], size, sha256, small)
