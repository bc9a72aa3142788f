"""Compare what does not depend on a language: who speaks when, and what is left without the voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dropdub.errors import UsageError
from dropdub.languages import UNDETERMINED
from dropdub.operations.comparing.contenders import Need, best, contenders
from dropdub.operations.comparing.material import RECORDING, Speakers, kind_of_file, speakers_beside, speakers_in
from dropdub.operations.comparing.outcomes import comparison, out_files, outcome
from dropdub.operations.comparing.rows import Row
from dropdub.operations.comparing.running import Made, Running
from dropdub.operations.comparing.sounds import distortion_db
from dropdub.operations.comparing.speakers import agreement
from dropdub.operations.comparing.values import Comparison, Wish
from dropdub.pipeline.artifacts import Segment, Turn
from dropdub.pipeline.facts import VoicesLeft
from dropdub.speech.turns import Turns

_LIST = "See what they lack: `dropdub engines list`"


def diarizers(wish: Wish, running: Running) -> Comparison:
    """Compare who speaks when. What is said is transcribed first, once for both: turns are made of its words."""
    language = running.config.job.known_language
    both = contenders(running.models, Need("diarizer", language), wish.engines)
    files = out_files(wish, both, "txt")
    truth = _truth(wish)
    listener = best(running.models, Need("transcriber", language))
    if listener is None:
        raise UsageError("No transcriber can be used here, and who speaks is found by what is said.", remedy=_LIST)
    subject = running.prepared(wish.file)
    heard = running.transcribed(listener, subject, language)
    length_s = float(subject.results["extract"]["duration_s"])
    made = [running.diarized(one, subject) for one in both]
    one, other = (turns or [Turn(0.0, length_s, 0)] for _, turns in made)
    between = agreement(one, other)
    same = [replace(turn, speaker=between.numbers[turn.speaker]) for turn in other]
    rows = [
        Row(line.start, line.text, [_name(speaker) for speaker in speakers])
        for line, *speakers in zip(heard.lines, _speakers(heard.lines, one), _speakers(heard.lines, same), strict=True)
    ]
    outcomes = []
    for (done, _), turns, contender, file in zip(made, (one, other), both, files, strict=True):
        wrong = agreement(truth.turns, turns).share if truth else None
        listed = "\n".join(f"{turn.start:.2f}\t{turn.end:.2f}\t{_name(turn.speaker)}" for turn in turns)
        cost = outcome(contender, Made(done, (), heard.language), listed, length_s, None, file)
        speakers = len({turn.speaker for turn in turns})
        outcomes.append(replace(cost, speakers=speakers, wrong_speaker=_rounded(wrong)))
    found = comparison(wish, "diarizer", heard.language, outcomes, rows, length_s=length_s)
    name = truth.name if truth else None
    return replace(found, truth=name, listener=listener.with_model, differing=_rounded(between.share))


def separators(wish: Wish, running: Running) -> Comparison:
    """Compare what is left without the voices. The truth is the sound that should be left, if it is named."""
    both = contenders(running.models, Need("separator", None), wish.engines)
    files = out_files(wish, both, "flac")
    if wish.truth is not None and kind_of_file(wish.truth) != RECORDING:
        raise UsageError(f"The truth of separators is a recording without the voices: {wish.truth.name} is none.")
    subject = running.prepared(wish.file)
    length_s = float(subject.results["extract"]["duration_s"])
    made = [running.separated(one, subject) for one in both]
    truths = [] if wish.truth is None else running.as_audio([wish.truth, *(one.sound for one in made if one.sound)])
    outcomes = []
    for number, (contender, its, file) in enumerate(zip(both, made, files, strict=True), start=1):
        left = its.done.result.get("voices_left")
        sdr_db = distortion_db(truths[0], truths[number]) if truths else None
        share = VoicesLeft(**left).share if left else None
        cost = outcome(contender, its, "", length_s, None, file)
        outcomes.append(replace(cost, voices_left=_rounded(share), sdr_db=_rounded(sdr_db)))
    found = comparison(wish, "separator", UNDETERMINED, outcomes, [], length_s=length_s)
    return replace(found, truth=wish.truth.name if wish.truth else None, differing=None)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _speakers(lines: Sequence[Segment], turns: Sequence[Turn]) -> list[int | None]:
    """Return who speaks for most of each line."""
    known = Turns(turns)
    return [known.speaker(line.start, line.end) for line in lines]


def _name(speaker: int | None) -> str:
    return "" if speaker is None else f"S{speaker + 1}"


def _truth(wish: Wish) -> Speakers | None:
    """Return who really speaks when: as the subtitle that is given, or lies beside the recording, says it.

    Raises UsageError if one is given whose lines do not begin with names.
    """
    found = speakers_beside(wish.file) if wish.truth is None else speakers_in(wish.truth)
    if wish.truth is not None and found is None:
        raise UsageError(
            f"{wish.truth.name} does not say who speaks when.",
            remedy="Name a subtitle whose lines begin with names, such as: Ana: Good morning.",
        )
    return found
