"""Subtitles that are named as texts."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest

from dropdub.inbox.file_identity import identity
from dropdub.inbox.scan import Scan, scan
from dropdub.subtitles.timed_texts import TimedTexts, holds_cues

SUBRIP = "1\n00:00:01,000 --> 00:00:02,000\nThe house is white.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_subtitles_are_recognised_in_any_encoding_and_with_any_line_end(encoding: str) -> None:
    text = SUBRIP.replace("white", "là")
    assert holds_cues(text.encode(encoding)) and holds_cues(text.replace("\n", "\r\n").encode(encoding))
    assert holds_cues(f"WEBVTT\n\n{SUBRIP}".encode(encoding))


def test_the_formats_that_are_usually_named_so_are_recognised() -> None:
    assert holds_cues("00:01:54:Pomóż mi!\n00:01:57:Akcja rozgrywa się|wieczorem\n".encode("cp1250"))
    assert holds_cues("[2453][2482]Poprosiłem fotografa.\n[2484][2526]Najstarsze zdjęcia.\n".encode("cp1250"))
    assert holds_cues("{5390}{5414}Czas na nas.\n{5414}{5486}- Co z nim?|- Nie idzie.\n".encode("cp1250"))


@pytest.mark.parametrize("text", ["", "Chapter 1\n\nAt 00:00:01,000 --> he left.\n", "1. One\n2. Two\n", "\0\0\1\2"])
def test_other_texts_are_none(text: str) -> None:
    assert not holds_cues(text.encode())


def scanned(inbox: Path) -> Scan:
    return scan(inbox, holds_subtitles=TimedTexts())


@pytest.mark.parametrize("name", ["clip.txt", "clip.en.txt", "CLIP.EN.TXT", "clip.srt.txt", "clip_pt-BR.txt"])
def test_a_text_that_holds_subtitles_goes_with_the_recording_of_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")
    (tmp_path / name).write_text(SUBRIP, encoding="utf-8")
    [film] = scanned(tmp_path).drops
    assert film.companion == tmp_path / name


def test_a_text_that_is_read_aloud_and_one_of_another_name_do_not(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")
    (tmp_path / "clip.txt").write_text("The house is white.\n", encoding="utf-8")
    (tmp_path / "other.txt").write_text(SUBRIP, encoding="utf-8")
    found = {drop.path.name: (drop.companion, drop.is_subtitle) for drop in scanned(tmp_path).drops}
    assert found == {"clip.mp4": (None, False), "clip.txt": (None, False), "other.txt": (None, True)}


def test_a_text_with_subtitles_waits_for_the_download_of_its_recording(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4.part").write_bytes(b"x")
    (tmp_path / "clip.en.txt").write_text(SUBRIP, encoding="utf-8")
    found = scanned(tmp_path)
    assert found.drops == [] and tmp_path / "clip.en.txt" in found.unfinished


def test_each_text_is_opened_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    text, rule, opened = tmp_path / "a.txt", TimedTexts(), list[Path]()

    def read() -> BinaryIO:
        opened.append(text)
        return text.open("rb")

    text.write_text(SUBRIP, encoding="utf-8")
    assert rule(identity(text), read) and rule(identity(text), read) and len(opened) == 1
    text.write_text("No subtitles.", encoding="utf-8")
    assert not rule(identity(text), read) and len(opened) == 2


def test_a_text_that_cannot_be_opened_is_looked_at_again(tmp_path: Path) -> None:
    text, rule = tmp_path / "a.txt", TimedTexts()
    text.write_text(SUBRIP, encoding="utf-8")
    assert not rule(identity(text), lambda: (tmp_path / "b.txt").open("rb"))
    assert rule(identity(text), lambda: text.open("rb"))
