"""Get to know a server before it is given any work: its model, and in which form it answers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dropdub.engines.openai import ollama
from dropdub.engines.openai.chat import MANNERS, Manner, NotUnderstood, TooMuch, translations
from dropdub.engines.openai.prompt import VERSION, Form, Line, Question, prompt_tokens
from dropdub.engines.openai.replies import Reply, wordings_of
from dropdub.errors import EngineMissing, Waiting
from dropdub.language_server.exchange import ServerAway
from dropdub.language_server.presence import away, found
from dropdub.language_server.server import Server

log = logging.getLogger("dropdub.engines")
_AGAIN_S = 5.0
_TRIAL = (Line("Good morning."), Line("Where is the station?"))


@dataclass(frozen=True)
class Met:
    """A server as it was found: `server` with its model's name and the context that the model really has.

    `asked_context` is the context of the settings. `thinks`: whether the model thinks aloud although it was asked not
    to. `tokens_share`: tokens that it counted, as a share of our own count. `digest`: of the model's files, if known.
    """

    server: Server
    manner: Manner
    asked_context: int
    thinks: bool = False
    tokens_share: float = 0.0
    fingerprint: str = ""
    ollama: str = ""
    digest: str = ""

    def details(self) -> dict[str, Any]:
        """Return what translations depend on, and where they were made: never the key, nor the address."""
        known = {"fingerprint": self.fingerprint, "ollama": self.ollama, "digest": self.digest}
        return {
            "model": self.server.model,
            "server": self.server.place,
            "address": self.server.mark,
            "form": self.manner.form.value,
            "quiet": self.manner.quiet,
            "context": self.server.context,
            "prompt": VERSION,
            **{name: value for name, value in known.items() if value},
        }


def meet(server: Server) -> Met:
    """Return what a server is like: it is asked for two short translations, in one form after another.

    This also makes it load its model. Raises Waiting if it is away or lacks the model, and EngineMissing if it refuses.
    """
    asked = found(server)
    manner, reply = _manner(asked)
    about = ollama.about(asked)
    context = min(asked.context, about.context) if about.context else asked.context
    met = Met(
        replace(asked, context=context),
        manner,
        asked.context,
        thinks=reply.thinks,
        tokens_share=reply.used[0] / prompt_tokens(_trial(), manner.form),
        fingerprint=reply.fingerprint,
        ollama=about.version,
        digest=about.digest,
    )
    log.info("language model found: model=%s form=%s quiet=%s", asked.model, manner.form, manner.quiet)
    return met


def is_still(met: Met, server: Server) -> bool:
    """Return whether a server, as it is set, has the model that was met, and in the same version, as far as it says so.

    True if it does not answer: whoever asks it next waits for it.
    """
    try:
        now = found(server, within_s=_AGAIN_S)
    except Waiting:
        return True
    except EngineMissing:
        return False
    return now.model == met.server.model and (not met.digest or ollama.digest(now) in ("", met.digest))


def answers(met: Met) -> bool:
    """Return whether a server still answers as it did when it was met."""
    try:
        return translations(met.server, _trial(), met.manner, thinks=met.thinks) is not None
    except (ServerAway, NotUnderstood, TooMuch):
        return False


def _trial() -> Question:
    return Question(_TRIAL, source="en", target="es")


def _manner(server: Server) -> tuple[Manner, Reply]:
    """Return the best manner in which a server answers as it is asked; numbered lines if none works."""
    last: Mapping[Manner, Reply] = {}
    for manner in MANNERS:
        try:
            reply = translations(server, _trial(), manner, thinks=True)
        except (NotUnderstood, TooMuch):
            continue
        except ServerAway as error:
            raise away(server, str(error)) from error
        if reply is not None:
            last = {**last, manner: reply}
            is_form = manner.form is Form.PLAIN or reply.text.lstrip().startswith("{")
            if is_form and len(wordings_of(reply.text, len(_TRIAL))) == len(_TRIAL):
                return manner, reply
    if not last:
        raise away(server, "does not answer in any form that it was asked for")
    manner = next(one for one in reversed(MANNERS) if one in last)
    return manner, last[manner]
