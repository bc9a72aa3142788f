"""The settings of the server with a language model that the translator `openai` asks."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from dropdub.config.fields import Section, one_line

OLLAMA = "http://127.0.0.1:11434/v1"
"""Where Ollama answers by default."""
LEAST_CONTEXT = 1_024
MOST_CONTEXT = 2_000_000


def _server_address(value: str) -> str:
    """Return an address without a slash at its end, and with the usual path if it has none. Raises ValueError."""
    try:
        parts = urlsplit(value)
        is_server = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_server = False
    if not is_server or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(f"is not the address of a server: use for example {OLLAMA}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a name or password: put the key into models.openai.key")
    if parts.query or parts.fragment:
        raise ValueError("must end with its path: leave out what follows ? or #")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}"


def _sendable(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("is not a key: it may contain only letters, digits and signs, without blanks")
    return value


class LanguageServer(Section):
    """A server that speaks the OpenAI protocol, such as Ollama, llama.cpp, LM Studio or vLLM."""

    address: Annotated[str, Field(max_length=2_000), AfterValidator(_server_address)] = OLLAMA
    model: Annotated[str, Field(min_length=1, max_length=300), AfterValidator(one_line)] | None = None
    key: Annotated[SecretStr, AfterValidator(_sendable)] | None = None
    context: int = Field(default=4_096, ge=LEAST_CONTEXT, le=MOST_CONTEXT)

    @property
    def is_named(self) -> bool:
        """Whether somebody has said which server or model to use. Otherwise, none is asked."""
        return self.model is not None or "address" in self.model_fields_set
