"""The program's two names."""

from __future__ import annotations

import io

import pytest

from dropdub.cli.calling import as_called, as_it_is, program_name, renaming


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("/home/ana/.local/bin/dropdub", "dropdub"),
        ("C:\\Program Files\\Dropdub\\Scripts\\dropdub.exe", "dropdub"),
        ("/venv/bin/jobs", "jobs"),
        ("C:\\venv\\Scripts\\jobs.exe", "jobs"),
        ("/venv/lib/dropdub/__main__.py", "jobs"),
    ],
)
def test_the_name_is_the_one_that_was_called(called: str, name: str) -> None:
    assert program_name(called) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Correct it, then: jobs retry.", "Correct it, then: dropdub retry."),
        ("Get it with: jobs models pull x", "Get it with: dropdub models pull x"),
        ("it takes this up at the next jobs watch.", "it takes this up at the next dropdub watch."),
        ("  jobs init DIR     make a root", "  dropdub init DIR     make a root"),
        ('See why with: jobs --root "/a b" watch', 'See why with: dropdub --root "/a b" watch'),
        ("steve jobs show 2005.mp4", "steve jobs show 2005.mp4"),
        ("Made a root: /home/ana/my jobs run/r", "Made a root: /home/ana/my jobs run/r"),
        ("jobs wait for 'jobs status.mp4'", "jobs wait for 'jobs status.mp4'"),
    ],
)
def test_commands_are_shown_by_the_name_that_was_called_and_names_of_files_stay(text: str, shown: str) -> None:
    assert as_called(text, "jobs") == text
    assert as_called(text, "dropdub") == shown


def test_a_stream_that_renames_is_otherwise_the_stream() -> None:
    below = io.StringIO()
    stream = renaming(below, "dropdub")
    print("See: jobs doctor", file=stream)
    assert below.getvalue() == "See: dropdub doctor\n"
    assert not stream.isatty()
    assert renaming(below, "jobs") is below
    assert as_it_is(stream) is below
