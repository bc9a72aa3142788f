"""Cut a text into pieces that are spoken one after the other, the first one short, so that it comes early. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dropdub.engines.clauses import clause_ends
from dropdub.engines.speaking.text_for_speech import is_speakable, is_stub, parts
from dropdub.text.reading import PIECE_CHARACTERS, paragraphs, spoken
from dropdub.unspaced import is_unspaced

FIRST_WORDS, FIRST_CHARACTERS = 12, 24
"""The most of the first piece: characters in scripts without spaces, else words."""
SENTENCE_PAUSE_S, CLAUSE_PAUSE_S = 0.25, 0.1


@dataclass(frozen=True)
class SaidPiece:
    """A sentence, or a part of one, and the pause after it in seconds; 0 after the last."""

    text: str
    pause_s: float = SENTENCE_PAUSE_S


def said_pieces(text: str) -> list[SaidPiece]:
    """Return a text in pieces; none if there is nothing to say.

    The first sentence is cut at the last clause end within `FIRST_WORDS`, or at the first one if it is later. One
    without clauses stays whole.
    """
    said = filter(is_speakable, paragraphs(text))
    found = [part for paragraph in said for part in parts(spoken(paragraph), limit=PIECE_CHARACTERS)]
    if not found:
        return []
    head, rest = _first_and_rest(found[0])
    first = [SaidPiece(head, CLAUSE_PAUSE_S), SaidPiece(rest)] if rest else [SaidPiece(head)]
    pieces = [*first, *map(SaidPiece, found[1:])]
    return [*pieces[:-1], SaidPiece(pieces[-1].text, 0.0)]


def _first_and_rest(sentence: str) -> tuple[str, str]:
    if _is_short(sentence):
        return sentence, ""
    cuts = [(sentence[:end].strip(), sentence[end:].strip()) for end in clause_ends(sentence)]
    fitting = [(head, rest) for head, rest in cuts if not is_stub(head) and not is_stub(rest)]
    if not fitting:
        return sentence, ""
    return next((cut for cut in reversed(fitting) if _is_short(cut[0])), fitting[0])


def _is_short(text: str) -> bool:
    return len(text) <= FIRST_CHARACTERS if is_unspaced(text) else len(text.split()) <= FIRST_WORDS
