"""Write numbers as words: Pocket TTS is too small to read digits, its makers say, and leaves that to its users.

Pure; num2words is imported on first use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dropdub.engines.text_for_speech import with_plain_digits
from dropdub.languages import primary

MOST_DIGITS = 15
"""Longer numbers, and those that begin with a zero, are read digit by digit."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CLOCK = re.compile(r"(?<=\d):(?=\d)")
_PERCENT = re.compile(r"(?<=\d)\s?%")
_PERCENT_SAID: Mapping[str, str] = {
    "pt": " por cento",
    "en": " percent",
    "de": " Prozent",
    "es": " por ciento",
    "fr": " pour cent",
    "it": " per cento",
    "nl": " procent",
}
_ORDINAL: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(\d{1,15})(?:st|nd|rd|th)\b"),
    "pt": re.compile(r"\b(\d{1,6})\.?[ºo°](?!\w)"),
    "es": re.compile(r"\b(\d{1,6})\.?[ºo°](?!\w)"),
    "it": re.compile(r"\b(\d{1,6})\.?[º°](?!\w)"),
}
_MONEY = re.compile(r"(?P<before>R\$|US\$|[$€£])\s?(?P<sum>\d(?:[\d.,]*\d)?)|(?P<amount>\d)\s?(?P<after>[$€£])")
_MONEY_SAID: Mapping[str, Mapping[str, str]] = {
    "pt": {"$": "dólares", "€": "euros", "£": "libras"},
    "en": {"$": "dollars", "€": "euros", "£": "pounds"},
    "de": {"$": "Dollar", "€": "Euro", "£": "Pfund"},
    "es": {"$": "dólares", "€": "euros", "£": "libras"},
    "fr": {"$": "dollars", "€": "euros", "£": "livres"},
    "it": {"$": "dollari", "€": "euro", "£": "sterline"},
    "nl": {"$": "dollar", "€": "euro", "£": "pond"},
}
_POINT_IS_DECIMAL = ("en",)
_POINT_SAID: Mapping[str, str] = {
    "pt": "vírgula",
    "en": "point",
    "de": "Komma",
    "es": "coma",
    "fr": "virgule",
    "it": "virgola",
    "nl": "komma",
}


def spelled_out(text: str, language: str) -> str:
    """Return a text with its numbers as words of a language (a tag: the Portuguese of Brazil and Portugal differ)."""
    code, found = primary(language), with_plain_digits(text)
    if not any(one.isdigit() for one in found):
        return text
    found = _MONEY.sub(lambda match: _with_currency(match, code), found)
    found = _CLOCK.sub(" ", _PERCENT.sub(_PERCENT_SAID.get(code, "%"), found))
    if code in _ORDINAL:
        found = _ORDINAL[code].sub(lambda match: _words(int(match[1]), language, to="ordinal"), found)
    return _NUMBER.sub(lambda match: _apart(match, _said(match[0], language)), found)


def _apart(match: re.Match[str], words: str) -> str:
    """Return words with a space where the number touched a letter."""
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    return f"{' ' * before.isalnum()}{words}{' ' * after.isalnum()}"


def _with_currency(match: re.Match[str], code: str) -> str:
    """Return a sum of money with the name of its currency after it."""
    symbol = match["before"] or match["after"]
    name = "reais" if symbol == "R$" else _MONEY_SAID.get(code, {}).get(symbol[-1], symbol)
    return f"{match['sum'] or match['amount']} {name}"


def _said(number: str, language: str) -> str:
    group, point = (",", ".") if primary(language) in _POINT_IS_DECIMAL else (".", ",")
    whole = re.fullmatch(rf"(\d{{1,3}}(?:{re.escape(group)}\d{{3}})+)(?:{re.escape(point)}(\d+))?", number)
    if whole:
        return _cardinal(whole[1].replace(group, ""), whole[2], language)
    parts = re.split(r"[.,]", number)
    if len(parts) == 2:
        return _cardinal(parts[0], parts[1], language)
    return " ".join(_cardinal(part, None, language) for part in parts)


def _cardinal(whole: str, decimals: str | None, language: str) -> str:
    """Return a number in words, its decimals digit by digit: num2words fails on some with more digits."""
    if len(whole) > MOST_DIGITS or (len(whole) > 1 and whole.startswith("0") and decimals is None):
        return _digits(whole, language)
    said = _words(int(whole), language)
    exact = (decimals or "").rstrip("0")
    return f"{said} {_POINT_SAID[primary(language)]} {_digits(exact, language)}" if exact else said


def _digits(digits: str, language: str) -> str:
    return " ".join(_words(int(digit), language) for digit in digits)


def _words(number: int, language: str, *, to: str = "cardinal") -> str:
    from num2words import num2words  # noqa: PLC0415  (only in workers that use it)

    return str(num2words(number, lang=_locale(language), to=to))


def _locale(language: str) -> str:
    """Return the name that num2words has for a language: Portuguese without a region is that of Brazil here."""
    code = primary(language)
    return "pt" if language.casefold() == "pt-pt" else "pt_BR" if code == "pt" else code
