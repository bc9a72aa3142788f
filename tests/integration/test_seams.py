"""Cuts anywhere: what split, transcribe and merge make of a recording whose every word is known.

A recogniser never says where the words truly are, so here the engine is one that knows: each span of speech that the
detector finds is filled with numbered words from end to end, and the engine returns those whose middle is in the sound
that it is handed. A sample of speech that no window holds, or that two hold, is a word lost or doubled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle, pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropdub.config import Split
from dropdub.engines.base import EngineInfo, Utterance, Window, Word
from dropdub.engines.registry import Shelf
from dropdub.media import wav
from dropdub.media.speech import Span, longest_pause
from dropdub.pipeline.artefacts import SPEECH, TRANSCRIPT, TimedWord, Transcript, load_spans
from tests.drive import Drive

RATE_HZ = 16_000
PIECES = Path(__file__).parents[1] / "data" / "ljspeech"
PAUSES_S = (0.35, 0.9, 2.5, 7.0, 0.5, 5.2, 1.4, 4.8)
WORD_LENGTHS_S = (0.07, 0.31, 0.16, 0.52, 0.11)
WITHIN_S = 0.002
FEW = settings(max_examples=30, deadline=None)


class Knowing:
    """A transcriber that knows the words, and returns those whose middle is in the window."""

    name: ClassVar[str] = "knowing"
    role: ClassVar[str] = "transcriber"
    rank: ClassVar[int] = 0

    def __init__(self, known: list[TimedWord]) -> None:
        self.known = known

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, "1")

    def detect_language(self, windows: Iterable[Window]) -> str:
        return "en"

    def transcribe(self, windows: Iterable[Window], *, language: str) -> Iterator[tuple[Utterance, ...]]:
        return (self._heard(window) for window in windows)

    def _heard(self, window: Window) -> tuple[Utterance, ...]:
        first = round(window.start * RATE_HZ)
        held = range(first, first + len(window.samples))
        words = [word for word in self.known if round((word.start + word.end) / 2 * RATE_HZ) in held]
        return tuple(
            Utterance(one.start, one.end, one.text, (Word(one.start, one.end, one.text, 1.0),)) for one in words
        )


class KnowingShelf(Shelf):
    def __init__(self, known: list[TimedWord]) -> None:
        super().__init__(())
        self._known = known

    def transcriber(self, name: str, *, language: str | None = None) -> Knowing:
        return Knowing(self._known)


@dataclass(frozen=True)
class Spoken:
    """A recording that is ready to be cut: its job, where somebody speaks, and the words."""

    job: Drive
    spans: list[Span]
    words: list[TimedWord]

    @property
    def duration_s(self) -> float:
        return float(self.job.facts["extract"]["duration_s"])

    def cut_by(self, split: Split) -> list[list[float]]:
        """Return the chunks that the split stage makes under these settings."""
        self._forget("probe", "extract")
        self.job.split = split
        chunks: list[list[float]] = self.job.run_step(self.job.step("split"))["chunks"]
        return chunks

    def merged(self, chunks: list[list[float]]) -> list[TimedWord]:
        """Return the words of the transcript of these chunks."""
        self._forget("probe", "extract")
        self.job.facts["split"] = {"chunks": chunks}
        self.job.run(until="publish")
        transcript = Transcript.load(self.job.job_dir / TRANSCRIPT)
        return [word for segment in transcript.segments for word in segment.words]

    def _forget(self, *but: str) -> None:
        for key in set(self.job.facts) - {*but}:
            del self.job.facts[key]


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory, speech: Path) -> Spoken:
    """Real speech of a minute and a half, with pauses on either side of every limit that windows and spans know."""
    folder = tmp_path_factory.mktemp("seams")
    source = folder / "talk.wav"
    pieces = (*sorted(PIECES.glob("*.flac")), speech)
    with wav.WavWriter(source, RATE_HZ) as writer:
        for piece, pause_s in zip((*pieces, *pieces), cycle(PAUSES_S), strict=False):
            writer.write(wav.resample(wav.read_range(piece), wav.sample_rate(piece), RATE_HZ))
            writer.write(np.zeros(round(pause_s * RATE_HZ), np.float32))
    known: list[TimedWord] = []
    job = Drive(source, folder, engines=KnowingShelf(known)).run(until="transcribe")
    spans = load_spans(job.job_dir / SPEECH)
    known += numbered_words(spans)
    return Spoken(job, spans, known)


def numbered_words(spans: list[Span]) -> list[TimedWord]:
    """Fill every span with words from end to end."""
    lengths, words = cycle(WORD_LENGTHS_S), []
    for span in spans:
        start = span.start
        while start < span.end:
            end = min(start + next(lengths), span.end)
            words.append(TimedWord(start, end, f"w{len(words)}", 1.0))
            start = end
    return words


def assert_each_word_once_and_in_its_place(merged: list[TimedWord], spoken: Spoken, cuts: list[float]) -> None:
    """A word that a cut goes through may end or begin there; all others keep their times."""
    assert [word.text for word in merged] == [word.text for word in spoken.words]
    for found, true in zip(merged, spoken.words, strict=True):
        if not any(true.start < cut < true.end for cut in cuts):
            assert (found.start, found.end) == pytest.approx((true.start, true.end), abs=WITHIN_S), true
    assert all(before.end <= after.start + WITHIN_S for before, after in pairwise(merged))


def test_the_recording_holds_what_the_seams_are_tried_on(spoken: Spoken) -> None:
    gaps_s = [after.start - before.end for before, after in pairwise(spoken.spans)]
    assert len(spoken.words) > 150
    assert min(gaps_s) < 0.3 and max(gaps_s) > 5.0
    assert spoken.merged([[0.0, spoken.duration_s]]) == spoken.merged([[0.0, spoken.duration_s]])


@FEW
@given(data=st.data())
def test_cuts_at_any_moment_lose_and_double_no_word(spoken: Spoken, data: st.DataObject) -> None:
    last_ms = int(spoken.duration_s * 1000) - 1
    moments = data.draw(st.lists(st.integers(1, last_ms), max_size=8, unique=True), label="cuts in ms")
    cuts = [moment / 1000 for moment in sorted(moments)]
    chunks = [list(pair) for pair in pairwise([0.0, *cuts, spoken.duration_s])]
    assert_each_word_once_and_in_its_place(spoken.merged(chunks), spoken, cuts)


@FEW
@given(target=st.floats(4, 60), share=st.floats(0.02, 0.5))
def test_split_cuts_where_the_pause_is_longest_and_no_word_is_lost_or_doubled(
    spoken: Spoken, target: float, share: float
) -> None:
    window = share * target
    chunks = spoken.cut_by(Split(above_duration=1, target=target, window=window))
    assert chunks[0][0] == 0 and chunks[-1][1] == spoken.duration_s
    assert all(before[1] == after[0] and before[0] < before[1] for before, after in pairwise(chunks))
    cuts = [end for _, end in chunks[:-1]]
    for cut in cuts:
        mark = round(cut / target) * target
        longest = longest_pause(spoken.spans, max(mark - window, 0), min(mark + window, spoken.duration_s))
        assert longest is None or longest.start <= cut <= longest.end or at_a_mark_between(cut, target)
    assert_each_word_once_and_in_its_place(spoken.merged(chunks), spoken, cuts)


def at_a_mark_between(cut: float, target: float) -> bool:
    """With the widest window, a cut half way between two marks belongs to either."""
    return abs(cut / target % 1 - 0.5) < 0.01
