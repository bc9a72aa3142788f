"""What config.yaml, profiles and sidecars may say, and how mistakes in them are reported."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dropdub.config import Config, JobOptions, load_config, read_sidecar
from dropdub.errors import BadSidecar, ConfigError, UsageError
from dropdub.operations.place import root_path
from dropdub.root import Root, find_root, is_current
from dropdub.setup.new_root import config_text, make_root
from dropdub.store.location import database_url, sqlite_file, usable_url
from dropdub.units import format_duration, format_size, parse_duration_s


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def uncommented(text: str) -> str:
    """Return the template with its defaults as settings; the one that it shows rounded is exact."""
    exact = text.replace("min_duration: 0.833 s", f"min_duration: {JobOptions().subtitles.min_duration} s")
    return re.sub(r"^(\s*)# ([a-z_0-9]+:( .*)?)$", r"\1\2", exact, flags=re.MULTILINE)


def keys(data: Any, prefix: str = "") -> set[str]:
    if not isinstance(data, dict):
        return set()
    return {name for key, value in data.items() for name in ({prefix + key} | keys(value, f"{prefix}{key}."))}


def test_the_template_sets_nothing_and_loads(write: Any) -> None:
    assert load_config(write(config_text())) == Config()


def test_the_template_uncommented_is_exactly_the_defaults(write: Any) -> None:
    text = uncommented(config_text())
    assert load_config(write(text)) == Config()
    assert keys(yaml.safe_load(text)) == keys(Config().model_dump())


def test_every_setting_of_the_template_can_be_uncommented_alone(write: Any) -> None:
    lines = config_text().splitlines()
    settings = [number for number, line in enumerate(lines) if uncommented(line) != line]
    assert len(settings) > 60
    for number in settings:
        changed = [*lines[:number], uncommented(lines[number]), *lines[number + 1 :]]
        assert load_config(write("\n".join(changed))) == Config(), lines[number]


def test_an_empty_file_is_the_defaults(write: Any) -> None:
    assert load_config(write("")) == Config()


def test_all_problems_are_reported_together_each_with_its_line(write: Any) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(write("retry:\n  attempts: 0\ninbx: {}\nlimits:\n  max_size: big\n"))
    message = raised.value.message
    assert "line 2: retry.attempts: Input should be greater than or equal to 1 (found 0)" in message
    assert "line 3: inbx: there is no such setting" in message
    assert "line 5: limits.max_size" in message
    assert raised.value.remedy == "Correct it, then run: `dropdub config check`."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("job:\n  targets: {pt: 1}\n", "line 2: job.targets: expected a list such as [pt, es]"),
        ("job:\n  targets: [Portuguese]\n", "'Portuguese' is not a language: use a tag such as en, pt or pt-BR"),
        ("limits: 5\n", "line 1: limits: expected settings as `name: value` lines below it"),
        (
            "limits:\n  min_free_disk: -1\n",
            "line 2: limits.min_free_disk: -1 is not a size: use for example 500 MB or 4 GB",
        ),
        ("inbox:\n  settle: -1\n", "line 2: inbox.settle: Input should be greater than or equal to 0"),
        ("inbox:\n  rescan: .nan\n", "line 2: inbox.rescan"),
        ("inbox:\n  rescan: .inf\n", "line 2: inbox.rescan"),
        ("split:\n  target: 60\n  window: 50\n", "window must be at most half of target"),
        ("_env_prefix: X_\n", "line 1: _env_prefix: there is no such setting"),
        (
            "profiles:\n  a: {targts: [pt]}\n",
            "line 2: profiles.a.targts: there is no such setting. Did you mean",
        ),
        (
            "profiles:\n  a: {report: 3}\n  b:\n    mix: {separate: x}\n",
            "line 4: profiles.b.mix.separate: expected",
        ),
        ("targets: [pt]\n", "line 1: targets: there is no such setting. Did you mean job.targets?"),
        ("job:\n  mode: burn\n", "line 2: job.mode: there is no such setting. Did you mean subtitles.mode?"),
        ("job:\n  voice: 7\n", "line 2: job.voice: expected text: put the value between quotes (found 7)"),
        ("retry:\n  attempts: many\n", "line 2: retry.attempts: expected a whole number (found 'many')"),
        (
            "pools:\n  transcribe: {workers: many}\n",
            "line 2: pools.transcribe.workers: expected a whole number, or 'auto' (found 'many')",
        ),
        (
            "pools:\n  transcribe: {memory: big}\n",
            "line 2: pools.transcribe.memory: 'big' is not a size: use for example 500 MB or 4 GB",
        ),
        ("job:\n  synthesis: {verify: maybe}\n", "job.synthesis.verify: expected true or false, or 'auto'"),
        ("metrics: {file: /tmp/x.txt}\n", "line 1: metrics.file: the name '/tmp/x.txt' must end in .prom"),
        ("job: {out: results}\n", "line 1: job.out: 'results' is not a full path"),
        ("profiles:\n  a: {out: ~/results}\n", "profiles.a.out: '~/results' is not a full path"),
        ("monitor:\n  files:\n    talk: {fil: /a}\n", "line 3: monitor.files.talk.file: this has to be set"),
        (
            "monitor:\n  files:\n    talk: {fil: /a}\n",
            "monitor.files.talk.fil: there is no such setting. Did you mean file?",
        ),
        ("monitor:\n  files:\n    talk: {file: a}\n", "line 3: monitor.files.talk.file: 'a' is not a full path"),
        ("monitor:\n  files:\n    a/b: {file: /a}\n", "line 3: monitor.files.'a/b': 'a/b' cannot begin a file name"),
        (
            "monitor:\n  files:\n    talk: {file: //host/a/b, play: no}\n",
            "with play: false, name a folder",
        ),
        ("- one\n", "expected settings as `name: value` lines"),
        ("1: one\n", "line 1: '1': there is no such setting"),
        ("a: [1,\n", "line 2: a bracket is opened and never closed"),
        ("a: &x [*x]\n", "a: there is no such setting"),
        ("job: &x {mix: *x}\n", "an alias (*) leads to a section that contains itself"),
        ("job: {}\njob: {}\n", "line 2: job is set twice, first in line 1"),
        ("job:\n'job': {}\n", "line 2: job is set twice, first in line 1"),
        ("Job: {}\njob: {}\n", "line 1: Job: there is no such setting"),
        ("job: {voice: a, voice: b}\n", "line 1: voice is set twice, first in line 1"),
        ("job:\n  mix:\n    duck_db: 3\n    duck_db: 4\n", "line 4: duck_db is set twice, first in line 3"),
        ("profiles:\r\n  a: {}\r\n  b: {}\r\n  a: {}\r\n", "line 4: a is set twice, first in line 2"),
        ("notify:\n  webhook:\n    - {x: 1, x: 2}\n", "line 3: x is set twice, first in line 3"),
        ("job:\n\tlanguage: pt\n", "line 2: a tab is where only spaces are allowed"),
        ("job:\n  voice: 'anna\n", "line 3: a quote is opened and never closed"),
        ("job:\n  voice: a\n   language: pt\n", "line 3: there is a colon too many, or this line is indented more"),
        ("job:\n  voice: @anna\n", "line 2: a value cannot begin with this character"),
        ("job: {}\n---\njob: {}\n", "line 2: a second document begins here"),
        ("a: 1\nb: \0\n", "line 2: a character that no text has, U+0000"),
        ('models:\n  folder: "C:\\Users\\me"\n', "line 2: a backslash between double quotes has a special meaning"),
    ],
)
def test_a_mistake_is_reported_in_a_sentence(write: Any, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(write(text))
    assert said in raised.value.message


def test_norwegian_and_dates_are_text_and_switches_take_yes_and_no(write: Any) -> None:
    text = "job:\n  targets: [no]\n  language: no\n  report: no\n  synthesis: {verify: yes}\n"
    job = load_config(write(f"{text}  hotwords: [on, 2024-01-01]\n")).job
    assert (job.targets, job.language, job.hotwords) == (("no",), "no", ("on", "2024-01-01"))
    assert (job.report, job.synthesis.verify) == (False, True)


def test_a_profile_may_have_the_name_of_a_year_or_a_switch(write: Any) -> None:
    config = load_config(write("profiles:\n  2024: {targets: [pt]}\n  no: {targets: [es]}\n"))
    assert config.options_for("2024", {}).targets == ("pt",) and config.options_for("no", {}).targets == ("es",)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the folder that a shell is in")
def test_in_a_folder_that_was_removed_a_named_root_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, root = tmp_path / "gone", tmp_path / "root"
    gone.mkdir()
    make_root(root)
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert root_path(root) == root and not is_current(root)
    with pytest.raises(UsageError, match="current folder no longer exists"):
        root_path(None)


def test_all_repeated_names_are_reported_together(write: Any) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(write("job:\n  voice: a\n  voice: b\nretry:\n  first: 1\njob: {}\n"))
    assert [line.partition(", ")[2] for line in raised.value.message.splitlines()] == [
        "line 6: job is set twice, first in line 1",
        "line 3: voice is set twice, first in line 2",
    ]


def test_a_profile_may_change_what_it_merges_from_another(write: Any) -> None:
    text = "profiles:\n  a: &a {targets: [pt], voice: x}\n  b:\n    <<: *a\n    voice: y\n"
    assert load_config(write(text)).options_for("b", {}).voice == "y"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_file_that_windows_programs_mark_with_its_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes("job:\r\n  initial_prompt: olá\r\n".encode(encoding))
    assert load_config(path).job.initial_prompt == "olá"
    sidecar = tmp_path / "a.mp4.job.yaml"
    sidecar.write_bytes("targets: [pt]\r\n".encode(encoding))
    assert read_sidecar(sidecar) == {"targets": ["pt"]}


def test_a_file_in_another_encoding_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes("job:\n  initial_prompt: olá\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"line \d: not UTF-8 text") as raised:
        load_config(path)
    assert "UTF-8" in raised.value.remedy


def test_one_target_needs_no_brackets_and_repeats_count_once(write: Any) -> None:
    assert load_config(write("job: {targets: pt-br}")).job.targets == ("pt-BR",)
    assert load_config(write("job: {targets: [pt, PT, es]}")).job.targets == ("pt", "es")


def test_the_environment_comes_before_the_file(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPDUB_RETRY__ATTEMPTS", "7")
    monkeypatch.setenv("DROPDUB_DEBUG", "1")
    config = load_config(write("retry: {attempts: 2, first: 3}"))
    assert (config.retry.attempts, config.retry.first) == (7, 3.0)


def test_a_mistake_in_the_environment_names_the_variable(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPDUB_RETRY__ATTEMPTS", "many")
    with pytest.raises(ConfigError, match=r"environment variable DROPDUB_RETRY__ATTEMPTS: retry\.attempts"):
        load_config(write(""))
    monkeypatch.setenv("DROPDUB_RETRY__ATTEMPTS", "3")
    monkeypatch.setenv("DROPDUB_POOLS", "{no json")
    with pytest.raises(ConfigError, match="environment variable"):
        load_config(write(""))


def test_options_come_from_config_then_profile_then_sidecar(write: Any) -> None:
    config = load_config(
        write("job: {targets: [pt], voice: anna, subtitles: {lines: 1}}\nprofiles: {l: {voice: null, targets: [es]}}")
    )
    assert config.options_for(None, {}).voice == "anna"
    options = config.options_for("l", {"subtitles": {"line_length": 30}})
    assert (options.voice, options.targets) == (None, ("es",))
    assert (options.subtitles.lines, options.subtitles.line_length) == (1, 30)


def test_a_wrong_sidecar_is_refused_by_its_name_and_line(tmp_path: Path) -> None:
    sidecar = tmp_path / "clip.mp4.job.yaml"
    sidecar.write_text("targets: [pt]\nvoise: anna\n", encoding="utf-8")
    with pytest.raises(BadSidecar, match=r"^clip.mp4.job.yaml, line 2: voise: there is no such setting"):
        read_sidecar(sidecar)
    sidecar.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSidecar, match="not UTF-8"):
        read_sidecar(sidecar)
    sidecar.write_text("targets: pt\n", encoding="utf-8")
    assert read_sidecar(sidecar) == {"targets": ["pt"]}


def test_a_file_with_a_windows_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"\xef\xbb\xbfretry:\r\n  attempts: 5\r\n")
    assert load_config(path).retry.attempts == 5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), (90, 90), (1.5, 1.5), ("40 min", 2400), ("1h30m", 5400), ("30d", 2_592_000), ("250 ms", 0.25)],
)
def test_durations_are_read_as_people_write_them(text: Any, seconds: float) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs", "-5s", "1h 30x", True, None, [1]])
def test_an_invalid_duration_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration_s(text)


def test_durations_and_sizes_are_shown_in_short_form() -> None:
    durations = [format_duration(seconds) for seconds in (0.4, 8, 99, 720, 5400, 7199, 200_000)]
    assert durations == ["0 s", "8 s", "99 s", "12 min", "90 min", "2 h 00 min", "2 d 7 h"]
    assert [format_size(size) for size in (0, 999, 1500, 1_400_000_000)] == ["0 B", "999 B", "2 kB", "1.4 GB"]


@pytest.mark.parametrize("inner", ["inbox/work", "./inbox/../inbox/work", "inbox"])
def test_folders_that_contain_one_another_are_refused(tmp_path: Path, inner: str) -> None:
    with pytest.raises(ConfigError, match=r"is inside folders"):
        Root.at(tmp_path, {"work": inner})


def test_folders_are_in_the_root_or_where_the_settings_put_them(tmp_path: Path) -> None:
    root = Root.at(tmp_path, {"outbox": str(tmp_path.parent / "elsewhere"), "inbox": "in/here"})
    assert (root.outbox, root.inbox) == (tmp_path.parent / "elsewhere", tmp_path / "in" / "here")
    assert root.archive == tmp_path / "archive"
    assert Root.at(tmp_path, Config().folders.model_dump()) == Root.at(tmp_path)


def test_root_is_the_named_one_else_from_environment_else_nearest_parent(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for root in (one, two):
        (root / "inbox" / "deep").mkdir(parents=True)
        (root / "config.yaml").touch()
    assert find_root(one, {"JOBS_ROOT": str(two)}, two) == one
    assert find_root(None, {"JOBS_ROOT": str(two)}, one) == two
    assert find_root(None, {"JOBS_ROOT": ""}, one / "inbox" / "deep") == one
    with pytest.raises(UsageError, match=r"has no config\.yaml"):
        find_root(tmp_path, {}, one)
    with pytest.raises(UsageError, match=r"or its parent folders"):
        find_root(None, {}, tmp_path)


def database_in(root: Path, setting: str | None) -> Path | None:
    return sqlite_file(database_url(setting, Root.at(root)))


def test_a_database_is_set_by_a_path_or_by_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERPROFILE" if sys.platform == "win32" else "HOME", str(tmp_path / "home"))
    for setting in (None, "", "jobs.db", "sqlite:///jobs.db", f"{tmp_path / 'jobs.db'}"):
        assert database_in(tmp_path, setting) == tmp_path / "jobs.db", setting
    for path in ("sub/a.db", "what? 50% #1/a.db", "a:b/a.db" if sys.platform != "win32" else "a/b.db"):
        assert database_in(tmp_path, f"./{path}") == database_in(tmp_path, f"sqlite:///{path}") == tmp_path / path
        assert database_in(tmp_path, f"sqlite:///{tmp_path / path}") == tmp_path / path
    assert database_in(tmp_path, "~/a.db") == tmp_path / "home" / "a.db"
    server = "postgresql://ana:secret@host/jobs"
    assert (database_url(server, Root.at(tmp_path)), database_in(tmp_path, server)) == (server, None)


@pytest.mark.parametrize("setting", [r"D:\\x\\jobs.db", "D:/x/jobs.db"])
def test_a_windows_path_is_a_path_on_windows_and_refused_elsewhere(tmp_path: Path, setting: str) -> None:
    if sys.platform == "win32":
        assert database_in(tmp_path, setting) == Path("D:/x/jobs.db")
    else:
        with pytest.raises(ConfigError, match="is a Windows path"):
            database_in(tmp_path, setting)


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("mysql://ana:secret@host/jobs", "mysql: is neither a path nor"),
        ("sqlite:/jobs.db", "sqlite: is neither a path nor"),
        ("~nobody-of-this-name/jobs.db", "home folder"),
        ("away/jobs.db", "folder .*away does not exist"),
        ("sqlite:///away/jobs.db", "folder .*away does not exist"),
        (".", "is a folder"),
        ("postgresql://ana:secret@host:port/jobs", "cannot be parsed"),
        ("postgresql+nosuchdriver://ana:secret@host/jobs", "cannot be parsed"),
        ("postgresql+asyncpg://ana:secret@host/jobs", "driver is not installed"),
    ],
)
def test_an_impossible_database_is_refused_with_a_remedy(tmp_path: Path, setting: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        usable_url(setting, Root.at(tmp_path))
    assert caught.value.remedy and "secret" not in caught.value.sentence
