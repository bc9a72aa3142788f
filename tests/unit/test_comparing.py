"""What a comparison of two engines is made of: the truth beside a file, rows of two transcripts, the engines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from dropdub.config import Config
from dropdub.engines.offers import installed_offers
from dropdub.errors import UsageError
from dropdub.operations.comparing.contenders import Contender, Need, best, contenders
from dropdub.operations.comparing.material import RECORDING, SUBTITLE, TEXT, kind_of_file, read_words, truth_of
from dropdub.operations.comparing.rows import rows_of
from dropdub.operations.models import RootModels
from dropdub.pipeline.artifacts import Segment

SRT = "1\n00:00:01,000 --> 00:00:02,500\nGood morning.\n\n2\n00:00:03,000 --> 00:00:04,000\nHow are you?\n"


def segments(*spans: tuple[float, float, str]) -> Sequence[Segment]:
    return [Segment(number, start, end, text) for number, (start, end, text) in enumerate(spans)]


def test_segments_that_overlap_are_in_one_row() -> None:
    one = segments((0.0, 2.0, "a"), (2.5, 4.0, "b"), (9.0, 10.0, "e"))
    other = segments((0.1, 3.0, "a b"), (3.5, 4.2, "c"), (6.0, 7.0, "d"))
    rows = rows_of(one, other)
    assert [(row.at, row.texts) for row in rows] == [(0.0, ["a b", "a b c"]), (6.0, ["", "d"]), (9.0, ["e", ""])]


def test_two_empty_transcripts_have_no_rows() -> None:
    assert rows_of([], []) == []


def test_segments_that_touch_are_in_rows_of_their_own() -> None:
    assert len(rows_of(segments((0.0, 2.0, "a"), (2.0, 3.0, "b")), segments((0.0, 2.0, "a"), (2.0, 3.0, "b")))) == 2


@pytest.mark.parametrize(("name", "kind"), [("a.MP4", RECORDING), ("a.srt", SUBTITLE), ("a.docx", TEXT), ("a", TEXT)])
def test_the_kind_of_a_file_is_that_of_its_name(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert kind_of_file(tmp_path / name) == kind


@pytest.mark.parametrize("name", ["a.exe", "a.py", "a.zip"])
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UsageError, match="neither a recording nor a text"):
        kind_of_file(tmp_path / name)


def test_the_lines_of_a_subtitle_have_times_and_those_of_a_text_have_none(tmp_path: Path) -> None:
    (tmp_path / "talk.srt").write_text(SRT, encoding="utf-8")
    found = read_words(tmp_path / "talk.srt", "en")
    assert (found.kind, found.language, found.length_s) == (SUBTITLE, "en", 4.0)
    assert found.text == "Good morning.\nHow are you?"
    (tmp_path / "talk.md").write_text(
        "# A heading\n\nThis is a text in English, as everybody sees.\n", encoding="utf-8"
    )
    found = read_words(tmp_path / "talk.md", None)
    assert (found.kind, found.language, found.length_s) == (TEXT, "en", 0.0)


@pytest.mark.parametrize(
    ("file", "beside", "translated", "found"),
    [
        ("talk.mp4", ["talk.srt", "talk.txt"], False, "talk.srt"),
        ("talk.mp4", ["talk.txt", "talk.pt.txt"], False, "talk.pt.txt"),
        ("talk.mp4", ["other.srt"], False, None),
        ("talk.txt", ["talk.srt"], True, None),
        ("talk.txt", ["talk.pt.vtt"], True, "talk.pt.vtt"),
        ("talk.en.srt", ["talk.pt.srt"], True, "talk.pt.srt"),
        ("a long title. With a full stop.mp3", ["a long title.pt.srt"], False, None),
    ],
)
def test_the_truth_is_a_file_of_the_same_name_beside_it(
    tmp_path: Path, file: str, beside: list[str], translated: bool, found: str | None
) -> None:
    for name in beside:
        (tmp_path / name).write_text(SRT, encoding="utf-8")
    truth = truth_of(tmp_path / file, None, language="pt", translated=translated)
    assert (truth.name if truth else None) == found


def test_a_truth_that_is_named_is_taken(tmp_path: Path) -> None:
    (tmp_path / "right.txt").write_text("What was said.\n", encoding="utf-8")
    truth = truth_of(tmp_path / "talk.mp4", tmp_path / "right.txt", language=None, translated=False)
    assert truth is not None and (truth.name, truth.text) == ("right.txt", "What was said.")
    with pytest.raises(UsageError, match="does not exist"):
        truth_of(tmp_path / "talk.mp4", tmp_path / "gone.txt", language=None, translated=False)


def test_an_engine_with_a_named_model_has_a_name_that_fits_a_file() -> None:
    plain = Contender("nllb", None, "nllb-200-distilled-600M", "CC-BY-NC", "no", 0)
    assert (plain.name, plain.file_name, plain.use) == ("nllb", "nllb", {})
    own = Contender("nllb", "/srv/models/mine", "/srv/models/mine", "unknown", "ask", 0)
    assert (own.name, own.file_name, own.use) == ("nllb (/srv/models/mine)", "nllb-mine", {"nllb": "/srv/models/mine"})


def test_two_engines_whose_files_would_have_one_name_have_two(tmp_path: Path) -> None:
    for place in ("one", "Two"):
        folder = tmp_path / place / "Whisper"
        folder.mkdir(parents=True)
        for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin"):
            (folder / name).write_text("{}", encoding="utf-8")
    if installed_offers()["faster-whisper"].problem is not None:
        pytest.skip("faster-whisper is not installed")
    named = [f"faster-whisper:{tmp_path / place / 'Whisper'}" for place in ("one", "Two")]
    found = contenders(RootModels(Config(), tmp_path), Need("transcriber", "en"), named)
    assert [one.file_name for one in found] == ["faster-whisper-Whisper", "faster-whisper-Whisper-2"]


def test_without_models_only_engines_that_need_none_are_taken(tmp_path: Path) -> None:
    here = RootModels(Config(), tmp_path)
    found = best(here, Need("synthesizer", "en"))
    has_hibari = installed_offers()["hibari"].problem is None
    assert (found.engine if found else None) == ("hibari" if has_hibari else None)
    assert best(here, Need("synthesizer", "pt")) is None, "a last resort judges nobody"
    with pytest.raises(UsageError, match="Only espeak-ng can be used here") as caught:
        contenders(here, Need("synthesizer", "pt"), ())
    assert "models pull kokoro-82m" in str(caught.value.remedy)
