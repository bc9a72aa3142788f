"""The letters of text files: every encoding that people bring, in short texts and long ones."""

from __future__ import annotations

import gzip
import io
import random
import sqlite3
import struct
import sys
import wave
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest

from dropdub.errors import NotText
from dropdub.languages import Hint
from dropdub.text.encoding import decoded
from dropdub.text.reading import HEAD_BYTES, damage_warnings, looks_like_text, read_text, written_text

UDHR = Path(__file__).parents[1] / "data" / "udhr"
WEST = "cp1252 iso8859-1 iso8859-15 cp850 mac-roman"
CENTRAL = "cp1250 iso8859-2 cp852"
ENCODINGS = {
    **dict.fromkeys(("pt", "es", "fr", "de", "it", "sv", "da"), WEST),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "hr", "ro"), CENTRAL),
    "ru": "cp1251 koi8-r iso8859-5 cp866",
    "uk": "cp1251 koi8-u iso8859-5",
    "bg": "cp1251 iso8859-5",
    "el": "cp1253 iso8859-7 cp737",
    "tr": "cp1254 iso8859-9 cp857",
    "he": "cp1255 iso8859-8 cp862",
    "ar": "cp1256 iso8859-6",
    **dict.fromkeys(("lt", "lv"), "cp1257 iso8859-13 cp775"),
    "th": "cp874",
    "ja": "cp932 euc-jp iso2022-jp",
    "zh-Hans": "gbk gb18030",
    "zh-Hant": "big5",
    "ko": "cp949 euc-kr",
}
WIDE = ("utf-16-le", "utf-16-be", "utf-8", "utf-16", "utf-8-sig")
LENGTHS = {40: 8, 300: 3, 3000: 1}
"""Characters, and samples of each length."""


def _samples(language: str, length: int, count: int) -> Iterator[str]:
    """Yield texts that start with a word, each also as subtitles."""
    whole = (UDHR / f"{language}.txt").read_text("utf-8").translate(str.maketrans("șțȘȚ’“”–—", 'şţŞŢ\'""--'))
    for number in range(count):
        at = number * (len(whole) - length) // count
        words = whole[at : at + length].split(" ", 1)[-1].rsplit(" ", 1)[0]
        yield words
        half = words.find(" ", len(words) // 2)
        parts = [words[: half + 1].strip(), words[half + 1 :].strip()]
        yield "\r\n".join(f"{n}\r\n00:00:0{n},000 --> 00:00:0{n + 1},500\r\n{one}\r\n" for n, one in enumerate(parts))


def _table(length: int, names: dict[str, str]) -> Iterator[tuple[str, str, str, bytes]]:
    for language, encodings in names.items():
        for text in _samples(language, length, LENGTHS[length]):
            for encoding in encodings.split():
                data = text.encode(encoding, "ignore")
                if not data.isascii() or encoding == "iso2022-jp":
                    yield language, encoding, data.decode(encoding), data


def _read(data: bytes, language: str | None) -> str:
    try:
        return decoded(data, hint=Hint(stated=language)).text
    except NotText:
        return ""


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("is_known", [False, True])
def test_old_encodings_are_recognized_in_all_languages(length: int, *, is_known: bool) -> None:
    table = list(_table(length, ENCODINGS))
    wrong = [(lang, name) for lang, name, text, data in table if _read(data, lang if is_known else None) != text]
    assert len(wrong) <= 0.02 * len(table), (len(table), wrong)


@pytest.mark.parametrize("length", LENGTHS)
def test_unicode_is_recognized_with_and_without_a_mark(length: int) -> None:
    table = list(_table(length, dict.fromkeys(ENCODINGS, " ".join(WIDE))))
    wrong = [(lang, name) for lang, name, text, data in table if _read(data, None) != text]
    assert len(wrong) <= 0.01 * len(table), (len(table), wrong)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "Îşi câştigă pâinea şi ţine casa întreagă."),
        ("cp1250", "Źle się czuję, muszę odpocząć."),
        ("iso8859-2", "Kam jsi dala klíče od auta, maminko?"),
        ("cp1255", "שלום, מה שלומך היום?"),
        ("cp1256", "أين تذهب هذا المساء يا أخي؟"),
        ("koi8-r", "Он сказал, что придёт завтра утром."),
        ("cp1253", "Πού πας απόψε, αδελφέ μου;"),
        ("cp1254", "Bu akşam nereye gidiyorsun kardeşim?"),
        ("cp437", "Où vas-tu ce soir, mon frère préféré ?"),
        ("cp1252", "Dov'è la stazione?"),
        ("cp932", "1\n00:00:01,000 --> 00:00:03,000\n今晩どこへ行くの？\n"),
        ("mac-roman", "L’été dernier, nous étions à Genève."),
        ("cp1250", "BMW pomaže vozačima da čuvaju prirodu i smanje potrošnju."),
    ],
)
def test_a_sentence_is_enough(encoding: str, text: str) -> None:
    assert decoded(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    ("encoding", "text", "hint"),
    [
        ("cp1251", "Да, это он", Hint(stated="ru")),
        ("cp1257", "Aš čia", Hint(stated="lt")),
        ("cp1250", "Ţin la ea", Hint(likely="ro")),
        ("cp1252", "Não há pão, irmão.", Hint(likely="pl")),
        ("cp1252", "1.234,56 €\n12,50 €\n", Hint()),
        ("cp1252", "£5.00", Hint()),
        ("cp860", "Não há razão para não ir à praia com a irmã.", Hint()),
        ("mac-cyrillic", "Он сказал, что придёт завтра утром.", Hint()),
        ("cp850", "Olá, irmão.\r\n", Hint()),
    ],
)
def test_a_few_letters_are_read_with_what_is_known_of_their_language(encoding: str, text: str, hint: Hint) -> None:
    assert decoded(text.encode(encoding), hint=hint).text == text
    assert decoded(text.encode(encoding) + b"\x1a\0\0", hint=hint).text == text


def test_languages_that_a_person_has_stated_are_nearly_always_enough_for_two_words() -> None:
    table = [row for row in _few_words() if not row[1].isascii()]
    wrong = [row for row in table if _read(row[1], row[0]) != row[2]]
    assert len(table) > 500 and len(wrong) <= 0.03 * len(table), wrong


def _few_words() -> Iterator[tuple[str, bytes, str]]:
    for language, names in ENCODINGS.items():
        for words in list(_samples(language, 15, 14))[::2]:
            for name in names.split():
                data = words.encode(name, "ignore")
                yield language, data, data.decode(name)


def test_a_first_old_letter_far_behind_counts(tmp_path: Path) -> None:
    path = tmp_path / "late.txt"
    path.write_bytes(b"The house is white.\n" * 10_000 + "The café isn’t open.\n".encode("cp1252"))
    assert read_text(path).endswith("The café isn’t open.\n")


def test_a_large_old_text_is_judged_by_all_of_it() -> None:
    text = "This part is in English.\n" * 20_000 + "Příliš mnoho práce nás dnes čeká, řekl starý učitel.\n" * 4_000
    assert decoded(text.encode("cp1250")).text == text


@pytest.mark.parametrize(
    ("data", "text", "lines"),
    [
        ("Ação.\nSeñor.\n".encode() + b"The caf\xe9.\n", "Ação.\nSeñor.\nThe café.\n", (3,)),
        ("é\nПривет, как дела?\n".encode() + b"\xd0\n" + "Всё хорошо, брат.".encode(), "\ufffd", (3,)),
        ("Où ? Là-bas, près du café où naît la forêt. ".encode() + b"\xc3", "forêt. Ã", (1,)),
        ("Um café à mão.\n".encode() * 9 + "Não há ação.\n".encode("cp1252") * 9, "Não há ação.", (*range(10, 19),)),
    ],
)
def test_utf8_with_damaged_bytes_stays_utf8_and_the_lines_are_named(
    data: bytes, text: str, lines: tuple[int, ...]
) -> None:
    found = decoded(data)
    assert found.encoding == "utf-8" and text in found.text and found.damaged == lines


def test_damaged_bytes_read_as_in_the_known_language() -> None:
    data = "Příliš žluťoučký kůň úpěl ďábelské ódy. ".encode() + "Šla".encode("cp1250")
    assert decoded(data, hint=Hint(likely="cs")).text.endswith(" Šla")


def test_a_warning_names_the_lines_that_are_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\n".join(["Ação, coração.".encode(), b"caf\xe9"] * 8))
    assert damage_warnings(written_text(path), name="note.txt") == [
        "note.txt is in UTF-8, but has damaged letters in lines 2, 4, 6, 8, 10 and 3 more. Check the words there."
    ]
    path.write_text("Ação.", "utf-8")
    assert damage_warnings(written_text(path), name="note.txt") == []


def test_emoji_in_two_halves_are_joined() -> None:
    assert decoded("Olá, mãe! ".encode() + b"\xed\xa0\xbd\xed\xb8\x80").text == "Olá, mãe! 😀"


@pytest.mark.parametrize(
    "data",
    [
        b"The house is white.\x0bThe garden is green.\n",
        b"Good evening.\r\n\x1a",
        b"Good evening.\r\n\x1a\0\0\0\0\0\0\0\0",
        b"\x1b[1mWarning:\x1b[0m the bridge is closed.\n",
        b"Page one.\x0cPage two.\n",
        b"A word\x1e or two\x1f, from Word.\n",
        "Olá!\x07".encode(),
    ],
)
def test_a_short_text_may_have_control_characters(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(data)
    assert looks_like_text(data) and read_text(path).strip()


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.txt", "Some words. " * 500)
    return out.getvalue()


def _sqlite(folder: Path) -> bytes:
    with closing(sqlite3.connect(folder / "a.sqlite")) as base:
        base.execute("CREATE TABLE notes (text TEXT)")
        base.execute("INSERT INTO notes VALUES (?)", ("Some words. " * 50,))
        base.commit()
    return (folder / "a.sqlite").read_bytes()


def _sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((1000 * np.sin(np.arange(16_000) / 9)).astype("<i2").tobytes())
    return out.getvalue()


def _encoded(container: str, codec: str) -> bytes:
    """Return a picture or a second of noise, as a program writes it."""
    out, noise = io.BytesIO(), np.random.default_rng(3)
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=24 if codec == "mjpeg" else 44_100)
        if isinstance(stream, av.VideoStream):
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
            frames = [av.VideoFrame.from_ndarray(noise.integers(0, 255, (64, 64, 3)).astype("u1"))]
        else:
            sound = noise.integers(-9000, 9000, (1, 44_100)).astype("i2")
            frames = [av.AudioFrame.from_ndarray(sound, format="s16", layout="mono")]
            frames[0].sample_rate = 44_100
        for frame in [*frames, None]:
            file.mux(stream.encode(frame))
    return out.getvalue()


def test_binaries_are_never_texts(tmp_path: Path) -> None:
    program = Path(sys.executable).read_bytes()[:300_000]
    old_word = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "Dear Sir, ".encode("utf-16-le") * 50 + bytes(range(256)) * 4
    )
    files = {
        "zip": _zip(),
        "gzip": gzip.compress(b"Some words. " * 900 + random.Random(1).randbytes(900)),
        "sqlite": _sqlite(tmp_path),
        "wav": _sound(),
        "jpeg": _encoded("image2pipe", "mjpeg"),
        "mp3": _encoded("mp3", "mp3"),
        "program": program,
        "windows": b"MZ\x90\0\x03\0\0\0\x04" + program[64:],
        "doc": old_word,
        "zeros": bytes(4096),
        "floats": struct.pack("<500f", *np.linspace(-1, 1, 500)),
    }
    heads = {f"{name} {at}": data[at : at + 65_536] for name, data in files.items() for at in (0, len(data) // 3)}
    assert [name for name, head in heads.items() if looks_like_text(head)] == []
    assert [name for name, data in files.items() if looks_like_text(data[:120])] == []


@pytest.mark.parametrize("size", [64, 200, 1000, 10_000])
def test_random_bytes_are_not_texts(size: int) -> None:
    made = random.Random(size)
    assert sum(looks_like_text(made.randbytes(size)) for _ in range(100)) <= 1


@pytest.mark.parametrize(
    ("language", "encoding"),
    [("zh-Hans", "gbk"), ("zh-Hant", "big5"), ("ja", "cp932"), ("ja", "euc-jp"), ("ko", "cp949"), ("ru", "cp1251")],
)
def test_a_text_may_end_with_any_letter_and_its_head_within_one(language: str, encoding: str) -> None:
    text = (UDHR / f"{language}.txt").read_text("utf-8")
    assert [end for end in range(200, 240) if not looks_like_text(text[:end].encode(encoding, "ignore"))] == []
    long = (text * (HEAD_BYTES // len(text) + 1)).encode(encoding, "ignore")
    assert all(looks_like_text((b"-" * before + long)[:HEAD_BYTES]) for before in range(2))
