"""What may be asked to be spoken: the bodies of `/v1/audio/speech`, `/v1/synthesize` and `/v1/batch-synthesize`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from dropdub.config.fields import LanguageTag, one_line
from dropdub.web.speech.audio_format import AudioFormat

LONGEST_TEXT = 100_000
"""Characters, about two hours of speech. OpenAI takes 4096."""
MOST_ITEMS = 1_000
LONGEST_BATCH = 2_000_000
"""Characters of all items together."""
LONGEST_WAIT_S = 3_600.0


def sayable(text: str) -> str:
    """Refuse a text without anything to say. Raises ValueError."""
    if not text.strip():
        raise ValueError("there is no text to speak")
    return text


def _name_of(voice: Any) -> Any:
    """Return the id of a voice that is sent as an object, as OpenAI's clients do with voices of their users."""
    return voice.get("id", "") if isinstance(voice, dict) else voice


Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(sayable)]
VoiceName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line)]
Speed = Annotated[float, Field(ge=0.25, le=4.0, allow_inf_nan=False)]
ItemId = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line)]


class SpeechRequest(BaseModel):
    """The body of `POST /v1/audio/speech`. Unknown fields are ignored: OpenAI adds some every year.

    `voice` is a name, an object with an `id`, or None for the default voice.
    """

    model_config = ConfigDict(frozen=True)

    input: Text
    model: Annotated[str, Field(max_length=200)] = "tts-1"
    voice: Annotated[VoiceName | None, BeforeValidator(_name_of)] = None
    response_format: AudioFormat = AudioFormat.MP3
    speed: Speed = 1.0
    instructions: Annotated[str, Field(max_length=LONGEST_TEXT)] | None = None
    stream_format: Literal["audio", "sse"] = "audio"
    language: LanguageTag | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        """Take null as not given, as OpenAI's other clients send options that are not set."""
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data

    def warnings(self) -> Sequence[str]:
        """Return what of the request will not be done."""
        ignored = "instructions is ignored: Dropdub's voices speak as in their recording."
        return (ignored,) if self.instructions and self.instructions.strip() else ()


class _Strict(BaseModel):
    """Base class of Dropdub's own bodies: a field with a misspelled name is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SynthesizeRequest(_Strict):
    """The body of `POST /v1/synthesize`. `wait`: seconds that the client wants to wait for the sound."""

    text: Text
    voice: VoiceName | None = None
    language: LanguageTag | None = None
    speed: Speed = 1.0
    format: AudioFormat = AudioFormat.WAV
    wait: Annotated[float, Field(ge=0, le=LONGEST_WAIT_S, allow_inf_nan=False)] = 60.0


class BatchItem(_Strict):
    """A text of a batch. `id` is the client's own name for it."""

    id: ItemId | None = None
    text: Text
    voice: VoiceName | None = None
    language: LanguageTag | None = None


class BatchRequest(_Strict):
    """The body of `POST /v1/batch-synthesize`. `concat`: one file of all items, in order, in place of one each."""

    items: Annotated[tuple[BatchItem, ...], Field(min_length=1, max_length=MOST_ITEMS)]
    format: AudioFormat = AudioFormat.WAV
    concat: bool = False

    @model_validator(mode="after")
    def _distinct_and_bounded(self) -> BatchRequest:
        named = [item.id for item in self.items if item.id is not None]
        if len(set(named)) < len(named):
            raise ValueError("two items have the same id")
        if sum(len(item.text) for item in self.items) > LONGEST_BATCH:
            raise ValueError(f"the texts together have more than {LONGEST_BATCH:,} characters: send several batches")
        return self
