"""Subtitles of running prose in five languages: how they read."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropdub.config import SubtitleStyle
from dropdub.subtitles.layout import Cue, layout
from tests.unit.test_subtitles import STYLE, said_evenly, solid

PROSE = Path(__file__).parents[1] / "data" / "prose"
# Deliberately repeated here: what a reader stumbles over at the end of a line.
STUMBLES = {
    "en": "a an the of to in on at by for from with my your his her its our their and or that",
    "pt": "o a os as um uma de do da dos das em no na nos nas num numa por pelo pela para com sem ao à aos às e que se",
    "es": "el la los las un una de del a al en con sin por para sobre su sus y que",
    "de": "der die das den dem des ein eine einen einem einer im am zum zur vom mit von zu bei auf aus an in und dass",
    "fr": "le la les un une des du de au aux à dans sur sous avec pour par son sa ses d'un d'une en et qu'un que qui",
}
LANGUAGES = sorted(STUMBLES)


def prose(language: str) -> list[str]:
    return (PROSE / f"{language}.txt").read_text(encoding="utf-8").splitlines()


def cues_of(language: str, *, word_s: float = 0.42, style: SubtitleStyle = STYLE) -> list[Cue]:
    """Return the cues of all sentences, spoken one after another with a breath between them."""
    said, now = [], 0.0
    for sentence in prose(language):
        said.append(said_evenly(sentence, start=now, word_s=word_s))
        now = said[-1].end + 0.7
    return layout(said, style, fps=25, language=language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_prose_ends_with_a_word_that_leans_on_the_next(language: str) -> None:
    lines = [line for cue in cues_of(language) for line in cue.lines]
    assert len(lines) > 15
    assert not [line for line in lines if line.split()[-1].lower() in STUMBLES[language].split()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_prose_is_shown_at_a_readable_pace_two_frames_apart(language: str) -> None:
    cues = cues_of(language)
    assert all(len(cue.lines) <= 2 and all(len(line) <= 42 for line in cue.lines) for cue in cues)
    assert all(5 / 6 - 0.002 <= cue.end - cue.start <= 7.002 for cue in cues)
    assert all(after.start - before.end >= 0.08 - 0.002 for before, after in pairwise(cues))
    # Spoken at the usual pace, most are read at 17 characters a second or slower; no speech allows for more than it.
    speeds = [sum(map(len, cue.lines)) / (cue.end - cue.start) for cue in cues]
    assert sum(speed > 17.5 for speed in speeds) <= len(cues) * 0.2


@pytest.mark.parametrize("language", LANGUAGES)
def test_cues_of_prose_end_where_a_phrase_ends(language: str) -> None:
    cues = cues_of(language)
    marked = [cue for cue in cues if cue.lines[-1][-1] in ".,;:!?"]
    assert len(marked) >= 0.6 * len(cues)


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(LANGUAGES),
    st.floats(0.15, 0.9),
    st.builds(SubtitleStyle, line_length=st.integers(28, 50), lines=st.integers(1, 3)),
)
def test_at_any_pace_and_width_every_word_appears_once_within_the_style(
    language: str, word_s: float, style: SubtitleStyle
) -> None:
    cues = cues_of(language, word_s=word_s, style=style)
    assert solid("".join(line for cue in cues for line in cue.lines)) == solid("".join(prose(language)))
    assert all(len(line) <= style.line_length for cue in cues for line in cue.lines)
    assert all(len(cue.lines) <= style.lines for cue in cues)
    assert all(0 < cue.end - cue.start <= 7.002 for cue in cues)


def test_a_word_is_recognised_after_a_quote_or_an_apostrophe() -> None:
    quoted = "Il nous montra le grand jardin, puis qu’il avait vu d’une"
    lines = layout([said_evenly(f"{quoted} fenêtre ouverte ce matin-là.")], STYLE, language="fr")
    assert not [line for cue in lines for line in cue.lines if line.endswith("d’une")]


def test_a_short_time_without_a_cue_is_closed() -> None:
    first, second = layout([said_evenly("One two three four."), said_evenly("Five six.", start=1.8)], STYLE, fps=25)
    assert second.start - first.end == pytest.approx(0.08, abs=0.002)
