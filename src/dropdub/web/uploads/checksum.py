"""The checksum of a request's body, as the header `Upload-Checksum` of tus announces it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from dropdub.web.answering.errors import ApiError
from dropdub.web.uploads.digest import Bytes

ALGORITHMS = ("sha1", "sha256")
"""tus requires SHA-1 of every server."""
MISMATCH = 460
"""The status that tus defines for it."""


class Checksum:
    """Compares the body with what its sender announced."""

    def __init__(self, algorithm: str, wanted: bytes) -> None:
        self._hash = hashlib.new(algorithm, usedforsecurity=False)
        self._wanted = wanted

    @staticmethod
    def announced(header: str | None) -> Checksum | None:
        """Return what a header announces; None without one. Raises ApiError 400 if it cannot be followed."""
        if header is None:
            return None
        algorithm, _, text = header.strip().partition(" ")
        if algorithm not in ALGORITHMS:
            raise ApiError(400, f"Upload-Checksum must use one of: {', '.join(ALGORITHMS)}.", param="Upload-Checksum")
        try:
            return Checksum(algorithm, base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError) as error:
            raise ApiError(400, "Upload-Checksum is not valid Base64.", param="Upload-Checksum") from error

    def add(self, block: Bytes) -> None:
        self._hash.update(block)

    def verify(self) -> None:
        """Raise ApiError 460 if the body that was added has another checksum."""
        if not hmac.compare_digest(self._hash.digest(), self._wanted):
            message = "The bytes that arrived do not have the announced checksum, and were discarded."
            raise ApiError(MISMATCH, message, "ChecksumMismatch", remedy="Send them again.")
