"""The tables of translation and of speech: the program's engines, measured with the sentences of `pairs.tsv`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from recordings import RATE_HZ, Samples, read

from dropdub.text.translation_scores import bleu, chrf
from quality.engines import LANGUAGES, SPOKEN, able, measured, pairs, texts
from quality.material import Recording, Said, written
from quality.measures import Errors, errors
from quality.tables import Table
from quality.ways import CORES, faster_whisper

LISTENERS = {"en": "whisper-tiny.en", "pt": "whisper-base"}
WINDOW_S = 30.0
PAUSE_S = 0.7
Progress = Callable[[str], None]


def translation(script: str, models: Path, progress: Progress) -> Table:
    rows = []
    for source, target in (LANGUAGES, LANGUAGES[::-1]):
        for name in able("translator", models, source=source, target=target):
            progress(f"translation {source} to {target}, {name}")
            cost, peak_mb = measured(script, "translate", name, models, source, target)
            done, wanted = cost.result["texts"], texts(target)
            scores = f"{bleu(done, wanted):.1f}", f"{chrf(done, wanted):.1f}"
            rows.append((f"{source} to {target}, {name}", *scores, f"{len(done) / cost.work_s:.0f}", f"{peak_mb:.0f}"))
    head = ("translator", "BLEU", "chrF", "sentences a CPU second", "memory, MB")
    material = f"{len(texts('en'))} sentences (`{pairs().parent.name}/{pairs().name}`)."
    return Table("C. Translation", head, tuple(rows), (material,))


def speech(script: str, models: Path, progress: Progress) -> Table:
    rows = []
    for language in LANGUAGES:
        for name in able("synthesizer", models, language=SPOKEN[language]):
            progress(f"speech in {language}, {name}")
            with tempfile.TemporaryDirectory() as place:
                cost, peak_mb = measured(script, "speak", name, models, language, place)
                wrong = _understood(script, models, language, Path(place))
            costs = f"{cost.work_s / cost.result['audio_s']:.3f}", f"{cost.cpu_s - cost.work_s:.1f}", f"{peak_mb:.0f}"
            rows.append((f"{language}, {name}", str(wrong), *costs))
    head = ("synthesizer", "wrong words (S/D/I)", "CPU seconds a second of sound", "start, CPU s", "memory, MB")
    heard = " and ".join(f"{model} ({language})" for language, model in LISTENERS.items())
    return Table("D. Speech", head, tuple(rows), (f"Transcribed by {heard}, in parts of up to {WINDOW_S:.0f} s.",))


def spoken(script: str, models: Path, language: str, folder: Path) -> Recording | None:
    """Return the first sentences, spoken by the best synthesizer that can be used here; None if there is none."""
    name = next(able("synthesizer", models, language=SPOKEN[language]), None)
    if name is None:
        return None
    place = Path(tempfile.mkdtemp(dir=folder))
    measured(script, "speak", name, models, language, place)
    return next(_windows(language, place))


def _understood(script: str, models: Path, language: str, folder: Path) -> Errors:
    """Return the errors of a transcript of the sentences in `folder`."""
    parts = list(_windows(language, folder))
    way = faster_whisper("listener", "listener", script, threads=CORES, language=language)
    heard = way.transcribe(models / LISTENERS[language], parts)
    return sum((errors(one.text, heard.text(one.name), language) for one in parts), Errors())


def _windows(language: str, folder: Path) -> Iterator[Recording]:
    """Write the sentences with pauses between them, as many in a file as Whisper takes at once."""
    spoken = [read(path) for path in sorted(folder.glob("*.wav"))]
    group: list[tuple[str, Samples]] = []
    for text, samples in zip(texts(language), spoken, strict=True):
        if group and sum(len(one) / RATE_HZ + PAUSE_S for _, one in group) + len(samples) / RATE_HZ > WINDOW_S:
            yield _window(group, folder)
            group = []
        group.append((text, samples))
    yield _window(group, folder)


def _window(group: Sequence[tuple[str, Samples]], folder: Path) -> Recording:
    path = folder / f"window {len(list(folder.glob('window*')))}.wav"
    pause = np.zeros(round(PAUSE_S * RATE_HZ), np.float32)
    sound = np.concatenate([part for _, samples in group for part in (samples, pause)])
    return written(path, sound, tuple(Said(text, 0.0, 0.0) for text, _ in group))
