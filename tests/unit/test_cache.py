"""The cache: what it keeps, what it throws away, and that its failures are nobody else's."""

from __future__ import annotations

import json
import logging
import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import diskcache
import pytest

from dropdub.pipeline.cache import Cache

KEY = ("speech", {"name": "espeak-ng", "version": "1.52"}, "en", 1.0, None)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], Cache]]:
    caches: list[Cache] = []

    def make() -> Cache:
        caches.append(Cache(tmp_path / "cache", max_bytes=10_000_000))
        return caches[-1]

    yield make
    for cache in caches:
        cache.close()


def only_entry(folder: Path) -> str:
    with diskcache.Cache(str(folder)) as raw:
        [key] = list(raw)
    return str(key)


def test_a_value_is_found_under_its_parts_and_no_others(opened: Callable[[], Cache]) -> None:
    cache = opened()
    cache.put(*KEY, value=b"sound")
    assert cache.get(*KEY, check=bytes) == b"sound"
    assert cache.get(*KEY[:-1], "other", check=bytes) is None


def test_the_order_in_which_an_engine_lists_its_details_does_not_matter(opened: Callable[[], Cache]) -> None:
    cache = opened()
    cache.put({"a": 1, "b": 2}, value=b"x")
    assert cache.get({"b": 2, "a": 1}, check=bytes) == b"x"


def test_another_process_finds_what_this_one_keeps(opened: Callable[[], Cache], tmp_path: Path) -> None:
    opened().put("k", value=b"mine")
    script = (
        "from pathlib import Path; from dropdub.pipeline.cache import Cache; import sys\n"
        "cache = Cache(Path(sys.argv[1]), max_bytes=10_000_000)\n"
        "assert cache.get('k', check=bytes) == b'mine'\n"
        "cache.put('theirs', value=b'yours'); cache.close()"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "cache")], check=True, timeout=60)
    assert opened().get("theirs", check=bytes) == b"yours"


def test_a_value_that_does_not_check_is_dropped(opened: Callable[[], Cache], tmp_path: Path) -> None:
    cache = opened()
    cache.put(*KEY, value=b"no JSON")
    assert cache.get(*KEY, check=json.loads) is None
    assert cache.get(*KEY, check=bytes) is None, "it is still there"


def test_a_value_that_was_damaged_on_disk_is_dropped(opened: Callable[[], Cache], tmp_path: Path) -> None:
    cache = opened()
    cache.put(*KEY, value=b"x" * 200_000)
    [file] = (tmp_path / "cache").rglob("*.val")
    file.write_bytes(file.read_bytes()[:-1] + b"y")
    assert cache.get(*KEY, check=bytes) is None
    assert not list((tmp_path / "cache").rglob("*.val"))


def test_a_value_whose_file_is_gone_is_a_miss(opened: Callable[[], Cache], tmp_path: Path) -> None:
    cache = opened()
    cache.put(*KEY, value=b"x" * 200_000)
    [file] = (tmp_path / "cache").rglob("*.val")
    file.unlink()
    assert cache.get(*KEY, check=bytes) is None


class Trap:
    """What a doctored pickle does when it is loaded."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return (Path.touch, (Path("sprung"),))


def test_nothing_is_ever_unpickled(
    opened: Callable[[], Cache], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cache = opened()
    cache.put(*KEY, value=b"sound")
    key = only_entry(tmp_path / "cache")
    with diskcache.Cache(str(tmp_path / "cache")) as raw:
        raw.set(key, Trap())
    assert pickle.dumps(Trap()), "the trap can be set"
    assert cache.get(*KEY, check=bytes) is None
    assert not (tmp_path / "sprung").exists()


def test_a_damaged_database_is_made_anew(
    opened: Callable[[], Cache], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "cache.db").write_bytes(b"not a database at all" * 500)
    cache = opened()
    with caplog.at_level(logging.WARNING):
        assert cache.get(*KEY, check=bytes) is None
    assert "damaged cache made anew" in caplog.text
    cache.put(*KEY, value=b"sound")
    assert cache.get(*KEY, check=bytes) == b"sound"


def test_a_locked_database_is_a_miss_and_no_failure(
    opened: Callable[[], Cache], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dropdub.pipeline.cache._LOCKED_S", 0.1)
    cache = opened()
    cache.put("there", value=b"x")
    holder = sqlite3.connect(tmp_path / "cache" / "cache.db", isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        cache.put(*KEY, value=b"sound")
        assert cache.get(*KEY, check=bytes) is None
        holder.execute("ROLLBACK")
    finally:
        holder.close()
    assert cache.get("there", check=bytes) == b"x"


def test_a_folder_that_cannot_be_made_is_a_miss_and_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    cache = Cache(tmp_path / "file" / "cache", max_bytes=1000)
    cache.put(*KEY, value=b"sound")
    assert cache.get(*KEY, check=bytes) is None
    cache.close()


def test_without_a_folder_nothing_is_kept() -> None:
    cache = Cache(None, max_bytes=1000)
    cache.put(*KEY, value=b"sound")
    assert cache.get(*KEY, check=bytes) is None
    cache.close()
