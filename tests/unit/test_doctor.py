"""What the doctor concludes from what it sees."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from dropdub.config import Config
from dropdub.doctor import clock, engines, folders, graphics, inbox, machine, settings, software, traces
from dropdub.doctor.database import (
    LONG_WAL,
    LONGEST_WITHOUT_COPY_S,
    copies_finding,
    damage_finding,
    revision_finding,
    wal_finding,
)
from dropdub.doctor.finding import Verdict
from dropdub.doctor.graphics import Card
from dropdub.engines.base import EngineSettings
from dropdub.engines.devices import nvidia
from dropdub.engines.models.candidates import Use
from dropdub.engines.offers import ASK_AUTHORS, Offer, installed_offers
from dropdub.store.copies import Copy
from dropdub.store.damage import damaged
from dropdub.store.migrations import HEAD_REVISION
from tests.unit.test_registry import Chick, Cuckoo, Parrot, Raven, entry_of

NLLB = Use("nllb", "nllb-200-distilled-600M")
NOW = clock.EARLIEST + 1_000_000
GB = 1_000_000_000
FILTERS = """Filters:
  T.. = Timeline support
 ... aresample         A->A       Resample audio data.
 T.C scale             V->V       Scale the input video.
"""
CARDS = "NVIDIA GeForce RTX 3060, 535.129.03, 12288, 11790\nNVIDIA GB10, 580.95, [N/A], [N/A]\nnonsense\n"


def test_missing_features_are_found_in_ffmpegs_listing() -> None:
    assert software.missing_from(FILTERS, ("aresample", "loudnorm")) == ["loudnorm"]
    assert software.missing_from("  E mov,mp4,m4a  QuickTime", ("mp4",)) == []


def test_burning_is_checked_if_the_settings_or_a_profile_ask_for_it() -> None:
    burn = {"subtitles": {"mode": "burn"}}
    assert not software.burns(Config())
    assert software.burns(Config.model_validate({"job": burn}))
    assert software.burns(Config.model_validate({"profiles": {"lessons": burn}}))


@pytest.mark.parametrize(("version", "old"), [("5.0.3", True), ("n4.4", True), ("5.1.9-0+deb12u1", False)])
def test_an_ffmpeg_that_is_too_old_to_burn_is_known(version: str, old: bool) -> None:
    assert software.is_old(version, software.OLDEST_BURNING) is old


@pytest.mark.parametrize(
    ("said", "version", "old"),
    [
        ("ffmpeg version 5.1.9-0+deb12u1 Copyright (c)", "5.1.9-0+deb12u1", False),
        ("ffmpeg version n7.1 Copyright", "n7.1", False),
        ("ffmpeg version 3.4.8-0ubuntu0.2 Copyright", "3.4.8-0ubuntu0.2", True),
        ("ffmpeg version N-112233-gabcdef Copyright", "N-112233-gabcdef", False),
        ("what?", "unknown", False),
    ],
)
def test_ffmpegs_version_is_read_and_an_old_one_known(said: str, version: str, old: bool) -> None:
    assert (software.version_in(said), software.is_old(version)) == (version, old)


def test_the_drivers_list_is_read_line_by_line() -> None:
    first, second = nvidia.cards_in(CARDS)
    assert first == Card("NVIDIA GeForce RTX 3060", "535.129.03", 12288 << 20, 11790 << 20)
    assert (second.memory, second.free) == (None, None)


@pytest.mark.parametrize(
    ("cards", "answer", "wanted", "state"),
    [
        (0, "0 ", "auto", "ok"),
        (0, "0 ", "cuda", "problem"),
        (0, None, "cuda", "problem"),
        (2, "2 ", "auto", "ok"),
        (2, "0 ", "auto", "warning"),
        (2, "", "auto", "warning"),
        (2, "0 ", "cuda", "problem"),
        (2, "0 ", "cpu", "ok"),
        (2, None, "auto", "ok"),
        (0, "1 ", "cuda", "ok"),
        (2, "2 libcublas.so.12", "auto", "warning"),
        (2, "2 libcublas.so.12", "cuda", "problem"),
        (2, "2 libcublas.so.12", "cpu", "ok"),
    ],
)
def test_a_card_is_judged_by_driver_engines_and_wish(cards: int, answer: str | None, wanted: str, state: str) -> None:
    engines = graphics.engines_in(answer) if answer is not None else None
    found = graphics.graphics_finding(nvidia.cards_in(CARDS)[:cards], engines, wanted=wanted)
    assert found.state == state
    assert bool(found.remedy) is (state != "ok")
    lacks = bool(engines and engines.lacking) and wanted != "cpu"
    assert ("libcublas.so.12 is not installed" in found.text) is lacks
    assert ("-m pip install 'nvidia-cublas-cu12" in (found.remedy or "")) is lacks


def test_a_root_too_deep_for_long_names_is_reported_if_windows_limits_paths() -> None:
    deepest = len(r"C:\dubs\outbox")
    assert folders.room_for_names(deepest, longest_name=100).state == "ok"
    shown = folders.room_for_names(58, longest_name=100)
    assert shown.state == "warning" and "58 characters" in shown.text and "LongPathsEnabled" in (shown.remedy or "")
    assert folders.room_for_names(57, longest_name=100).state == "ok"


def test_memory_is_judged_by_what_work_waits_for_and_by_the_models() -> None:
    def state(available: int) -> Verdict:
        return machine.memory_finding(16 * GB, available, least=GB, models={"xtts-v2": 3 * GB}).state

    assert [state(available) for available in (GB // 2, 2 * GB, 4 * GB)] == ["problem", "warning", "ok"]


def test_an_inbox_that_takes_most_of_the_watches_is_reported() -> None:
    assert [inbox.limit_finding(100, folders).state for folders in (50, 51)] == ["ok", "warning"]


@pytest.mark.parametrize(
    ("now", "newest", "heartbeat", "state"),
    [
        (0.0, None, None, "problem"),
        (clock.LATEST + 1, None, None, "problem"),
        (NOW, NOW - 5, NOW - 5, "ok"),
        (NOW, NOW + 3_600, NOW + 5, "ok"),
        (NOW, NOW + 100_000, None, "warning"),
        (NOW, None, NOW + 100, "warning"),
    ],
)
def test_the_clock_is_judged_by_year_files_and_heartbeat(
    now: float, newest: float | None, heartbeat: float | None, state: str
) -> None:
    assert clock.clock_finding(now, newest=newest, heartbeat=heartbeat).state == state


def test_a_database_is_judged_by_wholeness_revision_and_log(tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    states = [revision_finding(revision, file).state for revision in (HEAD_REVISION, "9999", None)]
    assert states == ["ok", "problem", "problem"]
    assert damage_finding("malformed", file).state == "problem"
    assert damage_finding("database is locked", file).state == "warning"
    assert [wal_finding(size, file).state for size in (0, LONG_WAL + 1)] == ["ok", "warning"]


def test_a_database_without_a_backup_for_days_is_reported() -> None:
    ages = (LONGEST_WITHOUT_COPY_S, LONGEST_WITHOUT_COPY_S + 1)
    assert [copies_finding([], age_s=age, now=NOW).state for age in ages] == ["ok", "warning"]
    some = [Copy(Path("newest.db"), NOW - 3 * 3_600, None), Copy(Path("older.db"), NOW - 90_000, "0004")]
    found = copies_finding(some, age_s=10**7, now=NOW)
    assert (found.state, found.text, found.detail) == ("ok", "2, the newest 3 h 00 min old", "newest.db")


def test_a_damaged_database_gets_one_advice_from_doctor_and_commands(tmp_path: Path) -> None:
    file, folder = tmp_path / "jobs.db", tmp_path / "backups"
    for backups in (None, folder):
        assert damage_finding("malformed", file, backups).remedy == damaged(str(file), backups).remedy
    assert "if you have one" in damaged(str(file), folder).remedy
    folder.mkdir()
    (folder / "jobs-20261126T223744Z.db").touch()
    assert f"(the newest: {folder / 'jobs-20261126T223744Z.db'})" in damaged(str(file), folder).remedy


OFFERS = {
    offer.name: offer
    for offer in (
        Offer("nllb", "translator", 20),
        Offer("transformers", "translator", 15),
        Offer("absent", "translator", 10, problem="Not for this system."),
        Offer("other", "translator", 1),
    )
}


@pytest.mark.skipif(sys.platform == "win32", reason="rights are kept otherwise there")
def test_a_folder_that_others_may_write_to_is_recognised(tmp_path: Path) -> None:
    assert not engines.is_open_to_others(tmp_path)
    assert not engines.is_open_to_others(tmp_path / "not there")
    tmp_path.chmod(0o777)
    assert engines.is_open_to_others(tmp_path)


def test_an_engine_without_a_model_of_its_own_is_no_choice_until_one_is_named() -> None:
    assert engines.role_finding("translator", "auto", OFFERS, {}, needed=False).text == "auto: nllb, other"
    named = {"transformers": "opus-mt-en-roa"}
    assert (
        engines.role_finding("translator", "auto", OFFERS, named, needed=False).text
        == "auto: nllb, transformers, other"
    )
    assert engines.role_finding("translator", "transformers", OFFERS, {}, needed=False).state == "problem"
    assert engines.role_finding("translator", "transformers", OFFERS, named, needed=False).state == "ok"


@pytest.mark.parametrize(("needed", "state"), [(True, "problem"), (False, "warning")])
def test_no_engine_of_a_role_is_a_problem_if_it_is_needed(needed: bool, state: str) -> None:
    found = engines.role_finding("transcriber", "auto", {}, {}, needed=needed)
    assert (found.state, found.remedy) == (state, "Install one with: `dropdub setup`")


def test_a_named_engine_must_be_there_usable_and_of_the_role() -> None:
    states = [
        engines.role_finding(role, wanted, OFFERS, {}, needed=False).state
        for role, wanted in [
            ("translator", "nllb"),
            ("translator", "absent"),
            ("translator", "unheard-of"),
            ("synthesizer", "nllb"),
            ("synthesizer", "auto"),
            ("diarizer", "auto"),
        ]
    ]
    assert states == ["ok", "problem", "problem", "problem", "warning", "ok"]


@pytest.mark.parametrize(("use", "needed", "other", "state", "means"), [
    (NLLB, True, None, "problem", "jobs wait for it"),
    (NLLB, False, None, "warning", "few jobs need it, since no target language is set"),
    (NLLB, True, "other", "warning", "other is used instead"),
    (Use("bergamot", "bergamot-pt-en", "pt"), True, None, "warning", "only recordings in Portuguese wait for it"),
])  # fmt: skip
def test_a_missing_model_is_a_problem_if_jobs_wait_for_it(
    tmp_path: Path, use: Use, needed: bool, other: str | None, state: str, means: str
) -> None:
    found = engines.model_finding(use, tmp_path, needed=needed, other=other)
    assert (found.state, found.text) == (state, f"the model of {use.engine} is missing: {means}")
    assert f"dropdub models pull {use.model}" in found.remedy


def test_a_missing_model_that_jobs_can_do_without_is_a_warning(tmp_path: Path) -> None:
    use = Use("spleeter", "spleeter-2stems")
    found = engines.model_finding(use, tmp_path, needed=True, other=None, instead="voices stay")
    assert (found.state, found.text) == ("warning", "the model of spleeter is missing: voices stay")
    assert "`dropdub models pull spleeter-2stems`" in found.remedy
    assert engines.role_finding("separator", "auto", OFFERS, {}, needed=True).state == "ok"


def test_a_complete_model_is_no_problem(tmp_path: Path) -> None:
    folder = NLLB.folder(tmp_path)
    folder.mkdir()
    for name in ("tokenizer.json", "config.json", "shared_vocabulary.json", "model.bin"):
        (folder / name).write_text("here", encoding="utf-8")
    assert engines.model_finding(NLLB, tmp_path, needed=True, other=None).state == "ok"


def test_settings_are_shown_only_if_they_reveal_nothing_personal() -> None:
    given = {
        "job": {"voice": "anna", "targets": ["pt"], "transcriber": "parakeet", "translator": "annas-own"},
        "retry": {"attempts": 7},
        "limits": {"max_size": "3 GB"},
        "inbox": {"observer": "polling"},
        "profiles": {"anna": {}},
        "database": "postgresql://anna:secret@host/jobs",
    }
    shown = settings.changed(Config.model_validate(given))
    assert shown == {
        "database": "(set)",
        "inbox.observer": "polling",
        "job.targets": "(set)",
        "job.voice": "(set)",
        "job.transcriber": "parakeet",
        "job.translator": "(set)",
        "profiles": "(set)",
        "limits.max_size": 3_000_000_000,
        "retry.attempts": 7,
    }
    assert settings.changed(Config.model_validate({})) == {}


def test_a_traceback_is_reported_as_code_locations_and_class() -> None:
    lines = [
        "2026-11-21T08:00:00Z ERROR went wrong name=anna.mp4",
        "Traceback (most recent call last):",
        '  File "/home/anna/.venv/lib/python3.11/site-packages/dropdub/files.py", line 7, in move',
        "    secret_code()",
        '  File "/home/anna/anna.py", line 1, in <module>',
        "dropdub.errors.DiskFull: anna.mp4 is too big",
        "anna again",
        "Traceback (most recent call last):",
        "Anna",
    ]
    assert list(traces.tracebacks(lines)) == [
        ["dropdub/files.py:7 move", "elsewhere:1 <module>", "DiskFull"],
        ["another"],
    ]


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("/home/anna/dropdub/src/dropdub/worker.py", "dropdub/worker.py"),
        ("/usr/lib/python3.11/json/decoder.py", "python3.11/json/decoder.py"),
        (r"C:\Users\Anna\AppData\Local\Programs\Python\Python311\Lib\json\decoder.py", "json/decoder.py"),
        (r"C:\Users\Anna\venv\Lib\site-packages\numpy\core.py", "numpy/core.py"),
        ("/home/anna/lib/anna/anna.py", "elsewhere"),
        ("/dropdub/src/anna/anna.py", "elsewhere"),
        ("<string>", "elsewhere"),
        ("x", "elsewhere"),
    ],
)
def test_a_code_location_is_given_relative_to_its_package(file: str, place: str) -> None:
    assert traces.code_place(file) == place


def test_no_job_waits_for_the_model_of_a_diarizer_that_is_not_named(tmp_path: Path) -> None:
    offers = installed_offers(entry_of(Cuckoo)).values()
    [cuckoo] = offers
    settings = EngineSettings(models_dir=tmp_path)
    assert engines.stand_in(Config(), cuckoo, offers, settings) == "no engine"
    assert engines.stand_in(Config(job={"diarizer": "cuckoo"}), cuckoo, offers, settings) is None


def test_a_missing_model_holds_up_jobs_only_if_no_other_engine_works(tmp_path: Path) -> None:
    offers = installed_offers(entry_of(Parrot, Raven)).values()
    raven, settings = next(one for one in offers if one.name == "raven"), EngineSettings(tmp_path)

    def judged(**given: Any) -> tuple[str, str]:
        other = engines.stand_in(Config(**given), raven, offers, settings)
        found = engines.model_finding(Use("raven", "nest"), tmp_path, needed=True, other=other)
        return found.state, found.text

    named = {"job": {"translator": "raven"}}
    assert judged() == ("warning", "the model of raven is missing: parrot is used instead")
    assert judged(**named) == ("problem", "the model of raven is missing: jobs wait for it")
    assert judged(**named, models={"fallback": "any"})[1].endswith("parrot is used instead")


def test_plug_ins_and_what_is_wrong_with_them_are_shown(caplog: pytest.LogCaptureFixture) -> None:
    offers = [
        Offer("kokoro", "synthesizer", 14),
        Offer("lark", "translator", 12, package="larks"),
        Offer("wren", problem="It was written for version 2.\nUpdate Dropdub.", package="wrens"),
        Offer("chick", "translator", 12, engine=Chick, package="chicks"),
        Offer("xtts", "synthesizer", 20, problem="A package is missing."),
    ]
    left_out = ["The model 'x' of the package larks is left out: it has no files."]
    found = list(engines.plug_ins(offers, left_out, EngineSettings()))
    assert caplog.text == "", "the log of a command is the terminal"
    assert [(one.state, one.text, one.detail) for one in found] == [
        ("ok", "lark, a translator", "larks"),
        ("warning", "wren cannot be used", "It was written for version 2."),
        (
            "warning",
            "chick cannot be used",
            "The engine 'chick' of the package tests failed: RuntimeError: not hatched.",
        ),
        (
            "warning",
            "a model of another package is left out",
            "The model 'x' of the package larks is left out: it has no files.",
        ),
    ]
    assert [one.remedy for one in found[1:]] == ["Update Dropdub.", ASK_AUTHORS, ASK_AUTHORS]
