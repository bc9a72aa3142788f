"""Waiting for jobs without blocking: clients wake when a job changes, and what nobody waits for is cancelled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from starlette.responses import Response, StreamingResponse

from dropdub.errors import TransitionRefused
from dropdub.pipeline.request import Request, Wanted
from dropdub.store import queries, transitions
from dropdub.store.steps import StepSpec
from dropdub.store.transitions import AskedJob, JobFacts
from dropdub.web.answering import long_answers
from dropdub.web.answering.errors import ApiError
from dropdub.web.answering.long_answers import json_in_time, with_signs_of_life
from dropdub.web.jobs import leaving, watch
from dropdub.web.site import Site
from tests.factories import DONE, a_claim
from tests.web.sites import site_at

SAY = StepSpec("say", "say", 0, None, "synthesize", {"text": "Hello."})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_at(tmp_path) as made:
        yield made


def a_request(key: str | None = None) -> AskedJob:
    return AskedJob("Hello.", Request(Wanted.SAY, {"text": "Hello."}).to_json(), (SAY,), options={}, key=key)


async def asked(site: Site) -> int:
    [one] = await site.ask([a_request()])
    return one.job_id


def answer(site: Site, *, ended: bool = True) -> None:
    """Do what a daemon does with the request."""
    claim = a_claim(site.store, pool="synthesize", now=time.time())
    if ended:
        assert claim.step.id is not None
        transitions.complete_step(
            site.store, claim.step.id, claim.step.token, result={"pieces": 1}, facts=JobFacts(), steps=(), end=DONE,
            now=time.time(), is_answer=True,
        )  # fmt: skip


async def states_of(site: Site, job_id: int) -> list[str]:
    return [view.state async for view in site.watch.views(job_id)]


def test_a_client_sees_each_state_of_its_job_and_the_wait_ends_with_it(site: Site) -> None:
    async def wait() -> list[str]:
        polling = asyncio.ensure_future(site.watch.poll())
        views = site.watch.views(await asked(site))
        first = (await anext(views)).state
        await site.run(answer, site)
        async with asyncio.timeout(60):
            found = [first, *[view.state async for view in views]]
        polling.cancel()
        return found

    found = asyncio.run(wait())
    assert (found[0], found[-1]) == ("queued", "succeeded")
    assert site.watch.waiters(1) == 0


def test_a_report_of_a_change_wakes_only_those_who_wait_for_that_job(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_AGAIN_S", 600.0)

    async def wait() -> tuple[list[str], bool]:
        first, second = await asked(site), await asked(site)
        one, two = (asyncio.ensure_future(states_of(site, job)) for job in (first, second))
        while not (site.watch.waiters(first) and site.watch.waiters(second)):
            await asyncio.sleep(0.01)
        await site.run(answer, site)
        site.watch.changed([first])
        found = await asyncio.wait_for(one, 60)
        await asyncio.sleep(0.05)
        is_waiting = not two.done()
        two.cancel()
        return found, is_waiting

    found, is_waiting = asyncio.run(wait())
    assert found[-1] == "succeeded" and is_waiting


def test_a_job_that_is_forgotten_while_a_client_waits_ends_the_wait(site: Site) -> None:
    assert asyncio.run(states_of(site, 99)) == []


@pytest.mark.parametrize(("begun", "cancelled"), [(False, True), (True, False)])
def test_a_short_request_is_cancelled_when_its_client_leaves_unless_it_has_begun(
    site: Site, *, begun: bool, cancelled: bool
) -> None:
    async def leave() -> int:
        job = await asked(site)
        if begun:
            await site.run(lambda: answer(site, ended=False))
        with site.leaving.present(job, linger_s=0.0, spares_begun=True):
            pass
        await asyncio.gather(*site.leaving.tasks)
        return job

    assert queries.job(site.store, asyncio.run(leave())).cancel_requested is cancelled


def test_a_job_is_not_cancelled_while_another_client_waits_for_it(site: Site) -> None:
    async def leave() -> int:
        job = await asked(site)
        with site.leaving.present(job, linger_s=0.0):
            with site.leaving.present(job, linger_s=0.0):
                pass
            await asyncio.sleep(0.1)
            await asyncio.gather(*site.leaving.tasks)
            assert not queries.job(site.store, job).cancel_requested
        return job

    asyncio.run(leave())


def test_a_client_that_returns_in_time_finds_its_job_still_there(site: Site) -> None:
    async def leave() -> int:
        job = await asked(site)
        with site.leaving.present(job, linger_s=0.2):
            pass
        with site.leaving.present(job, linger_s=600.0):
            await asyncio.gather(*site.leaving.tasks)
            assert not queries.job(site.store, job).cancel_requested
        return job

    asyncio.run(leave())
    assert leaving.LINGER_S >= 60, "OpenAI's clients repeat a request after up to 8 s"


# -- long answers -------------------------------------------------------------------------------------------------


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose patience after a tenth of a second."""
    monkeypatch.setattr(long_answers, "PATIENCE_S", 0.1)
    monkeypatch.setattr(long_answers, "EVERY_S", 0.05)


async def at_once(result: bytes | ApiError) -> bytes:
    if isinstance(result, ApiError):
        raise result
    return result


class Late:
    """Work that ends once its answer has begun with two signs of life."""

    def __init__(self, result: bytes | ApiError) -> None:
        self._result = result
        self._may_end = asyncio.Event()

    async def work(self) -> bytes:
        await self._may_end.wait()
        return await at_once(self._result)

    async def parts_of(self, answer: Response) -> AsyncIterator[bytes]:
        assert isinstance(answer, StreamingResponse)
        parts = 0
        async for part in answer.body_iterator:
            parts += 1
            if parts == 2:
                self._may_end.set()
            yield bytes(part)  # type: ignore[arg-type]  # no text is streamed


@pytest.mark.usefixtures("soon")
def test_an_answer_that_takes_long_begins_with_spaces() -> None:
    async def read() -> tuple[Response, list[bytes]]:
        late = Late(b'{"text": ""}')
        found = await json_in_time(late.work(), headers={"x-dropdub-job": "7"})
        return found, [part async for part in late.parts_of(found)]

    found, parts = asyncio.run(read())
    assert found.status_code == 200 and found.headers["x-dropdub-job"] == "7"
    assert set(parts[:-1]) == {b" "} and len(parts) > 2
    assert parts[-1] == b'{"text": ""}'


def test_an_answer_that_is_there_in_time_is_whole() -> None:
    found = asyncio.run(json_in_time(at_once(b"{}"), headers={}))
    assert found.headers["content-length"] == "2" and found.body == b"{}"


def test_an_error_in_time_has_its_status() -> None:
    with pytest.raises(ApiError):
        asyncio.run(json_in_time(at_once(ApiError(422, "Nobody speaks.")), headers={}))


@pytest.mark.usefixtures("soon")
def test_a_late_error_cuts_the_connection() -> None:
    async def read() -> list[bytes]:
        late, parts = Late(ApiError(422, "Nobody speaks.")), list[bytes]()
        found = await json_in_time(late.work(), headers={})
        with pytest.raises(ApiError):
            async for part in late.parts_of(found):
                parts.append(part)
        return parts

    assert set(asyncio.run(read())) == {b" "}


@pytest.mark.usefixtures("soon")
def test_the_work_ends_when_the_client_leaves_a_long_answer() -> None:
    ended = []

    async def work() -> bytes:
        try:
            await asyncio.sleep(600)
        finally:
            ended.append(True)
        return b""

    async def leave() -> None:
        found = await json_in_time(work(), headers={})
        assert isinstance(found, StreamingResponse)
        stream = found.body_iterator
        await anext(aiter(stream))
        await stream.aclose()  # type: ignore[attr-defined]  # it is a generator

    asyncio.run(leave())
    assert ended == [True]


@pytest.mark.usefixtures("soon")
def test_a_stream_of_events_shows_that_it_is_alive() -> None:
    async def events(was_waited_for: asyncio.Event) -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        await was_waited_for.wait()
        yield b"data: 2\n\n"

    async def read() -> list[bytes]:
        was_waited_for, parts = asyncio.Event(), list[bytes]()
        async for part in with_signs_of_life(events(was_waited_for)):
            parts.append(part)
            if part.startswith(b":"):
                was_waited_for.set()
        return parts

    found = asyncio.run(read())
    assert found[0] == b"data: 1\n\n" and found[-1] == b"data: 2\n\n"
    assert set(found[1:-1]) == {b": wait\n\n"}


def test_no_job_is_cancelled_that_another_request_has_joined_at_the_same_moment(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "ARRIVES_S", 600.0)  # however slow this machine is

    async def one_leaves_and_one_comes(key: str) -> bool:
        [first] = await site.ask([a_request(key)])
        with site.leaving.present(first.job_id, linger_s=0.0, spares_begun=True):
            pass
        [second] = await site.ask([a_request(key)])
        await asyncio.sleep(0.01)
        with site.leaving.present(second.job_id, linger_s=600.0):
            return queries.job(site.store, second.job_id).cancel_requested

    async def many() -> list[bool]:
        return [await one_leaves_and_one_comes(str(number)) for number in range(30)]

    assert not any(asyncio.run(many()))


def test_a_job_is_cancelled_if_a_request_that_has_joined_it_never_waits(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "ARRIVES_S", 0.05)

    async def leave() -> int:
        [first] = await site.ask([a_request("key")])
        with site.leaving.present(first.job_id, linger_s=0.0):
            await site.ask([a_request("key")])
        while site.leaving.tasks:
            await asyncio.gather(*site.leaving.tasks)
        return first.job_id

    assert queries.job(site.store, asyncio.run(leave())).cancel_requested


def test_a_text_is_not_cancelled_that_a_worker_begins_while_its_client_leaves(site: Site) -> None:
    """Whoever repeats the request would have it spoken a second time."""

    async def leave() -> bool:
        job = await asked(site)
        with pytest.raises(TransitionRefused):
            await site.run(begin_and_cancel, job)
        return queries.job(site.store, job).cancel_requested

    def begin_and_cancel(job: int) -> None:
        a_claim(site.store, pool="synthesize", now=time.time())
        transitions.request_cancel(site.store, job, now=time.time(), unless_begun=True)

    assert not asyncio.run(leave())
