"""The command line as a person or a script uses it: real processes on real roots."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from dropdub import __version__
from dropdub.cli.commands import app
from dropdub.cli.plain_status import PlainStatus, plain_status
from dropdub.dubbing.published_timing import fits_of
from dropdub.dubbing.quality import quality_of
from dropdub.inbox.named_files import record_drop
from dropdub.inbox.scan import scan
from dropdub.operations.log_lines import Follower
from dropdub.pasting import pasted
from dropdub.pipeline.facts import Facts
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState
from tests import warm
from tests.factories import NOW, a_queued_job, a_running_job, a_waiting_job, an_ended_job
from tests.reports import SOUND, a_manifest, facts, transcripts
from tests.waiting import wait_until

CONTRACT = {
    *("id", "name", "kind", "state", "reason", "progress", "stage", "attempts", "created_at", "started_at"),
    *("finished_at", "duration_s", "language", "targets", "outputs", "error", "warnings"),
}
HEAVY = ("sqlalchemy", "sqlmodel", "alembic", "pydantic_settings", "numpy", "dropdub.config", "dropdub.engines")
NOT_FOR_STATUS = (*HEAVY, "typer", "pydantic", "psutil", "tenacity")
Answer = subprocess.CompletedProcess[str]
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


class Cli:
    """Runs `dropdub` on one root, isolated from this process's environment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        unwanted = ("JOBS_ROOT", "COLUMNS", "FORCE_COLOR", "NO_COLOR")
        kept = {key: value for key, value in os.environ.items() if not key.startswith("DROPDUB_")}
        self.environment = {key: value for key, value in kept.items() if key not in unwanted}

    def __call__(self, *arguments: str, cwd: Path | None = None, **environment: str) -> Answer:
        return warm.run(arguments, env={**self.environment, **environment}, cwd=cwd or self.root.parent)

    def on_root(self, *arguments: str, **environment: str) -> Answer:
        return self("--root", str(self.root), *arguments, **environment)

    def done(self, *arguments: str, **environment: str) -> str:
        """Run it and return its output; it must succeed without printing errors."""
        answer = self.on_root(*arguments, **environment)
        assert (answer.returncode, answer.stderr) == (0, ""), answer
        return answer.stdout

    def refused(self, *arguments: str, code: int = 2, **environment: str) -> str:
        """Run it and return its error message, which must not be a traceback."""
        answer = self.on_root(*arguments, **environment)
        assert answer.returncode == code, answer
        assert "Traceback" not in answer.stderr
        return answer.stderr

    def job(self, ref: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.done("show", ref, "--json"))["job"]
        return found


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A command line on a new root."""
    root = tmp_path / "root"
    (root).mkdir()
    (root / "config.yaml").write_text("", encoding="utf-8")
    return Cli(root)


@pytest.fixture
def store(cli: Cli) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{cli.root / 'jobs.db'}")
    yield opened
    opened.close()


def every_command(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        yield f"{prefix}{name}", command
        if hasattr(command, "commands"):
            yield from every_command(command, f"{prefix}{name} ")


# -- what is available ------------------------------------------------------------------------------------------


def test_every_command_and_option_has_help_and_every_command_an_example() -> None:
    group = typer.main.get_command(app)
    names = []
    for name, command in every_command(group):
        names.append(name)
        assert command.help, name
        assert hasattr(command, "commands") or f"dropdub {name}" in command.help, f"{name} has no example"
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name}: {parameter.name} has no help"
    assert names == [
        *(
            "init",
            "setup",
            "watch",
            "serve",
            "open",
            "run",
            "status",
            "show",
            "retry",
            "cancel",
            "pause",
            "resume",
            "logs",
            "prune",
        ),
        "doctor",
        *("config", "config check", "config show", "config hash-password"),
        *("engines", "engines list", "engines guide", "engines compare"),
        *("models", "models list", "models pull", "models verify"),
        *("voices", "voices list", "voices add", "voices remove", "voices prepare"),
        *("service", "service install", "service uninstall", "service start", "service stop", "service status"),
        *("token", "token show", "token renew"),
    ]


def test_program_without_arguments_shows_help_with_whole_lines(cli: Cli) -> None:
    answer = cli()
    assert answer.returncode == 0
    assert answer.stdout.startswith("Usage: dropdub [OPTIONS] COMMAND")
    assert "..." not in answer.stdout.split("Commands:")[1]
    assert max(map(len, answer.stdout.splitlines())) <= 80


def test_both_entry_points_are_the_same_program_and_call_it_dropdub() -> None:
    scripts = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["scripts"]
    assert scripts == {"jobs": "dropdub.cli.app:main", "dropdub": "dropdub.cli.app:main"}
    answers = {name: _called_by(name, "--help") for name in scripts}
    assert answers["jobs"] == answers["dropdub"]
    assert answers["jobs"].startswith("Usage: dropdub ") and "jobs status" not in answers["jobs"]


def _called_by(name: str, *arguments: str) -> str:
    """Return what the program prints when it was started by this name."""
    code = f"import sys; from dropdub.cli.app import main; sys.argv[0] = {name!r}; main()"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, encoding="utf-8", check=True)
    return done.stdout


def test_showing_a_job_loads_neither_the_settings_nor_what_reads_texts() -> None:
    code = "import sys, dropdub.cli.show, dropdub.operations.look, dropdub.publishing.manifest_file\n"
    code += "print([name for name in ('dropdub.config', 'dropdub.text', 'sqlalchemy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


def test_an_interrupt_while_the_program_is_still_being_loaded_prints_nothing() -> None:
    code = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'dropdub.cli.console': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from dropdub.cli.app import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, "status"], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def test_version_is_printed(cli: Cli) -> None:
    assert cli("--version").stdout == f"dropdub {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["status", "--nonsense"],
        ["status", "--state", "happy"],
        ["status", "--limit", "-1"],
        ["cancel"],
        ["run"],
    ],
)
def test_usage_error_exits_with_2_and_error_message(cli: Cli, arguments: list[str]) -> None:
    assert "Error: " in cli.refused(*arguments)


# -- init and config --------------------------------------------------------------------------------------------


def test_init_creates_consistent_root_and_names_next_step(cli: Cli, tmp_path: Path) -> None:
    new = tmp_path / "new root ü"
    answer = cli("init", str(new))
    assert answer.returncode == 0, answer.stderr
    assert f"  dropdub --root {pasted(new)} watch\n" in answer.stdout
    folders = {entry.name for entry in new.iterdir() if entry.is_dir()}
    assert folders == {"inbox", "outbox", "voices", "work", "failed", "archive"}
    assert cli("--root", str(new), "config", "check").stdout == f"OK: {new / 'config.yaml'}\n"


def test_init_compact_sets_the_model_of_the_compact_engines(cli: Cli, tmp_path: Path) -> None:
    cli("init", "compact", "--compact")
    shown = json.loads(cli("--root", str(tmp_path / "compact"), "config", "show", "--json").stdout)
    assert (shown["job"]["transcriber"], shown["models"]["use"]) == ("auto", {"faster-whisper": "whisper-base"})


def test_init_leaves_existing_root_unchanged(cli: Cli) -> None:
    (cli.root / "config.yaml").write_text("retry: {attempts: 9}\n", encoding="utf-8")
    answer = cli("init", cwd=cli.root)
    assert answer.returncode == 2
    assert f"error: {cli.root / 'config.yaml'} already exists" in answer.stderr
    assert (cli.root / "config.yaml").read_text(encoding="utf-8") == "retry: {attempts: 9}\n"


def test_init_refuses_file_as_its_folder(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = cli("init", str(tmp_path / "file"))
    assert (answer.returncode, "is a file" in answer.stderr) == (2, True)
    answer = cli("init", str(tmp_path / "file" / "below"))
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: ")


def test_config_show_prints_equivalent_file(cli: Cli, tmp_path: Path) -> None:
    (cli.root / "config.yaml").write_text("job: {targets: [pt]}\n", encoding="utf-8")
    text = cli.done("config", "show")
    shown = cli.done("config", "show", "--json")
    (cli.root / "config.yaml").write_text(text, encoding="utf-8")
    assert cli.done("config", "show", "--json") == shown
    assert json.loads(shown)["job"]["targets"] == ["pt"]


def test_config_check_lists_every_problem_with_its_line(cli: Cli) -> None:
    (cli.root / "config.yaml").write_text("retry:\n  attempts: 0\ninbx: {}\n", encoding="utf-8")
    complaint = cli.refused("config", "check")
    assert "line 2: retry.attempts: " in complaint
    assert "line 3: inbx: there is no such setting" in complaint
    (cli.root / "config.yaml").write_text("folders: {work: inbox/work}\n", encoding="utf-8")
    assert "is inside folders.inbox" in cli.refused("config", "check")


def test_root_is_found_by_environment_or_in_parent_folders(cli: Cli, tmp_path: Path) -> None:
    below = cli.root / "inbox"
    below.mkdir()
    assert cli("config", "check", cwd=below).stdout == f"OK: {cli.root / 'config.yaml'}\n"
    assert cli("config", "check", cwd=tmp_path, JOBS_ROOT=str(cli.root)).returncode == 0
    answer = cli("status", cwd=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: There is no config.yaml in ")
    assert "dropdub init" in answer.stderr


# -- status and show --------------------------------------------------------------------------------------------


def test_status_of_new_root_says_how_to_start(cli: Cli) -> None:
    said = cli.done("status")
    assert f"not running. Start it with:\n        dropdub --root {pasted(cli.root)} watch\n" in said
    assert f"Drop a recording or a text into {cli.root / 'inbox'}".replace(" ", "") in "".join(said.split())
    assert not (cli.root / "jobs.db").exists()


def test_status_in_json_has_the_fields_of_the_contract(cli: Cli, store: Store) -> None:
    a_running_job(store)
    an_ended_job(store, JobState.FAILED, name="broken ü.mp4")
    status = json.loads(cli.done("status", "--json"))
    assert list(status) == ["daemon", "paused", "counts", "jobs", "notes"]
    assert [job["name"] for job in status["jobs"]] == ["clip.mp4", "broken ü.mp4"]
    for job in status["jobs"]:
        assert set(job) >= CONTRACT
    assert status["counts"]["failed"] == 1
    assert json.loads(cli.done("status", "--json", "--state", "failed"))["jobs"] == status["jobs"][1:]
    assert json.loads(cli.done("status", "--json", "--limit", "1"))["jobs"] == status["jobs"][:1]
    assert len(json.loads(cli.done("status", "--json", "--limit", "0"))["jobs"]) == 2


def test_piped_status_is_plain_and_fits_80_columns(cli: Cli, store: Store) -> None:
    a_waiting_job(store, name="a very long name " * 12 + ".mp4")
    an_ended_job(store, JobState.FAILED, name="\x1b[31mred.mp4")
    said = cli.done("status")
    assert "\x1b" not in said
    assert "a very long" in said and " name .mp4" in said and "…" in said
    lines = [line for line in said.splitlines() if not line.strip().startswith("dropdub ")]
    assert all(len(line) <= 80 and line == line.rstrip() for line in lines)


def test_status_imports_nothing_slow(cli: Cli, store: Store) -> None:
    a_running_job(store)
    script = (
        "import runpy, sys\n"
        "try: runpy.run_module('dropdub', run_name='__main__', alter_sys=True)\n"
        "except SystemExit as end: assert end.code in (0, None), end\n"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    command = [sys.executable, "-c", script, "--root", str(cli.root), "status"]
    answer = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert "clip.mp4" in answer.stdout
    assert set(NOT_FOR_STATUS) & set(answer.stderr.split()) == set()


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_plain_status_is_the_same_as_the_one_with_options(cli: Cli, store: Store, arguments: Sequence[str]) -> None:
    an_ended_job(store, JobState.FAILED)
    a_waiting_job(store, name="long.mp4")
    plain, parsed = cli.done("status", *arguments), cli.done("status", *arguments, "--limit", "20")
    assert plain == parsed and "long.mp4" in plain


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["status"], PlainStatus(None, as_json=False)),
        (["--root", "here", "status", "--json"], PlainStatus(Path("here"), as_json=True)),
        (["status", "--limit", "3"], None),
        (["status", "--help"], None),
        (["statu"], None),
        (["--root"], None),
        ([], None),
    ],
)
def test_only_the_plain_forms_of_status_are_answered_unparsed(
    arguments: Sequence[str], asked: PlainStatus | None
) -> None:
    assert plain_status(arguments) == asked


def test_status_whose_reader_goes_away_says_nothing(cli: Cli, store: Store) -> None:
    for number in range(20):
        a_waiting_job(store, name=f"{number}.mp4")
    command = [sys.executable, "-m", "dropdub", "--root", str(cli.root), "status", "--json"]
    ours, theirs = os.pipe()
    os.close(ours)
    answer = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, env=cli.environment, check=False)
    os.close(theirs)
    assert (answer.returncode, answer.stderr) == (0, b""), "it has seen enough: nothing failed"


def test_status_watch_needs_a_terminal(cli: Cli) -> None:
    assert "--watch needs a terminal" in cli.refused("status", "--watch")
    assert "cannot be combined" in cli.refused("status", "--watch", "--json")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_status_watch_exits_cleanly_on_ctrl_c(cli: Cli, store: Store) -> None:
    import pty

    a_running_job(store)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "dropdub", "--root", str(cli.root), "status", "--watch"]
    environment = {**cli.environment, "NO_COLOR": "1", "TERM": "xterm"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    os.set_blocking(ours, False)
    seen = b""

    def shown() -> bool:
        nonlocal seen
        with contextlib.suppress(BlockingIOError):
            seen += os.read(ours, 65536)
        return seen.count(b"clip.mp4") >= 2

    try:
        wait_until(shown, "the status to be shown a second time")
        process.send_signal(2)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"\x1b[31m" not in seen and b"\x1b[36m" not in seen


def test_show_finds_job_by_number_name_or_stem(cli: Cli, store: Store) -> None:
    job = an_ended_job(store, JobState.FAILED, name="broken.mp4")
    said = cli.done("show", "broken.mp4")
    assert f"broken.mp4 (job {job.id}): failed" in said
    assert "It broke." in said and "Steps" in said and "Events" in said
    assert cli.done("show", str(job.id)) == said == cli.done("show", "broken")
    record = json.loads(cli.done("show", "broken", "--json"))
    assert list(record) == ["job", "steps", "events", "quality"]
    assert record["quality"] is None, "it has no manifest"


@pytest.fixture
def dubbed(cli: Cli, store: Store) -> Path:
    """Return the outbox folder of a job that was dubbed, with its manifest and transcript."""
    job = an_ended_job(store, JobState.SUCCEEDED, name="clip.mp4", options={"targets": ["pt"]})
    assert job.id is not None
    folder = cli.root / "outbox" / "clip ação"
    folder.mkdir(parents=True)
    transitions.claim_outbox(store, job.id, choose=lambda _taken: str(folder))
    made = a_manifest(facts())
    quality = quality_of(Facts(facts()), fits_of(made), ["pt"]).to_json()
    (folder / "manifest.json").write_text(json.dumps({**made, "quality": quality}), encoding="utf-8")
    transcripts()[0].save(folder / "clip.json")
    return folder


def test_show_reports_quality_of_dubs(cli: Cli, dubbed: Path) -> None:
    assert "4 utterances: 1 as spoken" in cli.done("show", "clip.mp4")
    quality = json.loads(cli.done("show", "clip.mp4", "--json"))["quality"]
    assert quality["targets"]["pt"]["heard_back"]["word_error_rate"] == 0.1818
    assert quality["targets"]["pt"]["timing"]["worst_drift_s"] == 0.3
    (dubbed / "manifest.json").unlink()
    assert "Quality" not in cli.done("show", "clip.mp4")


def test_show_reports_how_good_dubs_sound_if_that_was_estimated(cli: Cli, dubbed: Path) -> None:
    assert "estimates it" not in cli.done("show", "clip.mp4")
    rated = Facts(facts(**{"compare/pt": {"voices": [], "sound": SOUND}}))
    quality = quality_of(rated, fits_of(a_manifest(facts())), ["pt"]).to_json()
    (dubbed / "manifest.json").write_text(json.dumps({**a_manifest(facts()), "quality": quality}), encoding="utf-8")
    shown = " ".join(cli.done("show", "clip.mp4").split())
    assert "sound, 1 to 5, as dnsmos estimates it: 2.8 (voice 3.1, background 3.7); the original 2.5" in shown
    assert "sound of S2: 1.9 (voice 2.3, background 2.9)" in shown
    [first, _] = json.loads(cli.done("show", "clip.mp4", "--json"))["quality"]["targets"]["pt"]["sound"]["speakers"]
    assert first == SOUND["speakers"][0]


def test_show_draws_timeline_beside_manifest_and_prints_its_path(cli: Cli, dubbed: Path) -> None:
    picture = dubbed / "timeline.pt.svg"
    assert cli.done("show", "clip.mp4", "--timeline").splitlines() == [str(picture)]
    assert picture.read_text(encoding="utf-8").startswith("<svg ")
    assert json.loads(cli.done("show", "clip.mp4", "--timeline", "--json")) == {"timelines": {"pt": [str(picture)]}}
    cli.done("show", "clip.mp4", "--timeline", DROPDUB_WEB__LANGUAGE="pt-BR")
    assert "Dublagem em português" in picture.read_text(encoding="utf-8")


def test_a_timeline_that_cannot_be_drawn_is_refused_with_the_reason(cli: Cli, dubbed: Path) -> None:
    manifest = dubbed / "manifest.json"
    manifest.write_text(json.dumps(a_manifest(facts(), fit={})), encoding="utf-8")
    assert "has no timing data" in cli.refused("show", "clip.mp4", "--timeline")
    manifest.unlink()
    assert "has no manifest" in cli.refused("show", "clip.mp4", "--timeline")


def test_unknown_job_is_refused_with_similar_names(cli: Cli, store: Store) -> None:
    assert "There is no job 'clip'" in cli.refused("show", "clip")
    a_running_job(store)
    assert "Did you mean clip.mp4 (job 1)?" in cli.refused("show", "clp.mp4")


# -- changes ----------------------------------------------------------------------------------------------------


def test_retry_requeues_failed_jobs_and_says_how_to_start_daemon(cli: Cli, store: Store) -> None:
    for name in ("one.mp4", "two.mp4"):
        an_ended_job(store, JobState.FAILED, name=name)
    an_ended_job(store, JobState.SUCCEEDED, name="good.mp4")
    said = cli.done("retry", "one.mp4")
    assert "Job 1 (one.mp4) will be retried." in said
    assert f"Start it with:\n  dropdub --root {pasted(cli.root)} watch\n" in said
    assert "Job 2 (two.mp4)" in cli.done("retry", "--failed")
    assert cli.done("retry", "--failed") == "There are no failed jobs.\n"
    assert [cli.job(name)["state"] for name in ("one", "two", "good")] == ["claiming", "claiming", "succeeded"]


def test_retry_needs_jobs_or_failed_but_not_both(cli: Cli) -> None:
    assert "--failed" in cli.refused("retry")
    assert "--failed" in cli.refused("retry", "1", "--failed")


def test_jobs_that_cannot_be_changed_are_reported_and_the_others_are_changed(cli: Cli, store: Store) -> None:
    an_ended_job(store, JobState.SUCCEEDED, name="good.mp4")
    a_queued_job(store, name="open.mp4")
    answer = cli.on_root("cancel", "good", "open")
    assert answer.returncode == 1
    assert "Job 1 (good.mp4) cannot be cancelled: it has already succeeded." in answer.stdout
    assert "Job 2 (open.mp4) will be cancelled." in answer.stdout


def test_misspelt_name_changes_nothing(cli: Cli, store: Store) -> None:
    an_ended_job(store, JobState.FAILED, name="one.mp4")
    assert "There is no job 'two.mp4'" in cli.refused("retry", "one.mp4", "two.mp4")
    assert cli.job("one")["state"] == "failed"


# -- files that still wait in the inbox -------------------------------------------------------------------------


def a_waiting_file(cli: Cli, name: str) -> Path:
    path = cli.root / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(name, encoding="utf-8")
    return path


def the_jobs(store: Store) -> list[tuple[str, bool]]:
    return [(job.source, job.cancel_requested) for job in queries.unfinished_jobs(store)]


@pytest.mark.parametrize("ref", ["talk.txt", "talk", "lessons/talk.txt", "{inbox}/lessons/talk.txt"])
def test_file_waiting_in_inbox_is_cancelled_by_name_or_path(cli: Cli, store: Store, ref: str) -> None:
    path = a_waiting_file(cli, "lessons/talk.txt")
    a_waiting_file(cli, "other.txt")
    said = cli.done("cancel", ref.format(inbox=cli.root / "inbox"))
    assert said.startswith("Job 1 (lessons/talk.txt) will be cancelled.\nThe daemon is not running")
    assert the_jobs(store) == [(str(path), True)]
    assert cli.done("cancel", "talk").startswith("Job 1 (lessons/talk.txt) will be cancelled.")


def test_cancelled_file_includes_companions_the_daemon_would_take(cli: Cli, store: Store) -> None:
    (cli.root / "config.yaml").write_text("profiles: {german: {targets: [de]}}\n", encoding="utf-8")
    film, subtitle, options = (a_waiting_file(cli, f"german/clip.{end}") for end in ("mp4", "srt", "mp4.job.yaml"))
    a_waiting_file(cli, "german/clip.tmp")
    cli.done("cancel", "clip")
    [job] = queries.unfinished_jobs(store)
    assert (job.source, job.companion, job.sidecar) == (str(film), str(subtitle), str(options))
    assert (job.profile, job.size, job.mtime_ns) == ("german", film.stat().st_size, film.stat().st_mtime_ns)


def test_ambiguous_name_of_waiting_files_cancels_none_of_them(cli: Cli, store: Store) -> None:
    first, second = a_waiting_file(cli, "a/talk.txt"), a_waiting_file(cli, "b/talk.txt")
    complaint = " ".join(cli.refused("cancel", "talk.txt").split())
    assert str(first) in complaint.replace(" ", "") and str(second) in complaint.replace(" ", "")
    assert the_jobs(store) == []
    cli.done("cancel", "b/talk.txt")
    assert the_jobs(store) == [(str(second), True)]


@pytest.mark.parametrize("misspelt", ["tlak.txt", "lessons/tlak.txt", "talk.txt.job.yaml"])
def test_waiting_file_is_not_cancelled_if_another_name_is_misspelt(cli: Cli, store: Store, misspelt: str) -> None:
    a_waiting_file(cli, "talk.txt")
    a_waiting_file(cli, "talk.txt.job.yaml")
    assert f"There is no job '{misspelt}'" in cli.refused("cancel", "talk.txt", misspelt)
    assert the_jobs(store) == []


def test_waiting_file_takes_precedence_over_ended_jobs_name_but_not_its_number(cli: Cli, store: Store) -> None:
    an_ended_job(store, JobState.SUCCEEDED, name="talk.txt")
    path = a_waiting_file(cli, "talk.txt")
    assert "cannot be cancelled: it has already succeeded." in cli.on_root("cancel", "1").stdout
    assert cli.done("cancel", "talk.txt").startswith("Job 2 (talk.txt) will be cancelled.")
    assert the_jobs(store) == [(str(path), True)]


def test_file_recorded_by_daemon_meanwhile_keeps_its_job(cli: Cli, store: Store) -> None:
    path = a_waiting_file(cli, "lessons/talk.txt")
    [drop] = scan(cli.root / "inbox").drops
    record_drop(store, drop, now=NOW)
    assert cli.done("cancel", "lessons/talk.txt", "talk").startswith("Job 1 (lessons/talk.txt) will be cancelled.")
    assert the_jobs(store) == [(str(path), True)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports who writes a file")
def test_file_still_being_written_is_not_cancelled(cli: Cli, store: Store) -> None:
    with a_waiting_file(cli, "talk.txt").open("a", encoding="utf-8"):
        assert "still being written" in " ".join(cli.refused("cancel", "talk.txt").split())
    assert the_jobs(store) == []


def test_pause_and_resume_apply_to_all_jobs_or_one(cli: Cli, store: Store) -> None:
    assert f"dropdub --root {pasted(cli.root)} resume\n" in cli.done("pause")
    assert json.loads(cli.done("status", "--json"))["paused"] is True
    assert "Resumed. Jobs paused individually stay paused." in cli.done("resume")
    assert json.loads(cli.done("status", "--json"))["paused"] is False
    a_queued_job(store)
    cli.done("pause", "clip.mp4")
    assert (cli.job("clip")["state"], cli.job("clip")["reason"]) == ("waiting", "Paused.")
    cli.done("resume", "clip.mp4")
    assert cli.job("clip")["state"] == "queued"


def test_stopped_daemon_is_not_reported_while_one_runs(cli: Cli, store: Store) -> None:
    now = time.time()
    transitions.start_run(store, run_id="r", pid=1, pid_started=now, host="h", boot_id="b", now=now)
    an_ended_job(store, JobState.FAILED)
    assert cli.done("retry", "clip") == "Job 1 (clip.mp4) will be retried.\n"


def test_prune_removes_only_old_jobs_and_their_logs(cli: Cli, store: Store) -> None:
    an_ended_job(store, JobState.FAILED, name="old.mp4", at=NOW)
    an_ended_job(store, JobState.SUCCEEDED, name="new.mp4", at=time.time())
    log = cli.root / "work" / "logs" / "jobs" / "1.log"
    kept = cli.root / "failed" / "old.mp4"
    for file in (log, kept):
        file.parent.mkdir(parents=True)
        file.touch()
    assert "1  old.mp4  failed\nWould forget 1 job " in cli.done("prune", "--dry-run")
    assert json.loads(cli.done("prune", "--dry-run", "--json"))["jobs"][0]["name"] == "old.mp4"
    assert log.exists()
    assert "Forgot 1 job that ended more than 30d ago" in cli.done("prune")
    assert (log.exists(), kept.exists()) == (False, True)


def test_prune_keeps_and_names_a_job_whose_log_cannot_be_removed(cli: Cli, store: Store) -> None:
    for name in ("kept.mp4", "gone.mp4"):
        an_ended_job(store, name=name, at=NOW)
    (cli.root / "work" / "logs" / "jobs" / "1.log").mkdir(parents=True)  # no file, so that it cannot be removed
    said = cli.done("prune")
    assert said.startswith("Forgot 1 job ") and "cannot be removed now: 1. " in said
    assert [job["name"] for job in json.loads(cli.done("prune", "--json"))["kept"]] == ["kept.mp4"]
    assert "Forgot 0 jobs" in cli.done("prune", "--older-than", "1 h")
    assert "'soon' is not a duration" in cli.refused("prune", "--older-than", "soon")


# -- run --------------------------------------------------------------------------------------------------------


def test_run_refuses_impossible_requests_before_recording_anything(cli: Cli, tmp_path: Path) -> None:
    (cli.root / "config.yaml").write_text("profiles: {lessons: {targets: [pt]}}\n", encoding="utf-8")
    said = cli.refused("run", "a.mp4", "--profile", "lesson")
    assert "There is no profile 'lesson'" in said and "lessons" in said
    assert "'Portuguese' is not a language" in cli.refused("run", "a.mp4", "--to", "Portuguese")
    assert not (cli.root / "jobs.db").exists()


# -- logs -------------------------------------------------------------------------------------------------------


def test_logs_show_the_last_lines_of_all_or_of_one_job(cli: Cli, store: Store) -> None:
    assert "Nothing has been logged yet" in cli.done("logs")
    a_queued_job(store)
    folder = cli.root / "work" / "logs" / "jobs"
    folder.mkdir(parents=True)
    (folder.parent / "dropdub.log").write_text("one\ntwo\nthree ü\n", encoding="utf-8")
    (folder / "1.log").write_text("of the job\n", encoding="utf-8")
    assert cli.done("logs", "--lines", "2") == "two\nthree ü\n"
    assert cli.done("logs", "clip.mp4") == "of the job\n"
    assert "There is no job 'nope'" in cli.refused("logs", "nope")


def test_follower_misses_no_line_when_log_is_rotated(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    follower = Follower(log)
    assert (follower.last(5), follower.new()) == ([], [])
    log.write_bytes(b"one\ntwo\nthr")
    assert follower.new() == ["one", "two"]
    with log.open("ab") as writer:
        writer.write(b"ee\nfour\n")
    log.rename(tmp_path / "a.log.1")
    assert follower.new() == []
    log.write_bytes(b"five\n")
    assert follower.new() == ["three", "four", "five"]
    log.write_bytes(b"")
    assert follower.new() == []
    log.write_bytes(b"six\n")
    assert follower.new() == ["six"]


def test_the_last_lines_of_a_large_log_are_found_without_reading_it_all(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"".join(b"line %06d\n" % number for number in range(50_000)))
    follower = Follower(log)
    assert follower.last(2) == ["line 049998", "line 049999"]
    assert follower.last(0) == []
    assert len(follower.last(20_000)) == 20_000
    assert follower.new() == []


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_logs_follow_prints_new_lines_until_ctrl_c(cli: Cli, tmp_path: Path) -> None:
    log = cli.root / "work" / "logs" / "dropdub.log"
    log.parent.mkdir(parents=True)
    log.write_text("before\n", encoding="utf-8")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "dropdub", "--root", str(cli.root), "logs", "--follow"]
    with out.open("wb") as stdout:
        process = subprocess.Popen(command, stdout=stdout, stderr=subprocess.STDOUT, env=cli.environment)
    try:
        wait_until(lambda: out.read_bytes() == b"before\n", "what was logged before")
        with log.open("ab") as writer:
            writer.write(b"after\n")
        wait_until(lambda: out.read_bytes() == b"before\nafter\n", "what is logged then")
        process.send_signal(2)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


# -- errors -----------------------------------------------------------------------------------------------------


def test_damaged_database_is_reported_with_remedy(cli: Cli) -> None:
    (cli.root / "jobs.db").write_bytes(b"no database" * 1000)
    complaint = cli.refused("status", code=1)
    assert complaint.startswith("error: ") and "jobs.db" in complaint


def test_unexpected_error_gives_error_message_and_its_details_are_saved(cli: Cli, store: Store) -> None:
    an_ended_job(store, at=NOW)
    details = cli.root / "work" / "logs" / "dropdub-last-error.txt"
    details.parent.mkdir(parents=True, exist_ok=True)
    complaint = cli.refused("prune", code=1, DROPDUB_FAILPOINTS="commit.forget_jobs.before=denied")
    assert complaint.startswith("error: The operating system reported an error: ")
    assert complaint.endswith(f"The details are in {details}\n")
    assert "Traceback" in details.read_text(encoding="utf-8")


def test_traceback_is_shown_on_request(cli: Cli) -> None:
    answer = cli.on_root("show", "clip", DROPDUB_DEBUG="1")
    assert answer.returncode == 2
    assert "Traceback" in answer.stderr and "error: There is no job" in answer.stderr


def test_database_may_be_elsewhere_also_by_environment(cli: Cli, tmp_path: Path) -> None:
    elsewhere = Store.open(f"sqlite:///{tmp_path / 'other.db'}")
    a_queued_job(elsewhere, name="there.mp4")
    elsewhere.close()
    url = f"sqlite:///{tmp_path / 'other.db'}"
    assert "there.mp4" in cli.done("status", DROPDUB_DATABASE=url)
    (cli.root / "config.yaml").write_text(f"database: {url}\nfolders: {{inbox: in}}\n", encoding="utf-8")
    assert "there.mp4" in cli.done("status")
    (cli.root / "config.yaml").write_text("database: [1]\n", encoding="utf-8")
    assert "line 1: database" in cli.refused("status")


@pytest.mark.parametrize("written", ["{folder}/other.db", "sqlite:///{folder}/other.db", "../other.db"])
def test_the_database_may_be_set_by_a_path_or_by_a_url(cli: Cli, tmp_path: Path, written: str) -> None:
    with contextlib.closing(Store.open(f"sqlite:///{tmp_path / 'other.db'}")) as elsewhere:
        a_queued_job(elsewhere, name="there.txt")
    setting = json.dumps(written.format(folder=tmp_path))
    (cli.root / "config.yaml").write_text(f"database: {setting}\npreload: false\n", encoding="utf-8")
    assert cli.done("config", "check").startswith("OK")
    assert "there.txt" in cli.done("status")
    assert "Nothing left to do" in cli.on_root("watch", "--until-idle").stdout
    assert not (cli.root / "jobs.db").exists()


@pytest.mark.parametrize(
    "setting", ["mysql://u:s3cret@host/jobs", "postgresql://u:s3cret@host:port/jobs", "gone/jobs.db"]
)
def test_invalid_database_setting_is_refused_the_same_way_by_every_command(cli: Cli, setting: str) -> None:
    (cli.root / "config.yaml").write_text(f"database: {setting}\n", encoding="utf-8")
    output = {cli.refused(*command) for command in (["config", "check"], ["status"], ["watch", "--until-idle"])}
    [complaint] = output
    assert complaint.startswith("error: database: ") and "config.yaml" in complaint and "s3cret" not in complaint
