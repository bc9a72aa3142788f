"""Which files belong to a download that is still under way."""

from __future__ import annotations

import pytest

from dropdub.inbox.downloads import Downloads, base_of, is_part
from dropdub.inbox.ignore import ignore_pattern, is_unfinished


@pytest.mark.parametrize(
    "name",
    [
        *("clip.mp4.part", "clip.mp4.ytdl", "clip.mp4.part-Frag3", "clip.f137.mp4.part-Frag12.part", "clip.mp4.aria2"),
        *("Unconfirmed 12345.crdownload", "clip.mp4.opdownload", "clip.mp4.download", "clip.mp4.dtapart"),
        *("clip.mp4.!qB", "clip.mp4.!ut", "clip.mp4.bc!", "clip.mp4.!sync", "clip.mp4.bts", "clip.mp4.mega"),
        *(
            "clip.mp4.fdmdownload",
            "clip.jc!",
            "clip.mp4.xltd",
            "clip.mp4.td",
            "clip.mp4.downloading",
            "clip.mp4.icloud",
        ),
        *("clip.mp4.unfinished", "clip.mp4.filepart", "clip.mp4.partial", "~syncthing~clip.mp4.tmp", "clip.mp4~"),
        *("clip.mp4.sb-1a2b3c4d-AbCdEf", "notes.txt.sb-1a2b3c4d-AbCdEf", "4913", "#notes.txt#", "~WRL0001.tmp"),
        *("clip.mp4.ocTransferId9.part", "notes.txt___jb_tmp___", "clip.mp4.INCOMPLETE"),
        *(
            "clip.mp4.aria2__temp",
            "clip.mp4.st",
            "clip.mp4.lftp-pget-status",
            "clip.mp4.5f1d.ffs_tmp",
            "clip.mp4.~1a2b",
        ),
        *("notes.txt.swp", "notes.txt.kate-swp", "clip.mp4.dashVideo"),
    ],
)
def test_names_of_files_that_other_programs_write_are_never_taken(name: str) -> None:
    assert is_unfinished(name)
    assert ignore_pattern(()).match(name.casefold())


@pytest.mark.parametrize("name", ["a.part.mp4", "part", "download.mp4", "clip.mp4", "tmp.mov", "clip~1.mp4", "49134"])
def test_names_that_only_resemble_those_are_taken(name: str) -> None:
    assert not is_unfinished(name)
    assert not ignore_pattern(()).match(name.casefold())


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("talk.f137.mp4", "talk"),
        ("talk.f140.m4a", "talk"),
        ("talk.f251-1.webm", "talk"),
        ("talk.f140-drc.m4a", "talk"),
        ("talk.fhls-720.mp4", "talk"),
        ("talk.fhls-audio-128000-Audio.mp4", "talk"),
        ("talk.fdash-video=123.mp4", "talk"),
        ("talk.fhttp-1080p.mp4", "talk"),
        ("talk.temp.mp4", "talk"),
        ("talk.uncut.mkv", "talk"),
        ("2024.05.01 talk [a1B2].f137.mp4", "2024.05.01 talk [a1B2]"),
        ("talk.info.json", "talk"),
        ("talk.description", "talk"),
        ("talk.live_chat.json", "talk"),
    ],
)
def test_parts_of_a_download_are_recognised_by_their_names(name: str, base: str) -> None:
    assert is_part(name) and base_of(name) == base


@pytest.mark.parametrize(
    "name",
    [
        *("talk.mp4", "talk.final.mp4", "talk.fr.mp4", "talk.full.mp4", "Monaco.F1.mp4", "race.F137.mp4", "temp.mp4"),
        *("talk.f137.txt", "talk.first.m4a", "description", "notes.json", "talk.en.vtt", "talk.webp", "f137.mp4"),
    ],
)
def test_other_names_are_no_parts(name: str) -> None:
    assert not is_part(name)


@pytest.mark.parametrize(
    ("unfinished", "name", "waits"),
    [
        ("talk.f140.m4a.part", "talk.f137.mp4", True),
        ("talk.f140.m4a.part", "talk.en.vtt", True),
        ("talk.f140.m4a.part", "talk.webp", True),
        ("talk.f140.m4a.part", "talk.info.json", True),
        ("talk.f140.m4a.part", "talk two.mp4", False),
        ("talk.mp4.part-Frag3", "talk.mp4", True),
        ("talk.mp4.ytdl", "talk.mp4", True),
        ("clip.mp4.aria2", "clip.mp4", True),
        ("clip.mp4.st", "clip.mp4", True),
        ("clip.mp4.aria2__temp", "clip.mp4", True),
        ("clip.mp4.aria2", "other.mp4", False),
        ("clip.mp4.crdownload", "clip.en.hi.srt", True),
        ("clip.Xy12-bCd.mp4.part", "clip.mp4", True),
        (".clip.mp4.icloud", "clip.en.srt", True),
        ("a.txt.part", "b.txt", False),
    ],
)
def test_what_belongs_to_an_unfinished_download_waits_for_it(unfinished: str, name: str, waits: bool) -> None:
    assert Downloads.among([unfinished, name]).awaits(name) is waits


@pytest.mark.parametrize(
    ("names", "together"),
    [
        (["talk.f137.mp4", "talk.f140.m4a", "talk.en.vtt", "talk.webp"], True),
        (["talk.mp4", "talk.temp.mp4"], True),
        (["talk.mp3", "talk.webm"], True),
        (["talk.mp4", "talk.f137.mp4"], False),
        (["talk.f137.mp4", "other.f140.m4a"], False),
    ],
)
def test_the_files_of_one_download_settle_together(names: list[str], together: bool) -> None:
    downloads = Downloads.among(names)
    groups = {downloads.group_of(name) for name in names}
    assert (len(groups) == 1 and None not in groups) is together


@pytest.mark.parametrize(
    "name",
    ["poster.jpg", "Folder.JPG", "talk-fanart.jpg", "other-thumb.png", "movie.nfo", "talk.sfv", "a.torrent", "a.url"],
)
def test_what_belongs_to_a_folder_of_recordings_stays_beside_them(name: str) -> None:
    assert Downloads.among(["talk.mp4", name]).is_beside_whole(name)
    assert not Downloads.among(["talk.txt", name]).is_beside_whole(name)


@pytest.mark.parametrize("name", ["holiday.jpg", "talk.txt", "cover letter.docx", "background.mp3"])
def test_other_files_beside_a_recording_are_taken(name: str) -> None:
    assert not Downloads.among(["talk.mkv", name]).is_beside_whole(name)


def test_subtitles_that_are_pictures_stay_beside_their_recording() -> None:
    names = ["talk.mp4", "talk.idx", "talk.sub", "other.sub"]
    downloads = Downloads.among(names)
    assert [name for name in names if downloads.is_beside_whole(name)] == ["talk.idx", "talk.sub"]


def test_what_describes_a_recording_is_used_only_without_it() -> None:
    assert Downloads.among(["talk.mp4", "talk.webp"]).is_beside_whole("talk.webp")
    assert Downloads.among(["talk.mp4", "talk.info.json"]).is_beside_whole("talk.info.json")
    assert not Downloads.among(["talk.webp"]).is_beside_whole("talk.webp")
    assert not Downloads.among(["talk.mp4", "talk.txt"]).is_beside_whole("talk.txt")
