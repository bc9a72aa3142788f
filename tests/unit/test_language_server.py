"""The settings of the server with the language model, and whether texts leave this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dropdub.config import Config, load_config
from dropdub.errors import ConfigError
from dropdub.language_server.server import ELSEWHERE, HERE, Server


def server(**values: object) -> Server:
    return Server.of(Config.model_validate({"models": {"openai": values}}).models.openai)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("http://localhost:1234", "http://localhost:1234/v1"),
        ("http://localhost:1234/", "http://localhost:1234/v1"),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1"),
        ("https://example.org/llm/api", "https://example.org/llm/api"),
    ],
)
def test_addresses_have_the_usual_path(given: str, address: str) -> None:
    assert server(address=given).address == address


@pytest.mark.parametrize(
    "address",
    [
        "localhost:1234",
        "ftp://a/b",
        "http://",
        "http://me:hunter2@a/v1",
        "http://a/v1?key=hunter2",
        "http://a b/",
        "http://a:x/",
    ],
)
def test_other_addresses_are_refused_without_showing_what_may_be_secret(tmp_path: Path, address: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"models:\n  openai:\n    address: {json.dumps(address)}\n    key: 'hunter2 x'\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_config(file)
    assert "line 3" in error.value.message and "hunter2" not in error.value.message


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "LOCALHOST"])
def test_this_machine_needs_no_warning(host: str) -> None:
    here = server(address=f"http://{host}:1234/v1")
    assert here.is_local and here.place == HERE and here.warning is None


@pytest.mark.parametrize(
    "host", ["192.168.1.5", "localhost.example.org", "0.0.0.0", "127.0.0.1.nip.io", "[fe80::1]", "llm"]
)
def test_any_other_host_does(host: str) -> None:
    other = server(address=f"http://{host}:1234/v1")
    assert other.place == ELSEWHERE and other.warning is not None and host in other.warning


def test_a_model_that_ollama_runs_elsewhere_does_too() -> None:
    cloud = server(model="gpt-oss:120b-cloud")
    assert cloud.is_local and cloud.place == ELSEWHERE and cloud.warning is not None


def test_a_server_is_named_by_its_address_or_its_model_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert not Server().is_named and not server().is_named and not server(context=8_192, key="abc").is_named
    assert server(model="a").is_named and server(address="http://127.0.0.1:11434/v1").is_named
    monkeypatch.setenv("DROPDUB_MODELS__OPENAI__MODEL", "from-the-environment")
    monkeypatch.setenv("DROPDUB_MODELS__OPENAI__KEY", "k3y")
    file = tmp_path / "config.yaml"
    file.write_text("{}", encoding="utf-8")
    config = load_config(file)
    found = Server.of(config.models.openai)
    assert (found.model, found.key, found.is_named) == ("from-the-environment", "k3y", True)
    assert "k3y" not in f"{config} {found} {config.model_dump_json()}"
    assert Server.of_json(json.loads(json.dumps(found.to_json()))) == found
