"""mix: puts the spoken lines on one track, each at its time, over the original's audio, and encodes the track."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from dropdub.dubbing.background import Background, background_of, channels_of, original_loudness
from dropdub.dubbing.measured_lines import lengths_in_samples, line_files, recorded_lines
from dropdub.dubbing.placed_lines import Fitted, fitted, last_moment_s
from dropdub.dubbing.published_timing import Fit
from dropdub.dubbing.timing_report import VoiceStarts, fit_name, fit_report, fit_warnings, save_fit
from dropdub.dubbing.track import Part, write_track
from dropdub.dubbing.voice_starts import voice_starts
from dropdub.dubbing.voices_left import left_in, warning
from dropdub.languages import display_name, three_letters
from dropdub.media.ffmpeg import input_arguments
from dropdub.media.sound import wav
from dropdub.media.sound.ducking import Ducking
from dropdub.media.sound.length import SoundLength
from dropdub.media.sound.loudness import SPEECH_LUFS, decibels, factor, gain_db, loudness_like, measure_loudness
from dropdub.media.sound.master import Mixed, write_master
from dropdub.media.sound.mixing import mix_down
from dropdub.media.sound.pcm import RATE_HZ, decoded
from dropdub.media.sound.spans import Span
from dropdub.media.sound.timed import TimedSound
from dropdub.pipeline.artifacts import AUDIO, SPEECH, Segment, Transcript, dub_name, load_spans, translation_name
from dropdub.pipeline.spoken_lines import load_spoken, spoken_name
from dropdub.pipeline.task import Result, Task, target_of
from dropdub.publishing.disk import await_disk
from dropdub.text.paragraph_times import starts_in_a_row

_SHORTEST_TEXT_S = 0.5
_TWO_CHANNELS_DB = 3.01
"""How much louder a voice measures on two channels than on one: the loudness standard sums over channels."""
_BYTES_A_SAMPLE, _BYTES_OF_VOICE = 5, 2
"""Per sample: the track in 16 bits, plus 24 bits before mastering; the voice alone."""
_VOICE = "voice.wav"
_AFTER_LAST_S = 0.1


def run(task: Task) -> Result:
    """Write dub.T.wav and dub.T.m4a; for a recording also fit.T.json. Its dub is exactly as long as its audio."""
    return _text(task) if task.kind == "text" else _media(task)


def _text(task: Task) -> Result:
    """Place the paragraphs one after another, at the standard loudness of speech."""
    rate, files = _rate(task), line_files(task.job_dir, task.facts, target_of(task))
    lengths = lengths_in_samples(files, rate)
    starts = starts_in_a_row(lengths, rate)
    parts = [Part(path, 0, lengths[number], starts[number]) for number, path in files.items()]
    length = max([*(part.end for part in parts), round(_SHORTEST_TEXT_S * rate)])
    voice = task.prepared_scratch() / _VOICE
    peak = write_track(voice, parts, length=length, rate=rate)
    return _mastered(task, Mixed(voice, rate, 1, length, decibels(peak)), SPEECH_LUFS)


def _media(task: Task) -> Result:
    """Place each utterance where it fits, over the original and as loud."""
    target, sound = target_of(task), _sound(task)
    segments = Transcript.load(task.job_dir / translation_name(target)).segments
    # A subtitle without a recording has no fixed end: its last line may take as long as it needs.
    lines = recorded_lines(task.job_dir, task.facts, target)
    fit = fitted(segments, lines, last_moment_s(task.kind, sound.duration_s))
    if task.kind == "subtitle":
        sound = _of_seconds(max([sound.duration_s, *(its.end + _AFTER_LAST_S for its in fit.placements)]))
    _await_disk(task, sound)
    report = _report(task, fit, segments, sound.duration_s)
    _write_voice(task, fit, sound)
    wanted_lufs = loudness_like(_original_loudness(task, sound))
    background = _background(task, sound, segments)
    mixed = _mixed(task, background, _spans(report), sound, wanted_lufs)
    left = left_in(background.sample, task.job_dir / AUDIO)
    warnings = [warning(left, target)] if left else []
    return {
        **_mastered(task, mixed, wanted_lufs),
        "fit": report.totals_json(),
        **({"engine": background.engine} if background.engine else {}),
        **({"voices_left": asdict(left)} if left else {}),
        "warnings": [*fit_warnings(report, target, sound.duration_s), *background.warnings, *filter(None, warnings)],
    }


def _await_disk(task: Task, sound: SoundLength) -> None:
    needed = sound.at(RATE_HZ) * (channels_of(task.dropped) * _BYTES_A_SAMPLE + _BYTES_OF_VOICE)
    await_disk(task.job_dir, needed, job_name=task.job_name, min_free=int(task.limits.min_free_disk))


def _original_loudness(task: Task, sound: SoundLength) -> float:
    progress = _share(task, 0.25, 0.35)
    return original_loudness(task.dropped, deadline_s=task.deadline_s, duration_s=sound.duration_s, progress=progress)


def _background(task: Task, sound: SoundLength, segments: Sequence[Segment]) -> Background:
    return background_of(
        task.dropped,
        task.options.mix,
        keeps_time=task.facts.extract.keeps_time,
        length=sound.at(RATE_HZ),
        deadline_s=task.deadline_s,
        spoken=[Span(one.start, one.end) for one in segments],
        separator=lambda: task.engines.separator(task.options.separator),
        no_separator=task.engines.no_separator,
    )


def _sound(task: Task) -> SoundLength:
    """Return the length of what is dubbed. A subtitle without a recording ends with its last cue."""
    extracted = task.facts.extract
    if task.kind == "subtitle":
        return _of_seconds(extracted.length_s)
    # Results of earlier versions lack `sound`: then audio.wav, a few samples off at other rates, is all there is.
    return extracted.sound or wav.length(task.job_dir / AUDIO)


def _of_seconds(duration_s: float) -> SoundLength:
    return SoundLength(round(duration_s * RATE_HZ), RATE_HZ)


def _rate(task: Task) -> int:
    return task.facts.synthesis(target_of(task)).sample_rate


def _report(task: Task, fit: Fitted, segments: Sequence[Segment], duration_s: float) -> Fit:
    target = target_of(task)
    leads_s = {number: line.lead_s for number, line in fit.lines.items() if line.lead_s is not None}
    voices = VoiceStarts(_original_voices(task, segments), leads_s)
    shortened = {line.id for line in load_spoken(task.job_dir / spoken_name(target)) if line.wording}
    report = fit_report(fit.utterances, fit.placements, shortened=shortened, duration_s=duration_s, voices=voices)
    save_fit(task.job_dir / fit_name(target), report)
    return report


def _original_voices(task: Task, segments: Sequence[Segment]) -> dict[int, float]:
    """Return where the original's voice begins in each segment, as far as there is an original that shows it."""
    if task.kind != "media":
        return {}
    speech = task.job_dir / SPEECH  # a revision does not look for speech again
    return voice_starts(task.job_dir / AUDIO, load_spans(speech) if speech.exists() else (), segments)


def _write_voice(task: Task, fit: Fitted, sound: SoundLength) -> None:
    rate, scratch = _rate(task), task.prepared_scratch()
    length, progress = sound.at(rate), _share(task, 0.0, 0.25)
    parts = fit.parts(rate=rate, length=length, scratch=scratch, deadline_s=task.deadline_s, progress=progress)
    write_track(scratch / _VOICE, parts, length=length, rate=rate)


def _spans(report: Fit) -> Iterator[Span]:
    """Yield when the dub speaks, and when the original speaks what it dubs."""
    for one in report.utterances:
        yield Span(one.start, one.end)
        yield Span(*one.slot)


def _mixed(task: Task, background: Background, spans: Iterator[Span], sound: SoundLength, wanted_lufs: float) -> Mixed:
    """Mix voice and background into one file, each as loud as the original."""
    voice, channels, length = task.scratch / _VOICE, channels_of(task.dropped), sound.at(RATE_HZ)
    inputs = input_arguments(voice)
    heard_lufs = measure_loudness(
        inputs, "0:a", deadline_s=task.deadline_s, duration_s=sound.duration_s, progress=_share(task, 0.35, 0.4)
    )
    gain = gain_db(heard_lufs + (_TWO_CHANNELS_DB if channels == 2 else 0.0), wanted_lufs)
    level = factor(-task.options.mix.duck_db) if background.ducked else 1.0
    return mix_down(
        task.scratch / "mixed.flac",
        decoded(TimedSound(inputs, "0:a"), channels=1, length=length, deadline_s=task.deadline_s),
        background.blocks,
        ducking=Ducking(spans, level),
        voice_gain=factor(gain),
        channels=channels,
        length=length,
        progress=_share(task, 0.4, 0.6),
    )


def _mastered(task: Task, mixed: Mixed, wanted_lufs: float) -> Result:
    """Write the track at the requested loudness, and encode it."""
    target = target_of(task)
    now_lufs = measure_loudness(
        input_arguments(mixed.path),
        "0:a",
        deadline_s=task.deadline_s,
        duration_s=mixed.duration_s,
        progress=_share(task, 0.6, 0.7),
    )
    gain = gain_db(now_lufs, wanted_lufs)
    sound, encoded = dub_name(target), dub_name(target, "m4a")
    with task.work.written(sound) as wav_part, task.work.written(encoded) as m4a_part:
        limited = write_master(
            mixed,
            wav_part,
            m4a_part,
            gain_db=gain,
            tags=_tags(task, target),
            deadline_s=task.deadline_s,
            progress=_share(task, 0.7, 1.0),
        )
    return {"duration_s": mixed.duration_s, "loudness_lufs": round(wanted_lufs, 1), "limited": limited}


def _share(task: Task, begin: float, end: float) -> Callable[[float], None]:
    """Return a progress callback that maps a part's progress to the range `begin` to `end` of the whole."""
    return lambda share: task.progress(begin + share * (end - begin))


def _tags(task: Task, target: str) -> list[str]:
    title = f"{Path(task.job_name).stem} ({display_name(target)})"
    return ["-metadata:s:a:0", f"language={three_letters(target)}", "-metadata", f"title={title}"]
