"""What the events of clients ask for. Fields of newer versions of the protocol are ignored."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from dropdub.languages import is_known, primary
from dropdub.web.fields import LONGEST_WORD, invalid, language_tag
from dropdub.web.speech.request import LONGEST_TEXT, Text, VoiceName

MOST_TERMS, LONGEST_TERM = 200, 100
"""What the job option `hotwords` takes. Home Assistant sends the names of all its devices, the important ones first."""
BETWEEN = "@"
"""Stands between a voice and its language in the names that clients choose from."""
Word = Annotated[str, Field(max_length=LONGEST_WORD)]


class _Fields(BaseModel):
    model_config = ConfigDict(frozen=True)


class AskedVoice(_Fields):
    """A voice, by name, or only by language."""

    name: VoiceName | None = None
    language: Word | None = None

    @property
    def chosen(self) -> tuple[str | None, str | None]:
        """Return the name of the voice and the tag of the language, if they are given. Raises ApiError."""
        name, _, tag = (self.name or "").rpartition(BETWEEN)
        if name and is_known(primary(tag)):
            return name, language_tag("voice.name", tag)
        return self.name, language_tag("voice.language", self.language) if self.language else None


class SpeechStart(_Fields):
    """The data of `synthesize-start`."""

    voice: AskedVoice | None = None
    text_format: Word | None = None

    @property
    def chosen_voice(self) -> tuple[str | None, str | None]:
        """Return the name of the voice and the tag of the language, if they are given. Raises ApiError."""
        return self.voice.chosen if self.voice else (None, None)

    def refuse_markup(self) -> None:
        """Raise ApiError if the text is not plain."""
        if self.text_format not in (None, "text"):
            raise invalid("text_format", "must be text: markup is not understood")


class SpeechAsked(SpeechStart):
    """The data of `synthesize`."""

    text: Text


class TextChunk(_Fields):
    """The data of `synthesize-chunk`: a text that may begin and end inside a word."""

    text: Annotated[str, Field(max_length=LONGEST_TEXT)]


class TranscriptAsked(_Fields):
    """The data of `transcribe`. `name` is that of a transcriber."""

    name: Word | None = None
    language: Word | None = None
    transcript_names: tuple[str, ...] | None = None
    transcript_terms: tuple[str, ...] | None = None

    @property
    def tag(self) -> str | None:
        """Return the tag of the spoken language; None if it is to be detected. Raises ApiError."""
        return language_tag("language", self.language) if self.language and self.language != "auto" else None

    @property
    def terms(self) -> tuple[str, ...]:
        """Return what may be said, the more important first."""
        given = (" ".join(term.split()) for term in (*(self.transcript_names or ()), *(self.transcript_terms or ())))
        fitting = dict.fromkeys(term for term in given if 0 < len(term) <= LONGEST_TERM and term.isprintable())
        return tuple(fitting)[:MOST_TERMS]


class SoundFormat(_Fields):
    """The samples that follow: `rate` a second, of `width` bytes, in each of the `channels`."""

    rate: Annotated[int, Field(ge=4_000, le=192_000)]
    width: Annotated[int, Field(ge=1, le=4)]
    channels: Annotated[int, Field(ge=1, le=8)]

    @property
    def frame(self) -> int:
        """Return the bytes of one sample of all channels."""
        return self.width * self.channels

    @property
    def bytes_per_s(self) -> int:
        return self.rate * self.frame
