"""Bytes changed at random, as fuzzers do it: flipped, cut, doubled, mixed with others, and with pieces of markup."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.security.parsers import FRAGMENTS

_PIECES = [one.encode() for one in FRAGMENTS.values()] + [
    *(
        b"\0",
        b"\xff",
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        b"\x80\0\0\0",
        b"\0\0\0\0",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
    ),
    *(
        b"\xed\xb2\x80",
        b"\xc3\x28",
        b"999999999999999999",
        b"-1",
        b"1e999",
        b"&#55296;",
        b"&#x110000;",
        b"]]>",
        b"<![CDATA[",
    ),
    *(
        b"+2AA-",
        b"xmlns:a='b' ",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
        b"!!set",
        b"!!python/name:os.system",
        b"*a",
        b"&a ",
    ),
]


def mutated(content: bytes, random_: random.Random, *, others: Sequence[bytes], most: int) -> bytes:
    """Return content after one to eight changes, at most `most` bytes of it."""
    for _ in range(random_.randint(1, 8)):
        content = _changed(content, random_, others)[:most]
    return content


def _changed(content: bytes, random_: random.Random, others: Sequence[bytes]) -> bytes:
    start, end = sorted(random_.randint(0, len(content)) for _ in range(2))
    end = min(end, start + random_.choice((1, 4, 64, 4096)))
    before, piece, after = content[:start], content[start:end], content[end:]
    match random_.randint(0, 7):
        case 0:
            return before + bytes(byte ^ (1 << random_.randint(0, 7)) for byte in piece[:4]) + piece[4:] + after
        case 1:
            return before + after
        case 2:
            return before + piece * random_.choice((2, 3, 20, 1000)) + after
        case 3:
            return before + random_.choice(_PIECES) + piece + after
        case 4:
            return before + random_.choice(_PIECES) * random_.choice((2, 50, 5000, 50_000)) + after
        case 5:
            other = random_.choice(others)
            at = random_.randint(0, len(other))
            return before + other[at : at + random_.choice((16, 512, 8192))] + after
        case 6:
            return before + random_.randbytes(len(piece[:8])) + piece[8:] + after
        case _:
            return content[:end] if random_.random() < 0.5 else content[start:]
