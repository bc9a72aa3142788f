"""The answers of whisper-asr-webservice, letter by letter, and what its clients may ask for."""

from __future__ import annotations

import json
from typing import Any

import pysubs2
import pytest

from dropdub.config import JobOptions
from dropdub.web.answering.errors import ApiError
from dropdub.web.fields import Fields
from dropdub.web.transcripts.asr_answers import answer, detected, headers
from dropdub.web.transcripts.asr_request import AsrRequest, DetectRequest, Output, read_asr, read_detection
from dropdub.web.transcripts.whisper_task import WhisperTask
from tests.web.transcripts import JAPANESE, NOTHING, TRANSCRIPT, TRANSLATION


def asked(**query: str) -> AsrRequest:
    return read_asr(Fields.of(query.items()))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "Good morning, everyone.\nIs it <b>ten</b>?\nIt is, João.\n"),
        (
            {"output": "tsv"},
            (
                "start\tend\ttext\n500\t2000\tGood morning, everyone.\n2500\t3500\tIs it <b>ten</b>?\n"
                "4250\t6000\tIt is, João.\n"
            ),
        ),
        (
            {"diarize": "true"},
            "[SPEAKER_00]: Good morning, everyone.\n[SPEAKER_00]: Is it <b>ten</b>?\n[SPEAKER_01]: It is, João.\n",
        ),
    ],
)
def test_text_and_tables_are_exactly_as_that_server_writes_them(query: dict[str, str], expected: str) -> None:
    assert answer(TRANSCRIPT, asked(**query)) == expected


def test_subtitles_are_laid_out_in_that_servers_format() -> None:
    assert answer(TRANSLATION, asked(output="srt")) == (
        "1\n00:00:00,500 --> 00:00:02,420\nBom dia a todos.\n\n2\n00:00:02,500 --> 00:00:03,500\nSão dez?\n\n"
    )
    assert answer(TRANSLATION, asked(output="vtt")).startswith("WEBVTT\n\n")


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_subtitles_name_the_speakers_if_they_were_asked_for(kind: str) -> None:
    found = pysubs2.SSAFile.from_string(answer(TRANSCRIPT, asked(output=kind, diarize="true")), format_=kind)
    assert found[0].plaintext.replace("\n", " ") == "[SPEAKER_00]: Good morning, everyone."
    assert found[-1].plaintext.replace("\n", " ") == "[SPEAKER_01]: It is, João."


def test_a_table_is_read_by_other_programs() -> None:
    rows = [line.split("\t") for line in answer(TRANSCRIPT, asked(output="tsv")).splitlines()]
    assert [len(row) for row in rows] == [3] * 4


def test_json_has_the_fields_of_faster_whisper() -> None:
    text = answer(TRANSCRIPT, asked(output="json", word_timestamps="true"))
    found = json.loads(text)
    assert text.isascii(), "that server escapes all other letters"
    assert found.keys() == {"language", "segments", "text"}
    assert (found["language"], found["text"]) == ("en", " Good morning, everyone. Is it <b>ten</b>? It is, João.")
    assert [one["id"] for one in found["segments"]] == [1, 2, 3]
    assert found["segments"][2].keys() == {
        *("id", "seek", "start", "end", "text", "tokens", "avg_logprob", "compression_ratio"),
        *("no_speech_prob", "words", "temperature"),
    }
    assert found["segments"][0]["words"][1] == {"start": 0.8, "end": 1.2, "word": " morning,", "probability": 0.25}


def test_json_has_words_and_speakers_only_if_they_were_asked_for() -> None:
    assert [one["words"] for one in json.loads(answer(TRANSCRIPT, asked(output="json")))["segments"]] == [None] * 3
    found = json.loads(answer(TRANSCRIPT, asked(output="json", diarize="true")))["segments"]
    assert [one["speaker"] for one in found] == ["SPEAKER_00", "SPEAKER_00", "SPEAKER_01"]
    assert json.loads(answer(JAPANESE, asked(output="json")))["text"] == "おはよう。元気？"


@pytest.mark.parametrize(
    ("kind", "expected"), [("txt", ""), ("srt", ""), ("vtt", "WEBVTT\n\n"), ("tsv", "start\tend\ttext\n")]
)
def test_a_silent_recording_has_empty_answers(kind: str, expected: str) -> None:
    assert answer(NOTHING, asked(output=kind)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("audio_file", 'attachment; filename="audio_file.srt"'),
        ("\udcff" * 2, 'attachment; filename="%3F%3F.srt"'),
        ("a" * 1_000, f'attachment; filename="{"a" * 200}.srt"'),
        ('a"\r\nX: 1/ção', 'attachment; filename="a%22%0D%0AX%3A%201/%C3%A7%C3%A3o.srt"'),
    ],
)
def test_the_headers_name_the_engine_and_the_file(name: str, expected: str) -> None:
    found = headers(TRANSCRIPT, asked(output="srt"), name)
    assert found == {"Asr-Engine": "faster-whisper", "Content-Disposition": expected}


def test_a_language_is_answered_with_whispers_names() -> None:
    assert json.loads(detected("nb", 0.5)) == {
        "detected_language": "norwegian",
        "language_code": "no",
        "confidence": 0.5,
    }


# Requests


def test_bazarrs_query_is_read() -> None:
    query = {"task": "translate", "language": "jw", "output": "srt", "encode": "false", "video_file": "/etc/passwd"}
    found = asked(**query)
    assert found == AsrRequest(WhisperTask.TRANSLATE, Output.SRT, encode=False, language="jw")
    options = JobOptions().overridden(found.job_options())
    assert (options.language, options.targets, options.speakers, options.duplicates) == ("jw", ("en",), "one", "again")


def test_the_options_of_a_job_follow_the_query() -> None:
    found = asked(initial_prompt="Ana", diarize="1", vad_filter="true", min_speakers="2", max_speakers="3")
    assert found.job_options() == {
        **{"duplicates": "again", "report": False, "speakers": "all"},
        "initial_prompt": "Ana",
    }
    assert found.warnings() == ["min_speakers and max_speakers are ignored: the speakers are counted."]
    assert asked().warnings() == []


def test_subgens_fields_of_a_detection_are_ignored_with_a_warning() -> None:
    query = [("encode", "false"), ("detect_lang_length", "60"), ("detect_lang_offset", "10"), ("video_file", "x")]
    found = read_detection(Fields.of(query))
    assert found == DetectRequest(encode=False, names_part=True)
    assert [warning.partition(":")[0] for warning in found.warnings()] == [
        "detect_lang_length and detect_lang_offset are ignored"
    ]
    assert read_detection(Fields.of([])) == DetectRequest() and not DetectRequest().warnings()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"task": "sing"}, "task must be one of transcribe, translate."),
        ({"output": "ass"}, "output must be one of txt, vtt, srt, tsv, json."),
        ({"encode": "maybe"}, "encode must be true or false."),
        ({"language": "x"}, "language is not a language: use a tag such as en, pt or pt-BR."),
        ({"min_speakers": "0"}, "min_speakers must be a number from 1 to 100."),
        ({"min_speakers": "2.5"}, "min_speakers must be a whole number from 1 to 100."),
        ({"min_speakers": "3", "max_speakers": "2"}, "min_speakers is above max_speakers."),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(query: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError) as refusal:
        asked(**query)
    assert (refusal.value.status, refusal.value.message) == (400, message)
    assert refusal.value.param in query
