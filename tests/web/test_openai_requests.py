"""What a form asks for, as OpenAI's client and others send it; a wrong value is named in one sentence."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from openai.types.audio import transcription_create_params, translation_create_params

from dropdub.config import JobOptions
from dropdub.pipeline.described_engines import DescribedEngine, save_engines
from dropdub.web.answering.errors import ApiError
from dropdub.web.fields import Fields
from dropdub.web.transcripts.chunking import Chunking
from dropdub.web.transcripts.known_speakers import FORM, MOST_BYTES, KnownSpeaker, engine_warnings
from dropdub.web.transcripts.openai_request import (
    LONGEST_PROMPT,
    Granularity,
    ResponseFormat,
    TranscriptionRequest,
    read_transcription,
    read_translation,
)
from tests.web.openai_client import client_of

Pairs = list[tuple[str, str]]
WAV = "data:audio/wav;base64," + base64.b64encode(b"RIFF....").decode()
VAD = "chunking_strategy[type]", "server_vad"
OPTIONS = {"duplicates": "again", "report": False, "speakers": "one"}


def asked(*pairs: tuple[str, str]) -> TranscriptionRequest:
    return read_transcription(Fields.of([("model", "whisper-1"), *pairs]))


def refused(*pairs: tuple[str, str], read: Any = read_transcription) -> ApiError:
    with pytest.raises(ApiError) as refusal:
        read(Fields.of(pairs))
    assert refusal.value.status == 400
    return refusal.value


def sent_by_openai(**arguments: Any) -> TranscriptionRequest:
    """Return our reading of what OpenAI's client sends."""
    found: list[TranscriptionRequest] = []

    def reply(fields: Fields) -> tuple[str, str]:
        found.append(read_transcription(fields))
        return "application/json", '{"text": ""}'

    client_of(reply).audio.transcriptions.create(file=("talk.wav", b"RIFF"), **arguments)
    return found[0]


def test_every_option_of_the_openai_client_arrives() -> None:
    assert sent_by_openai(
        model="gpt-transcribe",
        response_format="verbose_json",
        language="pt",
        languages=["pt", "en"],
        prompt="Dropdub,\nAna",
        keywords=["Dropdub", "Ana"],
        temperature=0.2,
        timestamp_granularities=["word", "segment"],
        include=["logprobs"],
        chunking_strategy={"type": "server_vad", "threshold": 0.4, "prefix_padding_ms": 300},
        known_speaker_names=["Ana"],
        known_speaker_references=[WAV],
        stream=False,
    ) == TranscriptionRequest(
        model="gpt-transcribe",
        response_format=ResponseFormat.VERBOSE_JSON,
        language="pt",
        languages=("pt", "en"),
        prompt="Dropdub,\nAna",
        keywords=("Dropdub", "Ana"),
        temperature=0.2,
        granularities=(Granularity.WORD, Granularity.SEGMENT),
        logprobs=True,
        chunking=Chunking(0.4, 300),
        known_speakers=(KnownSpeaker("Ana", b"RIFF...."),),
    )


def test_no_option_of_the_openai_client_is_unknown_here() -> None:
    ours = {"file", "include", "timestamp_granularities", "chunking_strategy", "known_speaker_references"}
    ours |= {"known_speaker_names"} | set(TranscriptionRequest.__dataclass_fields__)
    for params in (
        transcription_create_params.TranscriptionCreateParamsBase,
        translation_create_params.TranslationCreateParams,
    ):
        assert set(params.__annotations__) <= ours


def test_a_model_alone_is_enough_and_unknown_fields_are_ignored() -> None:
    assert asked(("user", "7"), ("vad", "x")) == TranscriptionRequest("whisper-1")
    assert asked().job_options() == OPTIONS


def test_blank_fields_count_as_none() -> None:
    blank = ["language", "prompt", "temperature", "response_format", "stream", "chunking_strategy", "keywords[]"]
    assert asked(*((name, " ") for name in blank)) == asked()


@pytest.mark.parametrize(
    ("given", "tag"),
    [("pt", "pt"), ("pt_br", "pt-BR"), ("Portuguese", "pt"), ("english", "en"), ("auto", None), ("zh-hant", "zh-hant")],
)
def test_a_language_is_a_tag_or_its_name(given: str, tag: str | None) -> None:
    assert asked(("language", given)).language == tag


@pytest.mark.parametrize("value", ["true", "True", "1"])
def test_a_stream_is_asked_for_in_several_ways(value: str) -> None:
    assert asked(("stream", value)).stream


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("chunking_strategy", "auto")], None),
        ([VAD], Chunking()),
        ([VAD, ("chunking_strategy[silence_duration_ms]", "200")], Chunking(silence_duration_ms=200)),
        ([("chunking_strategy", '{"type": "server_vad", "threshold": 0.5}')], Chunking(0.5)),
    ],
)
def test_a_chunking_strategy_has_several_forms(pairs: Pairs, expected: Chunking | None) -> None:
    assert asked(*pairs).chunking == expected


@pytest.mark.parametrize(
    ("pairs", "param", "message"),
    [
        ([("model", "")], "model", "model is required."),
        ([("language", "klingonese")], "language", "language is not a language: use a tag such as en, pt or pt-BR."),
        ([("languages[]", "en"), ("languages[]", "??")], "languages", None),
        ([("temperature", "1.5")], "temperature", "temperature must be a number from 0 to 1."),
        ([("temperature", "nan")], "temperature", "temperature must be a number from 0 to 1."),
        ([("temperature", "hot")], "temperature", "temperature must be a number from 0 to 1."),
        (
            [("response_format", "ass")],
            "response_format",
            "response_format must be one of json, text, srt, verbose_json, vtt, diarized_json.",
        ),
        (
            [("timestamp_granularities[]", "letter")],
            "timestamp_granularities",
            "timestamp_granularities must be one of word, segment.",
        ),
        ([("include[]", "tokens")], "include", "include must be one of logprobs."),
        ([("stream", "maybe")], "stream", "stream must be true or false."),
        ([("prompt", "a" * 20_001)], "prompt", "prompt has more than 20,000 characters."),
        ([("prompt", "a\0b")], "prompt", "prompt contains a control character or a lone surrogate."),
        ([("keywords[]", "a")] * 201, "keywords", "keywords has more than 200 entries."),
        ([("keywords[]", "a" * 101)], "keywords", "keywords has more than 100 characters."),
        ([("chunking_strategy", "client_vad")], "chunking_strategy", None),
        ([("chunking_strategy", "[" * 900)], "chunking_strategy", None),
        ([("chunking_strategy[threshold]", "0.5")], "chunking_strategy", None),
        ([VAD, ("chunking_strategy[threshold]", "2")], "chunking_strategy[threshold]", None),
        (
            [("known_speaker_names[]", "Ana")],
            "known_speaker_references",
            "known_speaker_references must have one recording for each name: 1 names, 0 found.",
        ),
        ([("known_speaker_names[]", "Ana")] * 2, "known_speaker_names", "known_speaker_names has the same name twice."),
        ([("known_speaker_names[]", str(n)) for n in range(5)], "known_speaker_names", None),
        (
            [("known_speaker_names[]", "Ana\nLima"), ("known_speaker_references[]", WAV)],
            "known_speaker_names",
            "known_speaker_names contains a line break or a tab.",
        ),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(pairs: Pairs, param: str, message: str | None) -> None:
    error = refused(*([] if pairs[0][0] == "model" else [("model", "whisper-1")]), *pairs)
    assert error.param == param
    assert error.message == message or message is None
    assert json.loads(json.dumps(error.body()))["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/voice.wav",
        "file:///etc/passwd",
        "data:text/html;base64,AAAA",
        "data:audio/wav,AAAA",
        "data:audio/wav;base64,A!AA",
        "data:audio/wav;base64,",
        "data:audio/wav;base64," + "A" * (4 * (MOST_BYTES // 3 + 1)),
        "data:" + ";a=b" * 1_000 + ";base64,AAAA",
    ],
)
def test_a_known_speaker_is_a_small_recording_in_the_request_itself(address: str) -> None:
    pairs = [("model", "m"), ("known_speaker_names[]", "Ana"), ("known_speaker_references[]", address)]
    assert refused(*pairs).param == "known_speaker_references"


def test_the_largest_known_speaker_is_taken() -> None:
    data = base64.b64encode(bytes(MOST_BYTES)).decode()
    address = f"data:audio/mp4;codecs=mp4a.40.2;base64,{data}"
    found = asked(("known_speaker_names[]", "Ana"), ("known_speaker_references[]", address))
    assert [len(one.sound) for one in found.known_speakers] == [MOST_BYTES]


# What a job gets


def test_the_options_of_the_job_are_those_that_were_asked_for() -> None:
    found = asked(("language", "pt"), ("prompt", "x" * 2_000 + " Ana"), ("keywords[]", "Ana"))
    assert found.job_options() == {
        **OPTIONS,
        "language": "pt",
        "initial_prompt": "x" * 996 + " Ana",
        "hotwords": ["Ana"],
    }
    assert JobOptions().overridden(found.job_options()).hotwords == ("Ana",)
    assert found.warnings() == ["prompt is too long: only its last 1,000 characters are used."]


def test_the_only_language_that_may_be_spoken_is_the_language() -> None:
    assert asked(("languages[]", "pt")).job_options()["language"] == "pt"
    assert "language" not in asked(("languages[]", "pt"), ("languages[]", "en")).job_options()


@pytest.mark.parametrize("kind", ResponseFormat)
def test_speakers_are_distinguished_only_if_the_answer_names_them(kind: ResponseFormat) -> None:
    expected = "all" if kind is ResponseFormat.DIARIZED_JSON else "one"
    assert asked(("response_format", kind)).job_options()["speakers"] == expected


def test_a_translation_is_into_english_or_into_the_language_asked_for() -> None:
    plain = read_translation(Fields.of([("model", "whisper-1")]))
    assert (plain.task, plain.job_options()["targets"]) == ("translate", ["en"])
    other = read_translation(Fields.of([("model", "whisper-1"), ("target", "pt-br")]))
    assert JobOptions().overridden(other.job_options()).targets == ("pt-BR",)


def test_a_translation_has_no_speakers() -> None:
    error = refused(("model", "m"), ("response_format", "diarized_json"), read=read_translation)
    assert error.param == "response_format"


def test_what_has_no_effect_is_said() -> None:
    pairs = [("temperature", "0.5"), ("languages[]", "pt"), ("languages[]", "en"), ("include[]", "logprobs")]
    speakers = [("known_speaker_names[]", "Ana"), ("known_speaker_references[]", WAV)]
    found = asked(*pairs, VAD, ("chunking_strategy[threshold]", "0.5"), *speakers).warnings()
    names = ["temperature", "languages", "logprobs", "chunking_strategy", "known_speaker_references"]
    assert [sentence.split()[0] for sentence in found] == names
    assert all(sentence.isascii() for sentence in found), "a header cannot hold other letters"
    assert asked(("temperature", "0"), VAD).warnings() == []
    assert asked(("response_format", "diarized_json"), *speakers).warnings() == []


@pytest.mark.parametrize("kind", ResponseFormat)
def test_each_format_has_its_content_type(kind: ResponseFormat) -> None:
    assert kind.content_type == {
        "srt": "application/x-subrip; charset=utf-8",
        "vtt": "text/vtt; charset=utf-8",
        "text": "text/plain; charset=utf-8",
    }.get(kind, "application/json")


# Known speakers


def test_a_form_has_room_for_the_largest_voices_that_are_taken() -> None:
    longest = len("data:audio/wav;base64,") + 4 * math.ceil(MOST_BYTES / 3)
    assert FORM.longest_text("known_speaker_references[]") >= longest
    assert FORM.all_texts >= 4 * longest + LONGEST_PROMPT
    assert FORM.longest_text("prompt") < longest


def test_the_voices_are_not_in_memory_while_a_client_waits() -> None:
    found = asked(("known_speaker_names[]", "Ana"), ("known_speaker_references[]", WAV))
    assert found.known_speakers[0].sha256 == hashlib.sha256(b"RIFF....").hexdigest()
    assert found.without_sounds().known_speakers == (KnownSpeaker("Ana", b""),)


def test_what_to_install_is_said_once_it_is_known_that_no_engine_compares_voices(tmp_path: Path) -> None:
    assert engine_warnings(tmp_path, "auto") == [], "no worker has run yet"
    save_engines(tmp_path, "diarizer", [])
    [warning] = engine_warnings(tmp_path, "auto")
    assert warning.startswith("known_speaker_references") and "`dropdub setup --engines compact`" in warning
    save_engines(tmp_path, "diarizer", [DescribedEngine("campplus", False, ())])
    [lacking] = engine_warnings(tmp_path, "auto")
    assert lacking.endswith("Download it with: `dropdub models pull campplus`")
    save_engines(tmp_path, "diarizer", [DescribedEngine("resemblyzer", True, ())])
    assert engine_warnings(tmp_path, "auto") == []
    assert engine_warnings(tmp_path, "another") == [warning]
