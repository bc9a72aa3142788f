from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.pool.messages import (
    Done,
    Failed,
    Heartbeat,
    Log,
    Piece,
    Progress,
    ProtocolError,
    Ready,
    Run,
    Start,
    Withdraw,
    Withdrawn,
    decode_down,
    decode_up,
    encode,
)

IDS, TEXT, SECONDS = st.integers(0, 2**53), st.text(), st.floats(0, 1e9)
PAYLOAD = st.dictionaries(TEXT, st.none() | st.booleans() | IDS | TEXT | st.lists(TEXT), max_size=5)
DOWN = st.one_of(
    st.builds(Start, st.booleans(), st.none() | TEXT, IDS, IDS, st.lists(TEXT)),
    st.builds(Run, IDS, IDS, SECONDS, PAYLOAD, st.floats(0, 1), st.booleans()),
    st.builds(Withdraw, IDS, IDS),
)
UP = st.one_of(
    st.builds(Ready, IDS, SECONDS, SECONDS, IDS),
    st.builds(Progress, IDS, IDS, st.floats(0, 1)),
    st.builds(Piece, IDS, IDS, IDS),
    st.builds(Withdrawn, IDS, IDS),
    st.just(Heartbeat()),
    st.builds(Done, IDS, IDS, PAYLOAD),
    st.builds(Failed, IDS, IDS, PAYLOAD),
    st.builds(Log, TEXT, TEXT, st.none() | IDS),
)


@given(DOWN)
def test_messages_to_a_worker_arrive_unchanged_in_one_line(message: Any) -> None:
    line = encode(message)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert decode_down(line) == message


@given(UP)
def test_messages_from_a_worker_arrive_unchanged_in_one_line(message: Any) -> None:
    line = encode(message)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert decode_up(line) == message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)
KINDS = st.sampled_from(["ready", "progress", "heartbeat", "done", "failed", "log", "start", "run", "other"])
FIELDS = st.sampled_from(["step_id", "token", "share", "result", "error", "level", "text", "pid", "started", "kind"])


@given(
    st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.tuples(KINDS, st.dictionaries(FIELDS, JSON)).map(
        lambda made: json.dumps({**made[1], "kind": made[0]}).encode()
    )
)
def test_any_other_line_is_a_protocol_error_and_nothing_else(line: bytes) -> None:
    for decode in (decode_down, decode_up):
        try:
            message = decode(line)
        except ProtocolError:
            continue
        assert decode(encode(message)) == message


@pytest.mark.parametrize(
    "line",
    [
        b'{"kind":"progress","step_id":1,"token":"1","share":0.5}',
        b'{"kind":"progress","step_id":true,"token":1,"share":0.5}',
        b'{"kind":"done","step_id":1,"token":1,"result":[]}',
        b'{"kind":"piece","step_id":1,"token":1,"number":0.5}',
        b'{"kind":"done","step_id":1,"token":1}',
        b'{"kind":"heartbeat","more":1}',
        b'{"kind":["heartbeat"]}',
        b"[1]",
        b"\xff\xfe",
        b"",
        b"[" * 100_000,
    ],
)
def test_wrong_types_missing_and_surplus_fields_are_refused(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_up(line)


def test_a_value_that_json_cannot_express_is_refused_by_the_sender() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode(Progress(1, 1, float("nan")))
