"""Whether a result may be used commercially, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dropdub.translations.words import Words


@dataclass(frozen=True)
class CommercialUse:
    """Whether the result may be used commercially, as a sentence, and whom to credit, in English."""

    answer: str
    credits: tuple[str, ...]


def commercial_use_of(manifest: Mapping[str, Any], words: Words) -> CommercialUse | None:
    """Return what a manifest says of commercial use; None if it says nothing.

    Only the licences that forbid it, or leave it open, stand beside the engines that decide it: one engine may have
    used several models.
    """
    found = manifest.get("commercial_use")
    if found is None:
        return None
    _, engines, answer = words.gettext, manifest["engines"], found["answer"]
    licences: dict[str, list[str]] = {}
    for engine in engines:
        if engine.get("commercial") == answer:
            licences.setdefault(engine["name"], []).append(engine["licence"])
    deciding = ", ".join(f"{name} ({', '.join(dict.fromkeys(licences[name]))})" for name in found["engines"])
    answers = {
        "yes": _("Yes, as far as the engines that made it are concerned."),
        "no": _("No, because of %(engines)s.", engines=deciding),
        "ask": _("Find out first, because of %(engines)s.", engines=deciding),
    }
    owed = dict.fromkeys(engine["credit"] for engine in engines if engine.get("credit"))
    return CommercialUse(answers[answer], tuple(owed))
