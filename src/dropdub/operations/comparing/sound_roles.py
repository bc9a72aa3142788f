"""Compare what does not depend on a language: who speaks when, and what is left without the voices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dropdub.errors import UsageError
from dropdub.languages import UNDETERMINED
from dropdub.media.sound.spans import Span
from dropdub.operations.comparing.contenders import Need, best, contenders
from dropdub.operations.comparing.material import RECORDING, Speakers, kind_of_file, speakers_beside, speakers_in
from dropdub.operations.comparing.outcomes import comparison, out_files, outcome
from dropdub.operations.comparing.rows import Row
from dropdub.operations.comparing.running import Made, Running
from dropdub.operations.comparing.sounds import distortion_db
from dropdub.operations.comparing.speakers import Said, agreement
from dropdub.operations.comparing.values import Comparison, Wish
from dropdub.pipeline.artifacts import Segment
from dropdub.pipeline.facts import VoicesLeft

_LIST = "See what they lack: `dropdub engines list`"


def diarizers(wish: Wish, running: Running) -> Comparison:
    """Compare who speaks when. What is said is transcribed first, once for both: turns are made of its words."""
    language = running.config.job.known_language
    both = contenders(running.models, Need("diarizer", language), wish.engines)
    files = out_files(wish, both, "txt")
    truth = _speakers_of(wish)
    listener = best(running.models, Need("transcriber", language))
    if listener is None:
        raise UsageError("No transcriber can be used here, and who speaks is found by what is said.", remedy=_LIST)
    subject = running.prepared(wish.file)
    heard = running.transcribed(listener, subject, language)
    made = [running.diarized(one, subject) for one in both]
    length_s = float(subject.results["extract"]["duration_s"])
    one, other = (_said(its, length_s) for its in made)
    between = agreement(one, other)
    rows = [
        Row(line.start, line.text, [_speaker_of(line, one), _speaker_of(line, other, between.names)])
        for line in heard.lines
    ]
    outcomes = []
    for its, said, contender, file in zip(made, (one, other), both, files, strict=True):
        wrong = agreement(truth.said, said).share if truth else None
        listed = "\n".join(f"{turn.span.start:.2f}\t{turn.span.end:.2f}\t{turn.speaker}" for turn in said)
        speakers = len({turn.speaker for turn in said})
        cost = outcome(contender, its, listed, length_s, None, file)
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


def _said(made: Made, length_s: float) -> list[Said]:
    """Return the turns of a diarizer; without any, it has heard one speaker all the time."""
    turns = [Said(Span(turn.start, turn.end), turn.text) for turn in made.lines]
    return turns or [Said(Span(0.0, length_s), "S1")]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _speaker_of(line: Segment, said: Sequence[Said], names: Mapping[str, str] | None = None) -> str:
    """Return who speaks for most of a line; empty if nobody does."""
    spoken_s: dict[str, float] = {}
    for turn in said:
        seconds = min(turn.span.end, line.end) - max(turn.span.start, line.start)
        if seconds > 0:
            spoken_s[turn.speaker] = spoken_s.get(turn.speaker, 0.0) + seconds
    who = max(spoken_s, key=lambda speaker: spoken_s[speaker], default="")
    return (names or {}).get(who, who)


def _speakers_of(wish: Wish) -> Speakers | None:
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
