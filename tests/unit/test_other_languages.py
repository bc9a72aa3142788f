"""Speech in a second language is named with its places; a word or two in it are not."""

from __future__ import annotations

from dropdub.pipeline.artifacts import OtherLanguage, Segment, Transcript
from dropdub.speech.other_languages import other_language_warnings


def transcript(*others: OtherLanguage, seconds: float = 60.0) -> Transcript:
    return Transcript("en", seconds, (Segment(0, 0.0, seconds, "Hello."),), {}, others=others)


def test_each_language_spoken_for_long_is_named_with_its_places() -> None:
    german = [OtherLanguage(start, start + 20, "de") for start in (30.0, 95.0, 200.0, 300.0, 3700.0)]
    first, second = other_language_warnings("talk.mp3", transcript(*german, OtherLanguage(0.0, 12.0, "pt")))
    assert first.startswith("In talk.mp3, 100 s seem to be German, not English (at 0:30, at 1:35, at 3:20 and 2 more")
    assert second.startswith("In talk.mp3, 12 s seem to be Portuguese, not English (at 0:00): the transcript is not")


def test_a_quotation_in_a_long_recording_is_not_named_but_half_of_a_short_one_is() -> None:
    assert other_language_warnings("talk.mp3", transcript(OtherLanguage(10.0, 16.0, "de"), seconds=600.0)) == []
    assert len(other_language_warnings("talk.mp3", transcript(OtherLanguage(4.0, 8.0, "de"), seconds=8.0))) == 1
    assert other_language_warnings("talk.mp3", transcript()) == []


def test_it_is_kept_in_the_transcript() -> None:
    one = transcript(OtherLanguage(1.0, 2.5, "de"))
    assert Transcript.from_json(one.to_json()) == one
    assert Transcript.from_json(transcript().to_json().replace(',\n "others": []', "")) == transcript()
