"""The names of models that translate one pair of languages each. Pure."""

from __future__ import annotations

import re

QUICKMT = re.compile(r"quickmt-([a-z]{2,3})-([a-z]{2,3})")
OPUS = re.compile(r"opus-mt(?:-tc-big)?-([a-z]{2,3})-([a-z]{2,3})")
"""The source and the target in a model's name: a language, or a group of languages."""
CONVERTED_OPUS = re.compile(rf"{OPUS.pattern}-(?:ct2|ctranslate2)(?:-\w+)?")


def quickmt_name(source: str, target: str) -> str:
    return f"quickmt-{source}-{target}"


def converted_opus_name(source: str, target: str) -> str:
    """Return the name under which a conversion of OPUS-MT's model can be downloaded."""
    return f"opus-mt-{source}-{target}-ct2"
