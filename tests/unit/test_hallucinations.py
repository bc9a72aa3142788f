"""What a recogniser invents is distinguished from what was said."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.base import Word
from dropdub.engines.whisper.hallucinations import Evidence, is_invented, is_suspect, likelier, without_loops


def words(text: str) -> tuple[Word, ...]:
    return tuple(Word(number * 0.3, number * 0.3 + 0.25, word, 0.9) for number, word in enumerate(text.split()))


def shown(found: Sequence[Word]) -> str:
    return " ".join(word.text for word in found)


def evidence(text: str = "we went home", **given: float) -> Evidence:
    values = {"duration_s": 2.0, "log_probability": -0.3, "no_speech": 0.05, "compression": 1.2, **given}
    return Evidence(text, **values)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("it rains it rains it rains it rains it rains", "it rains"),
        ("the end. The end. the end, the end and so on", "the end. and so on"),
        ("no no no no no", "no no no no no"),
        ("no no no no no no", "no"),
        ("we we went home", "we we went home"),
        ("a b c a b c a b c", "a b c a b c a b c"),
        ("", ""),
    ],
)
def test_phrases_repeated_more_often_than_people_speak_are_kept_once(said: str, kept: str) -> None:
    assert shown(without_loops(words(said))) == kept


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_nothing_is_added_and_the_order_stays(said: list[str]) -> None:
    kept = without_loops(words(" ".join(said)))
    starts = [word.start for word in kept]
    assert starts == sorted(set(starts))
    assert set(shown(kept).split()) == set(said)


def test_silence_that_was_given_words_is_omitted() -> None:
    assert is_invented(evidence(no_speech=0.8, log_probability=-1.3))
    assert is_invented(evidence("Legendas pela comunidade Amara.org", no_speech=0.4))
    assert is_invented(evidence("x" * 200, duration_s=0.5, log_probability=-0.9))
    assert not is_invented(evidence())
    assert not is_invented(evidence("Thanks for watching over him.", log_probability=-0.2)), "it was clearly heard"


def test_the_likelier_of_two_readings_is_the_one_with_fewer_suspects() -> None:
    loop, doubtful, good = evidence(compression=3.0), evidence(log_probability=-0.9), evidence()
    assert is_suspect(loop)
    assert not likelier([loop], [doubtful])
    assert likelier([good], [doubtful])
