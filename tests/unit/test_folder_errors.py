"""A folder of results that cannot be written to: waited for, or refused with what to do."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from dropdub.errors import OutRefused, Waiting
from dropdub.publishing.folder_errors import folder_error

FORBIDDEN = [errno.EROFS, errno.EACCES, errno.EPERM]


def an_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize("number", FORBIDDEN)
def test_a_named_folder_that_exists_and_is_forbidden_is_refused(tmp_path: Path, number: int) -> None:
    error = folder_error(tmp_path, an_error(number), named=True)
    assert isinstance(error, OutRefused) and error.permanent
    assert str(tmp_path) in error.message and "config.yaml" in error.remedy


@pytest.mark.parametrize("number", [*FORBIDDEN, errno.ENOENT, errno.EHOSTDOWN])
def test_a_named_folder_that_is_absent_and_an_outbox_of_any_kind_are_waited_for(tmp_path: Path, number: int) -> None:
    for folder, named in ((tmp_path / "share" / "out", True), (tmp_path, False)):
        error = folder_error(folder, an_error(number), named=named)
        assert isinstance(error, Waiting) and error.condition == "outbox"


def test_a_folder_whose_share_no_longer_answers_is_waited_for(tmp_path: Path) -> None:
    assert isinstance(folder_error(tmp_path, an_error(errno.ESTALE), named=True), Waiting)


def test_a_full_disk_is_waited_for(tmp_path: Path) -> None:
    error = folder_error(tmp_path, an_error(errno.ENOSPC), named=True)
    assert isinstance(error, Waiting) and error.condition == "disk"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a folder in which nobody may make another")
def test_a_folder_that_nobody_may_write_to_is_refused_even_to_root() -> None:
    folder = Path("/sys")
    with pytest.raises(OSError) as found:
        (folder / ".dropdub").mkdir()
    assert isinstance(folder_error(folder, found.value, named=True), OutRefused)
