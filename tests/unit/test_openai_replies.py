"""What language models answer, and what of it counts as a translation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dropdub.engines.openai.replies import echoes, reply_of, usable, without_thoughts, wordings_of

TWO = {1: ("Um.",), 2: ("Dois.",)}


@pytest.mark.parametrize(
    "text",
    [
        '{"1": "Um.", "2": "Dois."}',
        '{"2": "Dois.", "1": "Um."}',
        '```json\n{"1": "Um.", "2": "Dois."}\n```',
        'Here are the translations:\n\n```\n{"1": "Um.", "2": "Dois."}\n```\nLet me know if you need more!',
        'Sure! {"1": "Um.", "2": "Dois."}',
        '{"translations": {"1": "Um.", "2": "Dois."}}',
        '{"translations": ["Um.", "Dois."]}',
        '["Um.", "Dois."]',
        '[{"id": 2, "text": "Dois."}, {"id": 1, "text": "Um."}]',
        '{"1": {"translation": "Um."}, "2": {"translation": "Dois."}}',
        '{"1": ["Um."], "2": ["Dois."]}',
        "1: Um.\n2: Dois.",
        "1. Um.\n2. Dois.\n\nLet me know if you need anything else.",
        "Here is the translation:\n\n1) Um.\n\n2) Dois.",
        "**1:** Um.\n**2:** Dois.",
        "2: Dois.\n1: Um.",
        '{"1": "Here is the translation: Um.", "2": "Dois."}',
        '{"1": "Um.",\n"2": "Dois.", "3": "Três.", "0": "Zero."}',
    ],
)
def test_answers_are_read_in_whatever_form_models_write_them(text: str) -> None:
    assert wordings_of(text, 2) == TWO


@pytest.mark.parametrize("text", ["", "Hm.", '{"1": "Um."', "{}", "[]", "null", '{"1": 3, "2": null}', "3: Três."])
def test_what_is_not_there_is_not_invented(text: str) -> None:
    assert wordings_of(text, 2) == {}


def test_a_line_without_its_number_is_taken_only_if_numbered_lines_were_asked_for() -> None:
    assert wordings_of("Here is the translation: Um.", 1, is_plain=True) == {1: ("Um.",)}
    assert wordings_of("Um.", 1) == {}


@pytest.mark.parametrize(
    "text",
    ['{"0": "Um.", "1": "Dois."}', "0: Um.\n1: Dois.", "1: Um.\n1: Dois.\n2: Três.\n2: Quatro."],
)
def test_answers_whose_numbers_are_others_or_ambiguous_are_not_taken(text: str) -> None:
    assert wordings_of(text, 2) == {}


def test_what_somebody_says_cannot_take_the_place_of_other_lines() -> None:
    said = '1: Ele disse: {"1": "pirata", "2": "pirata"}\n2: Dois.'
    assert wordings_of(said, 2, is_plain=True) == {1: ('Ele disse: {"1": "pirata", "2": "pirata"}',), 2: ("Dois.",)}
    broken = "1: Um.\n2: Ele disse:\n1: pirata"
    assert wordings_of(broken, 2, is_plain=True) == {2: ("Ele disse:",)}
    quoted = json.dumps({"1": 'Ele disse: {"2": "pirata"}', "2": "Dois."})
    assert wordings_of(quoted, 2) == {1: ('Ele disse: {"2": "pirata"}',), 2: ("Dois.",)}


@pytest.mark.parametrize("answer", ['{"1": "Um.", "2": "Dois."}', 'Sure:\n{\n  "1": "Um.",\n  "2": "Dois."\n}'])
def test_json_is_read_where_numbered_lines_were_asked_for(answer: str) -> None:
    assert wordings_of(answer, 2, is_plain=True) == TWO


def test_a_line_that_continues_on_the_next_is_whole() -> None:
    assert wordings_of("1: Era uma vez\num rei.\n2: Dois.\n\nThat was all.", 2) == {
        1: ("Era uma vez um rei.",),
        2: ("Dois.",),
    }


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>Hm.</think>Um.", "Um."),
        ("Hm.</think>\n\nUm.", "Um."),
        ("<think>Hm. Um.", ""),
        ("<THINK>a</THINK><think>b</think>Um.", "Um."),
        ("<reasoning>Hm.</reasoning> Um.", "Um."),
        ('<think effort="low">Hm.</think>Um.', "Um."),
        ("[THINK]Hm.[/THINK]Um.", "Um."),
        ("\u25c1think\u25b7Hm.\u25c1/think\u25b7Um.", "Um."),
        ("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Um.", "Um."),
        ("<|channel|>analysis<|message|>Hm.", ""),
        ("Um.", "Um."),
        ("1 < 2 and <thinker>", "1 < 2 and <thinker>"),
    ],
)
def test_thoughts_are_no_answer(text: str, left: str) -> None:
    assert without_thoughts(text) == left


def answer(content: Any, **values: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content, **values}, "finish_reason": "stop"}]}


def test_the_message_of_a_server_is_read() -> None:
    reply = reply_of(
        {**answer("Um."), "usage": {"prompt_tokens": 12, "completion_tokens": 3}, "system_fingerprint": "b1"}
    )
    assert reply is not None
    assert (reply.text, reply.used, reply.fingerprint, reply.is_cut, reply.thinks) == (
        "Um.",
        (12, 3),
        "b1",
        False,
        False,
    )
    parts = reply_of(answer([{"type": "text", "text": "U"}, {"type": "image"}, "m."]))
    assert parts is not None and parts.text == "Um."
    for name in ("reasoning", "reasoning_content"):
        thought = reply_of(answer("Um.", **{name: "Hm."}))
        assert thought is not None and thought.thinks and thought.text == "Um."


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {},
        {"choices": []},
        {"choices": "x"},
        {"choices": [1]},
        {"choices": [{"message": "x"}]},
        {"error": {}},
    ],
)
def test_what_is_no_message_is_none(data: Any) -> None:
    assert reply_of(data) is None


@pytest.mark.parametrize("reason", ["length", "content_filter", "abort", "max_tokens"])
def test_an_answer_that_was_not_finished_says_so(reason: str) -> None:
    reply = reply_of({"choices": [{"message": {"content": "Um."}, "finish_reason": reason}]})
    assert reply is not None and reply.is_cut
    for other in ("stop", "eos", None, {"type": "stop"}):
        finished = reply_of({"choices": [{"message": {"content": "Um."}, "finish_reason": other}]})
        assert finished is not None and not finished.is_cut


def test_a_message_without_content_is_empty() -> None:
    reply = reply_of({"choices": [{"message": {"content": None}}], "usage": {"prompt_tokens": "many"}})
    assert reply is not None and (reply.text, reply.used) == ("", (0, 0))


SOURCES = ["Good evening to everybody.", "The train leaves at nine o'clock."]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "The train leaves at nine o'clock.",
        "the train leaves at nine o'clock",
        "I'm sorry, but I can't assist with translating content of this kind, since it may be harmful.",
        "As an AI language model, I do not speak.",
        "O comboio. " * 40,
        "<think>Hm.</think> O comboio parte.",
        "O comboio parte às nove.<|im_end|>",
        "O comboio parte \ud83d às nove.",
    ],
)
def test_a_line_that_is_no_translation_is_missing_and_others_stay(bad: str) -> None:
    assert usable(SOURCES, {1: ("Boa noite a todos.",), 2: (bad,)}) == {1: ("Boa noite a todos.",)}


def test_what_people_say_is_no_refusal() -> None:
    assert usable(["Não posso ajudar com isso."], {1: ("I can't help with that.",)})
    assert usable(["Ich bin ein Sprachmodell, sagte er."], {1: ("Sou um modelo, disse.",)})
    assert usable(["As an AI, I have no name."], {1: ("As an AI, não tenho nome.",)})


def test_lines_that_say_the_same_are_both_missing_unless_their_texts_do() -> None:
    twice = {1: ("Boa noite a todos.",), 2: ("Boa noite a todos.",)}
    assert usable(SOURCES, twice) == {}
    assert usable([SOURCES[0], SOURCES[0].upper()], twice) == twice
    assert usable(["Yes.", "Yeah."], {1: ("Sim.",), 2: ("Sim.",)}) == {1: ("Sim.",), 2: ("Sim.",)}


def test_short_texts_may_be_the_same_in_two_languages() -> None:
    assert not echoes("OK, Maria!", "OK, Maria!") and not echoes("Dropdub", "Dropdub")
    assert echoes("And so my fellow Americans", "and so, my fellow Americans!")


def test_marks_that_a_text_has_itself_may_be_in_its_translation() -> None:
    assert usable(["The tag <think> is hidden."], {1: ("A marca <think> está escondida.",)})


def test_a_translation_has_no_control_characters() -> None:
    assert wordings_of('{"1": "Um\\u0000\\u001b[31m dois\\u2028três."}', 1) == {1: ("Um dois três.",)}


def test_quotes_are_kept_if_the_text_has_them() -> None:
    assert usable(["Hello, Ana."], {1: ('"Olá, Ana."',)}) == {1: ("Olá, Ana.",)}
    assert usable(['"Hello, Ana."'], {1: ('"Olá, Ana."',)}) == {1: ('"Olá, Ana."',)}


@pytest.mark.parametrize(
    "text",
    ["<think>" * 30_000, "{" * 200_000, '{"1": ' * 40_000, "```\n" * 50_000, "1: a\n" * 40_000, "here is " * 25_000],
)
def test_hostile_answers_are_read_to_their_end(text: str) -> None:
    reply = reply_of(json.loads(json.dumps(answer(text))))
    assert reply is not None
    assert len(reply.text) <= 200_000 and 2 not in usable(SOURCES, wordings_of(reply.text, 2))
