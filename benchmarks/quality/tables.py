"""The tables: a row for each recording or measure, a column for each way, the program last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quality.material import Recording
from quality.measures import (
    Alignment,
    Edges,
    Errors,
    at_seams,
    errors,
    of_no_length,
    over_silence,
    spread,
    where_nobody_speaks,
)
from quality.program import FAILED
from quality.ways import Outcome, Way

MARKS = ("<!-- quality: the tables of quality.py -->", "<!-- quality: end -->")
SHOWN_WORDS = 12
CODES = {"English": "en", "Portuguese": "pt"}
BATCHED, ONE_THREAD, PROGRAM = "batched", "batched, 1 thread", "Dropdub"
WORKER = "transcribe"


@dataclass(frozen=True)
class Table:
    """A table with a title, and sentences on how to read it."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...] = ()

    def markdown(self) -> str:
        lines = [self.head, ("---",) * len(self.head), *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return "\n\n".join([f"### {self.title}", table, *filter(None, [" ".join(self.remarks)])])


Outcomes = Mapping[str, Mapping[str, Outcome]]
"""By way, then by recording."""


def write_into(page: Path, text: str) -> None:
    """Replace what is between the marks of a page. Raises ValueError if it lacks them."""
    before, opened, rest = page.read_text(encoding="utf-8").partition(MARKS[0])
    _, closed, after = rest.partition(MARKS[1])
    if not (opened and closed):
        raise ValueError(f"{page} lacks the lines {MARKS[0]} and {MARKS[1]}.")
    page.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}", encoding="utf-8", newline="\n")


def hearing(
    title: str,
    recordings: Sequence[Recording],
    ways: Sequence[Way],
    outcomes: Outcomes,
    *,
    each: bool,
    remark: str = "",
) -> Table:
    """Wrong words; with `each`, a row for each recording before the sum and the ratio to batched."""
    counted = {
        way.title: {one.name: errors(one.text, outcomes[way.title][one.name].text(one.name)) for one in recordings}
        for way in ways
    }
    sums = {way: sum(of.values(), Errors()) for way, of in counted.items()}
    rows = [(_about(one), *(str(counted[way.title][one.name]) for way in ways)) for one in recordings if each]
    rows.append((f"all {sums[ways[0].title].words} words", *(f"**{sums[way.title]}**" for way in ways)))
    if each:
        rows.append(("two or more words lost at once", *(_skipped(recordings, outcomes[way.title]) for way in ways)))
    if BATCHED in sums and sums[BATCHED].total:
        rows.append(("errors ÷ batched", *(f"{sums[way.title].total / sums[BATCHED].total:.2f}" for way in ways)))
    return Table(title, ("wrong words (S/D/I)", *(way.title for way in ways)), tuple(rows), (remark,))


def _skipped(recordings: Sequence[Recording], outcomes: Mapping[str, Outcome]) -> str:
    """Return how often several words in a row are missing, and how many words these are."""
    lost = (run for one in recordings for run in Alignment(one, outcomes[one.name].words[one.name]).lost())
    sizes = [len(run.words) for run in lost if len(run.words) > 1]
    return f"{len(sizes)} ×, {sum(sizes)} words" if sizes else "never"


def times(recordings: Sequence[Recording], ways: Sequence[Way], outcomes: Outcomes) -> Table:
    rows: list[tuple[str, ...]] = []
    aligned = {
        (way.title, one.name): Alignment(one, outcomes[way.title][one.name].words[one.name])
        for way in ways
        for one in recordings
    }
    edges = {
        way.title: sum((aligned[way.title, one.name].edges() for one in recordings), Edges((), ())) for way in ways
    }
    rows.append(("start of the first word", *(spread(edges[way.title].starts) for way in ways)))
    rows.append(("end of the last word", *(spread(edges[way.title].ends) for way in ways)))
    rows.append(("starts, ends compared", *(f"{len(edges[w.title].starts)}, {len(edges[w.title].ends)}" for w in ways)))
    for name, found in (
        ("words over a silence", lambda words, one: over_silence(words, one.silences)),
        ("words of no length", lambda words, _one: of_no_length(words)),
    ):
        counts = (_count(recordings, outcomes[way.title], found) for way in ways)
        rows.append((name, *map(str, counts)))
    number = sum(len(one.silences) for one in recordings)
    return Table(
        "A3. Times of words, in seconds",
        ("median / 90th percentile of the sizes / worst", *(way.title for way in ways)),
        tuple(rows),
        (
            "Compared with the edges of the speech in each clip, found by its energy; + is late.",
            f"A word is over a silence if it covers at least .3 s of one of the {number} known silences.",
        ),
    )


def _count(
    recordings: Sequence[Recording], outcomes: Mapping[str, Outcome], found: Callable[..., Sequence[object]]
) -> int:
    return sum(len(found(outcomes[one.name].words[one.name], one)) for one in recordings)


def seams(recordings: Sequence[Recording], outcomes: Mapping[str, Outcome]) -> Table:
    rows = []
    for one in recordings:
        outcome = outcomes[one.name]
        cuts = outcome.seams.get(one.name, ())
        near = at_seams(Alignment(one, outcome.words[one.name]), cuts)
        cells = (f"{len(words)}: {_quoted(words)}" if words else "0" for words in near)
        rows.append((_about(one), str(len(cuts)), *cells, str(errors(one.text, outcome.text(one.name)))))
    head = ("split into chunks of 45 s", "seams", "words added near them", "words lost near them", "all wrong words")
    return Table(f"A2b. Seams between chunks ({PROGRAM})", head, tuple(rows), ("Near: within 2 s.",))


def invented(recordings: Sequence[Recording], ways: Sequence[Way], outcomes: Outcomes) -> Table:
    def cell(way: Way, one: Recording) -> str:
        outcome = outcomes[way.title][one.name]
        added = where_nobody_speaks(outcome.words[one.name], one)
        wrong = f"{errors(one.text, outcome.text(one.name))}, " if one.said else ""
        note = f" ({outcome.notes[one.name]})" if outcome.notes.get(one.name) else ""
        return (
            wrong
            + (_quoted([word.text for word in added]) if added else f"nothing{' more' if one.said else ''}")
            + note
        )

    rows = tuple((_about(one), *(cell(way, one) for way in ways)) for one in recordings)
    return Table("A4. Invented text", ("what is heard", *(way.title for way in ways)), rows)


def language_found(one: Recording, outcome: Outcome, spoken: str) -> tuple[str, str]:
    """Return the language that the program found, and its failure, or the wrong words with its warnings."""
    note = outcome.notes.get(one.name, "")
    found = outcome.languages.get(one.name) or "-"
    if note.startswith(FAILED):
        return found, note
    wrong = errors(one.text, outcome.text(one.name), CODES[spoken])
    return found, f"{wrong} wrong words{f', warning: {note}' if note else ', no warning'}"


def _quoted(words: Sequence[str]) -> str:
    more = f" … ({len(words)} words)" if len(words) > SHOWN_WORDS else ""
    return f"“{' '.join(words[:SHOWN_WORDS]).replace('|', '')}”{more}"


def speed(recordings: Sequence[Recording], ways: Sequence[Way], outcomes: Outcomes) -> Table:
    """CPU seconds for each second of sound, start and loading included, and memory."""
    rows: list[tuple[str, ...]] = []
    totals = {}
    total_s = sum(one.duration_s for one in recordings)
    for one in recordings:
        of_each = [outcomes[way.title][one.name] for way in ways]
        rows.append((f"{_about(one)}: CPU", *(f"{of.cpu_s / one.duration_s:.3f}" for of in of_each)))
    for way in ways:
        totals[way.title] = sum(outcomes[way.title][one.name].cpu_s for one in recordings)
    peaks = {way.title: max(outcomes[way.title][one.name].peak_mb for one in recordings) for way in ways}
    rows.append(("all: CPU", *(f"{totals[way.title] / total_s:.3f}" for way in ways)))
    for base in (BATCHED, ONE_THREAD):
        if base in totals:
            rows.append((f"CPU ÷ {base}", *(f"{totals[way.title] / totals[base]:.2f}" for way in ways)))
    rows.append(("peak memory, MB", *(f"{peaks[way.title]:.0f}" for way in ways)))
    if BATCHED in peaks:
        rows.append((f"memory ÷ {BATCHED}", *(f"{peaks[way.title] / peaks[BATCHED]:.2f}" for way in ways)))
    head = ("CPU seconds a second of sound", *(way.title for way in ways))
    remarks = (
        "Whole processes, with start and loading. Memory: the sum over all processes, shared pages counted once (PSS).",
        *_branches(recordings, outcomes, totals),
    )
    return Table("B. Speed and memory", head, tuple(rows), remarks)


def _branches(recordings: Sequence[Recording], outcomes: Outcomes, totals: Mapping[str, float]) -> list[str]:
    """Say where the program's CPU time goes, and how its transcribing worker alone compares."""
    if PROGRAM not in outcomes:
        return []
    branches: Counter[str] = Counter()
    for one in recordings:
        branches.update(outcomes[PROGRAM][one.name].branches_s)
    seconds = sum(one.duration_s for one in recordings)
    parts = ", ".join(f"{name} {cpu_s / seconds:.3f}" for name, cpu_s in branches.most_common())
    ratios = ", ".join(
        f"{branches[WORKER] / totals[base]:.2f} × {base}" for base in (BATCHED, ONE_THREAD) if base in totals
    )
    return [f"{PROGRAM} by process: {parts}.", f"Its worker `{WORKER}` alone: {ratios}."]


def _about(one: Recording) -> str:
    return f"{one.name} ({one.duration_s:.0f} s)"
