"""What came out of a comparison, put together; and the files in which it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dropdub.dubbing.word_errors import word_errors
from dropdub.errors import UsageError
from dropdub.files.durable import write_whole
from dropdub.operations.comparing.contenders import Contender, Role
from dropdub.operations.comparing.material import Truth
from dropdub.operations.comparing.rows import Row
from dropdub.operations.comparing.running import Made
from dropdub.operations.comparing.values import Comparison, Outcome, Wish
from dropdub.text.translation_scores import chrf

Both = tuple[Contender, Contender]


def outcome(
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


def out_files(wish: Wish, both: Both, suffix: str) -> list[Path | None]:
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


def comparison(
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
