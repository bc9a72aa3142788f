"""The files of voices: `voices/NAME.wav`, and beside it `NAME.consent.json` if somebody's consent to it is recorded."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from dropdub.errors import UsageError, VoiceMissing
from dropdub.files.durable import part_name, rename, rename_new, safe_name, sha256, write_whole
from dropdub.files.removal import remove

LONGEST_NAME_BYTES = 200
_CONSENT = ".consent.json"


@dataclass(frozen=True)
class Consent:
    """Somebody's consent to a voice. `by` gave it, with this `statement`; `at` is the time in epoch seconds.

    `recording`: the SHA-256 of the recording as it was sent; `voice`: that of the file which was made of it.
    `consent_id`: the recorded consent, if there is one, whose sound has the SHA-256 `consent_recording`.
    """

    by: str
    statement: str
    at: float
    recording: str
    voice: str
    consent_id: str | None = None
    consent_recording: str | None = None


def voice_files(voices: Path) -> list[Path]:
    """Return the recordings in the folder of voices, by name."""
    return sorted(path for path in voices.glob("*.wav") if not path.name.startswith("."))


def voice_file(voices: Path, name: str) -> Path:
    """Return where the voice `name` is, whether it exists or not. Raises UsageError if nothing can have that name."""
    name = unicodedata.normalize("NFC", name)  # as in the job's options, whatever form the terminal used
    fits = len(name.encode("utf-8", "replace")) <= LONGEST_NAME_BYTES
    if not name.strip() or not fits or safe_name(name) != name or name.startswith("."):
        raise UsageError(f"{name!r} cannot be the name of a voice.", remedy="Use letters, digits, spaces and dashes.")
    return voices / f"{name}.wav"


def existing_voice(voices: Path, name: str) -> Path:
    """Return the recording of a voice. Raises VoiceMissing if there is none, UsageError if it cannot be a name."""
    path = voice_file(voices, name)
    if not path.is_file():
        raise VoiceMissing(f"There is no voice '{name}'.", remedy="List the voices with: `dropdub voices list`")
    return path


def already_exists(name: str, *, remedy: str) -> UsageError:
    """Return the error for a new voice with the name of another. `remedy`: how to replace that one."""
    return UsageError(f"The voice '{name}' already exists.", remedy=f"Choose another name. {remedy}")


def place_voice(made: Path, target: Path, consent: Consent, *, replace: bool) -> None:
    """Copy a finished voice to its place by one rename, once the consent to it is on disk.

    If that voice is there already, only the consent is written, if there is none yet or with `replace`. Raises
    FileExistsError if there is another voice of that name, unless `replace`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    is_there = target.exists()
    is_same = is_there and sha256(target) == consent.voice
    if is_there and not replace and not is_same:
        raise FileExistsError(target)
    if replace or consent_to(target) is None:
        write_whole(_consent_file(target), json.dumps(asdict(consent), ensure_ascii=False, indent=1).encode())
    if is_same:
        return
    part = target.with_name(part_name(target.name))
    write_whole(part, made.read_bytes())
    if is_there:
        rename(part, target)
        return
    try:
        rename_new(part, target)
    except FileExistsError:
        remove(part)
        raise


def consent_to(voice: Path) -> Consent | None:
    """Return the consent to a voice; None if there is none, or only one to an earlier voice of that name."""
    try:
        found: Mapping[str, Any] = json.loads(_consent_file(voice).read_bytes())
        consent = Consent(**{one.name: found[one.name] for one in fields(Consent)})
        return consent if consent.voice == sha256(voice) else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def forget_consent(voice: Path) -> None:
    """Delete the consent to an earlier voice of that name, if there is one."""
    remove(_consent_file(voice))


def remove_voice(voice: Path) -> None:
    """Delete a voice and the consent to it."""
    remove(voice)
    forget_consent(voice)


def _consent_file(voice: Path) -> Path:
    return voice.with_name(f"{voice.stem}{_CONSENT}")
