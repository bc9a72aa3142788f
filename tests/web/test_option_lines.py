"""A table of options is read from lines of text, and written so that it is read as it was."""

from __future__ import annotations

import pytest

from dropdub.web.pages.option_lines import UnreadableLine, lines_of, table_of


def test_a_line_is_a_name_and_a_value_with_any_spaces_and_empty_lines_between() -> None:
    assert table_of("\n João = rui\r\n\n Maria  Lima=ana \n", by_language=False) == {
        "João": "rui",
        "Maria  Lima": "ana",
    }


def test_a_name_has_a_value_for_each_language_whose_tag_follows_it() -> None:
    found = table_of("meeting [pt] = reunião\nmeeting[es]=reunión\nx = y", by_language=True)
    assert found == {"meeting": {"pt": "reunião", "es": "reunión"}, "x": "y"}


def test_brackets_and_signs_in_a_name_or_value_are_kept() -> None:
    assert table_of("S1 [host] = rui", by_language=False) == {"S1 [host]": "rui"}
    assert table_of('"a = b" = c = [d]', by_language=True) == {"a = b": "c = [d]"}
    assert table_of('"open = closed', by_language=True) == {'"open': "closed"}


@pytest.mark.parametrize(
    "table",
    [
        {"a = b": "c"},
        {"room [1]": "sala"},
        {'"quoted"': '"citado"', "back\\slash": "\\", '"': "x"},
        {"x": {"pt": "y = z", "pt-br": "w"}},
        {" spaces ": "x", "no": "não", "–": "–", "#": ": {}"},
    ],
)
def test_what_is_written_is_read_as_it_was(table: dict[str, object]) -> None:
    assert table_of("\n".join(lines_of(table)), by_language=True) == table


@pytest.mark.parametrize("text", ["João", "= rui", "João =", "[pt] = x", '"" = x', "a = b\nb"])
def test_a_line_that_is_no_entry_is_named_with_what_to_write(text: str) -> None:
    with pytest.raises(UnreadableLine, match="cannot be read: write a name, an equals sign, and what it stands for"):
        table_of(text, by_language=True)


@pytest.mark.parametrize("text", ["a = b\na = c", "a = b\na [pt] = b", "a [pt] = b\na = b", "a [pt] = b\na [PT] = c"])
def test_a_line_that_contradicts_another_is_named_and_one_that_repeats_it_is_not(text: str) -> None:
    with pytest.raises(UnreadableLine, match="contradicts a line before it"):
        table_of(text, by_language=True)
    once = text.splitlines()[0]
    assert table_of(f"{once}\n{once}", by_language=True) == table_of(once, by_language=True)


def test_a_text_that_is_no_list_is_refused_at_once_and_named_in_short() -> None:
    with pytest.raises(UnreadableLine) as refused:
        table_of("a" + " " * 3_000_000 + "b", by_language=True)
    assert len(str(refused.value)) < 200
