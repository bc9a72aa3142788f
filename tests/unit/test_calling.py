"""The program's two names."""

from __future__ import annotations

import io

import pytest

from dropdub.cli.calling import as_called, program_name, renaming


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


def test_commands_are_shown_by_the_name_that_was_called_and_names_of_files_stay() -> None:
    text = "Correct it, then: jobs retry. Or: jobs models pull x; jobs wait for 'jobs status.mp4', many jobs run"
    assert as_called(text, "jobs") == text
    assert as_called(text, "dropdub") == text.replace("jobs retry", "dropdub retry").replace(
        "jobs models", "dropdub models"
    ).replace("jobs run", "dropdub run")


def test_a_stream_that_renames_is_otherwise_the_stream() -> None:
    below = io.StringIO()
    stream = renaming(below, "dropdub")
    print("See: jobs doctor", file=stream)
    assert below.getvalue() == "See: dropdub doctor\n"
    assert not stream.isatty()
    assert renaming(below, "jobs") is below
