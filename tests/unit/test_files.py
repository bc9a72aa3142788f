from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.files import durable
from dropdub.files.removal import remove, remove_tree
from dropdub.inbox.move_file import move

NAMES = st.text(min_size=1, max_size=300)


@given(NAMES)
def test_a_safe_name_is_one_plain_name_on_every_system(name: str) -> None:
    safe = durable.numbered(durable.safe_name(name), 1)
    assert safe and safe not in (".", "..")
    assert not set(safe) & set('<>:"/\\|?*') and "\x00" not in safe
    assert safe.split(".")[0].rstrip().upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}
    assert len(safe.encode()) <= durable.NAME_MAX_BYTES


@given(NAMES)
def test_making_a_name_safe_again_changes_nothing(name: str) -> None:
    assert durable.safe_name(durable.safe_name(name)) == durable.safe_name(name)


@pytest.mark.parametrize("name", ["clip.mp4", "Ação.srt", "🎬 film.mkv", "世界.txt", "a.b.c.wav", "r-f.txt"])
def test_an_ordinary_name_is_kept(name: str) -> None:
    assert durable.safe_name(name) == name


def test_a_free_name_counts_up_and_ignores_case(tmp_path: Path) -> None:
    (tmp_path / "Clip.mp4").touch()
    (tmp_path / "clip (2).mp4").touch()
    assert durable.free_name(tmp_path, "clip.mp4") == "clip (3).mp4"
    assert durable.free_name(tmp_path, "clip.mp4", taken=lambda name: name == "clip (3).mp4") == "clip (4).mp4"


def test_a_folder_name_with_a_dot_is_counted_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "talk v1.2").mkdir()
    assert durable.free_name(tmp_path, "talk v1.2", numbering=durable.numbered_folder) == "talk v1.2 (2)"


def test_a_name_of_255_bytes_still_gets_a_number(tmp_path: Path) -> None:
    name = "é" * 125 + ".mp4"
    (tmp_path / name).touch()
    free = durable.free_name(tmp_path, name)
    assert len(free.encode()) <= 255 and free.endswith(" (2).mp4")
    assert len(durable.free_name(tmp_path, name, room=10).encode()) <= 245


def test_a_block_that_raises_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    with (
        pytest.raises(RuntimeError),
        durable.written_whole(tmp_path / "x.wav", scratch=tmp_path / "scratch") as part,
    ):
        part.write_bytes(b"half")
        raise RuntimeError
    assert not (tmp_path / "x.wav").exists()


def test_a_move_to_another_file_system_is_a_checked_copy(tmp_path: Path, other_file_system: Path) -> None:
    source, folder = tmp_path / "a.bin", other_file_system / "there"
    source.write_bytes(b"content" * 1000)
    folder.mkdir()
    try:
        move(source, folder / "b.bin")
        assert (folder / "b.bin").read_bytes() == b"content" * 1000
        assert not source.exists()
        assert [file.name for file in folder.iterdir()] == ["b.bin"]
    finally:
        remove_tree(folder)


def test_removing_a_missing_file_is_no_error(tmp_path: Path) -> None:
    remove(tmp_path / "nothing")
    remove_tree(tmp_path / "nothing")
