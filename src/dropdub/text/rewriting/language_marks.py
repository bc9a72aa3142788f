"""The language and the writing direction in markup, set to those of a translation. Pure, in linear time."""

from __future__ import annotations

import re

from dropdub.languages import primary, same_language

_RIGHT_TO_LEFT = frozenset(["ar", "he", "fa", "ur", "yi", "ps", "sd", "ug", "dv", "ckb"])
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_LANGUAGE = re.compile(r"(\s(?:xml:)?lang\s*=\s*)([\"'])([^\"'<>]{0,40})\2", re.I)
_DIRECTION = re.compile(r"\sdir\s*=\s*([\"'])(?:rtl|ltr|auto)\1", re.I)
_ROOT = re.compile(r"<html\b[^<>]*>", re.I)
_BODY = re.compile(r"<body\b[^<>]*>", re.I)


def is_right_to_left(language: str) -> bool:
    return primary(language) in _RIGHT_TO_LEFT


def with_language(markup: str, *, source: str, target: str) -> str:
    """Return markup in which what said it was in the source language says it is in the target's."""
    return _TAG.sub(lambda tag: _LANGUAGE.sub(lambda found: _renamed(found, source, target), tag[0]), markup)


def with_page_language(page: str, *, source: str, target: str) -> str:
    """Return a page with the language of its translation, and the direction if the source has another."""
    page = with_language(page, source=source, target=target)
    if is_right_to_left(source) != is_right_to_left(target):
        direction = "rtl" if is_right_to_left(target) else "ltr"
        page = _BODY.sub(lambda tag: _DIRECTION.sub("", tag[0]), page, count=1)
        page = _ROOT.sub(lambda tag: f'{_DIRECTION.sub("", tag[0])[:-1]} dir="{direction}">', page, count=1)
    return page


def _renamed(found: re.Match[str], source: str, target: str) -> str:
    if not found[3] or not same_language(found[3], source):
        return found[0]
    return f"{found[1]}{found[2]}{target}{found[2]}"
