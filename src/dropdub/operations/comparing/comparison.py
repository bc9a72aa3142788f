"""Compare two engines of a role on a file: what they make, how long they take, and how many errors they make."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from dropdub.config import JobOptions, load_config
from dropdub.config.problems import first_problem
from dropdub.dubbing.word_errors import word_errors
from dropdub.errors import UsageError
from dropdub.files.durable import write_whole
from dropdub.media.ffmpeg import use_ffmpeg
from dropdub.operations.comparing.contenders import Contender, Need, Role, best, contenders
from dropdub.operations.comparing.material import RECORDING, Truth, kind_of_file, read_words, truth_of
from dropdub.operations.comparing.rows import Row, rows_of
from dropdub.operations.comparing.running import Made, Report, Running
from dropdub.operations.comparing.values import Comparison, Outcome, Wish
from dropdub.pasting import marked
from dropdub.root import CONFIG_NAME, Root
from dropdub.text.translation_scores import chrf

Both = tuple[Contender, Contender]


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
    if (role == "transcriber") != (kind == RECORDING):
        wanted = "a recording" if role == "transcriber" else "a text or a subtitle"
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
    files = _out_files(wish, both, "txt")
    truth = truth_of(wish.file, wish.truth, language=language, translated=False)
    subject = running.prepared(wish.file)
    length_s = float(subject.results["extract"]["duration_s"])
    made = [running.transcribed(one, subject, language) for one in both]
    outcomes = [
        _outcome(one, its, its.text, length_s, truth, file) for one, its, file in zip(both, made, files, strict=True)
    ]
    rows = rows_of(made[0].lines, made[1].lines)
    return _comparison(wish, "transcriber", made[0].language, outcomes, rows, truth=truth, length_s=length_s)


def _translators(wish: Wish, running: Running) -> Comparison:
    target = _target(running.config.job)
    words = read_words(wish.file, running.config.job.known_language)
    both = contenders(running.models, Need("translator", words.language, target), wish.engines)
    files = _out_files(wish, both, "txt")
    truth = truth_of(wish.file, wish.truth, language=target, translated=True)
    made = [running.translated(one, words, target) for one in both]
    length_s = words.length_s or None
    outcomes = [
        _outcome(one, its, its.text, length_s, truth, file, is_translation=True)
        for one, its, file in zip(both, made, files, strict=True)
    ]
    rows = [
        Row(line.start if length_s else None, line.text, [one.text, other.text])
        for line, one, other in zip(words.lines, made[0].lines, made[1].lines, strict=True)
    ]
    found = _comparison(wish, "translator", words.language, outcomes, rows, truth=truth, length_s=length_s)
    return replace(found, target=target)


def _synthesizers(wish: Wish, running: Running) -> Comparison:
    words = read_words(wish.file, running.config.job.known_language)
    both = contenders(running.models, Need("synthesizer", words.language), wish.engines)
    files = _out_files(wish, both, "wav")
    listener = best(running.models, Need("transcriber", words.language))
    made = [running.spoken(one, words) for one in both]
    heard = running.heard(listener, made, words.language) if listener else ["", ""]
    truth = Truth("", words.text) if listener else None
    outcomes = [
        _outcome(one, its, text, its.sound_s, truth, file)
        for one, its, text, file in zip(both, made, heard, files, strict=True)
    ]
    rows = [Row(None, words.text, heard)] if listener else []
    found = _comparison(wish, "synthesizer", words.language, outcomes, rows)
    return replace(found, listener=listener.with_model if listener else None)


_ROLES: Mapping[Role, Callable[[Wish, Running], Comparison]] = {
    "transcriber": _transcribers,
    "translator": _translators,
    "synthesizer": _synthesizers,
}


def _target(job: JobOptions) -> str:
    if not job.targets:
        example = marked("engines", "compare", "FILE", "--to", "LANG")
        raise UsageError("The language to translate into is missing.", remedy=f"Name it: {example}")
    return str(job.targets[0])


def _outcome(
    contender: Contender,
    made: Made,
    text: str,
    length_s: float | None,
    truth: Truth | None,
    file: Path | None,
    *,
    is_translation: bool = False,
) -> Outcome:
    """Return what an engine made, and write it to `file`, if one is given. `text`: what is compared with the truth."""
    counted, seconds = word_errors(truth.text, text) if truth else None, made.done.seconds
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, made.sound.read_bytes() if made.sound else f"{text}\n".encode())
    return Outcome(
        engine=contender.name,
        model=contender.used_model,
        licence=contender.licence,
        commercial=contender.commercial,
        load_s=round(made.done.load_s, 2),
        seconds=round(seconds, 2),
        ratio=round(seconds / length_s, 4) if length_s else None,
        peak_memory=made.done.peak,
        text=text,
        sound_s=round(made.sound_s, 2) if made.sound_s is not None else None,
        words=counted.words if counted else None,
        errors=counted.errors if counted else None,
        chrf=round(chrf([text], [truth.text]), 1) if truth and is_translation else None,
        warnings=list(made.done.result.get("warnings", ())),
        file=str(file) if file else None,
    )


def _out_files(wish: Wish, both: Both, suffix: str) -> list[Path | None]:
    """Return the files to keep what the engines make in. Raises UsageError if one exists: nothing is overwritten."""
    if wish.out is None:
        return [None, None]
    if wish.out.exists() and not wish.out.is_dir():
        raise UsageError(f"{wish.out} is not a folder.", remedy="Choose another folder with --out.")
    files = [wish.out / f"{wish.file.stem}.{one.file_name}.{suffix}" for one in both]
    taken = next((file for file in files if file.exists()), None)
    if taken is not None:
        raise UsageError(f"{taken} exists already.", remedy="Choose another folder with --out.")
    return list(files)


def _comparison(
    wish: Wish,
    role: Role,
    language: str,
    outcomes: Sequence[Outcome],
    rows: list[Row],
    *,
    truth: Truth | None = None,
    length_s: float | None = None,
) -> Comparison:
    one, other = outcomes
    differing = word_errors(one.text, other.text).rate
    return Comparison(
        file=str(wish.file),
        role=role,
        language=language,
        target=None,
        length_s=length_s,
        truth=truth.name if truth else None,
        listener=None,
        differing=round(differing, 3) if differing is not None else None,
        engines=[one, other],
        rows=rows,
    )
