"""What a recogniser invents is distinguished from what was said."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.base import Suspect, Word
from dropdub.engines.hearing.hallucinations import (
    Evidence,
    compression,
    is_invented,
    is_suspect,
    merit,
    of_words,
    runs,
    sifted,
)
from dropdub.engines.hearing.segmentation import text_of


def words(text: str) -> tuple[Word, ...]:
    return tuple(Word(number * 0.3, number * 0.3 + 0.25, word, 0.9) for number, word in enumerate(text.split()))


def shown(found: Sequence[Word]) -> str:
    return " ".join(word.text for word in found)


def evidence(text: str = "we went home", **given: float) -> Evidence:
    values = {"duration_s": 2.0, "log_probability": -0.3, "no_speech": 0.05, "compression": 1.2, **given}
    return Evidence(text, **values)


def kept(found: Sequence[Word]) -> str:
    return shown([word for run in runs(found) for word in run.words[: run.once]])


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("it rains it rains it rains it rains it rains", "it rains"),
        ("the end. The end. the end, the end and so on", "the end. and so on"),
        ("we see you in the we see you in the we see you in the we see you in the we see", "we see you in the"),
        ("no no no no no", "no no no no no"),
        ("no no no no no no", "no"),
        ("we we went home", "we we went home"),
        ("a b c a b c a b c", "a b c a b c a b c"),
        ("", ""),
    ],
)
def test_phrases_repeated_more_often_than_people_speak_are_once_in_a_loop(said: str, left: str) -> None:
    assert kept(words(said)) == left
    assert any(run.is_loop for run in runs(words(said))) == (said != left)


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_every_word_is_in_one_run_in_order(said: list[str]) -> None:
    found = words(" ".join(said))
    assert [word for run in runs(found) for word in run.words] == list(found)
    assert set(kept(found).split()) == set(said)


def test_evidence_of_words_is_the_mean_of_their_log_probabilities() -> None:
    found = of_words([Word(1.0, 1.5, " it", 1.0), Word(1.5, 2.5, " rains", 0.25)], no_speech=0.1)
    assert (found.text, found.duration_s, found.no_speech) == (" it rains", 1.5, 0.1)
    assert found.log_probability == pytest.approx(-0.693, abs=0.001)
    assert of_words([Word(0, 1, "x", 0.0)], no_speech=0.1).log_probability < -9
    assert compression("we went home " * 20) > 2.4 > compression("we went home")


def test_marks_alone_are_not_speech() -> None:
    assert is_invented(evidence("."))
    assert is_invented(evidence(" … ♪"))
    assert not is_invented(evidence("5"))


def test_silence_that_was_given_words_is_omitted() -> None:
    assert is_invented(evidence(no_speech=0.8, log_probability=-1.3))
    assert is_invented(evidence("Legendas pela comunidade Amara.org", no_speech=0.4))
    assert is_invented(evidence("x" * 200, duration_s=0.5, log_probability=-0.9))
    assert not is_invented(evidence())
    assert not is_invented(evidence("Thanks for watching over him.", log_probability=-0.2)), "it was clearly heard"


def heard(text: str, start: float, probability: float = 0.9, pace_s: float = 0.25) -> list[Word]:
    """Return words as Whisper gives them: with the space before them."""
    return [
        Word(start + pace_s * number, start + pace_s * (number + 1), f" {word}", probability)
        for number, word in enumerate(text.split())
    ]


def test_possibly_invented_text_is_reported_with_times_and_outcome() -> None:
    said = [
        *heard("We went home.", 100),
        *heard("Thanks for watching!", 102, 0.5),
        *heard("it rains it rains it rains it rains", 104),
        *heard(".", 107),
        *heard("Hm so there.", 108, 0.3),
        *heard("in the in the in the in the in", 110, pace_s=0.001),
        *heard("see you see you see you see you", 111, 0.4),
    ]
    groups, suspects = sifted(said, no_speech=0.05)
    assert [text_of(group) for group in groups] == ["We went home.", "it rains", "Hm so there."]
    assert [(round(one.start, 2), round(one.end, 2), one.text, one.fate) for one in suspects] == [
        (104, 106, "it rains it rains it rains it rains", "collapsed"),
        (110, 110.01, "in the in the in the in the in", "dropped"),
        (111, 113, "see you see you see you see you", "dropped"),
        (102, 102.75, "Thanks for watching!", "dropped"),
        (107, 107.25, ".", "dropped"),
        (108, 108.75, "Hm so there.", "kept"),
    ]
    assert isinstance(suspects[0], Suspect)


def test_the_better_of_two_readings_is_the_one_without_a_loop_and_the_likelier() -> None:
    loop = evidence("it rains " * 12, compression=5.0, log_probability=-0.1)
    doubtful, good = evidence(log_probability=-0.9), evidence()
    assert is_suspect(loop)
    assert merit(loop) < merit(doubtful) < merit(good)


def test_a_passage_that_is_really_repeated_is_better_than_an_unlikely_other_text() -> None:
    passage = "our good man is old and we see his red car by the blue house today "
    repeated = evidence(passage * 3, compression=2.8, log_probability=-0.2)
    assert is_suspect(repeated)
    assert merit(repeated) > merit(evidence(passage + "our water is near", log_probability=-0.7))
