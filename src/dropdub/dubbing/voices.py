"""Choose the voices of a dub: the voice the job names, each speaker's own, or voices of the engine with a warning."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dropdub.config.fields import folded
from dropdub.dubbing.voice_sample import LEAST_S, TOO_SHORT_S, Candidate, cleanest
from dropdub.engines.abilities import OfferedVoice, OffersVoices, PreparesVoices, PreparesVoicesByLanguage
from dropdub.engines.base import EngineInfo, Samples, Synthesizer, Voice
from dropdub.errors import NotMedia, VoiceMissing
from dropdub.files.durable import sha256
from dropdub.media.sound import wav
from dropdub.media.sound.pitch import pitch_hz
from dropdub.media.sound.spans import Span
from dropdub.media.sound.voice_check import level_db, speech_over_noise_db
from dropdub.media.sound.wav import WavWriter
from dropdub.pasting import marked
from dropdub.pipeline.artifacts import AUDIO, Segment, voice_name
from dropdub.pipeline.cache import Cache, CacheKey
from dropdub.pipeline.prepared_voices import note_prepared
from dropdub.pipeline.work_folder import WorkFolder

_MOST_CANDIDATES = 60
"""How many of a speaker's longest lines are examined to find the cleanest."""
_LEAST_LINE_S = 1.0
_FULL = 0.99
SHORTEST_S = 0.5
"""The shortest usable recording of a named voice: no speaker embedding can be computed from less."""
_PAUSE_S = 0.15
_DEEP_HZ = 160.0
"""A voice below this counts as deep: men speak at about 120 Hz, women at about 200 Hz (Titze 1989)."""
_MEASURED_S = 30.0
"""How much of a speaker's speech is enough to measure the pitch."""


@dataclass(frozen=True)
class _VoiceKey(CacheKey, use="voice", method=1):
    """The speaker embedding that a synthesizer computed for one voice."""

    engine: EngineInfo
    voice: str


@dataclass(frozen=True)
class Casting:
    """A voice, its identity in cache keys, and warnings about it.

    `is_own`: it is cloned from the speaker's own speech in the recording.
    """

    voice: Voice | None
    identity: str
    warnings: tuple[str, ...] = ()
    is_own: bool = False


def cast_voices(
    engine: Synthesizer,
    lines: Sequence[Segment],
    *,
    language: str,
    voice: str | None,
    voices: Path,
    recorded: WorkFolder | None,
    by_speaker: Mapping[str, str] | None = None,
    taken: Iterable[str] = (),
) -> dict[str | None, Casting]:
    """Choose a voice for each speaker of the lines, who is dubbed into `language`.

    `voice` is the one that the job names, if any, and `by_speaker` those of single speakers, by their `folded` names;
    `voices` is the folder of such voices. Else the speakers' own are cut from the audio.wav of `recorded`, which is
    None if there is no recording. From an engine that cannot clone voices, each speaker gets one that is about as deep,
    if it has several: one that is not `taken`, if there are enough.

    Raises VoiceMissing if the job names a voice whose recording cannot be used.
    """
    speakers = list(dict.fromkeys(line.speaker for line in lines)) or [None]
    named = {
        one: _named(name, voices, engine) for one in speakers if (name := (by_speaker or {}).get(folded(one or "")))
    }
    if named:
        rest = [line for line in lines if line.speaker not in named]
        others = cast_voices(
            engine, rest, language=language, voice=voice, voices=voices, recorded=recorded, taken=_names(named.values())
        )
        return {one: named.get(one) or others[one] for one in speakers}
    if voice is not None:
        return dict.fromkeys(speakers, _named(voice, voices, engine))
    if recorded is None or not lines:
        return dict.fromkeys(speakers, _default_for_text(engine))
    if not engine.clones:
        offered = engine.voices_for(language) if isinstance(engine, OffersVoices) else ()
        if len(offered) > 1:
            return _offered(engine.name, offered, recorded.path / AUDIO, lines, taken)
        warning = f"{engine.name} cannot clone voices: the dub has its default voice."
        return dict.fromkeys(speakers, Casting(None, "default", (warning,)))
    return {
        speaker: _own(recorded, [line for line in lines if line.speaker == speaker], speaker) for speaker in speakers
    }


def prepare(cache: Cache, engine: Synthesizer, voice: Voice | None, *, language: str) -> bool:
    """Load the cached speaker embedding of a voice that speaks `language` into the engine, or compute and cache it.

    Return whether it was cached; False if there is none to compute.
    """
    preparing = engine.voices_in(language) if isinstance(engine, PreparesVoicesByLanguage) else engine
    if voice is None or voice.reference is None or not isinstance(preparing, PreparesVoices):
        return False
    key = _VoiceKey(engine.info(), preparing.voice_key(voice))
    was_cached = cache.get(key, check=lambda value: _loads(preparing, voice, value)) is not None
    if not was_cached:
        cache.put(key, preparing.prepare(voice))
    note_prepared(cache, sha256(voice.reference), engine=engine.name, embedding=key)
    return was_cached


def recording_of(name: str, voices: Path) -> Path | None:
    """Return the recording of a named voice; None if `voices` has none.

    Raises VoiceMissing if the name leads out of `voices`, or if the recording cannot be used.
    """
    reference = voices / f"{unicodedata.normalize('NFC', name)}.wav"
    if reference.parent != voices or name.startswith("."):
        raise VoiceMissing(f"{name!r} is not the name of a voice.")
    if not reference.is_file():
        return None
    try:
        seconds = wav.duration_s(reference)
    except (NotMedia, OSError) as error:
        raise VoiceMissing(f"The recording of the voice '{name}' cannot be read.", remedy=_add_again(name)) from error
    if seconds < SHORTEST_S:
        message = f"The recording of the voice '{name}' is too short: {seconds:.1f} s."
        raise VoiceMissing(message, remedy=_add_again(name))
    return reference


def _add_again(name: str) -> str:
    return f"Add it again with: {marked('voices', 'add', name, 'FILE', '--replace')}. Then run: `dropdub retry JOB`."


def _loads(engine: PreparesVoices, voice: Voice, value: bytes) -> bool:
    engine.take_prepared(voice, value)
    return True


def _names(castings: Iterable[Casting]) -> list[str]:
    """Return the names of those voices that are an engine's own."""
    return [one.voice.name for one in castings if one.voice is not None and one.voice.reference is None]


def _default_for_text(engine: Synthesizer) -> Casting:
    if not engine.clones:
        return Casting(None, "default")
    return Casting(None, "default", (f"No voice is set: {engine.name} speaks with its default voice.",))


def _named(name: str, voices: Path, engine: Synthesizer) -> Casting:
    reference = recording_of(name, voices)
    if reference is None:
        return Casting(
            Voice(name), f"engine:{name}"
        )  # a voice of the engine; if it has none of that name, it raises VoiceMissing
    if engine.clones:
        return Casting(Voice(name, reference), sha256(reference))
    warning = f"{engine.name} cannot clone the voice '{name}', and speaks with its default voice."
    return Casting(Voice(name, reference), "default", (warning,))


def _offered(
    engine: str, offered: Sequence[OfferedVoice], audio: Path, lines: Sequence[Segment], taken: Iterable[str]
) -> dict[str | None, Casting]:
    """Give each speaker one of an engine's voices that is about as deep; if there are too few, some share one.

    Whoever speaks longest chooses first. `taken` are the names of voices that others have.
    """
    had = Counter(name.casefold() for name in taken)
    lines_of: dict[str | None, list[Segment]] = {}
    for line in lines:
        lines_of.setdefault(line.speaker, []).append(line)
    chosen: dict[str | None, str] = {}
    for speaker, own in sorted(lines_of.items(), key=lambda item: -_seconds(item[1])):
        deep = _is_deep(audio, own, otherwise=offered[0].is_deep)
        fitting = [one.name for one in offered if one.is_deep == deep] or [one.name for one in offered]
        chosen[speaker] = min(fitting, key=lambda name: had[name.casefold()])
        had[chosen[speaker].casefold()] += 1
    warning = f"{engine} cannot clone voices: {_who_has_which(chosen)}."
    return {speaker: Casting(Voice(name), f"engine:{name}", (warning,)) for speaker, name in chosen.items()}


def _who_has_which(chosen: Mapping[str | None, str]) -> str:
    if len(chosen) == 1:
        return f"the dub has its voice {next(iter(chosen.values()))}"
    each = [f"{speaker or 'everybody else'} {name}" for speaker, name in chosen.items()]
    return f"the speakers have its voices, {', '.join(each)}"


def _seconds(lines: Sequence[Segment]) -> float:
    return sum(line.end - line.start for line in lines)


def _is_deep(audio: Path, lines: Sequence[Segment], *, otherwise: bool) -> bool:
    """Return whether somebody's voice is deep; `otherwise` if its pitch cannot be measured."""
    parts: list[Samples] = []
    rate, left_s = wav.sample_rate(audio), _MEASURED_S
    for line in _longest(lines):
        if left_s <= 0:
            break
        parts.append(wav.read_range(audio, line.start, min(line.end, line.start + left_s)))
        left_s -= line.end - line.start
    pitch = pitch_hz(np.concatenate(parts), rate) if parts else None
    return otherwise if pitch is None else pitch < _DEEP_HZ


def _own(work: WorkFolder, lines: Sequence[Segment], speaker: str | None) -> Casting:
    """Cut a reference from the recording: the cleanest lines of this speaker only."""
    spans = cleanest([_candidate(work.path / AUDIO, line) for line in _longest(lines)])
    found_s = sum(span.duration_s for span in spans)
    who = f"speaker {speaker}" if speaker else "the speaker"
    if found_s < TOO_SHORT_S:
        warning = f"There is too little speech from {who} to clone the voice: the dub has the default voice."
        return Casting(None, "default", (warning,))
    reference = _cut(work, spans, voice_name(speaker))
    short = (
        f"The voice of {who} was cloned from only {found_s:.1f} s of speech: "
        f"at least {LEAST_S:.0f} s gives better results."
    )
    warnings = (short,) if found_s < LEAST_S else ()
    return Casting(Voice(speaker or "speaker", reference), sha256(reference), warnings, is_own=True)


def _longest(lines: Sequence[Segment]) -> list[Segment]:
    long = sorted(lines, key=lambda line: line.start - line.end)[:_MOST_CANDIDATES]
    return [line for line in long if line.end - line.start >= _LEAST_LINE_S] or long


def _candidate(audio: Path, line: Segment) -> Candidate:
    samples = wav.read_range(audio, line.start, line.end)
    over_noise = speech_over_noise_db(samples, wav.sample_rate(audio))
    clipped = float((np.abs(samples) >= _FULL).mean()) if len(samples) else 1.0
    probabilities = [word.probability for word in line.words]
    probability = sum(probabilities) / len(probabilities) if probabilities else 0.5
    return Candidate(Span(line.start, line.end), probability, level_db(samples), over_noise, clipped)


def _cut(work: WorkFolder, spans: Sequence[Span], name: str) -> Path:
    """Write spans of the recording to a file in the work folder; return its path."""
    audio = work.path / AUDIO
    rate = wav.sample_rate(audio)
    with work.written(name) as part, WavWriter(part, rate) as writer:
        for span in spans:
            writer.write(wav.read_range(audio, span.start, span.end))
            writer.write(np.zeros(round(_PAUSE_S * rate), np.float32))
    return work.path / name
