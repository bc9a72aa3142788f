"""The old encodings that texts are found in, and those of each language, by their names in Python.

Left out are encodings of mainframes, and those that are rare and too easily mistaken for a usual one: of 40 characters
of French or Italian, every tenth would be Cyrillic of an old Macintosh.
"""

from __future__ import annotations

from functools import cache

from dropdub.languages import primary

_BY_LANGUAGE = {
    "pt": "cp1252 iso8859-1 iso8859-15 cp850 mac-roman cp860",
    "en es fr de it nl da sv nb nn fi ca gl eu is ga cy sq id ms tl sw af la eo oc": (
        "cp1252 iso8859-1 iso8859-15 cp850 mac-roman cp437"
    ),
    "cs pl hu sk sl hr bs ro": "cp1250 iso8859-2 cp852",
    "sr": "cp1251 cp1250 iso8859-5 iso8859-2 cp852",
    "ru uk bg mk be": "cp1251 koi8-r koi8-u iso8859-5 cp866 mac-cyrillic",
    "el": "cp1253 iso8859-7 cp737",
    "tr az": "cp1254 iso8859-9 cp857",
    "he yi": "cp1255 iso8859-8 cp862",
    "ar fa ur": "cp1256 iso8859-6",
    "lt lv": "cp1257 iso8859-13 cp775",
    "et": "cp1257 iso8859-13 iso8859-15 cp1252 cp775",
    "th": "cp874",
    "vi": "cp1258",
    "ja": "cp932 euc_jis_2004",
    "zh": "gb18030 big5hkscs",
    "ko": "cp949 euc_kr",
}
"""Of each language, the usual one first."""
CANDIDATES = tuple(dict.fromkeys(name for names in _BY_LANGUAGE.values() for name in names.split()))
SUPERSETS = {"iso8859-1": "cp1252", "iso8859-9": "cp1254", "euc_kr": "cp949"}
"""Windows' extensions of older standards: what the standard leaves out, such as curly quotes, may come later."""


@cache
def encodings_of(language: str | None) -> tuple[str, ...]:
    """Return the old encodings of a language, the usual one first; none for an unknown language."""
    code = primary(language or "")
    return next((tuple(names.split()) for codes, names in _BY_LANGUAGE.items() if code in codes.split()), ())
