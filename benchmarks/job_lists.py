"""How long lists of a hundred thousand jobs take, changing many of them at once, and a hundred streams of events.

    python benchmarks/job_lists.py [FOLDER]

FOLDER is on the disk to be measured; it is made, and the database in it is used again by the next run.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from dropdub.config import load_config
from dropdub.operations.place import find_place
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState, Origin
from dropdub.store.transitions import Action
from dropdub.store.views import Reader, open_reader
from dropdub.store.views.listing import Chosen
from dropdub.web.site import Site

JOBS = 120_000
ASKED = range(70_001, 90_001)
"""The numbers of the jobs that only answered a client."""
STATES = [
    *[JobState.SUCCEEDED] * 70,
    *[JobState.FAILED] * 20,
    *[JobState.CANCELLED] * 5,
    *[JobState.QUEUED] * 4,
    JobState.WAITING,
]
OPTIONS = json.dumps({"some": "x" * 1_500})
CLIENTS, LISTEN_S = 100, 10.0


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").touch()
    place = find_place(folder)
    place.root.create_folders()
    with closing(Store.open(place.url)) as store:
        fill(place.root.database_file)
        reader = open_reader(place.url)
        for what, action in readings(reader):
            sys.stdout.write(f"{what:36}{best_ms(action):8.1f} ms\n")
        with closing(Site(place, load_config(place.root.config_file), None)) as site:
            asyncio.run(listen(site))
        retry(store, reader)


def fill(file: Path) -> None:
    """Write the jobs, each with a step, an attempt and an event, unless they are there."""
    with closing(sqlite3.connect(file)) as database, database:
        if database.execute("SELECT count(*) FROM job").fetchone()[0]:
            return
        chance = random.Random(1)
        for number in range(1, JOBS + 1):
            origin = Origin.ASKED if number in ASKED else Origin.DROPPED
            state = JobState.SUCCEEDED if number in ASKED else chance.choice(STATES)
            _insert(database, number, origin, state)


def _insert(database: sqlite3.Connection, number: int, origin: Origin, state: JobState) -> None:
    name = f"Áudio {number}.mp3" if number % 1_000 == 0 else f"Reunião {number}.mp4"
    ended = 2_000.0 + number if state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED) else None
    database.execute(
        """INSERT INTO job (id, name, origin, source, state, created_at, finished_at, options, overrides, outputs,
           warnings, priority, round, cancel_requested, interruptions)
           VALUES (?, ?, ?, '/somewhere', ?, 1000.0, ?, ?, '{}', '[]', '[]', 1, 1, 0, 0)""",
        (number, name, origin, state, ended, OPTIONS),
    )
    step = "failed" if state is JobState.FAILED else "succeeded" if state is JobState.SUCCEEDED else "queued"
    database.execute(
        """INSERT INTO step (id, job_id, key, stage, phase, pool, params, state, round, priority, token, attempts,
           scheduled_at, progress) VALUES (?, ?, 'probe', 'probe', 0, 'media', '{}', ?, 1, 1, 0, 1, 1.0, 1.0)""",
        (number, number, step),
    )
    error = ("Rare" if number % 50 == 0 else "NotMedia") if step == "failed" else None
    database.execute(
        "INSERT INTO attempt (step_id, token, run_id, started_at, ended_at, outcome, error_class) "
        "VALUES (?, 1, 'run', 1.0, 2.0, ?, ?)",
        (number, step, error),
    )
    database.execute("INSERT INTO event (job_id, at, level, text) VALUES (?, 1.0, 'info', 'Found')", (number,))


def readings(reader: Reader) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what is measured, and how."""
    now = time.time()
    yield "dropdub status", lambda: reader.status(now=now)
    yield "dropdub status --all", lambda: reader.status(now=now, asked=True)
    for what, chosen in {
        "a page": Chosen(),
        "a page of failed jobs": Chosen((JobState.FAILED,)),
        "a page by a common name": Chosen(text="reunião"),
        "a page by a rare name": Chosen(text="áudio 66000"),
        "a page by a name that is not there": Chosen(text="zzz"),
        "a page by a common error": Chosen(error="NotMedia"),
        "a page by a rare error": Chosen(error="Rare"),
        "a page with requests": Chosen(asked=True),
    }.items():
        yield what, lambda chosen=chosen: reader.page(chosen, now=now)  # type: ignore[misc]
    yield "a reading for the streams", lambda: reader.feed(JOBS - 10, now=now, most=1_000)


def best_ms(action: Callable[[], object]) -> float:
    """Return the shortest of three runs, in milliseconds."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return min(taken) * 1_000


async def listen(site: Site) -> None:
    """Print what many clients cost while a job changes ten times a second."""
    for clients in (1, CLIENTS):
        polling = asyncio.ensure_future(site.watch.poll())
        listening = [asyncio.ensure_future(_client(site)) for _ in range(clients)]
        began, used = time.perf_counter(), time.process_time()
        while time.perf_counter() - began < LISTEN_S:
            await site.run(transitions.pause_all if time.time() % 2 < 1 else transitions.resume_all, site.store)
            await asyncio.sleep(0.1)
        share = (time.process_time() - used) / (time.perf_counter() - began)
        for task in (*listening, polling):
            task.cancel()
        await asyncio.gather(*listening, polling, return_exceptions=True)
        sys.stdout.write(f"{clients} streams of events: {share:.0%} of one core\n")


async def _client(site: Site) -> int:
    received = 0
    with site.feed.client() as client:
        received += len(await client.first(None))
        while True:
            await client.awake.wait()
            received += len(client.take())


def retry(store: Store, reader: Reader) -> None:
    """Retry all failed jobs, as a client asks for it."""
    before, changed, began = None, 0, time.perf_counter()
    while numbers := reader.numbers(Chosen((JobState.FAILED,)), now=time.time(), before=before):
        changed += len(transitions.change_jobs(store, Action.RETRY, numbers, now=time.time()))
        before = numbers[-1]
    sys.stdout.write(f"{changed} jobs retried in {time.perf_counter() - began:.2f} s\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
