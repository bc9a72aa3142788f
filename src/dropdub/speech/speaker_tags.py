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
    both are matched in their order. A title before a name may be left out of `names`: `Dr. Silva:` is also `silva`. A
    turn also ends at a tag that is surely a name, as in `MARIA:`.
    """
    tags, originals = list(_tags(text, names)), list(_tags(source, names))
    if len(originals) != len(tags):
        originals = tags
    found = [(tag, _named(one[1], names)) for tag, one in zip(tags, originals, strict=True)]
    kept = [(tag, name) for tag, name in found if name is not None or _is_surely_a_name(tag)]
    starts = [tag.start() for tag, _ in kept]
    ends = [*starts[1:], len(text)]
    turns = [Turn(text[: starts[0]].strip() if starts else text.strip())]
    for (tag, name), end in zip(kept, ends, strict=False):
        turns.append(Turn(text[tag.start() if name is None else tag.end() : end].strip(), name))
    return [turn for turn in turns if turn.text]


def name_before(text: str) -> str | None:
    """Return the name before a colon with which a line begins, `folded`; None without one. A time, `10:30`, is none."""
    tag = LABEL.match(text, label_start(text, 0))
    return folded(tag[1]) if tag and not touches(text, tag) else None


def begins_turn(text: str, names: Collection[str]) -> bool:
    """Return whether a line begins with the tag of one of `names`, which are `folded`."""
    tag = next(_tags(text, names), None)
    return tag is not None and _named(tag[1], names) is not None and not any(map(str.isalnum, text[: tag.start()]))


def _named(label: str, names: Collection[str]) -> str | None:
    """Return which of the names a label is, with or without its title; None if it is none of them."""
    whole = folded(label)
    without_title = whole.partition(" ")[2] if has_title(label) else ""
    return next((name for name in (whole, without_title) if name in names), None)


def _is_surely_a_name(tag: re.Match[str]) -> bool:
    return is_loud(tag[1]) or has_title(tag[1]) or is_role(folded(tag[1]))


def _tags(text: str, names: Collection[str]) -> Iterator[re.Match[str]]:
    """Yield labels before colons in order. After its period, `Dr. Silva:` has no further one, but `Sim. Ana:` has."""
    end = 0
    for begin in begins(text):
        tag = LABEL.match(text, label_start(text, begin)) if begin >= end else None
        if tag and not touches(text, tag):
            if has_title(tag[1]) or folded(tag[1]) in names:
                end = tag.end()
            yield tag
