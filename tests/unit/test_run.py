"""What the one runner of programs promises, whoever calls it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dropdub.errors import DeadlineExceeded, MediaToolFailed
from dropdub.process import run as running
from dropdub.process.run import Program, Stream, output, run


def python(script: str, *, given: bytes | None = None, folder: Path | None = None) -> Program:
    return Program([sys.executable, "-c", script], folder=folder, given=given)


def test_a_program_gets_no_secret_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "s3cret")
    said, _ = output(python("import os; print(dict(os.environ))"), deadline_s=60)
    assert "PATH" in said and "s3cret" not in said


def test_input_and_output_stay_complete() -> None:
    text = ("é" * 10_000 + "\n") * 20
    copy = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    said, ending = output(python(copy, given=text.encode()), deadline_s=60)
    assert (said, ending.returncode) == (text, 0)


def test_a_program_with_endless_output_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MOST_CHARACTERS", 100_000)
    with pytest.raises(MediaToolFailed, match="wrote more than 100000 characters"):
        output(python("while True: print('x' * 1000)"), deadline_s=60)


def test_an_exception_in_the_look_callback_ends_the_run() -> None:
    def look(_pid: int) -> None:
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        run(python("import time; time.sleep(600)"), deadline_s=60, look=look)


def test_a_flood_of_lines_arrives_in_order_while_the_program_waits() -> None:
    lines: list[str] = []
    run(python("for number in range(20_000): print(number)"), deadline_s=60, on_line=lines.append)
    assert lines == [str(number) for number in range(20_000)]


def test_a_stream_gives_bytes_and_its_program_dies_at_the_deadline() -> None:
    script = "import sys, time; sys.stdout.buffer.write(b'abc'); sys.stdout.flush(); time.sleep(600)"
    with Stream(python(script), deadline_s=2.0) as stream, pytest.raises(DeadlineExceeded):
        assert stream.read(3) == b"abc"
        stream.finish()


def test_a_stream_that_nobody_reads_to_its_end_leaves_no_program() -> None:
    with Stream(python("while True: print('x' * 1000)"), deadline_s=600) as stream:
        assert stream.read(4) == b"xxxx"
    assert stream._started.returncode is not None
