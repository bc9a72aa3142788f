"""Logging in and out in a real server: codes, passwords, sessions, and what the log says of it."""

from __future__ import annotations

import json
import logging
import re
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from dropdub.config.password import PasswordHash
from dropdub.web.security import sessions, token
from dropdub.web.security.sessions import EndedSessions, Session, SessionsUnreadable, read_signed, signed, signing_key
from dropdub.web.security.throttle import Throttle
from tests.web.serving import Answer, Served, served

PASSWORD = "correct horse ü"
HASH = str(PasswordHash.of(PASSWORD))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("root"), password=HASH) as one:
        yield one


@pytest.fixture
def server(shared: Served) -> Served:
    """A server that remembers no tries to log in."""
    shared.access._throttle = Throttle()
    return shared


def by_password(server: Served, password: str, **headers: str) -> Answer:
    page = {"Origin": server.origin, "Content-Type": "application/x-www-form-urlencoded", **headers}
    return server.ask("POST", "/login", page, urlencode({"password": password}).encode())


def by_code(server: Served, body: bytes) -> Answer:
    return server.ask("POST", "/login", {"Origin": server.origin, "Content-Type": "application/json"}, body)


def is_in(server: Served, page: dict[str, str]) -> bool:
    return server.ask("GET", "/v1/jobs", page).status == 200


def test_the_password_opens_a_session_of_twelve_hours_that_scripts_and_other_sites_cannot_use(server: Served) -> None:
    answer = by_password(server, PASSWORD)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert re.fullmatch(r"dropdub_[0-9a-f]{12}", name)
    assert rest.partition("; ")[2] == "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"
    assert is_in(server, {"Cookie": answer.cookie})


def test_a_wrong_password_shows_the_form_with_the_reason(server: Served) -> None:
    answer = by_password(server, "wrong")
    assert answer.status == 403 and b"The password is wrong." in answer.body and b'type="password"' in answer.body
    assert "set-cookie" not in answer.headers
    assert by_password(server, "").status == 403
    broken = {"Origin": server.origin, "Content-Type": "application/x-www-form-urlencoded"}
    assert server.ask("POST", "/login", broken, b"password=%ff").status == 400
    assert server.ask("POST", "/login", {**broken, "Content-Type": "multipart/form-data"}, b"x").status == 415


def test_without_a_password_there_is_no_form_and_none_is_accepted(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        page = server.ask("GET", "/login")
        assert page.status == 200 and b"<form" not in page.body and b"dropdub open" in page.body
        assert by_password(server, "").status == by_password(server, "None").status == 403


def test_no_other_page_can_log_a_browser_in(server: Served) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert by_password(server, PASSWORD, **headers).status == 403
    kind = {"Content-Type": "application/json"}
    assert server.ask("POST", "/login", kind, b'{"code": "x"}').status == 403


def test_after_five_tries_an_address_waits_whatever_it_sends_then(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert [by_password(server, f"guess {number}").status for number in range(5)] == [403] * 5
    refused = by_password(server, PASSWORD)
    assert (
        refused.status == 429 and int(refused.headers["retry-after"]) in (59, 60) and b"Too many tries" in refused.body
    )
    assert by_code(server, b'{"code": "x"}').status == 429
    assert server.ask("GET", "/v1/jobs", server.bearer).status == 200, "a token is no try"
    assert "log-in refused: address=127.0.0.1 reason=too many tries" in caplog.text
    assert "guess" not in caplog.text and PASSWORD not in caplog.text


def test_parallel_tries_count_before_they_are_checked(server: Served) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(by_password(server, "guess").status)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(403) <= 5 and statuses.count(429) >= 15


def test_a_code_logs_in_once(server: Served) -> None:
    made = server.ask("POST", "/v1/login-codes", server.bearer)
    assert made.status == 201 and made.json["expires_in"] == 60 and made.json["path"] == f"/login#{made.json['code']}"
    body = json.dumps({"code": made.json["code"]}).encode()
    assert is_in(server, {"Cookie": by_code(server, body).cookie})
    again = by_code(server, body)
    assert again.status == 403 and "dropdub open" in again.json["remedy"] and "set-cookie" not in again.headers


@pytest.mark.parametrize("body", [b"{}", b"[]", b"1", b'{"code": 1}', b'{"code": ""}', b'{"code": "\\ud800"}'])
def test_what_is_no_code_is_refused(server: Served, body: bytes) -> None:
    assert by_code(server, body).status == 403


def test_what_is_no_json_is_refused(server: Served) -> None:
    assert [by_code(server, body).status for body in (b"", b"{", b"[" * 4000, b"\xff\xfe")] == [400] * 4


def test_only_a_program_with_the_token_makes_codes(server: Served) -> None:
    assert server.ask("POST", "/v1/login-codes", server.log_in()).status == 403
    assert server.ask("POST", "/v1/login-codes").status == 401


def test_a_session_survives_a_restart_and_ends_by_logging_out_for_ever(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        kept, ended = server.log_in(), server.log_in()
    with served(tmp_path) as server:
        kept["Origin"] = ended["Origin"] = server.origin
        assert is_in(server, kept) and is_in(server, ended)
        answer = server.ask("POST", "/logout", ended)
        assert answer.status == 303 and "Max-Age=0" in answer.headers["set-cookie"]
        assert is_in(server, kept) and not is_in(server, ended)
        assert server.ask("POST", "/logout", {"Cookie": kept["Cookie"]}).status == 403, "no other page logs out"
    with served(tmp_path) as server:
        assert is_in(server, kept) and not is_in(server, ended)
        if sys.platform != "win32":
            assert stat.S_IMODE((tmp_path / "work" / "web" / "ended.json").stat().st_mode) == 0o600


def test_another_password_ends_all_sessions(tmp_path: Path) -> None:
    with served(tmp_path, password=HASH) as server:
        page = server.log_in()
    with served(tmp_path, password=str(PasswordHash.of("another one"))) as server:
        assert not is_in(server, page)


def test_a_renewed_token_ends_all_sessions_of_the_running_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path) as server:
        page = server.log_in()
        assert is_in(server, page)
        new = token.renew(server.root)
        monkeypatch.setattr("dropdub.web.security.access._TOKEN_READ_EVERY_S", 0.0)
        assert not is_in(server, page) and server.ask("GET", "/v1/jobs", server.bearer).status == 401
        assert server.ask("GET", "/v1/jobs", {"Authorization": f"Bearer {new}"}).status == 200


def test_while_the_token_is_unreadable_nobody_gets_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path) as server:
        (server.root / token.NAME).write_text("broken", encoding="ascii")
        monkeypatch.setattr("dropdub.web.security.access._TOKEN_READ_EVERY_S", 0.0)
        answer = server.ask("GET", "/v1/jobs", server.bearer)
        assert answer.status == 503 and "dropdub token renew" in answer.json["remedy"]
        assert str(server.root).encode() not in answer.body
        assert server.ask("GET", "/v1/health").status == 200


def test_a_signature_holds_for_one_key_and_twelve_hours() -> None:
    key, now = signing_key("token", b"1"), 1_000_000.0
    session = sessions.new_session(now)
    value = signed(session, key)
    assert read_signed(value, key, now) == session and read_signed(value, key, now + 43_199) == session
    assert read_signed(value, key, now + 43_200) is None and read_signed(value, key, now - 10) is None
    assert read_signed(value, signing_key("other", b"1"), now) is None
    assert read_signed(value, signing_key("token", b"2"), now) is None
    for forged in (
        value.replace(str(session.expires), str(session.expires + 1)),
        f"x{value}",
        "",
        ".",
        "..",
        "a.b",
        "é.1.ü",
    ):
        assert read_signed(forged, key, now) is None


def test_ended_sessions_are_forgotten_when_they_would_have_expired(tmp_path: Path) -> None:
    ended = EndedSessions(tmp_path / "ended.json")
    old, new = Session("old", 100), Session("new", 300)
    ended.add(old, 50.0)
    ended.add(new, 200.0)
    assert new in EndedSessions(tmp_path / "ended.json") and old not in EndedSessions(tmp_path / "ended.json")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": null}', b"x" * 2_000_000])
def test_if_ended_sessions_cannot_be_read_the_server_does_not_start(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ended.json").write_bytes(content)
    with pytest.raises(SessionsUnreadable) as raised:
        EndedSessions(tmp_path / "ended.json")
    assert "`dropdub token renew`" in raised.value.remedy


def test_the_cookie_is_for_https_only_where_the_browser_uses_https(tmp_path: Path) -> None:
    with served(tmp_path, trusted_proxies=["127.0.0.1"], hosts=["dub.example.org"], password=HASH) as server:
        through = {"Host": "dub.example.org", "X-Forwarded-Proto": "https", "Origin": "https://dub.example.org"}
        assert by_password(server, PASSWORD, **through).headers["set-cookie"].endswith("; SameSite=Strict; Secure")


def test_the_page_of_the_log_in_has_no_inline_script_or_style_and_loads_its_own_files(server: Served) -> None:
    page = server.ask("GET", "/login").body.decode()
    assert "<script>" not in page and "style=" not in page and " on" not in re.sub(r">[^<]*<", "><", page)
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(files) == 2
    for file in files:
        answer = server.ask("GET", file)
        assert answer.status == 200 and answer.headers["cache-control"].endswith("immutable")
        assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))
        assert server.ask("GET", re.sub("static/.", "static/x", file)).status == 404


def test_nothing_secret_is_logged(server: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    page = server.log_in()
    cookie = page["Cookie"].partition("=")[2]
    code = server.ask("POST", "/v1/login-codes", server.bearer).json["code"]
    query = "?token=s3cretquery"
    server.ask("GET", f"/v1/jobs{query}", server.bearer)
    server.ask("GET", f"/v1/jobs{query}", {"Authorization": "Bearer s3cretbearer"})
    server.ask("GET", f"/v1/jobs{query}", {"Authorization": "Basic czNjcmV0OnMzY3JldA=="})
    server.ask("GET", f"/v1/jobs{query}", {"Cookie": "s3cretcookie=1", "Host": "s3crethost"})
    server.ask("GET", "/v1/jobs%0aforged%20line", {"Referer": f"{server.origin}/s3cretreferer"})
    by_code(server, json.dumps({"code": code}).encode())
    by_password(server, "s3cretpassword")
    assert (
        "request refused: status=401 code=invalid_api_key method=GET path='/v1/jobs' address=127.0.0.1" in caplog.text
    )
    assert "logged in: address=127.0.0.1" in caplog.text
    for secret in ("s3cret", "czNj", server.token, cookie, code, "\nforged"):
        assert secret not in caplog.text


def test_checking_a_password_does_not_hold_up_others(server: Served) -> None:
    checking = threading.Thread(target=by_password, args=(server, "guess"))
    checking.start()
    began = time.monotonic()
    while checking.is_alive() and time.monotonic() - began < 30:
        assert server.ask("GET", "/v1/health").status == 200
    checking.join()
