"""A job whose dub was fitted, verified and compared: made up, in the formats that the stages return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dropdub.config import JobOptions
from dropdub.dubbing.published_timing import fits_of
from dropdub.dubbing.quality import quality_of
from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.sound_quality import DubSound, SoundQuality, SpeakerSound
from dropdub.publishing.deliverables import manifest
from dropdub.report.contents import Contents, contents_of
from dropdub.translations.words import IN_ENGLISH, Words

NAME = "Entrevista “ção” & <b>Ω 会議#1 100%.mp4"
TEXTS = (
    ("Good morning, everybody.", "Bom dia a todos."),
    ("Last year we built <the> whole house & garden.", "No ano passado construímos a casa inteira e o jardim."),
    ("It was not easy,", "Não foi fácil,"),
    ("as you may imagine.", "como podem imaginar."),
    ("Questions?", "Alguém tem perguntas?"),
)
TIMES = ((0.4, 1.9), (2.1, 5.0), (5.2, 6.3), (6.4, 7.7), (8.6, 9.3))


def an_utterance(*segments: int, slot: tuple[float, float], **values: Any) -> dict[str, Any]:
    """Return an utterance as the manifest has it: unless specified otherwise, it is spoken within its slot as it is."""
    start, end = slot
    usual = {"start": start, "end": end - 0.1, "length": end - start - 0.1, "stretch": 1.0, "shift": 0.0}
    named = {"segments": list(segments), "speaker": None, "slot": [start, end], "shortened": False}
    return {**named, **usual, **values}


def a_fit(utterances: Sequence[dict[str, Any]], **totals: Any) -> dict[str, Any]:
    clean = {"utterances": len(utterances), "clean": len(utterances), "sped_up": 0, "borrowed": 0, "shortened": 0}
    lines = sum(len(one["segments"]) for one in utterances)
    usual = {**clean, "failed": 0, "worst_drift_s": 0.0, "start_error_p95_s": 0.0, "lines": lines, "late": 0}
    return {"utterances": list(utterances), "totals": {**usual, "by_transcript": 0, **totals}}


FIT = a_fit(
    [
        an_utterance(0, slot=(0.4, 1.9), speaker="S1"),
        an_utterance(1, slot=(2.1, 5.0), speaker="S1", stretch=1.17, end=5.3, length=3.74, shortened=True),
        an_utterance(2, 3, slot=(5.2, 8.6), speaker="S2", start=5.08, shift=-0.12),
        an_utterance(4, slot=(8.6, 9.3), speaker="S1", start=8.9, shift=0.3, end=9.8),
    ],
    clean=1,
    sped_up=1,
    borrowed=1,
    shortened=1,
    failed=1,
    worst_drift_s=0.3,
    start_error_p95_s=0.28,
)
SUSPECTS = [
    {"start": 7.9, "end": 8.4, "text": "Thanks for watching!", "fate": "dropped"},
    {"start": 61.0, "end": 64.0, "text": "the house the house the house", "fate": "collapsed"},
]
HEARD: dict[str, dict[str, Any]] = {
    "0": {"file": "0000.wav", "score": 1.0, "good": True, "words": 4, "errors": 0},
    "1": {"file": "0001.wav", "score": 0.95, "good": True, "words": 9, "errors": 1},
    "2": {"file": "0002.2.wav", "score": 1.0, "good": True, "words": 3, "errors": 0},
    "3": {"file": "0003.wav", "score": 1.0, "good": True, "words": 3, "errors": 0},
    "4": {"file": "0004.3.wav", "score": 0.3, "good": False, "words": 3, "errors": 3, "heard": "<i>Alemão"},
}
LISTENER = {"name": "faster-whisper", "version": "1.2.1", "details": {"model": "whisper-base"}}
CHECK = {"reference": "talk.en.srt", "lines": 40, "words": 400, "errors": 18}
SOUND = asdict(
    DubSound.of(
        "dnsmos",
        [
            SpeakerSound("S1", SoundQuality(3.5, 4.1, 3.3, 4), SoundQuality(3.4, 3.0, 2.7, 4)),
            SpeakerSound("S2", SoundQuality(2.3, 2.9, 1.9, 2), SoundQuality(3.2, 2.0, 2.1, 2)),
        ],
    )
)
VOICES = [{"speaker": "S1", "likeness": 0.874}, {"speaker": "S2", "likeness": 0.791}]


def facts(target: str = "pt", **more: Any) -> dict[str, Any]:
    """Return what the steps of the job returned; `more` by step, with `_` for `/`."""
    return {
        "probe": {
            "size": 10,
            "kind": "media",
            "video": {"index": 0, "codec": "h264", "width": 640, "height": 360, "fps": 25.0},
        },
        "extract": {"content_hash": "ab", "duration_s": 11.0},
        "merge": {"language": "en", "suspects": SUSPECTS, "warnings": ["A <script>alert(1)</script> warning."]},
        f"translate/{target}": {"engine": {"name": "nllb", "version": "1", "details": {}}},
        f"hear/{target}": {"lines": HEARD, "again": [], "engine": LISTENER, "check": CHECK},
        f"compare/{target}": {"voices": VOICES},
        f"mux/{target}": {"file": f"video.{target}.mp4", "container": "mp4"},
        **more,
    }


def a_manifest(given: dict[str, Any], *, fit: dict[str, Any] | None = None, kind: str = "media") -> dict[str, Any]:
    made = manifest(
        job_id=3, job_name=NAME, kind=kind, options=JobOptions(), facts=Facts(given), created="2026-03-05T14:30:00Z"
    )
    return {**made, "fit": {"pt": FIT} if fit is None else fit}


def transcripts() -> tuple[Transcript, Transcript]:
    """Return what was said, and its translation."""
    speakers = ("S1", "S1", "S2", "S2", "S1")
    source, target = (
        tuple(
            Segment(number, *TIMES[number], texts[side], speaker=speakers[number]) for number, texts in enumerate(TEXTS)
        )
        for side in (0, 1)
    )
    return Transcript("en", 11.0, source, {}), Transcript("pt", 11.0, target, {}, source_language="en")


def contents(given: dict[str, Any] | None = None, *, words: Words = IN_ENGLISH, **manifest_values: Any) -> Contents:
    found = facts() if given is None else given
    made = a_manifest(found, **manifest_values)
    source, target = transcripts()
    quality = quality_of(Facts(found), fits_of(made), ["pt"])
    return contents_of(made, quality, Facts(found), source, {"pt": target}, words)
