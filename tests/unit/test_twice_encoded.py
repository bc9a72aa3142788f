"""Letters that were read in a wrong encoding and saved so are restored, and nothing else is changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.text.encoding import decoded
from dropdub.text.reading import damage_warnings, written_text
from dropdub.text.twice_encoded import latin1_bytes, restored_utf8

UDHR = Path(__file__).parents[1] / "data" / "udhr"
PORTUGUESE = "“Não há razão”, disse a irmã do João às três. A maçã é sua."
RUSSIAN = "Встреча перенесена, потому что он заболел."


def _misread(text: str, encoding: str) -> str:
    """Return a text as it looks when its UTF-8 is read in another encoding; Windows has no character for some bytes."""
    return "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize("text", [PORTUGUESE, RUSSIAN, "Où est l’été ? 😀", "Η ώρα είναι τρεις.", "Zażółć gęślą jaźń."])
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp1251", "mac-roman", "cp1250", "cp850"])
def test_utf8_that_was_read_in_another_encoding_is_restored(text: str, encoding: str) -> None:
    assert decoded(_misread(text, encoding).encode()).text == text


def test_what_happened_twice_is_restored_twice() -> None:
    assert restored_utf8(_misread(_misread("café à Gênes", "cp1252"), "cp1252")) == "café à Gênes"


@pytest.mark.parametrize(
    ("wrong", "right"), [("OlÃ¡!", "Olá!"), ("25Â°C", "25°C"), ("Itâ€™s", "It’s"), ("ðŸ˜€ hi", "😀 hi")]
)
def test_a_single_letter_is_enough_if_it_is_a_usual_one(wrong: str, right: str) -> None:
    assert restored_utf8(wrong) == right


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("Moi, Ã  l'Ã©poque, j'en aurais fait.", "Moi, à l'époque, j'en aurais fait."),
        ("Amanhã.\nItâ€™s cold.\nâ€œYes.â€\nDonâ€™t.", "Amanhã.\nIt’s cold.\n“Yes.”\nDon’t."),
        ("사람\nWell‚Ä¶\nNo‚Ä¶\n사랑\nYes‚Ä¶", "사람\nWell…\nNo…\n사랑\nYes…"),
        ("MANHÃ DE SOL E IRMÃ MAIS VELHA", None),
    ],
)
def test_spaces_that_became_plain_and_single_lines_are_restored(wrong: str, right: str | None) -> None:
    assert restored_utf8(wrong) == right


@pytest.mark.parametrize(
    "text",
    [
        "Write é, not Ã©: that is the wrong encoding.",
        "“AMANHÔ",
        "AMANHÃ»",
        "l’éducation,",
        "Å·",
        "plain",
        "",
        "ÉÀÊ",
    ],
)
def test_a_text_that_only_looks_like_it_stays(text: str) -> None:
    assert restored_utf8(text) is None and latin1_bytes(text) is None


def test_no_text_in_any_language_is_taken_for_one() -> None:
    texts = [path.read_text("utf-8") for path in UDHR.glob("*.txt")]
    parts = [part for text in texts for part in (text, *text.split("\n"), *text.split()[:300])]
    assert len(texts) > 20 and [part for part in parts if restored_utf8(part) or latin1_bytes(part)] == []


def test_cyrillic_that_was_read_as_western_european_is_restored(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text(RUSSIAN.encode("cp1251").decode("cp1252"), "utf-8")
    found = written_text(path)
    assert found.text == RUSSIAN
    assert damage_warnings(found, name="note.txt")[0].startswith("note.txt had been saved after it was read in a wrong")


def test_letters_that_were_lost_earlier_are_reported_with_their_lines() -> None:
    found = decoded("A reunião.\nN\ufffdo h\ufffd.\n".encode())
    assert found.damaged == (2,) and not found.is_restored
