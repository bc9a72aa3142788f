"""The answer with a transcript of hours takes a second to write: in a thread, since nobody is answered meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dropdub.config import Config
from dropdub.operations.place import Place
from dropdub.root import Root
from dropdub.web.admission import Admission
from dropdub.web.site import Site
from dropdub.web.transcripts import asr, asr_answers, routes
from dropdub.web.transcripts.asr_request import AsrRequest
from dropdub.web.transcripts.openai_events import TranscriptEvents
from dropdub.web.transcripts.openai_request import ResponseFormat, TranscriptionRequest
from dropdub.web.uploads.reception import Reception
from tests.web.transcripts import TRANSCRIPT


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    root = Root.at(tmp_path)
    root.create_folders()
    with closing(Site(Place(root, root.database_url), Config(), None)) as made:
        yield made


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> set[threading.Thread]:
    """The threads in which answers are written, whatever job is asked for: it has succeeded."""

    async def view(*_: Any) -> Any:
        return type("FakeView", (), {"duration_s": 8.25, "result": lambda *_: None})()

    async def transcript(*_: Any, **__: Any) -> Any:
        return TRANSCRIPT

    for module in (asr, routes):
        monkeypatch.setattr(module, "ended", view)
        monkeypatch.setattr(module, "transcript_of", transcript)
    used = set[threading.Thread]()
    for module, name in ((asr_answers, "answer"), (routes, "answer"), (TranscriptEvents, "end")):
        monkeypatch.setattr(module, name, _noting(getattr(module, name), used))
    return used


def _noting(function: Callable[..., Any], used: set[threading.Thread]) -> Callable[..., Any]:
    def noting(*arguments: Any) -> Any:
        used.add(threading.current_thread())
        return function(*arguments)

    return noting


async def _openai(site: Site) -> object:
    transcribing = routes.Transcribing(site, Admission(site), Reception(site.uploads, site.threads))
    return await transcribing._body(1, TranscriptionRequest("whisper-1", response_format=ResponseFormat.SRT))


async def _events(site: Site) -> object:
    async def growing(*_: Any) -> AsyncIterator[Any]:
        yield object.__new__(routes.AnswerView)

    transcribing = routes.Transcribing(site, Admission(site), Reception(site.uploads, site.threads))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(routes, "growing", growing)
        patched.setattr(routes.Transcribing, "_heard", lambda *_: _heard())
        return [sent async for sent in transcribing._events(1, TranscriptionRequest("whisper-1", stream=True))]


async def _heard() -> routes.Heard:
    return routes.Heard(TRANSCRIPT, 8.25)


async def _asr(site: Site) -> object:
    return await asr.transcribed(site, 1, "talk", AsrRequest())


@pytest.mark.parametrize("ask", [_openai, _events, _asr])
def test_an_answer_is_not_written_in_the_event_loop(
    site: Site, threads: set[threading.Thread], ask: Callable[[Site], Awaitable[object]]
) -> None:
    async def asked() -> object:
        return await ask(site)

    assert asyncio.run(asked())
    assert threads and threading.current_thread() not in threads
