"""How often an address may try to log in, and how often a code works: with given times."""

from __future__ import annotations

from dropdub.web.security.codes import LoginCodes
from dropdub.web.security.scopes import admits, room_scope
from dropdub.web.security.sessions import new_session, read_signed, signed, signing_key
from dropdub.web.security.throttle import Throttle


def test_five_tries_a_minute_then_growing_delays_up_to_an_hour() -> None:
    throttle, now, waits = Throttle(), 1000.0, []
    for _ in range(9):
        while not (wait_s := throttle.try_once("10.0.0.1", now)):
            pass
        waits.append(wait_s)
        assert throttle.try_once("10.0.0.1", now + wait_s / 2) == wait_s / 2, "trying meanwhile changes nothing"
        now += wait_s
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_in_each_period_there_are_five_tries() -> None:
    throttle = Throttle()
    assert [throttle.try_once("10.0.0.1", 0.0) for _ in range(6)] == [0, 0, 0, 0, 0, 60]
    assert [throttle.try_once("10.0.0.1", 60.0) for _ in range(6)] == [0, 0, 0, 0, 0, 120]
    quiet = Throttle()
    assert [quiet.try_once("10.0.0.1", 15.0 * n) for n in range(100)] == [0] * 100


def test_a_success_and_two_quiet_hours_make_all_forgotten() -> None:
    throttle = Throttle()
    for _ in range(6):
        throttle.try_once("10.0.0.1", 0.0)
    assert [throttle.try_once("10.0.0.1", 7_300.0) for _ in range(6)] == [0, 0, 0, 0, 0, 60]
    throttle.succeeded("10.0.0.1")
    assert throttle.try_once("10.0.0.1", 7_300.0) == 0


def test_addresses_are_counted_apart_and_a_network_of_ipv6_as_one() -> None:
    throttle = Throttle()
    for number in range(6):
        throttle.try_once(f"2001:db8::{number:x}", 0.0)
    assert throttle.try_once("2001:db8::ffff", 0.0) == 60
    assert throttle.try_once("2001:db8:0:1::1", 0.0) == 0 and throttle.try_once("10.0.0.1", 0.0) == 0


def test_what_is_remembered_is_bounded() -> None:
    throttle, codes = Throttle(), LoginCodes()
    for number in range(12_000):
        throttle.try_once(f"10.0.{number // 250}.{number % 250}", 0.0)
    assert len(throttle._addresses) == 10_000
    issued = [codes.issue(0.0) for _ in range(150)]
    assert [codes.use(code, 0.0) for code in issued] == [None] * 50 + [""] * 100


def test_a_code_works_once_and_for_a_minute() -> None:
    codes = LoginCodes()
    first, second = codes.issue(0.0), codes.issue(0.0)
    assert codes.use(first, 59.9) == "" and codes.use(first, 59.9) is None
    assert [codes.use(code, 60.0) for code in (second, "", "\udc80")] == [None] * 3


def test_a_guest_has_ten_minutes_and_gets_their_scope_only() -> None:
    codes = LoginCodes()
    first, second = codes.issue(0.0, scope="room:7"), codes.issue(0.0, scope="room:7")
    assert codes.use(first, 599.9) == "room:7" and codes.use(second, 600.0) is None


def test_a_scope_admits_its_room_and_an_unknown_one_nothing() -> None:
    own = ("/room/7", "/v1/rooms/7", "/v1/rooms/7/enter", "/logout")
    others = ("/", "/room/8", "/room/77", "/v1/rooms/77", "/v1/rooms/8/enter", "/v1/rooms", "/v1/jobs", "/room/7/x")
    assert all(admits(room_scope("7"), path) for path in own)
    assert not any(admits(room_scope("7"), path) for path in others)
    assert all(admits("", path) for path in (*own, *others))
    assert not any(admits(scope, path) for scope in ("room", "job:7", "x") for path in (*own, *others))


def test_a_changed_scope_is_no_session() -> None:
    key, now = signing_key("token", b""), 1000.0
    cookie = signed(new_session(now, room_scope("7")), key)
    session = read_signed(cookie, key, now)
    assert session is not None and session.scope == "room:7"
    assert read_signed(cookie.replace("room:7", "room:8"), key, now) is None
    assert read_signed(cookie.replace(".room:7", ""), key, now) is None
