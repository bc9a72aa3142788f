"""Languages by the codes and names of Whisper, which its clients compare with."""

from __future__ import annotations

from dropdub.languages import display_name, primary

_CODES = {"nb": "no", "jv": "jw"}
_NAMES = {
    "as": "assamese",
    "ba": "bashkir",
    "br": "breton",
    "haw": "hawaiian",
    "ht": "haitian creole",
    "ln": "lingala",
    "mg": "malagasy",
    "my": "myanmar",
    "sa": "sanskrit",
    "sd": "sindhi",
    "sl": "slovenian",
    "sn": "shona",
    "su": "sundanese",
    "tk": "turkmen",
    "yue": "cantonese",
}
"""Names of languages that Dropdub has no name for, or another one."""


def whisper_code(tag: str) -> str:
    """Return the code of a tag's language: `pt` for pt-BR, `no` for Bokmål."""
    code = primary(tag)
    return _CODES.get(code, code)


def whisper_name(tag: str) -> str:
    """Return the English name of a tag's language in lower case: `portuguese`; the code if it has no name."""
    code = primary(tag)
    return _NAMES.get(code) or display_name(code).lower()
