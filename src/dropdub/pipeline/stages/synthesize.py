"""synthesize: each line of a translation spoken, one sound file a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from dropdub.engines.base import Samples, Synthesizer, TellsDefects
from dropdub.engines.speech_text import is_speakable
from dropdub.errors import NotMedia
from dropdub.files import written_whole
from dropdub.media import wav
from dropdub.media.wav import WavWriter
from dropdub.pipeline.artefacts import TRANSCRIPT, Segment, Transcript, speech_dir_name, speech_name, translation_name
from dropdub.pipeline.stages.base import Result, Task, target_of
from dropdub.pipeline.textfile import pieces, spoken
from dropdub.pipeline.timeline import fits, fitting_rate, slots
from dropdub.pipeline.voices import Casting, cast_voices, prepare

_PCM = np.dtype("<i2")
_FULL_SCALE = 32767
_SAME_RATE = 0.02


@dataclass(frozen=True)
class _Speaker:
    """Speaks pieces of text with one engine, in one language, each speaker's in its voice, through the cache."""

    task: Task
    engine: Synthesizer
    castings: Mapping[str | None, Casting]
    language: str
    take: int
    defects: list[str] = field(default_factory=list)

    def speak(self, text: str, rate: float, who: str | None) -> Samples:
        rate, casting = round(rate, 3), self.castings[who]
        info = asdict(self.engine.info())
        key = ("speech", info, self.engine.sample_rate, self.language, casting.identity, rate, self.take, text)
        kept = self.task.cache.get(*key, check=_from_pcm)
        if kept is not None:
            return kept
        prepare(self.task.cache, self.engine, casting.voice)
        samples = self.engine.speak(text, language=self.language, voice=casting.voice, rate=rate, take=self.take)
        pcm = (np.clip(samples, -1.0, 1.0) * _FULL_SCALE).round().astype(_PCM).tobytes()
        found = self.engine.defects() if isinstance(self.engine, TellsDefects) else []
        self.defects.extend(found)
        if not found:  # what came out wrong may come out right another time
            self.task.cache.put(*key, value=pcm)
        return _from_pcm(pcm)


def run(task: Task) -> Result:
    """Write speech.T/NNNN.wav for each line that has words. What a broken earlier attempt spoke is kept.

    A further take (`params`: `take` from 1, and the ids of its `lines`) writes beside the first.
    """
    target, take = target_of(task), int(task.params.get("take", 0))
    translation = Transcript.load(task.job_dir / translation_name(target))
    lines = [segment for segment in translation.segments if is_speakable(segment.text)]
    wanted = [line for line in lines if line.id in task.params.get("lines", (line.id,))]
    engine = task.engines.synthesizer(task.options.synthesizer, language=target)
    castings = cast_voices(task, engine, Transcript.load(task.job_dir / TRANSCRIPT).segments)
    room_s = {} if task.kind == "text" else slots(lines, translation.duration_s)
    (task.job_dir / speech_dir_name(target)).mkdir(exist_ok=True)
    speaker = _Speaker(task, engine, castings, target, take)
    lengths_s = dict(_lengths(speaker, wanted, room_s))
    late = [line for line in wanted if not fits(lengths_s[line.id], room_s.get(line.id))]
    return {
        "lines": len(lines),
        "late": len(late),
        "sample_rate": engine.sample_rate,
        "engine": asdict(engine.info()),
        "voice": task.options.voice,
        "cloned": [speaker for speaker, casting in castings.items() if casting.is_own],
        "hear": _is_heard_back(task, engine),
        "warnings": [
            *dict.fromkeys(sentence for casting in castings.values() for sentence in casting.warnings),
            *(f"In the dub into {target}: {sentence}" for sentence in speaker.defects),
            *_late_warnings(late, lines, target),
        ],
    }


def _is_heard_back(task: Task, engine: Synthesizer) -> bool:
    """Return whether the speech is to be checked: as told, else where a recording is dubbed by what may err."""
    verify = task.options.synthesis.verify
    return (task.kind == "media" and isinstance(engine, TellsDefects)) if verify == "auto" else bool(verify)


def _lengths(speaker: _Speaker, lines: list[Segment], room_s: dict[int, float]) -> Iterator[tuple[int, float]]:
    """Speak what is not spoken yet; yield each line's id and length in seconds."""
    folder = speaker.task.job_dir / speech_dir_name(speaker.language)
    teller = _Teller(speaker.task.progress, sum(len(line.text) for line in lines))
    for line in lines:
        path = folder / speech_name(line.id, speaker.take)
        if not _is_spoken(path, speaker.engine.sample_rate):
            _write_line(speaker, line, path, room_s.get(line.id), teller)
        teller.reached(len(line.text))
        yield line.id, wav.duration_s(path)


class _Teller:
    """Turns characters spoken into the share done."""

    def __init__(self, progress: Callable[[float], None], total: int) -> None:
        self._progress = progress
        self._total = max(total, 1)
        self._done = 0

    def within(self, characters: int) -> None:
        self._progress(min((self._done + characters) / self._total, 1.0))

    def reached(self, characters: int) -> None:
        self._done += characters
        self.within(0)


def _write_line(speaker: _Speaker, line: Segment, path: Path, slot_s: float | None, teller: _Teller) -> None:
    """Write one line; spoken again, faster, where it does not fit its slot."""
    said = _Said(pieces(spoken(line.text)), line.speaker)
    with written_whole(path, scratch=speaker.task.prepared_scratch()) as part:
        _write(speaker, said, 1.0, part, teller)
        rate = fitting_rate(wav.duration_s(part), slot_s)
        if rate > 1.0 + _SAME_RATE:
            _write(speaker, said, rate, part, teller)


@dataclass(frozen=True)
class _Said:
    """What is said, and by whom."""

    pieces: Sequence[str]
    who: str | None


def _write(speaker: _Speaker, said: _Said, rate: float, path: Path, teller: _Teller) -> None:
    done = 0
    with WavWriter(path, speaker.engine.sample_rate) as writer:
        for piece in said.pieces:
            writer.write(speaker.speak(piece, rate, said.who))
            done += len(piece)
            teller.within(done)


def _is_spoken(path: Path, sample_rate: int) -> bool:
    with suppress(NotMedia, OSError):
        return wav.sample_rate(path) == sample_rate and wav.duration_s(path) > 0
    return False


def _from_pcm(value: bytes) -> Samples:
    samples: Samples = np.frombuffer(value, _PCM).astype(np.float32) / np.float32(_FULL_SCALE)
    return samples


def _late_warnings(late: list[Segment], lines: list[Segment], target: str) -> list[str]:
    cut = [line for line in late if line is lines[-1]]
    into = len(late) - len(cut)
    found = (
        [f"{into} line{'s run' if into > 1 else ' runs'} into the next one in the dub into {target}."] if into else []
    )
    return [*found, f"The last line of the dub into {target} is cut off at the recording's end."] if cut else found
