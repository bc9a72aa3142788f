"""A daemon whose config.yaml changes while it runs: it takes over what it can, or says what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dropdub.config import Config
from dropdub.config.live import LIVE, changes, live_settings, taken_over
from dropdub.config.watch import LOOK_EVERY_S, SETTLE_S
from dropdub.daemon.context import Context, settings_watch
from tests.factories import a_context

START = "job:\n  targets: [es]\ninbox:\n  settle: 1\n"


class Watched:
    """The settings of one root, watched by a clock that only moves when asked to."""

    def __init__(self, context: Context) -> None:
        self.said: list[str] = []
        self.context = replace(context, report=self.said.append)
        self.file = context.root.config_file
        self.watch = settings_watch(self.context)
        self.now = 1000.0

    def wait(self, seconds: float = SETTLE_S + 2 * LOOK_EVERY_S) -> None:
        for _ in range(round(seconds / LOOK_EVERY_S)):
            self.now += LOOK_EVERY_S
            self.watch.tick(self.now)

    def write(self, text: str) -> None:
        new = self.file.with_name("config.new")
        new.write_text(text, encoding="utf-8")
        new.replace(self.file)  # as editors do


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with a_context(tmp_path, START) as context:
        made = Watched(context)
        made.wait()
        assert (made.said, made.watch.notes) == ([], [])
        yield made


def test_options_of_a_changed_file_hold_for_files_dropped_from_then_on(watched: Watched) -> None:
    watched.write(START.replace("[es]", "[pt]") + "profiles:\n  lessons: {voice: anna}\n")
    watched.wait()
    assert watched.context.config.options_for("lessons", {}).targets == ("pt",)
    assert watched.said == ["config.yaml has changed. In use from now on: job.targets and profiles."]
    assert watched.watch.notes == []


def test_settings_that_need_a_restart_are_named_and_not_used(watched: Watched) -> None:
    watched.write(START.replace("settle: 1", "settle: 2").replace("[es]", "[pt]"))
    watched.wait()
    assert (watched.context.config.inbox.settle, watched.context.config.job.targets) == (1.0, ("pt",))
    said = "inbox.settle in config.yaml changed: restart the daemon to use that."
    assert watched.watch.notes == [said] and said in watched.said
    watched.write(START)
    watched.wait()
    assert watched.watch.notes == []


@pytest.mark.parametrize("broken", ["job: [\n", "job: {}\njob: {}\n", "jobs: {}\n", "", None])
def test_a_file_that_cannot_be_used_is_reported_and_the_old_settings_hold(watched: Watched, broken: str | None) -> None:
    if broken == "":
        watched.file.write_bytes(b"\xff\xfe\x00")
    elif broken is None:
        watched.file.unlink()
    else:
        watched.write(broken)
    watched.wait()
    assert watched.context.config.job.targets == ("es",)
    [said] = watched.watch.notes
    assert said.startswith("config.yaml") and "continues with the settings of" in said
    assert watched.said == [said]
    watched.wait(10)
    assert watched.said == [said], "it is reported once"
    watched.write(START)
    watched.wait()
    assert (watched.watch.notes, watched.said[1:]) == ([], ["config.yaml can be used again."])


def test_a_half_written_file_is_not_reported(watched: Watched) -> None:
    watched.write("job:\n  targets: [e")
    watched.wait(SETTLE_S)
    watched.write(START.replace("[es]", "[pt]"))
    watched.wait()
    assert watched.watch.notes == []
    assert watched.said == ["config.yaml has changed. In use from now on: job.targets."]


def test_a_file_saved_without_a_change_says_nothing(watched: Watched) -> None:
    watched.write(START + "# a comment\n")
    watched.wait()
    assert watched.said == []


def test_what_is_live_is_taken_over_and_everything_else_stays() -> None:
    before, after = (
        Config(),
        Config.model_validate({"folders": {"inbox": "in"}, "inbox": {"ignore": ["x"], "settle": 1}}),
    )
    merged = taken_over(before, after)
    assert changes(before, merged) == ["inbox.ignore"]
    assert changes(merged, after) == ["folders.inbox", "inbox.settle"]
    assert {"job", "profiles", "inbox.ignore"} <= set(live_settings(Config))
    assert LIVE in Config.model_fields["job"].metadata
