"""What pages show of messages: commands that can be copied, and nothing that a name can change."""

from __future__ import annotations

import pytest

from dropdub import stage_table
from dropdub.web.pages.rendering import PLACES, as_html
from dropdub.web.pages.wording import STAGES


def test_a_command_of_a_message_is_code_on_a_line_of_its_own() -> None:
    text = "The model <b>x</b> is missing. Download it with:\n  dropdub models pull x\nThe job then continues."
    assert as_html(text) == (
        "<span lang='en'>The model &lt;b&gt;x&lt;/b&gt; is missing. Download it with:<br>"
        "<code class='command'>dropdub models pull x</code><br>The job then continues.</span>"
    )


def test_a_setting_in_a_message_is_code_and_nothing_in_it_is_html() -> None:
    assert as_html("Set `duplicates: again`.") == "<span lang='en'>Set <code>duplicates: again</code>.</span>"
    assert "<b>" not in as_html("The file `<b>x</b>` failed.")


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/", {"/": "page"}),
        ("/jobs/3", {"/": "true"}),
        ("/do/job", {"/": "true"}),
        ("/new", {"/new": "page"}),
        ("/rooms", {"/live": "true"}),
        ("/voices/ana/remove", {"/voices": "true"}),
        ("/newer", {}),
    ],
)
def test_the_navigation_marks_the_page_or_the_one_that_it_belongs_to(path: str, marked: dict[str, str]) -> None:
    assert {one.path: one.is_current(path) for one in PLACES if one.is_current(path)} == marked


def test_every_stage_has_a_text() -> None:
    assert set(STAGES) == set(stage_table.STAGES)
