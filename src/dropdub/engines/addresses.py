"""Addresses of the web and of mail in a text. Pure."""

from __future__ import annotations

import re

ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>]*[^\s<>.,;:!?\"')\]]|(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++", re.IGNORECASE
)
"""An address, without the punctuation that follows it."""
