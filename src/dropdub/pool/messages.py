"""Messages between supervisor and worker: one JSON object per line, validated strictly.

Down: `start`, then one `run` at a time and, while it runs, one `run` that is an aside, which `withdraw` takes back; the
end of standard input means that the supervisor is gone.
Up: `ready`, `progress`, `piece`, `uses`, `occupied`, `heartbeat`, `log`, and for each `run` one `done`, `failed` or
`withdrawn`. The first message about an aside is the `progress` with which it begins.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TypeVar, get_origin, get_type_hints

from dropdub.errors import WorkerDied

LINE_MAX_BYTES = 16_000_000


class ProtocolError(WorkerDied):
    """A line that is not a valid message."""


@dataclass(frozen=True)
class Start:
    """How a worker must set itself up.

    `engines`: role and name of the pool's engine, empty if it has none. `models`: the engine settings, and `fallback`.
    `left_out`: engines of other packages whose import has ended a worker.
    """

    kind: ClassVar[str] = "start"
    preload: bool = True
    cache_dir: str | None = None
    cache_max_bytes: int = 0
    threads: int = 1
    engines: list[str] = field(default_factory=list)
    models: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """One step to run; the worker builds a Task from `payload`. `done`: the share that earlier attempts have done.

    `aside`: to be run between two pieces of the step that is running, with the engine that is loaded.
    """

    kind: ClassVar[str] = "run"
    step_id: int
    token: int
    deadline_s: float
    payload: dict[str, Any]
    done: float = 0.0
    aside: bool = False


@dataclass(frozen=True)
class OfStep:
    """A message about one step, which the token identifies among its attempts."""

    step_id: int
    token: int


@dataclass(frozen=True)
class Withdraw(OfStep):
    """An aside is no longer wanted. It has no effect once the aside has begun."""

    kind: ClassVar[str] = "withdraw"


@dataclass(frozen=True)
class Ready:
    """The worker can take steps; `seconds` and `memory` (bytes) were needed to get ready."""

    kind: ClassVar[str] = "ready"
    pid: int
    started: float
    seconds: float
    memory: int


@dataclass(frozen=True)
class Progress(OfStep):
    """The completed share of the running step, 0 to 1."""

    kind: ClassVar[str] = "progress"
    share: float


@dataclass(frozen=True)
class Piece(OfStep):
    """A numbered piece of the running step's result is complete on disk; they count from 0."""

    kind: ClassVar[str] = "piece"
    number: int


@dataclass(frozen=True)
class Uses(OfStep):
    """The running step uses an engine of another package from now on; `what` names both, for what may be said of it."""

    kind: ClassVar[str] = "uses"
    what: str


@dataclass(frozen=True)
class Occupied:
    """An engine of another package is imported or loaded from now on, whether a step runs or not.

    `what` names it and its package for a sentence, and is empty when that is done; `imports` is its name if it is
    imported.
    """

    kind: ClassVar[str] = "occupied"
    what: str = ""
    imports: str = ""


@dataclass(frozen=True)
class Heartbeat:
    """The worker is alive."""

    kind: ClassVar[str] = "heartbeat"


@dataclass(frozen=True)
class Done(OfStep):
    """A step's result."""

    kind: ClassVar[str] = "done"
    result: dict[str, Any]


@dataclass(frozen=True)
class Failed(OfStep):
    """A step's error, as returned by `DropdubError.to_dict`."""

    kind: ClassVar[str] = "failed"
    error: dict[str, Any]


@dataclass(frozen=True)
class Withdrawn(OfStep):
    """An aside was withdrawn before it began."""

    kind: ClassVar[str] = "withdrawn"


@dataclass(frozen=True)
class Log:
    """A line for the log."""

    kind: ClassVar[str] = "log"
    level: str
    text: str
    step_id: int | None = None


Down = Start | Run | Withdraw
Report = Progress | Piece | Uses | Done | Failed | Withdrawn
"""What a worker sends about one step."""
Up = Ready | Heartbeat | Log | Occupied | Report
_DOWN: dict[str, type[Down]] = {cls.kind: cls for cls in (Start, Run, Withdraw)}
_UP: dict[str, type[Up]] = {
    cls.kind: cls for cls in (Ready, Progress, Piece, Uses, Occupied, Heartbeat, Done, Failed, Withdrawn, Log)
}
M = TypeVar("M")


def encode(message: Down | Up) -> bytes:
    """Return a message as one line. Raises TypeError or ValueError for values that JSON cannot represent."""
    text = json.dumps({"kind": message.kind, **asdict(message)}, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass").replace(b"\n", b"\\n") + b"\n"


def decode_down(line: bytes) -> Down:
    """Return the supervisor's message. Raises ProtocolError."""
    return _decode(line, _DOWN)


def decode_up(line: bytes) -> Up:
    """Return the worker's message. Raises ProtocolError."""
    return _decode(line, _UP)


def _decode(line: bytes, kinds: dict[str, type[M]]) -> M:
    try:
        data = json.loads(line.decode("utf-8", "surrogatepass"))
        message = kinds[data.pop("kind")](**data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError(f"The worker sent an invalid message: {line[:80]!r}.") from error
    for name, hint in get_type_hints(type(message)).items():
        if get_origin(hint) is not ClassVar and not _fits(getattr(message, name), hint):
            raise ProtocolError(f"The field {name} of a {type(message).__name__} message has the wrong type.")
    return message


def _fits(value: Any, hint: Any) -> bool:
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, get_origin(hint) if get_origin(hint) in (dict, list) else hint)
