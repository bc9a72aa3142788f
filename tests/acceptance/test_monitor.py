"""A real daemon that speaks what is appended to a text file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dropdub.media.sound import wav
from tests.acceptance.site import Site
from tests.integration.test_engines import usable
from tests.waiting import wait_until


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    usable("espeak-ng")
    saved = tmp_path / "spoken"
    saved.mkdir()
    monitored = {"file": str(tmp_path / "talk.txt"), "save": str(saved), "language": "en", "start": "beginning"}
    made = Site(tmp_path / "root", monitor={"files": {"talk": monitored}})
    yield made
    made.close()


def append(site: Site, *lines: str) -> None:
    with (site.root.parent / "talk.txt").open("ab") as writer:
        writer.write("".join(f"{line}\n" for line in lines).encode())


def saved(site: Site) -> list[Path]:
    return sorted((site.root.parent / "spoken").glob("*.wav"))


def test_lines_are_spoken_once_though_the_file_is_rotated_and_the_daemon_is_killed(site: Site) -> None:
    file = site.root.parent / "talk.txt"
    append(site, "One.", "The house is big, and the garden is small.")
    site.start()
    wait_until(lambda: len(saved(site)) >= 1, "the first line to be saved")
    append(site, "Three.", "---", "Four is the last line of this file.")
    site.kill()
    file.rename(file.with_name("talk.txt.1"))
    append(site, "Five.")
    assert site.work_off() == 0, site.output()
    assert [path.name for path in saved(site)] == [f"talk-{number:06d}.wav" for number in range(1, 6)]
    lengths = [wav.duration_s(path) for path in saved(site)]
    assert min(lengths) > 0.2 and lengths[1] > lengths[0] and lengths[3] > lengths[2]
    assert list((site.root.parent / "spoken").glob(".*")) == []
    assert "talk-000004" in site.jobs("status", "--all").stdout
    shown = site.jobs("show", "talk-000004").stdout
    assert "succeeded" in shown and "Delivered" in shown
