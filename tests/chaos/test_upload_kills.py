"""The web server and the supervisor die while files are uploaded; `benchmarks/upload_kills.py` does it 200 times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.upload_kills import Aim, Chaos, a_chaos
from tests.chaos.uploading import Way, wrong_at_rest, wrong_while_dead

WEB, DAEMON = Aim("web", "web.commit.record_upload.after#1"), Aim("daemon", "daemon.intake.file_moved")

pytestmark = [pytest.mark.slow]


@pytest.fixture
def chaos(tmp_path: Path) -> Iterator[Chaos]:
    made = a_chaos(tmp_path)
    yield made
    made.site.close()


def test_files_whose_server_and_supervisor_die_once_they_are_recorded_have_one_job_each(chaos: Chaos) -> None:
    chaos.life(WEB, DAEMON, [Way.TUS, Way.KEYED])
    assert (chaos.killed, chaos.unreached) == ([WEB, DAEMON], [])
    chaos.rest()
    assert chaos.problems == []
    assert sorted(one.job or 0 for one in chaos.sendings) == [1, 2]
    by_tus, by_form = chaos.sendings
    Path(chaos.site.rows("SELECT source FROM job WHERE id = ?", by_tus.job)[0]["source"]).unlink()
    [lost] = wrong_while_dead(chaos.site, [by_tus])
    assert "stands 0 times" in lost
    [untrue, *_] = wrong_at_rest(chaos.site, [replace(by_form, job=3)])
    assert "was answered with job 3" in untrue
