"""Compare two engines of a role on a file: what they make, how long they take, and how many errors they make."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from dropdub.config import JobOptions, load_config
from dropdub.config.problems import first_problem
from dropdub.errors import UsageError
from dropdub.media.ffmpeg import use_ffmpeg
from dropdub.operations.comparing.contenders import OF_ANY_SOUND, Need, Role, best, contenders
from dropdub.operations.comparing.material import (
    RECORDING,
    Truth,
    kind_of_file,
    read_words,
    truth_of,
)
from dropdub.operations.comparing.outcomes import comparison, out_files, outcome
from dropdub.operations.comparing.rows import Row, rows_of
from dropdub.operations.comparing.running import Report, Running
from dropdub.operations.comparing.sound_roles import diarizers, separators
from dropdub.operations.comparing.values import Comparison, Wish
from dropdub.pasting import marked
from dropdub.root import CONFIG_NAME, Root


def compare(root_path: Path, wish: Wish, *, report: Report = lambda _what, _share: None) -> Comparison:
    """Compare two engines on a file. Leaves nothing behind but the files in `wish.out`.

    The engines run one after the other, each in a process that ends before the next one starts. Raises UsageError for
    what cannot be compared, OutOfMemory before an engine is started for which too little is free, the errors of the
    engines, and those of reading the file.
    """
    kind, config = kind_of_file(wish.file), load_config(root_path / CONFIG_NAME)
    role = wish.role or ("transcriber" if kind == RECORDING else "translator")
    _refuse_kind(role, kind, wish.file)
    use_ffmpeg(config.ffmpeg)
    root = Root.at(root_path, config.folders.model_dump())
    config = config.model_copy(update={"job": _options(config.job, wish)})
    with tempfile.TemporaryDirectory(prefix="dropdub-compare-") as folder:
        return _ROLES[role](wish, Running(root, config, Path(folder), report))


def _refuse_kind(role: Role, kind: str, file: Path) -> None:
    of_recordings = role in {"transcriber", *OF_ANY_SOUND}
    if of_recordings != (kind == RECORDING):
        wanted = "a recording" if of_recordings else "a text or a subtitle"
        raise UsageError(f"To compare a {role}, name {wanted}: {file.name} is none.")


def _options(job: JobOptions, wish: Wish) -> JobOptions:
    """Return the options of the settings, with the languages of the wish. Raises UsageError."""
    given = {"language": wish.language, "targets": [wish.to] if wish.to else None}
    try:
        return job.overridden({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise UsageError(f"{first_problem(error)}.") from error


def _transcribers(wish: Wish, running: Running) -> Comparison:
    language = running.config.job.known_language
    both = contenders(running.models, Need("transcriber", language), wish.engines)
    files = out_files(wish, both, "txt")
    truth = truth_of(wish.file, wish.truth, language=language, translated=False)
    subject = running.prepared(wish.file)
    length_s = float(subject.results["extract"]["duration_s"])
    made = [running.transcribed(one, subject, language) for one in both]
    outcomes = [
        outcome(one, its, its.text, length_s, truth, file) for one, its, file in zip(both, made, files, strict=True)
    ]
    rows = rows_of(made[0].lines, made[1].lines)
    return comparison(wish, "transcriber", made[0].language, outcomes, rows, truth=truth, length_s=length_s)


def _translators(wish: Wish, running: Running) -> Comparison:
    target = _target(running.config.job)
    words = read_words(wish.file, running.config.job.known_language)
    both = contenders(running.models, Need("translator", words.language, target), wish.engines)
    files = out_files(wish, both, "txt")
    truth = truth_of(wish.file, wish.truth, language=target, translated=True)
    made = [running.translated(one, words, target) for one in both]
    length_s = words.length_s or None
    outcomes = [
        outcome(one, its, its.text, length_s, truth, file, is_translation=True)
        for one, its, file in zip(both, made, files, strict=True)
    ]
    rows = [
        Row(line.start if length_s else None, line.text, [one.text, other.text])
        for line, one, other in zip(words.lines, made[0].lines, made[1].lines, strict=True)
    ]
    found = comparison(wish, "translator", words.language, outcomes, rows, truth=truth, length_s=length_s)
    return replace(found, target=target)


def _synthesizers(wish: Wish, running: Running) -> Comparison:
    words = read_words(wish.file, running.config.job.known_language)
    both = contenders(running.models, Need("synthesizer", words.language), wish.engines)
    files = out_files(wish, both, "wav")
    listener = best(running.models, Need("transcriber", words.language))
    made = [running.spoken(one, words) for one in both]
    heard = running.heard(listener, made, words.language) if listener else ["", ""]
    truth = Truth("", words.text) if listener else None
    outcomes = [
        outcome(one, its, text, its.sound_s, truth, file)
        for one, its, text, file in zip(both, made, heard, files, strict=True)
    ]
    rows = [Row(None, words.text, heard)] if listener else []
    found = comparison(wish, "synthesizer", words.language, outcomes, rows)
    return replace(found, listener=listener.with_model if listener else None)


_ROLES: Mapping[Role, Callable[[Wish, Running], Comparison]] = {
    "transcriber": _transcribers,
    "translator": _translators,
    "synthesizer": _synthesizers,
    "diarizer": diarizers,
    "separator": separators,
}


def _target(job: JobOptions) -> str:
    if not job.targets:
        example = marked("engines", "compare", "FILE", "--to", "LANG")
        raise UsageError("The language to translate into is missing.", remedy=f"Name it: {example}")
    return str(job.targets[0])
