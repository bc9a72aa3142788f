"""Kill real processes at places of each kind and at random moments; and proof that the harness sees what breaks.

`test_every_place.py` crashes at every place, in forked lives, and has the other proofs.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dropdub.failpoints import VARIABLE
from tests.acceptance.site import Site
from tests.chaos import harness
from tests.waiting import wait_until

UNSAFE = Path(__file__).parent / "unsafe"
AT_ONCE, PARTS = 2, 2
MOST_PLACES = int(os.environ.get("DROPDUB_CHAOS_PLACES", "0"))
FAMILIES = (
    *("handed_over", "daemon.intake.", "publish.folder-claimed", "result-written", "worker.cache."),
    *("rename.", "daemon.commit."),
)
"""Names the kinds of places that write; real processes are killed at some places of each kind."""
A_FAMILY = 2
SEED = int(os.environ.get("DROPDUB_CHAOS_SEED", "1"))
RANDOM_KILLS = int(os.environ.get("DROPDUB_CHAOS_KILLS", "8"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return harness.a_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def places(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return every place that one job reaches, from the daemon's start to its end."""
    site = harness.a_site(tmp_path_factory.mktemp("traced") / "root", clip, targets=[])
    assert site.work_off(timeout_s=harness.ENDS_WITHIN_S, **site.environment) == 0, site.output()
    assert list(harness.overlaps(site)) == []
    return harness.places(site)


@pytest.fixture
def site(clip: Path, tmp_path: Path) -> Iterator[Site]:
    made = harness.a_site(tmp_path / "root", clip, targets=[])
    made.forks = False  # among these kills are some at the start of an interpreter
    yield made
    harness.torn_down(made)


@pytest.mark.parametrize("part", range(PARTS))
def test_kill_at_write_of_each_family_loses_duplicates_and_leaves_nothing(
    part: int, places: list[str], clip: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Real processes, so that workers die separately from the daemon: `test_every_place.py` tries every place."""
    folder = tmp_path_factory.mktemp("crashes")
    chosen = some_of(places)[part::PARTS]

    def tried(number: int) -> list[str]:
        place = chosen[number]
        site = harness.a_site(folder / str(number), clip, targets=[])
        found = harness.problems_after_a_kill_at(place, site)
        if not found:
            harness.torn_down(site)
        return [f"{place}: {problem}" for problem in found]

    print(f"{len(chosen)} of {len(places)} places tried, seed {SEED}")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = [problem for problems in pool.map(tried, range(len(chosen))) for problem in problems]
    assert found == []


@pytest.mark.parametrize("number", range(1, A_FAMILY + 1))
def test_kill_while_original_is_copied_to_another_disk_loses_and_duplicates_nothing(
    clip: Path, tmp_path: Path, other_file_system: Path, number: int
) -> None:
    settings = {"folders": {"archive": str(other_file_system)}}
    site = harness.a_site(tmp_path / "root", clip, targets=[], settings=settings)
    harness.archived_elsewhere(site, other_file_system)
    assert harness.problems_after_a_kill_at(f"daemon.copy.written#{number}", site) == []
    assert (site.root / "killed").exists()


def some_of(places: list[str]) -> list[str]:
    """Choose two places of each family, then at random up to the limit."""
    chance = random.Random(SEED)
    chosen: list[str] = []
    for family in FAMILIES:
        of_family = [place for place in dict.fromkeys(places) if family in place and place not in chosen]
        assert len(of_family) >= A_FAMILY, f"of {family} only {of_family} are reached"
        chosen += chance.sample(of_family, A_FAMILY)
    rest = [place for place in dict.fromkeys(places) if place not in chosen]
    chance.shuffle(rest)
    return [*chosen, *rest[: max(0, MOST_PLACES - len(chosen))]]


def test_killing_any_process_at_any_moment_loses_duplicates_and_leaves_nothing(site: Site) -> None:
    chance = random.Random(SEED)
    print(f"{RANDOM_KILLS} kills, seed {SEED}")
    for number in range(RANDOM_KILLS):
        site.drop_text(f"This is text number {number}.", f"text {number}.txt")
        site.start(**site.environment)
        for _ in range(chance.randint(0, 2)):
            work_for_a_while(chance)
            print(harness.kill_somebody(site, chance))
        work_for_a_while(chance)
        site.kill()
    assert harness.problems_after_death(site) == []


def test_kill_and_restart_with_another_database_loses_no_original(site: Site) -> None:
    chance = random.Random(SEED)
    for number in range(max(1, RANDOM_KILLS // 2)):
        site.drop_text(f"This is text number {number}.", f"text {number}.txt")
        site.start(**site.environment)
        work_for_a_while(chance)
        site.kill()
        assert list(harness.survivors(site)) == []
        print(harness.spoil_database(site, chance))
    assert harness.problems_with_another_database(site) == []


def work_for_a_while(chance: random.Random) -> None:
    """Let the program run for a random time: the moment of the kill is what is tested, so nothing is awaited."""
    time.sleep(chance.uniform(0.2, 2.5))


def without(site: Site, safeguard: str) -> Site:
    path = os.pathsep.join([str(UNSAFE), os.environ.get("PYTHONPATH", "")])
    site.environment |= {"DROPDUB_WITHOUT": safeguard, "PYTHONPATH": path}
    return site


def test_harness_notices_workers_that_outlive_their_daemon_and_keep_working(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "DIES_WITHIN_S", 0.1)
    without(site, "liveness")
    site.environment[VARIABLE] = f"stage.transcribe=stop@{site.root / 'stopped'}"
    site.start(**site.environment)
    wait_until((site.root / "stopped").exists, "the step to begin", timeout_s=60)
    site.kill()
    [first] = transcriptions(site)
    site.start(**site.environment)
    wait_until(lambda: len(transcriptions(site)) == 2, "the step to begin once more", timeout_s=60)
    os.kill(first.pid, signal.SIGCONT)
    wait_until(lambda: transcriptions(site)[0].end is not None, "the outliving worker to end its step", timeout_s=60)
    site.kill()
    found = harness.problems_after_death(site)
    assert any("outlived the daemon" in problem for problem in found), found
    assert any("at the same time" in problem for problem in found), found


def transcriptions(site: Site) -> list[harness.Run]:
    """Return the runs of the step that transcribes, the earliest first."""
    found = harness.runs((site.root / "trace").read_text(encoding="utf-8").splitlines())
    return sorted((run for run in found if "transcribe" in run.step), key=lambda run: run.begin)


def test_harness_notices_removed_originals_that_new_database_does_not_know(site: Site) -> None:
    site.start(**site.environment, **{VARIABLE: "stage.probe=hang"})
    wait_until(lambda: site.states() == {"clip.mp4": "running"}, "the film to be taken in")
    site.kill()
    assert list(harness.survivors(site)) == []
    for file in site.root.glob("jobs.db*"):
        file.unlink()
    found = harness.problems_with_another_database(without(site, "spared_originals"))
    assert any("stands 0 times" in problem for problem in found), found
