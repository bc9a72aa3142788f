from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from dropdub.files.held import HeldFolder
from dropdub.inbox.scan import Scan, scan


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(found: Scan) -> list[str]:
    return [drop.path.name for drop in found.drops]


def test_files_of_all_folders_are_found_in_the_order_of_their_names(inbox: Path) -> None:
    for name in ("b.mp4", "a.mp4", "day one/2.mp4", "day one/1.mp4", "day one/deep/er/x.txt"):
        put(inbox / name)
    found = scan(inbox)
    assert [drop.path.relative_to(inbox).as_posix() for drop in found.drops] == [
        *("a.mp4", "b.mp4", "day one/1.mp4", "day one/2.mp4", "day one/deep/er/x.txt")
    ]
    assert found.notes == []


@pytest.mark.parametrize(
    "name",
    [
        "plain.mp4",
        "with  spaces .mp4",
        "Ação é coração.mp4",
        "e\u0301 decomposed.mp4",
        "мир 世界 العالم.txt",
        "🎬🎤.mkv",
        "x" * 196 + ".mp4",
        "🎬" * 62 + ".mp4",
        "-rf --help",
        "100% 'q' \"q\" $HOME;[a].txt",
        "part",
        "a.part.mp4",
        "tmp.mov",
    ],
)
def test_names_of_all_kinds_are_found_as_they_are(inbox: Path, name: str) -> None:
    put(inbox / name)
    assert names(scan(inbox)) == [name]


@pytest.mark.parametrize(
    "name",
    [
        *(".hidden.mp4", "._clip.mp4", ".DS_Store", ".syncthing.clip.mp4.tmp", ".~lock.notes.odt#"),
        *("clip.mp4.part", "clip.mp4.CRDOWNLOAD", "clip.tmp", "clip.partial", "clip.mp4.download", "clip.mp4.filepart"),
        *("clip.mp4.!qB", "clip.mp4.aria2", "~$letter.txt", "Thumbs.db", "Desktop.ini"),
        *(".stfolder/clip.mp4", ".stversions/a/clip.mp4", "@eaDir/clip.mp4", "$RECYCLE.BIN/clip.mp4"),
        *("drafts/clip.mp4", "clip.RAW"),
    ],
)
def test_hidden_unfinished_and_foreign_files_are_never_taken(inbox: Path, name: str) -> None:
    put(inbox / name)
    found = scan(inbox, ignore=["Drafts", "*.raw"])
    assert found == Scan()


@pytest.mark.parametrize("marker", ["clip.mp4.part", "Clip.mp4.crdownload", "clip.mp4.aria2", "clip.Xy12-bCd.mp4.part"])
def test_the_empty_file_beside_a_download_waits_for_it(inbox: Path, marker: str) -> None:
    put(inbox / "clip.mp4", b"")
    put(inbox / "other.mp4")
    part = put(inbox / marker)
    assert names(scan(inbox)) == ["other.mp4"]
    part.unlink()
    assert names(scan(inbox)) == ["clip.mp4", "other.mp4"]


def test_a_sidecar_belongs_to_its_file_and_is_not_a_drop(inbox: Path) -> None:
    put(inbox / "clip.mp4")
    sidecar = put(inbox / "clip.mp4.job.yaml")
    put(inbox / "other.mp4")
    clip, other = scan(inbox).drops
    assert clip.sidecar == sidecar and clip.sidecar_identity is not None
    assert clip.sidecar_identity.inode == str(sidecar.stat().st_ino)
    assert other.sidecar is None and other.sidecar_identity is None


def test_a_sidecar_in_other_letter_case_belongs_to_the_one_file_it_can_mean(inbox: Path) -> None:
    put(inbox / "Clip.MP4")
    sidecar = put(inbox / "clip.mp4.Job.yaml")
    assert [drop.sidecar for drop in scan(inbox).drops] == [sidecar]


def test_an_orphan_sidecar_is_reported(inbox: Path) -> None:
    put(inbox / "sub" / "clip.mp4.job.yaml")
    assert scan(inbox).notes == [
        "inbox/sub/clip.mp4.job.yaml waits for clip.mp4, which has not been dropped yet: drop it, or remove this file."
    ]


def test_a_sidecar_whose_file_is_being_downloaded_is_not_reported(inbox: Path) -> None:
    put(inbox / "clip.mp4.job.yaml")
    put(inbox / "clip.mp4.part")
    assert scan(inbox) == Scan()


def test_a_first_level_folder_selects_the_profile_for_all_below_it(inbox: Path) -> None:
    for name in ("Lessons/a.mp4", "Lessons/deep/b.mp4", "other/Lessons/c.mp4", "d.mp4", "lessons/e.mp4", "TALKS/f.mp4"):
        put(inbox / name)
    found = scan(inbox, profiles={"Lessons", "lessons", "talks"})
    assert {drop.path.name: drop.profile for drop in found.drops} == {
        **{"a.mp4": "Lessons", "b.mp4": "Lessons", "c.mp4": None},
        **{"d.mp4": None, "e.mp4": "lessons", "f.mp4": "talks"},
    }


def test_links_are_drops_that_are_not_followed(inbox: Path, tmp_path: Path) -> None:
    target = put(tmp_path / "outside" / "precious.mp4", b"precious")
    (inbox / "file.mp4").symlink_to(target)
    (inbox / "folder").symlink_to(target.parent)
    (inbox / "nowhere").symlink_to(tmp_path / "missing")
    found = scan(inbox)
    assert {(drop.path.name, drop.kind) for drop in found.drops} == {
        (n, "link") for n in ("file.mp4", "folder", "nowhere")
    }
    assert all(drop.inode != str(target.stat().st_ino) for drop in found.drops)


def test_pipes_and_sockets_stay_and_are_reported(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(inbox / "pipe.mp4")
    monkeypatch.chdir(inbox)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.mp4")
        found = scan(inbox)
    assert found.drops == []
    assert [note.split(" ")[0] for note in found.notes] == ["inbox/pipe.mp4", "inbox/socket.mp4"]


def test_a_name_that_is_not_unicode_is_reported_in_valid_unicode(inbox: Path) -> None:
    Path(os.fsdecode(os.fsencode(inbox) + b"/caf\xe9.mp4")).write_bytes(b"x")
    found = scan(inbox)
    assert found.drops == []
    assert found.notes == ["inbox/caf\\udce9.mp4 has a name that is not valid Unicode: rename it."]


def test_a_missing_inbox_is_reported(tmp_path: Path) -> None:
    found = scan(tmp_path / "inbox")
    assert found.drops == [] and "The inbox does not exist" in found.notes[0]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may look into every folder")
def test_an_unreadable_folder_is_reported_and_the_others_are_found(inbox: Path) -> None:
    put(inbox / "a.mp4")
    put(inbox / "closed" / "b.mp4")
    (inbox / "closed").chmod(0)
    try:
        found = scan(inbox)
    finally:
        (inbox / "closed").chmod(0o700)
    assert names(found) == ["a.mp4"] and "inbox/closed cannot be read" in found.notes[0]


def test_a_path_too_long_to_be_opened_is_reported_and_the_others_are_found(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(inbox / "a.mp4")
    monkeypatch.chdir(inbox)
    for _ in range(20):
        Path("d" * 250).mkdir()
        os.chdir("d" * 250)
    monkeypatch.chdir(inbox)
    found = scan(inbox)
    shutil.rmtree("d" * 250)
    assert names(found) == ["a.mp4"] and "cannot be read" in found.notes[0]


def test_files_and_folders_that_vanish_during_the_walk_are_skipped(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mp4", "b.mp4", "folder/c.mp4"):
        put(inbox / name)
    look = HeldFolder.look

    def look_after_removal(folder: HeldFolder, name: str) -> os.stat_result:
        if name == "b.mp4":
            (inbox / name).unlink()
            (inbox / "folder").rename(inbox.parent / "away")
        return look(folder, name)

    monkeypatch.setattr(HeldFolder, "look", look_after_removal)
    assert names(scan(inbox)) == ["a.mp4"]


def test_five_thousand_files_are_found_without_one_being_opened(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5000):
        (inbox / f"{number:04d}.mp4").touch()
    monkeypatch.setattr("builtins.open", None)
    monkeypatch.setattr("os.fdopen", None)
    assert len(scan(inbox).drops) == 5000


def test_folders_three_hundred_deep_do_not_take_a_descriptor_each(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource", reason="Windows bounds no descriptors")
    put(inbox / Path(*["d"] * 300) / "a.mp4")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, before[1]))
    try:
        assert names(scan(inbox)) == ["a.mp4"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def taken_together(found: Scan) -> dict[str, str | None]:
    return {drop.path.name: drop.companion.name if drop.companion else None for drop in found.drops}


def test_a_subtitle_goes_with_the_film_of_its_name_and_is_not_a_drop_itself(inbox: Path) -> None:
    for name in ("clip.mp4", "clip.en.srt", "Talk.MKV", "talk.vtt", "alone.srt", "notes.txt", "notes.srt"):
        put(inbox / name)
    assert taken_together(scan(inbox)) == {
        **{"clip.mp4": "clip.en.srt", "Talk.MKV": "talk.vtt"},
        **{"alone.srt": None, "notes.txt": None, "notes.srt": None},
    }


def test_a_subtitle_in_another_folder_belongs_to_nothing(inbox: Path) -> None:
    put(inbox / "clip.mp4")
    put(inbox / "more" / "clip.srt")
    assert taken_together(scan(inbox)) == {"clip.mp4": None, "clip.srt": None}


@pytest.mark.parametrize("marker", ["clip.mp4.part", "clip.mp4.crdownload"])
def test_a_subtitle_waits_for_the_film_that_is_being_downloaded(inbox: Path, marker: str) -> None:
    put(inbox / marker)
    put(inbox / "clip.en.srt")
    assert scan(inbox).drops == []
    put(inbox / "clip.mp4", b"")
    assert scan(inbox).drops == []
    (inbox / marker).replace(inbox / "clip.mp4")
    assert taken_together(scan(inbox)) == {"clip.mp4": "clip.en.srt"}


def test_a_changed_subtitle_changes_only_the_companion_identity_of_its_film(inbox: Path) -> None:
    put(inbox / "clip.mp4")
    words = put(inbox / "clip.srt", b"1")
    [before] = scan(inbox).drops
    words.write_bytes(b"22")
    [after] = scan(inbox).drops
    assert before.identity == after.identity and before.companion_identity != after.companion_identity


@pytest.mark.parametrize(
    ("names_in", "said"),
    [
        (["book.epub/mimetype", "book.epub/META-INF/container.xml", "book.epub/OEBPS/p0.xhtml"], "one book"),
        (["unpacked/mimetype", "unpacked/META-INF/container.xml", "unpacked/text.txt"], "one book"),
        (["Letter.rtfd/TXT.rtf", "Letter.rtfd/photo.txt"], ".rtfd"),
        (["sub/Song.LOGICX/Media/take 1.wav"], ".logicx"),
        (["Film.imovielibrary/day/clip.mp4"], ".imovielibrary"),
        (["Film.fcpbundle/day/clip.mp4"], ".fcpbundle"),
        (["Talk.key/Data/movie.mov"], ".key"),
    ],
)
def test_a_folder_that_is_one_document_is_left_whole_and_reported(inbox: Path, names_in: list[str], said: str) -> None:
    put(inbox / "other.mp4")
    for name in names_in:
        put(inbox / name)
    found = scan(inbox)
    assert names(found) == ["other.mp4"]
    [note] = found.notes
    assert said in note and "not taken apart" in note


def test_a_file_named_like_such_a_folder_is_taken(inbox: Path) -> None:
    put(inbox / "book.epub")
    put(inbox / "my.keys" / "a.mp4")
    assert names(scan(inbox)) == ["book.epub", "a.mp4"]


def test_spare_subtitles_and_what_describes_a_recording_stay_beside_it(inbox: Path) -> None:
    for name in ("talk.mp4", "talk.en.srt", "talk.en.sdh.srt", "talk.pt.srt", "talk.webp", "talk.info.json"):
        put(inbox / name)
    found = scan(inbox)
    assert names(found) == ["talk.mp4", "talk.pt.srt"]
    assert sorted(path.name for path in found.unused) == ["talk.en.sdh.srt", "talk.info.json", "talk.webp"]


def test_files_of_a_download_that_is_under_way_wait_and_are_named(inbox: Path) -> None:
    for name in ("talk.f137.mp4", "talk.f140.m4a.part", "talk.en.vtt", "talk.webp", "other.mp4"):
        put(inbox / name)
    found = scan(inbox)
    assert names(found) == ["other.mp4"]
    assert len(found.unfinished) == 4 and found.notes == []
