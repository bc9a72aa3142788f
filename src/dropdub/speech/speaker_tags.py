"""Find who speaks in a text that says so before colons, as plays do: `João: Bom dia.` Pure, in linear time."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from dropdub.config.fields import folded
from dropdub.speech.speaker_names import LABEL, begins, has_title, is_loud, is_role, label_start, touches


@dataclass(frozen=True)
class Turn:
    """Words, and the name of who says them, `folded`; None for the narrator."""

    text: str
    name: str | None = None


def turns_of(source: str, text: str, names: Collection[str]) -> list[Turn]:
    """Return the turns of a line, without the tags of `names`, which are `folded`. Other tags are the narrator's words.

    `source` is the line that `text` translates, or the same: a translation may have changed the names, so the tags of
    both are matched in their order. A turn also ends at a tag that is surely a name, as in `MARIA:`.
    """
    tags, originals = _tags(text), _tags(source)
    if len(originals) != len(tags):
        originals = tags
    found = [(tag, folded(one[1])) for tag, one in zip(tags, originals, strict=True)]
    kept = [(tag, name if name in names else None) for tag, name in found if name in names or _is_surely_a_name(tag)]
    starts = [tag.start() for tag, _ in kept]
    ends = [*starts[1:], len(text)]
    turns = [Turn(text[: starts[0]].strip() if starts else text.strip())]
    for (tag, name), end in zip(kept, ends, strict=False):
        turns.append(Turn(text[tag.start() if name is None else tag.end() : end].strip(), name))
    return [turn for turn in turns if turn.text]


def _is_surely_a_name(tag: re.Match[str]) -> bool:
    return is_loud(tag[1]) or has_title(tag[1]) or is_role(tag[1].casefold())


def _tags(text: str) -> list[re.Match[str]]:
    return list(_matches(text))


def _matches(text: str) -> Iterator[re.Match[str]]:
    for begin in begins(text):
        tag = LABEL.match(text, label_start(text, begin))
        if tag and not touches(text, tag):
            yield tag
