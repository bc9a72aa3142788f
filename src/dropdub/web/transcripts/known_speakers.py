"""Speakers whose names and voices a request brings along."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from dropdub.config.fields import one_line
from dropdub.kits import EXTRAS, kit_of
from dropdub.pasting import marked
from dropdub.pipeline.described_engines import AUTO, described_engines, engine_in_use, is_described
from dropdub.web.fields import Fields, invalid
from dropdub.web.uploads.form import FormRules

MOST = 4
LONGEST_NAME = 100
MOST_BYTES = 4 << 20
"""Of a recording: ten seconds of 24-bit stereo at 48 kHz have 2.9 MB."""
_LONGEST_ADDRESS = MOST_BYTES * 4 // 3 + 1000
_OTHER_TEXTS = 2_000_000
_NAMES, _REFERENCES = "known_speaker_names", "known_speaker_references"
_START = re.compile(r"data:(?:(?:audio|video|application)/[\w.+-]{1,100})?(?:;[\w.+-]{1,50}=[^;,]{1,100}){0,4};base64,")
FORM = FormRules(
    longest_of=dict.fromkeys((_REFERENCES, f"{_REFERENCES}[]"), _LONGEST_ADDRESS),
    all_texts=MOST * _LONGEST_ADDRESS + _OTHER_TEXTS,
)
"""What a form with known speakers may hold."""
_ENGINE = "campplus"
_MODEL = "campplus"
"""The engine to install if there is none, the smallest, and its model."""


@dataclass(frozen=True)
class KnownSpeaker:
    """A speaker's name and a recording of their voice. Of what kind it is, its content says."""

    name: str
    sound: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Return the hash of the recording, in hex."""
        return hashlib.sha256(self.sound).hexdigest()


def known_speakers(fields: Fields) -> tuple[KnownSpeaker, ...]:
    """Return the speakers of a form. Raises ApiError (400) unless each has a name of their own and a data URL."""
    names = fields.texts(_NAMES, most=MOST, longest=LONGEST_NAME)
    addresses = fields.texts(_REFERENCES, most=MOST, longest=_LONGEST_ADDRESS)
    if len(set(names)) < len(names):
        raise invalid(_NAMES, "has the same name twice")
    if len(names) != len(addresses):
        raise invalid(_REFERENCES, f"must have one recording for each name: {len(names)} names, {len(addresses)} found")
    return tuple(_speaker(name, address) for name, address in zip(names, addresses, strict=True))


def engine_warnings(state_dir: Path, diarizer: str) -> list[str]:
    """Return what to install if it was found that no engine here can compare voices.

    `diarizer`: the engine that the settings name, or `auto`.
    """
    here = described_engines(state_dir, "diarizer")
    if not is_described(state_dir, "diarizer") or engine_in_use(here, diarizer):
        return []
    if any(one.name == _ENGINE for one in here) and diarizer == AUTO:
        pull = marked("models", "pull", _MODEL)
        return [f"{_REFERENCES} are not compared: the model that compares voices is missing. Download it with: {pull}"]
    command = marked("setup", "--engines", kit_of(EXTRAS[_ENGINE]))
    return [f"{_REFERENCES} are not compared: no engine that compares voices is installed. Install one with: {command}"]


def _speaker(name: str, address: str) -> KnownSpeaker:
    try:
        one_line(name)
    except ValueError as error:
        raise invalid(_NAMES, str(error)) from None
    start = _START.match(address)
    if start is None:
        raise invalid(_REFERENCES, "must be data URLs such as data:audio/wav;base64,UklGRg==")
    try:
        sound = base64.b64decode(address[start.end() :], validate=True)
    except ValueError:
        raise invalid(_REFERENCES, "has a recording that is not valid base64") from None
    if not 0 < len(sound) <= MOST_BYTES:
        raise invalid(_REFERENCES, f"must hold recordings of 1 to {MOST_BYTES:,} bytes")
    return KnownSpeaker(name, sound)
