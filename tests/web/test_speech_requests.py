"""What may be asked to be spoken, and what a request that is wrong is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.audio import speech_create_params
from starlette.requests import Request

from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import read_body
from dropdub.web.speech.audio_format import AudioFormat
from dropdub.web.speech.request import (
    LONGEST_BATCH,
    LONGEST_TEXT,
    LONGEST_WAIT_S,
    MOST_ITEMS,
    BatchRequest,
    SpeechRequest,
    SynthesizeRequest,
)
from dropdub.web.speech.synthesize_routes import wanted_wait_s
from tests.web.openai_client import client_with


def speech(**fields: Any) -> SpeechRequest:
    return read_body(json.dumps({"input": "Hello.", **fields}).encode(), SpeechRequest)


def refused(model: Any, body: Any) -> dict[str, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(ApiError) as refusal:
        read_body(data, model)
    assert refusal.value.status == 400
    found: dict[str, Any] = refusal.value.body()["error"]
    assert found["type"] == "invalid_request_error"
    return found


def test_every_field_that_the_openai_client_knows_is_read() -> None:
    assert set(speech_create_params.SpeechCreateParams.__annotations__) <= set(SpeechRequest.model_fields)


def test_every_option_of_the_openai_client_arrives() -> None:
    found: list[SpeechRequest] = []

    def reply(request: Any) -> tuple[str, bytes]:
        found.append(read_body(request.read(), SpeechRequest))
        return found[0].response_format.content_type, b"fLaC"

    options: dict[str, Any] = {"response_format": "flac", "speed": 1.5, "instructions": "Calm.", "stream_format": "sse"}
    create = client_with(reply).audio.speech.create
    answer = create(
        input="Olá!", model="gpt-4o-mini-tts", voice={"id": "ana"}, extra_body={"language": "pt"}, **options
    )
    assert answer.read() == b"fLaC"
    assert found[0].model_dump() == {
        **{"input": "Olá!", "model": "gpt-4o-mini-tts", "voice": "ana", "language": "pt"},
        **options,
    }


def test_a_text_alone_is_enough() -> None:
    found = speech()
    assert (found.input, found.voice, found.response_format) == ("Hello.", None, AudioFormat.MP3)
    assert (found.speed, found.stream_format, found.language, found.warnings()) == (1.0, "audio", None, ())


def test_options_that_are_null_or_unknown_are_ignored() -> None:
    assert speech(speed=None, voice=None, response_format=None, stream=True, lang_code="a") == speech()


@pytest.mark.parametrize("voice", ["ana", {"id": "ana"}, {"id": "ana", "name": "Ana"}])
def test_a_voice_is_a_name_or_an_object_with_an_id(voice: Any) -> None:
    assert speech(voice=voice).voice == "ana"


def test_instructions_are_ignored_and_the_answer_says_so() -> None:
    assert speech(instructions="Whisper!").warnings() == (
        "instructions is ignored: Dropdub's voices speak as in their recording.",
    )


@pytest.mark.parametrize("length", [4_097, LONGEST_TEXT])
def test_a_text_may_be_longer_than_openai_allows(length: int) -> None:
    assert len(speech(input="a" * length).input) == length


@pytest.mark.parametrize(
    ("fields", "param", "message"),
    [
        ({"input": None}, "input", "input is required."),
        ({"input": " \n"}, "input", "input: there is no text to speak."),
        ({"input": "a" * (LONGEST_TEXT + 1)}, "input", "input has more than 100,000 characters."),
        ({"input": 7}, "input", "input must be a text."),
        ({"voice": 7}, "voice", "voice must be a text."),
        ({"voice": {"id": ""}}, "voice", "voice is empty."),
        ({"voice": {"name": "ana"}}, "voice", "voice is empty."),
        ({"voice": "a\nb"}, "voice", "voice: contains a line break or a tab."),
        ({"speed": 0.2}, "speed", "speed must be at least 0.25."),
        ({"speed": 4.1}, "speed", "speed must be at most 4."),
        ({"speed": "fast"}, "speed", "speed must be a number."),
        ({"speed": float("nan")}, "speed", "speed must be a number."),
        ({"response_format": "ogg"}, "response_format", None),
        ({"stream_format": "ws"}, "stream_format", "stream_format must be 'audio' or 'sse'."),
        ({"language": "x"}, "language", "language: 'x' is not a language: use a tag such as en, pt or pt-BR."),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(fields: dict[str, Any], param: str, message: str | None) -> None:
    error = refused(SpeechRequest, {"input": "Hello.", **fields})
    assert error["param"] == param
    assert error["message"] == message or message is None


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"input": "\\ud800"}'])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    assert refused(SpeechRequest, body)["message"] == "The body of the request is not valid JSON."


def test_a_body_that_is_no_object_is_refused() -> None:
    assert refused(SpeechRequest, b"[]")["message"] == "The body of the request must be a JSON object."


def test_the_orders_own_route_waits_a_minute_and_sends_wav() -> None:
    found = read_body(b'{"text": "Hello."}', SynthesizeRequest)
    assert (found.wait, found.format, found.speed) == (60.0, AudioFormat.WAV, 1.0)


def wait_of(query: str = "", prefer: str = "") -> float:
    headers = [(b"prefer", prefer.encode())] if prefer else []
    return wanted_wait_s(Request({"type": "http", "query_string": query.encode(), "headers": headers}), 60.0)


def test_the_query_comes_before_the_header_and_the_header_before_the_body() -> None:
    assert [wait_of(), wait_of(prefer="respond-async, wait=5"), wait_of("wait=2.5", "wait=5")] == [60.0, 5.0, 2.5]
    assert wait_of(prefer="wait=999999") == LONGEST_WAIT_S


@pytest.mark.parametrize("wait", ["nan", "inf", "-1", "3601", "soon"])
def test_a_wait_that_is_no_time_is_refused(wait: str) -> None:
    with pytest.raises(ApiError) as refusal:
        wait_of(f"wait={wait}")
    assert (refusal.value.status, refusal.value.param) == (400, "wait")


def test_a_misspelled_field_of_our_own_routes_is_an_error() -> None:
    error = refused(SynthesizeRequest, {"text": "Hello.", "langauge": "en"})
    assert (error["param"], error["code"]) == ("langauge", "unknown_parameter")


def test_a_batch_names_the_item_that_is_wrong() -> None:
    error = refused(BatchRequest, {"items": [{"text": "One."}, {"id": "b", "text": " "}]})
    assert (error["param"], error["message"]) == ("items[1].text", "items[1].text: there is no text to speak.")


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([], "items is empty."),
        ([{"text": "a"}] * (MOST_ITEMS + 1), "items has more than 1,000 entries."),
        ([{"id": "a", "text": "One."}, {"id": "a", "text": "Two."}], "Two items have the same id."),
        ([{"text": "a" * LONGEST_TEXT}] * (LONGEST_BATCH // LONGEST_TEXT + 1), None),
    ],
)
def test_a_batch_is_bounded_and_its_ids_differ(items: list[dict[str, str]], message: str | None) -> None:
    found = refused(BatchRequest, {"items": items})["message"]
    assert found == message or (message is None and "send several batches" in found)
