"""Read what a language model answered: the translation of each number, or nothing that could be wrong. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, TypeVar

from dropdub.engines.translating.wordings import looks_wrong
from dropdub.language_server.exchange import said
from dropdub.untrusted.characters import as_read

_TAGS = r"think|thinking|thought|thoughts|reasoning|reflection|seed:think"
_THOUGHT = re.compile(
    rf"<(?:{_TAGS})(?:\s[^<>]{{0,99}})?>|\[THINK\]|\u25c1think\u25b7|<\|channel\|>analysis<\|message\|>", re.IGNORECASE
)
_END_OF_THOUGHT = re.compile(
    rf"</(?:{_TAGS})>|\[/THINK\]|\u25c1/think\u25b7|<\|channel\|>final<\|message\|>", re.IGNORECASE
)
_NOT_SAID = re.compile(
    rf"</?(?:{_TAGS})\b[^<>]{{0,99}}>|\[/?THINK\]|\u25c1/?think\u25b7|<\|\w{{1,40}}\|>|</s>|<(?:start|end)_of_turn>"
    r"|[\ud800-\udfff\ufffd]",
    re.IGNORECASE,
)
"""Marks between parts of what a model writes, and broken characters. A translation has some only if its text does."""
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_NUMBERED = re.compile(r"[\s*_#>-]{0,10}[\"'(\[]?(\d{1,4})[\"')\]]?\*{0,2}\s?[:.)\]\uff1a]\*{0,2}\s*(.*)")
_PREFACE = re.compile(
    r"(?:(?:sure|certainly|of course|okay|ok)[,.!]?\s+)?here(?:'s|\u2019s| is| are)\s"
    r"[^:\n]{0,80}\btranslations?\b[^:\n]{0,80}:\s*",
    re.IGNORECASE,
)
_CANNOT = r"\b(?:can't|can\u2019t|cannot|can not|unable to|won't|won\u2019t|not able to)\s(?:\w+\s){0,2}"
_REFUSAL = re.compile(
    rf"\bas an ai\b|\blanguage model\b|{_CANNOT}(?:translate|provide (?:a|the|that|this) translation)", re.IGNORECASE
)
_PERHAPS_REFUSAL = re.compile(rf"{_CANNOT}(?:assist|help with|fulfil|comply|do that|continue)", re.IGNORECASE)
"""What people say, too: it is a refusal if it is far longer than what was said."""
_LONGER = 1.5
_QUOTES = (('"', '"'), ("\u201c", "\u201d"), ("'", "'"), ("\u00ab", "\u00bb"))
_ECHO_WORDS, _ECHO_LETTERS = 4, 16
"""A text of fewer words or letters may be the same in two languages: a name, a title, a command."""
_REPEATED_WORDS = 3
_DEEPEST = 4
_MOST_CHARACTERS = 200_000
"""Of an answer that are read: no batch of lines has as many."""
_MOST_STARTS = 50
"""How many braces are tried as the beginning of an answer's JSON."""
_ANYWHERE = re.compile(r"[{\[]")
_AT_LINE = re.compile(r"(?m)^[ \t]{0,20}[{\[]")
_CUT = frozenset({"length", "max_tokens", "model_length", "content_filter", "abort", "error"})
"""Why servers say that an answer ends, if it is not complete."""
T = TypeVar("T")
Wordings = dict[int, tuple[str, ...]]
"""By number, from 1: the translation and perhaps others."""


@dataclass(frozen=True)
class Reply:
    """A complete answer. `used`: the tokens of the prompt and of the answer, as the server counts them, or 0.

    `is_cut`: whether it ends before the model had finished; `thinks`: whether the model thought aloud.
    """

    text: str
    is_cut: bool = False
    thinks: bool = False
    used: tuple[int, int] = (0, 0)
    fingerprint: str = ""


def reply_of(data: Any) -> Reply | None:
    """Return the answer in the JSON of a server; None if there is none."""
    choices = data.get("choices") if isinstance(data, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else None
    message = first.get("message") if first is not None else None
    if first is None or not isinstance(message, Mapping):
        return None
    raw = _text_of(message.get("content"))[:_MOST_CHARACTERS]
    text = without_thoughts(raw)
    thinks = text != raw.strip() or any(message.get(name) for name in ("reasoning_content", "reasoning", "thinking"))
    return Reply(
        text,
        is_cut=str(first.get("finish_reason")) in _CUT,
        thinks=bool(thinks),
        used=_used(data.get("usage")),
        fingerprint=said(data.get("system_fingerprint"), most=200),
    )


def without_thoughts(text: str) -> str:
    """Return a text without what a model thought aloud in tags, also if one of the two tags is missing."""
    start = 0
    for end in _END_OF_THOUGHT.finditer(text):
        start = end.end()
    text = text[start:]
    return _THOUGHT.split(text, maxsplit=1)[0].strip()


def wordings_of(text: str, number: int, *, is_plain: bool = False) -> Wordings:
    """Return what an answer has for the numbers 1 to `number`, as JSON or in numbered lines.

    `is_plain`: whether numbered lines were asked for. The answer to one line may then lack its number. JSON within a
    line is then part of what somebody said.
    """
    text = _unfenced(text)
    starts = (_AT_LINE, None, _ANYWHERE) if is_plain else (_ANYWHERE, None)
    found = next(filter(None, (_read(text, number, start) for start in starts)), {})
    if not found and number == 1 and is_plain:
        found = {1: (_PREFACE.sub("", text, count=1),)}
    return {at: tuple(map(_cleaned, texts)) for at, texts in found.items()}


def _read(text: str, number: int, start: re.Pattern[str] | None) -> Wordings:
    """Return what the JSON that begins with `start` has for each number; what numbered lines have, if that is None."""
    if start is None:
        return _of_lines(text, number)
    return next(filter(None, (_of_json(value, number, 0) for value in _jsons(text, start))), {})


def usable(sources: Sequence[str], found: Wordings) -> Wordings:
    """Return the translations that are probably some, by number: all others are to be asked for again.

    A model that merges lines leaves one of them empty, says it twice, or leaves out its number. In the first two cases,
    neither can be trusted.
    """
    kept = {}
    for at, source in enumerate(sources, start=1):
        wordings = [_unquoted(source, one) for one in found.get(at, ())]
        if wordings and _is_translation(source, wordings[0]):
            kept[at] = tuple(one for one in wordings if _is_translation(source, one))
    for before, after in pairwise(range(1, len(sources) + 1)):
        if _repeats(sources[before - 1 : after], found.get(before), found.get(after)):
            kept.pop(before, None)
            kept.pop(after, None)
    return kept


def _is_translation(source: str, text: str) -> bool:
    if _NOT_SAID.search(text) is not None and _NOT_SAID.search(source) is None:
        return False
    return not (_refuses(source, text) or looks_wrong(source, text) or echoes(source, text))


def _refuses(source: str, text: str) -> bool:
    """Return whether a text is a refusal, in English, in which most models refuse whatever the language is."""
    is_one = _REFUSAL.search(text) is not None
    may_be_one = _PERHAPS_REFUSAL.search(text) is not None and len(text) > _LONGER * len(source)
    return (is_one or may_be_one) and _REFUSAL.search(source) is None and _PERHAPS_REFUSAL.search(source) is None


def echoes(source: str, text: str) -> bool:
    """Return whether a translation is only the text again, and too long to be the same in both languages."""
    same = _folded(source) == _folded(text)
    return same and len(source.split()) >= _ECHO_WORDS and sum(map(str.isalpha, source)) >= _ECHO_LETTERS


def _repeats(sources: Sequence[str], one: Sequence[str] | None, other: Sequence[str] | None) -> bool:
    if not one or not other or _folded(sources[0]) == _folded(sources[1]):
        return False
    return _folded(one[0]) == _folded(other[0]) and len(one[0].split()) >= _REPEATED_WORDS


def _folded(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _text_of(content: Any) -> str:
    """Return the text of a message, which is a string, or a list of parts of which some are text."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (one.get("text") if isinstance(one, Mapping) else one for one in parts)
    return "".join(text for text in texts if isinstance(text, str))


def _used(usage: Any) -> tuple[int, int]:
    if not isinstance(usage, Mapping):
        return 0, 0
    prompt, answer = (usage.get(name) for name in ("prompt_tokens", "completion_tokens"))
    return (prompt if isinstance(prompt, int) else 0), (answer if isinstance(answer, int) else 0)


def _unfenced(text: str) -> str:
    found = _FENCE.search(text)
    return found[1].strip() if found else text.strip()


def _jsons(text: str, begin: re.Pattern[str]) -> Iterator[Any]:
    """Yield the JSON values in a text that begin with such a brace or bracket, the first ones only."""
    decoder = json.JSONDecoder(strict=False)
    for start in islice(begin.finditer(text), _MOST_STARTS):
        try:
            yield decoder.raw_decode(text, start.end() - 1)[0]
        except (ValueError, RecursionError):
            continue


def _of_json(value: Any, number: int, depth: int) -> Wordings:
    """Return what JSON has for each number: under the numbers, in a list, or in either within an object or two."""
    if depth > _DEEPEST:
        return {}
    if isinstance(value, list):
        return _of_list(value, number)
    if not isinstance(value, Mapping):
        return {}
    numbered = {int(key): _texts(one) for key, one in value.items() if key.isdecimal() and len(key) <= 4}
    found = _from_one({at: texts for at, texts in numbered.items() if texts}, number)
    inner = (_of_json(one, number, depth + 1) for one in value.values())
    return found or next(filter(None, inner), {})


def _from_one(found: Mapping[int, T], number: int) -> dict[int, T]:
    """Return what is found for the numbers 1 to `number`; nothing if it was numbered from 0: all would be shifted."""
    if 0 in found and number not in found:
        return {}
    return {at: one for at, one in found.items() if 1 <= at <= number}


def _of_list(items: Sequence[Any], number: int) -> Wordings:
    """Return what a list has: one text for each number, or objects with their number."""
    if len(items) != number:
        return {}
    if all(isinstance(one, Mapping) for one in items):
        ids = [next((one[key] for key in ("id", "number", "line", "index") if key in one), None) for one in items]
        if sorted(map(str, ids)) == sorted(str(at) for at in range(1, number + 1)):
            return {int(id_): _texts(one) for id_, one in zip(map(str, ids), items, strict=True)}
        return {}
    return {at: (one,) for at, one in enumerate(items, start=1) if isinstance(one, str)}


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        return tuple(one for one in value if isinstance(one, str))
    if isinstance(value, Mapping):
        return _texts(next((value[key] for key in ("translation", "text", "wordings") if key in value), None))
    return ()


def _of_lines(text: str, number: int) -> Wordings:
    """Return the numbered lines of a text; a line without a number continues the one before, but not after a gap.

    Of a number that occurs twice, one may be what somebody said: neither is taken.
    """
    found: dict[int, str] = {}
    repeated: set[int] = set()
    at: int | None = None
    for line in text.splitlines():
        numbered = _NUMBERED.fullmatch(line.rstrip())
        if numbered is not None and int(numbered[1]) <= number:
            at = int(numbered[1])
            repeated |= {at} & found.keys()
            found[at] = numbered[2]
        elif not line.strip():
            at = None
        elif at is not None:
            found[at] = f"{found[at]} {line.strip()}"
    return {key: (value,) for key, value in _from_one(found, number).items() if key not in repeated}


def _cleaned(text: str) -> str:
    """Return a translation on one line, without control characters and the words with which a model introduces it."""
    return _PREFACE.sub("", " ".join(as_read(text).split()), count=1)


def _unquoted(source: str, text: str) -> str:
    """Return a translation without quotes around it that its source does not have."""
    for opening, closing in _QUOTES:
        is_quoted = len(text) > 2 and text.startswith(opening) and text.endswith(closing)
        if is_quoted and closing not in text[1:-1] and not source.startswith(tuple(one for one, _ in _QUOTES)):
            return text[1:-1].strip()
    return text
