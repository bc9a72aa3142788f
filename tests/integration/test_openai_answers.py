"""Language models that answer badly: a real HTTP server answers as they do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dropdub.engines.abilities import Context
from dropdub.errors import EngineMissing
from dropdub.language_server import exchange
from tests.fake_openai import (
    EN_PT,
    LINES,
    MODEL,
    Asked,
    FakeOpenAiServer,
    Said,
    by_size,
    engine_for,
    good,
    translated,
)


def test_a_model_that_thinks_aloud_is_understood(server: FakeOpenAiServer) -> None:
    thought = '<think>The user wants {"1": "no"}.\n1: wrong\n</think>\n'
    server.answer = lambda asked: replace(good(asked), content=thought + f"```json\n{good(asked).content}\n```")
    assert engine_for(server).translate(LINES, **EN_PT) == list(map(translated, LINES))
    server.answer = lambda asked: replace(good(asked), message={"reasoning_content": "Hm.", "reasoning": "Hm."})
    assert engine_for(server).translate(LINES, **EN_PT) == list(map(translated, LINES))
    server.answer = lambda asked: replace(good(asked), content=[{"type": "text", "text": good(asked).content}])
    assert engine_for(server).translate(LINES, **EN_PT) == list(map(translated, LINES))


def test_a_thought_without_end_is_no_translation(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    server.answer = lambda _asked: Said("<think>1: one\n2: two\n3: three\n4: four")
    with pytest.raises(EngineMissing, match="no usable translations") as error:
        engine.translate(LINES, **EN_PT)
    assert "models.openai.model" in error.value.remedy


def _merged(asked: Asked) -> Said:
    lines = dict(asked.lines)
    if len(lines) > 1:
        lines = {"1": f"{lines['1']} {lines.pop('2')}", **{at: one for at, one in lines.items() if at != "1"}}
    return Said(json.dumps({at: translated(one) for at, one in lines.items()}))


def _emptied(asked: Asked) -> Said:
    found = {at: translated(one) for at, one in asked.lines.items()}
    return Said(json.dumps({**found, "1": " ".join(found.values()), "2": ""} if len(found) > 1 else found))


def _said_twice(asked: Asked) -> Said:
    found = {at: translated(one) for at, one in asked.lines.items()}
    return Said(json.dumps({**found, "2": found["1"]} if len(found) > 1 else found))


@pytest.mark.parametrize("answer", [_merged, _emptied, _said_twice])
def test_lines_that_a_model_merges_are_asked_for_again(server: FakeOpenAiServer, answer: Any) -> None:
    engine = engine_for(server)
    server.answer = answer
    found = engine.translate(LINES, **EN_PT)
    assert found[1:] == list(map(translated, LINES[1:]))
    assert found[0] == translated(LINES[0]) or answer is _merged, "what has a number of its own may be too long"
    assert not engine.announcements()


def test_a_bad_answer_is_asked_for_again_then_halved_then_line_by_line_without_history(
    server: FakeOpenAiServer,
) -> None:
    engine = engine_for(server)
    hard = LINES[2]
    server.answer = lambda asked: good(asked) if hard not in asked.prompt or "=>" not in asked.prompt else Said("Hm.")
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES)), "nothing is wrong without history"
    server.asked.clear()
    context = Context((("Before.", "Antes."),))
    assert [one for (one,) in engine.in_context(LINES, **EN_PT, context=context, fits=False)] == list(
        map(translated, LINES)
    )
    sizes = [len(one.lines) for one in server.batches]
    assert sizes == [4, 4, 2, 2, 2, 1, 1, 1, 1] or sizes[:3] == [4, 4, 2], sizes
    assert any(list(one.lines.values()) == [hard] and "=>" not in one.prompt for one in server.batches)
    seeds = [one.body["seed"] for one in server.batches[:2]]
    assert seeds == [0, 1], "the same question would have the same answer"


@pytest.mark.parametrize(
    "refusal",
    [
        "I'm sorry, but I can't assist with that request, since it would be harmful to some people.",
        "As an AI, I cannot translate this.",
        "Nobody knew where the old man lived.",
        "",
        "Ninguém sabia. " * 30,
    ],
)
def test_a_line_that_a_model_refuses_echoes_or_repeats_stays_and_is_reported(
    server: FakeOpenAiServer, refusal: str
) -> None:
    engine = engine_for(server)

    def answer(asked: Asked) -> Said:
        found = {at: refusal if one == LINES[2] else translated(one) for at, one in asked.lines.items()}
        return Said(json.dumps(found))

    server.answer = answer
    assert engine.translate(LINES, **EN_PT) == [*map(translated, LINES[:2]), LINES[2], translated(LINES[3])]
    [warning] = engine.announcements()
    assert "1 text" in warning and MODEL in warning
    assert not engine.announcements(), "it is reported once"


def test_an_answer_in_any_order_is_put_in_order(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    server.answer = lambda asked: Said(
        json.dumps({at: translated(one) for at, one in reversed(list(asked.lines.items()))})
    )
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))


# Too much at once


def test_an_answer_that_was_cut_off_is_asked_for_in_parts(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    server.answer = lambda asked: replace(good(asked), finish="length" if len(asked.lines) > 2 else "stop")
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))
    assert [len(one.lines) for one in server.batches] == [4, 2, 2]


def test_a_server_that_says_that_it_is_too_much_is_asked_in_parts(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    says = "the request exceeds the available context size, try increasing it"
    server.answer = by_size(most=1, else_=Said(says, status=400))
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))
    assert [len(one.lines) for one in server.batches] == [4, 2, 1, 1, 2, 1, 1]


def test_a_prompt_that_was_cut_off_silently_is_noticed_with_what_to_do(server: FakeOpenAiServer) -> None:
    server.ollama = {"name": MODEL, "model": MODEL}
    engine = engine_for(server, context=20_000)
    texts = [f"{text} " + "And so it went on and on, from one day to the next one. " * 20 for text in LINES]

    def answer(asked: Asked) -> Said:
        said, tokens = good(asked), len(asked.prompt) // 4
        return replace(said, prompt_tokens=min(tokens, 600)) if len(asked.lines) > 1 else said

    server.answer = answer
    assert engine.translate(texts, **EN_PT) == [translated(text).strip() for text in texts]
    [warning] = engine.announcements()
    assert "cut off" in warning and "num_ctx 20000" in warning
    assert f"ollama create {MODEL}-20000 -f Modelfile" in warning


def test_batches_are_as_small_as_the_context(server: FakeOpenAiServer) -> None:
    engine = engine_for(server, context=1_024)
    texts = [f"{text} {'It was a long day. ' * 12}" for text in LINES * 2]
    assert engine.translate(texts, **EN_PT) == [translated(text).strip() for text in texts]
    assert max(len(one.lines) for one in server.batches) < 8
    assert all(one.body["max_tokens"] + len(one.prompt) // 4 <= 1_024 for one in server.batches)


def test_the_context_that_ollama_really_gives_a_model_is_used_and_reported(server: FakeOpenAiServer) -> None:
    server.ollama = {"name": MODEL, "model": MODEL, "context_length": 4_096, "digest": "sha256:1234"}
    engine = engine_for(server, context=16_384)
    details = engine.info().details
    assert (details["context"], details["digest"], details["ollama"]) == (4_096, "sha256:1234", "0.20.1")
    [warning] = engine.announcements()
    assert "4096" in warning and "PARAMETER num_ctx 16384" in warning and "ollama create" in warning


def test_an_answer_without_end_or_of_another_kind_is_no_translation(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    huge = json.dumps({"choices": [{"message": {"content": "x" * exchange.MOST_BYTES}}]}).encode()
    page = Said(raw=b"<html>Welcome</html>", headers={"Content-Type": "text/html"})
    for bad in (
        Said(raw=huge),
        page,
        Said(raw=b"[" * 100_000),
        Said(raw=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    ):
        server.answer = by_size(most=2, else_=bad)
        assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))


def test_a_correct_answer_of_another_content_type_is_taken(server: FakeOpenAiServer) -> None:
    server.answer = lambda asked: Said(
        raw=json.dumps({"choices": [{"message": {"content": good(asked).content}}]}).encode(),
        headers={"Content-Type": "text/plain"},
    )
    assert engine_for(server).translate(LINES, **EN_PT) == list(map(translated, LINES))


def test_an_answer_that_ends_too_early_is_no_translation_whatever_the_server_calls_it(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    cut = [
        lambda said, _body: replace(said, finish="content_filter"),
        lambda said, _body: replace(said, finish="abort"),
        lambda said, body: replace(said, completion_tokens=body["max_tokens"]),
    ]
    for way in cut:
        server.asked.clear()
        server.answer = lambda asked, way=way: way(good(asked), asked.body) if len(asked.lines) > 2 else good(asked)  # type: ignore[misc]
        assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))
        assert [len(one.lines) for one in server.batches] == [4, 2, 2]


def test_thoughts_and_controls_within_a_translation_never_come_out(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    bad = ["<think>Hm.</think>Um.", "[THINK]Hm.[/THINK]Um.", "Um \ud83d.", "Um.<|im_end|>", "<thinking>Um."]
    for text in bad:
        server.answer = lambda asked, text=text: Said(  # type: ignore[misc]
            json.dumps({at: text if one == LINES[1] else translated(one) for at, one in asked.lines.items()}).replace(
                "<", "\\u003c"
            )
        )
        assert engine.translate(LINES, **EN_PT)[1] == LINES[1], "it stays as it is"
        assert "1 text" in engine.announcements()[0]
    server.answer = lambda asked: Said(json.dumps(dict.fromkeys(asked.lines, "Um\x00\x1b[31m dois\u2028três.")))
    assert engine.translate(LINES[:1], **EN_PT) == ["Um dois três."]


def test_a_request_that_a_server_refuses_for_what_is_in_it_costs_that_line_only(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    server.answer = lambda asked: Said("not allowed", status=400) if LINES[1] in asked.lines.values() else good(asked)
    assert engine.translate(LINES, **EN_PT) == [translated(one) if one != LINES[1] else one for one in LINES]
    assert "1 text" in engine.announcements()[0]


def test_what_went_wrong_in_a_step_that_failed_is_not_reported_by_the_next(server: FakeOpenAiServer) -> None:
    engine = engine_for(server)
    texts = [f"This is sentence number {number}." for number in range(24)]
    server.answer = lambda asked: (
        Said("Hm.")
        if set(texts[12:]) & set(asked.lines.values())
        else Said(json.dumps({at: translated(one) if one != texts[0] else one for at, one in asked.lines.items()}))
    )
    with pytest.raises(EngineMissing, match="no usable translations"):
        engine.translate(texts, **EN_PT)
    server.answer = good
    assert engine.translate(LINES, **EN_PT) == list(map(translated, LINES))
    assert not engine.announcements()
