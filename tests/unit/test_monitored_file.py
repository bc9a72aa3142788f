"""Each line that is appended to a monitored file is taken once, in order, whatever happens to the file."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dropdub.daemon.monitor.followed_file import SETTLE_S, FollowedFile
from dropdub.daemon.monitor.lines import LONGEST_LINE_BYTES, pieces
from dropdub.daemon.monitor.reading import SILENT_S
from dropdub.daemon.monitor.tail import MARK_BYTES, MOST_LINES, Held, Taken, mark_of, take
from dropdub.store.transitions import ReadUpTo

START = ReadUpTo("/talk.txt")
ODD = "Größe, ação, 東京 🎬"
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def held(data: bytes, offset: int = 0) -> Held:
    return Held("1:2", len(data), data[max(0, offset - MARK_BYTES) : offset], data[offset:])


def taken(data: bytes, read: ReadUpTo = START, *, is_all: bool = False, language: str | None = None) -> Taken:
    return take(read, held(data, read.offset), is_all=is_all, language=language)


def all_lines(data: bytes, *, step: int, language: str | None = None) -> list[str]:
    """Return the lines of a file that grows by `step` bytes between two looks, and then stays as it is."""
    read, found = START, list[str]()
    for end in [*range(0, len(data), step), len(data)]:
        one = taken(data[:end], read, language=language)
        read, found = one.after, [*found, *one.texts]
    return [*found, *taken(data, read, is_all=True, language=language).texts]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"one\n", ["one"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"one\n\n  \n\ttwo \n", ["one", "two"]),
        (b"one\ntw", ["one"]),
        (b"---\n***\n\xf0\x9f\x8e\xac\n7\n", ["7"]),
        (b"\x1b[31mred\x1b[0m\n", ["red"]),
        (b"a\rb\tc\n", ["a b c"]),
        (b"\xef\xbb\xbfone\n", ["one"]),
    ],
)
def test_complete_lines_with_something_to_say_are_taken(data: bytes, lines: list[str]) -> None:
    assert list(taken(data).texts) == lines


def test_half_line_is_taken_once_it_is_complete_or_nothing_more_comes() -> None:
    first = taken(b"one\ntw")
    assert (first.texts, first.rest) == (("one",), 2)
    assert taken(b"one\ntwo\n", first.after).texts == ("two",)
    assert taken(b"one\ntw", first.after, is_all=True).texts == ("tw",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_unicode_is_read_in_whole_characters_however_it_is_appended(encoding: str, step: int) -> None:
    text = f"The house is big.\r\n{ODD}\r\nĊ ਊ\r\nThe end"
    lines = ["The house is big.", ODD, "Ċ ਊ", "The end"]
    assert all_lines(text.encode(encoding), step=step) == lines


def test_mark_of_either_byte_order_decides_the_encoding() -> None:
    for mark, name in ((codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF32_LE, "utf-32-le")):
        assert taken(mark + "one\n".encode(name)).after.encoding == name


@pytest.mark.parametrize(("encoding", "language"), [("cp1252", "pt"), ("cp1251", "ru"), ("cp932", "ja")])
def test_old_encoding_is_decided_by_the_first_line_that_shows_it(encoding: str, language: str) -> None:
    lines = {
        "pt": ["Plain.", "A situação não é fácil, amanhã também não.", "Olá, João."],
        "ru": ["Plain.", "Сегодня хорошая погода, и мы идём гулять.", "Привет."],
        "ja": ["Plain.", "今日はとても良い天気ですから、散歩に行きましょう。", "こんにちは。"],
    }[language]
    data = "\n".join([*lines, ""]).encode(encoding)
    assert all_lines(data, step=10_000, language=language) == lines
    assert all_lines(data, step=9, language=language) == lines


def test_line_in_another_encoding_does_not_change_that_of_a_file() -> None:
    data = f"{ODD}\n".encode() + "João não está\n".encode("cp1252") + f"{ODD}\n".encode()
    found = taken(data, language="pt")
    assert found.texts == (ODD, "João não está", ODD) and found.after.encoding == "utf-8"


def test_bytes_that_are_no_text_are_left_out_and_what_follows_is_read() -> None:
    noise = bytes(range(128, 256)) * 40 + b"\0\1\2\3"
    found = taken(b"one\n" + noise + b"\n" + b"two\n")
    assert (found.texts, found.unreadable) == (("one", "two"), 1)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_long_line_of_wide_characters_is_cut_between_words(encoding: str) -> None:
    text = "\u2020 \u0120 word " * 3000  # whose bytes hold that of a blank between two characters, too
    data, start, parts = f"{text}\n".encode(encoding), 0, []
    for piece in pieces(data, encoding, most=100, is_all=False):
        assert piece.end - start <= LONGEST_LINE_BYTES + 4
        parts += piece.data.decode(encoding).split()
        start = piece.end
    assert parts == text.split() and start == len(data)


def test_line_without_end_is_taken_in_parts_between_words_and_characters() -> None:
    words, letters = ("word " * LONGEST_LINE_BYTES).encode(), ("ação" * LONGEST_LINE_BYTES).encode()
    for data in (words, letters):
        found = all_lines(data, step=70_000)
        assert max(len(text.encode()) for text in found) <= LONGEST_LINE_BYTES
        assert "".join(found).replace(" ", "") == data.decode().replace(" ", "")


def test_ten_thousand_lines_at_once_are_taken_in_batches() -> None:
    data = "".join(f"Line number {number}.\n" for number in range(10_000)).encode()
    read, found, looks = START, list[str](), 0
    while (one := taken(data, read)).texts:
        assert len(one.texts) <= MOST_LINES
        read, found, looks = one.after, [*found, *one.texts], looks + 1
    assert found == data.decode().splitlines() and read.lines == 10_000 and looks == 10_000 / MOST_LINES


class Follower:
    """Follows one file as the daemon does, by a clock that only moves when asked to."""

    def __init__(self, path: Path, *, from_end: bool = False) -> None:
        self.path = path
        self.found: list[str] = []
        self.now = 0.0
        self.file = FollowedFile(path)
        begun = self.file.begin(from_end=from_end, lines=0)
        assert begun is not None
        self.read = begun

    def look(self) -> bool:
        """Look once; return whether more may be found at once. A half line is left until more comes."""
        look = self.file.look(self.read, self.now)
        if look is None:
            return False
        before, one = self.read, take(look.read, look.held, is_all=look.then is not None)
        self.found += one.texts
        self.read = one.after
        if look.then is not None and one.after == before:
            self.read = look.then
        return self.read != before

    def settle(self) -> None:
        """Look until nothing changes any more."""
        before = None
        while self.read != before:
            before = self.read
            for _ in range(2):
                while self.look():
                    pass
                self.now += SETTLE_S

    def close(self) -> None:
        self.file.close()

    def restart(self) -> None:
        self.file.close()
        self.file = FollowedFile(self.path)


Follow = Callable[..., Follower]


@pytest.fixture
def follow() -> Iterator[Follow]:
    """Return a function that follows a file until the test ends."""
    with ExitStack() as stack:

        def begun(path: Path, **options: Any) -> Follower:
            follower = Follower(path, **options)
            stack.callback(follower.close)
            return follower

        yield begun


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "talk.txt"


def append(path: Path, *lines: str) -> None:
    add(path, "".join(f"{line}\n" for line in lines).encode())


def add(path: Path, data: bytes) -> None:
    with path.open("ab") as writer:
        writer.write(data)


def test_file_that_is_there_at_first_is_read_from_its_end_unless_the_settings_say_otherwise(
    follow: Follow, path: Path
) -> None:
    append(path, "old")
    for from_end, lines in ((True, ["new"]), (False, ["old", "new"])):
        follower = follow(path, from_end=from_end)
        follower.settle()
        if from_end:
            append(path, "new")
        follower.settle()
        assert follower.found == lines


def test_file_that_appears_later_is_read_from_its_beginning(follow: Follow, path: Path) -> None:
    follower = follow(path, from_end=True)
    follower.settle()
    append(path, "one")
    follower.restart()
    follower.settle()
    assert follower.found == ["one"]


def test_nothing_is_decided_while_the_folder_of_a_file_is_away(tmp_path: Path) -> None:
    assert FollowedFile(tmp_path / "share" / "talk.txt").begin(from_end=True, lines=0) is None


def test_file_that_vanishes_for_a_while_is_read_on(follow: Follow, path: Path) -> None:
    append(path, "one")
    follower = follow(path)
    follower.settle()
    away = path.parent.rename(path.parent.with_name("away"))
    follower.settle()
    away.rename(path.parent)
    append(path, "two")
    follower.settle()
    assert follower.found == ["one", "two"]


@pytest.mark.parametrize("restarts", [False, True])
def test_rotated_file_is_read_to_its_end_before_the_new_one(follow: Follow, path: Path, restarts: bool) -> None:
    append(path, "one")
    follower = follow(path)
    follower.settle()
    append(path, "two")
    path.rename(path.with_name("talk.txt.1"))
    append(path, "three")
    append(path.with_name("talk.txt.1"), "still two")
    add(path.with_name("talk.txt.1"), b"half")
    if restarts:
        follower.restart()
    follower.settle()
    assert follower.found == ["one", "two", "still two", "half", "three"]


@pytest.mark.parametrize(
    "names", [["talk.txt.3", "talk.txt.2", "talk.txt.1"], ["talk.txt-20260101", "talk.txt-20260102"]]
)
def test_several_rotations_while_the_daemon_did_not_run_are_read_in_their_order(
    follow: Follow, path: Path, names: list[str]
) -> None:
    append(path, "zero")
    follower = follow(path)
    follower.settle()
    for number, name in enumerate(names):
        append(path, f"of {number}")
        path.rename(path.with_name(name))
    append(path, "last")
    (path.parent / "talk.txt.gz").write_bytes(b"another\n")
    follower.restart()
    follower.settle()
    assert follower.found == ["zero", *(f"of {number}" for number in range(len(names))), "last"]


@posix
def test_file_that_was_moved_to_another_folder_is_read_to_its_end(follow: Follow, path: Path, tmp_path: Path) -> None:
    append(path, "one")
    follower = follow(path)
    follower.settle()
    append(path, "two")
    (tmp_path / "old").mkdir()
    path.rename(tmp_path / "old" / "talk.txt")
    append(path, "three")
    follower.settle()
    assert follower.found == ["one", "two", "three"]


def test_copied_and_truncated_file_is_read_from_its_beginning(follow: Follow, path: Path) -> None:
    append(path, "one", "two")
    follower = follow(path)
    follower.settle()
    shutil.copy(path, path.with_name("talk.txt.1"))
    os.truncate(path, 0)
    append(path, "three")
    follower.settle()
    append(path, "four")
    follower.settle()
    assert follower.found == ["one", "two", "three", "four"]


def test_truncated_file_that_has_grown_beyond_what_was_read_is_noticed(follow: Follow, path: Path) -> None:
    append(path, "one")
    follower = follow(path)
    follower.settle()
    path.write_bytes(b"a new and longer line\n")
    follower.restart()
    follower.settle()
    assert follower.found == ["one", "a new and longer line"]


def test_editor_that_empties_the_file_before_it_writes_it_again_repeats_no_line(follow: Follow, path: Path) -> None:
    append(path, "one", "two")
    follower = follow(path)
    follower.settle()
    content = path.read_bytes()
    os.truncate(path, 0)
    follower.look()
    path.write_bytes(content + b"three\n")
    follower.settle()
    assert follower.found == ["one", "two", "three"]


@pytest.mark.parametrize("backup", [None, "talk.txt~", "talk.txt.bak"])
def test_editor_that_replaces_the_file_repeats_no_line(follow: Follow, path: Path, backup: str | None) -> None:
    append(path, "one", "two")
    follower = follow(path)
    follower.settle()
    new = path.with_name(".talk.swp")
    new.write_bytes(path.read_bytes() + b"three\n")
    if backup is not None:
        path.rename(path.with_name(backup))
    new.replace(path)
    follower.settle()
    assert follower.found == ["one", "two", "three"]


@posix
def test_link_is_not_followed_where_others_may_have_made_it(follow: Follow, path: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    append(secret, "secret")
    path.symlink_to(secret)
    tmp_path.chmod(0o777)
    with pytest.raises(OSError):
        FollowedFile(path).begin(from_end=False, lines=0)
    tmp_path.chmod(0o700)
    follower = follow(path)
    follower.settle()
    assert follower.found == ["secret"]


@posix
def test_pipe_in_place_of_the_file_is_refused_without_waiting_for_it(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(OSError):
        FollowedFile(path).begin(from_end=False, lines=0)


ACTIONS = st.sampled_from(["append", "half", "rotate", "truncate", "look", "settle", "restart"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, max_size=14))
def test_whatever_happens_each_line_is_taken_once_and_in_order(tmp_path: Path, actions: list[str]) -> None:
    """A file is only truncated after it was read to its end, because what is cut off before is lost."""
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    path = tmp_path / "talk.txt"
    path.touch()
    follower, written = Follower(path), list[str]()
    for number, action in enumerate(actions):
        if action == "append":
            append(path, f"line {number}")
            written.append(f"line {number}")
        elif action == "half":
            add(path, f"half {number} ".encode())
            written.append(f"half {number}")
        elif action == "rotate" and path.exists():
            rotate(path)
            path.touch()
        elif action == "truncate" and path.exists():
            append(path, "")
            follower.settle()
            os.truncate(path, 0)
        elif action == "restart":
            follower.restart()
        elif action == "settle":
            follower.settle()
        else:
            follower.look()
    append(path, "")
    follower.settle()
    follower.close()
    assert " ".join(follower.found).split() == " ".join(written).split()


def rotate(path: Path) -> None:
    """Rename `talk.txt` to `talk.txt.1`, after that to `talk.txt.2`, and so on, as loggers do."""
    number = 1
    while path.with_name(f"{path.name}.{number}").exists():
        number += 1
    for older in range(number, 1, -1):
        path.with_name(f"{path.name}.{older - 1}").rename(path.with_name(f"{path.name}.{older}"))
    path.rename(path.with_name(f"{path.name}.1"))


def test_mark_shows_whether_a_file_still_is_what_was_read() -> None:
    read = replace(START, offset=4, mark=mark_of(b"one\n"))
    assert taken(b"one\ntwo\n", read).after.mark == mark_of(b"one\ntwo\n")
    assert SILENT_S > 0
