"""The cache: what it keeps, what it removes, and that its failures affect nothing else."""

from __future__ import annotations

import errno
import json
import logging
import os
import pickle
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dropdub import failpoints
from dropdub.pipeline.cache import Cache, CacheKey

MB = 1_000_000


@dataclass(frozen=True)
class Key(CacheKey, use="test", method=1):
    name: Any


KEY = Key("speech")
PREAMBLE = """
import sys
from dataclasses import dataclass
from pathlib import Path
from dropdub.pipeline.cache import Cache, CacheKey

@dataclass(frozen=True)
class Key(CacheKey, use="test", method=1):
    name: object
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path) -> Cache:
    return Cache(folder, max_bytes=10 * MB)


def entries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def only_entry(folder: Path) -> Path:
    [path] = entries(folder)
    return path


def kept_numbers(cache: Cache, count: int) -> list[int]:
    return [number for number in range(count) if cache.get(Key(number), check=bytes) is not None]


def put_used_at(cache: Cache, folder: Path, number: int, *, used: float, size: int) -> None:
    """Keep a value whose last use was at a given time."""
    before = set(entries(folder))
    cache.put(Key(number), b"x" * size)
    for path in set(entries(folder)) - before:
        os.utime(path, (used, used))


def test_a_value_is_found_under_its_key_and_no_other(cache: Cache) -> None:
    cache.put(KEY, b"sound")
    assert cache.get(KEY, check=bytes) == b"sound"
    assert cache.get(Key("other"), check=bytes) is None


def test_the_order_in_which_an_engine_lists_its_details_does_not_matter(cache: Cache) -> None:
    cache.put(Key({"a": 1, "b": 2}), b"x")
    assert cache.get(Key({"b": 2, "a": 1}), check=bytes) == b"x"


def test_a_value_that_is_stored_again_replaces_the_previous_one(cache: Cache, folder: Path) -> None:
    cache.put(KEY, b"one")
    cache.put(KEY, b"two")
    assert cache.get(KEY, check=bytes) == b"two"
    assert only_entry(folder)


def test_another_process_finds_what_this_one_stored(cache: Cache, folder: Path) -> None:
    cache.put(Key("k"), b"mine")
    script = (
        f"{PREAMBLE}\ncache = Cache(Path(sys.argv[1]), max_bytes=10_000_000)\n"
        "assert cache.get(Key('k'), check=bytes) == b'mine'\n"
        "cache.put(Key('theirs'), b'yours')"
    )
    subprocess.run([sys.executable, "-c", script, str(folder)], check=True, timeout=60)
    assert cache.get(Key("theirs"), check=bytes) == b"yours"


WRITER = """
cache = Cache(Path(sys.argv[1]), max_bytes=200_000)
for number in range(150):
    cache.put(Key(number % 40), bytes([number % 40]) * 9000)
    found = cache.get(Key((number * 7) % 40), check=bytes)
    assert found in (None, bytes([(number * 7) % 40]) * 9000), "another process's half-written value was read"
"""


def test_several_processes_write_read_and_remove_at_once(folder: Path) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + WRITER, str(folder)], stderr=subprocess.PIPE, encoding="utf-8"
        )
        for _ in range(3)
    ]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in running]
    assert ended == [("", 0)] * 3
    assert 0 < sum(path.stat().st_size for path in entries(folder)) <= 250_000
    assert not [path for path in entries(folder) if path.suffix == ".part"]


def test_a_value_that_fails_its_check_is_removed(cache: Cache, folder: Path) -> None:
    cache.put(KEY, b"no JSON")
    assert cache.get(KEY, check=json.loads) is None
    assert not entries(folder)


@pytest.mark.parametrize("damage", [lambda kept: kept[:-1] + b"y", lambda kept: kept[:50], lambda _: b""])
def test_a_value_that_was_damaged_or_cut_off_on_disk_is_removed(
    cache: Cache, folder: Path, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert callable(damage)
    cache.put(KEY, b"x" * 200_000)
    file = only_entry(folder)
    file.write_bytes(damage(file.read_bytes()))
    assert cache.get(KEY, check=bytes) is None
    assert "cached value removed" in caplog.text
    assert not entries(folder)


def test_a_value_under_the_name_of_another_is_removed(cache: Cache, folder: Path) -> None:
    cache.put(Key("one"), b"one")
    moved = only_entry(folder).read_bytes()
    cache.put(Key("two"), b"two")
    for file in entries(folder):
        file.write_bytes(moved)
    assert cache.get(Key("two"), check=bytes) is None
    assert cache.get(Key("one"), check=bytes) == b"one"


class Trap:
    """What a doctored pickle does when it is loaded."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (Path("sprung"),))


def test_nothing_is_ever_unpickled(cache: Cache, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache.put(KEY, pickle.dumps(Trap()))
    assert cache.get(KEY, check=bytes) == pickle.dumps(Trap())
    only_entry(folder).write_bytes(pickle.dumps(Trap()))
    assert cache.get(KEY, check=bytes) is None
    assert not (tmp_path / "sprung").exists()


def test_least_recently_used_values_are_removed_when_there_are_too_many(folder: Path) -> None:
    cache, now = Cache(folder, max_bytes=MB), time.time()
    for number in range(9):
        put_used_at(cache, folder, number, used=now - 1000 + number, size=100_000)
    assert cache.get(Key(0), check=bytes) is not None, "its use makes it the newest"
    cache.put(Key(9), b"x" * 100_000)
    assert kept_numbers(cache, 10) == [0, 3, 4, 5, 6, 7, 8, 9]


def test_values_of_earlier_processes_count_towards_the_limit(folder: Path) -> None:
    for number in range(9):
        put_used_at(Cache(folder, max_bytes=10 * MB), folder, number, used=1000.0 + number, size=100_000)
    Cache(folder, max_bytes=500_000).put(Key(9), b"x")
    assert kept_numbers(Cache(folder, max_bytes=MB), 10) == [5, 6, 7, 8, 9]


def test_small_values_count_as_much_as_they_take_up_on_the_disk(folder: Path) -> None:
    cache = Cache(folder, max_bytes=400_000)
    for number in range(200):
        cache.put(Key(number), b"x")
    assert 80 <= len(entries(folder)) <= 98


def test_a_value_larger_than_the_whole_cache_is_not_kept_and_evicts_nothing(folder: Path) -> None:
    cache = Cache(folder, max_bytes=100_000)
    cache.put(Key("small"), b"x")
    cache.put(Key("large"), b"x" * 100_000)
    assert cache.get(Key("large"), check=bytes) is None
    assert cache.get(Key("small"), check=bytes) == b"x"


def test_cleaning_removes_leftovers_of_interrupted_writes_and_nothing_foreign(folder: Path) -> None:
    Cache(folder, max_bytes=MB).put(Key("there"), b"x")
    place = only_entry(folder).parent
    old, running = place / f".{'a' * 64}.0123abcd.part", place / f".{'b' * 64}.0123abcd.part"
    strange = [folder / "README", place / "notes.txt"]
    for path in (old, running, *strange):
        path.write_bytes(b"x" * 600_000)
    os.utime(old, (1000.0, 1000.0))
    Cache(folder, max_bytes=MB).put(Key("next"), b"x" * 600_000)
    assert not old.exists()
    assert all(path.exists() for path in (running, *strange))


def test_a_full_disk_costs_no_job_and_leaves_nothing_half_written(
    cache: Cache, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(failpoints, "_active", {"write.unflushed": ("full", "")})
    cache.put(KEY, b"sound")
    assert os.strerror(errno.ENOSPC) in caplog.text
    assert not entries(folder)
    monkeypatch.setattr(failpoints, "_active", {})
    cache.put(KEY, b"sound")
    assert cache.get(KEY, check=bytes) == b"sound"


def test_a_folder_that_cannot_be_created_is_a_miss_and_not_a_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    cache = Cache(tmp_path / "file" / "cache", max_bytes=MB)
    cache.put(KEY, b"sound")
    assert "cache not written" in caplog.text
    assert cache.get(KEY, check=bytes) is None


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of POSIX")
def test_a_pipe_in_place_of_a_value_is_a_miss_and_does_not_block(
    cache: Cache, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache.put(KEY, b"sound")
    file = only_entry(folder)
    file.unlink()
    os.mkfifo(file)
    with caplog.at_level(logging.WARNING):
        assert cache.get(KEY, check=bytes) is None
    assert "cache not read" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_the_cache_is_private_to_its_account(folder: Path) -> None:
    before = os.umask(0o000)
    try:
        Cache(folder, max_bytes=MB).put(KEY, b"sound")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_without_a_folder_nothing_is_kept() -> None:
    cache = Cache(None, max_bytes=1000)
    cache.put(KEY, b"sound")
    assert cache.get(KEY, check=bytes) is None
