"""Whatever one job raises fails only that job: raised here at every place, in real daemons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.site import Site
from tests.waiting import wait_until

ONE_BY_ONE = (
    "intake.look",
    "intake.record",
    "intake.arrival",
    "intake.take",
    "step.payload",
    "outcome.plan",
    "outcome.broke",
    "ending.judge",
    "ending.begin",
    "ending.settle",
    "ending.finish",
)
"""Each place that a job's intake, its steps and its ending pass in the supervisor."""
FILES = 8


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "root", retry={"first": 0.05, "longest": 0.1, "attempts": 2})
    yield made
    made.close()


def test_an_error_at_each_place_in_turn_fails_one_job(site: Site) -> None:
    """Each place raises once, and those that handle the error itself once more."""
    for number in range(FILES):
        site.drop_text(f"Text number {number} is read aloud.", f"t{number}.txt")
    places = {f"daemon.{place}#1" for place in ONE_BY_ONE} | {"daemon.intake.record#2", "daemon.outcome.broke#2"}
    trace = site.root / "trace"
    assert site.work_off(DROPDUB_FAILPOINTS="=break;".join(places) + "=break", DROPDUB_FAILPOINTS_TRACE=str(trace)) in (
        0,
        1,
    )
    reached = {line.split()[0] for line in trace.read_text(encoding="utf-8").splitlines()}
    assert places <= reached
    assert site.work_off() in (0, 1), "what was put off is done by the next start"
    states = Counter(row["state"] for row in site.rows("SELECT state FROM job"))
    assert states.total() == FILES
    assert states["succeeded"] >= FILES // 2
    assert states["succeeded"] + states["failed"] == FILES
    assert "Traceback" not in site.output()
    assert site.jobs("retry", "--failed").returncode == 0
    assert site.work_off() == 0
    site.check()


@pytest.mark.parametrize("place", ["intake.arrival", "outcome.plan"])
def test_a_persistent_error_fails_the_job_with_a_sentence(site: Site, place: str) -> None:
    site.drop_text("This is read aloud.", "a.txt")
    assert site.work_off(DROPDUB_FAILPOINTS=f"{place}=break") == 1
    said = (site.root / "failed" / "a.txt.error.txt").read_text(encoding="utf-8")
    assert "Unexpected error: RuntimeError: broken on purpose ?." in said
    assert " retry 1\n" in said


@pytest.mark.parametrize("place", ["outcome.broke", "ending.begin"])
def test_an_error_raised_even_by_failing_a_job_ends_no_daemon(site: Site, place: str) -> None:
    site.drop_text("This is read aloud.", "a.txt")
    site.start(DROPDUB_FAILPOINTS=f"outcome.plan=break;{place}=break")
    log = site.root / "work" / "logs" / "dropdub.log"
    wait_until(lambda: log.exists() and "broken on purpose" in log.read_text(encoding="utf-8"), "the error is logged")
    assert site.daemon is not None
    assert site.daemon.poll() is None
    assert site.stop() == 0
    assert site.work_off() in (0, 1)
    site.check()


def test_an_error_with_a_duplicate_delays_no_other_job(site: Site) -> None:
    for number in range(3):
        site.drop_text("This is the same.", f"same{number}.txt")
    site.drop_text("This is another.", "other.txt")
    assert site.work_off(DROPDUB_FAILPOINTS="daemon.ending.wake#1=break;stage.extract=slow") == 0
    states = Counter(row["state"] for row in site.rows("SELECT state FROM job"))
    assert states["succeeded"] >= 3
    assert site.work_off() == 0, "what was put off is done by the next start"
    assert {row["state"] for row in site.rows("SELECT state FROM job")} == {"succeeded"}
    assert "broken on purpose" in (site.root / "work" / "logs" / "dropdub.log").read_text(encoding="utf-8")
    site.check()


def test_an_error_with_a_job_interrupted_too_often_does_not_abort_the_start(site: Site) -> None:
    for name in ("a.txt", "b.txt"):
        site.drop_text(f"This is {name}.", name)
    site.configure(retry={"interruptions": 1})
    for _ in range(2):
        site.start(DROPDUB_FAILPOINTS="stage.extract=slow")
        wait_until(lambda: bool(site.rows("SELECT 1 FROM step WHERE state = 'running'")), "a step to run")
        site.kill()
    assert site.work_off(DROPDUB_FAILPOINTS="daemon.ending.begin#1=break") in (0, 1)
    assert {row["state"] for row in site.rows("SELECT state FROM job")} <= {"succeeded", "failed"}
    site.check()
