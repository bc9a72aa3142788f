"""What may be asked to be interpreted: the query of `/v1/interpret`; the body is the sound."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from dropdub.config.fields import LanguageTag
from dropdub.web.dictation.sound import RATE
from dropdub.web.speech.request import VoiceName

LONGEST_S = 60.0
MOST_BYTES = int(2 * RATE * LONGEST_S)


class InterpretRequest(BaseModel):
    """`target`: the listener's language. `language`: the speaker's; detected if None. `voice`: the speaker's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: LanguageTag
    language: LanguageTag | None = None
    voice: VoiceName | None = None
