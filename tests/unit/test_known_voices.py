"""Known speakers from artificial voices: directions in space."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dropdub.engines.abilities import VoiceThresholds
from dropdub.engines.base import Samples
from dropdub.speech.known_voices import ALIKE, SURELY_ALIKE, Recognised, recognised

ANA, RUI, LEO = np.eye(3, dtype=np.float32)


def between(one: Samples, other: Samples, likeness: float) -> list[Samples]:
    """Return a voice that is like `one` to this degree, and for the rest like `other`."""
    return [np.asarray(likeness * one + math.sqrt(1 - likeness**2) * other, np.float32)]


def names(found: list[Recognised]) -> dict[str | None, str]:
    return {one.speaker: one.name for one in found}


def test_each_speaker_gets_the_name_of_the_voice_that_is_theirs() -> None:
    heard = {"S1": [RUI, RUI], "S2": [ANA], "S3": [LEO]}
    found = recognised(heard, {"Ana": [ANA], "Rui": [RUI]})
    assert names(found) == {"S1": "Rui", "S2": "Ana"}
    assert {round(one.likeness, 3) for one in found} == {1.0}


def test_a_known_speaker_who_does_not_speak_is_not_named() -> None:
    assert recognised({"S1": [RUI], "S2": [LEO]}, {"Ana": [ANA]}) == []
    assert recognised({}, {"Ana": [ANA]}) == []


def test_a_recording_of_one_person_may_be_that_of_a_known_one() -> None:
    assert names(recognised({None: [ANA]}, {"Rui": [RUI], "Ana": [ANA]})) == {None: "Ana"}


def test_the_better_of_two_names_for_one_speaker_is_chosen() -> None:
    known = {"like Ana": between(ANA, RUI, 0.9), "Ana": between(ANA, RUI, 0.95)}
    assert names(recognised({"S1": [ANA], "S2": [LEO]}, known)) == {"S1": "Ana"}


def test_a_name_that_fits_two_speakers_leaves_the_better_one_to_the_other_name() -> None:
    heard = {"S1": between(ANA, RUI, 0.96), "S2": [ANA]}
    known = {"Ana": between(ANA, LEO, 0.94), "her sister": between(ANA, LEO, 0.99)}
    assert len(names(recognised(heard, known))) == 2
    assert names(recognised(heard, {"Ana": [ANA]})) == {"S2": "Ana"}, "one speaker for each name"


@pytest.mark.parametrize("likeness", [ALIKE - 0.01, ALIKE + 0.01])
def test_a_voice_is_known_from_a_certain_likeness(likeness: float) -> None:
    assert bool(recognised({"S1": [ANA]}, {"Ana": between(ANA, RUI, likeness)})) is (likeness > ALIKE)


def test_where_all_voices_are_alike_a_known_one_must_be_more_so() -> None:
    heard = {"S1": [ANA], "S2": between(ANA, RUI, 0.7)}
    assert recognised(heard, {"Ana": between(ANA, LEO, 0.84)}) == []
    assert names(recognised(heard, {"Ana": between(ANA, LEO, 0.86)})) == {"S1": "Ana"}
    twice = {"S1": [ANA], "S2": [ANA]}
    assert len(recognised(twice, {"Ana": between(ANA, LEO, SURELY_ALIKE + 0.01)})) == 1, "one person, heard as two"


def test_how_alike_is_enough_depends_on_the_engine() -> None:
    heard = {"S1": between(ANA, LEO, 0.6), "S2": [RUI]}
    assert recognised(heard, {"Ana": [ANA]}) == []
    assert names(recognised(heard, {"Ana": [ANA]}, VoiceThresholds(maybe_known=0.55, surely_known=0.75))) == {
        "S1": "Ana"
    }
