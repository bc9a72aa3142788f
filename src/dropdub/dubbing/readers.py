"""Who reads which part of a text or subtitle aloud, by the names before colons and by what is quoted. Pure.

The setting `voices` has a voice for each: its keys are the names in the text, and `dialogue` for all that is quoted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dropdub.engines.speaking.text_for_speech import is_speakable
from dropdub.pipeline.artifacts import Segment
from dropdub.speech.speaker_tags import begins_turn, turns_of
from dropdub.text.quoted_speech import parts_of
from dropdub.text.reading import heading_of, spoken, spoken_lines

DIALOGUE = "dialogue"
"""The name, in `voices`, of whoever says what is quoted."""
_DASHES = ("—", "–", "―")


@dataclass(frozen=True)
class Passage:
    """A part of a paragraph as it is read aloud, and who reads it: a key of `voices`, None for the narrator."""

    text: str
    reader: str | None = None


def with_turns_apart(text: str, readers: Collection[str]) -> str:
    """Return a text with a blank line before each line that begins with a name, so that it is a paragraph of its own.

    Plays have one line after another, and not all of them end with a mark. `readers` are as for `passages_of`.
    """
    if not readers:
        return text
    return "\n".join(f"\n{line}" if begins_turn(spoken(line), readers) else line for line in text.split("\n"))


def passages_of(source: str, paragraph: str, readers: Collection[str]) -> list[Passage]:
    """Return a paragraph in passages, without the tags of who speaks.

    `source` is the paragraph that it translates, or the same; `readers` are the keys of `voices`, `folded`.
    """
    lines, originals = _stopped(paragraph), _stopped(source)
    if len(lines) != len(originals):
        originals = lines
    return list(_merged(_passages(zip(originals, lines, strict=True), readers)))


@dataclass(frozen=True)
class Readers:
    """Who reads the lines of a dub: `speakers` by line id, and the `passages` of the paragraphs that several share.

    `tagged` are the lines of the source, by id, whose tags name somebody: they are not words of their speaker.
    """

    speakers: Mapping[int, str | None]
    passages: Mapping[int, Sequence[Passage]] = field(default_factory=dict)
    tagged: Mapping[int, str] = field(default_factory=dict)

    @staticmethod
    def of_text(source: Sequence[Segment], lines: Sequence[Segment], named: Collection[str]) -> Readers:
        """Return who reads a text; `named` are the keys of `voices`, `folded`. `lines` translate those of `source`."""
        found = {line.id: passages_of(original, line.text, named) for original, line in _pairs(source, lines) if named}
        shared = {number: own for number, own in found.items() if any(one.reader is not None for one in own)}
        return Readers({line.id: None for line in lines}, shared)

    @staticmethod
    def of_lines(source: Sequence[Segment], lines: Sequence[Segment], named: Collection[str]) -> Readers:
        """Return who speaks in a recording or subtitle: its speakers, but for lines whose tags name one of `named`.

        Without `named`, lines have no tags.
        """
        tagged: dict[int, str] = {}
        for original, line in _pairs(source, lines) if named else ():
            names = {turn.name for turn in turns_of(original, line.text, named) if turn.name is not None}
            if len(names) == 1:
                tagged[line.id] = names.pop()
        speakers = {line.id: tagged.get(line.id, line.speaker) for line in lines}
        return Readers(speakers, tagged=tagged if len(source) == len(lines) else {})

    def as_read(self, line: Segment) -> Segment:
        """Return a line with the words that are read: of a shared paragraph, without the tags of who speaks."""
        own = self.passages.get(line.id)
        return replace(line, text=" ".join(one.text for one in own)) if own else line

    def cast(self, source: Iterable[Segment]) -> list[Segment]:
        """Return the lines to choose voices by: those of the source, and one for each further reader."""
        lines = [replace(one, speaker=self.tagged.get(one.id, one.speaker)) for one in source]
        passages = (one.reader for own in self.passages.values() for one in own)
        further = dict.fromkeys([*self.speakers.values(), *passages])
        there = {one.speaker for one in lines} | {None}
        return [*lines, *(Segment(-1, 0.0, 0.0, "", speaker=one) for one in further if one not in there)]


def _pairs(source: Sequence[Segment], lines: Sequence[Segment]) -> Iterator[tuple[str, Segment]]:
    """Yield each line with what it translates; a user's translation of other lines stands for itself."""
    originals = {one.id: one.text for one in source} if len(source) == len(lines) else {}
    return ((originals.get(line.id, line.text), line) for line in lines)


def _stopped(paragraph: str) -> list[str]:
    """Return the lines of a paragraph; all but the last end with a mark, so that a reader pauses after each."""
    said = zip(paragraph.split("\n"), spoken_lines(paragraph), strict=True)
    return [line if spoken(line) == one else f"{line}." for line, one in said]


def _passages(lines: Iterable[tuple[str, str]], readers: Collection[str]) -> Iterator[Passage]:
    for source, line in lines:
        if heading_of(line):
            yield Passage(spoken(line))
            continue
        turns = turns_of(spoken(source), spoken(line), readers)
        for turn in turns:
            if turn.name is not None or DIALOGUE not in readers:
                yield Passage(turn.text, turn.name)
            else:
                parts = parts_of(turn.text if len(turns) > 1 else _with_dash(line))
                yield from (Passage(part.text, DIALOGUE if part.is_said else None) for part in parts)


def _with_dash(line: str) -> str:
    """Return a line as it is read aloud, but with a dash before it, which shows that it is said."""
    said = spoken(line)
    return f"{line[0]} {said}" if line[:1] in _DASHES and said[:1] != line[0] else said


def _merged(passages: Iterable[Passage]) -> Iterator[Passage]:
    """Yield passages that have words, neighbours of one reader as one."""
    before: Passage | None = None
    for one in passages:
        if not is_speakable(one.text):
            continue
        if before is not None and before.reader == one.reader:
            before = Passage(f"{before.text} {one.text}", one.reader)
        else:
            if before is not None:
                yield before
            before = one
    if before is not None:
        yield before
