"""Every text that a person reads on a page, in a report or in a notification is a message of the catalogues."""

from __future__ import annotations

from pathlib import Path

import pytest

import dropdub
from tests.untranslated import Bracketed, untranslated, untranslated_in_template

SOURCE = Path(dropdub.__file__).parent
TEMPLATES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.j2"))


@pytest.mark.parametrize("name", TEMPLATES, ids=str)
def test_a_template_has_no_text_that_is_no_message(name: Path) -> None:
    assert untranslated_in_template((SOURCE / name).read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Some text</p>",
        "<p>{% if x %}Text{% endif %}</p>",
        '<a aria-label="{{ name }} opened">…</a>',
        '<div data-gone="It is gone."></div>',
        "<p>{{ 'Yes' if x else _('No') }}</p>",
        "<p>{{ name ~ ' was found' }}</p>",
    ],
)
def test_a_text_that_is_no_message_is_found(source: str) -> None:
    assert len(untranslated_in_template(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ _('Some text for %(name)s', name='A name') }}</p>",
        "<p>{% trans %}Some text{% endtrans %}</p>",
        """<p data-kind="original" class="{{ 'late link' if late }}{{ ' alone' if one }}">{{ name }} · 5 s</p>""",
        '<p lang="en">English here</p><code>dropdub watch</code><b translate="no">A name</b><bdi>talk</bdi>',
        "{# A comment #}<script>const text = 'A text';</script><input type='text'><p>{{ size }} MB</p>",
    ],
)
def test_what_needs_no_translation_is_not_found(source: str) -> None:
    assert untranslated_in_template(source) == []


def test_messages_and_their_values_are_distinguished_from_other_texts() -> None:
    words = Bracketed()
    message = words.gettext("%(a)s of %(b)s") % {"a": words.gettext("some"), "b": "others"}
    assert untranslated(f"<p>{message}</p><p>talk.mp4</p>", given=["talk.mp4"]) == []
    assert untranslated(f"<p>{message} and more</p>") == [f"{message} and more"]
