"""synthesize: speaks each line of a translation into its own file, with the wording and rate that fit its time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from dropdub.config.fields import folded
from dropdub.dubbing.cached_speech import CachedSpeech
from dropdub.dubbing.kept_references import keep_references
from dropdub.dubbing.measured_lines import Recorded, recorded, utterances_of
from dropdub.dubbing.pacing import rates, shorter_wordings, together_of, too_long, wording_of
from dropdub.dubbing.placed_lines import last_moment_s
from dropdub.dubbing.placement import place
from dropdub.dubbing.readers import Readers
from dropdub.dubbing.speaking import CharacterProgress, Speaker
from dropdub.dubbing.voices import Casting, cast_voices
from dropdub.engines.abilities import ReportsDefects
from dropdub.engines.base import Synthesizer
from dropdub.engines.speaking.text_for_speech import is_speakable
from dropdub.pipeline.artifacts import TRANSCRIPT, Segment, Transcript, speech_dir_name, translation_name
from dropdub.pipeline.spoken_lines import Spoken, load_spoken, save_spoken, spoken_name
from dropdub.pipeline.task import Result, Task, describes, has_brought_lines, target_of
from dropdub.speech.descriptions import Descriptions
from dropdub.speech.sentences import sentences_of

_SPOKEN, _SHORTENED = 0.6, 0.7
"""The progress once every line of a recording was spoken, and once shorter wordings were; then come faster lines."""


def run(task: Task) -> Result:
    """Write speech.T/NNNN.wav for each line that has words, and spoken.T.json with its wording and rate.

    Files of an interrupted attempt are reused. A further take (`params`: `take` from 1, and the ids of its `lines`)
    writes new files next to those of the first, with the same wording and rate.
    """
    target, take = target_of(task), int(task.params.get("take", 0))
    source = Transcript.load(task.job_dir / TRANSCRIPT)
    translation = Transcript.load(task.job_dir / translation_name(target))
    named = frozenset(task.options.voices_by_speaker)
    names = _described(source).names | named if describes(task, target=target) else frozenset()
    readers = _readers(task, source.segments, translation.segments, target)
    said = map(readers.as_read, _said(task, translation, target, names))
    segments = [one for one in said if is_speakable(one.text)]
    engine = task.engines.synthesizer(task.options.synthesizer, language=target)
    castings = _castings(task, engine, readers.cast(source.segments), target)
    keep_references(task.cache, castings.values())
    (task.job_dir / speech_dir_name(target)).mkdir(exist_ok=True)
    speech = CachedSpeech(engine, target, task.cache, take)
    speaker = Speaker(speech, *_voices(readers, castings), task.work, by_sentence=task.kind == "text")
    place_of_lines = task.job_dir / spoken_name(target)
    if take == 0:
        together = together_of(sentences_of(_said(task, source, target, names)))
        end_s = last_moment_s(task.kind, translation.duration_s)
        save_spoken(place_of_lines, _first_take(task, speaker, segments, together, end_s))
    else:
        _further_take(task, speaker, load_spoken(place_of_lines))
    lines = load_spoken(place_of_lines)
    written = {folded(name): name for name in task.options.voices}
    return {
        "lines": len(lines),
        "sample_rate": engine.sample_rate,
        "engine": asdict(engine.info()),
        "voice": task.options.voice,
        "cloned": [speaker for speaker, casting in castings.items() if casting.is_own],
        "cast": [_cast(written.get(one or "", one), casting) for one, casting in castings.items()],
        "pieces": speech.counts,
        "hear": _needs_verification(task, engine),
        **({"sound": True} if task.engines.measures_sound() else {}),
        "warnings": [
            *dict.fromkeys(sentence for casting in castings.values() for sentence in casting.warnings),
            *(f"In the {target} dub: {sentence}" for sentence in speech.defects),
            *(_shorter_warnings(lines, target) if take == 0 else ()),
            *_unused_voices(task, castings),
        ],
    }


def _said(task: Task, lines: Transcript, target: str, names: frozenset[str]) -> Sequence[Segment]:
    """Return the lines with the words that are said of them, in each of their wordings.

    `names` are those that the settings name, and those that the source shows to be names: a translation keeps them.
    """
    if not describes(task, target=target):
        return lines.segments
    descriptions = _described(lines, names=names)
    return [
        replace(one, text=descriptions.said(one.text), shorter=tuple(map(descriptions.said, one.shorter)))
        for one in lines.segments
    ]


def _described(lines: Transcript, *, names: frozenset[str] = frozenset()) -> Descriptions:
    return Descriptions.of((one.text for one in lines.segments), language=lines.language, names=names)


def _readers(task: Task, source: Sequence[Segment], translation: Sequence[Segment], target: str) -> Readers:
    named = task.options.voices_by_speaker
    if task.kind == "text":
        return Readers.of_text(source, translation, named)
    # A transcriber writes no tags: `Maria: vem cá.` calls Maria.
    return Readers.of_lines(source, translation, named if has_brought_lines(task, target=target) else ())


def _voices(
    readers: Readers, castings: Mapping[str | None, Casting]
) -> tuple[dict[int, Casting], dict[int, list[tuple[str, Casting]]]]:
    """Return the voice of each line, and of the paragraphs that several read, the words of each."""
    shared = {
        number: [(one.text, castings[one.reader]) for one in passages] for number, passages in readers.passages.items()
    }
    return {number: castings[one] for number, one in readers.speakers.items()}, shared


def _castings(task: Task, engine: Synthesizer, lines: Sequence[Segment], target: str) -> dict[str | None, Casting]:
    recorded = task.work if task.kind == "media" else None
    voice, voices = task.options.voice, task.voices
    by_speaker = task.options.voices_by_speaker
    return cast_voices(
        engine, lines, language=target, voice=voice, voices=voices, recorded=recorded, by_speaker=by_speaker
    )


def _cast(speaker: str | None, casting: Casting) -> dict[str, str | None]:
    """Return who speaks with which voice: the `name` of one that can be asked for, or the SHA-256 of a reference."""
    own, voice = casting.is_own, casting.voice
    return {
        "speaker": speaker,
        "name": None if own or voice is None else voice.name,
        "reference": casting.identity if own else None,
    }


def _unused_voices(task: Task, castings: Iterable[str | None]) -> list[str]:
    """Return a warning if none of the voices for single speakers was used: their names may be misspelt."""
    named = task.options.voices_by_speaker
    if not named or any(folded(one or "") in named for one in castings):
        return []
    return [f"No speaker in {task.job_name} has a name of the setting `voices`, so it had no effect."]


def _needs_verification(task: Task, engine: Synthesizer) -> bool:
    """Return whether to verify the speech: as set, or by default if a fallible engine dubs a recording or subtitle."""
    verify = task.options.synthesis.verify
    return (task.kind != "text" and isinstance(engine, ReportsDefects)) if verify == "auto" else bool(verify)


def _first_take(
    task: Task, speaker: Speaker, segments: Sequence[Segment], together: Iterable[frozenset[int]], duration_s: float
) -> list[Spoken]:
    """Speak all lines at the normal rate. Except in a text, shorten lines that do not fit, then speak them faster."""
    lines = {one.id: Spoken(one.id, one.text) for one in segments}
    if task.kind == "text":
        _all_spoken(speaker, lines, {}, task.progress)
        return list(lines.values())
    known = _all_spoken(speaker, lines, {}, _part(task, 0.0, _SPOKEN))
    utterances = utterances_of(segments, known)
    shares = too_long(utterances, place(utterances, duration_s))
    wordings = shorter_wordings(segments, together, shares)
    by_id = {one.id: one for one in segments}
    lines |= {number: Spoken(number, wording_of(by_id[number], one), wording=one) for number, one in wordings.items()}
    known = _all_spoken(speaker, lines, known, _part(task, _SPOKEN, _SHORTENED))
    utterances = utterances_of(segments, known)
    wanted = rates(utterances, place(utterances, duration_s))
    lines |= {number: replace(lines[number], rate=rate) for number, rate in wanted.items()}
    _all_spoken(speaker, lines, known, _part(task, _SHORTENED, 1.0))
    return list(lines.values())


def _part(task: Task, begin: float, end: float) -> Callable[[float], None]:
    """Return a progress callback for a part of the step."""
    return lambda share: task.progress(begin + share * (end - begin))


def _further_take(task: Task, speaker: Speaker, lines: Iterable[Spoken]) -> None:
    wanted = {line.id: line for line in lines if line.id in task.params.get("lines", (line.id,))}
    _all_spoken(speaker, wanted, {}, task.progress)


def _all_spoken(
    speaker: Speaker,
    lines: Mapping[int, Spoken],
    known: Mapping[int, Recorded],
    progress: Callable[[float], None],
) -> dict[int, Recorded]:
    """Return each line as recorded; a line is spoken only if `known` does not have it with this wording and rate."""
    missing = {number for number, line in lines.items() if not _is_known(known.get(number), line.file(speaker.take))}
    characters = CharacterProgress(progress, sum(len(lines[number].text) for number in missing))
    following = deque(line for number, line in lines.items() if number in missing)
    found: dict[int, Recorded] = {}
    for number, line in lines.items():
        if number in missing:
            following.popleft()
            found[number] = recorded(speaker.line(line, characters.within, following), line.rate)
            characters.reached(len(line.text))
        else:
            found[number] = known[number]
    progress(1.0)
    return found


def _is_known(recorded_line: Recorded | None, file: str) -> bool:
    return recorded_line is not None and recorded_line.path.name == file


def _shorter_warnings(lines: Iterable[Spoken], target: str) -> list[str]:
    numbers = [str(line.id + 1) for line in lines if line.wording]
    which = f"lines {', '.join(numbers)} use" if len(numbers) > 1 else f"line {''.join(numbers)} uses"
    sentence = f"In the {target} dub, {which} a shorter wording than the subtitles, to fit the available time."
    return [sentence] if numbers else []
