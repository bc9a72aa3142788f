"""Subtitles in a folder of their own, beside the recordings they belong to."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropdub.inbox.file_identity import identity
from dropdub.inbox.moves import bring_in
from dropdub.inbox.recorded_files import CHANGED, Taken, Wanted
from dropdub.inbox.scan import scan
from dropdub.inbox.side_files import companion_beside
from dropdub.inbox.subtitle_folders import beside_folder, is_packed


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


def put(inbox: Path, *names: str, size: int = 1000) -> None:
    for name in names:
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_bytes(b"x" * size)


@pytest.mark.parametrize(
    ("files", "used"),
    [
        ("R/F.mkv R/Subs/2_English.srt R/Subs/3_English.srt R/Subs/4_French.srt", {"F.mkv": "Subs/2_English.srt"}),
        ("R/F.mkv R/Subs/Arabic.srt R/Subs/English.srt R/Subs/SDH.eng.HI.srt", {"F.mkv": "Subs/English.srt"}),
        ("R/F.mkv R/Subtitles/F.en.srt", {"F.mkv": "Subtitles/F.en.srt"}),
        ("R/F.mkv R/sample.mkv R/SUBS/EN.VTT", {"F.mkv": "SUBS/EN.VTT"}),
        ("R/F.mkv R/Subs/grp-f.eng.srt", {"F.mkv": "Subs/grp-f.eng.srt"}),
        ("R/F.mkv R/F.srt R/Subs/English.srt", {"F.mkv": "F.srt"}),
        ("R/E1.mkv R/E2.mkv R/Subs/E1/2_English.srt", {"E1.mkv": "Subs/E1/2_English.srt"}),
        ("R/E1.mkv R/E2.mkv R/Subs/en/E1.srt R/Subs/pt/E1.srt", {"E1.mkv": "Subs/en/E1.srt"}),
        ("R/F.mkv R/Subs/F.idx R/Subs/F.sub", {}),
        ("R/F.mkv.part R/Subs/English.srt", {}),
    ],
)
def test_the_best_subtitle_of_a_folder_goes_with_its_recording_and_the_others_stay(
    inbox: Path, files: str, used: dict[str, str]
) -> None:
    put(inbox, *files.split())
    found = scan(inbox)
    beside = {drop.path.name: drop.companion for drop in found.drops if drop.companion}
    assert {film: path.relative_to(inbox / "R").as_posix() for film, path in beside.items()} == used
    assert [drop.path.name for drop in found.drops if drop.path.suffix != ".mkv"] == []


@pytest.mark.parametrize(
    "files", ["R/A.mkv R/B.mkv R/Subs/English.srt", "R/Subs/English.srt", "A.mkv Subs/other.srt", "R/A.mkv R/x/en.srt"]
)
def test_a_subtitle_that_may_be_of_something_else_is_a_file_of_its_own(inbox: Path, files: str) -> None:
    put(inbox, *files.split())
    found = scan(inbox)
    assert len(found.drops) == len(files.split()) and not any(drop.companion for drop in found.drops)


def test_a_far_smaller_subtitle_of_the_same_language_is_taken_for_a_partial_one(inbox: Path) -> None:
    put(inbox, "F.mkv", "Subs/3_English.srt")
    put(inbox, "Subs/2_English.srt", size=100)
    [film] = scan(inbox).drops
    assert film.companion == inbox / "Subs" / "3_English.srt"


def test_the_roots_language_is_preferred(inbox: Path) -> None:
    put(inbox, "F.mkv", "Subs/2_English.srt", "Subs/9_Portuguese (Brazil).srt")
    [film] = scan(inbox, languages=("pt", "en")).drops
    assert film.companion == inbox / "Subs" / "9_Portuguese (Brazil).srt"


def wanted_in(inbox: Path) -> Wanted:
    put(inbox, "R/F.mkv", "R/Subs/2_English.srt")
    film, words = inbox / "R" / "F.mkv", inbox / "R" / "Subs" / "2_English.srt"
    seen = {"expected": identity(film), "companion_seen": identity(words)}
    return Wanted(film, film.name, companion=words, within=inbox, **seen)


def test_it_is_moved_with_its_recording_and_named_after_it(inbox: Path, tmp_path: Path) -> None:
    wanted, place = wanted_in(inbox), tmp_path / "work" / "1" / "source"
    taken = bring_in(wanted, place)
    assert taken == Taken(place / "F.mkv", companion=place / "F.2_English.srt")
    assert companion_beside(tmp_path / "F (2).mkv", place / "F.2_English.srt").name == "F (2).2_English.srt"
    (inbox / "R" / "Subs").rmdir()
    assert bring_in(wanted, place) == taken, "interrupted, and its folder was removed meanwhile"


def test_nothing_is_taken_if_it_changed_or_disappeared(inbox: Path, tmp_path: Path) -> None:
    wanted, place = wanted_in(inbox), tmp_path / "work" / "1" / "source"
    assert wanted.companion is not None
    wanted.companion.write_bytes(b"y" * 1001)
    assert bring_in(wanted, place) == CHANGED
    wanted.companion.unlink()
    wanted.companion.parent.rmdir()
    assert bring_in(wanted, place) == CHANGED and wanted.path.exists()


def test_what_is_left_in_such_a_folder_belongs_to_the_recording_that_was_beside_it() -> None:
    assert beside_folder("S/Subs/E1") == ("S", ("Subs", "E1")) and beside_folder("Subs") == (None, ("Subs",))
    assert beside_folder("S/E1") is None
    assert is_packed(("Subs", "4_French.srt"), "F.mkv") and is_packed(("Subs", "E1", "4_French.srt"), "E1.mkv")
    assert not is_packed(("Subs", "E2", "4_French.srt"), "E1.mkv") and not is_packed(("Subs", "x.srt"), "F.mkv")
