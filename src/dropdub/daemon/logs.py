"""The log: one rotating file plus one file per job; each line is a fixed sentence followed by fields.

Untrusted text (file names, messages) is quoted so that it cannot forge a line or a field.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import re
import time
from collections.abc import Callable
from typing import Any

from dropdub.config import LogSettings
from dropdub.masking import masked
from dropdub.root import Root

LOG_NAME = "dropdub.log"
_logger = logging.getLogger("dropdub")
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, bidirectional marks and lone surrogates."""
_PLAIN = re.compile(r"[^\s\"=]+")
_HEAD = re.compile(r"\d{4}-\d\d-\d\dT")


class FieldFormatter(logging.Formatter):
    """Formats `2026-01-31T10:20:30Z INFO sentence key=value key="value with spaces" …`, in UTC, with secrets masked."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = getattr(record, "fields", {})
        tail = "".join(f" {key}={_quoted(str(value))}" for key, value in fields.items() if value is not None)
        sentence, _, below = record.getMessage().partition("\n")  # a worker's message includes its traceback
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        head = f"{self.formatTime(record)} {record.levelname} {_ODD.sub(_escaped, sentence)}{tail}"
        return masked(
            "\n".join([head, *(_below(line) for part in (below, trace) for line in part.split("\n") if line)])
        )


class JobFiles(logging.Handler):
    """Appends each record that names a job to that job's log file."""

    def __init__(self, root: Root) -> None:
        super().__init__()
        self._root = root

    def emit(self, record: logging.LogRecord) -> None:
        job_id = getattr(record, "fields", {}).get("job")
        if job_id is None:
            return
        try:
            with self._root.job_log(job_id).open("a", encoding="utf-8", errors="backslashreplace") as log:
                log.write(self.format(record) + "\n")
        except OSError:
            self.handleError(record)


def set_up(root: Root, settings: LogSettings) -> Callable[[], None]:
    """Send Dropdub's log records to the files of `root`; return a function that undoes this.

    Errors while writing the log (for example a full disk) are ignored.
    """
    (root.logs_dir / "jobs").mkdir(parents=True, exist_ok=True)
    file = logging.handlers.RotatingFileHandler(
        root.logs_dir / LOG_NAME,
        maxBytes=settings.max_size,
        backupCount=settings.keep,
        encoding="utf-8",
        errors="backslashreplace",
        delay=True,
    )
    handlers: list[logging.Handler] = [file, JobFiles(root)]
    for handler in handlers:
        handler.setFormatter(FieldFormatter())
        handler.handleError = lambda record: None  # type: ignore[method-assign]
        _logger.addHandler(handler)
    logging.getLogger().addHandler(file)  # otherwise Python prints library warnings to the console
    _logger.setLevel(settings.level.upper())
    _logger.propagate = False
    return lambda: _take_down(handlers)


def _take_down(handlers: list[logging.Handler]) -> None:
    for handler in handlers:
        _logger.removeHandler(handler)
        logging.getLogger().removeHandler(handler)
        with contextlib.suppress(OSError):  # the last lines may not fit on a full disk
            handler.close()


def _quoted(value: str) -> str:
    """Return a field's value, quoted if it could be read as more than one value."""
    if _PLAIN.fullmatch(value) and not _ODD.search(value):
        return value
    return '"' + _ODD.sub(_escaped, value).replace('"', r"\u0022") + '"'


def _escaped(found: re.Match[str]) -> str:
    return {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(found[0]) or f"\\u{ord(found[0]):04x}"


def _below(line: str) -> str:
    """Return a traceback line, indented if it could be mistaken for a log record."""
    return _ODD.sub(_escaped, f"  {line}" if _HEAD.match(line) else line)


def note(sentence: str, *, level: int = logging.INFO, trace: BaseException | None = None, **fields: Any) -> None:
    """Log a fixed sentence with fields; `job=ID` also writes it to that job's log file."""
    _logger.log(level, sentence, extra={"fields": fields}, exc_info=trace)
