"""A text that is sent is recorded once or not at all, wherever the server dies meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dropdub.operations.place import find_place
from dropdub.store.states import JobState

SENDS = """
import os, sys
from pathlib import Path
from dropdub import failpoints
from dropdub.config import load_config
from dropdub.operations.place import find_place
from dropdub.web.jobs.submission import Wish, record_text
from dropdub.web.site import Site

def sent(root, deadly):
    child = os.fork()
    if child == 0:
        failpoints.restart(deadly, "")
        place = find_place(root)
        place.root.create_folders()
        site = Site(place, load_config(place.root.config_file), None)
        os._exit(record_text(site, "Hello.", "hello.txt", Wish(key="key")).job_id)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

for place in sys.argv[2:]:
    root = Path(sys.argv[1], place)
    root.mkdir()
    (root / "config.yaml").touch()
    print(place, sent(root, f"{place}=kill"), sent(root, ""))
"""
PLACES = (
    "write.unflushed",
    "rename.before",
    "rename.after",
    "commit.record_upload.before",
    "commit.record_upload.after",
)


@pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be forked there")
def test_a_client_that_repeats_its_request_after_a_death_gets_one_job_with_the_whole_text(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SENDS, str(tmp_path), *PLACES]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True, timeout=120)
    assert done.stdout.splitlines() == [f"{place} {-signal.SIGKILL} 1" for place in PLACES]
    for place in PLACES:
        [job] = find_place(tmp_path / place).reader().status(now=0.0).jobs
        assert job.state == JobState.CLAIMING
        assert Path(job.source).read_text(encoding="utf-8") == "Hello."
