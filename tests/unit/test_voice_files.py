"""The files of voices: placed with the consent to them, and removed with it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from dropdub import failpoints
from dropdub.errors import UsageError, VoiceMissing
from dropdub.files.durable import sha256
from dropdub.operations.voice_files import (
    Consent,
    consent_to,
    existing_voice,
    forget_consent,
    place_voice,
    remove_voice,
    voice_file,
    voice_files,
)


def a_voice(folder: Path, content: bytes = b"sound") -> tuple[Path, Consent]:
    """Return a finished voice outside the folder of voices, and the consent to it."""
    made = folder / f"{content.decode()}.made"
    made.write_bytes(content)
    return made, Consent("Ana", "I agree", 1_000.0, "0" * 64, sha256(made))


def test_a_voice_is_placed_with_its_consent_and_removed_with_it(tmp_path: Path) -> None:
    made, consent = a_voice(tmp_path)
    target = voice_file(tmp_path / "voices", "ana")
    place_voice(made, target, consent, replace=False)
    assert voice_files(target.parent) == [target] == [existing_voice(target.parent, "ana")]
    assert consent_to(target) == consent
    remove_voice(target)
    assert list(target.parent.iterdir()) == []
    with pytest.raises(VoiceMissing):
        existing_voice(target.parent, "ana")


def test_another_voice_of_that_name_is_replaced_only_on_request(tmp_path: Path) -> None:
    target = voice_file(tmp_path / "voices", "ana")
    made, consent = a_voice(tmp_path)
    place_voice(made, target, consent, replace=False)
    other, its_consent = a_voice(tmp_path, b"other")
    with pytest.raises(FileExistsError):
        place_voice(other, target, its_consent, replace=False)
    assert (target.read_bytes(), consent_to(target)) == (b"sound", consent)
    place_voice(other, target, its_consent, replace=True)
    assert (target.read_bytes(), consent_to(target)) == (b"other", its_consent)


def test_after_a_crash_the_same_voice_gets_its_consent_and_keeps_it(tmp_path: Path) -> None:
    made, consent = a_voice(tmp_path)
    target = voice_file(tmp_path / "voices", "ana")
    place_voice(made, target, consent, replace=False)
    forget_consent(target)
    place_voice(made, target, consent, replace=False)
    later = Consent("Ana", "I agree again", 2_000.0, "0" * 64, consent.voice)
    place_voice(made, target, later, replace=False)
    assert consent_to(target) == consent
    place_voice(made, target, later, replace=True)
    assert consent_to(target) == later


@pytest.mark.parametrize("number", range(1, 9))
def test_a_crash_at_any_moment_leaves_no_voice_without_its_consent(tmp_path: Path, number: int) -> None:
    made, consent = a_voice(tmp_path)
    target = voice_file(tmp_path / "voices", "ana")
    place = ("write.unflushed", "rename.before", "rename.after")[number % 3]
    failpoints.restart(f"daemon.{place}#{1 + number // 3}=break", "")
    try:
        with contextlib.suppress(RuntimeError):
            place_voice(made, target, consent, replace=False)
    finally:
        failpoints.restart("", "")
    assert not target.exists() or consent_to(target) == consent
    place_voice(made, target, consent, replace=False)
    assert (target.read_bytes(), consent_to(target)) == (b"sound", consent)
    assert voice_files(target.parent) == [target]


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"by": 1}', b"\xff"])
def test_a_consent_to_another_sound_or_one_that_cannot_be_read_counts_for_nothing(
    tmp_path: Path, damage: bytes
) -> None:
    made, consent = a_voice(tmp_path)
    target = voice_file(tmp_path / "voices", "ana")
    place_voice(made, target, consent, replace=False)
    target.write_bytes(b"copied here by a person")
    assert consent_to(target) is None
    target.write_bytes(b"sound")
    target.with_name("ana.consent.json").write_bytes(damage)
    assert consent_to(target) is None


@pytest.mark.parametrize("name", ["../ana", "a/b", "a\\b", "con", ".hidden", " ", "", "ã" * 140])
def test_a_name_that_cannot_be_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        voice_file(tmp_path, name)
