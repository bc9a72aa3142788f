"""What Bazarr and Open WebUI send is what our parsers read, and they understand what we answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pysubs2
import requests
from requests.adapters import BaseAdapter

from dropdub.web.answering.errors import ApiError
from dropdub.web.bodies import read_body
from dropdub.web.fields import Fields
from dropdub.web.speech.request import SpeechRequest
from dropdub.web.transcripts import asr_answers, openai_answers
from dropdub.web.transcripts.asr_request import read_asr, read_detection
from dropdub.web.transcripts.openai_request import read_transcription
from tests.web.bazarr_requests import Bazarr
from tests.web.open_webui import OpenWebUi
from tests.web.openai_client import form_fields
from tests.web.transcripts import TEXT, TRANSCRIPT

Handler = Callable[[requests.PreparedRequest], str]
SOUND = bytes(3_200)


class FakeServer(BaseAdapter):
    """Answers by path in the client's own process: the requests are real, and there is no network."""

    def __init__(self, handlers: Mapping[str, Handler], *, status: int = 200) -> None:
        super().__init__()
        self._handlers, self._status = handlers, status
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        self.requests.append(request)
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = self._status, request, str(request.url)
        answer._content = self._handlers[urlsplit(str(request.url)).path](request).encode()
        return answer

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def session(self) -> requests.Session:
        session = requests.Session()
        session.mount("http://", self)
        return session


def query_of(request: requests.PreparedRequest) -> Fields:
    return Fields.of(parse_qsl(urlsplit(str(request.url)).query))


def form_of(request: requests.PreparedRequest) -> Fields:
    assert isinstance(request.body, bytes)
    return form_fields(request.headers["Content-Type"], request.body)


def test_bazarr_gets_its_subtitle_and_sends_its_token_as_a_password() -> None:
    def asr(request: requests.PreparedRequest) -> str:
        asked = read_asr(query_of(request))
        assert (asked.encode, asked.task, asked.language) == (False, "transcribe", "en")
        return asr_answers.answer(TRANSCRIPT, asked)

    server = FakeServer({"/asr": asr})
    bazarr = Bazarr("http://x:TOKEN@127.0.0.1:8760", video_name="/films/Ana.mkv", session=server.session())
    saved = pysubs2.SSAFile.from_string(bazarr.downloaded_subtitle(SOUND).decode(), format_="srt")
    assert [one.start for one in saved] == [500, 2500, 4250]
    sent = server.requests[0]
    assert sent.headers["Authorization"] == "Basic eDpUT0tFTg=="
    assert isinstance(sent.body, bytes)
    head, body = sent.body.split(b"\r\n\r\n", 1)
    assert head.endswith(b'Content-Disposition: form-data; name="audio_file"; filename="audio_file"')
    assert body.startswith(SOUND)


def test_bazarr_understands_which_language_was_detected() -> None:
    def detect(request: requests.PreparedRequest) -> str:
        assert not read_detection(query_of(request)).encode
        return asr_answers.detected("nb", 0.98)

    session = FakeServer({"/detect-language": detect}).session()
    assert Bazarr("http://127.0.0.1:8760", session=session).detected_language(SOUND) == ("no", "norwegian")


def test_bazarr_takes_an_empty_answer_for_no_language() -> None:
    session = FakeServer({"/detect-language": lambda _request: ""}, status=422).session()
    assert Bazarr("http://127.0.0.1:8760", session=session).detected_language(SOUND) is None


def test_bazarrs_test_button_is_green_if_there_is_a_version() -> None:
    session = FakeServer({"/status": lambda _request: '{"version": "Dropdub 0.2.0"}'}).session()
    shown = Bazarr("http://127.0.0.1:8760", session=session).test_button()
    assert shown == {"status": True, "version": "Dropdub 0.2.0", "code": 200}


def transcribe(request: requests.PreparedRequest) -> str:
    return openai_answers.answer(openai_answers.Heard(TRANSCRIPT, 8.25), read_transcription(form_of(request)))


def test_open_webui_gets_text_and_segments() -> None:
    session = FakeServer({"/v1/audio/transcriptions": transcribe}).session()
    client = OpenWebUi("http://127.0.0.1:8760/v1", "TOKEN", session)
    assert client.transcription("a.wav", SOUND, language="pt")["text"] == TEXT
    assert len(client.transcription("a.wav", SOUND, with_segments=True)["segments"]) == 3


def test_open_webui_asks_for_speech_and_shows_what_is_wrong() -> None:
    def speech(request: requests.PreparedRequest) -> str:
        assert isinstance(request.body, bytes)
        try:
            return read_body(request.body, SpeechRequest).input
        except ApiError as error:
            return json.dumps(error.body())

    session = FakeServer({"/v1/audio/speech": speech}).session()
    client = OpenWebUi("http://127.0.0.1:8760/v1", "TOKEN", session)
    assert client.speech("Olá!").text == "Olá!"
    assert client.shown_error(client.speech(" ")) == "External: input: there is no text to speak."


def test_open_webui_lists_voices_and_models() -> None:
    answers: dict[str, Handler] = {
        "/v1/audio/voices": lambda _request: '{"voices": [{"id": "ana", "name": "Ana"}]}',
        "/v1/audio/models": lambda _request: '{"models": [{"id": "tts-1"}]}',
    }
    server = FakeServer(answers)
    client = OpenWebUi("http://127.0.0.1:8760/v1", "TOKEN", server.session())
    assert (client.voices(), client.models(with_key=False)) == ({"ana": "Ana"}, ["tts-1"])
    assert [request.headers.get("Authorization") for request in server.requests] == ["Bearer TOKEN", None]
