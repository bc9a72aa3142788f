"""What `describe` is answered with: the languages and voices of the engines that are ready."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from wyoming.info import AsrModel, AsrProgram, Attribution, Info, TtsProgram, TtsVoice

from dropdub import __version__
from dropdub.languages import primary
from dropdub.pipeline.described_engines import DescribedEngine, chosen_engines, described_engines
from dropdub.web.site import Site
from dropdub.web.wyoming.asked import BETWEEN

FIRST_WITHIN_S = 5.0
"""How long an answer waits after the first start of a daemon in a root, which finds out at once what engines can do."""
_LOOK_EVERY_S = 0.1
DEFAULT = "default"
_MOST_VOICES = 200
"""Recorded voices that are offered."""
_MAKER = Attribution(name="Dropdub", url="")


async def info(site: Site) -> Info:
    """Return the answer to `describe`. It waits a moment for what the engines can do only if that was never known."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FIRST_WITHIN_S):
            while not await site.run(_is_known, site):
                await asyncio.sleep(_LOOK_EVERY_S)
    return await site.run(_info, site)


def transcribers(site: Site) -> frozenset[str]:
    """Return the names of the transcribers that a client may choose from. Reads the disk."""
    return frozenset(one.name for one in _engines(site, "transcriber"))


def _is_known(site: Site) -> bool:
    return any(described_engines(site.place.root.state_dir, role) for role in ("transcriber", "synthesizer"))


def _engines(site: Site, role: str) -> Sequence[DescribedEngine]:
    """Return the engines of a role: only the one in the settings if they name one."""
    return chosen_engines(described_engines(site.place.root.state_dir, role), getattr(site.config.job, role))


def _info(site: Site) -> Info:
    models = list(map(_model, _engines(site, "transcriber")))
    speakers = [one for one in _engines(site, "synthesizer") if one.is_ready]
    voices = [_voice(name, language) for language, name in _voices(speakers, _recorded(site.place.root.voices))]
    return Info(
        asr=[_asr(models, is_installed=any(model.installed for model in models))],
        tts=[_tts(voices, is_installed=bool(voices))],
    )


def _asr(models: list[AsrModel], *, is_installed: bool) -> AsrProgram:
    return AsrProgram(
        name="dropdub",
        attribution=_MAKER,
        installed=is_installed,
        description="Dropdub transcribes",
        version=__version__,
        models=models,
        supports_transcript_streaming=True,
    )


def _tts(voices: list[TtsVoice], *, is_installed: bool) -> TtsProgram:
    return TtsProgram(
        name="dropdub",
        attribution=_MAKER,
        installed=is_installed,
        description="Dropdub speaks",
        version=__version__,
        voices=voices,
        supports_synthesize_streaming=True,
    )


def _model(one: DescribedEngine) -> AsrModel:
    return AsrModel(
        name=one.name,
        attribution=_MAKER,
        installed=one.is_ready,
        description=one.name,
        version=None,
        languages=list(one.languages),
    )


def _voices(speakers: Sequence[DescribedEngine], recorded: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each language and its voices. The best engine that speaks a language decides on recorded voices."""
    for language in sorted({language for one in speakers for language in one.languages}):
        able = [one for one in speakers if language in one.languages]
        own = (voice.name for one in able for voice in one.voices if primary(voice.language) == language)
        names = dict.fromkeys((DEFAULT, *(recorded if able[0].clones else ()), *own))
        yield from ((language, name) for name in names)


def _voice(name: str, language: str) -> TtsVoice:
    """Return a voice in one language, which its name states: Home Assistant sends nothing but the name."""
    return TtsVoice(
        name=f"{name}{BETWEEN}{language}",
        attribution=_MAKER,
        installed=True,
        description=name,
        version=None,
        languages=[language],
    )


def _recorded(voices: Path) -> Sequence[str]:
    with contextlib.suppress(OSError):
        return sorted(one.stem for one in voices.glob("*.wav") if not one.name.startswith("."))[:_MOST_VOICES]
    return ()
