"""Secrets stay where they are needed: not in what is shown, not in the log, not in a child's environment."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from dropdub.cli import admin, exit_codes
from dropdub.config import load_config
from dropdub.config.settings import Config
from dropdub.daemon.logs import LOG_NAME, note, set_up
from dropdub.errors import ConfigError, DropdubError
from dropdub.masking import masked
from dropdub.root import Root
from dropdub.store.location import database_url

PASSWORD = "T0K3N"
ADDRESSES = f"""
database: "postgresql://anna:{PASSWORD}p/w@host/jobs?sslpassword={PASSWORD}"
models: {{mirror: "https://anna:{PASSWORD}@mirror.example/{PASSWORD}?token={PASSWORD}"}}
notify: {{webhook: {{url: "https://hooks.example/{PASSWORD}", secret: "{PASSWORD}-{PASSWORD}-{PASSWORD}"}}}}
web: {{password: "{PASSWORD}-{PASSWORD}"}}
"""


@pytest.mark.parametrize("as_json", [False, True])
def test_config_show_has_no_password(tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    (tmp_path / "config.yaml").write_text(ADDRESSES, encoding="utf-8")
    admin.config_show(tmp_path, as_json=as_json)
    shown = capsys.readouterr().out
    assert PASSWORD not in shown
    assert "postgresql://anna:**********@host/jobs" in shown
    assert "https://mirror.example/" in shown


def test_settings_are_not_accidentally_shown_with_a_password(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(ADDRESSES, encoding="utf-8")
    config = load_config(tmp_path / "config.yaml")
    assert PASSWORD not in repr(config) + str(config) + config.model_dump_json()
    assert config.models.mirror is not None
    assert PASSWORD in config.models.mirror.get_secret_value()
    assert PASSWORD in database_url(config.database, Root.at(tmp_path))


@pytest.mark.parametrize(
    "wrong",
    [
        f'models: {{mirror: "ftp://anna:{PASSWORD}@host"}}',
        f"models: {{mirror: {PASSWORD}}}",
        f"models: {{mirror: [{PASSWORD}]}}",
        f"database: [{PASSWORD}]",
        f"database: {{a: {PASSWORD}}}",
    ],
)
def test_a_wrong_address_is_reported_without_its_text(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "config.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "config.yaml")
    assert PASSWORD not in caught.value.sentence


@pytest.mark.parametrize(
    "setting",
    [f"mysql://anna:{PASSWORD}@host/jobs", f"postgresql://anna:{PASSWORD}@host:port/jobs"],
)
def test_an_unusable_database_is_reported_without_its_password(tmp_path: Path, setting: str) -> None:
    from dropdub.store.location import usable_url

    with pytest.raises(DropdubError) as caught:
        usable_url(setting, Root.at(tmp_path))
    assert PASSWORD not in caught.value.sentence


def test_a_commands_error_message_has_no_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"https://anna:{PASSWORD}@host/x?access_token={PASSWORD}&n=1"
    exit_codes.report(DropdubError(f"{address} does not answer.", remedy=f"Try {address}"), None)
    exit_codes.report(RuntimeError(f"no route to {address}"), tmp_path)
    shown = capsys.readouterr().err
    kept = (tmp_path / "dropdub-last-error.txt").read_text(encoding="utf-8")
    assert "n=1" in shown
    assert PASSWORD not in shown + kept


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://anna:p@ss:w/rd@host/jobs", "postgresql://anna:**********@host/jobs"),
        ("https://T0K3N@host/a", "https://**********@host/a"),
        ("https://host/a?size=3&api_key=T0K3N&x=1", "https://host/a?size=3&api_key=**********&x=1"),
        ("sqlite:////home/a:b@c/jobs.db", "sqlite:////home/a:b@c/jobs.db"),
        ("no address: a:b@c?size=x", "no address: a:b@c?size=x"),
        ("https://host/#access_token=T0K3N", "https://host/#access_token=**********"),
        (
            "https://host/?pass=T0K3N&jwt=T0K3N&pw=T0K3N&a=1",
            "https://host/?pass=**********&jwt=**********&pw=**********&a=1",
        ),
        ("connect password='T0 K3N' host=x", "connect password=********** host=x"),
        ("postgresql://host/db password=T0K3N", "postgresql://host/db password=**********"),
        ("host=x password=T0K3N user=anna", "host=x password=********** user=anna"),
        ("postgresql://anna:T0 K3 N@host/x", "postgresql://anna:**********@host/x"),
        ("https://a:T0K3N@h1 and https://b:T0K3N@h2", "https://a:**********@h1 and https://b:**********@h2"),
        ("Authorization: Bearer T0K3N", "Authorization: Bearer **********"),
        ("{'authorization': 'T0K3N', 'a': 1}", "{'authorization': '**********', 'a': 1}"),
        ('{"password": "T0 K3N", "a": 1}', '{"password": **********, "a": 1}'),
        ("with Bearer T0K3N-T0K3N-T0K3N.x", "with Bearer **********"),
        ("http://host:8080, ask bob@x", "http://host:8080, ask bob@x"),
        ("https://host: no answer; ask bob@x", "https://host: no answer; ask bob@x"),
        ("notify.webhook.secret: is too short", "notify.webhook.secret: is too short"),
        ("step claimed token=5", "step claimed token=5"),
    ],
)
def test_addresses_and_secrets_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit", ["token", "?token", "://a:", "://a: b", "://", "?", "password='", "bearer\t", "&pass."]
)
@pytest.mark.parametrize("first", ["", "?", "://a:"])
def test_megabytes_of_text_are_masked_in_bounded_time_and_cut(unit: str, first: str) -> None:
    shown = masked(first + unit * (2_000_000 // len(unit)))
    assert len(shown) < 70_000


def test_a_text_cut_in_the_middle_of_a_password_is_masked() -> None:
    text = "x" * 63_980 + f" https://anna:{PASSWORD * 100}@host/" + "y" * 100_000
    assert PASSWORD not in masked(text)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return Root.at(tmp_path).logs_dir / LOG_NAME


def written(tmp_path: Path, **fields: object) -> list[str]:
    root = Root.at(tmp_path)
    take_down = set_up(root, Config().log)
    try:
        trace = fields.pop("trace", None)
        note("it happened", level=logging.WARNING, trace=trace, **fields)  # type: ignore[arg-type]
    finally:
        take_down()
    return (root.logs_dir / LOG_NAME).read_text(encoding="utf-8", errors="surrogatepass").splitlines()


FORGED = "2026-01-31T10:20:30.000Z INFO job ended job=7 state=succeeded"


@pytest.mark.parametrize("break_", ["\n", "\r", "\r\n", "\x0b", "\x85", "\u2028", "\x1b[2K\r", "\x9b2K\n"])
def test_a_name_in_the_log_adds_no_line(tmp_path: Path, break_: str) -> None:
    (line,) = written(tmp_path, name=f"x.txt{break_}{FORGED}", job=1)
    assert line.endswith('" job=1')
    assert not set(line) & set("\x1b\x9b\x85\u2028")


@pytest.mark.parametrize("name", ["x job=7 state=done", 'x" job=7 state="done', 'x\\" job=7', "", "a=b"])
def test_a_name_in_the_log_adds_no_field(tmp_path: Path, name: str) -> None:
    (line,) = written(tmp_path, name=name, job=1)
    value = line.partition(" name=")[2].removesuffix(" job=1")
    assert value.startswith('"') and value.endswith('"') and '"' not in value[1:-1]


def test_an_exceptions_text_looks_like_no_log_record_and_has_no_password(tmp_path: Path) -> None:
    lines = written(tmp_path, trace=ValueError(f"no\n{FORGED}\x1b[2K https://a:{PASSWORD}@host/"))
    assert sum(line.startswith("2026") or line[:4].isdigit() for line in lines) == 1
    assert PASSWORD not in "\n".join(lines)
    assert "\x1b" not in "\n".join(lines)


def test_plain_fields_stay_plain(tmp_path: Path) -> None:
    (line,) = written(tmp_path, job=1, name="clip-ü.mp4", text="It failed.")
    assert line.endswith('WARNING it happened job=1 name=clip-ü.mp4 text="It failed."')
