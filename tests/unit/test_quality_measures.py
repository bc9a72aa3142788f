"""What `benchmarks/quality.py` measures: a benchmark that measures wrongly misleads everybody who reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropdub.text.translation_scores import bleu, chrf


@pytest.fixture
def quality(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The package of the benchmark, which is found only next to the scripts."""
    pytest.importorskip("jiwer", reason="jiwer, of the extra dev, aligns the words")
    pytest.importorskip("transformers", reason="transformers, of the extra quality, has Whisper's normaliser")
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    import quality.measures

    yield quality


def recording(quality: Any) -> Any:
    said = (
        quality.material.Said("the first words, here", 1.0, 3.0),
        quality.material.Said("and the last ones", 5.0, 7.0),
    )
    return quality.material.Recording(Path("talk.wav"), 8.0, said, (quality.material.Span(3.0, 5.0),))


def words(quality: Any, text: str, *, start: float, each_s: float = 0.5) -> list[Any]:
    timed = ((start + n * each_s, word) for n, word in enumerate(text.split()))
    return [quality.ways.Word(at, at + each_s, word) for at, word in timed]


def test_edges_are_measured_where_the_first_and_last_words_were_understood(quality: Any) -> None:
    heard = words(quality, "The first words, there", start=1.1) + words(quality, "and the last ones", start=4.8)
    edges = quality.measures.Alignment(recording(quality), heard).edges()
    assert edges.starts == pytest.approx((0.1, -0.2))
    assert edges.ends == pytest.approx((-0.2,)), "the last word of the first text was misunderstood"


def test_words_that_are_lost_or_added_are_found_with_their_times(quality: Any) -> None:
    heard = words(quality, "the first words here oh and ones", start=1.0)
    alignment = quality.measures.Alignment(recording(quality), heard)
    assert [word.text for word in alignment.inserted()] == ["oh"]
    assert [(run.at, run.words) for run in alignment.lost()] == [(4.0, ("the", "last"))]
    assert quality.measures.at_seams(alignment, [3.0]) == (["oh"], ["the", "last"])
    assert quality.measures.at_seams(alignment, [7.0]) == ([], [])


def test_a_number_in_digits_is_the_number_in_words(quality: Any) -> None:
    said = (quality.material.Said("a Bible of about fourteen fifty-five", 0.0, 2.0),)
    heard = words(quality, "a Bible of about 1455", start=0.0)
    alignment = quality.measures.Alignment(quality.material.Recording(Path("talk.wav"), 3.0, said), heard)
    assert alignment.lost() == []
    assert alignment.edges().ends == (0.5,)


def test_an_empty_transcript_lost_everything(quality: Any) -> None:
    lost = quality.measures.Alignment(recording(quality), []).lost()
    assert [len(run.words) for run in lost] == [8]


def test_words_over_a_silence_and_words_where_nobody_speaks_are_found(quality: Any) -> None:
    word, measures = quality.ways.Word, quality.measures
    stretched, brief, alone = word(4.0, 5.4, "and"), word(2.9, 3.2, "here"), word(3.9, 4.1, "oh")
    assert measures.over_silence([stretched, brief, alone], recording(quality).silences) == [stretched]
    assert measures.where_nobody_speaks([stretched, brief, alone], recording(quality)) == [alone]


def test_wrong_words_are_counted_after_whispers_normaliser(quality: Any) -> None:
    found = quality.measures.errors("In the year fifteen hundred, at Mayence", "in the year 1500 it Mainz was")
    assert (found.substituted, found.deleted, found.inserted, found.words) == (1, 0, 1, 6)


def test_bleu_and_chrf_are_those_of_sacrebleu() -> None:
    outputs, references = ["O banco fecha às 4.500 horas, hoje."], ["O banco fecha às quatro da tarde, hoje."]
    assert bleu(outputs, references) == pytest.approx(38.628, abs=0.001)
    assert chrf(outputs, references) == pytest.approx(49.503, abs=0.001)
    assert bleu(references, references) == pytest.approx(100)
    assert chrf(references, references) == pytest.approx(100)
