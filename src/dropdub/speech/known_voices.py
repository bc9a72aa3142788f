"""Recognise speakers: those of a recording whose voices are known, each by one name at most. Pure.

Each engine has thresholds of its own (`VoiceThresholds`). Those of Resemblyzer 0.1.4 were measured with 32 voices of
women and men, who read sentences and words in 20 languages (`benchmarks/known_speakers.py`). A voice that is known by a
recording like the one in which it speaks has a median likeness of .96 there (5th percentile .86), another voice .61
(95th percentile .80). In 992 recordings of two speakers, one of whom is known, that one is named in all but one if the
sound is clean, in 99 % over a telephone, in 98 % in a hall, in 97 % with noise at -20 dB; the other one is never named
instead. If the one who is known does not speak, one of two others gets the name in 8 % (clean), 17 %, 14 % and 14 %.
If the voice is known by a clean recording, and speaks over a telephone, it is named in 4 %; in a hall, in 31 %, with
noise, in 29 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dropdub.engines.abilities import VoiceThresholds
from dropdub.engines.base import Samples
from dropdub.speech.likeness import likeness

USUAL = VoiceThresholds()
ALIKE, SURELY_ALIKE = USUAL.maybe_known, USUAL.surely_known
Voice = Sequence[Samples]
"""The embeddings of somebody's speech, each of length 1."""


@dataclass(frozen=True)
class Recognised:
    """A speaker of the transcript (None if it names none) whose voice is that of a known person."""

    speaker: str | None
    name: str
    likeness: float


@dataclass(frozen=True)
class _Pair:
    """A speaker and a name that fit; `above`: by how much their likeness exceeds what is needed."""

    found: Recognised
    above: float


def recognised(
    heard: Mapping[str | None, Voice], known: Mapping[str, Voice], thresholds: VoiceThresholds = USUAL
) -> list[Recognised]:
    """Return who of the speakers `heard` is known, by the assignment of names that fits best as a whole.

    So the better of two names that fit one speaker is chosen, unless the other name then fits another speaker well.
    """
    needed = {who: _needed(who, heard, thresholds) for who in heard}
    found = [Recognised(who, name, likeness(own, voice)) for name, voice in known.items() for who, own in heard.items()]
    fitting = [_Pair(one, one.likeness - needed[one.speaker]) for one in found if one.likeness >= needed[one.speaker]]
    return [pair.found for pair in _best(fitting)]


def _needed(who: str | None, heard: Mapping[str | None, Voice], thresholds: VoiceThresholds) -> float:
    """Return the likeness that a name needs: over a telephone, in halls and in noise, all voices are more alike.

    How much so is seen in the other speakers of the recording. It has to be nearer to this voice than to them.
    """
    others = (likeness(heard[who], voice) for other, voice in heard.items() if other != who)
    halfway = (1 + max(others, default=0.0)) / 2
    return min(max(halfway, thresholds.maybe_known), thresholds.surely_known)


def _best(pairs: Sequence[_Pair]) -> list[_Pair]:
    """Return the pairs that fit best together, each name and each speaker once.

    Four names and eight speakers have some thousand assignments.
    """
    if not pairs:
        return []
    name = pairs[0].found.name
    others = [pair for pair in pairs if pair.found.name != name]
    tries = [_best(others)]
    for pair in pairs:
        if pair.found.name == name:
            tries.append([pair, *_best([one for one in others if one.found.speaker != pair.found.speaker])])
    return max(tries, key=lambda chosen: sum(pair.above for pair in chosen))
