from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dropdub.inbox.file_identity import Identity
from dropdub.inbox.scan import Drop
from dropdub.inbox.settle import Settling

CLIP = Path("/inbox/clip.mp4")
SETTLE_S, EMPTY_S, SUBTITLE_S, DOWNLOAD_S = 5.0, 30.0, 20.0, 3600.0


def a_drop(
    path: Path = CLIP,
    *,
    size: int = 10,
    mtime_ns: int = 1,
    inode: int = 7,
    sidecar_size: int | None = None,
    companion_size: int | None = None,
    group: str | None = None,
    is_part: bool = False,
) -> Drop:
    words = None if companion_size is None else Identity(1, "9", companion_size, 1)
    companion = None if companion_size is None else path.with_suffix(".srt")
    beside = None if sidecar_size is None else Identity(1, "8", sidecar_size, 1)
    sidecar = None if sidecar_size is None else path.with_name(path.name + ".job.yaml")
    identity = Identity(1, str(inode), size, mtime_ns)
    return Drop(
        path,
        "file",
        identity,
        sidecar=sidecar,
        sidecar_identity=beside,
        companion=companion,
        companion_identity=words,
        group=group,
        is_part=is_part,
    )


def settling() -> Settling:
    return Settling(SETTLE_S, EMPTY_S, SUBTITLE_S, DOWNLOAD_S)


def test_a_file_settles_after_no_change_even_if_it_was_there_at_the_start() -> None:
    rule, clip = settling(), a_drop()
    assert rule.observe([clip], 100.0) == []
    assert rule.next_due(100.0) == 105.0
    assert rule.observe([clip], 104.9) == []
    assert rule.observe([clip], 105.0) == [clip]
    assert rule.next_due(105.0) is None and rule.pending(105.0) == []


def test_each_change_of_size_time_or_file_restarts_the_wait() -> None:
    rule = settling()
    looks = [a_drop(), a_drop(size=11), a_drop(size=11, mtime_ns=2), a_drop(size=11, mtime_ns=2, inode=9)]
    for number, look in enumerate(looks):
        assert rule.observe([look], number * 4.9) == []
    assert rule.next_due(15.0) == 3 * 4.9 + SETTLE_S


def test_a_growing_file_is_waited_for_without_limit_and_keeps_its_first_seen() -> None:
    rule = settling()
    for second in range(10_000):
        assert rule.observe([a_drop(size=1 + second)], float(second)) == []
    [pending] = rule.pending(9_999.0)
    assert (pending.first_seen, pending.changed, pending.due) == (0.0, 9_999.0, 9_999.0 + SETTLE_S)


def test_an_empty_file_waits_longer_and_settles_as_usual_once_it_has_content() -> None:
    rule = settling()
    rule.observe([a_drop(size=0)], 0.0)
    assert rule.observe([a_drop(size=0)], 29.0) == []
    assert rule.observe([a_drop(size=0)], 30.0) == [a_drop(size=0)]
    assert rule.observe([a_drop(size=1)], 31.0) == []
    assert rule.observe([a_drop(size=1)], 36.0) == [a_drop(size=1)]


def test_a_sidecar_that_appears_or_changes_restarts_the_wait_and_is_attached() -> None:
    rule = settling()
    rule.observe([a_drop()], 0.0)
    assert rule.observe([a_drop(sidecar_size=1)], 4.0) == []
    assert rule.observe([a_drop(sidecar_size=2)], 8.0) == []
    [settled] = rule.observe([a_drop(sidecar_size=2)], 13.0)
    assert settled.sidecar == Path("/inbox/clip.mp4.job.yaml")


def test_a_path_that_vanished_is_forgotten() -> None:
    rule = settling()
    rule.observe([a_drop()], 0.0)
    assert rule.observe([], 4.0) == [] and rule.next_due(4.0) is None
    assert rule.observe([a_drop()], 6.0) == []


def test_a_file_from_the_future_settles_like_any_other() -> None:
    rule, clip = settling(), a_drop(mtime_ns=2**62)
    rule.observe([clip], 0.0)
    assert rule.observe([clip], 5.0) == [clip]


def test_each_file_has_its_own_time() -> None:
    rule, one, two = settling(), a_drop(), a_drop(CLIP.with_name("two.mp4"))
    rule.observe([one], 0.0)
    rule.observe([one, two], 3.0)
    assert rule.observe([one, two], 5.0) == [one]
    assert rule.next_due(5.0) == 8.0


LOOKS = st.lists(st.tuples(st.floats(0, 100), st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=40)


@given(LOOKS)
def test_a_file_settles_exactly_when_unchanged_for_long_enough(
    looks: list[tuple[float, int, int]],
) -> None:
    rule, now, changed, before = settling(), 0.0, 0.0, None
    for pause_s, size, mtime in looks:
        now += pause_s
        drop = a_drop(size=size, mtime_ns=mtime)
        changed = now if drop != before else changed
        before = drop
        rest_s = SETTLE_S if size else EMPTY_S
        assert rule.observe([drop], now) == ([drop] if now >= changed + rest_s else [])


@given(LOOKS)
def test_a_file_is_settled_at_the_next_due_time(looks: list[tuple[float, int, int]]) -> None:
    rule, now, drop = settling(), 0.0, a_drop()
    for pause_s, size, mtime in looks:
        now, drop = now + pause_s, a_drop(size=size, mtime_ns=mtime)
        settled = rule.observe([drop], now)
    due = rule.next_due(now)
    assert (due is None) == bool(settled)
    assert due is None or (due > now and rule.observe([drop], due) == [drop])


def test_a_subtitle_on_its_own_waits_longer_for_its_film() -> None:
    rule, words = settling(), a_drop(Path("/inbox/clip.en.SRT"))
    rule.observe([words], 0.0)
    assert rule.next_due(0.0) == SUBTITLE_S
    assert rule.observe([words], 19.9) == []
    assert rule.observe([words], 20.0) == [words]


def test_a_film_waits_again_if_its_subtitle_changes_and_longer_if_it_is_empty() -> None:
    rule = settling()
    rule.observe([a_drop()], 0.0)
    assert rule.observe([a_drop(companion_size=0)], 4.9) == []
    assert rule.next_due(4.9) == 4.9 + EMPTY_S
    assert rule.observe([a_drop(companion_size=7)], 10.0) == []
    assert rule.observe([a_drop(companion_size=7)], 14.9) == []
    assert rule.observe([a_drop(companion_size=7)], 15.0) == [a_drop(companion_size=7)]


def test_a_subtitle_whose_film_arrives_waits_no_longer_than_the_film() -> None:
    rule = settling()
    rule.observe([a_drop(Path("/inbox/clip.srt"))], 0.0)
    both = a_drop(companion_size=7)
    assert rule.observe([both], 3.0) == []
    assert rule.observe([both], 8.0) == [both]


def test_a_part_of_a_download_settles_only_long_after_the_last_change_of_any_part() -> None:
    rule = settling()
    picture = a_drop(Path("/inbox/talk.f137.mp4"), group="talk", is_part=True)
    sound = a_drop(Path("/inbox/talk.f140.m4a"), group="talk", is_part=True)
    assert rule.observe([picture], 0.0) == []
    assert rule.observe([picture, sound], 60.0) == []
    assert rule.observe([picture, sound], DOWNLOAD_S) == [] and len(rule.in_downloads()) == 2
    assert rule.observe([picture, sound], DOWNLOAD_S + 60.0) == [picture, sound]


def test_a_whole_recording_waits_while_a_part_is_beside_it_and_no_longer() -> None:
    rule = settling()
    whole = a_drop(Path("/inbox/talk.mp4"), group="talk")
    other = a_drop(Path("/elsewhere/talk.mp4"), group="talk")
    part = a_drop(Path("/inbox/talk.temp.mp4"), group="talk", is_part=True)
    rule.observe([whole, other, part], 0.0)
    assert rule.observe([whole, other, part], 100.0) == [other]
    assert rule.observe([whole], 101.0) == [whole]
