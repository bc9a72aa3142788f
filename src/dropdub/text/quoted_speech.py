"""Find what somebody says in a line of prose: between quotation marks, or after a dash. Pure, in linear time.

Dashes as Portuguese, Spanish and French write them: `— Olá — disse ele. — Tudo bem?`, `—Hola —dijo él—. ¿Qué tal?`,
and `--Olá!--disse ele.--Tudo bem?` in plain texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dropdub.sentence_ends import MARKS

_PAIRS = ("“”", "«»", "»«", "„“”", "「」", "『』")
"""Opening marks, each with what closes it. German writes „…“ and »…«."""
_CLOSED = r"(?<!\w){open}(?:[^{all}]++|{open}[^{all}]*+[{close}])*+[{close}]"
"""With quotations of the same marks within it, as French has them."""
_UNCLOSED = r"(?<!\w){open}[^{all}]*+$"
_QUOTES = re.compile(
    "|".join(
        form.format(open=re.escape(pair[0]), all=re.escape(pair), close=re.escape(pair[1:]))
        for pair in _PAIRS
        for form in (_CLOSED, _UNCLOSED)
    )
    + r'|(?<!\w)"[^"]*+(?:"|$)'
    # The same character is an apostrophe, so only a mark before it shows that it closes.
    + r"|(?<!\w)‘[^‘]*?[.,!?…—–]’(?!\w)"
)
_AROUND = "".join(_PAIRS) + '"‘’ \t\u00a0\u202f'
_LISTED = (",", "、", "，")
_MARK = "(?:[—–―]|--)"
_DASH_FIRST = re.compile(rf"\s*{_MARK}\s*(?=\S)")
_DASH = re.compile(rf"\s+{_MARK}\s*|{_MARK}\s+|{_MARK}(?=[.,:;!?…])|(?<=[.,!?…]){_MARK}")
_STRAY = re.compile(r"[.,:;!?…]+\s*")
_LED_IN = frozenset(MARKS + ",:;—–―)")
_SOUNDED = frozenset("!?…！？")
_STOPS = frozenset(MARKS + ",;:—–―、，")


@dataclass(frozen=True)
class Part:
    """A part of a line. `is_said`: somebody in the text says it, rather than the narrator."""

    text: str
    is_said: bool


def parts_of(line: str) -> list[Part]:
    """Return the parts of a line in order, without the spaces between them and without dashes before speech.

    A quotation is said if it is a question or an exclamation, or if it begins the line or follows a mark (`He said:
    “Go`) and ends with one (`“Hello,” he said`) or with the line: not the title in `He read “Hamlet” again`. If it has
    no end, it lasts until the line's end.
    """
    dash = _DASH_FIRST.match(line)
    found = _dashed(line[dash.end() :]) if dash else _quoted(line)
    return _joined(part for part in found if part.text)


def _quoted(line: str) -> Iterator[Part]:
    place, end, was_said = 0, 0, False
    for quote in _QUOTES.finditer(line):
        is_said = _is_said(line, quote)
        between = line[end : quote.start()].strip() if end else "-"
        if between in _LISTED or (was_said and not between):
            is_said = was_said  # the titles of a list, or all that somebody says
        if is_said:
            yield Part(line[place : quote.start()].strip(), is_said=False)
            yield Part(quote[0], is_said=True)
            place = quote.end()
        end, was_said = quote.end(), is_said
    yield Part(line[place:].strip(), is_said=False)


def _is_said(line: str, quote: re.Match[str]) -> bool:
    inside, before, after = quote[0].strip(_AROUND), line[: quote.start()].rstrip(), line[quote.end() :].lstrip()
    if not inside:
        return False
    if inside[-1] in _SOUNDED:
        return True
    is_led_in = not before or before[-1] in _LED_IN
    return is_led_in and (inside[-1] in _STOPS or not after or after[0] in ".,。、，")


def _dashed(line: str) -> Iterator[Part]:
    """Yield what is said, and what the narrator says of it: after a further dash, with a small letter."""
    is_said, place = True, 0
    for dash in _DASH.finditer(line):
        following = line[dash.end() :]
        if is_said and not following[:1].islower():
            continue
        stray = _STRAY.match(following)  # the stop of `—dijo él—. ¿Qué tal?`
        yield Part(line[place : dash.start()].strip() + (stray[0].strip() if stray else ""), is_said)
        place = dash.end() + (stray.end() if stray else 0)
        is_said = not is_said
    yield Part(line[place:].strip(), is_said)


def _joined(parts: Iterable[Part]) -> list[Part]:
    """Return parts, of which those without a letter belong to the part before, as do stops at the start of a part."""
    found: list[Part] = []
    for part in parts:
        stray = _STRAY.match(part.text) if found else None
        if stray:
            found[-1] = Part(found[-1].text + stray[0].strip(), found[-1].is_said)
        rest = Part(part.text[stray.end() :] if stray else part.text, part.is_said)
        if found and (rest.is_said == found[-1].is_said or not any(one.isalnum() for one in rest.text)):
            found[-1] = Part(f"{found[-1].text} {rest.text}".strip(), found[-1].is_said)
        elif rest.text:
            found.append(rest)
    return found
