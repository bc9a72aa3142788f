"""What the section `web` may contain: who can reach the server, by which names, with which password."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.config import Config, load_config
from dropdub.config.password import LONGEST, PasswordHash
from dropdub.errors import ConfigError

PASSWORD = "correct horse"


def mistakes_in(folder: Path, text: str) -> str:
    path = folder / "config.yaml"
    path.write_text(f"web:\n  {text}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    return raised.value.message


def web_of(folder: Path, text: str) -> Config:
    path = folder / "config.yaml"
    path.write_text(f"web:\n  {text}\n", encoding="utf-8")
    return load_config(path)


@pytest.mark.parametrize(("text", "language"), [("auto", "auto"), ("EN", "en"), ("pt_br", "pt-BR"), ("pt-BR", "pt-BR")])
def test_a_language_is_one_that_is_offered(tmp_path: Path, text: str, language: str) -> None:
    assert web_of(tmp_path, f"language: {text}").web.language == language


def test_a_language_that_is_not_offered_is_refused_with_those_that_are(tmp_path: Path) -> None:
    message = mistakes_in(tmp_path, "language: fr")
    assert "line 2: web.language: " in message and "use auto, en, pt-BR" in message


@pytest.mark.parametrize("address", ["0.0.0.0", "'::'", "192.168.1.5", "'2001:db8::1'"])
def test_an_address_that_others_reach_needs_a_password(tmp_path: Path, address: str) -> None:
    message = mistakes_in(tmp_path, f"bind: {address}")
    assert "line 1: web: bind: " in message and "set web.password, or DROPDUB_WEB__PASSWORD" in message
    assert not web_of(tmp_path, f"bind: {address}\n  password: {PASSWORD}").web.is_local


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "'::1'", "'[::1]'", "localhost"])
def test_an_address_of_this_machine_only_needs_none(tmp_path: Path, address: str) -> None:
    assert web_of(tmp_path, f"bind: {address}").web.is_local


@pytest.mark.parametrize("address", ["0.0.0.0:10300", "'[::]:10300'", "192.168.1.5:10300"])
def test_wyoming_at_an_address_that_others_reach_needs_the_names_of_its_clients(tmp_path: Path, address: str) -> None:
    message = mistakes_in(tmp_path, f"wyoming: {address}")
    assert "line 1: web: wyoming: " in message and "name the machines that may use it in web.wyoming_clients" in message
    web = web_of(tmp_path, f"wyoming: {address}\n  wyoming_clients: [192.168.1.20, 10.0.0.0/8]").web
    assert web.wyoming_clients == ("192.168.1.20/32", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:10300", ("127.0.0.1", 10300)),
        ("localhost:1", ("127.0.0.1", 1)),
        ("'[::1]:65535'", ("::1", 65535)),
        ("null", None),
    ],
)
def test_wyoming_on_this_machine_only_needs_no_names(
    tmp_path: Path, text: str, address: tuple[str, int] | None
) -> None:
    assert web_of(tmp_path, f"wyoming: {text}").web.wyoming_address == address


def test_the_password_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPDUB_WEB__PASSWORD", "20261128")
    secret = web_of(tmp_path, "bind: 0.0.0.0").web.password
    assert secret is not None and secret.get_secret_value() == "20261128"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bind: example.org", "line 2: web.bind: 'example.org' is not an address of a machine"),
        ("port: 0", "line 2: web.port: "),
        ("wyoming: 127.0.0.1", "is not an address with a port: use for example 127.0.0.1:10300"),
        ("wyoming: 127.0.0.1:70000", "is not an address with a port"),
        ("wyoming: example.org:10300", "'example.org' is not an address of a machine"),
        ("wyoming_clients: [homeassistant.local]", "is not an address or network"),
        ("port: 65536", "line 2: web.port: "),
        ("hosts: [http://dub.example.org]", "is not a host name: use for example dub.example.org"),
        ("hosts: ['*']", "'*' is not a host name"),
        ("hosts: [dub.example.org.]", "is not a host name"),
        ("hosts: [dub.example.org:99999]", "is not a host name"),
        ("origins: ['*']", "'*' is not an origin"),
        ("origins: ['null']", "'null' is not an origin"),
        ("origins: [https://app.example.org/]", "without a path"),
        ("origins: [file://x]", "is not an origin"),
        ("trusted_proxies: [proxy]", "'proxy' is not an address or network"),
        ("trusted_proxies: [10.0.0.1/8]", "is not an address or network"),
        ("tls: {cert: /etc/cert.pem}", "line 2: web.tls: set both cert and key, or neither"),
        ("tls: {cert: cert.pem, key: key.pem}", "is not a full path"),
        ("password: short", "line 2: web.password: is too short: at least 8 characters"),
        (f"password: {'x' * (LONGEST + 1)}", "web.password: is too long"),
        ("password: 12345678", "put the value between quotes"),
        ("password: scrypt$32768$x$y", "is not a hash that Dropdub has made"),
        ("password: scrypt$1073741824$MDEyMzQ1Njc$MDEyMzQ1Njc", "is not a hash that Dropdub has made"),
        ("voices: {alloy: 3}", "line 2: web.voices.alloy: "),
        ("keep: 0", "line 2: web.keep: "),
        ("max_waiting: 0", "line 2: web.max_waiting: "),
    ],
)
def test_a_mistake_is_explained(tmp_path: Path, text: str, said: str) -> None:
    assert said in mistakes_in(tmp_path, text)


def test_a_password_is_quoted_neither_in_mistakes_nor_in_settings(tmp_path: Path) -> None:
    assert "s3cret" not in mistakes_in(tmp_path, "password: s3cret")
    assert PASSWORD not in str(web_of(tmp_path, f"password: {PASSWORD}").model_dump(mode="json"))


def test_names_are_compared_in_small_letters(tmp_path: Path) -> None:
    web = web_of(tmp_path, "hosts: [Dub.Example.org, '[2001:DB8::1]:8443']\n  origins: [HTTPS://App.example.org]").web
    assert web.hosts == ("dub.example.org", "[2001:db8::1]:8443") and web.origins == ("https://app.example.org",)


def test_a_hash_matches_its_password_only_and_survives_being_written() -> None:
    made = PasswordHash.of("pässword 1")
    read = PasswordHash.of_setting(str(made))
    assert read == made and read.matches("pässword 1")
    assert not read.matches("pässword 2") and not read.matches("") and not read.matches("x" * 10**6)
    assert str(PasswordHash.of("pässword 1")) != str(made), "each hash has its own salt"
