"""A crash at every place where something is written: lives that are forked, and die by SIGKILL; and the proof that the
harness of forked lives sees what breaks.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dropdub.failpoints import TRACE_VARIABLE, VARIABLE
from dropdub_light.apertium import ApertiumTranslator
from tests.acceptance.site import Site
from tests.chaos import harness
from tests.chaos.disk_states import STATES_VARIABLE, states_at, with_states_of_their_own
from tests.chaos.lives import ALONE_VARIABLE, WITHOUT_VARIABLE, ForkedSite, Lives, forking
from tests.conftest import folder_on_another_file_system

AT_ONCE = 2
LONGEST_LIFE_S = 60
PARTS = 4
"""The places are shared out among as many tests, so that each ends within minutes."""
COMPARED = 4
"""How many of the places that are left out are compared with those that are tried."""
VARYING = re.compile(r"[0-9a-f]{8,}-?|\d+\.\d+")
"""What differs in the names of files from life to life."""
TARGETS = [] if ApertiumTranslator.unavailable() else ["es"]
SETTINGS: dict[str, Any] = {
    "retry": {"first": 0.01, "longest": 0.1, "interruptions": 100},
    "inbox": {"settle": 0.05, "settle_empty": 0.05, "settle_subtitle": 0.1, "rescan": 1.0},
}
MEMORY = Path("/dev/shm")
"""Roots kept in memory: a kill leaves what a disk would hold, and nothing waits for a disk."""

Made = Callable[[str, Lives], ForkedSite]
_roots = itertools.count()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be forked there"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(dir=MEMORY)) if MEMORY.is_dir() else tmp_path_factory.mktemp("lives")
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def clip(folder: Path) -> Path:
    return harness.a_clip(folder)


@pytest.fixture(scope="module")
def a_film(folder: Path, clip: Path) -> Made:
    """Return a function that makes a root with a film that is to be dubbed."""
    return lambda name, lives: film_root(folder / name, lives, clip, targets=TARGETS)


@pytest.fixture(scope="module")
def a_film_to_transcribe(folder: Path, clip: Path) -> Made:
    """Return a function that makes a root with a film that is not to be dubbed, which takes half as long."""
    return lambda name, lives: film_root(folder / name, lives, clip, targets=[])


def film_root(path: Path, lives: Lives, clip: Path, *, targets: list[str]) -> ForkedSite:
    site = ForkedSite(path, lives, job={"targets": targets}, **SETTINGS)
    harness.filled(site, clip)
    return site


@pytest.fixture(scope="module")
def with_subtitle(folder: Path, clip: Path) -> Made:
    """Return a function that makes a root with a film in a folder of a folder, and its subtitle in one beside it."""

    def made(name: str, lives: Lives) -> ForkedSite:
        site = ForkedSite(folder / name, lives, **SETTINGS)
        harness.with_subtitle(harness.filled(site, clip, place="S1/day/"), "S1/day/Subs/2_English.srt")
        return site

    return made


@pytest.fixture(scope="module")
def copied(folder: Path, clip: Path) -> Iterator[Made]:
    """Return a function that makes a root whose archive is on another file system: the original is copied there."""

    def made(name: str, lives: Lives) -> ForkedSite:
        archive = Path(tempfile.mkdtemp(dir=elsewhere))
        site = ForkedSite(folder / name, lives, **SETTINGS, folders={"archive": str(archive)})
        harness.archived_elsewhere(site, archive)
        harness.filled(site, clip)
        return site

    with folder_on_another_file_system(folder) as elsewhere:
        yield made


@pytest.fixture(scope="module")
def lives(folder: Path, clip: Path) -> Iterator[Lives]:
    """Return the process that forks lives, warmed up by a life in each kind of root."""
    film = harness.a_site(folder / "warm", clip, targets=TARGETS)
    subtitle = harness.with_subtitle(harness.a_site(folder / "warm-subtitle", clip, targets=[]))
    with forking([film.root, subtitle.root]) as made:
        yield made


@pytest.fixture(scope="module")
def traced_film(a_film: Made, lives: Lives) -> ForkedSite:
    return traced(a_film("traced", lives))


@pytest.fixture(scope="module")
def places(traced_film: ForkedSite) -> list[str]:
    """Return every place that one job reaches, from the daemon's start to its end."""
    return harness.places(traced_film)


def traced(site: ForkedSite) -> ForkedSite:
    """Let the root live once without a death, noting each place and what is on the disk there."""
    noted = {TRACE_VARIABLE: str(site.root / "trace"), STATES_VARIABLE: str(site.root / "states")}
    assert site.work_off(**noted) == 0, site.output()
    assert harness.broken(site.root, site.dropped) == []
    return site


def problems_after_a_crash_at(place: str, site: ForkedSite, **environment: str) -> list[str]:
    """Let a life die at `place` with all its parts, live again, and return what is wrong then."""
    flag = site.root / "killed"
    code = site.work_off(timeout_s=LONGEST_LIFE_S, **environment, **{VARIABLE: f"{place}=kill@{flag}"})
    found = [] if code == -signal.SIGKILL else [f"it ended with {code} instead of dying: {site.output()[-300:]}"]
    site.environment = environment
    return [*found, *harness.problems_of_the_next_start(site)]


def problems_after_workers_died_at(places: Mapping[str, str], site: ForkedSite) -> list[str]:
    """Let the worker of each step die at its place, and return what is wrong once the daemon has recovered."""
    flags = {step: site.root / f"killed-{number}" for number, step in enumerate(places)}
    deaths = {step: f"{place}=kill@{flags[step]}" for step, place in places.items()}
    code = site.work_off(timeout_s=LONGEST_LIFE_S, **{ALONE_VARIABLE: json.dumps(deaths)})
    found = [f"the worker of {step} did not reach {places[step]}" for step, flag in flags.items() if not flag.exists()]
    found += [f"the daemon ended with {code}: {site.output()[-300:]}"] if code != 0 else []
    return [*found, *harness.broken(site.root, site.dropped)]


def crashed_at(
    chosen: Sequence[str], made: Made, lives: Lives, problems: Callable[[str, ForkedSite], list[str]]
) -> list[str]:
    """Return what is wrong after a crash at each of these places, each in a root of its own."""

    def tried(place: str) -> list[str]:
        site = made(f"root-{next(_roots)}", lives)
        found = problems(place, site)
        if not found:
            shutil.rmtree(site.root)
        return [f"{place}: {problem}" for problem in found]

    print(f"{len(chosen)} places tried")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [problem for found in pool.map(tried, chosen) for problem in found]


@pytest.mark.parametrize("part", range(PARTS))
def test_crash_at_any_write_loses_duplicates_and_leaves_nothing(
    part: int, places: list[str], traced_film: ForkedSite, a_film: Made, a_film_to_transcribe: Made, lives: Lives
) -> None:
    assert len(set(places)) == len(places) > 300
    common, own = shared_with_transcribing(places)
    assert not TARGETS or (len(common) > 100 and len(own) > 100)
    chosen = with_states_of_their_own(places, traced_film.root)[part::PARTS]
    for some, made in ((common, a_film_to_transcribe), (own, a_film)):
        assert crashed_at([one for one in chosen if one in some], made, lives, problems_after_a_crash_at) == []


def shared_with_transcribing(places: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the places that are the same if the film is not to be dubbed, and the others.

    Those are all before the first translation, except claims: more pools look for steps of a film that is to be dubbed.
    """
    begun = next((n for n, place in enumerate(places) if place.startswith("worker.stage.translate#")), len(places))
    common = [place for place in places[:begun] if "claim_step" not in place]
    return common, [place for place in places if place not in common]


def test_places_that_are_left_out_leave_what_those_that_are_tried_leave(
    places: list[str], traced_film: ForkedSite, a_film: Made, lives: Lives
) -> None:
    """A few of them, spread over all: what a crash leaves is compared as far as two lives can leave the same."""
    tried = {state: place for place, state in reversed(states_at(places, traced_film.root))}
    pairs = [(place, tried[state]) for place, state in states_at(places, traced_film.root) if tried[state] != place]
    assert len(pairs) > 100
    for place, other in pairs[:: len(pairs) // COMPARED]:
        left = [after_a_crash_at(one, a_film(f"left-{next(_roots)}", lives)) for one in (place, other)]
        assert left[0] == left[1], f"{place} and {other}"


def after_a_crash_at(place: str, site: ForkedSite) -> tuple[Counter[str], list[Any]]:
    """Return which files a life leaves that dies at `place`, and what its database says of the job and its steps."""
    site.work_off(timeout_s=LONGEST_LIFE_S, **{VARIABLE: f"{place}=kill@{site.root / 'killed'}"})
    files = (path for path in site.root.rglob("*") if path.is_file())
    names = Counter(VARYING.sub("", str(path.relative_to(site.root))) for path in files)
    rows = site.rows("SELECT state, waiting_for, verdict, interruptions, published IS NULL AS hidden FROM job")
    rows += site.rows("SELECT key, state, token, attempts, result IS NULL AS open FROM step ORDER BY id")
    return names, [*rows, *site.rows("SELECT step_id, token, outcome FROM attempt ORDER BY id")]


def test_daemon_survives_worker_death_at_write_of_any_step(a_film: Made, lives: Lives) -> None:
    """In each life the worker of every step dies once, each time at another of the step's places."""
    steps = places_of_steps(traced(a_film("traced-workers", lives)))
    assert sum(map(len, steps.values())) > 50
    rounds = itertools.zip_longest(*steps.values())
    deaths = [{step: place for step, place in zip(steps, places, strict=True) if place} for places in rounds]
    problems = [problems_after_workers_died_at(places, a_film(f"deaths-{n}", lives)) for n, places in enumerate(deaths)]
    assert [list(zip(deaths, problems, strict=True)) for found in problems if found] == []


def places_of_steps(site: Site) -> dict[str, list[str]]:
    """Return for each step one place of each name that its worker reaches, counted from the step's start."""
    step, found = "", defaultdict[str, Counter[str]](Counter)
    for line in (site.root / "trace").read_text(encoding="utf-8").splitlines():
        name = line.split()[0].partition("#")[0]
        if name.startswith("worker.run.1.") and name.endswith(".begin"):
            step = name.removeprefix("worker.run.1.").removesuffix(".begin")
        elif name.startswith("worker.") and ".run." not in name and step:
            found[step][name] += 1
    return {step: [f"{name}#{times}" for name, times in names.items()] for step, names in found.items()}


def test_crash_while_film_and_subtitle_are_moved_keeps_both_together_and_in_their_folder_exactly_once(
    with_subtitle: Made, lives: Lives
) -> None:
    def problems(place: str, site: ForkedSite) -> list[str]:
        found = problems_after_a_crash_at(place, site)
        names = sorted(path.name for path in (site.root / "archive/S1/day").iterdir())
        if names != ["clip.2_English.srt", "clip.mp4", "clip.mp4.job.yaml"]:
            found.append(f"in archive/S1/day are {names}")
        if not (site.root / "outbox/S1/day/clip/manifest.json").is_file():
            found.append("the results are not in outbox/S1/day/clip")
        return found + [f"{left} stayed in the inbox" for left in site.inbox.rglob("*")]

    site = traced(with_subtitle("traced-subtitle", lives))
    chosen = harness.moving_places(site)
    assert any("beside_handed_over" in place for place in chosen)
    assert crashed_at(with_states_of_their_own(chosen, site.root), with_subtitle, lives, problems) == []


def test_crash_while_original_is_copied_loses_and_duplicates_nothing(copied: Made, lives: Lives) -> None:
    site = traced(copied("traced-copied", lives))
    chosen = harness.moving_places(site)
    ending = chosen[next(number for number, place in enumerate(chosen) if "begin_ending" in place) :]
    assert any("copy.written" in place for place in ending)
    assert crashed_at(with_states_of_their_own(ending, site.root), copied, lives, problems_after_a_crash_at) == []


@pytest.fixture(scope="module")
def uploaded(folder: Path, clip: Path) -> Made:
    """Return a function that makes a root whose film came with a request: it waits in a folder of its own."""

    def made(name: str, lives: Lives) -> ForkedSite:
        site = ForkedSite(folder / name, lives, job={"targets": []}, **SETTINGS)
        harness.uploaded(site, clip)
        return site

    return made


def test_crash_while_an_upload_is_taken_loses_and_duplicates_nothing(uploaded: Made, lives: Lives) -> None:
    def problems(place: str, site: ForkedSite) -> list[str]:
        found = problems_after_a_crash_at(place, site)
        names = [path.name for path in (site.root / "archive").iterdir()]
        return found if names == ["clip.mp4"] else [*found, f"in archive are {names}"]

    site = traced(uploaded("traced-upload", lives))
    places = harness.moving_places(site)
    until = next(number for number, place in enumerate(places) if "begin_ending" in place)
    taking = [place for place in places[:until] if any(kind in place for kind in ("intake", "rename", "take_job"))]
    assert any("intake.file_moved" in place for place in taking)
    assert crashed_at(with_states_of_their_own(taking, site.root), uploaded, lives, problems) == []


@pytest.fixture(scope="module")
def a_retried_text(folder: Path) -> Made:
    """Return a function that makes a root with a text to be retried: one target was finished, one failed."""

    def made(name: str, lives: Lives) -> ForkedSite:
        once = SETTINGS | {"retry": SETTINGS["retry"] | {"attempts": 1}}
        site = ForkedSite(folder / name, lives, job={"targets": ["pt", "es"]}, **once)
        site.drop_text("The house is big.\n", "notes.en.txt")
        assert site.work_off(**{VARIABLE: "worker.stage.translate#1=break"}) == 1, site.output()
        assert site.jobs("retry", "1").returncode == 0
        return site

    return made


@pytest.mark.skipif(not TARGETS, reason="apertium is not installed")
def test_crash_while_a_job_is_retried_makes_no_finished_target_again(a_retried_text: Made, lives: Lives) -> None:
    def problems(place: str, site: ForkedSite) -> list[str]:
        of_es = {name: digest for name, digest in harness.published(site).items() if ".es." in name}
        flag = site.root / "killed"
        code = site.work_off(timeout_s=LONGEST_LIFE_S, **{VARIABLE: f"{place}=kill@{flag}"})
        found = [] if code == -signal.SIGKILL else [f"it ended with {code} instead of dying"]
        found += [] if site.work_off(timeout_s=LONGEST_LIFE_S) == 0 else [f"it failed: {site.output()[-300:]}"]
        found += [] if of_es.items() <= harness.published(site).items() else ["a finished target is another or gone"]
        runs = site.attempted_steps("notes.en.txt").count("synthesize/es")
        return [*found, *([f"spoken {runs} times"] if runs != 1 else []), *harness.broken(site.root, site.dropped)]

    retried = harness.places(traced(a_retried_text("traced-retry", lives)))
    first = {place.partition("#")[0]: place for place in reversed(retried)}
    names = ("kept.restore", "commit.finish_job.before")
    chosen = [first[f"daemon.{name}"] for name in names]
    assert crashed_at(chosen, a_retried_text, lives, problems) == []


def test_harness_notices_publishing_that_cannot_be_repeated(a_film: Made, lives: Lives, places: list[str]) -> None:
    place = harness.place_after(places, "daemon.publish.folder-claimed", "daemon.rename.after")
    without = {WITHOUT_VARIABLE: "one_place_for_each_deliverable"}
    found = problems_after_a_crash_at(place, a_film("unsafe-place", lives), **without)
    assert any("has files that no manifest lists" in problem for problem in found), found


def test_harness_notices_publishing_that_is_not_one_rename(a_film: Made, lives: Lives) -> None:
    without = {WITHOUT_VARIABLE: "one_rename"}
    found = problems_after_a_crash_at("half-published", a_film("unsafe-rename", lives), **without)
    assert any("was published, and later was another" in problem for problem in found), found


def test_harness_notices_move_without_recorded_intent(a_film: Made, lives: Lives) -> None:
    without = {WITHOUT_VARIABLE: "the_intent"}
    place = "daemon.commit.record_jobs.before#1"
    found = problems_after_a_crash_at(place, a_film("unsafe-intent", lives), **without)
    assert any("stands 0 times" in problem for problem in found), found


def test_harness_notices_steps_that_are_not_resumed(
    a_film: Made, lives: Lives, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "ENDS_WITHIN_S", 15)
    found = problems_after_a_crash_at("stage.merge", a_film("unsafe-steps", lives), **{WITHOUT_VARIABLE: "recovery"})
    assert found == ["it does not come to an end"]


def test_harness_notices_crash_that_does_not_happen(a_film: Made, lives: Lives) -> None:
    [problem] = problems_after_a_crash_at("daemon.nowhere#1", a_film("nowhere", lives))
    assert "instead of dying" in problem
