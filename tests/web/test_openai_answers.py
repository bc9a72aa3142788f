"""Transcriptions as OpenAI's client parses them: every documented field is there and says what is known."""

from __future__ import annotations

import json
import math
import zlib
from typing import Any

import pysubs2
import pytest
from openai.types import audio
from pydantic import TypeAdapter

from dropdub.web.fields import Fields
from dropdub.web.transcripts.language import whisper_code, whisper_name
from dropdub.web.transcripts.openai_answers import Heard, answer
from dropdub.web.transcripts.openai_events import TranscriptEvents
from dropdub.web.transcripts.openai_request import (
    ResponseFormat,
    TranscriptionRequest,
    read_transcription,
    read_translation,
)
from tests.web.openai_client import client_of
from tests.web.streams import events_of
from tests.web.transcripts import JAPANESE, NOTHING, TEXT, TRANSCRIPT, TRANSLATION

HEARD = Heard(TRANSCRIPT, 8.25)
FILE = ("talk.wav", b"RIFF")
USAGE = {"type": "duration", "seconds": 8.25}


def said(heard: Heard = HEARD, **fields: str) -> str:
    return answer(heard, read_transcription(Fields.of([("model", "whisper-1"), *fields.items()])))


def transcribed(heard: Heard = HEARD, **asked: Any) -> Any:
    """Ask with OpenAI's client, and return what it makes of the answer."""

    def reply(fields: Fields) -> tuple[str, str]:
        request = read_transcription(fields)
        return request.response_format.content_type, answer(heard, request)

    return client_of(reply).audio.transcriptions.create(file=FILE, **{"model": "whisper-1", **asked})


def all_fields(model: Any) -> set[str]:
    return set(type(model).model_fields)


def test_json_has_the_text_the_languages_and_the_seconds() -> None:
    found = transcribed(include=["logprobs"])
    assert isinstance(found, audio.Transcription)
    assert all_fields(found) == set(found.model_fields_set)
    assert (found.text, found.usage.model_dump()) == (TEXT, USAGE)
    assert [one.code for one in found.languages] == ["en", "pt"]
    assert [one.token for one in found.logprobs] == [" Good", " morning,", " everyone."]
    assert [one.logprob for one in found.logprobs] == [-0.6931, -1.3863, 0.0]
    assert bytes(map(int, found.logprobs[0].bytes)) == b" Good"


def test_logprobs_are_only_there_if_they_were_asked_for() -> None:
    assert json.loads(said()).keys() == {"text", "languages", "usage"}


def test_verbose_json_has_every_field_of_the_documentation() -> None:
    found = transcribed(response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert isinstance(found, audio.TranscriptionVerbose)
    assert all_fields(found) <= set(found.model_fields_set)
    assert (found.task, found.language, found.duration, found.text) == ("transcribe", "english", 8.25, TEXT)
    assert found.usage.model_dump() == USAGE
    assert all(all_fields(one) == set(one.model_fields_set) for one in [*found.segments, *found.words])
    assert [one.model_dump() for one in found.words] == [
        {"word": "Good", "start": 0.5, "end": 0.8},
        {"word": "morning,", "start": 0.8, "end": 1.2},
        {"word": "everyone.", "start": 1.2, "end": 2.0},
        {"word": "João.", "start": 4.25, "end": 6.0},
    ]


def test_the_segments_figures_are_whispers_as_far_as_they_are_known() -> None:
    first, second, third = transcribed(response_format="verbose_json").segments
    text = " Good morning, everyone."
    assert first.model_dump() == {
        "id": 0,
        "seek": 50,
        "start": 0.5,
        "end": 2.0,
        "text": text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": round((math.log(0.5) + math.log(0.25)) / 3, 4),
        "compression_ratio": round(len(text) / len(zlib.compress(text.encode())), 4),
        "no_speech_prob": 0.0,
    }
    assert (second.avg_logprob, third.avg_logprob, third.text) == (0.0, 0.0, " It is, João.")
    assert [one.id for one in (first, second, third)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("asked", "present"),
    [
        ([], {"segments"}),
        (["segment"], {"segments"}),
        (["word"], {"words"}),
        (["word", "segment"], {"segments", "words"}),
    ],
)
def test_words_and_segments_are_there_if_they_were_asked_for(asked: list[str], present: set[str]) -> None:
    pairs = [("model", "m"), ("response_format", "verbose_json")]
    request = read_transcription(Fields.of([*pairs, *(("timestamp_granularities[]", one) for one in asked)]))
    found = json.loads(answer(HEARD, request))
    assert found.keys() - {"task", "language", "duration", "text", "usage"} == present


def test_diarized_json_names_the_speakers_by_letters() -> None:
    found = transcribed(response_format="diarized_json")
    assert isinstance(found, audio.TranscriptionDiarized)
    assert all_fields(found) == set(found.model_fields_set)
    assert (found.task, found.duration, found.text, found.usage.model_dump()) == ("transcribe", 8.25, TEXT, USAGE)
    assert [one.model_dump() for one in found.segments][1:] == [
        {"id": "seg_002", "type": "transcript.text.segment", "start": 2.5, "end": 3.5}
        | {"text": "Is it <b>ten</b>?", "speaker": "A"},
        {"id": "seg_003", "type": "transcript.text.segment", "start": 4.25, "end": 6.0}
        | {"text": "It is, João.", "speaker": "B"},
    ]


def test_speakers_that_the_client_named_have_their_names() -> None:
    found = transcribed(Heard(TRANSCRIPT, 8.25, {"S2": "Ana"}), response_format="diarized_json")
    assert [one.speaker for one in found.segments] == ["A", "A", "Ana"]


def test_a_recording_of_one_person_is_spoken_by_a() -> None:
    found = transcribed(Heard(JAPANESE, 3.0), response_format="diarized_json")
    assert [one.speaker for one in found.segments] == ["A", "A"]


def test_the_only_person_who_speaks_may_be_known() -> None:
    found = transcribed(Heard(JAPANESE, 3.0, {None: "Ana"}), response_format="diarized_json")
    assert [one.speaker for one in found.segments] == ["Ana", "Ana"]


def test_nobody_gets_the_name_of_somebody_who_does_not_speak() -> None:
    found = transcribed(Heard(TRANSCRIPT, 8.25, {"S2": "B"}, ["A", "B"]), response_format="diarized_json")
    assert [one.speaker for one in found.segments] == ["C", "C", "B"]


def test_text_is_the_text_on_one_line() -> None:
    assert transcribed(response_format="text") == TEXT + "\n"


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_subtitles_hold_the_same_text_at_its_times(kind: str) -> None:
    found = pysubs2.SSAFile.from_string(transcribed(response_format=kind), format_=kind)
    assert [one.start for one in found] == [500, 2500, 4250]
    assert found[0].text == "Good morning, everyone."
    assert "ten" in found[1].text


def test_the_exact_form_of_srt() -> None:
    assert said(Heard(TRANSLATION, 8.25), response_format="srt") == (
        "1\n00:00:00,500 --> 00:00:02,420\nBom dia a todos.\n\n2\n00:00:02,500 --> 00:00:03,500\nSão dez?\n\n"
    )


def test_japanese_sentences_are_joined_without_spaces() -> None:
    found = transcribed(Heard(JAPANESE, 3.0), response_format="verbose_json")
    assert (found.text, [one.text for one in found.segments]) == ("おはよう。元気？", ["おはよう。", "元気？"])


@pytest.mark.parametrize("kind", ResponseFormat)
def test_a_silent_recording_has_an_empty_transcript(kind: ResponseFormat) -> None:
    found = said(Heard(NOTHING, 3.0), response_format=kind)
    if kind.is_json:
        assert json.loads(found)["text"] == ""
        assert json.loads(found).get("languages", []) == []
    else:
        assert found.split() == (["WEBVTT"] if kind is ResponseFormat.VTT else [])


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # OpenAI ends this route with whisper-1
def test_a_translation_says_so_and_names_its_own_language() -> None:
    def reply(fields: Fields) -> tuple[str, str]:
        request = read_translation(fields)
        return request.response_format.content_type, answer(Heard(TRANSLATION, 8.25), request)

    create = client_of(reply).audio.translations.create
    verbose = create(file=FILE, model="whisper-1", response_format="verbose_json", extra_body={"target": "pt-BR"})
    assert isinstance(verbose, audio.TranslationVerbose)
    assert all_fields(verbose) <= set(verbose.model_fields_set)
    assert (verbose.language, verbose.text) == ("portuguese", "Bom dia a todos. São dez?")
    assert verbose.to_dict()["task"] == "translate"
    plain = create(file=FILE, model="whisper-1")
    assert isinstance(plain, audio.Translation)
    assert plain.to_dict()["languages"] == [{"code": "en"}]


# Streams


def streamed(request: TranscriptionRequest) -> list[Any]:
    """Return the events that OpenAI's client parses of a transcript that comes in two windows."""

    def reply(_fields: Fields) -> tuple[str, bytes]:
        events = TranscriptEvents(request)
        windows = [TRANSCRIPT.segments[:2], TRANSCRIPT.segments[2:3], TRANSCRIPT.segments[3:]]
        return "text/event-stream", b"".join([*map(events.delta, windows), events.end(HEARD)])

    return list(client_of(reply).audio.transcriptions.create(file=FILE, model="m", stream=True))


def test_the_deltas_of_a_stream_are_its_text() -> None:
    *deltas, done = streamed(TranscriptionRequest("m", logprobs=True))
    assert [one.type for one in deltas] == ["transcript.text.delta"] * 2
    assert "".join(one.delta for one in deltas) == done.text == TEXT
    assert sum(len(one.logprobs) for one in deltas) == len(done.logprobs) == 3
    assert (done.type, [one.code for one in done.languages]) == ("transcript.text.done", ["en", "pt"])
    assert done.to_dict()["usage"] == USAGE


def test_a_diarized_stream_ends_with_the_speakers_segments() -> None:
    events = streamed(TranscriptionRequest("m", response_format=ResponseFormat.DIARIZED_JSON))
    kinds = [one.type.removeprefix("transcript.text.") for one in events]
    assert kinds == ["delta", "delta", "segment", "segment", "segment", "done"]
    assert [one.speaker for one in events[2:5]] == ["A", "A", "B"]
    assert [one.id for one in events[2:5]] == ["seg_001", "seg_002", "seg_003"]


def test_each_event_is_one_of_openais_types() -> None:
    kinds: TypeAdapter[Any] = TypeAdapter(audio.TranscriptionStreamEvent)
    events = TranscriptEvents(TranscriptionRequest("m", response_format=ResponseFormat.DIARIZED_JSON))
    sent = events_of(events.delta(TRANSCRIPT.segments) + events.end(HEARD))
    parsed = [kinds.validate_python(one) for one in sent if one["type"] != "transcript.text.done"]
    assert len(parsed) == 4
    assert all(set(type(one).model_fields) - {"logprobs", "segment_id"} <= one.model_fields_set for one in parsed)


# Languages

WHISPERS = """
en english zh chinese de german es spanish ru russian ko korean fr french ja japanese pt portuguese tr turkish pl polish
ca catalan nl dutch ar arabic sv swedish it italian id indonesian hi hindi fi finnish vi vietnamese he hebrew
uk ukrainian el greek ms malay cs czech ro romanian da danish hu hungarian ta tamil no norwegian th thai ur urdu
hr croatian bg bulgarian lt lithuanian la latin mi maori ml malayalam cy welsh sk slovak te telugu fa persian lv latvian
bn bengali sr serbian az azerbaijani sl slovenian kn kannada et estonian mk macedonian br breton eu basque is icelandic
hy armenian ne nepali mn mongolian bs bosnian kk kazakh sq albanian sw swahili gl galician mr marathi pa punjabi
si sinhala km khmer sn shona yo yoruba so somali af afrikaans oc occitan ka georgian be belarusian tg tajik sd sindhi
gu gujarati am amharic yi yiddish lo lao uz uzbek fo faroese ht haitian_creole ps pashto tk turkmen nn nynorsk
mt maltese sa sanskrit lb luxembourgish my myanmar bo tibetan tl tagalog mg malagasy as assamese tt tatar haw hawaiian
ln lingala ha hausa ba bashkir jw javanese su sundanese yue cantonese
"""


def test_languages_have_whispers_codes_and_names() -> None:
    cells = WHISPERS.split()
    for code, name in zip(cells[::2], cells[1::2], strict=True):
        assert (whisper_code(code), whisper_name(code)) == (code, name.replace("_", " "))
    assert (whisper_code("nb"), whisper_code("pt-BR"), whisper_name("zh-Hant")) == ("no", "pt", "chinese")
