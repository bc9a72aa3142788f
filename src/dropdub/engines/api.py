"""Everything that a package with engines of its own may import: `docs/plugins.md` promises that it stays.

Only what `__all__` names here, and `dropdub.engines.contract`, is promised. All other modules may change at any time.
"""

from __future__ import annotations

from dropdub.engines.abilities import (
    Announces,
    HasModelsByPair,
    HasRates,
    HintsLanguage,
    HintsPair,
    KnowsVoices,
    ListsVoices,
    NeedsModel,
    OfferedVoice,
    OffersAlternatives,
    OffersVoices,
    OwnVoice,
    ReportsCoverage,
    SeparatesSpeakers,
    SpeaksInBatches,
    SpokenText,
    TakesHints,
    ToSpeak,
    VoiceThresholds,
)
from dropdub.engines.base import (
    API,
    LAST_RESORT,
    SPEECH_RATE_HZ,
    Diarizer,
    Engine,
    EngineInfo,
    EngineSettings,
    Frames,
    Samples,
    Separator,
    Synthesizer,
    Transcriber,
    Translator,
    Utterance,
    Voice,
    Window,
    Word,
)
from dropdub.engines.espeak.phonemes import phonemes
from dropdub.engines.hearing.segmentation import utterances
from dropdub.engines.licence import GPL, Licence
from dropdub.engines.models.folders import missing_model, model_details, model_folder, size_of
from dropdub.engines.models.known import KnownModel, Source
from dropdub.engines.models.packaged import Member, Package
from dropdub.engines.models.pins import Pin
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.speaking.spoken_parts import joined, tidy
from dropdub.engines.speaking.text_for_speech import parts
from dropdub.errors import (
    DeadlineExceeded,
    EngineMissing,
    MediaToolFailed,
    OutOfMemory,
    UnsupportedLanguage,
    VoiceMissing,
    Waiting,
)
from dropdub.languages import primary, same_language
from dropdub.process import find_program
from dropdub.process.run import Program, output
from dropdub.untrusted.characters import on_one_line

__all__ = [
    "API",
    "GPL",
    "LAST_RESORT",
    "SPEECH_RATE_HZ",
    "Announces",
    "DeadlineExceeded",
    "Diarizer",
    "Engine",
    "EngineInfo",
    "EngineMissing",
    "EngineSettings",
    "Frames",
    "HasModelsByPair",
    "HasRates",
    "HintsLanguage",
    "HintsPair",
    "KnownModel",
    "KnowsVoices",
    "Licence",
    "ListsVoices",
    "MediaToolFailed",
    "Member",
    "NeedsModel",
    "OfferedVoice",
    "OffersAlternatives",
    "OffersVoices",
    "OutOfMemory",
    "OwnVoice",
    "Package",
    "Pin",
    "Program",
    "ReportsCoverage",
    "Samples",
    "SeparatesSpeakers",
    "Separator",
    "Source",
    "SpeaksInBatches",
    "SpokenText",
    "Synthesizer",
    "TakesHints",
    "ToSpeak",
    "Transcriber",
    "Translator",
    "UnsupportedLanguage",
    "Utterance",
    "Voice",
    "VoiceMissing",
    "VoiceThresholds",
    "Waiting",
    "Window",
    "Word",
    "find_program",
    "joined",
    "missing_model",
    "missing_package",
    "model_details",
    "model_folder",
    "on_one_line",
    "output",
    "package_version",
    "parts",
    "phonemes",
    "primary",
    "same_language",
    "size_of",
    "tidy",
    "utterances",
]
