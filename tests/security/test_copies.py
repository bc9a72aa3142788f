"""What is copied out of the inbox, where a rename cannot do it: nothing is lost, and nothing fills the disk."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from dropdub import removal
from dropdub.errors import OriginalKept
from dropdub.held import HeldFolder
from dropdub.removal import remove_copied, remove_taken

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be exchanged there")


@pytest.mark.parametrize("is_held", [True, False], ids=["taken", "copied"])
@pytest.mark.parametrize("is_exchanged", [True, False], ids=["exchanged", "written over"])
def test_a_version_that_is_saved_while_the_copy_is_compared_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_held: bool, is_exchanged: bool
) -> None:
    inbox, copy = tmp_path / "inbox", tmp_path / "copy"
    inbox.mkdir()
    original = inbox / "book.txt"
    original.write_text("first", encoding="utf-8")
    copy.write_text("first", encoding="utf-8")
    compare = removal._begins_with

    def meanwhile(one: BinaryIO, other: BinaryIO) -> bool:
        is_same = compare(one, other)
        if is_exchanged:
            (inbox / ".new").write_text("second", encoding="utf-8")
            (inbox / ".new").replace(original)
        else:
            original.write_text("secnd", encoding="utf-8")
            os.utime(original, ns=(1, 1))
        return is_same

    monkeypatch.setattr(removal, "_begins_with", meanwhile)
    with pytest.raises(OriginalKept), HeldFolder.open(inbox) as folder:
        if is_held:
            remove_taken(folder, original.name, copy)
        else:
            remove_copied(original, copy)
    assert original.read_text(encoding="utf-8") == ("second" if is_exchanged else "secnd")
    assert [path.name for path in inbox.iterdir()] == ["book.txt"]


def test_what_is_saved_under_the_name_while_the_original_goes_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even at the last moment: what is found to be another file goes back, beside what came meanwhile."""
    original, copy = tmp_path / "in" / "book.txt", tmp_path / "copy"
    original.parent.mkdir()
    original.write_text("first", encoding="utf-8")
    copy.write_text("first", encoding="utf-8")
    rename = HeldFolder.rename

    def meanwhile(folder: HeldFolder, name: str, target: HeldFolder, new_name: str, *, replace: bool = False) -> None:
        if name == original.name:
            original.unlink()
            original.write_text("second", encoding="utf-8")
        rename(folder, name, target, new_name, replace=replace)
        if name == original.name:
            original.write_text("third", encoding="utf-8")

    monkeypatch.setattr(HeldFolder, "rename", meanwhile)
    with pytest.raises(OriginalKept):
        remove_copied(original, copy)
    found = {path.name: path.read_text(encoding="utf-8") for path in original.parent.iterdir()}
    assert found == {"book.txt": "third", "book (2).txt": "second"}
