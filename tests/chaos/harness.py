"""Kill Dropdub at a place or a moment, start it again, and check whether any of its promises is broken."""

from __future__ import annotations

import hashlib
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import psutil

from dropdub.failpoints import TRACE_VARIABLE, VARIABLE
from dropdub.inbox.file_identity import identity
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.states import Origin
from tests.acceptance.site import Site
from tests.chaos.invariants import broken
from tests.conftest import SPEECH

ENDS_WITHIN_S = 90
DIES_WITHIN_S = 15
_MIGRATING = threading.Lock()
"""Alembic creates one database at a time in a process."""
SETTINGS: dict[str, Any] = {"retry": {"first": 0.1, "longest": 0.5, "interruptions": 100}}


@dataclass(frozen=True)
class Run:
    """One run of one step, in monotonic seconds; `end` is None if its process died in it."""

    step: str
    pid: int
    begin: float
    end: float | None


def a_clip(folder: Path) -> Path:
    """Make a video of two and a half seconds in which someone speaks."""
    path = folder / "clip.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=3")
    codecs = ("-t", "2.5", "-c:v", "mpeg4", "-c:a", "aac")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *picture, "-i", str(SPEECH), *codecs, str(path)]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
    return path


def a_site(
    folder: Path, clip: Path, *, targets: Iterable[str], settings: Mapping[str, Any] | None = None, **environment: str
) -> Site:
    """Return a root with the clip and its sidecar in the inbox."""
    site = filled(Site(folder, job={"targets": list(targets)}, **SETTINGS, **(settings or {})), clip)
    site.environment = {TRACE_VARIABLE: str(folder / "trace"), **environment}
    return site


def filled(site: Site, clip: Path, *, place: str = "") -> Site:
    """Drop the clip and its sidecar, into the inbox or a folder in it (`place`, which ends with a slash)."""
    (site.inbox / place).mkdir(parents=True, exist_ok=True)
    (site.inbox / f"{place}clip.mp4.job.yaml").write_text("language: en\n", encoding="utf-8")
    site.drop(clip, f"{place}clip.mp4")
    return site


def uploaded(site: Site, clip: Path) -> Site:
    """Record the clip as a file that came with a request."""
    data = clip.read_bytes()
    file = site.root / "work" / "uploads" / "1" / "data"
    file.parent.mkdir(parents=True)
    file.write_bytes(data)
    site.dropped[hashlib.sha256(data).hexdigest()] += 1
    seen = {**asdict(identity(file)), "source": str(file), "name": "clip.mp4", "origin": Origin.UPLOADED}
    with _MIGRATING:
        store = Store.open(f"sqlite:///{site.root / 'jobs.db'}")
    with closing(store):
        transitions.record_upload(store, **seen, request_key="1", overrides={"language": "en"}, now=time.time())
    return site


def archived_elsewhere(site: Site, archive: Path) -> Site:
    """Let the root's archive, which its settings name, be found in the place that the invariants look in."""
    (site.root / "archive").rmdir()
    (site.root / "archive").symlink_to(archive)
    return site


def with_subtitle(site: Site, name: str = "clip.en.srt") -> Site:
    """Put the film's own words beside it in the inbox, or into a folder beside it."""
    site.drop_text("1\n00:00:00,200 --> 00:00:02,000\nAnd so, my fellow Americans.\n", name)
    return site


def moving_places(site: Site) -> list[str]:
    """Return the places at which the daemon takes files in and hands them over, as they were reached in the root."""
    reached = places(site)
    taken = next(number for number, place in enumerate(reached) if place.startswith("daemon.commit.take_job"))
    ending = next(number for number, place in enumerate(reached) if place.startswith("daemon.commit.begin_ending"))
    chosen = [*reached[: taken + 1], *reached[ending:]]
    return [place for place in dict.fromkeys(chosen) if place.startswith("daemon.")]


def places(site: Site) -> list[str]:
    """Return the places that were reached in the root, in their order; without runs of steps and the heartbeat."""
    lines = (site.root / "trace").read_text(encoding="utf-8").splitlines()
    reached = (line.split()[0] for line in lines)
    return [place for place in reached if ".run." not in place and ".beat." not in place]


def place_after(places: list[str], landmark: str, wanted: str) -> str:
    """Return the first place named `wanted` after the first one named `landmark`."""
    first = next(number for number, place in enumerate(places) if place.startswith(f"{landmark}#"))
    return next(place for place in places[first:] if place.startswith(f"{wanted}#"))


def problems_after_a_kill_at(place: str, site: Site) -> list[str]:
    """Let the program die once at `place`, start it again, and return what is wrong then."""
    flag = site.root / "killed"
    code = site.work_off(timeout_s=ENDS_WITHIN_S, **site.environment, **{VARIABLE: f"{place}=kill@{flag}"})
    found = []
    if place.startswith("daemon.") and flag.exists() and code != -signal.SIGKILL:
        found.append(f"it went on with code {code} although it was killed")
    return [*found, *problems_after_death(site)]


def problems_after_death(site: Site) -> list[str]:
    """Start it again after a death, and return what is wrong once it has processed everything."""
    return [*survivors(site), *problems_of_the_next_start(site), *survivors(site), *overlaps(site)]


def problems_of_the_next_start(site: Site) -> list[str]:
    """Start it again, and return what is wrong with the root once it has processed everything."""
    found = []
    before = published(site)
    try:
        code = site.work_off(timeout_s=ENDS_WITHIN_S, **site.environment)
    except subprocess.TimeoutExpired:
        site.close()
        return [*found, "it does not come to an end"]
    if code != 0:
        found.append(f"the next start ended with {code}: {site.output()[-600:]}")
    after = published(site)
    changed = [name for name, digest in before.items() if after.get(name) != digest]
    found += [f"{name} was published, and later was another or gone" for name in changed]
    return [*found, *broken(site.root, site.dropped)]


def spoil_database(site: Site, chance: random.Random) -> str:
    """Leave the database of a stopped root as it is, put an older copy in its place, or delete it; return which."""
    older = site.root.parent / "older.db"
    chosen = chance.choices(["as it was", "older copy", "deleted"], weights=[4, 3, 3])[0]
    if chosen == "older copy" and not older.exists():
        chosen = "as it was"
    if chosen == "as it was":
        if (site.root / "jobs.db").exists() and chance.random() < 0.5:
            copy_database(site.root / "jobs.db", older)
        return chosen
    for file in site.root.glob("jobs.db*"):
        file.unlink()
    if chosen == "older copy":
        shutil.copyfile(older, site.root / "jobs.db")
    return chosen


def copy_database(database: Path, target: Path) -> None:
    """Copy a database as its own program would, with what is in its write-ahead log."""
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def problems_with_another_database(site: Site) -> list[str]:
    """Start it after its database was damaged, retry what was rescued, and return what is wrong in the end.

    What the database does not know may be done again; an original that is missing is lost.
    """
    found = list(survivors(site))
    codes = [site.work_off(timeout_s=ENDS_WITHIN_S, **site.environment)]
    if "failed" in site.states().values():
        site.jobs("retry", "--failed")
        codes.append(site.work_off(timeout_s=ENDS_WITHIN_S, **site.environment))
    if codes[-1] != 0:
        found.append(f"the last start ended with {codes[-1]}: {site.output()[-600:]}")
    return [*found, *survivors(site), *broken(site.root, site.dropped, same_database=False)]


def survivors(site: Site) -> Iterator[str]:
    """Yield what still lives a while after the daemon's death."""
    ends_at = time.monotonic() + DIES_WITHIN_S
    while (alive := site.ours()) and time.monotonic() < ends_at:
        time.sleep(0.05)
    yield from (f"process {process.pid} outlived the daemon" for process in alive)


def published(site: Site) -> dict[str, str]:
    """Return the SHA-256 of each file in the folders of the outbox; hidden folders are not published."""
    outbox = site.root / "outbox"
    files = (path for path in outbox.rglob("*") if path.is_file() and path.parent != outbox)
    shown = (path for path in files if not any(part.startswith(".") for part in path.relative_to(outbox).parts))
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in shown}


def overlaps(site: Site) -> Iterator[str]:
    """Yield the steps that two processes worked on at the same time.

    Fencing keeps the second outcome out of the database, so neither states nor outputs would show it.
    """
    by_step: dict[str, list[Run]] = defaultdict(list)
    for run in runs((site.root / "trace").read_text(encoding="utf-8").splitlines()):
        by_step[run.step].append(run)
    for step, of_step in by_step.items():
        for earlier, later in pairwise(sorted(of_step, key=lambda run: run.begin)):
            if earlier.end is not None and earlier.end > later.begin:
                yield f"step {step} ran in {earlier.pid} and in {later.pid} at the same time"


def runs(trace: Iterable[str]) -> list[Run]:
    """Return the runs of steps that a trace records."""
    found: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for line in trace:
        place, pid, at = line.split()
        name = place.partition("#")[0].removeprefix("worker.run.")
        if name == place.partition("#")[0]:
            continue
        step, _, what = name.rpartition(".")
        mine = found[step, int(pid)]
        if what == "begin":
            mine.append(Run(step, int(pid), float(at), None))
        else:
            mine[-1] = Run(step, int(pid), mine[-1].begin, float(at))
    return [run for of_step in found.values() for run in of_step]


def kill_somebody(site: Site, chance: random.Random) -> str:
    """Kill one process of the root: the daemon, a worker, or what a worker started. Return which."""
    alive = site.ours()
    if not alive:
        return "nobody"
    victim = chance.choice(alive)
    try:
        name = " ".join(victim.cmdline()[:4])
        victim.kill()
    except psutil.Error:
        return "nobody"
    return Path(name.split(" ")[0]).name + name.partition(" ")[2]


def torn_down(site: Site) -> None:
    site.close()
    for process in site.ours():
        process.kill()
    shutil.rmtree(site.root, ignore_errors=True)
