"""The token of a root: who can read it, and what happens to a file that is no token."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from dropdub.cli import access
from dropdub.config.password import PasswordHash
from dropdub.errors import UsageError
from dropdub.web.security import token
from dropdub.web.security.token import TokenUnusable

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes: tests/windows has its test")


def test_a_token_has_256_bits_and_stays_the_same_until_it_is_renewed(tmp_path: Path) -> None:
    first = token.read_or_create(tmp_path)
    assert len(first) == 43 and token.read_or_create(tmp_path) == first
    second = token.renew(tmp_path)
    assert second != first and token.read_or_create(tmp_path) == second
    assert [path.name for path in tmp_path.iterdir()] == [token.NAME]


@on_posix
def test_only_its_account_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        token.read_or_create(tmp_path)
        assert stat.S_IMODE((tmp_path / token.NAME).stat().st_mode) == 0o600
        token.renew(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / token.NAME).stat().st_mode) == 0o600


@on_posix
def test_a_file_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    known = token.read_or_create(tmp_path)
    (tmp_path / token.NAME).chmod(0o644)
    assert token.read_or_create(tmp_path) == known
    assert stat.S_IMODE((tmp_path / token.NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"short", b"x" * 10_000, b"\xff" * 50, b"spaces are not possible in a token at all!!!"]
)
def test_a_file_that_is_no_token_is_refused_with_the_command_that_replaces_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / token.NAME).write_bytes(content)
    with pytest.raises(TokenUnusable) as raised:
        token.read_or_create(tmp_path)
    assert str(tmp_path / token.NAME) in raised.value.message and "`dropdub token renew`" in raised.value.remedy
    assert token.renew(tmp_path) == token.read_or_create(tmp_path)


@on_posix
def test_a_link_is_not_followed_and_is_replaced_by_a_renewal(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("A" * 43, encoding="ascii")
    (tmp_path / token.NAME).symlink_to(elsewhere)
    with pytest.raises(TokenUnusable):
        token.read_or_create(tmp_path)
    token.renew(tmp_path)
    assert elsewhere.read_text(encoding="ascii") == "A" * 43 and not (tmp_path / token.NAME).is_symlink()


@on_posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_another_accounts_file_is_refused(tmp_path: Path) -> None:
    token.read_or_create(tmp_path)
    os.chown(tmp_path / token.NAME, 12_345, -1)
    with pytest.raises(TokenUnusable, match="belongs to another account"):
        token.read_or_create(tmp_path)


@on_posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_a_token_that_root_makes_belongs_to_the_roots_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 12_345, -1)
    known = token.read_or_create(tmp_path)
    assert (tmp_path / token.NAME).stat().st_uid == 12_345 and token.read_or_create(tmp_path) == known


def test_tokens_are_compared_whole() -> None:
    assert token.is_same("abc", "abc")
    assert not token.is_same("ab", "abc") and not token.is_same("", "abc") and not token.is_same("ä\udcff", "abc")


def test_the_commands_show_and_renew_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (access.show_token(tmp_path), access.show_token(tmp_path), access.renew_token(tmp_path)) == (0, 0, 0)
    first, same, new = capsys.readouterr().out.split()
    assert first == same != new == token.read_or_create(tmp_path)


def test_a_hash_is_made_of_a_typed_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "correct horse")
    assert access.hash_password() == 0
    assert PasswordHash.read(capsys.readouterr().out.strip()).matches("correct horse")
    answers = iter(["correct horse", "correct house"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    with pytest.raises(UsageError, match="differ"):
        access.hash_password()
