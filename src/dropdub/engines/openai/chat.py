"""Ask a server for translations once, and read its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dropdub.engines.openai.prompt import Form, Question, answer_tokens, messages, prompt_tokens, schema
from dropdub.engines.openai.replies import Reply, reply_of
from dropdub.language_server.exchange import Answer, ask
from dropdub.language_server.presence import absent, away, refuse
from dropdub.language_server.server import Server

_PATH = "/chat/completions"
_QUIET: Mapping[str, Any] = {"reasoning_effort": "none", "chat_template_kwargs": {"enable_thinking": False}}
"""How models that think are asked not to: Ollama reads the first, llama.cpp and vLLM the second."""
_LEAST_TOKENS = 64
_SPARE_TOKENS = 256
THINKING_TOKENS = 2_048
"""What a model may think aloud before it answers."""
_START_S, _TOKEN_S, _LONGEST_S = 30.0, 0.15, 100.0
"""The time that a server has for an answer, in addition for each token that may be needed, and at most."""
_THOUGHTS_S = 45.0
"""The time in addition for a model that thinks aloud."""
_NOT_TAKEN = (400, 422)
"""Statuses of servers that do not know something which is asked of them, or do not translate something."""
_FAILED = (500, 501)
"""Statuses of servers that may not know it either, or do not work."""


class NotUnderstood(Exception):
    """The server does not know a field of the request, or cannot answer in this form. The text is what it says.

    `may_work`: whether another request may succeed, since this one was refused; otherwise, it failed.
    """

    def __init__(self, says: str, *, may_work: bool = False) -> None:
        super().__init__(says)
        self.may_work = may_work


class TooMuch(Exception):
    """The lines and their translations are more than the model can take at once."""


@dataclass(frozen=True)
class Manner:
    """How a server is asked. `quiet`: with the fields that ask a model not to think aloud."""

    form: Form = Form.PLAIN
    quiet: bool = False


MANNERS = tuple(Manner(form, quiet) for form in Form for quiet in (True, False))
"""The best first."""


def translations(
    server: Server, question: Question, manner: Manner, *, attempt: int = 0, thinks: bool = False
) -> Reply | None:
    """Return what the model answers; None if the answer is none.

    The first `attempt` takes the likeliest words, so that the same lines have the same translation; later ones choose
    from others, always in the same way. Raises NotUnderstood, TooMuch, ServerAway, Waiting and EngineMissing.
    """
    body = _body(server, question, manner, attempt, thinks=thinks)
    within_s = min(_START_S + _TOKEN_S * answer_tokens(question), _LONGEST_S) + (_THOUGHTS_S if thinks else 0)
    answer = ask(server, _PATH, body, within_s=within_s)
    if answer.status == 404:
        is_model = "model" in answer.error.casefold()
        raise absent(server) if is_model else away(server, f"has nothing at {server.address}{_PATH}")
    if answer.status in (400, 413, 422) and _is_length(answer):
        raise TooMuch
    if answer.status in (*_NOT_TAKEN, *_FAILED):
        raise NotUnderstood(answer.error, may_work=answer.status in _NOT_TAKEN)
    refuse(server, answer, may_be_unreadable=True)
    reply = reply_of(answer.data)
    if reply is not None and reply.used[1] >= body["max_tokens"]:  # some servers do not say that they stopped there
        return replace(reply, is_cut=True)
    return reply


def _body(server: Server, question: Question, manner: Manner, attempt: int, *, thinks: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": server.model,
        "messages": messages(question, manner.form),
        "stream": False,
        "temperature": 0.0 if attempt == 0 else 0.4,
        "seed": attempt,
        "max_tokens": _most_tokens(server, question, manner, thinks=thinks),
    }
    if manner.form is Form.SCHEMA:
        form = {"name": "translations", "strict": True, "schema": schema(question)}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    if manner.form is Form.OBJECT:
        body["response_format"] = {"type": "json_object"}
    return {**body, **(_QUIET if manner.quiet else {})}


def _most_tokens(server: Server, question: Question, manner: Manner, *, thinks: bool) -> int:
    wanted = 2 * answer_tokens(question) + _SPARE_TOKENS + (THINKING_TOKENS if thinks else 0)
    return max(min(wanted, server.context - prompt_tokens(question, manner.form)), _LEAST_TOKENS)


def _is_length(answer: Answer) -> bool:
    """Return whether a server says that the lines are too many for its model."""
    says = answer.error.casefold()
    return "context" in says and any(word in says for word in ("length", "size", "exceed", "window", "too long"))
