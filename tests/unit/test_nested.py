"""Folders below one of Dropdub's own that mirror those of the inbox."""

from __future__ import annotations

from pathlib import Path

from dropdub.files.nested import LONGEST_PATH, nested


def test_a_folder_is_the_same_as_one_that_differs_only_in_case(tmp_path: Path) -> None:
    (tmp_path / "S1").mkdir()
    assert nested(tmp_path, ["s1", "Day"], room=10) == tmp_path / "S1" / "Day"


def test_a_name_that_a_file_or_a_link_has_is_numbered(tmp_path: Path) -> None:
    (tmp_path / "S1").write_text("a file", encoding="utf-8")
    (tmp_path / "S2").symlink_to(tmp_path.parent)
    assert nested(tmp_path, ["S1"], room=10) == tmp_path / "S1 (2)"
    assert nested(tmp_path, ["S2"], room=10) == tmp_path / "S2 (2)"


def test_a_folder_that_cannot_be_used_is_numbered_for_all_that_come_from_it(tmp_path: Path) -> None:
    (tmp_path / "S1").mkdir()

    def usable(folder: Path) -> bool:
        return folder != tmp_path / "S1"

    first = nested(tmp_path, ["S1"], room=10, usable=usable)
    first.mkdir()
    assert first == tmp_path / "S1 (2)"
    assert nested(tmp_path, ["S1"], room=10, usable=usable) == first


def test_a_path_that_would_be_too_long_is_not_nested(tmp_path: Path) -> None:
    names = ["n" * 200] * 15
    assert nested(tmp_path, names, room=100) == tmp_path.joinpath(*names)
    assert nested(tmp_path, names, room=LONGEST_PATH - 100) == tmp_path
