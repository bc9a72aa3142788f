"""Numbers are made readable, and none of their digits is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropdub.engines.xtts.numbers import MOST_DIGITS, digits_apart, readable


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("In 2026 it was 1,250.50 €.", "en", "In 2026 it was 1,250.50 €."),
        ("V roce 2026. A 3. den.", "cs", "V roce 2026 . A 3 . den."),
        ("Am 3. Mai 2026.", "de", "Am 3. Mai 2026 ."),
        ("Em 2026.", "pt", "Em 2026."),
        ("5 दिन, 42", "hi", "पाँच दिन, चार दो"),
        ("٣٤ and 12", "en", "34 and 12"),
        ("IBAN 12345678901234567890", "en", "IBAN 123 456 789 012 345 678 90"),
        ("1.111.111.111.111.111.111", "pt", "111 111 111 111 111 111 1"),
        ("x² and ½", "en", "x² and ½"),
    ],
)
def test_numbers_are_made_readable(text: str, language: str, said: str) -> None:
    assert readable(text, language) == said


def test_digits_are_separated() -> None:
    assert digits_apart("the 10th, 2nd") == "the 1 0 th, 2 nd"


@given(st.text("0123456789., a٣", max_size=60), st.sampled_from(["en", "pt", "cs", "de"]))
def test_no_digit_is_lost_and_no_number_is_too_long(text: str, language: str) -> None:
    found = readable(text, language)
    assert re.findall(r"\d", found) == [str(int(one)) for one in re.findall(r"\d", text)]
    assert all(len(re.sub(r"\D", "", one)) <= MOST_DIGITS for one in re.findall(r"\d(?:[.,]?\d)*", found))
