"""What the web server says to the supervisor whose child it is."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from dropdub.web.serving.link import LONGEST_RECORD, MOST_RECORDS, Link, LinkedLog


@pytest.fixture
def logged() -> Iterator[tuple[logging.Logger, io.BytesIO]]:
    """A log that a link passes on, and what it has passed on."""
    logger, output = logging.getLogger("dropdub.web.test"), io.BytesIO()
    handler = LinkedLog(Link(output))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield logger, output
    logger.removeHandler(handler)


def passed(output: io.BytesIO) -> list[tuple[str, str]]:
    lines = map(json.loads, output.getvalue().splitlines())
    return [(line["level"], line["text"]) for line in lines if line["kind"] == "log"]


def test_the_supervisor_gets_what_is_logged_with_the_traceback(logged: tuple[logging.Logger, io.BytesIO]) -> None:
    logger, output = logged
    logger.debug("nothing")
    logger.warning("log-in refused: address=%s", "192.0.2.1")
    try:
        raise OSError("x" * 2 * LONGEST_RECORD)
    except OSError as error:
        logger.error("unexpected error", exc_info=error)
    refused, failed = passed(output)
    assert refused == ("warning", "log-in refused: address=192.0.2.1")
    assert failed[0] == "error" and "Traceback" in failed[1] and len(failed[1]) == LONGEST_RECORD


def test_who_is_refused_again_and_again_does_not_fill_the_log(logged: tuple[logging.Logger, io.BytesIO]) -> None:
    logger, output = logged
    for _ in range(10 * MOST_RECORDS):
        logger.info("request refused")
    logger.error("unexpected error")
    assert [level for level, _ in passed(output)] == [*["info"] * MOST_RECORDS, "error"]
