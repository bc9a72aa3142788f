"""Documents read aloud, and audio books with chapters, by the real espeak-ng and ffmpeg."""

from __future__ import annotations

import json
import struct
import subprocess
import zlib
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from dropdub.dubbing.cached_speech import CachedSpeech, Piece
from dropdub.dubbing.voices import Casting
from dropdub.engines.base import Voice
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import EmptyFile, TooLarge, VoiceMissing
from dropdub.media.ffmpeg import find_ffmpeg
from dropdub.media.sound import wav
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.spoken_lines import load_spoken, spoken_name
from dropdub.text.documents import read_document
from tests.documents import PACKAGE, a_docx, an_epub, paragraph
from tests.drive import LIGHT, Drive

AS_BOOK = LIGHT.overridden({"language": "en", "text": {"m4b": True}})
NO_COVER = "The cover of book.epub could not be embedded, so its audiobook has none."


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("cover") / "cover.png"
    source = ("-f", "lavfi", "-i", "testsrc=size=64x96:rate=1:duration=1", "-frames:v", "1")
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, str(path)], check=True, timeout=60)
    return path.read_bytes()


def described(path: Path) -> str:
    """Return what ffmpeg says about a file."""
    command = [str(find_ffmpeg()), "-hide_banner", "-i", str(path)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=60).stderr


def test_a_book_becomes_an_audio_book_with_its_chapters_and_cover(tmp_path: Path, picture: bytes) -> None:
    source = an_epub(tmp_path / "My book.epub", **{"OEBPS/cover.png": picture})
    drive = Drive(source, tmp_path / "out", AS_BOOK).run()
    made = drive.published
    assert made.keys() == {*("My book.en.txt", "My book.en.md", "My book.en.m4a", "My book.en.m4b", "manifest.json")}
    assert drive.facts["book/en"] | {"seconds": 0} == {"chapters": 2, "warnings": [], "seconds": 0}
    said = described(made["My book.en.m4b"])
    assert "The first chapter" in said and "The second chapter" in said and "attached pic" in said
    assert "(eng)" in said and "title           : My book (English)" in said
    plain = described(made["My book.en.m4a"])
    assert "The second chapter" in plain and "attached pic" in plain and "title           : My book (English)" in plain
    assert made["My book.en.md"].read_text(encoding="utf-8").startswith("# The first chapter\n\nIt was a dark")
    assert made["My book.en.txt"].read_text(encoding="utf-8").startswith("The first chapter\n\nIt was a dark")


def test_the_second_chapter_begins_where_its_heading_is_spoken(tmp_path: Path) -> None:
    drive = Drive(an_epub(tmp_path / "book.epub"), tmp_path / "out", AS_BOOK).run()
    said = described(drive.published["book.en.m4b"])
    [first, second] = [line.split("start ")[1].split(",") for line in said.splitlines() if "Chapter #" in line]
    assert float(first[0]) == 0.0
    assert 0 < float(second[0]) < float(drive.facts["mix/en"]["duration_s"]) - 1.0
    assert float(first[1].split()[1]) == float(second[0])


def test_cover_that_is_not_an_image_is_left_out_and_reported(tmp_path: Path) -> None:
    source = an_epub(tmp_path / "book.epub", **{"OEBPS/cover.png": b"no picture"})
    drive = Drive(source, tmp_path / "out", AS_BOOK).run()
    assert drive.facts["book/en"]["warnings"] == [NO_COVER]
    assert "The second chapter" in described(drive.published["book.en.m4b"])


def test_a_cover_larger_than_any_picture_of_a_film_is_not_decoded(tmp_path: Path) -> None:
    line = b"\0" * (12_000 // 8 + 1)
    head, picture = struct.pack(">2L5B", 12_000, 12_000, 1, 0, 0, 0, 0), zlib.compress(line * 12_000)
    chunks = [
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", picture), (b"IEND", b""))
    ]
    source = an_epub(tmp_path / "book.epub", **{"OEBPS/cover.png": b"\x89PNG\r\n\x1a\n" + b"".join(chunks)})
    drive = Drive(source, tmp_path / "out", AS_BOOK).run()
    assert drive.facts["book/en"]["warnings"] == [NO_COVER]


def test_word_document_is_read_aloud_and_no_audio_book_is_made_unless_requested(tmp_path: Path) -> None:
    source = a_docx(tmp_path / "letter.docx", paragraph("Dear friend, it is warm here.") + paragraph("Yours, Ana."))
    drive = Drive(source, tmp_path / "out").run()
    assert drive.published.keys() == {"letter.en.txt", "letter.en.m4a", "manifest.json"}
    assert (
        drive.published["letter.en.txt"].read_text(encoding="utf-8") == "Dear friend, it is warm here.\n\nYours, Ana.\n"
    )
    made = json.loads(drive.published["manifest.json"].read_text(encoding="utf-8"))
    assert made["job"]["kind"] == "text"


def test_document_is_measured_by_its_text_and_refused_if_it_has_none(tmp_path: Path) -> None:
    limits = Drive(tmp_path, tmp_path / "x").limits
    small = limits.model_copy(update={"max_text": 1_000})
    with pytest.raises(TooLarge, match=r"long\.docx"):
        Drive(a_docx(tmp_path / "long.docx", paragraph("word " * 500)), tmp_path / "1", limits=small).run()
    with pytest.raises(EmptyFile, match=r"empty\.docx"):
        Drive(a_docx(tmp_path / "empty.docx", paragraph(" ")), tmp_path / "2").run()


def test_a_document_in_another_language_comes_back_in_its_own_format(tmp_path: Path) -> None:
    to_spanish = LIGHT.overridden({"language": "en", "targets": ["es"]})
    letter = a_docx(tmp_path / "letter.docx", paragraph("My house", style="Ttulo1") + paragraph("The house is big."))
    text = tmp_path / "trip.md"
    text.write_text("# My house\n\nThe **house** is big: `x = 1`.\n", encoding="utf-8")
    for source, suffixes in (
        (letter, {"txt", "md", "docx"}),
        (an_epub(tmp_path / "book.epub"), {"txt", "md", "epub"}),
        (text, {"txt", "md"}),
    ):
        drive = Drive(source, tmp_path / source.stem, to_spanish).run(until="synthesize")
        made = {name for name in drive.published if name.startswith(f"{source.stem}.es.")}
        assert made == {f"{source.stem}.es.{suffix}" for suffix in suffixes}
        assert drive.facts["translate/es"]["document"] == source.suffix[1:]
    trip = (tmp_path / "trip" / "outbox" / "trip.es.md").read_text(encoding="utf-8")
    assert "**casa**" in trip and "`x = 1`" in trip
    again = read_document(tmp_path / "letter" / "outbox" / "letter.es.docx")
    assert again.startswith("# ") and "casa" in again


def test_an_audio_book_names_the_title_and_the_authors_of_its_book(tmp_path: Path) -> None:
    said = "<dc:title>The  old\nhouse</dc:title><dc:creator>Ann Lee</dc:creator><dc:creator>Bo Ek</dc:creator>"
    package = PACKAGE.replace("<metadata>", f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{said}')
    source = an_epub(tmp_path / "b.epub", **{"OEBPS/book.opf": package})
    published = Drive(source, tmp_path / "out", AS_BOOK).run().published
    for made in map(described, (published["b.en.m4b"], published["b.en.m4a"])):
        assert "title           : The old house (English)" in made
        assert "artist          : Ann Lee, Bo Ek" in made and "album           : The old house" in made


def test_a_cover_that_no_sound_file_can_hold_is_left_out_with_a_warning(tmp_path: Path) -> None:
    package = PACKAGE.replace('href="cover.png" media-type="image/png"', 'href="cover.svg" media-type="image/svg+xml"')
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    source = an_epub(tmp_path / "b.epub", **{"OEBPS/book.opf": package, "OEBPS/cover.svg": drawing})
    drive = Drive(source, tmp_path / "out", LIGHT.overridden({"language": "en"})).run()
    [warning] = drive.facts["publish/dub.en"]["warnings"]
    assert warning.startswith("The cover of b.epub is a SVG picture, so its audiobook has none.")


STORY = """João: Bom dia, Maria.

O sol nasceu. — Vamos embora! — disse ela.

— Vamos embora! — disse ela. — Já é tarde.
"""
STORYTELLERS = {"language": "pt", "voice": "pt-br", "voices": {"João": "es", "dialogue": "pt"}}


def test_a_story_is_read_in_the_voices_of_those_who_speak(tmp_path: Path) -> None:
    source = tmp_path / "conto.txt"
    source.write_text(STORY, encoding="utf-8")
    cache = Cache(tmp_path / "cache", max_bytes=100_000_000)
    drive = Drive(source, tmp_path / "out", LIGHT.overridden(STORYTELLERS), cache=cache).run()
    assert drive.facts["synthesize/pt"]["cast"] == [
        {"speaker": None, "name": "pt-br", "reference": None},
        {"speaker": "João", "name": "es", "reference": None},
        {"speaker": "dialogue", "name": "pt", "reference": None},
    ]
    assert drive.facts["synthesize/pt"]["warnings"] == []
    said = load_spoken(drive.job_dir / spoken_name("pt"))
    assert [line.text for line in said] == [
        "Bom dia, Maria.",
        "O sol nasceu. — Vamos embora! — disse ela.",
        "Vamos embora! disse ela. Já é tarde.",
    ]
    assert "João: Bom dia, Maria." in drive.published["conto.pt.txt"].read_text(encoding="utf-8")
    speech = CachedSpeech(EngineRegistry().synthesizer("espeak-ng", language="pt"), "pt", cache)
    shared = wav.read_range(drive.job_dir / "speech.pt" / said[2].file())
    each = [("Vamos embora!", "pt", 0.25), ("disse ela.", "pt-br", 0.25), ("Já é tarde.", "pt", 0.0)]
    for words, voice, pause_s in each:
        own = speech.sound(Piece(words, 1.0, Casting(Voice(voice), f"engine:{voice}")))
        assert np.abs(shared[: len(own)] - own).max() < 1e-3, (words, voice)
        shared = shared[len(own) + round(pause_s * speech.engine.sample_rate) :]
    assert len(shared) == 0
    assert speech.counts == {"spoken": 0, "cached": 3}, "what was read is what these voices read"


def test_names_that_nobody_has_are_reported_and_a_voice_that_nobody_has_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "conto.txt"
    source.write_text("O sol nasceu.\n", encoding="utf-8")
    drive = Drive(source, tmp_path / "out", LIGHT.overridden({**STORYTELLERS, "voice": None})).run()
    assert drive.facts["synthesize/pt"]["warnings"] == [
        "No speaker in conto.txt has a name of the setting `voices`, so it had no effect."
    ]
    with pytest.raises(VoiceMissing, match="There is no voice 'nobody'"):
        Drive(source, tmp_path / "2", LIGHT.overridden({"language": "pt", "voices": {"Ana": "nobody"}})).run()


def test_the_names_in_a_subtitle_choose_the_voices_of_its_lines(tmp_path: Path) -> None:
    source = tmp_path / "cena.srt"
    cues = ("JOÃO: Bom dia, Maria.", "MARIA: Bom dia, João.", "O sol nasceu.", "Rui: Vamos.")
    blocks = (
        f"{n}\n00:00:{5 * n:02d},000 --> 00:00:{5 * n + 4:02d},000\n{cue}\n" for n, cue in enumerate(cues, start=1)
    )
    source.write_text("\n".join(blocks), encoding="utf-8")
    voices = {"João": "es", "maria": "pt", "rui": "es"}
    options = LIGHT.overridden({"language": "pt", "targets": ["pt"], "voices": voices})
    drive = Drive(source, tmp_path / "out", options).run()
    found = {one["speaker"]: one["name"] for one in drive.facts["synthesize/pt"]["cast"]}
    assert found == {"João": "es", "maria": "pt", None: None, "rui": "es"}
    said = load_spoken(drive.job_dir / spoken_name("pt"))
    assert [line.text for line in said] == ["Bom dia, Maria.", "Bom dia, João.", "O sol nasceu.", "Vamos."]
    shown = drive.published["cena.pt.srt"].read_text(encoding="utf-8")
    assert all(cue in shown for cue in cues), "the subtitle keeps the names"
