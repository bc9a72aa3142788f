"""How often a known speaker is named rightly, and a voice by somebody else's name, by kind of recording.

    python benchmarks/known_speakers.py [FOLDER...] [--voice FILE]... [--engine NAME] [--models DIR]

Of each voice, the first 12 s are the recording by which it is known, and up to 32 s of the rest are what it says in a
recording of two speakers: all pairs are tried, with the name of one of them, and with that of a third, who does not
speak. Who speaks when is known, so only the comparison of voices is measured. The voices are those of the clips of LJ
Speech and of the sample of John F. Kennedy; each `--voice` adds one, and each FOLDER those in it, with recordings as
LibriSpeech names them: who speaks is the part of a file's name before the first hyphen.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import permutations
from pathlib import Path

import numpy as np
import soundfile
from side import show
from speakers import KINDS, Reading, joined, read, readings
from voices import recordings

from dropdub.engines.abilities import VoiceThresholds, thresholds_of
from dropdub.engines.base import Diarizer, EngineSettings, Samples, Window
from dropdub.engines.registry import EngineRegistry
from dropdub.media.sound import wav
from dropdub.speech.known_voices import Voice, recognised
from dropdub.speech.references import reference_windows
from dropdub.speech.vad import SPEECH_RATE_HZ

KNOWN_S, SPOKEN_S = 12, 32
KNOWN_SHARE = 0.42
"""Of a shorter recording."""
PLACES = (*((kind, kind) for kind in KINDS), *(("clean", kind) for kind in KINDS if kind != "clean"))
"""The kind of the recording by which a voice is known, and of the one in which it speaks."""
Voices = Mapping[tuple[str, str], tuple[Voice, Voice]]
"""By name and kind of recording: what is known of a voice, and what it says."""


def spoken_by(folders: Sequence[Path], more: Sequence[Path]) -> list[Reading]:
    """Return all recordings with who speaks in them."""
    known = recordings(folders)
    others = [(who, read(path)) for who, paths in known.items() if who not in ("LJ", "JFK") for path in paths]
    return [*readings(more), *others]


def voices_of(clips: Sequence[Reading], engine: Diarizer, folder: Path) -> Voices:
    """Return the voices in all kinds of recordings."""
    found: dict[tuple[str, str], tuple[Voice, Voice]] = {}
    for name in dict.fromkeys(name for name, _ in clips):
        sound = joined([samples for owner, samples in clips if owner == name])
        cut = round(min(KNOWN_S * SPEECH_RATE_HZ, KNOWN_SHARE * len(sound)))
        parts = sound[:cut], sound[cut : cut + SPOKEN_S * SPEECH_RATE_HZ]
        for kind, change in KINDS.items():
            known, spoken = (_embedded(engine, change(part), folder) for part in parts)
            if len(known) and len(spoken):
                found[name, kind] = known, spoken
    return found


def _embedded(engine: Diarizer, samples: Samples, folder: Path) -> Voice:
    path = folder / "sound.wav"
    soundfile.write(path, samples, SPEECH_RATE_HZ)
    spans = [one.window for one in reference_windows(path)]
    cuts = zip(spans, wav.frames(path, spans), strict=True)
    return list(engine.embed(Window(span.start, cut[:, 0]) for span, cut in cuts))


def rows(voices: Voices, thresholds: VoiceThresholds, known_in: str, spoken_in: str) -> Iterator[str]:
    """Yield the shares of names that are right, given to the wrong one of two, and given to one of two others."""
    names = sorted({name for name, _ in voices if {(name, known_in), (name, spoken_in)} <= voices.keys()})
    pairs = list(permutations(names, 2))
    name_of = partial(_named, voices, thresholds, known_in, spoken_in)
    named = [name_of(one, (one, other)) for one, other in pairs]
    yield _share(sum(who == one for who, (one, _) in zip(named, pairs, strict=True)), len(pairs))
    yield _share(sum(who == other for who, (_, other) in zip(named, pairs, strict=True)), len(pairs))
    absent = list(permutations(names, 3))
    chosen = [absent[at] for at in np.random.default_rng(1).permutation(len(absent))[:2_000]]
    strangers = [name_of(third, (one, other)) for one, other, third in chosen]
    yield _share(sum(who is not None for who in strangers), len(chosen))


def _named(
    voices: Voices, thresholds: VoiceThresholds, known_in: str, spoken_in: str, name: str, speakers: Sequence[str]
) -> str | None:
    """Return which of two speakers gets a name."""
    heard: dict[str | None, Voice] = {who: voices[who, spoken_in][1] for who in speakers}
    found = recognised(heard, {name: voices[name, known_in][0]}, thresholds)
    return found[0].speaker if found else None


def _share(count: int, of: int) -> str:
    return f"{count / of:.1%} of {of}" if of else "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--voice", type=Path, action="append", default=[], metavar="FILE", help="a further voice")
    parser.add_argument("--engine", default="resemblyzer")
    parser.add_argument("--models", type=Path, default=Path("models"), help="the folder with the models")
    asked = parser.parse_args()
    engine = EngineRegistry(settings=EngineSettings(models_dir=asked.models, threads=1)).diarizer(asked.engine)
    if engine is None:
        sys.exit(f"{asked.engine} is not installed")
    with tempfile.TemporaryDirectory() as folder:
        voices = voices_of(spoken_by(asked.folders, asked.voice), engine, Path(folder))
    show(f"{engine.name}, {len({name for name, _ in voices})} voices")
    show("| known by | speaks in | named | the other one named | somebody else's name |")
    show("|---|---|---|---|---|")
    for known_in, spoken_in in PLACES:
        show(f"| {known_in} | {spoken_in} | {' | '.join(rows(voices, thresholds_of(engine), known_in, spoken_in))} |")


if __name__ == "__main__":
    main()
