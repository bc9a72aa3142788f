"""The sound of a text, as soon as its pieces are complete."""

from __future__ import annotations

import asyncio
import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dropdub.media.sound.wav import WavWriter
from dropdub.pipeline.artifacts import PIECES, piece_name
from dropdub.pipeline.request import Request, Wanted
from dropdub.store import queries, transitions
from dropdub.store.states import JobState
from dropdub.store.steps import StepSpec
from dropdub.store.transitions import AskedJob, JobFacts
from dropdub.store.views.answers import BatchEntry
from dropdub.web.answering.errors import ApiError
from dropdub.web.site import Site
from dropdub.web.speech import answers, batches
from dropdub.web.speech.answers import sound_of
from dropdub.web.speech.audio_format import SPOKEN_RATE, AudioFormat
from dropdub.web.speech.batches import Batch
from dropdub.web.speech.pieces import spoken_pieces
from tests.factories import DONE, a_claim
from tests.web.sites import site_at

SAY = StepSpec("say", "say", 0, None, "synthesize", {"text": "Hello. It is me."})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_at(tmp_path) as made:
        yield made


async def begun(site: Site) -> tuple[int, Path]:
    """Record a request that a worker has begun; return its job, and the folder of its pieces."""
    [job] = await site.ask([AskedJob("Hello.", Request(Wanted.SAY, {}).to_json(), (SAY,), options={})])
    await site.run(lambda: a_claim(site.store, pool="synthesize", now=time.time()))
    folder = site.place.root.results_dir(job.job_id)
    folder.mkdir(parents=True)
    return job.job_id, folder


def say(folder: Path, number: int, *, rate: int = 8_000) -> None:
    with WavWriter(folder / piece_name(number), rate) as writer:
        writer.write(np.zeros(80, np.float32))


@pytest.mark.parametrize("content", [b'{"pieces": 2}', b"", b"{}", b'{"pieces": '])
def test_the_last_piece_is_known_before_the_job_has_ended_unless_its_number_is_lost(site: Site, content: bytes) -> None:
    async def wait() -> list[bool]:
        job, folder = await begun(site)
        (folder / PIECES).write_bytes(content)
        say(folder, 0)
        pieces = spoken_pieces(site, job)
        found = [(await anext(pieces)).is_last]
        say(folder, 1)
        site.watch.changed([job])
        found.append((await asyncio.wait_for(anext(pieces), 30)).is_last)
        await pieces.aclose()
        return found

    assert asyncio.run(wait()) == [False, content == json.dumps({"pieces": 2}).encode()]


async def spoken(site: Site, *, pieces: int) -> int:
    """Record a request whose text was spoken; return its job."""
    job, folder = await begun(site)
    for number in range(pieces):
        say(folder, number, rate=SPOKEN_RATE)
    [step] = await site.run(queries.steps, site.store, job, 1)
    assert step.id is not None
    transitions.complete_step(
        site.store, step.id, step.token, result={"pieces": pieces}, facts=JobFacts(), steps=(), end=DONE,
        now=time.time(), is_answer=True,
    )  # fmt: skip
    return job


def parts_of(site: Site, *, pieces: int, kind: AudioFormat) -> list[bytes]:
    async def read() -> list[bytes]:
        return [part async for part in sound_of(site, await spoken(site, pieces=pieces), kind)]

    return asyncio.run(read())


@pytest.mark.parametrize("kind", [AudioFormat.WAV, AudioFormat.MP3])
def test_a_short_sound_is_one_part_and_a_long_one_comes_piece_by_piece(
    site: Site, monkeypatch: pytest.MonkeyPatch, kind: AudioFormat
) -> None:
    """Two hours of speech took more than a gigabyte when they were put together first."""
    [whole] = parts_of(site, pieces=4, kind=kind)
    monkeypatch.setattr(answers, "MOST_WHOLE", 200)
    parts = parts_of(site, pieces=4, kind=kind)
    assert len(parts) == 5
    if kind is AudioFormat.WAV:
        assert int.from_bytes(whole[40:44], "little") == len(whole) - 44
        assert b"".join(parts)[40:44] == b"\xff" * 4 and b"".join(parts)[44:] == whole[44:]


def test_nothing_to_hear_is_an_error_and_no_empty_file(site: Site) -> None:
    with pytest.raises(ApiError) as refusal:
        parts_of(site, pieces=0, kind=AudioFormat.WAV)
    assert refusal.value.status == 422


@pytest.mark.parametrize("most", [200, 16_000])
def test_the_archive_of_a_batch_has_the_same_sounds_however_long_they_are(
    site: Site, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    async def read() -> bytes:
        found = [await spoken(site, pieces=number) for number in (1, 4)]
        entries = [BatchEntry(job, "Hello.", JobState.SUCCEEDED, f"item {job}") for job in found]
        return b"".join([part async for part in batches.zipped(site, Batch("b", entries), AudioFormat.PCM)])

    monkeypatch.setattr(answers, "MOST_WHOLE", most)
    archive = zipfile.ZipFile(io.BytesIO(asyncio.run(read())))
    assert archive.testzip() is None
    sizes = {one.filename: one.file_size for one in archive.infolist()}
    assert sizes == {"0001 item 1.pcm": 160, "0002 item 2.pcm": 640}


@pytest.mark.parametrize("content", [None, b"", b"RIFF"])
def test_a_job_whose_answer_is_lost_is_forgotten_so_that_the_repetition_is_spoken(
    site: Site, content: bytes | None
) -> None:
    async def read(lost: int) -> None:
        job = await spoken(site, pieces=3)
        file = site.place.root.results_dir(job) / piece_name(lost)
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        await anext(spoken_pieces(site, job)) if lost == 0 else [piece async for piece in spoken_pieces(site, job)]

    for lost in (0, 2):
        with pytest.raises(ApiError) as refusal:
            asyncio.run(read(lost))
        assert (refusal.value.status, refusal.value.headers["retry-after"]) == (503, "1")
        assert queries.request_ids(site.store) == set()
        assert site.place.root.results_dirs() == []


def test_a_job_that_still_speaks_keeps_what_it_has_if_a_piece_is_lost(site: Site) -> None:
    """A new start of the daemon removes unfinished pieces while a server that stands alone reads them."""

    async def read() -> int:
        job, folder = await begun(site)
        say(folder, 0)
        (folder / piece_name(1)).write_bytes(b"RIFF")
        pieces = spoken_pieces(site, job)
        await anext(pieces)
        with pytest.raises(ApiError) as refusal:
            await anext(pieces)
        assert refusal.value.status == 503
        return job

    job = asyncio.run(read())
    assert queries.request_ids(site.store) == {job}
    assert (site.place.root.results_dir(job) / piece_name(0)).exists()
