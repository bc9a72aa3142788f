"""What a client asks Whisper to do."""

from __future__ import annotations

from enum import StrEnum


class WhisperTask(StrEnum):
    """A task, as Whisper and the interfaces made for it name it."""

    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"
