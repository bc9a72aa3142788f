"""Whether anything is lost or doubled when the web server and the supervisor are killed while files are uploaded.

    python benchmarks/upload_kills.py [--kills N] [--rounds N] [--folder DIR] [--seed N]

In a fresh root (`--folder`: where), a real daemon is started again and again. Files are sent to its web server by the
client of tus, and as forms with and without an `Idempotency-Key`. In each life, the web server is killed (SIGKILL), and
then the supervisor: three of four at a named place of an upload (before and after each commit and rename, once for each
name, then others by chance), the rest at a random moment. Each sender continues or repeats until it is answered. What
must hold is checked after each life, and in the end (`tests/chaos/uploading.py`).

Then `--rounds` times, 20 clients wait for speech and transcripts while the supervisor is killed twice.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

import soundfile
from recordings import RATE_HZ, voice
from side import show
from tests.chaos.asking import askings, jobs_by_request, problems_of_waiting
from tests.chaos.upload_kills import Aim, Chaos, a_chaos, places_of
from tests.chaos.uploading import Way, jobs_of

T = TypeVar("T")
AT_PLACES = 0.75
CLIENTS, DEATHS_A_ROUND = 20, 2
WORDS_S = 3
WAYS = (Way.TUS, Way.KEYED, Way.PLAIN)
Life = tuple[Aim, Aim, Sequence[Way]]
"""Where the server and the supervisor die, and how the files of this life are sent."""


def main(kills: int, rounds: int, folder: Path | None, seed: int) -> int:
    show(f"{kills} kills, seed {seed}")
    began = time.monotonic()
    with chaos_in(folder, seed) as chaos:
        kill_while_sending(chaos, kills)
        write_uploads(chaos, time.monotonic() - began)
        problems = list(chaos.problems)
    with chaos_in(folder, seed) as chaos:
        problems += kill_while_waiting(chaos, rounds)
    for problem in problems:
        show(f"PROBLEM: {problem}")
    return 1 if problems else 0


@contextmanager
def chaos_in(folder: Path | None, seed: int) -> Iterator[Chaos]:
    made = Path(tempfile.mkdtemp(prefix="dropdub-kills-", dir=folder))
    chaos = a_chaos(made, seed=seed)
    try:
        yield chaos
    finally:
        chaos.site.close()
        shutil.rmtree(made)


def kill_while_sending(chaos: Chaos, kills: int) -> None:
    """Kill the server and the supervisor in turns, until `kills` have hit.

    A place that a life does not reach, because the other one died first, is tried once more.
    """
    lives = deque(aims_of(chaos, kills // 2))
    tried = set[Aim]()
    while len(chaos.killed) < kills:
        web, daemon, ways = lives.popleft() if lives else (Aim("web"), Aim("daemon"), WAYS)
        before = len(chaos.problems)
        chaos.life(web, daemon, ways)
        lives.extendleft(again(chaos, tried, ways))
        for problem in chaos.problems[before:]:
            show(f"  after {web}, {daemon}: {problem}")
        if len(chaos.killed) % 20 < 2:
            show(f"  {len(chaos.killed)} kills, {len(chaos.sendings)} files, {len(chaos.problems)} problems")
    chaos.rest()


def again(chaos: Chaos, tried: set[Aim], ways: Sequence[Way]) -> Iterator[Life]:
    """Yield lives for the aims that were just missed for the first time."""
    for aim in [one for one in chaos.unreached if one not in tried]:
        tried.add(aim)
        chaos.unreached.remove(aim)
        yield (aim, Aim("daemon"), ways) if aim.victim == "web" else (Aim("web"), aim, ways)


def aims_of(chaos: Chaos, lives: int) -> list[Life]:
    """Return whom to kill where in each life, and how its files are sent."""
    places_of(chaos, Way.TUS)  # the first start of a root reaches others
    reached = {way: places_of(chaos, way) for way in WAYS}
    number = round(AT_PLACES * lives)
    by_way = [[(way, place) for place in reached[way]["web"]] for way in WAYS]
    web = [one for ones in itertools.zip_longest(*by_way) for one in ones if one]
    of_web = chosen(web, lambda one: f"{one[0]} {_name(one[1])}", number, chaos.chance)
    names = sorted({_name(place) for place in reached[Way.TUS]["daemon"]})
    of_daemon = [*names * (number // len(names)), *chaos.chance.sample(names, number % len(names))]
    chaos.chance.shuffle(of_daemon)
    pairs = zip(of_web, of_daemon, strict=True)
    at_places = [(Aim("web", place), Aim("daemon", other), (way,)) for (way, place), other in pairs]
    return [*at_places, *[(Aim("web"), Aim("daemon"), WAYS)] * (lives - len(at_places))]


def chosen(things: Sequence[T], name: Callable[[T], str], number: int, chance: random.Random) -> list[T]:
    """Return `number` of these, in their order: the first of each name, and others by chance."""
    first = {name(thing): index for index, thing in reversed(list(enumerate(things)))}.values()
    rest = [index for index in range(len(things)) if index not in first]
    by_chance = chance.sample(rest, min(len(rest), max(0, number - len(first))))
    return [things[index] for index in sorted([*sorted(first)[:number], *by_chance])]


def _name(place: str) -> str:
    return place.partition("#")[0]


def write_uploads(chaos: Chaos, took_s: float) -> None:
    show(f"\n{took_s:.0f} s, load {os.getloadavg()[0]:.1f}\n")
    show("| killed | at a place | at a random moment |\n| --- | --- | --- |")
    for victim, name in (("web", "web server"), ("daemon", "supervisor")):
        hits = [aim for aim in chaos.killed if aim.victim == victim]
        at = [_name(aim.place) for aim in hits if aim.place]
        show(f"| {name} | {len(at)}, of {len(set(at))} names | {len(hits) - len(at)} |")
    show("\n| sent as | files | begun | answered | jobs | processed twice |\n| --- | --- | --- | --- | --- | --- |")
    for way in WAYS:
        sent = [one for one in chaos.sendings if one.way is way]
        jobs = [jobs_of(chaos.site, one) for one in sent]
        twice = sum(sum(job["dup_of"] is None for job in found) > 1 for found in jobs)
        answered, begun = sum(one.job is not None for one in sent), sum(one.tries for one in sent)
        show(f"| {way} | {len(sent)} | {begun} | {answered} | {sum(map(len, jobs))} | {twice} |")
    show(f"\nPlaces that a life did not reach: {sorted({str(aim) for aim in chaos.unreached}) or 'none'}")


def kill_while_waiting(chaos: Chaos, rounds: int) -> list[str]:
    """Let clients wait while the supervisor dies; return what is wrong then."""
    words = chaos.site.root / "words.wav"
    soundfile.write(words, voice()[: WORDS_S * RATE_HZ], RATE_HZ, subtype="PCM_16")
    chaos.served.start()
    found: list[str] = []
    cuts = tries = 0
    for number in range(rounds):
        asked = askings(CLIENTS, words, start=number * CLIENTS)
        found += problems_of_waiting(chaos.served, asked, chaos.chance, kills=DEATHS_A_ROUND)
        cuts, tries = cuts + sum(one.cuts > 0 for one in asked), tries + sum(one.tries for one in asked)
    show(f"\n{rounds * CLIENTS} clients waited, {rounds * DEATHS_A_ROUND} deaths of the supervisor")
    show(f"{cuts} clients were cut off; {tries} requests were sent")
    show(f"requests by their number of jobs: {dict(jobs_by_request(chaos.site))}")
    outcomes = Counter(row["outcome"] for row in chaos.site.rows("SELECT outcome FROM attempt"))
    show(f"attempts by their outcome: {dict(outcomes)}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(main(given.kills, given.rounds, given.folder, given.seed))
